//! What becomes of the plan when a step waits, is left out, or has gone.

use jiff::{SignedDuration, Timestamp};

use super::gate::{AtHand, Held};
use super::{Context, Decision, Effect, owed};
use crate::{Case, Channel, Next, Outreach, Playbook, Reason, SendState, StepIndex};

/// Moves the step to a later time, or skips it when waiting would outlive it.
pub(super) fn hold(at_hand: &AtHand<'_>, held: &Held, context: &Context<'_>) -> Decision {
    match held.until.filter(|until| *until <= at_hand.expiry()) {
        Some(until) => {
            defer(at_hand.case, (at_hand.index, at_hand.comes_back_by()), until, held.reason, context)
        }
        None => skip(at_hand, held.reason, context),
    }
}

/// Plans the step again at another time, under a new generation, so that the old timer is overtaken.
pub(super) fn defer(
    case: &Case,
    (step, channel): (StepIndex, Channel),
    at: Timestamp,
    reason: Reason,
    context: &Context<'_>,
) -> Decision {
    let mut case = case.clone();
    let Some(outreach) = &mut case.outreach else { return Decision::new(Reason::NothingOwed) };
    let before = outreach.next;
    let generation = before.map_or(1, |next| next.generation.saturating_add(1));
    outreach.next = Some(Next { step, at, channel, generation });
    case.note(context.now, reason, Some(step));
    let overtaken = before.filter(|next| next.step != step);
    let disarm =
        |next: Next| Effect::Disarm { case: case.id.clone(), step: next.step, generation: next.generation };
    let effects = overtaken.map(disarm).into_iter().chain(owed(&case, context.now)).collect();
    Decision::write(case, effects, reason)
}

/// Plans the next step and leaves the ledger as it is.
pub(super) fn move_on(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
    let mut case = at_hand.case.clone();
    if let Some(outreach) = &mut case.outreach {
        advance(outreach, at_hand.playbook, at_hand.index);
    }
    case.note(context.now, reason, Some(at_hand.index));
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

/// Leaves the step out, says why, and plans the next one.
pub(super) fn skip(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
    let mut case = at_hand.case.clone();
    if let Some(outreach) = &mut case.outreach {
        for entry in outreach.ledger.iter_mut().filter(|entry| entry.step == at_hand.index) {
            if matches!(entry.state, SendState::Retryable | SendState::Failed) {
                entry.state = SendState::Dropped;
            }
        }
        advance(outreach, at_hand.playbook, at_hand.index);
    }
    case.note(context.now, reason, Some(at_hand.index));
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

/// Plans the step after this one, unless that has been done. One that carries the same notice on waits for its time from the
/// moment the one before went.
pub(super) fn advance(outreach: &mut Outreach, playbook: &Playbook, step: StepIndex) {
    let Some(next) = outreach.next.filter(|next| next.step <= step) else { return };
    let follows = playbook.step(step.next());
    let due = playbook.due(step.next(), outreach.anchor, &outreach.zones());
    let went = outreach.ledger.iter().filter(|entry| entry.step == step).map(|entry| entry.at).max();
    let wait = follows.and_then(|follows| follows.after_minutes).map(SignedDuration::from_mins);
    let after = went.zip(wait).and_then(|(went, wait)| went.saturating_add(wait).ok());
    let at = after.map_or(due, |after| after.max(due));
    let channel = follows.map_or(Channel::Whatsapp, |step| step.channel);
    outreach.next =
        Some(Next { step: step.next(), at, channel, generation: next.generation.saturating_add(1) });
}
