//! What Twilio's webhooks come to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_channels::twilio::{SIGNATURE_HEADER, channel, events, verify};
use recoup_channels::{ChannelParseError, VerifiedChannelWebhook};
use recoup_core::{Channel, ChannelEvent, Secret};

use crate::fixtures::event;

const CALLBACK: &str = "https://api.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.0.sms.tok1";
const STATUS: &str = "SM1 [rcp1/main/stripe/in_1/0/sms/tok1]";

fn received() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("well formed")
}

/// Signs a body as Twilio does and takes it through the verification that production uses.
fn signed(url: &str, body: &str) -> VerifiedChannelWebhook {
    let token = Secret::parse("auth-token-of-tests").expect("fit");
    let mut fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
    fields.sort();
    fields.dedup();
    let text: String = fields.iter().flat_map(|(key, value)| [&**key, &**value]).collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.expose().as_bytes());
    let tag = ring::hmac::sign(&key, format!("{url}{text}").as_bytes());
    let value = HeaderValue::from_str(&STANDARD.encode(tag.as_ref())).expect("plain header");
    let headers = HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE_HEADER), value)]);
    verify(&headers, url, Bytes::copy_from_slice(body.as_bytes()), &[token]).expect("signed")
}

/// Reads a form that was posted to a URL.
pub(crate) fn read(url: &str, fields: &[(&str, &str)]) -> Result<String, ChannelParseError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let events = events(&signed(url, &body), url, received())?;
    Ok(events.iter().map(event).collect::<Vec<_>>().join("; "))
}

fn status(fields: &[(&str, &str)]) -> String {
    let sid = [("MessageSid", "SM1")];
    read(CALLBACK, &[&sid, fields].concat()).expect("about a message")
}

const INBOUND: [(&str, &str); 3] =
    [("MessageSid", "SM2"), ("From", "+16505551234"), ("SmsStatus", "received")];

fn wrote(fields: &[(&str, &str)]) -> String {
    let always = INBOUND;
    read("https://api.acme.example/channels/twilio", &[&always, fields].concat()).expect("about a message")
}

#[test]
fn r18_only_a_body_without_button_and_picture_was_typed() {
    for (fields, typed) in [
        (&[("Body", "hmm")][..], true),
        (&[("Body", "hmm"), ("NumMedia", "0")], true),
        (&[("Body", "hmm"), ("NumMedia", "1")], false),
        (&[("Body", "hmm"), ("ButtonPayload", "theirs")], false),
        (&[("Body", "hmm"), ("ButtonText", "hmm")], false),
    ] {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(INBOUND.iter().chain(fields))
            .finish();
        let url = "https://api.acme.example/channels/twilio";
        let events = events(&signed(url, &body), url, received()).expect("about a message");
        let [ChannelEvent::Replied(reply)] = events.as_slice() else { panic!("{fields:?}: {events:?}") };
        assert_eq!(reply.typed, typed, "{fields:?}");
    }
}

#[test]
fn r14_f24_every_status_moves_the_message_or_is_counted() {
    for (reached, expected) in [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("failed", "failed none: Park, alarm"),
        ("undelivered", "failed none: Park, alarm"),
        ("canceled", "failed canceled: Drop"),
    ] {
        assert_eq!(status(&[("MessageStatus", reached)]), format!("{STATUS} {expected}"));
    }
    for reached in ["accepted", "scheduled", "queued", "sending", "partially_delivered", "received"] {
        assert_eq!(status(&[("MessageStatus", reached)]), format!("ignored status_{reached}"));
    }
    assert_eq!(status(&[("MessageStatus", "half sent")]), "ignored unnamed");
}

#[test]
fn f24_a_failure_is_read_by_its_code() {
    for (code, expected) in [
        ("30003", "30003: Retry(Minutes)"),
        ("30005", "30005: FallBack"),
        ("30007", "30007: Park, alarm"),
        ("21610", "21610: OptOut(Sms)"),
        ("63041", "63041: FallBack, alarm, pause Template"),
        ("21408", "21408: Park, alarm, pause Country"),
        ("29999", "29999: Park, alarm"),
        ("", "none: Park, alarm"),
        ("x", "none: Park, alarm"),
    ] {
        let told = status(&[("MessageStatus", "undelivered"), ("ErrorCode", code)]);
        assert_eq!(told, format!("{STATUS} failed {expected}"));
    }
}

#[test]
fn f25_a_status_without_our_correlation_is_nobodys() {
    let delivered = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    for query in ["", "?c=", "?c=some", "?d=rcp1.main.stripe.in_1.0.sms.tok1"] {
        let url = format!("https://api.acme.example/channels/twilio{query}");
        assert_eq!(read(&url, &delivered).as_deref(), Ok("SM1 [foreign] delivered"), "{query}");
    }
}

#[test]
fn a_status_tells_whom_whatsapp_knows_the_buyer_by() {
    let read = ("MessageStatus", "read");
    for fields in [
        [read, ("To", "whatsapp:US.1349"), ("ExternalUserId", "")],
        [read, ("To", "whatsapp:+16505551234"), ("ExternalUserId", "whatsapp:US.1349")],
    ] {
        assert_eq!(status(&fields), format!("{STATUS} read to US.1349"));
    }
    assert_eq!(status(&[read, ("To", "whatsapp:+16505551234")]), format!("{STATUS} read"));
}

#[test]
fn o28_a_stop_reaches_every_lane() {
    let out = "+16505551234 out of all at 2026-11-22T10:00:00Z";
    for fields in [
        &[("Body", "STOP")][..],
        &[("Body", "stop."), ("NumMedia", "0")],
        &[("Body", "Please stop messaging me")],
        // Twilio knows keywords that the merchant added, in any language.
        &[("Body", "genug"), ("OptOutType", "STOP")],
        &[("Body", "Baja"), ("ButtonText", "Baja"), ("ButtonPayload", "STOP")],
        &[("Body", "Baja"), ("ButtonPayload", "STOP:step1")],
    ] {
        assert_eq!(wrote(fields), out, "{fields:?}");
    }
    let offers = wrote(&[("Body", "No offers"), ("ButtonPayload", "OPTOUT:marketing")]);
    assert_eq!(offers, "+16505551234 out of marketing at 2026-11-22T10:00:00Z");
    let back = wrote(&[("Body", "hello"), ("OptOutType", "START")]);
    assert_eq!(back, "+16505551234 in to all at 2026-11-22T10:00:00Z");
    assert_eq!(wrote(&[("Body", "START")]), back);
}

/// The events of what a buyer wrote, as they are.
fn heard(fields: &[(&str, &str)]) -> Vec<ChannelEvent> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    events(&signed(CALLBACK, &body), CALLBACK, received()).expect("about a message")
}

#[test]
fn o28_what_twilio_confirms_itself_is_confirmed_by_nobody_else() {
    let by_text = ("From", "+16505551234");
    let by_whatsapp = ("From", "whatsapp:+16505551234");
    for (from, body, more, confirmed) in [
        (by_text, "STOP", None, true),
        (by_text, " stop ", None, true),
        (by_text, "Unsubscribe", None, true),
        (by_text, "START", None, true),
        (by_text, "help", None, true),
        (by_text, "genug", Some(("OptOutType", "STOP")), true),
        (by_text, "Please stop messaging me", None, false),
        (by_text, "can somebody help me?", None, false),
        (by_whatsapp, "STOP", None, false),
        (by_whatsapp, "START", None, false),
        (by_whatsapp, "HELP", None, false),
        (by_whatsapp, "STOP", Some(("OptOutType", "STOP")), true),
    ] {
        let fields = [("MessageSid", "SM2"), from, ("Body", body)];
        let fields: Vec<_> = fields.into_iter().chain(more).collect();
        let told = match heard(&fields).remove(0) {
            ChannelEvent::OptedOut { message, .. } | ChannelEvent::OptedIn { message, .. } => {
                message.is_none()
            }
            ChannelEvent::Replied(reply) => reply.answered,
            ChannelEvent::Status { .. }
            | ChannelEvent::News(_)
            | ChannelEvent::Trouble(_)
            | ChannelEvent::Ignored { .. } => panic!("{} {body} is a message", from.1),
        };
        assert_eq!(told, confirmed, "{} {body}", from.1);
    }
}

#[test]
fn one_account_carries_both_channels_and_tells_them_apart() {
    for (fields, expected) in [
        ("MessageSid=SM1&From=%2B16505551234&To=%2B15017122661", Channel::Sms),
        ("MessageSid=SM1&From=whatsapp%3A%2B16505551234&To=whatsapp%3A%2B15017122661", Channel::Whatsapp),
        ("MessageSid=SM1&MessageStatus=read&To=whatsapp%3AUS.1349", Channel::Whatsapp),
        ("MessageSid=SM1&Body=whatsapp%3A", Channel::Sms),
        ("", Channel::Sms),
    ] {
        assert_eq!(channel(&signed(CALLBACK, fields)), expected, "{fields}");
    }
}

#[test]
fn r17_r18_whatever_else_a_buyer_writes_is_a_reply() {
    let at = "at 2026-11-22T10:00:00Z";
    for (fields, expected) in [
        (
            &[("Body", "what a nice day")][..],
            format!("SM2 +16505551234 replied unknown {at}: \"what a nice day\""),
        ),
        (
            &[("Body", "HELP"), ("OptOutType", "HELP")],
            format!("SM2 +16505551234 replied help {at}: \"HELP\""),
        ),
        (
            &[("Body", "Ayuda"), ("ButtonPayload", "HELP"), ("OriginalRepliedMessageSid", "MM9")],
            format!("SM2 +16505551234 replied help to MM9 {at}: \"Ayuda\""),
        ),
        (&[("Body", ""), ("NumMedia", "1")], format!("SM2 +16505551234 replied unknown {at}: \"\"")),
        (
            &[("Body", "x"), ("ButtonPayload", "theirs")],
            format!("SM2 +16505551234 replied unknown {at}: \"x\""),
        ),
    ] {
        assert_eq!(wrote(fields), expected);
    }
}

#[test]
fn a_buyer_is_known_by_number_by_id_or_by_both() {
    let url = "https://api.acme.example/channels/twilio";
    for (from, id, expected) in [
        ("whatsapp:+16505551234", "", "+16505551234"),
        ("whatsapp:+16505551234", "whatsapp:US.1349", "+16505551234=US.1349"),
        ("whatsapp:US.1349", "whatsapp:US.1349", "US.1349"),
        ("whatsapp:US.1349", "", "US.1349"),
    ] {
        let fields = [("MessageSid", "SM2"), ("Body", "STOP"), ("From", from), ("ExternalUserId", id)];
        let expected = format!("{expected} out of all at 2026-11-22T10:00:00Z");
        assert_eq!(read(url, &fields), Ok(expected), "{from} {id}");
    }
    for from in ["", "12345", "messenger:108", "whatsapp:"] {
        let fields = [("MessageSid", "SM2"), ("Body", "STOP"), ("From", from)];
        assert_eq!(read(url, &fields).as_deref(), Ok("ignored no_sender"), "{from}");
    }
}

#[test]
fn f35_a_body_about_no_message_is_parked() {
    for body in ["", "{}", "CallSid=CA1&CallStatus=ringing", "MessageSid=", "\u{fffd}\0"] {
        let read = events(&signed(CALLBACK, body), CALLBACK, received());
        assert_eq!(read, Err(ChannelParseError::NoEnvelope), "{body}");
    }
    let long = "x".repeat(300);
    assert_eq!(read(CALLBACK, &[("MessageSid", &long)]).as_deref(), Ok("ignored malformed_message"));
    let twice = [("MessageSid", "SM1"), ("MessageStatus", "sent"), ("MessageStatus", "read")];
    assert_eq!(read(CALLBACK, &twice), Ok(format!("{STATUS} sent")));
}

#[test]
fn i11_nothing_of_a_webhook_shows() {
    let body = "MessageSid=SM2&From=%2B16505551234&Body=my+card+is+blocked";
    let verified = signed(CALLBACK, body);
    let shown = format!("{verified:?} {:?}", events(&verified, CALLBACK, received()).expect("read"));
    assert!(!shown.contains("650555") && !shown.contains("card"), "{shown}");
}
