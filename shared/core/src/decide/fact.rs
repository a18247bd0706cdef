//! What a source said: facts merge into the case, and the first one that calls for messages opens it.

use jiff::{SignedDuration, Timestamp};

use super::open::{Opening, opening};
use super::owed::untold;
use super::{Context, Decision, Effect, owed};
use crate::{
    BuyerFacts, Case, CaseId, Event, EventKey, Fact, Frozen, Intent, Library, Matter, Next, Outcome, Reason,
    Settlement, State, StepIndex, Told,
};

pub(super) fn decide(id: &CaseId, case: Option<&Case>, event: &Event, context: &Context<'_>) -> Decision {
    let mut next = case.cloned().unwrap_or_else(|| Case::new(id.clone()));
    if !next.remember(EventKey::of(event)) {
        return Decision::stay(&next, Reason::Duplicate, context.now);
    }
    let happened = event.occurred_at.map(whole_milliseconds);
    match &event.fact {
        Fact::PaymentFailed(_)
        | Fact::CheckoutCreated(_)
        | Fact::CheckoutUpdated(_)
        | Fact::CheckoutAbandoned(_)
        | Fact::Lapsed(_) => call(next, &event.fact, happened, context),
        Fact::KycRejected(rejected) if rejected.may_retry => call(next, &event.fact, happened, context),
        Fact::Recovered => recover(next, happened, Reason::Recovered, context),
        Fact::KycPending => recover(next, happened, Reason::Answered, context),
        Fact::SubscriptionHalted => halt(next, context),
        Fact::HandOffAnswered { .. } => taken_over(next, false, context),
        Fact::HandOffResolved { .. } => taken_over(next, true, context),
        Fact::Refunded { full: false } => Decision::stay(&next, Reason::RefundedInPart, context.now),
        Fact::SubscriptionPastDue
        | Fact::OrderPlaced(_)
        | Fact::MessageOpened(_)
        | Fact::ConsentChanged(_)
        | Fact::TouchSent(_)
        | Fact::CardUpdated
        | Fact::CustomerUpdated(_) => Decision::stay(&next, Reason::Noted, context.now),
        fact @ (Fact::Paid
        | Fact::CheckoutCompleted
        | Fact::KycRejected(_)
        | Fact::KycApproved
        | Fact::Voided
        | Fact::MarkedUncollectible
        | Fact::Refunded { full: true }
        | Fact::DisputeOpened
        | Fact::DisputeClosed { .. }
        | Fact::SubscriptionCancelled) => settle(next, Settlement::of(fact), reason_of(fact), context),
    }
}

/// Times as they are stored, so that a comparison does not depend on whether one of them has been.
fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn reason_of(fact: &Fact) -> Reason {
    match fact {
        Fact::Recovered => Reason::Recovered,
        Fact::Paid => Reason::Paid,
        Fact::CheckoutCompleted => Reason::Completed,
        Fact::KycApproved => Reason::Approved,
        Fact::KycPending => Reason::Answered,
        Fact::Voided => Reason::Voided,
        Fact::MarkedUncollectible => Reason::Uncollectible,
        Fact::Refunded { full: true } => Reason::Refunded,
        Fact::Refunded { full: false } => Reason::RefundedInPart,
        Fact::DisputeOpened => Reason::Disputed,
        Fact::DisputeClosed { won: true } => Reason::DisputeWon,
        Fact::DisputeClosed { won: false } => Reason::DisputeLost,
        Fact::SubscriptionCancelled => Reason::Cancelled,
        Fact::PaymentFailed(_)
        | Fact::CheckoutCreated(_)
        | Fact::CheckoutUpdated(_)
        | Fact::CheckoutAbandoned(_)
        | Fact::Lapsed(_) => Reason::Updated,
        Fact::KycRejected(rejected) if rejected.may_retry => Reason::Updated,
        Fact::KycRejected(_) => Reason::FinalRefusal,
        Fact::HandOffAnswered { .. } => Reason::Frozen,
        Fact::HandOffResolved { .. } => Reason::Resolved,
        Fact::SubscriptionPastDue
        | Fact::SubscriptionHalted
        | Fact::OrderPlaced(_)
        | Fact::MessageOpened(_)
        | Fact::ConsentChanged(_)
        | Fact::TouchSent(_)
        | Fact::CardUpdated
        | Fact::CustomerUpdated(_) => Reason::Noted,
    }
}

/// The state a fact gives, also for a fact that was looked up rather than delivered.
pub(super) fn settle_with(case: &Case, fact: &Fact, context: &Context<'_>) -> Decision {
    settle(case.clone(), Settlement::of(fact), reason_of(fact), context)
}

/// Takes over what was said about a linked obligation, or about the buyer.
pub(super) fn settle_by_link(case: &Case, linked: &[Case], context: &Context<'_>) -> Option<Decision> {
    let said = linked.iter().map(|case| case.settlement).fold(Settlement::default(), Settlement::union);
    let reason = match said.state() {
        Some(State::Disputed) => Reason::Disputed,
        Some(State::Closed(Outcome::Recovered)) => Reason::Paid,
        Some(State::Open | State::Closed(_)) => Reason::Voided,
        None => {
            let until = linked.iter().filter_map(|case| case.recovered_until).max();
            let by = until.filter(|_| case.is_recovered_by(until));
            return by.map(|_| recover(case.clone(), until, Reason::Recovered, context));
        }
    };
    Some(settle(case.clone(), said, reason, context))
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

/// A standing obligation paid, or the buyer has done what was asked: what happened until then is settled, what comes later
/// is not. A source that does not say when is taken to mean now.
fn recover(mut case: Case, at: Option<Timestamp>, reason: Reason, context: &Context<'_>) -> Decision {
    let at = at.unwrap_or(context.now);
    case.recovered_until = Some(case.recovered_until.map_or(at, |known| known.max(at)));
    case.note(context.now, reason, None);
    let effects = stop(&mut case, context.now);
    Decision::write(case, effects, reason)
}

/// The source has stopped trying: no retry of its own is waited for any more.
fn halt(mut case: Case, context: &Context<'_>) -> Decision {
    let Some(outreach) = &mut case.outreach else {
        return Decision::stay(&case, Reason::Noted, context.now);
    };
    outreach.matter.next_retry = None;
    case.note(context.now, Reason::Noted, None);
    let effects = owed(&case, context.now);
    Decision::write(case, effects, Reason::Noted)
}

/// Ends the planning of a case that is no longer open.
fn stop(case: &mut Case, now: Timestamp) -> Vec<Effect> {
    if !matches!(case.state(), State::Closed(_) | State::Disputed) {
        return Vec::new();
    }
    case.closed_at.get_or_insert(now);
    let planned = case.outreach.as_mut().and_then(|outreach| outreach.next.take());
    let disarm =
        |next: Next| Effect::Disarm { case: case.id.clone(), step: next.step, generation: next.generation };
    planned.map(disarm).into_iter().chain(untold(case, now)).collect()
}

/// The merchant's own systems know how the case ended.
pub(super) fn told(case: Option<&Case>, told: Told) -> Decision {
    match case {
        Some(case) if case.untold() == Some(told) => {
            let known = Case { told: Some(told), ..case.clone() };
            Decision::write(known, Vec::new(), Reason::Told)
        }
        Some(_) => Decision::new(Reason::Duplicate),
        None => Decision::new(Reason::UnknownCase),
    }
}

/// A person wrote to the buyer, or has settled what the buyer wrote: the messages wait on, or go on.
fn taken_over(mut case: Case, settled: bool, context: &Context<'_>) -> Decision {
    let Some(outreach) = case.outreach.as_mut() else {
        return Decision::stay(&case, Reason::Noted, context.now);
    };
    let reason = if settled { Reason::Resolved } else { Reason::Frozen };
    let until = context.now.saturating_add(context.policy.handoff_timeout).unwrap_or(Timestamp::MAX);
    let reply = EventKey::of_id("");
    outreach.frozen = match outreach.frozen {
        _ if settled => None,
        Some(frozen) => Some(Frozen { until: frozen.until.max(until), ..frozen }),
        None => Some(Frozen { by: Intent::Unknown, until, reply, asked: true }),
    };
    if settled && let Some(next) = &mut outreach.next {
        let due = Library::playbook(&outreach.playbook, &outreach.version)
            .map(|playbook| playbook.due(next.step, outreach.anchor, &outreach.matter.zones()));
        next.at = due.map_or(next.at, |due| due.max(context.now).min(next.at));
        next.generation = next.generation.saturating_add(1);
    }
    case.note(context.now, reason, None);
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

/// Ends the messaging without the money.
pub(super) fn end(
    mut case: Case,
    outcome: Outcome,
    reason: Reason,
    step: Option<StepIndex>,
    now: Timestamp,
) -> Decision {
    if let Some(outreach) = &mut case.outreach {
        outreach.ended.get_or_insert(outcome);
    }
    case.note(now, reason, step);
    let effects = stop(&mut case, now);
    Decision::write(case, effects, reason)
}

/// The buyer asked for silence, or is to be left alone: an open case ends.
pub(super) fn silence(case: Option<&Case>, reason: Reason, context: &Context<'_>) -> Decision {
    match case {
        Some(case) if case.is_open() && case.outreach.is_some() => {
            end(case.clone(), Outcome::Suppressed, reason, None, context.now)
        }
        _ => Decision::new(Reason::AlreadyClosed),
    }
}

/// A fact that calls for messages: opens the messaging once, and afterwards only brings facts. The day clock alone sends
/// messages, so that one failure never makes two. What was settled for now and happens again begins anew; so does an order
/// whose payment fails before anybody was reminded of its cart, for that notice needs no agreement to marketing.
fn call(mut case: Case, fact: &Fact, happened: Option<Timestamp>, context: &Context<'_>) -> Decision {
    let Some(opening) = opening(fact, happened, context) else {
        return Decision { alarm: true, ..Decision::new(Reason::UnknownTemplate) };
    };
    let Some(outreach) = &case.outreach else { return begin(case, opening, 0, context) };
    let round = outreach.round;
    let changed = opening.matter.happened_at.is_none_or(|at| Some(at) > outreach.matter.happened_at);
    let settled = case.recovered_until.filter(|until| case.is_recovered_by(Some(*until)));
    let newer = settled.is_some_and(|until| happened.is_some_and(|at| at > until));
    if newer && case.settlement.state().is_none() {
        return begin(case, opening, round.saturating_add(1), context);
    }
    let open = case.is_open();
    let other = outreach.playbook != *opening.name() && outreach.ledger.is_empty();
    if open && other && opening.by_attempt {
        return begin(case, opening, round.saturating_add(1), context);
    }
    if let Some(outreach) = &mut case.outreach {
        merge(&mut outreach.matter, &opening);
        if opening.moves && changed && open && outreach.ledger.is_empty() {
            postpone(outreach, &opening, context);
            case.note(context.now, Reason::Moved, None);
            return Decision::write(case, Vec::new(), Reason::Moved);
        }
    }
    if open {
        case.note(context.now, Reason::Updated, None);
    }
    let effects = owed(&case, context.now);
    Decision::write(case, effects, Reason::Updated)
}

/// A cart that changes is not left yet: the first step waits again. The timer that is set is left as it is: when it
/// fires it finds that it was overtaken, and sets the next one. So a storm of changes costs no timers.
fn postpone(outreach: &mut crate::Outreach, opening: &Opening, context: &Context<'_>) {
    outreach.anchor = context.now;
    if let Some(next) = &mut outreach.next {
        next.at = context.now.saturating_add(opening.delay).unwrap_or(Timestamp::MAX);
        next.generation = next.generation.saturating_add(1);
    }
}

fn begin(mut case: Case, opening: Opening, round: u16, context: &Context<'_>) -> Decision {
    case.outreach = Some(opening.into_outreach(round, context));
    if case.is_open() {
        case.closed_at = None;
    }
    let reason = if case.is_open() { Reason::Opened } else { Reason::AlreadyClosed };
    case.note(context.now, reason, None);
    if !case.is_open() {
        stop(&mut case, context.now);
    }
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

/// Merges what was said into what is known. Of failures the newest attempt wins, and a report that counts over one that does
/// not; of everything else what happened last. What that does not say is kept from the others, so that the result does not
/// depend on the order in which two reports arrive.
pub(super) fn merge(known: &mut Matter, opening: &Opening) {
    let said = &opening.matter;
    let newer =
        if opening.by_attempt { said.attempt > known.attempt } else { said.happened_at > known.happened_at };
    if said.attempt >= known.attempt && opening.counts {
        known.next_retry = said.next_retry;
    }
    known.attempt = known.attempt.max(said.attempt);
    known.happened_at = known.happened_at.max(said.happened_at);
    known.unlinked &= said.unlinked;
    known.agreed |= said.agreed;
    take(&mut known.decline, said.decline.as_ref(), newer);
    take(&mut known.cause, said.cause.as_ref(), newer);
    take(&mut known.amount, said.amount.as_ref(), newer);
    take(&mut known.pay_link, said.pay_link.as_ref(), newer);
    take(&mut known.number, said.number.as_ref(), newer);
    merge_buyer(&mut known.buyer, &said.buyer, newer);
    for link in &said.links {
        if !known.links.contains(link) && known.links.len() < 8 {
            known.links.push(link.clone());
        }
    }
    known.links.sort();
}

/// Fills up what is known of a buyer; `newer` facts replace older ones.
pub(super) fn merge_buyer(known: &mut BuyerFacts, said: &BuyerFacts, newer: bool) {
    take(&mut known.customer, said.customer.as_ref(), newer);
    take(&mut known.phone, said.phone.as_ref(), newer);
    take(&mut known.email, said.email.as_ref(), newer);
    take(&mut known.push, said.push.as_ref(), newer);
    take(&mut known.name, said.name.as_ref(), newer);
    take(&mut known.locale, said.locale.as_ref(), newer);
    take(&mut known.zone, said.zone.as_ref(), newer);
}

fn take<T: Clone>(known: &mut Option<T>, said: Option<&T>, newer: bool) {
    if said.is_some() && (newer || known.is_none()) {
        *known = said.cloned();
    }
}

/// How long a first step waits at most: within the reach of every calendar.
pub(super) const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(24);
