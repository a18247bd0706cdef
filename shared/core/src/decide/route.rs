//! By which channel a step goes, when its own is closed to it.

use jiff::Timestamp;

use super::Context;
use super::Decision;
use super::gate::{AtHand, Held};
use super::plan::{defer, hold};
use crate::{Category, Channel, EventKey, Library, Name, Paused, Reason, Recipient, Standing, is_american};

/// Why a step cannot be addressed.
pub(super) enum Unaddressed {
    /// No number is known.
    NoNumber,
    /// No app is known.
    NoApp,
    /// Another channel has an address.
    By(Channel),
}

/// The buyer, if this channel has an address of theirs.
pub(super) fn addressed<'a>(
    at_hand: &AtHand<'_>,
    recipient: Option<&'a Recipient>,
    context: &Context<'_>,
) -> Result<&'a Recipient, Unaddressed> {
    let buyer = &at_hand.outreach.matter.buyer;
    let numbered =
        buyer.phone.is_some() && recipient.is_none_or(|recipient| recipient.wrong_person.is_none());
    let missing = match at_hand.channel {
        Channel::Push => buyer.push.is_none().then_some(Unaddressed::NoApp),
        Channel::Email => buyer.email.is_none().then_some(Unaddressed::NoNumber),
        Channel::Whatsapp | Channel::Sms if numbered => None,
        Channel::Whatsapp | Channel::Sms => {
            let mailed = context.policy.email && buyer.email.is_some() && at_hand.has_letter();
            Some(if mailed { Unaddressed::By(Channel::Email) } else { Unaddressed::NoNumber })
        }
    };
    match missing {
        Some(missing) => Err(missing),
        None => recipient.ok_or(Unaddressed::NoNumber),
    }
}

/// What keeps a message off its channel.
pub(super) struct Barred {
    reason: Reason,
    /// Until when; `None` for ever.
    until: Option<Timestamp>,
    /// Whether the next channel may carry it.
    elsewhere: bool,
}

/// What the provider keeps back of this channel, and how much marketing goes. Meta delivers no marketing to American
/// numbers.
pub(super) fn barred(
    at_hand: &AtHand<'_>,
    template: &Name,
    standing: Option<&Standing>,
    context: &Context<'_>,
) -> Option<Barred> {
    let phone = at_hand.outreach.matter.buyer.phone.as_ref();
    let channel = at_hand.channel;
    let marketing = Library::template(template).is_some_and(|known| known.category == Category::Marketing);
    if marketing && channel == Channel::Whatsapp && phone.is_some_and(is_american) {
        return Some(Barred { reason: Reason::NotByThisChannel, until: None, elsewhere: true });
    }
    let standing = standing?;
    let mut pauses = vec![Paused::Channel(channel)];
    pauses.extend(marketing.then_some(Paused::Marketing(channel)));
    let language = at_hand.language_of(template, context).filter(|_| channel == Channel::Whatsapp);
    pauses.extend(language.map(|language| Paused::Template(template.clone(), language.to_owned())));
    pauses.extend(phone.map(|phone| Paused::Country(channel, phone.calling_code().to_owned())));
    let known = pauses.iter().find_map(|what| standing.pause(what, context.now));
    if let Some(pause) = known {
        return Some(Barred { reason: Reason::Paused, until: Some(pause.until), elsewhere: true });
    }
    let buyer = EventKey::of_id(&at_hand.case.id.to_string()).0[0];
    let governed = marketing && channel == Channel::Whatsapp && standing.governor.spares(buyer, context.now);
    governed.then_some(Barred { reason: Reason::Governed, until: None, elsewhere: false })
}

/// The step goes by the channel that is named for its failure, waits for its own, or is left out.
pub(super) fn go_round(at_hand: &AtHand<'_>, barred: &Barred, context: &Context<'_>) -> Decision {
    let fallback = at_hand.step.fallback.filter(|fallback| *fallback != at_hand.channel && barred.elsewhere);
    match fallback.filter(|_| at_hand.channel == at_hand.step.channel) {
        Some(fallback) => elsewhere(at_hand, fallback, barred.reason, context),
        None => hold(at_hand, &Held { reason: barred.reason, until: barred.until }, context),
    }
}

/// Hands the step to another channel's queue, at once.
pub(super) fn elsewhere(
    at_hand: &AtHand<'_>,
    channel: Channel,
    reason: Reason,
    context: &Context<'_>,
) -> Decision {
    defer(at_hand.case, (at_hand.index, channel), context.now, reason, context)
}
