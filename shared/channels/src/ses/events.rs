//! SES's events, as its configuration sets publish them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use recoup_core::{ChannelEvent, DeliveryStatus, OptOutScope, Reaction, Refusal};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::tags;
use crate::ChannelParseError;
use crate::outcome::{ignored, label, provider_id};

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
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
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
    Ok(vec![serde_json::from_str(inner).map_or_else(|_| passed_over("malformed"), |event| read(&event))])
}

fn read(event: &Event) -> ChannelEvent {
    let Some(provider_id) = provider_id(&event.mail.message_id) else { return passed_over("malformed_id") };
    let status = match status(event) {
        Ok(status) => status,
        Err(kind) => return passed_over(&kind),
    };
    let correlation = tags::read(&event.mail.tags);
    ChannelEvent::Status { correlation, provider_id, status, user: None }
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
        "Complaint" => complaint(&event.complaint),
        other => Err(other.to_lowercase().replace(' ', "_")),
    }
}

/// A bounce fails the letter, unless an automatic answer may be behind it: to SES "out of the office" is a transient
/// bounce of the general kind, and that letter arrived.
fn bounce(bounce: &Bounce) -> Result<DeliveryStatus, String> {
    let kind = format!("bounce_{}_{}", bounce.bounce_type, bounce.bounce_sub_type).to_lowercase();
    match (bounce.bounce_type.as_str(), bounce.bounce_sub_type.as_str()) {
        ("Permanent", _)
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

/// A complaint is the buyer's no, as clear as STOP. The letter arrived, so the failure changes nothing that is known of
/// it; who the buyer is tells the case.
fn complaint(complaint: &Complaint) -> Result<DeliveryStatus, String> {
    if complaint.complaint_feedback_type.as_deref() == Some("not-spam") {
        return Err("not_spam".to_owned());
    }
    let no = Reaction::OptOut(OptOutScope::All);
    Ok(DeliveryStatus::Failed(Refusal::new("complaint", no, false)))
}

/// Counts what is not acted upon under its provider's name.
fn passed_over(kind: &str) -> ChannelEvent {
    ignored(&label(&format!("ses_{kind}"), "ses_unnamed"))
}
