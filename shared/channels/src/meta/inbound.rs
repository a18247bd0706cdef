//! What buyers write, tap and choose.

use recoup_core::{
    ChannelEvent, Contact, Intent, OptOutScope, Phone, Reply, WhatsappUser, Words, read_reply,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{read, scalar, time};
use crate::inbound;
use crate::outcome::{ignored, provider_id};

#[derive(Deserialize)]
pub(super) struct Inbound<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    #[serde(borrow)]
    from_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    button: Option<&'a RawValue>,
    #[serde(borrow)]
    interactive: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
    #[serde(borrow)]
    video: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    #[serde(borrow)]
    system: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Preference<'a> {
    #[serde(borrow)]
    wa_id: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    category: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

/// Every place of an inbound message where a buyer's own or tapped words stand.
#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    caption: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow)]
    button_reply: Option<&'a RawValue>,
    #[serde(borrow)]
    list_reply: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

/// Reads a message; `None` when it has no time or no id.
pub(super) fn message_event(message: &Inbound<'_>, sent: Option<&RawValue>) -> Option<ChannelEvent> {
    let kind = scalar(message.kind).unwrap_or_default();
    if kind == "system" {
        let detail = message.system.and_then(read::<Spoken<'_>>).and_then(|system| scalar(system.kind));
        return Some(ignored(&format!("system_{}", detail.unwrap_or_default())));
    }
    // A thumb under our message asks for nothing and opens no question.
    if kind == "reaction" {
        return Some(ignored("message_reaction"));
    }
    let at = time(message.timestamp).or_else(|| time(sent))?;
    let Some(from) = contact(message.from, message.from_user_id) else {
        return Some(ignored("no_sender"));
    };
    let Said { intent, scope, words, typed } = said(message);
    let id = scalar(message.id).and_then(|id| provider_id(&id));
    if intent == Intent::Stop {
        return Some(ChannelEvent::OptedOut { from, scope, at, message: id });
    }
    if intent == Intent::Start {
        return Some(ChannelEvent::OptedIn { from, scope, at, message: id });
    }
    let context = message.context.and_then(read::<Context<'_>>);
    let answers = context.and_then(|context| provider_id(&scalar(context.id)?));
    let when = inbound::promise(intent, &words);
    let reply = Reply { from, at, intent, when, words, typed, answers, id: id?, answered: false };
    Some(ChannelEvent::Replied(reply))
}

/// What was made of a message.
struct Said {
    intent: Intent,
    scope: OptOutScope,
    words: Words,
    typed: bool,
}

/// The message that is answered.
#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// What was typed or tapped: a button of ours says it in our words, everything else in the buyer's.
fn said(message: &Inbound<'_>) -> Said {
    let scope = OptOutScope::All;
    let others = [message.button, message.interactive, message.image, message.video, message.document];
    let parts = [(message.text, true)].into_iter().chain(others.map(|part| (part, false)));
    for (part, typed) in parts.filter_map(|(part, typed)| Some((read::<Spoken<'_>>(part?)?, typed))) {
        let tapped = [part.button_reply, part.list_reply].into_iter().flatten().find_map(read::<Spoken<'_>>);
        let (id, title) = tapped.map(|reply| (reply.id, reply.title)).unwrap_or_default();
        let theirs = [part.body, part.caption, part.text, title].into_iter().find_map(scalar);
        let words = theirs.as_deref().map(Words::of).unwrap_or_default();
        if let Some((intent, scope)) =
            [part.payload, id].into_iter().find_map(|raw| inbound::tapped(&scalar(raw)?))
        {
            return Said { intent, scope, words, typed };
        }
        if let Some(theirs) = theirs {
            return Said { intent: read_reply(&theirs).intent, scope, words, typed };
        }
    }
    Said { intent: Intent::Unknown, scope, words: Words::default(), typed: false }
}

/// Reads a choice made in WhatsApp's own settings.
pub(super) fn preference_event(choice: &Preference<'_>, sent: Option<&RawValue>) -> Option<ChannelEvent> {
    let category = scalar(choice.category)?;
    let value = scalar(choice.value)?;
    if category != "marketing_messages" {
        return Some(ignored("user_preferences"));
    }
    let at = time(choice.timestamp).or_else(|| time(sent))?;
    // The contact beside the preference may be another number: only the preference's own counts.
    let Some(from) = contact(choice.wa_id, choice.user_id) else { return Some(ignored("no_sender")) };
    let scope = OptOutScope::Marketing;
    Some(match &*value {
        "stop" => ChannelEvent::OptedOut { from, scope, at, message: None },
        "resume" | "signup" => ChannelEvent::OptedIn { from, scope, at, message: None },
        _ => ignored("user_preferences"),
    })
}

/// Reads who wrote: a buyer with a username may have no number (messaging-providers.md 1.10).
fn contact(wa_id: Option<&RawValue>, user_id: Option<&RawValue>) -> Option<Contact> {
    let user = scalar(user_id).and_then(|id| WhatsappUser::parse(&id));
    let contact = Contact { phone: phone(wa_id), user, email: None };
    (contact != Contact::default()).then_some(contact)
}

fn phone(wa_id: Option<&RawValue>) -> Option<Phone> {
    let digits = scalar(wa_id)?;
    Phone::from_wa_id(digits.strip_prefix('+').unwrap_or(&digits)).ok()
}
