//! Delivery reports, in version 2 of MSG91's webhook.

use recoup_core::{ChannelEvent, DeliveryStatus, OptOutScope, Reaction, Refusal};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::outcome::{ignored, label, provider_id};
use crate::{ChannelParseError, VerifiedChannelWebhook, reference};

/// What follows from each status of a failure, by MSG91's help page on webhooks.
const FAILURES: &[(&[&str], Reaction, bool)] = &[
    // Failed; on the do-not-disturb register, which bars offers by text message.
    (&["2", "9"], Reaction::FallBack, false),
    // Rejected, by MSG91 or by the DLT registry.
    (&["16", "25"], Reaction::Park, true),
    // Blocked number.
    (&["17"], Reaction::OptOut(OptOutScope::Sms), false),
];

/// Reads the events, in the order of the body: a form whose field `data` holds a JSON list of requests, each with its
/// reports.
///
/// A report that cannot be read becomes [`ChannelEvent::Ignored`] with a kind that starts with `malformed_`.
///
/// # Errors
/// [`ChannelParseError`] when the body is no such form.
pub fn events(verified: &VerifiedChannelWebhook) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    let mut fields = form_urlencoded::parse(verified.body());
    let data = fields.find(|(key, _)| key == "data").ok_or(ChannelParseError::NoEnvelope)?.1;
    let requests: Vec<&RawValue> =
        serde_json::from_str(&data).map_err(|error| ChannelParseError::of(&error))?;
    let mut events = Vec::with_capacity(requests.len());
    for raw in requests {
        let request: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let Some(reports) = request.get("report").and_then(Value::as_array) else {
            events.push(ignored("malformed_request"));
            continue;
        };
        let id = text(&request, "requestId").and_then(provider_id);
        events.extend(reports.iter().map(|report| status_event(id.as_deref(), report)));
    }
    Ok(events)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn status_event(provider_id: Option<&str>, report: &Value) -> ChannelEvent {
    let (Some(provider_id), Some(told)) = (provider_id, text(report, "status")) else {
        return ignored("malformed_report");
    };
    let status = match (told, FAILURES.iter().find(|(listed, ..)| listed.contains(&told))) {
        ("1", _) => DeliveryStatus::Delivered,
        (_, Some((_, reaction, alarm))) => DeliveryStatus::Failed(Refusal::new(told, *reaction, *alarm)),
        _ => return ignored(&format!("status_{}", label(told, "unnamed"))),
    };
    let correlation = text(report, "CRQID").and_then(reference::read);
    ChannelEvent::Status { correlation, provider_id: provider_id.to_owned(), status, user: None }
}
