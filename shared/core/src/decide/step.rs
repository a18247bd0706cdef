//! A step came out of a queue: may it go, and if not, why.

use jiff::Timestamp;

use super::claim::{Going, claim};
use super::{Answer, Context, Decision, Effect, Input, Lookup, StepDue, World, fact, feed, owed};
use crate::{
    Case, Category, Channel, KnownCase, Library, Name, Next, Outcome, Outreach, Playbook, Reason, Recipient,
    RenderError, SendState, Settlement, State, Step, StepIndex, Touch,
};

/// What a step wants looked up before it is decided; empty when it would not go anyway.
pub type Needs = Vec<Lookup>;

/// Says what to look up at the processor for this input.
///
/// The buyer, when no number is known; the obligation, from Day 3 on and before every last notice, so that a lost success
/// webhook cannot make recoup dun a buyer who paid.
pub fn needs(case: Option<&Case>, input: &Input, context: &Context<'_>) -> Needs {
    let (Some(case), Input::StepDue(due)) = (case, input) else { return Vec::new() };
    let Ok(at_hand) = AtHand::gate(case, due, context) else { return Vec::new() };
    if at_hand.timing(context).is_some_and(|held| held.reason != Reason::NoSendWindow) {
        return Vec::new();
    }
    let matter = &at_hand.outreach.matter;
    let buyer =
        matter.buyer.phone.is_none().then(|| matter.buyer.customer.clone()).flatten().map(Lookup::Buyer);
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

/// A step that may be taken as far as the case itself is concerned.
pub(super) struct AtHand<'a> {
    pub(super) case: &'a Case,
    pub(super) outreach: &'a Outreach,
    pub(super) playbook: &'static Playbook,
    pub(super) step: &'static Step,
    pub(super) index: StepIndex,
    pub(super) channel: Channel,
}

/// A step that waits, or does not go at all.
pub(super) struct Held {
    pub(super) reason: Reason,
    /// Until when; `None` when waiting is of no use.
    pub(super) until: Option<Timestamp>,
}

impl<'a> AtHand<'a> {
    /// Lets a queued step through if it is the one that is due and the ledger does not forbid it.
    fn gate(case: &'a Case, due: &StepDue, context: &Context<'_>) -> Result<Self, Box<Decision>> {
        let stay = |reason| Decision::stay(case, reason, context.now);
        let Some(outreach) = case.outreach.as_ref().filter(|_| case.is_open()) else {
            let disputed = case.state() == State::Disputed;
            let reason = if disputed { Reason::Disputed } else { Reason::AlreadyClosed };
            return Err(Box::new(stay(reason)));
        };
        let Some(playbook) = Library::playbook(&outreach.playbook, &outreach.version) else {
            let effects = vec![Effect::Park];
            return Err(Box::new(Decision {
                effects,
                alarm: true,
                ..Decision::new(Reason::UnknownTemplate)
            }));
        };
        let planned = outreach.next.filter(|next| next.step == due.step);
        let timed =
            planned.is_none_or(|next| next.generation == due.generation || due.channel == Channel::Sms);
        if !timed {
            return Err(Box::new(stay(Reason::Superseded)));
        }
        if planned.is_some_and(|next| context.now < next.at) {
            return Err(Box::new(stay(Reason::NotYetDue)));
        }
        let Some(step) = playbook.step(due.step) else {
            if planned.is_some() {
                let ended = fact::end(case.clone(), Outcome::Exhausted, Reason::Exhausted, None, context.now);
                return Err(Box::new(ended));
            }
            return Err(Box::new(stay(Reason::Superseded)));
        };
        let at_hand = Self { case, outreach, playbook, step, index: due.step, channel: due.channel };
        let Some(reason) = at_hand.ledger_forbids(planned.is_some()) else { return Ok(at_hand) };
        // A step that is planned and can never go would be brought back for ever: the plan moves on.
        let decision = if planned.is_some() { move_on(&at_hand, reason, context) } else { stay(reason) };
        let unheard = reason == Reason::OutcomeUnknown && due.channel != at_hand.step.channel;
        let park = unheard.then_some(Effect::Park);
        Err(Box::new(Decision { effects: decision.effects.into_iter().chain(park).collect(), ..decision }))
    }

    /// What the ledger says against this step on this channel. A text message goes only where there is no claim or a
    /// definite failure: nobody gets both.
    fn ledger_forbids(&self, planned: bool) -> Option<Reason> {
        if self.outreach.is_past(self.index) {
            return Some(Reason::Superseded);
        }
        for entry in self.outreach.ledger.iter().filter(|entry| entry.step == self.index) {
            let same = entry.channel == self.channel;
            let takes_over = self.step.channel == entry.channel && self.step.fallback == Some(self.channel);
            match entry.state {
                SendState::Retryable if same || takes_over => {}
                SendState::Failed if takes_over => {}
                SendState::Claimed | SendState::Unknown => return Some(Reason::OutcomeUnknown),
                SendState::Dropped => return Some(Reason::Dropped),
                SendState::Retryable
                | SendState::Failed
                | SendState::Sent
                | SendState::Delivered
                | SendState::Read => return Some(Reason::AlreadySent),
            }
        }
        let known = self.outreach.ledger.iter().any(|entry| entry.step == self.index);
        let meant = self.channel == self.step.channel || self.step.fallback == Some(self.channel);
        (!meant || !known && !planned).then_some(Reason::Superseded)
    }

    /// What the clock says: too late, too close to a retry that may cure the debt, or the wrong hour.
    fn timing(&self, context: &Context<'_>) -> Option<Held> {
        let zones = self.outreach.zones();
        let never = |reason| Some(Held { reason, until: None });
        if context.now > self.playbook.expiry(self.index, self.outreach.anchor, &zones) {
            return never(Reason::Stale);
        }
        let hold = |retry: &Timestamp| {
            let opens = retry.saturating_sub(context.policy.retry_hold).unwrap_or(Timestamp::MIN);
            *retry > context.now && opens <= context.now
        };
        if let Some(retry) = self.outreach.matter.next_retry.filter(hold) {
            let until = retry.saturating_add(context.policy.retry_settle).unwrap_or(Timestamp::MAX);
            return Some(Held { reason: Reason::AwaitsRetry, until: Some(until) });
        }
        let window = context.policy.window?;
        match window.next_open(context.now, &zones) {
            Some(open) if open == context.now => None,
            Some(open) => Some(Held { reason: Reason::QuietHours, until: Some(open) }),
            None => never(Reason::NoSendWindow),
        }
    }

    /// What the buyer's other cases see of this one.
    pub(super) fn known(&self) -> KnownCase {
        let matter = &self.outreach.matter;
        let (amount, unlinked) = (matter.amount, matter.unlinked);
        KnownCase { id: self.case.id.clone(), opened_at: self.outreach.anchor, amount, unlinked }
    }

    /// Whether the text that is due is the last notice of its kind.
    fn is_last_notice(&self) -> bool {
        let text = self.playbook.template_of(self.step, self.outreach.matter.attempt);
        self.playbook.by_attempt.last() == Some(text)
    }

    /// The text that may go to this buyer, and the lane it counts in.
    fn text(&self, recipient: &Recipient) -> Result<(Name, Name), Reason> {
        let lane = self.step.lane.as_ref().unwrap_or(&self.playbook.lane);
        let agreed = self.outreach.matter.agreed && recipient.opted_out_marketing.is_none();
        if self.step.category == Category::Utility || agreed || recipient.allows_marketing() {
            let attempt = self.outreach.matter.attempt;
            return Ok((self.playbook.template_of(self.step, attempt).clone(), lane.clone()));
        }
        let notice = self.step.without_consent.clone().ok_or(Reason::NoMarketingConsent)?;
        Ok((notice, self.playbook.lane.clone()))
    }

    /// What the buyer's attention says: one message an hour over all lanes, and the lane's cap.
    fn attention(&self, recipient: &Recipient, lane: &Name, context: &Context<'_>) -> Option<Held> {
        let policy = context.policy;
        let touches = |window| {
            recipient.touches_within(window, context.now, &self.case.id, self.index).collect::<Vec<_>>()
        };
        let free = |touch: &Touch, window| touch.at.saturating_add(window).ok();
        if let Some(last) = touches(policy.touch_gap).last() {
            return Some(Held { reason: Reason::TouchGap, until: free(last, policy.touch_gap) });
        }
        let in_lane: Vec<_> =
            touches(policy.cap_window).into_iter().filter(|touch| touch.lane == *lane).collect();
        let full = in_lane.len().checked_sub(policy.cap_messages)?;
        Some(Held { reason: Reason::Cap, until: free(in_lane[full], policy.cap_window) })
    }
}

/// The step may be taken as far as its case is concerned: what do the clock, the source and the buyer say?
fn take(at_hand: &AtHand<'_>, world: &World<'_>, due: &StepDue, context: &Context<'_>) -> Decision {
    let timing = at_hand.timing(context);
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
        write_to(at_hand, world.recipient, due, context)
    };
    Decision { feed: watched.next, ..decision }
}

/// What the buyer and the processor say.
fn write_to(
    at_hand: &AtHand<'_>,
    recipient: Option<&Recipient>,
    due: &StepDue,
    context: &Context<'_>,
) -> Decision {
    if due.settlement == Answer::Unreachable {
        return wait(at_hand, Reason::UnverifiedDebt, context);
    }
    let (Some(_), Some(recipient)) = (&at_hand.outreach.matter.buyer.phone, recipient) else {
        return match due.buyer {
            Answer::Unreachable => wait(at_hand, Reason::BuyerUnreachable, context),
            Answer::NotAsked | Answer::Nothing | Answer::Found(_) => gap(at_hand, Reason::NoPhone, context),
        };
    };
    if recipient.opted_out.is_some() {
        let step = Some(at_hand.index);
        return fact::end(at_hand.case.clone(), Outcome::Suppressed, Reason::OptedOut, step, context.now);
    }
    if at_hand.channel == Channel::Sms && recipient.opted_out_sms.is_some() {
        return skip(at_hand, Reason::OptedOut, context);
    }
    if let Some(decision) = same_debt(at_hand, recipient, context) {
        return decision;
    }
    let (template, lane) = match at_hand.text(recipient) {
        Ok(text) => text,
        Err(reason) => return skip(at_hand, reason, context),
    };
    if let Some(held) = at_hand.attention(recipient, &lane, context) {
        return hold(at_hand, &held, context);
    }
    match claim(at_hand, recipient, Going { template, lane }, context) {
        Ok(decision) => decision,
        Err(RenderError::NoLink) => gap(at_hand, Reason::NoLink, context),
        Err(RenderError::MissingVariable(_)) => gap(at_hand, Reason::MissingVariable, context),
        Err(RenderError::NoLanguage) => {
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
    let due = at_hand.playbook.due(at_hand.index, at_hand.outreach.anchor, &at_hand.outreach.zones());
    let until = due.saturating_add(context.policy.touch_gap).ok().filter(|until| context.now < *until);
    hold(at_hand, &Held { reason, until }, context)
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
    let told = recipient.touches.iter().any(|touch| touch.case == twin.id && touch.step == at_hand.index);
    told.then(|| {
        let mut met = recipient.clone();
        met.meet(at_hand.known());
        let recipient = Some(met).filter(|met| met != recipient);
        Decision { recipient, ..skip(at_hand, Reason::SameDebt, context) }
    })
}

/// Moves the step to a later time, or skips it when waiting would outlive it.
fn hold(at_hand: &AtHand<'_>, held: &Held, context: &Context<'_>) -> Decision {
    let expiry = at_hand.playbook.expiry(at_hand.index, at_hand.outreach.anchor, &at_hand.outreach.zones());
    match held.until.filter(|until| *until <= expiry) {
        Some(until) => defer(at_hand.case, (at_hand.index, at_hand.channel), until, held.reason, context),
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
fn move_on(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
    let mut case = at_hand.case.clone();
    if let Some(outreach) = &mut case.outreach {
        advance(outreach, at_hand.playbook, at_hand.index);
    }
    case.note(context.now, reason, Some(at_hand.index));
    let effects = owed(&case, context.now);
    Decision::write(case, effects, reason)
}

/// Leaves the step out, says why, and plans the next one.
fn skip(at_hand: &AtHand<'_>, reason: Reason, context: &Context<'_>) -> Decision {
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

/// Plans the step after this one, unless that has been done.
pub(super) fn advance(outreach: &mut Outreach, playbook: &Playbook, step: StepIndex) {
    let Some(next) = outreach.next.filter(|next| next.step <= step) else { return };
    let at = playbook.due(step.next(), outreach.anchor, &outreach.zones());
    let channel = playbook.step(step.next()).map_or(Channel::Whatsapp, |step| step.channel);
    outreach.next =
        Some(Next { step: step.next(), at, channel, generation: next.generation.saturating_add(1) });
}
