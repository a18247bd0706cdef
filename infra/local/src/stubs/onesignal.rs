//! OneSignal: `POST /notifications` (facts: messaging-providers section 8).

use serde_json::{Map, Value, json};

use super::script::Match;
use super::server::Reading;
use super::wire::{Answer, Request};
use crate::signing::random_uuid;

const KNOWN: [&str; 11] = [
    "app_id",
    "target_channel",
    "include_aliases",
    "headings",
    "contents",
    "url",
    "data",
    "ttl",
    "priority",
    "idempotency_key",
    "name",
];
/// Four weeks, in seconds.
const LONGEST_TTL: u64 = 2_419_200;

/// The app that messages go to, and what allows sending to it.
pub(super) struct App {
    pub(super) id: String,
    pub(super) key: String,
}

impl App {
    /// Reads a request as OneSignal would.
    pub(super) fn read(&self, request: &Request) -> Result<Reading, Answer> {
        if request.method != "POST" {
            return Err(refusal(404, "Not found"));
        }
        let key = request.header("authorization").and_then(|value| value.strip_prefix("Key "));
        if key != Some(&self.key) {
            return Err(refusal(
                403,
                "Access denied. Please include an 'Authorization: ...' header with a valid API key",
            ));
        }
        if request.media_type() != "application/json" {
            return Err(refusal(400, "Content-Type must be application/json"));
        }
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| refusal(400, "Malformed JSON"))?;
        let to = check(&body, &self.id).map_err(|said| refusal(400, &said))?.to_owned();
        let id = random_uuid().map_err(|error| refusal(500, &error.to_string()))?;
        Ok(Reading {
            keys: Match { phone: None, template: None, id: Some(to) },
            answer: Answer::json(200, json!({"id": id, "external_id": null})),
        })
    }
}

/// Checks a notification; returns the one buyer it goes to.
fn check<'a>(body: &'a Value, app_id: &str) -> Result<&'a str, String> {
    let fields = body.as_object().ok_or("the body must be a JSON object")?;
    if let Some(name) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("unknown member {name}"));
    }
    if body["app_id"] != *app_id {
        return Err("app_id not found".into());
    }
    if body["target_channel"] != "push" {
        return Err("target_channel must be push".into());
    }
    let aliases = body["include_aliases"]["external_id"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [Value::String(to)] = aliases else {
        return Err("include_aliases.external_id must name one buyer".into());
    };
    if to.is_empty() {
        return Err("include_aliases.external_id must not be empty".into());
    }
    language(fields, "contents")?;
    if fields.contains_key("headings") {
        language(fields, "headings")?;
    }
    if fields.get("url").is_some_and(|url| !url.as_str().is_some_and(|url| url.starts_with("https://"))) {
        return Err("url must be a link".into());
    }
    if fields.get("data").is_some_and(|data| !data.is_object()) {
        return Err("data must be an object".into());
    }
    if fields.get("ttl").is_some_and(|ttl| ttl.as_u64().is_none_or(|ttl| ttl > LONGEST_TTL)) {
        return Err("ttl must be 0 to 2419200".into());
    }
    match body["idempotency_key"].as_str() {
        Some(key) if is_uuid(key) => Ok(to),
        _ => Err("idempotency_key must be a UUID".into()),
    }
}

/// Texts by language; English must be there.
fn language(fields: &Map<String, Value>, name: &str) -> Result<(), String> {
    let texts = fields.get(name).and_then(Value::as_object).ok_or(format!("{name} must be an object"))?;
    if texts.values().any(|text| !text.is_string()) {
        return Err(format!("{name} must hold texts"));
    }
    match texts.get("en").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err(format!("{name} must have text in English language")),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, json!({"errors": [message]}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_names_one_buyer_and_speaks_english() {
        let good = json!({"app_id": "a1", "target_channel": "push", "include_aliases": {"external_id": ["u1"]},
            "headings": {"en": "Acme"}, "contents": {"en": "Hello"}, "url": "https://x.test/", "ttl": 60,
            "data": {"recoup": "r"}, "priority": 10,
            "idempotency_key": "5c1b2d3e-1111-4111-8111-000000000001"});
        assert_eq!(check(&good, "a1"), Ok("u1"));
        for (pointer, value) in [
            ("/app_id", json!("a2")),
            ("/target_channel", json!("email")),
            ("/include_aliases/external_id", json!([])),
            ("/include_aliases/external_id", json!(["u1", "u2"])),
            ("/include_aliases", json!({"onesignal_id": ["u1"]})),
            ("/contents", json!({"de": "Hallo"})),
            ("/contents/en", json!(1)),
            ("/headings", json!("Acme")),
            ("/url", json!("javascript:0")),
            ("/ttl", json!("60s")),
            ("/data", json!("r")),
            ("/idempotency_key", json!("again")),
            ("/idempotency_key", json!(null)),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect(pointer) = value;
            assert!(check(&body, "a1").is_err(), "{pointer}");
        }
        let mut more = good;
        more["included_segments"] = json!(["All"]);
        assert!(check(&more, "a1").is_err(), "nobody else is told");
    }
}
