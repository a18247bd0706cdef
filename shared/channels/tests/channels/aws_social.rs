//! WhatsApp through AWS: the call that leaves, the exceptions and the notifications that come back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use expect_test::expect_file;
use recoup_channels::aws_social::{AwsSocial, events};
use recoup_channels::{ChannelParseError, EncodeError, MalformedSetting, Provider};
use recoup_core::{Address, AnswerContent, Channel, Content, Email, Message};
use serde_json::{Value, json};

use crate::fixtures::{event, message, outcome, shown, sms_text, template};

const BASE: &str = "https://social-messaging.eu-west-1.amazonaws.com";
const NUMBER: &str = "phone-number-id-01234567890123456789012345678901";

fn aws() -> AwsSocial {
    AwsSocial::new(BASE, NUMBER, "v21.0").expect("well formed")
}

fn decoded(status: u16, error_type: Option<&str>, body: &str) -> String {
    let mut answer = http::Response::builder().status(status);
    if let Some(error_type) = error_type {
        answer = answer.header("x-amzn-errortype", error_type);
    }
    outcome(&aws().decode(&answer.body(Bytes::from(body.to_owned())).expect("valid answer")))
}

#[test]
fn a_template_becomes_the_golden_request_without_a_signature() {
    let request = aws().encode(&message(Channel::Whatsapp, Content::Template(template()))).expect("encodes");
    expect_file!["../../fixtures/aws_social/template.request.golden"].assert_eq(&shown(&request));
    let body: Value = serde_json::from_slice(request.body()).expect("json");
    let inner = STANDARD.decode(body["message"].as_str().expect("text")).expect("base64");
    let inner: Value = serde_json::from_slice(&inner).expect("json");
    assert_eq!(inner["to"], "+16505551234");
    assert_eq!(inner["template"]["name"], "payment_failed_day0");
}

#[test]
fn f37_what_meta_would_refuse_never_leaves_for_aws_either() {
    let sent = |message: Message| aws().encode(&message).map(|_| ());
    let whatsapp = |content| message(Channel::Whatsapp, content);
    assert_eq!(sent(whatsapp(sms_text("hello"))), Err(EncodeError::WrongContent(Channel::Whatsapp)));
    let empty = Content::Answer(AnswerContent { body: " ".to_owned(), buttons: vec![] });
    assert_eq!(sent(whatsapp(empty)), Err(EncodeError::ParameterNotAllowed("body".to_owned())));
    let to = Address::Email(Email::parse("a@acme.example").expect("well formed"));
    let mailed = Message { to, ..whatsapp(Content::Template(template())) };
    assert_eq!(sent(mailed), Err(EncodeError::WrongAddress(Channel::Whatsapp)));
}

#[test]
fn f31_a_malformed_setting_is_named_at_start() {
    let new = |base, number, version| AwsSocial::new(base, number, version).map(|_| ());
    let arn =
        "arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/976c72a700aac43eaf573ae050example";
    assert_eq!(new(BASE, arn, "v21.0"), Ok(()));
    let long = format!("phone-number-id-{}", "1".repeat(100));
    for (made, setting) in [
        (new("http://social-messaging.eu-west-1.amazonaws.com", NUMBER, "v21.0"), "base_url"),
        (new(BASE, "", "v21.0"), "origination_phone_number_id"),
        (new(BASE, "106540352242922", "v21.0"), "origination_phone_number_id"),
        (new(BASE, "arn:aws:sms-voice:us-east-1:1:pool/pool-1", "v21.0"), "origination_phone_number_id"),
        (new(BASE, "phone-number-id-\"1", "v21.0"), "origination_phone_number_id"),
        (new(BASE, &long, "v21.0"), "origination_phone_number_id"),
        (new(BASE, NUMBER, "21.0"), "meta_api_version"),
        (new(BASE, NUMBER, "v21"), "meta_api_version"),
    ] {
        assert_eq!(made, Err(MalformedSetting { setting }));
    }
}

#[test]
fn r14_f19_a_2xx_is_accepted_with_or_without_an_id() {
    for (status, body, expected) in [
        (200, r#"{"messageId":"wamid.A="}"#, "accepted wamid.A="),
        (200, r#"{"messageId":""}"#, "accepted without id"),
        (200, r#"{"messageId":7}"#, "accepted without id"),
        (200, "{}", "accepted without id"),
        (200, "[]", "accepted without id"),
        (202, "", "accepted without id"),
    ] {
        assert_eq!(decoded(status, None, body), expected, "{status} {body}");
    }
}

#[test]
fn f20_an_exception_decides_wherever_aws_names_it() {
    let url = "ThrottledRequestException:http://internal.amazon.com/coral/com.amazonaws.socialmessaging/";
    let retried = "refused ThrottledRequestException: Retry(Seconds)";
    assert_eq!(decoded(429, Some("ThrottledRequestException"), "{}"), retried);
    assert_eq!(decoded(429, Some(url), "not json"), retried);
    let typed = r#"{"__type":"com.amazonaws.socialmessaging#ThrottledRequestException"}"#;
    assert_eq!(decoded(429, None, typed), retried);
    assert_eq!(decoded(429, None, r#"{"code":"ThrottledRequestException"}"#), retried);
    for (status, exception, expected) in [
        (403, "AccessDeniedException", "Hold, alarm"),
        (403, "AccessDeniedByMetaException", "Hold, alarm"),
        (403, "ExpiredTokenException", "Hold, alarm"),
        (403, "InvalidSignatureException", "Hold, alarm"),
        (403, "UnrecognizedClientException", "Hold, alarm"),
        (400, "LimitExceededException", "Hold, alarm"),
        (400, "ThrottlingException", "Retry(Seconds)"),
        (400, "ValidationException", "Park, alarm"),
        (400, "InvalidParametersException", "Park, alarm"),
        (404, "ResourceNotFoundException", "Park, alarm"),
        (400, "AnExceptionOfNextYear", "Park, alarm"),
    ] {
        assert_eq!(decoded(status, Some(exception), "{}"), format!("refused {exception}: {expected}"));
    }
    assert_eq!(decoded(400, Some("+14255550156 is busy"), "{}"), "refused unnamed: Park, alarm");
}

#[test]
fn f21_r12_an_answer_that_does_not_say_not_sent_is_unknown() {
    for (status, error_type, body) in [
        (502, Some("DependencyException"), "{}"),
        (500, Some("InternalServiceException"), "{}"),
        (500, None, r#"{"__type":"InternalServiceException"}"#),
        (503, Some("AnExceptionOfNextYear"), "{}"),
        (503, None, "<html>Service Unavailable</html>"),
        (403, None, r#"{"code":"PROXY_DENIED"}"#),
        (403, None, r#"{"code":131026}"#),
        (404, None, ""),
    ] {
        assert_eq!(decoded(status, error_type, body), "unknown", "{status} {body}");
    }
    assert_eq!(decoded(429, None, ""), "refused http_429: Retry(Seconds)");
    assert_eq!(decoded(407, None, ""), "refused http_407: Hold, alarm");
}

fn read(notification: &Value) -> Result<Vec<String>, ChannelParseError> {
    Ok(events(notification.to_string().as_bytes())?.iter().map(event).collect())
}

#[test]
fn r14_a_notification_holds_one_entry_of_meta() {
    let ours = "rcp1/main/stripe/in_1/0/whatsapp/tok1";
    let status = json!({"id": "wamid.A", "status": "read", "biz_opaque_callback_data": ours});
    let changes = json!([{"field": "messages", "value": {"statuses": [status, 7]}}, 7]);
    let entry = json!({"id": "1", "changes": changes}).to_string();
    let said = [&format!("wamid.A [{ours}] read"), "ignored malformed_status", "ignored malformed_change"];
    let read_well = read(&json!({"whatsAppWebhookEntry": entry, "aws_account_id": "123456789012"}));
    assert_eq!(read_well, Ok(said.map(ToString::to_string).to_vec()));
}

#[test]
fn f35_what_is_no_notification_is_an_error_and_an_entry_of_another_shape_is_counted() {
    use ChannelParseError::{NoEnvelope, NotJson};
    let malformed = || Ok(vec!["ignored malformed_entry".to_owned()]);
    for (notification, expected) in [
        (json!({}), Err(NoEnvelope)),
        (json!([]), Err(NoEnvelope)),
        (json!({"whatsAppWebhookEntry": {"changes": []}}), Err(NoEnvelope)),
        (json!({"whatsAppWebhookEntry": ""}), Err(NotJson)),
        (json!({"whatsAppWebhookEntry": "{\"changes\":["}), Err(NotJson)),
        (json!({"whatsAppWebhookEntry": "7"}), malformed()),
        (json!({"whatsAppWebhookEntry": "{}"}), malformed()),
        (json!({"whatsAppWebhookEntry": "{\"changes\":[]}"}), Ok(vec![])),
    ] {
        assert_eq!(read(&notification), expected, "{notification}");
    }
    assert_eq!(events(b"").map(|events| events.len()), Err(NotJson));
    assert_eq!(events(&[0xff, b'{']).map(|events| events.len()), Err(NotJson));
}
