//! The list that every provider's fixture folder must hold, and what each file of it says.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use recoup_channels::meta::{self, Meta};
use recoup_channels::twilio::Twilio;
use recoup_channels::{Provider, aws_sms};
use recoup_core::{Channel, Secret};
use serde_json::Value;

use crate::fixtures::{answer, event, files, json, outcome, own};

const EVERYBODY: [&str; 6] =
    ["accepted", "refused", "throttled", "bad_number", "opted_out", "unknown_outcome"];

/// Reads the folder, insists on the list, and lets `check` say what each file comes to.
fn conforms(provider: &str, list: &[&str], check: impl Fn(&Value) -> Value) {
    let fixtures = files(&own(provider), "");
    for wanted in list {
        assert!(
            fixtures.iter().any(|(name, _)| name == wanted),
            "fixtures/{provider}/{wanted}.json is missing"
        );
    }
    for (name, path) in fixtures {
        let fixture = json(&path);
        assert_eq!(check(&fixture), fixture["expected"], "fixtures/{provider}/{name}.json");
    }
}

fn text<'a>(fixture: &'a Value, name: &str) -> &'a str {
    fixture[name].as_str().unwrap_or_else(|| panic!("{name} is text"))
}

/// A fixture's body is raw text, or JSON for the reader's ease.
fn body(fixture: &Value) -> Bytes {
    let body = &fixture["body"];
    Bytes::from(body.as_str().map_or_else(|| body.to_string(), str::to_owned))
}

fn answered(provider: &dyn Provider, fixture: &Value) -> Value {
    let status = fixture["status"].as_u64().and_then(|n| u16::try_from(n).ok()).expect("status");
    outcome(&provider.decode(&answer(status, body(fixture)))).into()
}

fn webhook(fixture: &Value) -> Value {
    let secrets = fixture["app_secrets"].as_array().expect("list");
    let secrets: Vec<Secret> =
        secrets.iter().map(|text| Secret::parse(text.as_str().expect("text")).expect("fit")).collect();
    let mut headers = HeaderMap::new();
    let signature = HeaderValue::from_str(text(fixture, "signature")).expect("plain header");
    headers.insert(meta::SIGNATURE_HEADER, signature);
    match meta::verify(&headers, body(fixture), &secrets) {
        Err(error) => error.code().into(),
        Ok(verified) => match meta::events(&verified) {
            Err(error) => error.code().into(),
            Ok(events) => events.iter().map(event).collect(),
        },
    }
}

#[test]
fn meta_conforms() {
    let token = Secret::parse("EAABtoken").expect("fit");
    let meta = Meta::new("https://graph.facebook.com", "v26.0", "1", &token).expect("well formed");
    assert_eq!((meta.name(), meta.channel()), ("meta", Channel::Whatsapp));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status", "reply", "forged_signature"]).collect();
    conforms("meta", &list, |fixture| {
        if fixture["status"].is_null() { webhook(fixture) } else { answered(&meta, fixture) }
    });
}

#[test]
fn twilio_conforms() {
    let token = Secret::parse("authtoken").expect("fit");
    let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let twilio = Twilio::new("https://api.twilio.com", account, &token, "ACMEIN").expect("well formed");
    assert_eq!((twilio.name(), twilio.channel()), ("twilio", Channel::Sms));
    conforms("twilio", &EVERYBODY, |fixture| answered(&twilio, fixture));
}

#[test]
fn aws_sms_conforms() {
    assert_eq!(aws_sms::NAME, "aws_sms");
    conforms("aws_sms", &EVERYBODY, |fixture| {
        let made = match fixture["exception"].as_str() {
            Some(exception) => aws_sms::outcome(exception, fixture["reason"].as_str()),
            None => aws_sms::accepted(fixture["message_id"].as_str()),
        };
        outcome(&made).into()
    });
}
