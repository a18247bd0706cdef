//! May a queued step go as far as its case is concerned: is it the one that is due, and does the ledger allow it?

use jiff::{SignedDuration, Timestamp};

use super::plan::move_on;
use super::{Context, Decision, Effect, StepDue, fact};
use crate::{
    Case, Category, Channel, Entry, Intent, KnownCase, Library, Name, Outcome, Outreach, Playbook, Reason,
    Recipient, SendState, State, Step, StepIndex, Template, Touch, Wanted,
};

/// A step that may be taken as far as the case itself is concerned.
pub(super) struct AtHand<'a> {
    pub(super) case: &'a Case,
    pub(super) outreach: &'a Outreach,
    pub(super) playbook: &'static Playbook,
    pub(super) step: &'static Step,
    pub(super) index: StepIndex,
    /// The step that began the notice: what the buyer's attention is counted by.
    pub(super) notice: StepIndex,
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
    pub(super) fn gate(case: &'a Case, due: &StepDue, context: &Context<'_>) -> Result<Self, Box<Decision>> {
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
        let (index, channel) = (due.step, due.channel);
        let at_hand = Self { case, outreach, playbook, step, index, notice: playbook.notice(index), channel };
        let Some(reason) = at_hand.ledger_forbids(planned.is_some()) else { return Ok(at_hand) };
        // A step that is planned and can never go would be brought back for ever: the plan moves on.
        let decision = if planned.is_some() { move_on(&at_hand, reason, context) } else { stay(reason) };
        let stands_in = due.channel != at_hand.step.channel && due.channel != Channel::Email;
        let unheard = reason == Reason::OutcomeUnknown && stands_in;
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
            match entry.state {
                SendState::Retryable if same || self.takes_over(entry.channel) => {}
                SendState::Failed if self.takes_over(entry.channel) => {}
                SendState::Claimed | SendState::Unknown => return Some(Reason::OutcomeUnknown),
                SendState::Dropped => return Some(Reason::Dropped),
                SendState::Retryable
                | SendState::Failed
                | SendState::Sent
                | SendState::Delivered
                | SendState::Read => return Some(Reason::AlreadySent),
            }
        }
        let earlier = |entry: &&Entry| (self.notice..self.index).contains(&entry.step);
        if let Some(reason) =
            self.outreach.ledger.iter().filter(earlier).find_map(|entry| self.spared_by(entry))
        {
            return Some(reason);
        }
        let known = self.outreach.ledger.iter().any(|entry| entry.step == self.index);
        let meant = self.channel == self.step.channel || self.may_stand_in(self.channel);
        (!meant || !known && !planned).then_some(Reason::Superseded)
    }

    /// What an earlier message of the same notice says against carrying it on. One that failed says nothing; one that may
    /// have arrived spares the buyer the same channel, and any channel once it got as far as wanted. Of a notification of
    /// the app nobody can say more than that it was handed over, so one whose fate is unknown counts as handed over.
    fn spared_by(&self, entry: &Entry) -> Option<Reason> {
        let wanted = match self.step.unless {
            Some(Wanted::Read) => SendState::Read,
            Some(Wanted::Delivered) | None => SendState::Delivered,
        };
        match entry.state {
            SendState::Retryable | SendState::Failed => None,
            SendState::Dropped => Some(Reason::Dropped),
            SendState::Claimed | SendState::Unknown if entry.channel != Channel::Push => {
                Some(Reason::OutcomeUnknown)
            }
            _ if entry.channel == self.channel => Some(Reason::AlreadySent),
            SendState::Read => Some(Reason::Reached),
            SendState::Delivered if wanted == SendState::Delivered => Some(Reason::Reached),
            SendState::Claimed | SendState::Unknown | SendState::Sent | SendState::Delivered => None,
        }
    }

    /// Whether this channel goes where that one failed.
    fn takes_over(&self, failed: Channel) -> bool {
        failed != self.channel && failed == self.step.channel && self.may_stand_in(self.channel)
    }

    /// Whether a channel may carry the step in the place of its own: the one that is named for it, and e-mail for a buyer whose
    /// number nobody knows.
    pub(super) fn may_stand_in(&self, channel: Channel) -> bool {
        let stands_in = self.step.fallback == Some(channel);
        stands_in || channel == Channel::Email && self.step.channel != Channel::Push
    }

    /// The channel by which the step comes back when it must wait: its own where only a letter would have stood in and nothing has
    /// been tried, since a number may become known meanwhile.
    pub(super) fn comes_back_by(&self) -> Channel {
        let tried = self.outreach.ledger.iter().any(|entry| entry.step == self.index);
        let meant = self.step.channel == self.channel || self.step.fallback == Some(self.channel);
        if self.channel == Channel::Email && !meant && !tried { self.step.channel } else { self.channel }
    }

    /// What the clock says: too late, too close to a retry that may cure the debt, frozen by what the buyer wrote, or the
    /// wrong hour.
    pub(super) fn timing(&self, context: &Context<'_>) -> Option<Held> {
        let zones = self.outreach.zones();
        let never = |reason| Some(Held { reason, until: None });
        if let Some(frozen) = self.outreach.frozen.as_ref().filter(|frozen| context.now < frozen.until) {
            return Some(Held { reason: Reason::Frozen, until: Some(frozen.until) });
        }
        if context.now > self.expiry() {
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
        match context.policy.window?.next_open(context.now, &zones) {
            Some(open) if open == context.now => None,
            Some(open) => Some(Held { reason: Reason::QuietHours, until: Some(open) }),
            // A letter waits in its box until somebody looks.
            None if self.channel == Channel::Email => None,
            None => never(Reason::NoSendWindow),
        }
    }

    /// When the step is of no use any more. What the buyer put off is counted from the day they named.
    pub(super) fn expiry(&self) -> Timestamp {
        let expiry = self.playbook.expiry(self.index, self.outreach.anchor, &self.outreach.zones());
        let lives = SignedDuration::from_hours(self.step.expires_hours);
        let put_off =
            self.outreach.frozen.as_ref().and_then(|frozen| frozen.until.saturating_add(lives).ok());
        put_off.map_or(expiry, |put_off| put_off.max(expiry))
    }

    /// What the buyer's other cases see of this one.
    pub(super) fn known(&self) -> KnownCase {
        let matter = &self.outreach.matter;
        let (amount, unlinked) = (matter.amount, matter.unlinked);
        KnownCase { id: self.case.id.clone(), opened_at: self.outreach.anchor, amount, unlinked }
    }

    /// Whether the text that is due is the last notice of its kind, or its last channel.
    pub(super) fn is_last_notice(&self) -> bool {
        let text = self.playbook.template_of(self.step, self.outreach.matter.attempt);
        let last_channel = self.step.after_minutes.is_some() && self.playbook.is_end(self.index.next());
        self.playbook.by_attempt.last() == Some(text) || last_channel
    }

    /// Whether the buyer says that it is paid, and the source was not asked since.
    pub(super) fn asks_source(&self) -> bool {
        self.outreach.frozen.is_some_and(|frozen| frozen.by == Intent::PaidAlready && !frozen.asked)
    }

    /// Whether the step's texts are also written as e-mails.
    pub(super) fn has_letter(&self) -> bool {
        let own = self.playbook.template_of(self.step, self.outreach.matter.attempt);
        let lettered = |template: &Template| template.language.values().all(|text| text.email.is_some());
        let mut texts = std::iter::once(own).chain(&self.step.without_consent);
        texts.all(|text| Library::template(text).is_some_and(lettered))
    }

    /// The language in which the buyer is written to.
    pub(super) fn language_of(&self, template: &Name, context: &Context<'_>) -> Option<&'static str> {
        let locale = self.outreach.matter.buyer.locale.as_deref();
        Library::template(template)?.language_for(locale, &context.policy.default_locale)
    }

    /// The text that may go to this buyer, and the lane it counts in. `counts_as` is what the provider takes a text for.
    pub(super) fn text(
        &self,
        recipient: &Recipient,
        counts_as: impl Fn(&Name) -> Option<Category>,
    ) -> Result<(Name, Name), Reason> {
        let lane = self.step.lane.as_ref().unwrap_or(&self.playbook.lane);
        let agreed = self.outreach.matter.agreed && recipient.opted_out_marketing.is_none();
        let own = self.playbook.template_of(self.step, self.outreach.matter.attempt);
        let category = counts_as(own).unwrap_or(self.step.category).max(self.step.category);
        if category == Category::Utility || agreed || recipient.allows_marketing() {
            return Ok((own.clone(), lane.clone()));
        }
        let notice = self.step.without_consent.clone().ok_or(Reason::NoMarketingConsent)?;
        Ok((notice, self.playbook.lane.clone()))
    }

    /// What the buyer's attention says: one message an hour over all lanes, and the lane's cap.
    pub(super) fn attention(
        &self,
        recipient: &Recipient,
        lane: &Name,
        context: &Context<'_>,
    ) -> Option<Held> {
        let policy = context.policy;
        let touches = |window| {
            recipient.touches_within(window, context.now, &self.case.id, self.notice).collect::<Vec<_>>()
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
