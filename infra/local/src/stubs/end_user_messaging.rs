//! AWS End User Messaging: `SendTextMessage` in the AWS JSON protocol 1.0 (facts: messaging-providers section 4).

use serde_json::{Map, Value, json};

use super::script::Match;
use super::server::Reading;
use super::wire::{Answer, Request};
use crate::signing::random_id;

const TARGET: &str = "PinpointSMSVoiceV2.SendTextMessage";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const KNOWN: [&str; 14] = [
    "DestinationPhoneNumber",
    "OriginationIdentity",
    "MessageBody",
    "MessageType",
    "Keyword",
    "ConfigurationSetName",
    "MaxPrice",
    "TimeToLive",
    "Context",
    "DestinationCountryParameters",
    "DryRun",
    "ProtectConfigurationId",
    "MessageFeedbackEnabled",
    "MediaUrls",
];

/// Reads a request as AWS would.
pub(super) fn read(request: &Request) -> Result<Reading, Answer> {
    if request.header("x-amz-target") != Some(TARGET) || request.method != "POST" || request.path != "/" {
        return Err(refusal(400, "UnknownOperationException", None, "the operation is not known"));
    }
    authorise(request)?;
    if request.media_type() != CONTENT_TYPE {
        return Err(invalid("CANNOT_PARSE", "the content type must be application/x-amz-json-1.0"));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| invalid("CANNOT_PARSE", "the body is not JSON"))?;
    let body = body.as_object().ok_or_else(|| invalid("CANNOT_PARSE", "the body is not a JSON object"))?;
    let field = |said: String| invalid("FIELD_VALIDATION_FAILED", &said);
    check(body).map_err(field)?;
    let id =
        random_id().map_err(|error| refusal(500, "InternalServerException", None, &error.to_string()))?;
    let phone = body.get("DestinationPhoneNumber").and_then(Value::as_str).map(str::to_owned);
    Ok(Reading {
        keys: Match { phone, template: None, id: None },
        answer: Answer { status: 200, content_type: CONTENT_TYPE, body: json!({"MessageId": id}) },
    })
}

/// Checks the form of the signature, not its value: the functions' keys are made up by the emulator.
fn authorise(request: &Request) -> Result<(), Answer> {
    let header = request.header("authorization").unwrap_or_default();
    let Some(fields) = header.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(refusal(400, "MissingAuthenticationTokenException", None, "the request is not signed"));
    };
    let field = |name: &str| {
        fields
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let service = field("Credential").is_some_and(|scope| scope.ends_with("/sms-voice/aws4_request"));
    let signed = field("SignedHeaders").is_some_and(|names| names.split(';').any(|name| name == "host"));
    let signature = field("Signature").is_some_and(|value| value.len() == 64);
    if service && signed && signature && request.header("x-amz-date").is_some() {
        return Ok(());
    }
    Err(refusal(400, "IncompleteSignatureException", None, "the signature is not one for sms-voice"))
}

fn check(body: &Map<String, Value>) -> Result<(), String> {
    if let Some(name) = body.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("{name} is not a member of SendTextMessage"));
    }
    let text = |name: &str| match body.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{name} must be a string")),
    };
    let phone = text("DestinationPhoneNumber")?.unwrap_or_default();
    if !is_destination(phone) {
        return Err("DestinationPhoneNumber must match \\+?[1-9][0-9]{1,18}".into());
    }
    let length = text("MessageBody")?.unwrap_or_default().chars().count();
    if !(1..=1600).contains(&length) {
        return Err("MessageBody must be 1 to 1600 characters".into());
    }
    if text("OriginationIdentity")?.is_some_and(|identity| !is_identity(identity)) {
        return Err("OriginationIdentity is malformed".into());
    }
    if text("MessageType")?.is_some_and(|kind| !matches!(kind, "TRANSACTIONAL" | "PROMOTIONAL")) {
        return Err("MessageType must be TRANSACTIONAL or PROMOTIONAL".into());
    }
    let ttl = body.get("TimeToLive");
    if ttl.is_some_and(|ttl| !ttl.as_u64().is_some_and(|seconds| (5..=259_200).contains(&seconds))) {
        return Err("TimeToLive must be 5 to 259200".into());
    }
    body.get("Context").map_or(Ok(()), check_context)
}

fn check_context(context: &Value) -> Result<(), String> {
    let pairs = context.as_object().ok_or("Context must be a map")?;
    let fits = |(key, value): (&String, &Value)| {
        (1..=100).contains(&key.len()) && value.as_str().is_some_and(|value| (1..=800).contains(&value.len()))
    };
    if pairs.len() <= 5 && pairs.iter().all(fits) {
        return Ok(());
    }
    Err("Context must hold at most 5 pairs of text".into())
}

fn is_destination(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or(phone);
    (2..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

fn is_identity(identity: &str) -> bool {
    (1..=256).contains(&identity.len())
        && identity.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:/+-".contains(&b))
}

fn invalid(reason: &str, message: &str) -> Answer {
    refusal(400, "ValidationException", Some(reason), message)
}

fn refusal(status: u16, kind: &str, reason: Option<&str>, message: &str) -> Answer {
    let mut body = json!({"__type": kind, "Message": message});
    if let Some(reason) = reason {
        body["Reason"] = json!(reason);
    }
    Answer { status, content_type: CONTENT_TYPE, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(changes: &Value) -> Option<String> {
        let mut body = json!({"DestinationPhoneNumber": "+15550100", "OriginationIdentity": "pool-1",
            "MessageBody": "hello", "MessageType": "TRANSACTIONAL", "TimeToLive": 14400,
            "Context": {"rcp": "x"}});
        for (name, value) in changes.as_object().expect("changes") {
            body[name] = value.clone();
        }
        check(body.as_object().expect("an object")).err()
    }

    #[test]
    fn a_well_formed_message_passes() {
        assert_eq!(said(&json!({})), None);
    }

    #[test]
    fn each_field_is_checked() {
        for (name, value) in [
            ("DestinationPhoneNumber", json!("0123")),
            ("DestinationPhoneNumber", json!("+1 555")),
            ("MessageBody", json!("")),
            ("MessageBody", json!("x".repeat(1601))),
            ("MessageType", json!("URGENT")),
            ("OriginationIdentity", json!("a b")),
            ("TimeToLive", json!(4)),
            ("TimeToLive", json!("14400")),
            ("Context", json!({"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1"})),
            ("Context", json!({"a": 1})),
            ("Body", json!("hello")),
        ] {
            assert!(said(&json!({name: value})).is_some_and(|said| said.contains(name)), "{name}");
        }
    }
}
