//! Notifications through Firebase, and the token that sends them.

use std::time::Duration;

use expect_test::expect_file;
use http::HeaderMap;
use jiff::Timestamp;
use recoup_channels::fcm::{Fcm, ServiceAccount, read_token};
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{Category, Channel, Secret};
use serde_json::{Value, json};

use crate::fixtures::{answer, message, outcome, own, reaction, shown, sms_text};
use crate::push::{TOKEN, notification, to_app};

fn fcm() -> Fcm {
    let token = Secret::parse("ya29.token").expect("fit");
    Fcm::new("https://fcm.googleapis.com", "acme-prod", &token).expect("well formed")
}

fn decoded(status: u16, body: &Value) -> String {
    outcome(&fcm().decode(&answer(status, body.to_string())))
}

#[test]
fn a_reminder_with_a_link_becomes_the_golden_request() {
    let message = to_app(notification("Payment failed", "Update your card to keep Acme Pro", true));
    let request = fcm().encode(&message).expect("encodes");
    expect_file!["../../fixtures/fcm/reminder.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn an_offer_without_a_link_becomes_the_golden_request() {
    let mut message = to_app(notification("Zurück?", "20 % für alle \"Zurückkehrer\" 🎉", false));
    message.category = Category::Marketing;
    message.ttl = Duration::MAX;
    let request = fcm().encode(&message).expect("encodes");
    expect_file!["../../fixtures/fcm/offer.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let encode = |message| fcm().encode(&message).map(|_| ());
    let refused = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    for (title, body, expected) in [
        ("", "text", refused("title")),
        ("two\u{7}", "text", refused("title")),
        ("title", " \n", refused("body")),
        ("title", "two\nlines", Ok(())),
        ("title", &"x".repeat(4096), refused("notification")),
        ("title", &"é".repeat(2048), refused("notification")),
        ("title", &"x".repeat(3000), Ok(())),
    ] {
        let title_and_length = format!("{title:?} {}", body.len());
        assert_eq!(encode(to_app(notification(title, body, true))), expected, "{title_and_length}");
    }
    let text = to_app(sms_text("text"));
    assert_eq!(encode(text), Err(EncodeError::WrongContent(Channel::Push)));
    let to_number = message(Channel::Push, notification("title", "body", false));
    assert_eq!(encode(to_number), Err(EncodeError::WrongAddress(Channel::Push)));
}

#[test]
fn i11_neither_text_nor_token_shows() {
    let message = to_app(notification("Payment failed", "for Ana", true));
    let shown = format!("{:?} {message:?}", fcm());
    for seeded in ["Ana", TOKEN, "ya29", "pay.acme"] {
        assert!(!shown.contains(seeded), "{shown}");
    }
}

#[test]
fn f31_malformed_settings_are_refused_at_start() {
    let token = Secret::parse("ya29.token").expect("fit");
    let made = |base: &str, project: &str| Fcm::new(base, project, &token).map(|_| ());
    let refused = |setting| Err(MalformedSetting { setting });
    let base = "https://fcm.googleapis.com";
    for project in ["", "short", "Acme-Prod", "acme/prod", "acme prod", &"x".repeat(31)] {
        assert_eq!(made(base, project), refused("project_id"), "{project}");
    }
    assert_eq!(made("http://fcm.googleapis.com", "acme-prod"), refused("base_url"));
    let broken = Secret::parse("two\nlines").expect("fit");
    let made = Fcm::new(base, "acme-prod", &broken).map(|_| ());
    assert_eq!(made, refused("access_token"));
}

fn error(status: &str, own: Option<&str>) -> Value {
    let detail =
        |code| json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code});
    let details: Vec<Value> = own.map(detail).into_iter().collect();
    json!({"error": {"status": status, "details": details}})
}

#[test]
fn f20_f21_every_code_has_its_reaction_and_doubt_stays_doubt() {
    for (http, status, own, expected) in [
        (404, "NOT_FOUND", Some("UNREGISTERED"), "refused UNREGISTERED: FallBack"),
        (403, "PERMISSION_DENIED", Some("SENDER_ID_MISMATCH"), "refused SENDER_ID_MISMATCH: FallBack"),
        (429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED"), "refused QUOTA_EXCEEDED: Retry(Minutes)"),
        (429, "RESOURCE_EXHAUSTED", None, "refused RESOURCE_EXHAUSTED: Retry(Minutes)"),
        (503, "UNAVAILABLE", Some("UNAVAILABLE"), "refused UNAVAILABLE: Retry(Seconds)"),
        (503, "UNAVAILABLE", None, "unknown"),
        (500, "INTERNAL", Some("INTERNAL"), "unknown"),
        (500, "INTERNAL", None, "unknown"),
        (504, "DEADLINE_EXCEEDED", None, "unknown"),
        (
            401,
            "UNAUTHENTICATED",
            Some("THIRD_PARTY_AUTH_ERROR"),
            "refused THIRD_PARTY_AUTH_ERROR: FallBack, alarm",
        ),
        (401, "UNAUTHENTICATED", None, "refused UNAUTHENTICATED: Hold, alarm"),
        (403, "PERMISSION_DENIED", None, "refused PERMISSION_DENIED: Hold, alarm"),
        (404, "NOT_FOUND", None, "refused NOT_FOUND: Park, alarm"),
        (400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT"), "refused INVALID_ARGUMENT: Park, alarm"),
        (400, "INVALID_ARGUMENT", None, "refused INVALID_ARGUMENT: Park, alarm"),
        (409, "ABORTED", None, "refused ABORTED: Park, alarm"),
        (400, "NEW_STATUS", Some("NEW_CODE"), "refused NEW_CODE: Park, alarm"),
        (500, "NEW_STATUS", Some("NEW_CODE"), "unknown"),
        (400, "a sentence, not a code", None, "refused unnamed: Park, alarm"),
    ] {
        assert_eq!(decoded(http, &error(status, own)), expected, "{http} {status} {own:?}");
    }
}

#[test]
fn r14_an_answer_that_is_not_firebase_s_says_nothing_of_the_notification() {
    for (status, body, expected) in [
        (200, "", "accepted without id"),
        (200, "{\"name\":7}", "accepted without id"),
        (502, "<html>Bad Gateway</html>", "unknown"),
        (503, "{}", "unknown"),
        (500, "{\"error\":\"text\"}", "unknown"),
        (401, "{\"error\":[]}", "unknown"),
        (400, "{\"error\":{\"details\":7}}", "unknown"),
        (429, "", "refused http_429: Retry(Seconds)"),
    ] {
        let made = outcome(&fcm().decode(&answer(status, body.to_owned())));
        assert_eq!(made, expected, "{status} {body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(outcome(&fcm().decode(&answer(500, deep))), "unknown");
}

fn test_account() -> Value {
    let path = own("").join("test_service_account.json");
    crate::fixtures::json(&path)
}

fn account(json: &Value) -> Result<ServiceAccount, MalformedSetting> {
    ServiceAccount::parse(&Secret::parse(&json.to_string()).expect("fit"))
}

#[test]
fn the_assertion_is_the_one_that_openssl_signs() {
    let account = account(&test_account()).expect("well formed");
    assert_eq!(account.project_id(), "recoup-test");
    let now = Timestamp::from_second(1_772_000_000).expect("in range");
    let request = account.token_request(now).expect("signs");
    assert_eq!(request.uri(), "https://oauth2.googleapis.com/token");
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
    let made = std::fs::read_to_string(own("").join("test_service_account.assertion")).expect("readable");
    assert_eq!(
        form,
        [
            ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("assertion".to_owned(), made.trim().to_owned()),
        ]
    );
    let content_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, content_type)]);
    assert_eq!(request.headers(), &headers, "no authorization");
}

#[test]
fn f31_a_malformed_service_account_is_refused_at_start_and_never_shown() {
    let with = |member: &str, value: Value| {
        let mut json = test_account();
        json[member] = value;
        json
    };
    for json in [
        json!({}),
        json!([]),
        with("project_id", json!("")),
        with("client_email", json!(7)),
        with("token_uri", json!("http://oauth2.googleapis.com/token")),
        with("token_uri", json!("oauth2.googleapis.com")),
        with("private_key", json!("")),
        with("private_key", json!("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")),
        with("private_key", json!("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----")),
        with("private_key", json!("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----")),
    ] {
        let made = account(&json).map(|_| ());
        assert_eq!(made, Err(MalformedSetting { setting: "service_account" }), "{json}");
    }
    let shown = format!("{:?}", account(&test_account()).expect("well formed"));
    assert_eq!(shown, "ServiceAccount(recoup-test)");
}

#[test]
fn r16_an_account_that_google_refuses_holds_and_everything_else_is_asked_again() {
    let read = |status: u16, body: Value| match read_token(&answer(status, body.to_string())) {
        Ok((token, life)) => format!("{} for {} s", token.expose(), life.as_secs()),
        Err(refusal) => reaction(&refusal),
    };
    let token = json!({"access_token": "ya29.c", "expires_in": 3599, "token_type": "Bearer"});
    let revoked = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    for (status, body, expected) in [
        (200, token.clone(), "ya29.c for 3599 s"),
        (400, revoked.clone(), "invalid_grant: Hold, alarm"),
        (401, json!({"error": "invalid_client"}), "invalid_client: Hold, alarm"),
        (400, json!({"error": "a sentence of theirs"}), "unnamed: Hold, alarm"),
        (500, revoked, "no_access_token: Retry(Seconds)"),
        (503, token, "no_access_token: Retry(Seconds)"),
        (200, json!({"access_token": "ya29.c"}), "no_access_token: Retry(Seconds)"),
        (200, json!({"access_token": "", "expires_in": 1}), "no_access_token: Retry(Seconds)"),
        (200, json!({"access_token": "ya29.c", "expires_in": -1}), "no_access_token: Retry(Seconds)"),
        (502, json!("a page"), "no_access_token: Retry(Seconds)"),
    ] {
        assert_eq!(read(status, body), expected, "{status}");
    }
}
