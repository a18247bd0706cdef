//! The bodies Meta sends.

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_channels::meta::SIGNATURE_HEADER;
use ring::hmac;
use serde_json::{Value, json};

use crate::Asked;

/// A webhook with one change.
#[expect(clippy::needless_pass_by_value, reason = "a value is made in the call")]
pub fn change(field: &str, value: Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "time": 1_763_892_000, "changes": [{"field": field, "value": value}]}]
    })
}

/// A webhook with statuses.
pub fn statuses(statuses: &[Value]) -> Value {
    change("messages", json!({"messaging_product": "whatsapp", "statuses": statuses}))
}

/// The status of the message that was sent by this request, with an error code if it failed.
pub fn status_of(sent: &Asked, reached: &str, error: Option<i64>) -> Value {
    let correlation = sent.json()["biz_opaque_callback_data"].clone();
    status(correlation.as_str().unwrap_or_default(), reached, error)
}

/// The status of the message with this correlation string.
pub fn status(correlation: &str, reached: &str, error: Option<i64>) -> Value {
    let errors: Vec<Value> = error.iter().map(|code| json!({"code": code, "title": "failed"})).collect();
    let mut value = json!({
        "id": "wamid.status",
        "status": reached,
        "timestamp": "1763892000",
        "recipient_id": "442079460958",
        "biz_opaque_callback_data": correlation,
        "errors": errors
    });
    if errors.is_empty()
        && let Some(members) = value.as_object_mut()
    {
        members.remove("errors");
    }
    value
}

/// What a buyer wrote. The time is in seconds.
pub fn text(phone: &str, text: &str, at: i64) -> Value {
    inbound(phone, at, json!({"type": "text", "text": {"body": text}}))
}

/// A quick reply that a buyer tapped.
pub fn button(phone: &str, payload: &str, at: i64) -> Value {
    inbound(phone, at, json!({"type": "button", "button": {"payload": payload, "text": "label"}}))
}

/// The id of what a buyer wrote at a time.
pub fn inbound_id(at: i64) -> String {
    format!("wamid.inbound.{at}")
}

/// A picture with words under it.
pub fn picture(phone: &str, caption: &str, at: i64) -> Value {
    inbound(phone, at, json!({"type": "image", "image": {"id": "1", "caption": caption}}))
}

fn inbound(phone: &str, at: i64, mut message: Value) -> Value {
    message["from"] = json!(phone.trim_start_matches('+'));
    message["id"] = json!(inbound_id(at));
    message["timestamp"] = json!(at.to_string());
    change("messages", json!({"messaging_product": "whatsapp", "messages": [message]}))
}

/// What a buyer chose in WhatsApp's own settings: `stop` or `resume`.
pub fn preference(phone: &str, value: &str, at: i64) -> Value {
    let wa_id = phone.trim_start_matches('+');
    let choice = json!({"wa_id": wa_id, "category": "marketing_messages", "value": value, "timestamp": at});
    change("user_preferences", json!({"messaging_product": "whatsapp", "user_preferences": [choice]}))
}

/// The headers with which Meta sends a body.
pub fn sign(body: &[u8], app_secret: &str) -> HeaderMap {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    let digits: Vec<String> =
        hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let value = HeaderValue::try_from(format!("sha256={}", digits.concat()));
    let name = HeaderName::from_static(SIGNATURE_HEADER);
    value.map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
}
