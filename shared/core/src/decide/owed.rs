//! What a state still owes the world.

use jiff::Timestamp;

use super::{Context, Decision, Effect, Timer};
use crate::{Case, Channel, Ended, Entry, Library, Next, Outreach, Reason, SendState, StepIndex, Told};

/// What must happen for the case to go on: its timer, and the channel that takes over after a definite failure; and, once it
/// has ended, that the merchant's own systems are told.
///
/// A pure function of the state: a duplicate event, the sweep and a redrive all call it, and doing what it says twice is
/// harmless.
pub fn owed(case: &Case, now: Timestamp) -> Vec<Effect> {
    let Some(outreach) = case.outreach.as_ref().filter(|_| case.is_open()) else {
        return untold(case, now).into_iter().collect();
    };
    let mut effects = Vec::new();
    if let Some(next) = outreach.next {
        effects.push(Effect::Arm(timer(case, outreach, next)));
    }
    for entry in &outreach.ledger {
        if let Some(channel) = fallback_owed(outreach, entry) {
            let generation = outreach.next.map_or(0, |next| next.generation);
            effects.push(Effect::Arm(timer(
                case,
                outreach,
                Next { step: entry.step, at: now, channel, generation },
            )));
        }
    }
    effects
}

/// How the case ended, as long as the merchant's own systems do not know.
pub(super) fn untold(case: &Case, now: Timestamp) -> Option<Effect> {
    let Told { round, state } = case.untold()?;
    let outreach = case.outreach.as_ref()?;
    let went = |entry: &&Entry| {
        matches!(entry.state, SendState::Sent | SendState::Delivered | SendState::Read | SendState::Unknown)
    };
    Some(Effect::Tell(Box::new(Ended {
        case: case.id.clone(),
        round,
        state,
        at: case.closed_at.unwrap_or(now),
        owed: outreach.matter.amount,
        sent: u8::try_from(outreach.ledger.iter().filter(went).count()).unwrap_or(u8::MAX),
    })))
}

/// The channel that shall take over from a failed entry of the step's own channel; `None` when none is named, or it is planned,
/// or it or a later step has gone.
fn fallback_owed(outreach: &Outreach, entry: &Entry) -> Option<Channel> {
    let playbook = Library::playbook(&outreach.playbook, &outreach.version)?;
    let step = playbook.step(entry.step)?;
    let fallback = step.fallback?;
    let planned = outreach.next.is_some_and(|next| next.step == entry.step);
    let gone = planned || outreach.entry(entry.step, fallback).is_some() || outreach.is_past(entry.step);
    (entry.state == SendState::Failed && entry.channel == step.channel && !gone).then_some(fallback)
}

fn timer(case: &Case, outreach: &Outreach, next: Next) -> Timer {
    let Next { step, at, channel, generation } = next;
    Timer { case: case.id.clone(), step, generation, channel, at, trace: outreach.trace.clone() }
}

/// What the daily sweep does with a case: a timer that is overdue is set again, a claim nobody concluded is unknown.
pub(super) fn sweep(case: Option<&Case>, context: &Context<'_>) -> Decision {
    let Some(case) = case.filter(|case| case.is_open()) else { return Decision::new(Reason::AlreadyClosed) };
    let Some(outreach) = &case.outreach else { return Decision::new(Reason::NothingOwed) };
    let before = |at: Timestamp, grace| at.saturating_add(grace).is_ok_and(|late| late <= context.now);
    let overdue = outreach.next.is_none_or(|next| before(next.at, context.policy.timer_grace));
    let unpaid_fallback = |entry: &Entry| {
        fallback_owed(outreach, entry).is_some() && before(entry.at, context.policy.timer_grace)
    };
    let mut swept = case.clone();
    let unknown = swept.outreach.as_mut().is_some_and(|outreach| give_up_claims(outreach, None, context));
    let effects = owed(&swept, context.now);
    if unknown {
        swept.note(context.now, Reason::OutcomeUnknown, None);
        return Decision::write(swept, effects, Reason::OutcomeUnknown);
    }
    if (overdue || outreach.ledger.iter().any(unpaid_fallback)) && !effects.is_empty() {
        return Decision { effects, ..Decision::new(Reason::Repaired) };
    }
    Decision::new(Reason::NothingOwed)
}

/// Turns claims that nobody concluded in time into unknowns, except those of the step at hand.
pub(super) fn give_up_claims(
    outreach: &mut Outreach,
    at_hand: Option<StepIndex>,
    context: &Context<'_>,
) -> bool {
    let stale = context.now.saturating_sub(context.policy.claim_stale_after).unwrap_or(Timestamp::MIN);
    let mut any = false;
    for entry in &mut outreach.ledger {
        if entry.state == SendState::Claimed && entry.at <= stale && Some(entry.step) != at_hand {
            entry.state = SendState::Unknown;
            any = true;
        }
    }
    any
}
