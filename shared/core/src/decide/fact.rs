//! What a source said: facts merge into the case, and the first failure opens it.

use jiff::Timestamp;

use super::{Context, Decision, Effect, owed};
use crate::{
    BuyerFacts, Case, CaseId, Debt, Dunning, Event, EventKey, Fact, Library, Name, Next, Outcome,
    PaymentFailed, Reason, Settlement, State, StepIndex,
};

pub(super) fn decide(id: &CaseId, case: Option<&Case>, event: &Event, context: &Context<'_>) -> Decision {
    let mut next = case.cloned().unwrap_or_else(|| Case::new(id.clone()));
    if !next.remember(EventKey::of(event)) {
        return Decision::stay(&next, Reason::Duplicate, context.now);
    }
    match &event.fact {
        Fact::PaymentFailed(failed) => fail(next, failed, context),
        Fact::Refunded { full: false } => Decision::stay(&next, Reason::RefundedInPart, context.now),
        fact @ (Fact::Paid
        | Fact::Voided
        | Fact::MarkedUncollectible
        | Fact::Refunded { full: true }
        | Fact::DisputeOpened
        | Fact::DisputeClosed { .. }
        | Fact::SubscriptionCancelled) => settle(next, Settlement::of(fact), reason_of(fact), context),
    }
}

fn reason_of(fact: &Fact) -> Reason {
    match fact {
        Fact::PaymentFailed(_) => Reason::Updated,
        Fact::Paid => Reason::Paid,
        Fact::Voided => Reason::Voided,
        Fact::MarkedUncollectible => Reason::Uncollectible,
        Fact::Refunded { full: true } => Reason::Refunded,
        Fact::Refunded { full: false } => Reason::RefundedInPart,
        Fact::DisputeOpened => Reason::Disputed,
        Fact::DisputeClosed { won: true } => Reason::DisputeWon,
        Fact::DisputeClosed { won: false } => Reason::DisputeLost,
        Fact::SubscriptionCancelled => Reason::Cancelled,
    }
}

/// The state a fact gives, also for a fact that was looked up rather than delivered.
pub(super) fn settle_with(case: &Case, fact: &Fact, context: &Context<'_>) -> Decision {
    settle(case.clone(), Settlement::of(fact), reason_of(fact), context)
}

/// Takes over what was said about a linked obligation.
pub(super) fn settle_by_link(case: &Case, linked: Settlement, context: &Context<'_>) -> Decision {
    let reason = match linked.state() {
        Some(State::Disputed) => Reason::Disputed,
        Some(State::Closed(Outcome::Recovered)) => Reason::Paid,
        _ => Reason::Voided,
    };
    settle(case.clone(), linked, reason, context)
}

/// Money facts absorb everything: whatever was planned is forgotten, also when no failure was seen yet.
fn settle(mut case: Case, said: Settlement, reason: Reason, context: &Context<'_>) -> Decision {
    let before = case.settlement;
    case.settlement = before.union(said);
    if case.settlement == before {
        return Decision::stay(&case, Reason::Duplicate, context.now);
    }
    case.note(context.now, reason, None);
    let effects = stop(&mut case, context.now);
    Decision::write(case, effects, reason)
}

/// Ends the planning of a case that is no longer open.
fn stop(case: &mut Case, now: Timestamp) -> Vec<Effect> {
    if !matches!(case.state(), State::Closed(_) | State::Disputed) {
        return Vec::new();
    }
    case.closed_at.get_or_insert(now);
    let planned = case.dunning.as_mut().and_then(|dunning| dunning.next.take());
    let disarm =
        |next: Next| Effect::Disarm { case: case.id.clone(), step: next.step, generation: next.generation };
    planned.map(disarm).into_iter().collect()
}

/// Ends the messaging without the money.
pub(super) fn end(
    mut case: Case,
    outcome: Outcome,
    reason: Reason,
    step: Option<StepIndex>,
    now: Timestamp,
) -> Decision {
    if let Some(dunning) = &mut case.dunning {
        dunning.ended.get_or_insert(outcome);
    }
    case.note(now, reason, step);
    let effects = stop(&mut case, now);
    Decision::write(case, effects, reason)
}

/// The buyer asked for silence: an open case ends.
pub(super) fn silence(case: Option<&Case>, context: &Context<'_>) -> Decision {
    match case {
        Some(case) if case.is_open() && case.dunning.is_some() => {
            end(case.clone(), Outcome::Suppressed, Reason::OptedOut, None, context.now)
        }
        _ => Decision::new(Reason::AlreadyClosed),
    }
}

/// A failed attempt: opens the messaging once, and afterwards only brings facts. The day clock alone sends messages, so
/// that one failure never makes two.
fn fail(mut case: Case, failed: &PaymentFailed, context: &Context<'_>) -> Decision {
    if let Some(dunning) = &mut case.dunning {
        merge(&mut dunning.debt, failed);
        if case.is_open() {
            case.note(context.now, Reason::Updated, None);
        }
        let effects = owed(&case, context.now);
        return Decision::write(case, effects, Reason::Updated);
    }
    let Some(dunning) = open(failed, context) else {
        return Decision { alarm: true, ..Decision::new(Reason::UnknownTemplate) };
    };
    case.dunning = Some(dunning);
    let reason = if case.is_open() { Reason::Opened } else { Reason::AlreadyClosed };
    case.note(context.now, reason, None);
    if !case.is_open() {
        stop(&mut case, context.now);
    }
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

fn open(failed: &PaymentFailed, context: &Context<'_>) -> Option<Dunning> {
    let playbook = Name::parse("payment_failed").ok()?;
    let version = Library::playbook_version(playbook.as_str())?;
    let channel = Library::playbook(&playbook, version)?.step(StepIndex(0))?.channel;
    let mut debt = Debt { unlinked: failed.unlinked, ..Debt::default() };
    merge(&mut debt, failed);
    let delay = if failed.unlinked { context.policy.unlinked_delay } else { context.policy.first_delay };
    let at = context.now.saturating_add(delay).unwrap_or(Timestamp::MAX);
    Some(Dunning {
        anchor: context.now,
        playbook,
        version: version.to_owned(),
        debt,
        ledger: Vec::new(),
        next: Some(Next { step: StepIndex(0), at, channel, generation: 1 }),
        ended: None,
        trace: context.trace.map(str::to_owned),
    })
}

/// Merges a failure into the debt. The newest attempt wins, and a report that counts over one that does not; what it does
/// not say is kept from the others, so that the result does not depend on the order in which two reports arrive.
fn merge(debt: &mut Debt, failed: &PaymentFailed) {
    let attempt = failed.attempt.unwrap_or(0);
    let newer = attempt > debt.attempt;
    if attempt >= debt.attempt && failed.attempt.is_some() {
        debt.next_retry = failed.next_retry;
    }
    debt.attempt = debt.attempt.max(attempt);
    debt.unlinked &= failed.unlinked;
    take(&mut debt.decline, failed.decline.as_ref(), newer);
    take(&mut debt.amount, failed.amount.as_ref(), newer);
    take(&mut debt.pay_link, failed.pay_link.as_ref(), newer);
    take(&mut debt.number, failed.number.as_ref(), newer);
    merge_buyer(&mut debt.buyer, &failed.buyer, newer);
    for link in &failed.links {
        if !debt.links.contains(link) && debt.links.len() < 8 {
            debt.links.push(link.clone());
        }
    }
    debt.links.sort();
}

/// Fills up what is known of a buyer; `newer` facts replace older ones.
pub(super) fn merge_buyer(known: &mut BuyerFacts, said: &BuyerFacts, newer: bool) {
    take(&mut known.customer, said.customer.as_ref(), newer);
    take(&mut known.phone, said.phone.as_ref(), newer);
    take(&mut known.name, said.name.as_ref(), newer);
    take(&mut known.locale, said.locale.as_ref(), newer);
    take(&mut known.zone, said.zone.as_ref(), newer);
}

fn take<T: Clone>(known: &mut Option<T>, said: Option<&T>, newer: bool) {
    if said.is_some() && (newer || known.is_none()) {
        *known = said.cloned();
    }
}
