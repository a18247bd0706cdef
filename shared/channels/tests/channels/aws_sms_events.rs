//! What AWS reports of text messages, and what buyers reply.

use jiff::Timestamp;
use recoup_channels::ChannelParseError;
use recoup_channels::aws_sms::events;
use recoup_core::ChannelEvent;
use serde_json::{Value, json};

use crate::fixtures::event;

const STATUS: &str = "862a8790 [rcp1/main/stripe/in_1/0/sms/tok1]";

/// Reads one event.
pub(crate) fn read(body: &Value) -> Result<String, ChannelParseError> {
    let received: Timestamp = "2026-11-22T10:00:00Z".parse().expect("well formed");
    let events = events(body.to_string().as_bytes(), received)?;
    Ok(events.iter().map(event).collect::<Vec<_>>().join("; "))
}

fn reported(kind: &str) -> Value {
    json!({
        "eventType": kind,
        "isFinal": true,
        "messageId": "862a8790",
        "context": {"recoup": "rcp1/main/stripe/in_1/0/sms/tok1"},
    })
}

#[test]
fn r14_f24_every_event_moves_the_message_or_is_counted() {
    for (kind, expected) in [
        ("TEXT_SUCCESSFUL", "sent"),
        ("TEXT_DELIVERED", "delivered"),
        ("TEXT_INVALID", "failed TEXT_INVALID: FallBack"),
        ("TEXT_UNREACHABLE", "failed TEXT_UNREACHABLE: FallBack"),
        ("TEXT_CARRIER_UNREACHABLE", "failed TEXT_CARRIER_UNREACHABLE: FallBack"),
        ("TEXT_BLOCKED", "failed TEXT_BLOCKED: FallBack"),
        ("TEXT_TTL_EXPIRED", "failed TEXT_TTL_EXPIRED: Drop"),
        ("TEXT_PROTECT_BLOCKED", "failed TEXT_PROTECT_BLOCKED: Drop, alarm"),
        ("TEXT_CARRIER_BLOCKED", "failed TEXT_CARRIER_BLOCKED: Park, alarm"),
        ("TEXT_SPAM", "failed TEXT_SPAM: Park, alarm"),
        ("TEXT_INVALID_MESSAGE", "failed TEXT_INVALID_MESSAGE: Park, alarm"),
    ] {
        assert_eq!(read(&reported(kind)), Ok(format!("{STATUS} {expected}")));
    }
    for kind in ["TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "TEXT_UNKNOWN", "VOICE_RINGING"] {
        assert_eq!(read(&reported(kind)), Ok(format!("ignored {kind}")));
    }
}

#[test]
fn f25_a_failure_that_is_not_final_waits_for_what_follows() {
    let mut failed = reported("TEXT_CARRIER_UNREACHABLE");
    failed["isFinal"] = false.into();
    assert_eq!(read(&failed).as_deref(), Ok("ignored TEXT_CARRIER_UNREACHABLE"));
    failed.as_object_mut().expect("object").remove("isFinal");
    assert!(read(&failed).expect("read").contains("failed"));
}

#[test]
fn an_event_is_read_bare_from_eventbridge_and_from_sns() {
    let bare = reported("TEXT_DELIVERED");
    let bridge = json!({"version": "0", "source": "aws.sms-voice", "detail": bare});
    let sns = json!({"Type": "Notification", "Message": bare.to_string()});
    for body in [bare, bridge, sns] {
        assert_eq!(read(&body), Ok(format!("{STATUS} delivered")), "{body}");
    }
}

#[test]
fn f25_a_status_without_our_correlation_is_nobodys() {
    for context in
        [json!(null), json!({}), json!({"recoup": 1}), json!({"recoup": "x"}), json!({"account": "bar"})]
    {
        let mut body = reported("TEXT_DELIVERED");
        body["context"] = context;
        assert_eq!(read(&body).as_deref(), Ok("862a8790 [foreign] delivered"), "{body}");
    }
    let mut body = reported("TEXT_DELIVERED");
    body["messageId"] = json!("");
    assert_eq!(read(&body).as_deref(), Ok("ignored malformed_status"));
}

#[test]
fn o28_a_reply_is_heard() {
    let wrote = |body: &str| {
        json!({
            "originationNumber": "+14255550182",
            "destinationNumber": "+12125550101",
            "messageKeyword": "KEYWORD_1",
            "messageBody": body,
            "inboundMessageId": "cae173d2",
            "previousPublishedMessageId": "862a8790",
        })
    };
    let at = "at 2026-11-22T10:00:00Z";
    assert_eq!(read(&wrote("Stop")), Ok(format!("+14255550182 out of all {at}")));
    assert_eq!(read(&wrote("START")), Ok(format!("+14255550182 in to all {at}")));
    let asked = format!("cae173d2 +14255550182 replied unknown to 862a8790 {at}: \"what a nice day\"");
    assert_eq!(read(&wrote("what a nice day")), Ok(asked));
    for body in ["Stop", "arret", "please stop"] {
        let bytes = wrote(body).to_string();
        let read = events(bytes.as_bytes(), Timestamp::UNIX_EPOCH).expect("a message");
        let [ChannelEvent::OptedOut { message, .. }] = &read[..] else { panic!("{read:?}") };
        assert_eq!(message.as_deref(), Some("cae173d2"), "AWS hands on only what it did not confirm: {body}");
    }
    let mut unknown = wrote("Stop");
    unknown["originationNumber"] = json!("ACME");
    assert_eq!(read(&unknown).as_deref(), Ok("ignored no_sender"));
    let mut nameless = wrote("Stop");
    nameless["inboundMessageId"] = json!(null);
    assert_eq!(read(&nameless).as_deref(), Ok("ignored malformed_message"));
}

#[test]
fn f35_f36_a_body_of_another_shape_is_parked() {
    let at = Timestamp::UNIX_EPOCH;
    for body in ["", "{", "{\"Message\":\"no json\"}", "\u{fffd}"] {
        assert_eq!(events(body.as_bytes(), at), Err(ChannelParseError::NotJson), "{body}");
    }
    for body in ["{}", "[]", "null", "7", "{\"detail\":{}}", "{\"Message\":\"{}\"}", "{\"eventType\":1}"] {
        assert_eq!(events(body.as_bytes(), at), Err(ChannelParseError::NoEnvelope), "{body}");
    }
    assert_eq!(events("[".repeat(100_000).as_bytes(), at), Err(ChannelParseError::NotJson));
}
