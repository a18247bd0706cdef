//! E-mails through SES, and what it tells of them.

use expect_test::expect_file;
use recoup_channels::ses::{Ses, events};
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{Address, Channel, Content, Email, Letter, Message};
use serde_json::{Value, json};

use crate::fixtures::{answer, event, message, outcome, shown, sms_text};

const BASE: &str = "https://email.eu-central-1.amazonaws.com";
/// As SES writes a time.
const AT: &str = "2026-11-23T10:00:00.500Z";

fn ses() -> Ses {
    Ses::new(BASE, "Acme <billing@acme.example>", "help+eu@acme.example", Some("recoup-events"))
        .expect("well formed")
}

fn letter(subject: &str, body: &str) -> Message {
    let letter = Letter { subject: subject.to_owned(), body: body.to_owned() };
    let to = Address::Email(Email::parse("ana.gil@example.com").expect("well formed"));
    Message { to, ..message(Channel::Email, Content::Letter(letter)) }
}

#[test]
fn a_letter_becomes_the_golden_request() {
    let body =
        "Hi Ana,\n\nyour payment of 1.499,00 ₹ failed: https://pay.acme.example/u/7f3c?a=1&b=2\n\nAcme";
    let request = ses().encode(&letter("Your payment – please look", body)).expect("encodes");
    expect_file!["../../fixtures/ses/letter.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn a_sender_without_a_configuration_set_becomes_the_golden_request() {
    let ses = Ses::new(BASE, "billing@acme.example", "billing@acme.example", None).expect("well formed");
    let request = ses.encode(&letter("Your payment", "Text")).expect("encodes");
    expect_file!["../../fixtures/ses/bare.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn f37_what_cannot_be_sent_never_leaves() {
    let encode = |message: &Message| ses().encode(message).map(|_| ());
    let refused = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    for (subject, body, expected) in [
        ("", "text", refused("subject")),
        ("  ", "text", refused("subject")),
        ("one\r\nBcc: other@example.com", "text", refused("subject")),
        (&*"x".repeat(990), "text", refused("subject")),
        (&*"é".repeat(989), "text", Ok(())),
        ("subject", "", refused("body")),
        ("subject", "bell\u{7}", refused("body")),
        ("subject", "two\r\nlines\tand a tab", Ok(())),
    ] {
        assert_eq!(encode(&letter(subject, body)), expected, "{subject} {body}");
    }
    let text = Message { content: sms_text("text"), ..letter("subject", "body") };
    assert_eq!(encode(&text), Err(EncodeError::WrongContent(Channel::Email)));
    let to_number = Message { to: message(Channel::Email, sms_text("x")).to, ..letter("subject", "body") };
    assert_eq!(encode(&to_number), Err(EncodeError::WrongAddress(Channel::Email)));
}

#[test]
fn f31_malformed_settings_are_refused_at_start() {
    let address = "billing@acme.example";
    let long = "x".repeat(65);
    for (base, from, reply_to, set, setting) in [
        ("http://email.eu-central-1.amazonaws.com", address, address, None, "base_url"),
        (BASE, "Acme", address, None, "from"),
        (BASE, address, "Acme <billing@acme.example>", None, "reply_to"),
        (BASE, address, address, Some(""), "configuration_set"),
        (BASE, address, address, Some("two words"), "configuration_set"),
        (BASE, address, address, Some(long.as_str()), "configuration_set"),
    ] {
        let made = Ses::new(base, from, reply_to, set).map(|_| ());
        assert_eq!(made, Err(MalformedSetting { setting }));
    }
}

fn decoded(status: u16, header: Option<&str>, body: &Value) -> String {
    let mut answer = answer(status, body.to_string());
    if let Some(header) = header {
        answer.headers_mut().insert("x-amzn-errortype", header.parse().expect("plain header"));
    }
    outcome(&ses().decode(&answer))
}

#[test]
fn f20_f21_every_exception_has_its_reaction_and_doubt_stays_doubt() {
    for (status, exception, expected) in [
        (429, "TooManyRequestsException", "Retry(Seconds)"),
        (400, "ThrottlingException", "Retry(Seconds)"),
        (400, "LimitExceededException", "Hold, alarm"),
        (400, "MailFromDomainNotVerifiedException", "Hold, alarm"),
        (403, "SignatureDoesNotMatch", "Hold, alarm"),
        (403, "ExpiredTokenException", "Hold, alarm"),
        (403, "AccessDeniedException", "Hold, alarm"),
        (400, "AccountSuspendedException", "Hold, alarm, pause Channel"),
        (400, "SendingPausedException", "Hold, alarm, pause Channel"),
        (400, "MessageRejected", "Park, alarm"),
        (400, "BadRequestException", "Park, alarm"),
        (404, "NotFoundException", "Park, alarm"),
        (400, "NewException", "Park, alarm"),
    ] {
        let expected = format!("refused {exception}: {expected}");
        let words = json!({"message": "Ana"});
        assert_eq!(decoded(status, Some(exception), &words), expected);
        let typed = json!({"__type": format!("com.amazonaws.sesv2#{exception}")});
        assert_eq!(decoded(status, None, &typed), expected);
    }
    for (status, header, body, expected) in [
        (200, None, json!({"MessageId": "0100-1"}), "accepted 0100-1"),
        (200, None, json!({}), "accepted without id"),
        (200, None, json!({"MessageId": "two words"}), "accepted without id"),
        (500, Some("InternalServiceErrorException"), json!({}), "unknown"),
        (503, Some("ServiceUnavailable"), json!({}), "unknown"),
        (503, None, json!("a page"), "unknown"),
        (400, None, json!({"message": "no name"}), "unknown"),
        (400, Some(":"), json!({}), "unknown"),
        (400, Some("a sentence of theirs"), json!({}), "refused unnamed: Park, alarm"),
        (429, None, json!({}), "refused http_429: Retry(Seconds)"),
    ] {
        assert_eq!(decoded(status, header, &body), expected, "{status} {header:?} {body}");
    }
}

fn told(body: &Value) -> Vec<String> {
    events(body.to_string().as_bytes()).expect("an object").iter().map(event).collect()
}

fn letter_event(kind: &str, detail: &Value) -> Value {
    let mut tags = json!({"ses:operation": ["SendEmail"], "ses:source-ip": ["192.0.2.1"]});
    let request: Value =
        serde_json::from_slice(ses().encode(&letter("s", "b")).expect("encodes").body()).expect("JSON");
    for tag in request["EmailTags"].as_array().expect("list") {
        tags[tag["Name"].as_str().expect("text")] = json!([tag["Value"]]);
    }
    let mail = json!({"messageId": "0100-1", "tags": tags, "destination": ["Ana.Gil@example.com"]});
    let mut event = json!({"eventType": kind, "mail": mail});
    event[kind.to_lowercase()] = detail.clone();
    event
}

#[test]
fn r14_what_ses_tells_joins_the_letter_by_its_tags() {
    let ours = "0100-1 [rcp1/main/stripe/in_1/0/email/tok1]";
    let bounce = |kind: &str, sub: &str| json!({"bounceType": kind, "bounceSubType": sub, "timestamp": AT});
    let complaint = |kind: &str| json!({"complaintFeedbackType": kind, "timestamp": AT});
    let of_us = |words: &str| vec![format!("{ours} {words}")];
    let stopped =
        |words: &str, stop: &str| vec![format!("{ours} {words}"), format!("ana.gil@example.com {stop}")];
    let ignored = |kind: &str| vec![format!("ignored ses_{kind}")];
    for (kind, detail, expected) in [
        ("Send", json!({}), of_us("sent")),
        ("Delivery", json!({"smtpResponse": "250 ok"}), of_us("delivered")),
        ("Reject", json!({"reason": "Bad content"}), of_us("failed rejected: Park, alarm")),
        (
            "Bounce",
            bounce("Permanent", "OnAccountSuppressionList"),
            stopped(
                "failed bounce_permanent_onaccountsuppressionlist: FallBack",
                "out of email at 2026-11-23T10:00:00.5Z",
            ),
        ),
        (
            "Bounce",
            bounce("Transient", "MailboxFull"),
            of_us("failed bounce_transient_mailboxfull: FallBack"),
        ),
        // "Out of the office" is among these, and that letter arrived.
        ("Bounce", bounce("Transient", "General"), ignored("bounce_transient_general")),
        ("Bounce", bounce("Undetermined", "Undetermined"), ignored("bounce_undetermined_undetermined")),
        ("Bounce", json!({}), ignored("bounce__")),
        ("Complaint", complaint("abuse"), stopped("delivered", "out of all at 2026-11-23T10:00:00.5Z")),
        ("Complaint", json!({"timestamp": AT}), stopped("delivered", "out of all at 2026-11-23T10:00:00.5Z")),
        (
            "Complaint",
            json!({}),
            vec![format!("{ours} delivered"), "ignored ses_malformed_mailbox".to_owned()],
        ),
        ("Complaint", complaint("not-spam"), ignored("not_spam")),
        ("Open", json!({}), ignored("open")),
        ("Click", json!({}), ignored("click")),
        ("Rendering Failure", json!({}), ignored("rendering_failure")),
        ("DeliveryDelay", json!({}), ignored("deliverydelay")),
        ("New: kind", json!({}), ignored("unnamed")),
    ] {
        let bare = letter_event(kind, &detail);
        let inside = [
            bare.clone(),
            json!({"Type": "Notification", "MessageId": "sns-1", "Message": bare.to_string()}),
            json!({"version": "0", "source": "aws.ses", "detail-type": "Email", "detail": bare}),
        ];
        for event in inside {
            assert_eq!(told(&event), expected, "{kind} {detail}");
        }
    }
}

#[test]
fn a_mailbox_is_stopped_only_by_what_became_of_our_own_letter() {
    let gone = json!({"bounceType": "Permanent", "bounceSubType": "General", "timestamp": AT});
    let letter = letter_event("Bounce", &gone);
    for (pointer, planted, expected) in [
        ("/mail/tags", json!({}), ["0100-1 [foreign] failed bounce_permanent_general: FallBack"].as_slice()),
        (
            "/mail/destination",
            json!(["ana.gil@example.com", "bo@example.com"]),
            &[
                "0100-1 [rcp1/main/stripe/in_1/0/email/tok1] failed bounce_permanent_general: FallBack",
                "ignored ses_malformed_mailbox",
            ],
        ),
        (
            "/bounce/timestamp",
            json!("yesterday"),
            &[
                "0100-1 [rcp1/main/stripe/in_1/0/email/tok1] failed bounce_permanent_general: FallBack",
                "ignored ses_malformed_mailbox",
            ],
        ),
    ] {
        let mut event = letter.clone();
        *event.pointer_mut(pointer).expect("there") = planted;
        assert_eq!(told(&event), expected, "{pointer}");
    }
}

#[test]
fn f35_f36_what_cannot_be_read_is_counted_or_named() {
    let foreign = json!({"eventType": "Delivery", "mail": {"messageId": "0100-1", "tags": {"a": ["b"]}}});
    assert_eq!(told(&foreign), ["0100-1 [foreign] delivered"]);
    let untagged = json!({"notificationType": "Delivery", "mail": {"messageId": "0100-1"}});
    assert_eq!(told(&untagged), ["0100-1 [foreign] delivered"]);
    for (body, expected) in [
        (json!({}), "ignored ses_malformed"),
        (json!({"Message": "Successfully validated SNS topic."}), "ignored ses_malformed"),
        (json!({"detail": 7}), "ignored ses_malformed"),
        (json!({"eventType": "Delivery"}), "ignored ses_malformed"),
        (json!({"eventType": 7, "mail": {"messageId": "0100-1"}}), "ignored ses_malformed"),
        (json!({"eventType": "Delivery", "mail": {"messageId": "two words"}}), "ignored ses_malformed_id"),
    ] {
        assert_eq!(told(&body), [expected], "{body}");
    }
    for (body, expected) in [
        (&b""[..], "channel_body_not_json"),
        (b"\xff\xfe", "channel_body_not_json"),
        (b"[]", "channel_body_no_envelope"),
        (b"{\"Message\":7}", "channel_body_no_envelope"),
    ] {
        assert_eq!(events(body).map_err(|error| error.code()), Err(expected));
    }
    // A lone surrogate in what is not read costs nothing.
    let odd = br#"{"eventType":"Delivery","mail":{"messageId":"0100-1","subject":"\ud800"}}"#;
    assert_eq!(
        events(odd).expect("read").iter().map(event).collect::<Vec<_>>(),
        ["0100-1 [foreign] delivered"]
    );
}
