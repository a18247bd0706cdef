//! Notifications through OneSignal.

use std::time::Duration;

use expect_test::expect_file;
use recoup_channels::onesignal::OneSignal;
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{Category, Channel, Secret, Token};
use serde_json::{Value, json};

use crate::fixtures::{answer, message, outcome, shown, sms_text};
use crate::push::{notification, to_app};

const APP: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

fn onesignal() -> OneSignal {
    let key = Secret::parse("os_v2_app_key").expect("fit");
    OneSignal::new("https://api.onesignal.com", APP, &key).expect("well formed")
}

fn decoded(status: u16, body: &str) -> String {
    outcome(&onesignal().decode(&answer(status, body.to_owned())))
}

#[test]
fn a_reminder_with_a_link_becomes_the_golden_request() {
    let message = to_app(notification("Payment failed", "Update your card to keep Acme Pro", true));
    let request = onesignal().encode(&message).expect("encodes");
    expect_file!["../../fixtures/onesignal/reminder.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn an_offer_without_a_link_becomes_the_golden_request() {
    let mut message = to_app(notification("Zurück?", "20 % für alle 🎉", false));
    message.category = Category::Marketing;
    message.ttl = Duration::MAX;
    let request = onesignal().encode(&message).expect("encodes");
    expect_file!["../../fixtures/onesignal/offer.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn the_same_claim_has_the_same_key_and_another_claim_has_another() {
    let key = |token: &str, body: &str| {
        let mut message = to_app(notification("Payment failed", body, true));
        message.correlation.token = Token::parse(token).expect("well formed");
        let request = onesignal().encode(&message).expect("encodes");
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        body["idempotency_key"].as_str().expect("text").to_owned()
    };
    assert_eq!(key("tok1", "one text"), key("tok1", "another text"));
    assert_ne!(key("tok1", "one text"), key("tok2", "one text"));
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let encode = |message| onesignal().encode(&message).map(|_| ());
    let empty = to_app(notification("title", "", false));
    assert_eq!(encode(empty), Err(EncodeError::ParameterNotAllowed("body".to_owned())));
    assert_eq!(encode(to_app(sms_text("text"))), Err(EncodeError::WrongContent(Channel::Push)));
    let to_number = message(Channel::Push, notification("title", "body", false));
    assert_eq!(encode(to_number), Err(EncodeError::WrongAddress(Channel::Push)));
}

#[test]
fn f31_malformed_settings_are_refused_at_start() {
    let key = Secret::parse("os_v2_app_key").expect("fit");
    for app in [
        "",
        "aaaaaaaabbbbccccddddeeeeeeeeeeee",
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee",
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeeg",
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee-",
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee-x",
    ] {
        let made = OneSignal::new("https://api.onesignal.com", app, &key).map(|_| ());
        assert_eq!(made, Err(MalformedSetting { setting: "app_id" }), "{app}");
    }
    let made = OneSignal::new("http://api.onesignal.com", APP, &key).map(|_| ());
    assert_eq!(made, Err(MalformedSetting { setting: "base_url" }));
    assert!(!format!("{:?}", onesignal()).contains("os_v2"));
}

#[test]
fn f20_f21_every_answer_has_its_reaction_and_doubt_stays_doubt() {
    let id = "b15ba6e5-2223-49d6-9eda-684b9051f5a8";
    for (status, body, expected) in [
        (200, json!({"id": id}), format!("accepted {id}")),
        (200, json!({"id": id, "errors": null}), format!("accepted {id}")),
        (
            200,
            json!({"id": id, "errors": {"invalid_aliases": {"external_id": []}}}),
            format!("accepted {id}"),
        ),
        (200, json!({"id": id, "errors": ["a note"]}), format!("accepted {id}")),
        (
            200,
            json!({"id": id, "errors": {"invalid_aliases": {"external_id": ["x"]}}}),
            "refused invalid_aliases: FallBack".to_owned(),
        ),
        (200, json!({"id": ""}), "refused not_subscribed: FallBack".to_owned()),
        (200, json!({"errors": ["none"]}), "refused not_subscribed: FallBack".to_owned()),
        (200, json!({"id": 7}), "accepted without id".to_owned()),
        (200, json!({}), "accepted without id".to_owned()),
        (200, json!("a page"), "accepted without id".to_owned()),
        (400, json!({"errors": ["Notification content must not be null"]}), park("http_400")),
        (401, json!({"errors": ["no key"]}), "refused http_401: Hold, alarm".to_owned()),
        (403, json!({"errors": ["wrong key"]}), "refused http_403: Hold, alarm".to_owned()),
        (404, json!({"errors": ["no app"]}), park("http_404")),
        (409, json!({"errors": ["in progress"]}), "unknown".to_owned()),
        (429, json!({"errors": ["slow"], "limit": "x"}), "refused http_429: Retry(Minutes)".to_owned()),
        (429, json!({}), "refused http_429: Retry(Seconds)".to_owned()),
        (500, json!({"errors": ["broken"]}), "unknown".to_owned()),
        (503, json!({"errors": ["broken"]}), "unknown".to_owned()),
        (403, json!({"message": "a proxy's"}), "unknown".to_owned()),
    ] {
        assert_eq!(decoded(status, &body.to_string()), expected, "{status} {body}");
    }
    assert_eq!(decoded(502, "<html>Bad Gateway</html>"), "unknown");
    assert_eq!(decoded(200, ""), "accepted without id");
}

fn park(code: &str) -> String {
    format!("refused {code}: Park, alarm")
}
