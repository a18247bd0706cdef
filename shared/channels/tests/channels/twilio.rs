//! Text messages through Twilio.

use std::time::Duration;

use expect_test::expect_file;
use recoup_channels::twilio::Twilio;
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{Backoff, Channel, Content, OptOutScope, PauseScope, Reaction, Secret, SendOutcome};
use serde_json::{Value, json};

use crate::fixtures::{
    answer, files, json as read, message, outcome, reaction, shared, shown, sms_text, template,
};

const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SERVICE: &str = "MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn twilio(sender: &str) -> Twilio {
    let token = Secret::parse("authtoken").expect("fit");
    Twilio::new("https://api.twilio.com", ACCOUNT, &token, sender).expect("well formed")
}

fn decoded(status: u16, body: &str) -> String {
    outcome(&twilio("+15017122661").decode(&answer(status, body.to_owned())))
}

fn text(body: &str) -> recoup_core::Message {
    message(Channel::Sms, sms_text(body))
}

#[test]
fn a_text_from_a_number_becomes_the_golden_request() {
    let body = "Acme: your payment of ₹1,499 failed — update: https://pay.acme.example/u/7f3c?a=1&b=2 Reply STOP to opt out";
    let request = twilio("+15017122661").encode(&text(body)).expect("encodes");
    expect_file!["../../fixtures/twilio/number.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn a_text_from_a_messaging_service_becomes_the_golden_request() {
    let request = twilio(SERVICE).encode(&text("भुगतान विफल & more")).expect("encodes");
    expect_file!["../../fixtures/twilio/service.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn the_validity_period_stays_within_what_twilio_takes() {
    for (ttl, expected) in [(Duration::ZERO, "1"), (Duration::from_mins(10), "600"), (Duration::MAX, "36000")]
    {
        let mut message = text("hello");
        message.ttl = ttl;
        let request = twilio(SERVICE).encode(&message).expect("encodes");
        let period = form_urlencoded::parse(request.body()).find(|(name, _)| name == "ValidityPeriod");
        assert_eq!(period.map(|(_, value)| value.into_owned()).as_deref(), Some(expected));
    }
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let encode = |message| twilio(SERVICE).encode(&message).map(|_| ());
    assert_eq!(encode(text("")), Err(EncodeError::ParameterNotAllowed("body".to_owned())));
    let endless = format!("pay https://pay.acme.example/{}", "x".repeat(1000));
    assert_eq!(encode(text(&endless)), Err(EncodeError::TextTooLong(2)));
    let template = message(Channel::Sms, Content::Template(template()));
    assert_eq!(encode(template), Err(EncodeError::WrongContent(Channel::Sms)));
}

#[test]
fn f31_a_malformed_setting_is_named_at_start_and_never_shown() {
    let token = Secret::parse("authtoken").expect("fit");
    let new = |base, account, sender| Twilio::new(base, account, &token, sender).map(|_| ());
    let base = "https://api.twilio.com";
    for (made, setting) in [
        (new("http://api.twilio.com", ACCOUNT, SERVICE), "base_url"),
        (new(base, "AC123", SERVICE), "account_sid"),
        (new(base, "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/..", SERVICE), "account_sid"),
        (new(base, SERVICE, SERVICE), "account_sid"),
        (new(base, ACCOUNT, ""), "sender"),
        (new(base, ACCOUNT, "+1&To=+2"), "sender"),
    ] {
        assert_eq!(made, Err(MalformedSetting { setting }));
    }
    let shown = format!("{:?}", twilio(SERVICE));
    assert!(!shown.contains("authtoken") && !shown.contains("Basic"), "{shown}");
}

#[test]
fn r14_f19_a_2xx_is_accepted_with_or_without_an_id() {
    for (status, body, expected) in [
        (201, r#"{"sid":"SM1","status":"queued","error_code":null}"#, "accepted SM1"),
        (200, r#"{"sid":"SM1"}"#, "accepted SM1"),
        (201, r#"{"sid":""}"#, "accepted without id"),
        (201, r#"{"sid":7}"#, "accepted without id"),
        (201, "{\"sid\":\"SM", "accepted without id"),
        (204, "", "accepted without id"),
    ] {
        assert_eq!(decoded(status, body), expected, "{status} {body}");
    }
}

#[test]
fn f27_f21_an_answer_without_a_listed_code_is_read_by_its_status() {
    for (status, body, expected) in [
        (500, "", "unknown"),
        (502, "<html>Bad Gateway</html>", "unknown"),
        (503, r#"{"message":"down"}"#, "unknown"),
        (500, r#"{"code":20500,"message":"internal","status":500}"#, "unknown"),
        (302, r#"{"code":20500}"#, "unknown"),
        (403, "<html>blocked</html>", "unknown"),
        (400, r#"{"code":null}"#, "unknown"),
        (400, r#"{"code":"x"}"#, "unknown"),
        (400, r#"{"code":29999}"#, "refused 29999: Park, alarm"),
        (400, r#"{"code":"21211"}"#, "refused 21211: FallBack"),
        (429, "", "refused http_429: Retry(Seconds)"),
        (429, r#"{"code":20429}"#, "refused 20429: Retry(Seconds)"),
        (429, r#"{"code":29998}"#, "refused 29998: Retry(Seconds)"),
        (503, r#"{"code":20429}"#, "refused 20429: Retry(Seconds)"),
        (401, r#"{"code":20003}"#, "refused 20003: Hold, alarm"),
        (407, "", "refused http_407: Hold, alarm"),
    ] {
        assert_eq!(decoded(status, body), expected, "{status} {body}");
    }
}

#[test]
fn every_shared_answer_has_the_expected_outcome() {
    let Some(folder) = shared("twilio::every_shared_answer_has_the_expected_outcome") else { return };
    let expected = [
        ("20003_auth", 401, "refused 20003: Hold, alarm"),
        ("20429_too_many", 429, "refused 20429: Retry(Seconds)"),
        ("21211_invalid_to", 400, "refused 21211: FallBack"),
        ("21610_opted_out", 400, "refused 21610: OptOut(Sms)"),
        ("63016_window", 400, "refused 63016: Park, alarm"),
    ];
    let seen = files(&folder, "twilio.error.");
    let names: Vec<&str> = seen.iter().filter_map(|(name, _)| name.strip_prefix("twilio.error.")).collect();
    assert_eq!(names, expected.map(|(name, ..)| name));
    for ((_, path), (name, status, expected)) in seen.iter().zip(expected) {
        let body = read(path);
        assert_eq!(body["status"], status, "{name}");
        assert_eq!(decoded(status, &body.to_string()), expected, "{name}");
    }
    for name in ["sms_create", "sms_create_messaging_service", "whatsapp_template_create"] {
        let body = read(&folder.join(format!("twilio.{name}.response.json")));
        let expected = format!("accepted {}", body["sid"].as_str().expect("text"));
        assert_eq!(decoded(201, &body.to_string()), expected, "{name}");
    }
}

type Follows = (Reaction, bool, Option<PauseScope>);

/// Reads the shared table's guidance as a reaction of ours.
fn guidance(row: &Value) -> Follows {
    let words: Vec<&str> =
        row["reaction"].as_array().expect("list").iter().filter_map(Value::as_str).collect();
    match words[0] {
        "retry" => (Reaction::Retry(Backoff::Seconds), false, None),
        "retry_later" | "reschedule" => (Reaction::Retry(Backoff::Minutes), false, None),
        "pause_all" | "pause_sms" | "pause_whatsapp" => (Reaction::Hold, true, None),
        "mark_invalid" | "mark_no_sms" | "fallback_sms" => (Reaction::FallBack, false, None),
        "suppress_sms" => (Reaction::OptOut(OptOutScope::Sms), false, None),
        "suppress_marketing_whatsapp" => (Reaction::OptOut(OptOutScope::Marketing), false, None),
        "alert_ops" | "send_template_instead" => (Reaction::Park, true, None),
        "pause_lane" => (Reaction::Park, true, Some(PauseScope::Template)),
        "disable_lane" => (Reaction::FallBack, true, Some(PauseScope::Template)),
        other => panic!("{other} is not known"),
    }
}

/// Where we do otherwise, and why.
const OTHERWISE: &[(u64, Follows, &str)] = &[
    (21_408, (Reaction::Park, true, Some(PauseScope::Country)), "only this region is switched off"),
    (30_034, (Reaction::Park, true, Some(PauseScope::Country)), "an unregistered number bars the US alone"),
    (
        63_041,
        (Reaction::FallBack, true, Some(PauseScope::Template)),
        "a paused template is told by the next channel, as a disabled one and as Meta's 132015",
    ),
    (63_062, (Reaction::Park, true, Some(PauseScope::Marketing)), "the terms are those of marketing"),
];

#[test]
fn f27_the_reaction_table_agrees_with_the_shared_one() {
    let Some(folder) = shared("f27_the_reaction_table_agrees_with_the_shared_one") else { return };
    let table = read(&folder.join("twilio.error_codes.json"));
    let mut listed = std::collections::BTreeSet::new();
    let coded = |code: u64| {
        let body = json!({"code": code, "status": 400}).to_string();
        let outcome = twilio(SERVICE).decode(&answer(400, body));
        let SendOutcome::Refused(refusal) = outcome else { panic!("{code} is not refused") };
        refusal
    };
    for row in table.as_array().expect("list") {
        let code = row["code"].as_u64().expect("number");
        listed.insert(code);
        let refusal = coded(code);
        let expected = match OTHERWISE.iter().find(|(other, ..)| *other == code) {
            Some((_, expected, reason)) => {
                assert_ne!(*expected, guidance(row), "{code} does not differ: {reason}");
                *expected
            }
            None => guidance(row),
        };
        assert_eq!((refusal.reaction, refusal.alarm, refusal.pause), expected, "{}", reaction(&refusal));
    }
    assert!(OTHERWISE.iter().all(|(code, ..)| listed.contains(code)));
    for code in (20_000..22_000).chain(30_000..31_000).chain(63_000..64_000) {
        let refusal = coded(code);
        assert!(listed.contains(&code) || refusal.reaction == Reaction::Park, "{}", reaction(&refusal));
    }
}
