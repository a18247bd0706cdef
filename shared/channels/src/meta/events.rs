//! A verified webhook as events.
//!
//! Meta batches up to a thousand changes in one body, and sends it again for days when it is not answered 200: so
//! each element is read by itself, and one that cannot be read is counted instead of sinking its neighbours.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::{
    ChannelEvent, Correlation, DeliveryStatus, Intent, OptOutScope, Phone, Refusal, read_reply,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{GraphError, read, scalar};
use super::reactions;
use crate::outcome::{label, provider_id};
use crate::{ChannelParseError, VerifiedChannelWebhook};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    object: Cow<'a, str>,
    #[serde(borrow)]
    entry: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    changes: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    field: Cow<'a, str>,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    statuses: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    user_preferences: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "status")]
    reached: Option<&'a RawValue>,
    #[serde(borrow)]
    biz_opaque_callback_data: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Inbound<'a> {
    #[serde(borrow)]
    from: Option<&'a RawValue>,
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
    system: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Preference<'a> {
    #[serde(borrow)]
    wa_id: Option<&'a RawValue>,
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

/// Reads the events, in the order of the body.
///
/// An element that cannot be read becomes [`ChannelEvent::Ignored`] with a kind that starts with `malformed_`.
///
/// # Errors
/// [`ChannelParseError`] when the body as a whole is not Meta's envelope.
pub fn events(verified: &VerifiedChannelWebhook) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    // One bad byte in a profile name must not cost the statuses beside it.
    let text = String::from_utf8_lossy(verified.body());
    let envelope: Envelope<'_> = serde_json::from_str(&text).map_err(|error| {
        if error.is_data() { ChannelParseError::NoEnvelope } else { ChannelParseError::NotJson }
    })?;
    if envelope.object != "whatsapp_business_account" {
        return Ok(vec![ignored(&envelope.object)]);
    }
    let mut events = Vec::with_capacity(envelope.entry.len());
    for raw in envelope.entry {
        let Some(entry) = read::<Entry<'_>>(raw) else {
            events.push(ignored("malformed_entry"));
            continue;
        };
        for raw in entry.changes {
            match read::<Change<'_>>(raw) {
                Some(change) => change_events(&change, entry.time, &mut events),
                None => events.push(ignored("malformed_change")),
            }
        }
    }
    Ok(events)
}

fn change_events(change: &Change<'_>, sent: Option<&RawValue>, events: &mut Vec<ChannelEvent>) {
    if !matches!(&*change.field, "messages" | "user_preferences") {
        events.push(ignored(&change.field));
        return;
    }
    let Some(value) = read::<Value<'_>>(change.value) else {
        events.push(ignored("malformed_value"));
        return;
    };
    let before = events.len();
    each(value.statuses, "malformed_status", events, status_event);
    each(value.messages, "malformed_message", events, |message| message_event(message, sent));
    each(value.user_preferences, "malformed_preference", events, |choice| preference_event(choice, sent));
    each(value.errors, "malformed_error", events, |error: &GraphError<'_>| {
        Some(ignored(&format!("error_{}", error.code()?)))
    });
    if events.len() == before {
        events.push(ignored(&change.field));
    }
}

/// Reads a list element by element; `malformed` counts what cannot be read.
fn each<'a, T: Deserialize<'a>>(
    list: Option<&'a RawValue>,
    malformed: &str,
    events: &mut Vec<ChannelEvent>,
    event: impl Fn(&T) -> Option<ChannelEvent>,
) {
    let Some(list) = list else { return };
    let Some(elements) = read::<Vec<&RawValue>>(list) else {
        events.push(ignored(malformed));
        return;
    };
    for raw in elements {
        let read = read::<T>(raw).and_then(|element| event(&element));
        events.push(read.unwrap_or_else(|| ignored(malformed)));
    }
}

fn status_event(status: &Status<'_>) -> Option<ChannelEvent> {
    let provider_id = provider_id(&scalar(status.id)?)?;
    let correlation = scalar(status.biz_opaque_callback_data).and_then(|text| Correlation::parse(&text));
    let reached = scalar(status.reached)?;
    let status = match &*reached {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        // A voice message that was played has been read.
        "read" | "played" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed(failure(status.errors)),
        other => return Some(ignored(&format!("status_{other}"))),
    };
    Some(ChannelEvent::Status { correlation, provider_id, status })
}

/// Takes the first error that has a code.
fn failure(errors: Option<&RawValue>) -> Refusal {
    let errors = errors.and_then(read::<Vec<&RawValue>>).unwrap_or_default();
    errors
        .into_iter()
        .find_map(|raw| read::<GraphError<'_>>(raw)?.refusal())
        .unwrap_or_else(reactions::unexplained)
}

fn message_event(message: &Inbound<'_>, sent: Option<&RawValue>) -> Option<ChannelEvent> {
    let kind = scalar(message.kind).unwrap_or_default();
    if kind == "system" {
        let detail = message.system.and_then(read::<Spoken<'_>>).and_then(|system| scalar(system.kind));
        return Some(ignored(&format!("system_{}", detail.unwrap_or_default())));
    }
    let at = time(message.timestamp).or_else(|| time(sent))?;
    let Some(phone) = phone(message.from) else { return Some(ignored("no_phone")) };
    let (intent, scope) = said(message);
    Some(if intent == Intent::Stop {
        ChannelEvent::OptedOut { phone, scope, at }
    } else if intent == Intent::Start {
        ChannelEvent::OptedIn { phone, scope, at }
    } else {
        ChannelEvent::Replied { phone, at, intent }
    })
}

/// What was typed or tapped: a button of ours says it in our words, everything else in the buyer's.
fn said(message: &Inbound<'_>) -> (Intent, OptOutScope) {
    let parts = [message.text, message.button, message.interactive].into_iter().flatten();
    for part in parts.filter_map(read::<Spoken<'_>>) {
        let tapped = [part.button_reply, part.list_reply].into_iter().flatten().find_map(read::<Spoken<'_>>);
        let (id, title) = tapped.map(|reply| (reply.id, reply.title)).unwrap_or_default();
        if let Some(ours) = [part.payload, id].into_iter().find_map(|raw| payload(&scalar(raw)?)) {
            return ours;
        }
        if let Some(theirs) = [part.body, part.text, title].into_iter().find_map(scalar) {
            return (read_reply(&theirs).intent, OptOutScope::All);
        }
    }
    (Intent::Unknown, OptOutScope::All)
}

/// Reads a payload that we attached to a button: `STOP`, `START`, `HELP`, each with `:<anything>` behind it, or
/// `OPTOUT:marketing`.
fn payload(payload: &str) -> Option<(Intent, OptOutScope)> {
    let (keyword, detail) = payload.split_once(':').unwrap_or((payload, ""));
    let scope = if detail == "marketing" { OptOutScope::Marketing } else { OptOutScope::All };
    let intent = read_reply(keyword).intent;
    matches!(intent, Intent::Stop | Intent::Start | Intent::Help).then_some((intent, scope))
}

fn preference_event(choice: &Preference<'_>, sent: Option<&RawValue>) -> Option<ChannelEvent> {
    let category = scalar(choice.category)?;
    let value = scalar(choice.value)?;
    if category != "marketing_messages" {
        return Some(ignored("user_preferences"));
    }
    let at = time(choice.timestamp).or_else(|| time(sent))?;
    // The contact beside the preference may be another number: only the preference's own counts.
    let Some(phone) = phone(choice.wa_id) else { return Some(ignored("no_phone")) };
    let scope = OptOutScope::Marketing;
    Some(match &*value {
        "stop" => ChannelEvent::OptedOut { phone, scope, at },
        "resume" | "signup" => ChannelEvent::OptedIn { phone, scope, at },
        _ => ignored("user_preferences"),
    })
}

/// Reads a number; a buyer with a username may have none (messaging-providers.md 1.10).
fn phone(wa_id: Option<&RawValue>) -> Option<Phone> {
    let digits = scalar(wa_id)?;
    Phone::from_wa_id(digits.strip_prefix('+').unwrap_or(&digits)).ok()
}

/// Reads whole seconds, which Meta writes as a string or as a number.
fn time(raw: Option<&RawValue>) -> Option<Timestamp> {
    Timestamp::from_second(scalar(raw)?.trim().parse().ok()?).ok()
}

fn ignored(kind: &str) -> ChannelEvent {
    ChannelEvent::Ignored { kind: label(kind, "unnamed") }
}
