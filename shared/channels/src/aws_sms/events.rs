//! What AWS reports of text messages, and what buyers reply.

use jiff::Timestamp;
use recoup_core::{ChannelEvent, Correlation, DeliveryStatus, OptOutScope, Phone, Reply, Words, read_reply};
use serde_json::Value;

use super::{CONTEXT_KEY, reactions};
use crate::ChannelParseError;
use crate::inbound::{heard, promise};
use crate::outcome::{ignored, provider_id};

/// Reads the event out of the message of an SNS notification or a line of CloudWatch Logs, where it stands bare, or out
/// of an event of EventBridge or a whole notification. `received` is the time of what a buyer wrote, which AWS does not
/// tell.
///
/// Nothing is verified here: it must come from a subscription with AWS's permission and never over a public address.
///
/// # Errors
/// [`ChannelParseError`] when it is neither an event nor a buyer's message.
pub fn events(bytes: &[u8], received: Timestamp) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    let text = String::from_utf8_lossy(bytes);
    let outer: Value = serde_json::from_str(&text).map_err(|error| ChannelParseError::of(&error))?;
    let notified = outer.get("Message").and_then(Value::as_str).map(serde_json::from_str::<Value>);
    let notified = notified.transpose().map_err(|error| ChannelParseError::of(&error))?;
    let event = notified.as_ref().or_else(|| outer.get("detail")).unwrap_or(&outer);
    if let Some(kind) = member(event, "eventType") {
        return Ok(vec![status_event(kind, event)]);
    }
    if event.get("messageBody").is_some() {
        return Ok(vec![message_event(event, received)]);
    }
    Err(ChannelParseError::NoEnvelope)
}

fn member<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    event.get(name).and_then(Value::as_str)
}

/// A failure that is not final may still be followed by a delivery, and `TEXT_UNKNOWN` says only that no carrier
/// reported.
fn status_event(kind: &str, event: &Value) -> ChannelEvent {
    let status = match (kind, reactions::failure(kind)) {
        ("TEXT_SUCCESSFUL", _) => DeliveryStatus::Sent,
        ("TEXT_DELIVERED", _) => DeliveryStatus::Delivered,
        (_, Some(failure)) if event.get("isFinal") != Some(&Value::Bool(false)) => {
            DeliveryStatus::Failed(failure)
        }
        _ => return ignored(kind),
    };
    let Some(provider_id) = member(event, "messageId").and_then(provider_id) else {
        return ignored("malformed_status");
    };
    let correlation = event.get("context").and_then(|context| member(context, CONTEXT_KEY));
    ChannelEvent::Status {
        correlation: correlation.and_then(Correlation::parse),
        provider_id,
        status,
        user: None,
    }
}

/// A reply to a number with two-way messaging (AWS' user guide, "two-way SMS message payload").
///
/// A keyword such as STOP comes here only where the merchant manages opt-outs, and there AWS confirms none (the same guide,
/// "Self-managed opt-outs"): each is answered by us. A number that AWS did opt out takes no answer anyway.
fn message_event(event: &Value, at: Timestamp) -> ChannelEvent {
    let from = member(event, "originationNumber").and_then(|number| Phone::parse(number).ok());
    let Some(from) = from else { return ignored("no_sender") };
    let Some(id) = member(event, "inboundMessageId").and_then(provider_id) else {
        return ignored("malformed_message");
    };
    let theirs = member(event, "messageBody").unwrap_or_default();
    let answers = member(event, "previousPublishedMessageId").and_then(provider_id);
    let (intent, words) = (read_reply(theirs).intent, Words::of(theirs));
    let when = promise(intent, &words);
    let reply =
        Reply { from: from.into(), at, intent, when, words, typed: true, answers, id, answered: false };
    heard(reply, OptOutScope::All)
}
