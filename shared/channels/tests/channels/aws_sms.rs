//! AWS text messages: the fields that leave, the exceptions that come back.

use std::time::Duration;

use recoup_channels::aws_sms::{AwsSms, CONTEXT_KEY, MessageType, SendText, accepted, outcome};
use recoup_channels::{EncodeError, MalformedSetting, Registered};
use recoup_core::{
    Address, Backoff, Channel, Content, Message, OptOutScope, PauseScope, Phone, Reaction, SendOutcome,
    TextContent,
};
use serde_json::Value;

use crate::fixtures::{self, files, json, message, shared, sms_text, template};

fn text_request(text: &str, ttl: Duration) -> Result<SendText, EncodeError> {
    let mut message = message(Channel::Sms, sms_text(text));
    message.ttl = ttl;
    AwsSms::new("pool-abc123").expect("well formed").request(&message)
}

#[test]
fn a_text_fills_the_fields_of_the_call() {
    let hours = Duration::from_hours(4);
    let sent = text_request("Acme: don’t lose ₹1,499", hours).expect("encodes");
    assert_eq!(sent.destination.expose(), "+16505551234");
    assert_eq!(sent.origination_identity, "pool-abc123");
    assert_eq!(sent.body, "Acme: don't lose Rs 1,499");
    assert_eq!(sent.message_type.as_str(), "TRANSACTIONAL");
    assert_eq!(MessageType::Promotional.as_str(), "PROMOTIONAL");
    assert_eq!(sent.time_to_live_seconds, 14_400);
    let correlation = "rcp1/main/stripe/in_1/0/sms/tok1".to_owned();
    assert_eq!(sent.context, [(CONTEXT_KEY.to_owned(), correlation)]);
    assert_eq!(format!("{sent:?}"), "SendText(TRANSACTIONAL, 14400 s)");
}

#[test]
fn the_time_to_live_stays_within_what_aws_takes() {
    for (ttl, expected) in [
        (Duration::ZERO, 5),
        (Duration::from_millis(5_999), 5),
        (Duration::from_secs(6), 6),
        (Duration::from_hours(72), 259_200),
        (Duration::MAX, 259_200),
    ] {
        assert_eq!(text_request("hello", ttl).map(|sent| sent.time_to_live_seconds), Ok(expected));
    }
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let hour = Duration::from_hours(1);
    assert_eq!(text_request(" ", hour), Err(EncodeError::ParameterNotAllowed("body".to_owned())));
    let endless = format!("pay https://pay.acme.example/{}", "x".repeat(1000));
    assert_eq!(text_request(&endless, hour), Err(EncodeError::TextTooLong(2)));
    let template = message(Channel::Sms, Content::Template(template()));
    let sms = AwsSms::new("pool-abc123").expect("well formed");
    let refused = sms.request(&template);
    assert_eq!(refused, Err(EncodeError::WrongContent(Channel::Sms)));
}

#[test]
fn f31_a_malformed_origination_identity_is_refused_at_start() {
    for text in ["+15017122661", "ACMEIN", "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-1"] {
        assert!(AwsSms::new(text).is_ok(), "{text}");
    }
    for text in ["", "two words", "x\n", &"x".repeat(257)] {
        let expected = MalformedSetting { setting: "origination_identity" };
        assert_eq!(AwsSms::new(text), Err(expected), "{text}");
    }
}

#[test]
fn settings_of_the_account_go_with_every_message() {
    let sms = AwsSms::new("pool-abc123").expect("well formed");
    let sms = sms.with_configuration_set("recoup").expect("well formed").with_max_price("0.05");
    let sent = sms.expect("well formed").request(&message(Channel::Sms, sms_text("hello"))).expect("encodes");
    assert_eq!(sent.configuration_set_name.as_deref(), Some("recoup"));
    assert_eq!(sent.max_price.as_deref(), Some("0.05"));
    assert!(sent.destination_country_parameters.is_empty());
}

#[test]
fn india_gets_registered_texts_only_and_never_a_cut_one() {
    let json = r#"{"payment_failed_first": {"en": "1107161234567890123"}}"#;
    let templates = Registered::parse(json, "dlt_templates").expect("well formed");
    let sms = AwsSms::new("ACMEIN").expect("well formed");
    let sms = sms.registered_in_india("1101234567890123456", templates).expect("well formed");
    let to = |number: &str, content: Content| {
        let phone = Phone::parse(number).expect("well formed");
        sms.request(&Message { to: Address::Phone(phone), ..message(Channel::Sms, content) })
    };
    let sent = to("+919876543210", sms_text("Payment of ₹1,499 failed.")).expect("registered");
    assert_eq!(sent.body, "Payment of Rs 1,499 failed.");
    let (entity, template) = ("1101234567890123456".to_owned(), "1107161234567890123".to_owned());
    assert_eq!(sent.destination_country_parameters, [("IN_ENTITY_ID", entity), ("IN_TEMPLATE_ID", template)]);
    let long = format!("Acme: {} https://pay.acme.example/u", "your payment failed. ".repeat(30));
    assert_eq!(to("+919876543210", sms_text(&long)), Err(EncodeError::TextTooLong(2)));
    assert!(to("+16505551234", sms_text(&long)).expect("cut").destination_country_parameters.is_empty());

    let Content::Text(text) = sms_text("hello") else { unreachable!("a text is a text") };
    let other = Content::Text(TextContent { language: "hi".to_owned(), ..text.clone() });
    let refused = to("+919876543210", other).expect_err("not registered");
    assert_eq!(refused, EncodeError::NotRegistered { template: text.template, language: "hi".to_owned() });
}

#[test]
fn f31_malformed_settings_are_refused_at_start() {
    let sms = || AwsSms::new("ACMEIN").expect("well formed");
    let none = Registered::default();
    for name in ["", "two words", "+set", &"x".repeat(257)] {
        let expected = MalformedSetting { setting: "configuration_set_name" };
        assert_eq!(sms().with_configuration_set(name), Err(expected), "{name}");
    }
    for price in ["", "5", ".", "5.", "100.0", "0.123456", "-1.0", "1,0"] {
        let expected = MalformedSetting { setting: "max_price" };
        assert_eq!(sms().with_max_price(price), Err(expected), "{price}");
    }
    assert!(sms().with_max_price(".05").is_ok());
    let refused = sms().registered_in_india("PE-1", none.clone());
    assert_eq!(refused, Err(MalformedSetting { setting: "dlt_entity_id" }));
    let letters = Registered::parse(r#"{"payment_failed_first": {"en": "11x"}}"#, "dlt_templates");
    let refused = sms().registered_in_india("1101", letters.expect("well formed"));
    assert_eq!(refused, Err(MalformedSetting { setting: "dlt_templates" }));
    assert!(sms().registered_in_india("1101", none).is_ok());
}

type Follows = (Reaction, bool, Option<PauseScope>);

/// Reads the shared table's guidance as a reaction of ours.
fn guidance(row: &Value) -> Follows {
    let words: Vec<&str> =
        row["reaction"].as_array().expect("list").iter().filter_map(Value::as_str).collect();
    let alert = words.contains(&"alert_ops");
    let (reaction, alarm) = match words[0] {
        "retry" => (Reaction::Retry(Backoff::Seconds), alert),
        "suppress_sms" => (Reaction::OptOut(OptOutScope::Sms), alert),
        "pause_sms" => (Reaction::Hold, true),
        "drop" => (Reaction::Drop, alert),
        "dead_letter" | "alert_ops_sandbox" => (Reaction::Park, true),
        other => panic!("{other} is not known"),
    };
    (reaction, alarm, None)
}

const COUNTRY: Option<PauseScope> = Some(PauseScope::Country);

/// Where we do otherwise: what bars one country stops that country alone, and somebody is told.
const OTHERWISE: &[(&str, Follows)] = &[
    ("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", (Reaction::Drop, true, COUNTRY)),
    ("DESTINATION_COUNTRY_BLOCKED", (Reaction::Drop, true, COUNTRY)),
    ("PRICE_OVER_THRESHOLD", (Reaction::Drop, true, COUNTRY)),
    // Held, these would stop the countries where the account may send.
    ("NO_ORIGINATION_IDENTITIES_FOUND", (Reaction::Park, true, COUNTRY)),
    ("SENDER_ID_REQUIRES_REGISTRATION", (Reaction::Park, true, COUNTRY)),
];

#[test]
fn f27_the_exception_table_agrees_with_the_shared_one() {
    let Some(folder) = shared("f27_the_exception_table_agrees_with_the_shared_one") else { return };
    let table = json(&folder.join("aws_sms.error_codes.json"));
    let rows = table.as_array().expect("list");
    assert!(!rows.is_empty());
    for row in rows {
        let exception = row["exception"].as_str().expect("text");
        let reason = row["reason"].as_str();
        let SendOutcome::Refused(refusal) = outcome(exception, reason) else { panic!("{exception}") };
        let expected = match OTHERWISE.iter().find(|(other, _)| reason == Some(other)) {
            Some((other, expected)) => {
                assert_ne!(*expected, guidance(row), "{other} does not differ");
                *expected
            }
            None => guidance(row),
        };
        let follows = (refusal.reaction, refusal.alarm, refusal.pause);
        assert_eq!(follows, expected, "{exception} {reason:?}");
        assert_eq!(refusal.code, reason.unwrap_or(exception));
    }
    let listed = |reason: &str| rows.iter().any(|row| row["reason"] == reason);
    assert!(OTHERWISE.iter().all(|(reason, _)| listed(reason)));
}

#[test]
fn every_shared_error_has_the_expected_reaction() {
    let Some(folder) = shared("aws_sms::every_shared_error_has_the_expected_reaction") else { return };
    let expected = [
        ("conflict_opted_out", "refused DESTINATION_PHONE_NUMBER_OPTED_OUT: OptOut(Sms)"),
        ("spend_limit", "refused MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT: Hold, alarm"),
        ("throttling", "refused ThrottlingException: Retry(Seconds)"),
    ];
    let seen = files(&folder, "aws_sms.error.");
    let names: Vec<&str> = seen.iter().filter_map(|(name, _)| name.strip_prefix("aws_sms.error.")).collect();
    assert_eq!(names, expected.map(|(name, _)| name));
    for ((_, path), (name, expected)) in seen.iter().zip(expected) {
        let body = json(path);
        let outcome = outcome(body["__type"].as_str().expect("text"), body["Reason"].as_str());
        assert_eq!(fixtures::outcome(&outcome), expected, "{name}");
    }
}

#[test]
fn what_no_table_has_is_read_by_its_exception_or_by_a_person() {
    for (exception, reason, expected) in [
        ("ValidationException", Some("SOMETHING_NEW"), "refused SOMETHING_NEW: Park, alarm"),
        ("ThrottlingException", Some("SOMETHING_NEW"), "refused SOMETHING_NEW: Retry(Seconds)"),
        ("ThrottlingException", Some(""), "refused ThrottlingException: Retry(Seconds)"),
        ("ConflictException", None, "refused ConflictException: Park, alarm"),
        ("NewException", None, "refused NewException: Park, alarm"),
        ("ConflictException", Some("+14255550156 is busy"), "refused unnamed: Park, alarm"),
        ("", None, "unknown"),
        ("", Some("DESTINATION_PHONE_NUMBER_OPTED_OUT"), "unknown"),
    ] {
        assert_eq!(fixtures::outcome(&outcome(exception, reason)), expected, "{exception} {reason:?}");
    }
}

#[test]
fn r16_credentials_and_permissions_hold_and_alarm() {
    for exception in [
        "AccessDeniedException",
        "ServiceQuotaExceededException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    ] {
        let expected = format!("refused {exception}: Hold, alarm");
        assert_eq!(fixtures::outcome(&outcome(exception, None)), expected);
    }
}

#[test]
fn r14_an_accepted_call_keeps_its_id_when_there_is_one() {
    let id = "862a8790-60c0-4430-9b2b-658bdexample";
    assert_eq!(fixtures::outcome(&accepted(Some(id))), format!("accepted {id}"));
    assert_eq!(fixtures::outcome(&accepted(None)), "accepted without id");
    assert_eq!(fixtures::outcome(&accepted(Some(""))), "accepted without id");
}
