//! What AWS publishes through one topic, told apart by its shape.

use jiff::Timestamp;
use recoup_channels::ChannelParseError::{self, NoEnvelope, NotJson};
use recoup_channels::aws_events::events;
use serde_json::json;

use crate::fixtures::event;

/// Reads one message: whose it is, and what it says.
fn read(body: &[u8]) -> Result<String, ChannelParseError> {
    let notified = events(body, Timestamp::UNIX_EPOCH)?;
    let said: Vec<String> = notified.events.iter().map(event).collect();
    Ok(format!("{} {}: {}", notified.provider, notified.channel, said.join("; ")))
}

#[test]
fn r14_each_service_is_known_by_what_only_it_writes() {
    let status = json!({"id": "wamid.A", "status": "read"});
    let entry = json!({"changes": [{"field": "messages", "value": {"statuses": [status]}}]}).to_string();
    for (body, expected) in [
        (
            json!({"eventType": "TEXT_DELIVERED", "isFinal": true, "messageId": "1"}),
            "aws_sms sms: 1 [foreign] delivered",
        ),
        (
            json!({"originationNumber": "+447700900123", "messageBody": "STOP", "inboundMessageId": "2"}),
            "aws_sms sms: +447700900123 out of all at 1970-01-01T00:00:00Z",
        ),
        (
            json!({"whatsAppWebhookEntry": entry, "messageId": "3"}),
            "aws_social whatsapp: wamid.A [foreign] read",
        ),
        (
            json!({"Type": "Notification", "Message": "{\"eventType\":\"TEXT_DELIVERED\",\"messageId\":\"6\"}"}),
            "aws_sms sms: 6 [foreign] delivered",
        ),
        (json!({"eventType": "Delivery", "mail": {"messageId": "4"}}), "ses email: 4 [foreign] delivered"),
        (
            json!({"notificationType": "Delivery", "mail": {"messageId": "5"}}),
            "ses email: 5 [foreign] delivered",
        ),
    ] {
        assert_eq!(read(body.to_string().as_bytes()).as_deref(), Ok(expected), "{body}");
    }
}

#[test]
fn f35_f36_what_is_no_event_is_counted_and_what_is_no_object_is_parked() {
    let deep = "[".repeat(10_000);
    for (body, expected) in [
        (
            &b"Successfully validated SNS topic for Amazon SES event publishing."[..],
            Ok("ses email: ignored ses_topic_validated"),
        ),
        (b"{}", Ok("aws sms: ignored aws_unknown_shape")),
        (br#"{"Type":"Notification","Message":"no event"}"#, Err(NotJson)),
        (br#"{"Type":"Notification","Message":7}"#, Err(NoEnvelope)),
        (br#"{"mail":{},"eventType":"Delivery"}"#, Ok("ses email: ignored ses_malformed")),
        (br#"{"messageBody":null}"#, Ok("aws sms: ignored aws_unknown_shape")),
        (br#"{"messageBody":7}"#, Ok("aws_sms sms: ignored no_sender")),
        (br#"{"eventType":7}"#, Err(NoEnvelope)),
        (br#"{"whatsAppWebhookEntry":{}}"#, Err(NoEnvelope)),
        (br#"{"mail":1,"mail":2}"#, Err(NoEnvelope)),
        (b"7", Err(NoEnvelope)),
        (b"Successfully", Err(NotJson)),
        (b"", Err(NotJson)),
        (b"{\xff", Err(NotJson)),
        (deep.as_bytes(), Err(NotJson)),
    ] {
        let shown = String::from_utf8_lossy(body).chars().take(60).collect::<String>();
        assert_eq!(read(body), expected.map(str::to_owned), "{shown}");
    }
}
