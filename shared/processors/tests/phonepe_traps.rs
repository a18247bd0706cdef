//! What `PhonePe`'s bodies hold in store: an event called completed that failed, a deprecated type that says otherwise,
//! and a password for a proof.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Fact, Obligation, PaymentFailed, Phone, Secret};
use recoup_processors::{
    Family, Ignored, Lookup, NormaliseError, Normalised, Processor, SignatureError, Status, Unverified,
    by_name,
};

/// SHA-256 of `example_user:Examp1ePass`, made with another implementation (Python's).
const SENT: &str = "98560932e2de8ea07e4b467195d1a00719e4c120352e07f49d46ea02f4fc92c9";

fn phonepe() -> &'static dyn Processor {
    by_name("phonepe").expect("phonepe is a source")
}

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::parse(text).expect("not empty")).collect()
}

fn verify(sent: &str, texts: &[&str]) -> Result<(), SignatureError> {
    let value = HeaderValue::from_str(sent).expect("a header value");
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
    let request = Unverified::new(&headers, b"{}");
    phonepe().verify(request, &secrets(texts), Timestamp::UNIX_EPOCH).map(|_| ())
}

fn normalise(body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    let value = HeaderValue::from_static(SENT);
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
    let secrets = secrets(&["example_user:Examp1ePass"]);
    let request = Unverified::new(&headers, body.as_ref());
    phonepe().normalise(&phonepe().verify(request, &secrets, Timestamp::UNIX_EPOCH).expect("the digest"))
}

fn code(body: impl AsRef<[u8]>) -> &'static str {
    normalise(body).expect_err("not a body to read").code()
}

/// An order of 1499 rupees in a state, with more members as JSON text.
fn order(event: &str, state: &str, more: &str) -> String {
    format!(
        r#"{{"event":"{event}","type":"CHECKOUT_ORDER_COMPLETED","payload":{{"merchantOrderId":"MO-1",
        "orderId":"OMO1","state":"{state}","amount":149900{more}}}}}"#
    )
}

fn failure(body: impl AsRef<[u8]>) -> PaymentFailed {
    let events = normalise(body).expect("well formed").events;
    let [event] = &events[..] else { panic!("one event") };
    let Fact::PaymentFailed(failed) = &event.fact else { panic!("a failure") };
    (**failed).clone()
}

#[test]
fn o19_the_digest_of_any_configured_pair_is_believed_and_nothing_else() {
    use SignatureError::{Malformed, Mismatch, Missing, NoSecret};
    let pair = "example_user:Examp1ePass";
    assert_eq!(verify(SENT, &[pair]), Ok(()));
    assert_eq!(verify(SENT, &["other_user:0therPass", pair]), Ok(()));
    assert_eq!(verify(SENT, &["example_user:Examp1ePas"]), Err(Mismatch));
    for (sent, expected) in [
        ("", Missing),
        (pair, Malformed),
        (&SENT.to_uppercase()[..], Malformed),
        (&SENT[2..], Malformed),
        (&format!("Bearer {SENT}")[..], Malformed),
        (&format!("{}00", &SENT[..62])[..], Mismatch),
    ] {
        assert_eq!(verify(sent, &[pair]), Err(expected), "{sent}");
    }
    for unfit in ["no-colon", ":password", "user:"] {
        assert_eq!(verify(SENT, &[unfit]), Err(NoSecret), "{unfit}");
    }
}

#[test]
fn o19_it_is_known_that_the_proof_covers_nothing_of_the_body() {
    assert!(!phonepe().habits().signs_body);
    assert_eq!(phonepe().family(), Family::Payment);
    let lookup = Lookup::Obligation(Obligation::parse("MO-1").expect("well formed"));
    let key = Secret::parse("any").expect("not empty");
    assert!(phonepe().request("https://api.phonepe.com", &lookup, &key).is_none());
}

#[test]
fn o20_the_state_alone_tells_what_became_of_an_order() {
    for event in
        ["checkout.order.completed", "checkout.order.failed", "pg.order.completed", "checkout.order.of_2027"]
    {
        for (state, expected) in [
            ("COMPLETED", Some("paid")),
            ("FAILED", Some("payment_failed")),
            ("EXPIRED", Some("checkout_abandoned")),
            ("CANCELLED", Some("voided")),
            ("PENDING", None),
            ("A_STATE_OF_NEXT_YEAR", None),
            ("completed", None),
        ] {
            let normalised = normalise(order(event, state, "")).expect("well formed");
            let said = normalised.events.first().map(|event| event.fact.kind());
            assert_eq!(said, expected, "{event} {state}");
        }
    }
    assert_eq!(
        code(r#"{"event":"checkout.order.completed","payload":{"merchantOrderId":"MO-1"}}"#),
        "body_member_missing"
    );
    let typed =
        r#"{"type":"CHECKOUT_ORDER_COMPLETED","payload":{"merchantOrderId":"MO-1","state":"COMPLETED"}}"#;
    assert_eq!(code(typed), "body_member_missing");
}

#[test]
fn o20_what_the_merchant_told_is_read_from_its_numbered_fields() {
    let told = r#","metaInfo":{"udf1":"whatsapp_phone=+14155550123","udf2":" pay_url = https://pay.example.com/o/1?a=b ",
        "udf3":"no pair","udf4":7,"udf5":"locale=hi_IN","udf15":"whatsapp_phone=+442079460958"}"#;
    let failed = failure(order("checkout.order.failed", "FAILED", told));
    assert_eq!(failed.buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
    assert_eq!(failed.buyer.locale.as_deref(), Some("hi-IN"));
    assert!(failed.pay_link.is_some());
    for other in
        ["null", "[]", "7", r#"{"udf1":"whatsapp_phone=9876543210","udf2":"pay_url=http://pay.example.com"}"#]
    {
        let failed = failure(order("checkout.order.failed", "FAILED", &format!(r#","metaInfo":{other}"#)));
        assert_eq!((failed.buyer.phone, failed.pay_link), (None, None), "{other}");
    }
}

#[test]
fn r7_an_amount_is_whole_paise_or_left_out() {
    for (amount, expected) in [
        ("149900", Some(149_900)),
        ("9223372036854775807", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("1499.5", None),
        ("1e3", None),
        ("null", None),
    ] {
        let body = format!(
            r#"{{"event":"checkout.order.failed","payload":{{"merchantOrderId":"MO-1","state":"FAILED","amount":{amount}}}}}"#
        );
        let read = failure(body).amount;
        assert_eq!(read.map(|amount| amount.minor), expected, "{amount}");
    }
}

#[test]
fn r4_what_is_not_an_event_is_named() {
    for (body, expected) in [
        ("", "body_not_json"),
        ("{}", "body_member_missing"),
        (r#"{"event":"Checkout Order"}"#, "body_member_malformed"),
        (r#"{"event":"checkout.order.failed"}"#, "body_member_missing"),
        (r#"{"event":"checkout.order.failed","payload":{"state":"FAILED"}}"#, "body_member_missing"),
        (
            r#"{"event":"checkout.order.failed","payload":{"state":"FAILED","merchantOrderId":"MO 1"}}"#,
            "body_member_malformed",
        ),
        (
            r#"{"event":"checkout.order.failed","payload":{"state":"FAILED","state":"COMPLETED","merchantOrderId":"M"}}"#,
            "body_member_missing",
        ),
        (r#"{"event":"pg.order.completed","event":"pg.order.failed","payload":{}}"#, "body_not_event"),
        (r#"{"event":"subscription.cancelled","payload":{"state":"CANCELLED"}}"#, "body_member_missing"),
    ] {
        assert_eq!(code(body), expected, "{body}");
    }
    let unknown =
        normalise(r#"{"event":"payout.completed","payload":{"state":"COMPLETED"}}"#).expect("ignored");
    assert_eq!(unknown.status, Status::Ignored(Ignored::UnknownType));
    let body = order("checkout.order.failed", "FAILED", "");
    for end in 0..body.len() {
        assert!(normalise(&body[..end]).is_err(), "truncated at {end}");
    }
}
