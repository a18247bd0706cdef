//! The list that every provider's fixture folder must hold, and what each file of it says.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_channels::aws_social::{self, AwsSocial};
use recoup_channels::fcm::Fcm;
use recoup_channels::meta::{self, Meta};
use recoup_channels::onesignal::OneSignal;
use recoup_channels::ses::{self, Ses};
use recoup_channels::twilio::{self, Twilio};
use recoup_channels::{
    ChannelParseError, ChannelSignatureError, Provider, VerifiedChannelWebhook, aws_sms, msg91, rapiwa,
    verify_path_secret,
};
use recoup_core::{Channel, ChannelEvent, Secret};
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
    let mut answer = answer(status, body(fixture));
    for (name, value) in fixture["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).expect("a name");
        answer.headers_mut().insert(name, value.as_str().expect("text").parse().expect("plain header"));
    }
    outcome(&provider.decode(&answer)).into()
}

fn secrets(fixture: &Value, name: &str) -> Vec<Secret> {
    let secrets = fixture[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    secrets.iter().map(|text| Secret::parse(text.as_str().expect("text")).expect("fit")).collect()
}

fn signed(fixture: &Value, header: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header, HeaderValue::from_str(text(fixture, "signature")).expect("plain header"));
    headers
}

/// Writes down what became of a webhook: the events, or why there are none.
fn heard(
    verified: Result<VerifiedChannelWebhook, ChannelSignatureError>,
    events: impl FnOnce(&VerifiedChannelWebhook) -> Result<Vec<ChannelEvent>, ChannelParseError>,
) -> Value {
    match verified {
        Err(error) => error.code().into(),
        Ok(verified) => match events(&verified) {
            Err(error) => error.code().into(),
            Ok(events) => events.iter().map(event).collect(),
        },
    }
}

fn received() -> jiff::Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("well formed")
}

fn webhook(fixture: &Value) -> Value {
    let headers = signed(fixture, meta::SIGNATURE_HEADER);
    heard(meta::verify(&headers, body(fixture), &secrets(fixture, "app_secrets")), meta::events)
}

fn by_path(fixture: &Value) -> Result<VerifiedChannelWebhook, ChannelSignatureError> {
    verify_path_secret(text(fixture, "given"), body(fixture), &secrets(fixture, "path_secrets"))
}

#[test]
fn meta_conforms() {
    let token = Secret::parse("EAABtoken").expect("fit");
    let meta = Meta::new("https://graph.facebook.com", "v26.0", "1", &token).expect("well formed");
    assert_eq!((meta.name(), meta.channel()), ("meta", Channel::Whatsapp));
    let webhooks = ["status", "status_bsuid", "reply", "reply_interactive", "template_paused", "account"];
    let list: Vec<&str> = EVERYBODY.into_iter().chain(webhooks).chain(["forged_signature"]).collect();
    conforms("meta", &list, |fixture| {
        if fixture["status"].is_null() { webhook(fixture) } else { answered(&meta, fixture) }
    });
}

#[test]
fn aws_social_conforms() {
    let base = "https://social-messaging.eu-west-1.amazonaws.com";
    let aws = AwsSocial::new(base, "phone-number-id-1", "v21.0").expect("well formed");
    assert_eq!((aws.name(), aws.channel()), ("aws_social", Channel::Whatsapp));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status", "reply"]).collect();
    conforms("aws_social", &list, |fixture| match fixture.get("notification") {
        Some(notification) => {
            let events = aws_social::events(notification.to_string().as_bytes()).expect("a notification");
            events.iter().map(event).collect()
        }
        None => answered(&aws, fixture),
    });
}

#[test]
fn twilio_conforms() {
    let token = Secret::parse("authtoken").expect("fit");
    let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let twilio = Twilio::new("https://api.twilio.com", account, &token, "ACMEIN").expect("well formed");
    assert_eq!((twilio.name(), twilio.channel()), ("twilio", Channel::Sms));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status", "reply", "forged_signature"]).collect();
    conforms("twilio", &list, |fixture| {
        if !fixture["status"].is_null() {
            return answered(&twilio, fixture);
        }
        let (headers, url) = (signed(fixture, twilio::SIGNATURE_HEADER), text(fixture, "url"));
        let verified = twilio::verify(&headers, url, body(fixture), &secrets(fixture, "auth_tokens"));
        heard(verified, |webhook| twilio::events(webhook, url, received()))
    });
}

#[test]
fn aws_sms_conforms() {
    assert_eq!(aws_sms::NAME, "aws_sms");
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status", "reply"]).collect();
    conforms("aws_sms", &list, |fixture| {
        let made = match (fixture["exception"].as_str(), fixture["message_id"].as_str()) {
            (Some(exception), _) => aws_sms::outcome(exception, fixture["reason"].as_str()),
            (None, Some(id)) => aws_sms::accepted(Some(id)),
            (None, None) => {
                let events = aws_sms::events(&body(fixture), received()).expect("an event");
                return events.iter().map(event).collect();
            }
        };
        outcome(&made).into()
    });
}

#[test]
fn fcm_conforms() {
    let token = Secret::parse("ya29.token").expect("fit");
    let fcm = Fcm::new("https://fcm.googleapis.com", "acme-prod", &token).expect("well formed");
    assert_eq!((fcm.name(), fcm.channel()), ("fcm", Channel::Push));
    conforms("fcm", &EVERYBODY, |fixture| answered(&fcm, fixture));
}

#[test]
fn onesignal_conforms() {
    let key = Secret::parse("os_v2_app_key").expect("fit");
    let app = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    let onesignal = OneSignal::new("https://api.onesignal.com", app, &key).expect("well formed");
    assert_eq!((onesignal.name(), onesignal.channel()), ("onesignal", Channel::Push));
    conforms("onesignal", &EVERYBODY, |fixture| answered(&onesignal, fixture));
}

#[test]
fn ses_conforms() {
    let (base, from) = ("https://email.eu-central-1.amazonaws.com", "billing@acme.example");
    let ses = Ses::new(base, from, from, None).expect("well formed");
    assert_eq!((ses.name(), ses.channel()), ("ses", Channel::Email));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status"]).collect();
    conforms("ses", &list, |fixture| {
        let carried = &fixture["event"];
        if carried.is_null() {
            return answered(&ses, fixture);
        }
        match ses::events(carried.to_string().as_bytes()) {
            Err(error) => error.code().into(),
            Ok(events) => events.iter().map(event).collect(),
        }
    });
}

#[test]
fn msg91_conforms() {
    let provider = crate::msg91::msg91();
    assert_eq!((provider.name(), provider.channel()), ("msg91", Channel::Sms));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["status", "forged_signature"]).collect();
    conforms("msg91", &list, |fixture| {
        if fixture["status"].is_null() {
            heard(by_path(fixture), msg91::events)
        } else {
            answered(&provider, fixture)
        }
    });
}

#[test]
fn rapiwa_conforms() {
    let provider = crate::rapiwa::rapiwa();
    assert_eq!((provider.name(), provider.channel()), ("rapiwa", Channel::Whatsapp));
    let list: Vec<&str> = EVERYBODY.into_iter().chain(["forged_signature"]).collect();
    conforms("rapiwa", &list, |fixture| {
        if fixture["status"].is_null() {
            heard(by_path(fixture), |webhook| Ok(rapiwa::events(webhook)))
        } else {
            answered(&provider, fixture)
        }
    });
}
