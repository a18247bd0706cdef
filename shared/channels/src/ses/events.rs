//! SES's events, as its configuration sets publish them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use recoup_core::{ChannelEvent, DeliveryStatus, Email, OptOutScope, Reaction, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::tags;
use crate::ChannelParseError;
use crate::outcome::{ignored, label, provider_id};

/// The kind of bounce after which a mailbox takes no letter any more.
const PERMANENT: &str = "Permanent";
/// What a mail program tells whose owner took a complaint back.
const NOT_SPAM: &str = "not-spam";

/// What SNS or EventBridge puts around an event.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "Message")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "eventType", alias = "notificationType")]
    kind: String,
    mail: Mail,
    #[serde(default)]
    bounce: Bounce,
    #[serde(default)]
    complaint: Complaint,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(rename = "messageId")]
    message_id: String,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    destination: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType")]
    of_kind: String,
    timestamp: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    timestamp: String,
}

/// Reads one event: as it is, inside a notification of SNS, or inside an event of EventBridge.
///
/// It carries no signature of its own: AWS must have handed it to a function that nobody else may invoke.
///
/// # Errors
/// [`ChannelParseError`] when the body as a whole is no JSON object.
pub fn events(body: &[u8]) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    let text = String::from_utf8_lossy(body);
    let envelope: Envelope<'_> = serde_json::from_str(&text).map_err(|error| {
        if error.is_data() { ChannelParseError::NoEnvelope } else { ChannelParseError::NotJson }
    })?;
    let inner = envelope.message.as_deref().or(envelope.detail.map(RawValue::get)).unwrap_or(&text);
    Ok(serde_json::from_str(inner).map_or_else(|_| vec![passed_over("malformed")], |event| read(&event)))
}

/// The letter's status, and what it says of the mailbox.
fn read(event: &Event) -> Vec<ChannelEvent> {
    let Some(provider_id) = provider_id(&event.mail.message_id) else {
        return vec![passed_over("malformed_id")];
    };
    let status = match status(event) {
        Ok(status) => status,
        Err(kind) => return vec![passed_over(&kind)],
    };
    let correlation = tags::read(&event.mail.tags);
    // What became of somebody else's letter is no concern of ours, nor is its mailbox.
    let stopped = stopped(event).filter(|_| correlation.is_some());
    let stop = stopped.map(|(scope, at)| stop(&event.mail, scope, at));
    let status = ChannelEvent::Status { correlation, provider_id, status, user: None };
    std::iter::once(status).chain(stop).collect()
}

/// What ends letters to a mailbox, and since when: it refused for good; or whoever owns it complained, which is a no as clear as
/// STOP.
fn stopped(event: &Event) -> Option<(OptOutScope, &str)> {
    match event.kind.as_str() {
        "Bounce" if event.bounce.kind == PERMANENT => Some((OptOutScope::Email, &event.bounce.timestamp)),
        "Complaint" => Some((OptOutScope::All, &event.complaint.timestamp)),
        _ => None,
    }
}

fn stop(mail: &Mail, scope: OptOutScope, at: &str) -> ChannelEvent {
    let mailbox = if let [address] = mail.destination.as_slice() { Email::parse(address) } else { None };
    match (mailbox, at.parse()) {
        (Some(mailbox), Ok(at)) => ChannelEvent::OptedOut { from: mailbox.into(), scope, at, message: None },
        _ => passed_over("malformed_mailbox"),
    }
}

/// How far the letter got, or the name of an event that does not say.
///
/// Opens and clicks are not counted as read: programs that guard mailboxes open and click too.
fn status(event: &Event) -> Result<DeliveryStatus, String> {
    match event.kind.as_str() {
        "Send" => Ok(DeliveryStatus::Sent),
        "Delivery" => Ok(DeliveryStatus::Delivered),
        "Bounce" => bounce(&event.bounce),
        // It may be a virus to SES, but the letter is ours.
        "Reject" => Ok(DeliveryStatus::Failed(Refusal::new("rejected", Reaction::Park, true))),
        // Whoever complains has the letter.
        "Complaint" if event.complaint.complaint_feedback_type.as_deref() != Some(NOT_SPAM) => {
            Ok(DeliveryStatus::Delivered)
        }
        "Complaint" => Err(NOT_SPAM.replace('-', "_")),
        other => Err(other.to_lowercase().replace(' ', "_")),
    }
}

/// A bounce fails the letter, unless an automatic answer may be behind it: to SES "out of the office" is a transient
/// bounce of the general kind, and that letter arrived.
fn bounce(bounce: &Bounce) -> Result<DeliveryStatus, String> {
    let kind = format!("bounce_{}_{}", bounce.kind, bounce.of_kind).to_lowercase();
    match (bounce.kind.as_str(), bounce.of_kind.as_str()) {
        (PERMANENT, _)
        | (
            "Transient",
            "MailboxFull"
            | "MessageTooLarge"
            | "ContentRejected"
            | "AttachmentRejected"
            | "CustomTimeoutExceeded",
        ) => {
            let code = label(&kind, "bounce");
            Ok(DeliveryStatus::Failed(Refusal::new(&code, Reaction::FallBack, false)))
        }
        _ => Err(kind),
    }
}

/// Counts what is not acted upon under its provider's name.
fn passed_over(kind: &str) -> ChannelEvent {
    ignored(&label(&format!("ses_{kind}"), "ses_unnamed"))
}
