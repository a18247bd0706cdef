//! The claim: the last store write before the wire, and the stop check.

use jiff::SignedDuration;
use std::time::Duration;

use super::gate::AtHand;
use super::owed::give_up_claims;
use super::plan::advance;
use super::{Context, Decision, Effect, owed};
use crate::playbook::days_later;
use crate::{
    Address, Channel, Correlation, Entry, Library, Message, Name, Reason, Recipient, RenderError, SendState,
    Touch, Values,
};

/// What is about to go.
pub(super) struct Going {
    pub(super) template: Name,
    pub(super) lane: Name,
}

/// Reserves the buyer's attention, claims the step, plans the next one and hands out the message. Attention that was
/// reserved for this step a moment ago is not reserved again.
pub(super) fn claim(
    at_hand: &AtHand<'_>,
    recipient: &Recipient,
    text: Going,
    context: &Context<'_>,
) -> Result<Decision, RenderError> {
    let outgoing = compose(at_hand, &text, context)?;
    let mut claimed = at_hand.case.clone();
    let mut reserved = recipient.clone();
    let of_notice = at_hand.notice..at_hand.index.next();
    let first_try = !at_hand.outreach.ledger.iter().any(|entry| of_notice.contains(&entry.step));
    let touch = Touch { at: context.now, lane: text.lane, case: claimed.id.clone(), step: at_hand.notice };
    reserved.reserve(touch, first_try);
    reserved.meet(at_hand.known());
    if let Some(outreach) = &mut claimed.outreach {
        give_up_claims(outreach, Some(at_hand.index), context);
        for entry in outreach.ledger.iter_mut().filter(|entry| of_notice.contains(&entry.step)) {
            let another = entry.channel != at_hand.channel || entry.step != at_hand.index;
            if another && entry.state == SendState::Retryable {
                entry.state = SendState::Failed;
            }
        }
        let attempt = outreach.entry(at_hand.index, at_hand.channel).map_or(0, |entry| entry.attempt);
        outreach.ledger.retain(|entry| entry.step != at_hand.index || entry.channel != at_hand.channel);
        outreach.ledger.push(Entry {
            step: at_hand.index,
            channel: at_hand.channel,
            state: SendState::Claimed,
            token: context.token.clone(),
            attempt: attempt.saturating_add(1),
            at: context.now,
            template: text.template,
            detail: None,
        });
        advance(outreach, at_hand.playbook, at_hand.index);
    }
    claimed.note(context.now, Reason::Claimed, Some(at_hand.index));
    let mut effects = vec![Effect::Send(Box::new(outgoing))];
    effects.extend(owed(&claimed, context.now));
    let recipient = Some(reserved).filter(|reserved| reserved != recipient);
    Ok(Decision { recipient, ..Decision::write(claimed, effects, Reason::Claimed) })
}

fn compose(at_hand: &AtHand<'_>, text: &Going, context: &Context<'_>) -> Result<Message, RenderError> {
    let (outreach, policy) = (at_hand.outreach, context.policy);
    let matter = &outreach.matter;
    let zones = outreach.zones();
    let suspension = days_later(outreach.anchor, policy.suspend_after_days, &zones);
    let hours_left = suspension.duration_since(context.now).max(SignedDuration::ZERO).as_hours();
    let days_left = (hours_left + 12).div_euclid(24);
    let template = Library::template(&text.template).ok_or(RenderError::NoLanguage)?;
    // The text message holds its link and its exits in words, which stand on buttons otherwise.
    let plain = at_hand.channel == Channel::Whatsapp && policy.whatsapp_plain;
    let words = template.render(
        if plain { Channel::Sms } else { at_hand.channel },
        matter.buyer.locale.as_deref(),
        &policy.default_locale,
        &Values {
            name: matter.buyer.name.as_ref(),
            amount: matter.amount,
            number: matter.number.as_ref(),
            brand: &policy.brand_name,
            link: matter.pay_link.as_ref(),
            link_base: policy.link_base(at_hand.playbook.links),
            cause: matter.cause,
            suspension,
            days_left,
            zones: &zones,
        },
    )?;
    let buyer = &matter.buyer;
    let to = match at_hand.channel {
        Channel::Whatsapp | Channel::Sms => buyer.phone.clone().map(Address::Phone),
        Channel::Push => buyer.push.clone().map(Address::Push),
        Channel::Email => buyer.email.clone().map(Address::Email),
    };
    let to = to.ok_or_else(|| RenderError::MissingVariable("address".to_owned()))?;
    let correlation = Correlation {
        case: at_hand.case.id.clone(),
        step: at_hand.index,
        channel: at_hand.channel,
        token: context.token.clone(),
    };
    let ttl = Duration::from_secs(u64::from(at_hand.step.ttl_minutes) * 60);
    Ok(Message { to, correlation, category: template.category, ttl, content: words })
}
