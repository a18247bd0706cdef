//! A verified webhook as events.
//!
//! Meta batches up to a thousand changes in one body, and sends it again for days when it is not answered 200: so
//! each element is read by itself, and one that cannot be read is counted instead of sinking its neighbours.

use std::borrow::Cow;

use recoup_core::{ChannelEvent, Correlation, DeliveryStatus, Refusal, WhatsappUser};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{GraphError, read, scalar};
use super::inbound::{message_event, preference_event};
use super::{news, reactions};
use crate::outcome::{ignored, provider_id};
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
    recipient_user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
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
    let envelope: Envelope<'_> =
        serde_json::from_str(&text).map_err(|error| ChannelParseError::of(&error))?;
    if envelope.object != "whatsapp_business_account" {
        return Ok(vec![ignored(&envelope.object)]);
    }
    let mut events = Vec::with_capacity(envelope.entry.len());
    for entry in envelope.entry {
        entry_events(entry, &mut events);
    }
    Ok(events)
}

/// Reads the events of one entry, of which Meta puts several into a body and AWS one into a notification.
pub(crate) fn entry_events(entry: &RawValue, events: &mut Vec<ChannelEvent>) {
    let Some(entry) = read::<Entry<'_>>(entry) else {
        events.push(ignored("malformed_entry"));
        return;
    };
    for raw in entry.changes {
        match read::<Change<'_>>(raw) {
            Some(change) => change_events(&change, entry.time, events),
            None => events.push(ignored("malformed_change")),
        }
    }
}

fn change_events(change: &Change<'_>, sent: Option<&RawValue>, events: &mut Vec<ChannelEvent>) {
    if !matches!(&*change.field, "messages" | "user_preferences") {
        let news = news::event(&change.field, change.value);
        events.push(news.unwrap_or_else(|| ignored("malformed_value")));
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
        error.refusal().map(ChannelEvent::Trouble)
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

fn status_event(status_of: &Status<'_>) -> Option<ChannelEvent> {
    let provider_id = provider_id(&scalar(status_of.id)?)?;
    let correlation = scalar(status_of.biz_opaque_callback_data).and_then(|text| Correlation::parse(&text));
    let reached = scalar(status_of.reached)?;
    let status = match &*reached {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        // A voice message that was played has been read.
        "read" | "played" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed(failure(status_of.errors)),
        other => return Some(ignored(&format!("status_{other}"))),
    };
    let user = scalar(status_of.recipient_user_id).and_then(|id| WhatsappUser::parse(&id));
    Some(ChannelEvent::Status { correlation, provider_id, status, user })
}

/// Takes the first error that has a code.
fn failure(errors: Option<&RawValue>) -> Refusal {
    let errors = errors.and_then(read::<Vec<&RawValue>>).unwrap_or_default();
    errors
        .into_iter()
        .find_map(|raw| read::<GraphError<'_>>(raw)?.refusal())
        .unwrap_or_else(reactions::unexplained)
}
