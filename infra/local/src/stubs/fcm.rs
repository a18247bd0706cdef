//! Firebase Cloud Messaging: `POST /v1/projects/{project}/messages:send` (facts: messaging-providers section 8).

use serde_json::{Map, Value, json};

use super::script::Match;
use super::server::Reading;
use super::wire::{Answer, Request};
use crate::signing::random_id;

const PAYLOAD_LIMIT: usize = 4096;
const TARGETS: [&str; 4] = ["token", "fid", "topic", "condition"];

/// Reads a request as Firebase would.
pub(super) fn read(request: &Request, token: &str) -> Result<Reading, Answer> {
    let segments = request.segments();
    let ["v1", "projects", project, "messages:send"] = segments[..] else {
        return Err(refusal(404, "NOT_FOUND", "Requested entity was not found."));
    };
    if request.method != "POST" {
        return Err(refusal(404, "NOT_FOUND", "Requested entity was not found."));
    }
    if request.bearer() != Some(token) {
        let said = "Request had invalid authentication credentials.";
        return Err(refusal(401, "UNAUTHENTICATED", said));
    }
    let invalid = |said: String| refusal(400, "INVALID_ARGUMENT", &said);
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| invalid("Invalid JSON payload received.".into()))?;
    let target = check(&body).map_err(invalid)?.to_owned();
    let id = random_id().map_err(|error| refusal(500, "INTERNAL", &error.to_string()))?;
    let name = format!("projects/{project}/messages/{id}");
    Ok(Reading {
        keys: Match { phone: None, template: None, id: Some(target) },
        answer: Answer::json(200, json!({ "name": name })),
    })
}

/// Checks a message; returns the device, topic or condition it goes to.
fn check(body: &Value) -> Result<&str, String> {
    let outer = body.as_object().ok_or("the body must be a JSON object")?;
    only(outer, "", &["message", "validateOnly", "validate_only"])?;
    let message = outer.get("message").and_then(Value::as_object).ok_or("message is required")?;
    let known = ["notification", "data", "android", "apns", "webpush", "fcmOptions", "name"];
    only(message, "message", &[&known[..], &TARGETS[..]].concat())?;
    let targets: Vec<&Value> = TARGETS.iter().filter_map(|name| message.get(*name)).collect();
    let [Value::String(target)] = targets[..] else {
        return Err("exactly one of token, fid, topic and condition is required".into());
    };
    if target.is_empty() {
        return Err("The registration token is not a valid FCM registration token".into());
    }
    if let Some(notification) = message.get("notification") {
        let fields = notification.as_object().ok_or("message.notification must be an object")?;
        only(fields, "message.notification", &["title", "body", "image"])?;
        texts(fields, "message.notification")?;
    }
    if let Some(data) = message.get("data") {
        texts(data.as_object().ok_or("message.data must be an object")?, "message.data")?;
    }
    if let Some(android) = message.get("android") {
        check_android(android)?;
    }
    let size = |name: &str| message.get(name).map_or(0, |part| part.to_string().len());
    if size("notification") + size("data") > PAYLOAD_LIMIT {
        return Err("Message too big".into());
    }
    Ok(target)
}

fn check_android(android: &Value) -> Result<(), String> {
    let fields = android.as_object().ok_or("message.android must be an object")?;
    let seconds = |ttl: &str| ttl.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok());
    if fields.get("ttl").is_some_and(|ttl| !ttl.as_str().is_some_and(seconds)) {
        return Err("Invalid value at 'message.android.ttl' (Duration)".into());
    }
    let known = |priority: &str| matches!(priority.to_ascii_uppercase().as_str(), "HIGH" | "NORMAL");
    if fields.get("priority").is_some_and(|priority| !priority.as_str().is_some_and(known)) {
        return Err("Invalid value at 'message.android.priority'".into());
    }
    Ok(())
}

fn only(fields: &Map<String, Value>, at: &str, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("Unknown name \"{name}\" at '{at}': Cannot find field.")),
        None => Ok(()),
    }
}

fn texts(fields: &Map<String, Value>, at: &str) -> Result<(), String> {
    match fields.iter().find(|(_, value)| !value.is_string()) {
        Some((name, value)) => Err(format!("Invalid value at '{at}.{name}' (TYPE_STRING), {value}")),
        None => Ok(()),
    }
}

fn refusal(status: u16, name: &str, message: &str) -> Answer {
    let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    let details = json!([{"@type": kind, "errorCode": name}]);
    let error = json!({"code": status, "message": message, "status": name, "details": details});
    Answer::json(status, json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_needs_one_target_and_texts() {
        let good = json!({"message": {"token": "t1", "notification": {"title": "a", "body": "b"},
            "data": {"link": "x"}, "android": {"ttl": "14400s", "priority": "HIGH"}}});
        assert_eq!(check(&good), Ok("t1"));
        for (pointer, value) in [
            ("/message/token", json!("")),
            ("/message/notification/title", json!(1)),
            ("/message/data/link", json!(12)),
            ("/message/data/link", json!("x".repeat(4096))),
            ("/message/android/ttl", json!(14400)),
            ("/message/android/priority", json!("urgent")),
            ("/message", json!({})),
            ("/message", json!({"token": "t1", "topic": "t2"})),
            ("/message", json!({"token": "t1", "text": "hello"})),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect(pointer) = value;
            assert!(check(&body).is_err(), "{pointer}");
        }
    }
}
