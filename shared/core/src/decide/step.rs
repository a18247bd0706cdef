//! A step came out of a queue: may it go, and if not, why.

use jiff::Timestamp;

use super::claim::{Going, claim};
use super::gate::{AtHand, Held};
use super::plan::{hold, skip};
use super::route::{Unaddressed, addressed, barred, elsewhere, go_round};
use super::{Answer, Context, Decision, Effect, Input, Lookup, StepDue, World, fact, feed};
use crate::{Case, Channel, Name, Outcome, Reason, Recipient, RenderError, Settlement};

/// What a step wants looked up before it is decided; empty when it would not go anyway.
pub type Needs = Vec<Lookup>;

/// Says what to look up at the processor for this input.
///
/// The buyer, when no number is known and none was looked for yet; the obligation, from Day 3 on and before every last notice, so
/// that a lost success webhook cannot make recoup dun a buyer who paid.
pub fn needs(case: Option<&Case>, input: &Input, context: &Context<'_>) -> Needs {
    let (Some(case), Input::StepDue(due)) = (case, input) else { return Vec::new() };
    let Ok(at_hand) = AtHand::gate(case, due, context) else { return Vec::new() };
    if at_hand.asks_source() {
        return vec![Lookup::Obligation];
    }
    if at_hand.timing(context).is_some_and(|held| held.reason != Reason::NoSendWindow) {
        return Vec::new();
    }
    let matter = &at_hand.outreach.matter;
    let numberless = matter.buyer.phone.is_none() && due.channel != Channel::Email;
    let buyer = matter.buyer.customer.clone().filter(|_| numberless).map(Lookup::Buyer);
    let verify = context.policy.verify_before_send && (at_hand.step.day >= 3 || at_hand.is_last_notice());
    buyer.into_iter().chain(verify.then_some(Lookup::Obligation)).collect()
}

pub(super) fn decide(world: &World<'_>, due: &StepDue, context: &Context<'_>) -> Decision {
    let Some(case) = world.case else {
        return Decision { effects: vec![Effect::Park], alarm: true, ..Decision::new(Reason::UnknownCase) };
    };
    if case.is_open()
        && let Some(settled) = fact::settle_by_link(case, world.linked, context)
    {
        return settled;
    }
    if let (true, Answer::Found(fact)) = (case.is_open(), &due.settlement)
        && Settlement::of(fact).state().is_some()
    {
        return fact::settle_with(case, fact, context);
    }
    let learned = with_buyer(case, due);
    match AtHand::gate(&learned, due, context) {
        Ok(at_hand) => take(&at_hand, world, due, context),
        Err(decision) => *decision,
    }
}

/// The case with what the look-up told of its buyer.
fn with_buyer(case: &Case, due: &StepDue) -> Case {
    let mut learned = case.clone();
    if let (Answer::Found(buyer), Some(outreach)) = (&due.buyer, &mut learned.outreach) {
        fact::merge_buyer(&mut outreach.matter.buyer, buyer, false);
    }
    learned
}

/// The step may be taken as far as its case is concerned: what do the clock, the source and the buyer say?
fn take(at_hand: &AtHand<'_>, world: &World<'_>, due: &StepDue, context: &Context<'_>) -> Decision {
    let timing = at_hand.timing(context);
    if let Some(held) = timing.as_ref().filter(|held| held.reason == Reason::Frozen) {
        return wait_frozen(at_hand, held, due, context);
    }
    let clockless = timing.as_ref().is_some_and(|held| held.reason == Reason::NoSendWindow);
    if let Some(held) = timing.filter(|_| !clockless || at_hand.outreach.matter.buyer.phone.is_some()) {
        return hold(at_hand, &held, context);
    }
    let watched = feed::watch(at_hand, world.feed, context);
    let decision = if watched.silent {
        let until = context.now.saturating_add(context.policy.success_hold).ok();
        let held = Held { reason: Reason::SuccessesStopped, until };
        Decision { alarm: true, ..hold(at_hand, &held, context) }
    } else {
        write_to(at_hand, world, due, context)
    };
    Decision { feed: watched.next, ..decision }
}

/// What the buyer wrote makes the step wait. A buyer who says that it is paid is believed until then; the source was asked
/// once, or is asked again when it could not be.
fn wait_frozen(at_hand: &AtHand<'_>, held: &Held, due: &StepDue, context: &Context<'_>) -> Decision {
    if !at_hand.asks_source() {
        return hold(at_hand, held, context);
    }
    if due.settlement == Answer::Unreachable {
        return wait(at_hand, Reason::UnverifiedDebt, context);
    }
    let mut case = at_hand.case.clone();
    if let Some(frozen) = case.outreach.as_mut().and_then(|outreach| outreach.frozen.as_mut()) {
        frozen.asked = true;
    }
    hold(&AtHand { case: &case, ..*at_hand }, held, context)
}

/// What the processor, the buyer and the provider say.
fn write_to(at_hand: &AtHand<'_>, world: &World<'_>, due: &StepDue, context: &Context<'_>) -> Decision {
    if due.settlement == Answer::Unreachable {
        return wait(at_hand, Reason::UnverifiedDebt, context);
    }
    let recipient = match addressed(at_hand, world.recipient, context) {
        Ok(recipient) => recipient,
        Err(Unaddressed::NoNumber) => {
            return match due.buyer {
                Answer::Unreachable => wait(at_hand, Reason::BuyerUnreachable, context),
                Answer::NotAsked | Answer::Nothing | Answer::Found(_) => {
                    gap(at_hand, Reason::NoPhone, context)
                }
            };
        }
        Err(Unaddressed::NoApp) => return skip(at_hand, Reason::NoApp, context),
        Err(Unaddressed::By(channel)) => {
            return match gap_until(at_hand, context).filter(|_| due.buyer == Answer::Unreachable) {
                Some(_) => wait(at_hand, Reason::BuyerUnreachable, context),
                None => elsewhere(at_hand, channel, Reason::NoPhone, context),
            };
        }
    };
    if recipient.opted_out.is_some() {
        let step = Some(at_hand.index);
        return fact::end(at_hand.case.clone(), Outcome::Suppressed, Reason::OptedOut, step, context.now);
    }
    let stopped = match at_hand.channel {
        Channel::Sms => recipient.opted_out_sms,
        Channel::Email => recipient.opted_out_email,
        Channel::Whatsapp | Channel::Push => None,
    };
    if stopped.is_some() {
        return skip(at_hand, Reason::OptedOut, context);
    }
    if let Some(decision) = same_debt(at_hand, recipient, context) {
        return decision;
    }
    let standing = world.standing.filter(|_| at_hand.channel == Channel::Whatsapp);
    let counts_as = |template: &Name| {
        let language = at_hand.language_of(template, context)?;
        standing?.category_of(template, language)
    };
    let (template, lane) = match at_hand.text(recipient, counts_as) {
        Ok(text) => text,
        Err(reason) => return skip(at_hand, reason, context),
    };
    if let Some(barred) = barred(at_hand, &template, world.standing, context) {
        return go_round(at_hand, &barred, context);
    }
    if let Some(held) = at_hand.attention(recipient, &lane, context) {
        return hold(at_hand, &held, context);
    }
    match claim(at_hand, recipient, Going { template, lane }, context) {
        Ok(decision) => decision,
        Err(RenderError::NoLink) => gap(at_hand, Reason::NoLink, context),
        Err(RenderError::MissingVariable(_)) => gap(at_hand, Reason::MissingVariable, context),
        Err(RenderError::NoLanguage | RenderError::NoText(_)) => {
            Decision { alarm: true, ..skip(at_hand, Reason::UnknownTemplate, context) }
        }
    }
}

/// The processor cannot be asked: the step is planned again a little later, and no other channel goes in its place.
fn wait(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
    let until = context.now.saturating_add(context.policy.hold).ok();
    hold(at_hand, &Held { reason, until }, context)
}

/// Something the text needs is not known. Another report of the same debt may still bring it within the hour; after that
/// the step is left out and the gap is on record.
fn gap(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
    hold(at_hand, &Held { reason, until: gap_until(at_hand, context) }, context)
}

/// The end of that hour; `None` once it is over.
fn gap_until(at_hand: &AtHand<'_>, context: &Context<'_>) -> Option<Timestamp> {
    let due = at_hand.playbook.due(at_hand.index, at_hand.outreach.anchor, &at_hand.outreach.zones());
    due.saturating_add(context.policy.touch_gap).ok().filter(|until| context.now < *until)
}

/// A source may report one debt under its invoice and under its payment intent. The invoice speaks; the payment intent's case
/// ends when it meets the invoice's, and a first notice that one of them gave is not given again by the other.
fn same_debt(at_hand: &AtHand<'_>, recipient: &Recipient, context: &Context<'_>) -> Option<Decision> {
    let mine = &at_hand.outreach.matter;
    let near = |at: Timestamp| at.duration_since(at_hand.outreach.anchor).abs() <= context.policy.retry_hold;
    let twin = recipient.cases.iter().find(|known| {
        known.id != at_hand.case.id
            && known.id.source == at_hand.case.id.source
            && known.unlinked != mine.unlinked
            && known.amount == mine.amount
            && near(known.opened_at)
    })?;
    if mine.unlinked {
        let step = Some(at_hand.index);
        return Some(fact::end(
            at_hand.case.clone(),
            Outcome::Suppressed,
            Reason::SameDebt,
            step,
            context.now,
        ));
    }
    let told = recipient.touches.iter().any(|touch| touch.case == twin.id && touch.step == at_hand.notice);
    told.then(|| {
        let mut met = recipient.clone();
        met.meet(at_hand.known());
        let recipient = Some(met).filter(|met| met != recipient);
        Decision { recipient, ..skip(at_hand, Reason::SameDebt, context) }
    })
}
