//! What Cashfree's bodies hold in store: decimal amounts, milliseconds, statuses beside types, and its order API.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use jiff::{Timestamp, ToSpan as _};
use recoup_core::{CustomerId, Fact, Obligation, PaymentFailed, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, SignatureError, Status, Unverified,
    by_name,
};

const AT: i64 = 1_772_000_000;

fn cashfree() -> &'static dyn Processor {
    by_name("cashfree").expect("cashfree is a source")
}

fn secret() -> Secret {
    Secret::parse("cfsk_ma_test_example").expect("not empty")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn normalise_with(event_id: Option<&str>, body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    let body = body.as_ref();
    let mut headers = cashfree().sign(body, &secret(), at(AT), "").expect("symmetric").headers;
    if let Some(id) = event_id {
        headers.insert("x-idempotency-key", HeaderValue::from_str(id).expect("a header value"));
    }
    let verified =
        cashfree().verify(Unverified::new(&headers, body), &[secret()], at(AT)).expect("just signed");
    cashfree().normalise(&verified)
}

fn normalise(body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    normalise_with(None, body)
}

fn code(body: impl AsRef<[u8]>) -> &'static str {
    normalise(body).expect_err("not a body to read").code()
}

/// A failed payment whose order has this amount, as JSON text, in this currency.
fn failed_of(amount: &str, currency: &str) -> String {
    format!(
        r#"{{"type":"PAYMENT_FAILED_WEBHOOK","event_time":"2026-02-25T11:43:20+05:30","data":{{
        "order":{{"order_id":"order-1","order_amount":{amount},"order_currency":"{currency}"}},
        "payment":{{"cf_payment_id":9007199254740993,"payment_status":"FAILED"}}}}}}"#
    )
}

fn failure(body: impl AsRef<[u8]>) -> PaymentFailed {
    let events = normalise(body).expect("well formed").events;
    let [event] = &events[..] else { panic!("one event") };
    let Fact::PaymentFailed(failed) = &event.fact else { panic!("a failure") };
    (**failed).clone()
}

#[test]
fn r7_an_amount_is_read_from_its_digits_and_never_through_a_float() {
    for (amount, currency, expected) in [
        ("1.8", "INR", Some(180)),
        ("170.00", "INR", Some(17_000)),
        ("1", "INR", Some(100)),
        ("1.10", "INR", Some(110)),
        // Times 100 this is 114.99999999999999 in floating point.
        ("1.15", "INR", Some(115)),
        ("4.35", "INR", Some(435)),
        ("90071992547409.93", "INR", Some(9_007_199_254_740_993)),
        ("\"22.00\"", "INR", Some(2200)),
        ("1.005", "INR", None),
        ("10.000000000000002", "INR", None),
        ("1e2", "INR", None),
        ("92233720368547758.08", "INR", None),
        ("null", "INR", None),
        ("{}", "INR", None),
        ("12.345", "KWD", Some(12_345)),
        ("12.34", "KWD", Some(12_340)),
        ("1200", "JPY", Some(1200)),
        ("1200.00", "JPY", Some(1200)),
        ("1200.5", "JPY", None),
        ("12", "rupees", None),
    ] {
        let read = failure(failed_of(amount, currency)).amount.map(|amount| amount.minor);
        assert_eq!(read, expected, "{amount} {currency}");
    }
    for nothing in ["0", "0.00", "-1.50"] {
        let normalised = normalise(failed_of(nothing, "INR")).expect("well formed");
        assert_eq!(normalised.status, Status::Ignored(Ignored::NothingOwed), "{nothing}");
    }
}

#[test]
fn o21_the_event_s_id_is_the_header_s_and_else_the_type_and_the_attempt() {
    let body = failed_of("1.8", "INR");
    for (header, expected) in [
        (Some("bMDYB8fcIREM+9OJ/Q=="), "bMDYB8fcIREM+9OJ/Q=="),
        (None, "PAYMENT_FAILED_WEBHOOK-9007199254740993"),
        (Some(""), "PAYMENT_FAILED_WEBHOOK-9007199254740993"),
    ] {
        let normalised = normalise_with(header, &body).expect("well formed");
        assert_eq!(normalised.events[0].id.as_str(), expected, "{header:?}");
    }
}

#[test]
fn o19_the_signed_time_is_in_milliseconds_and_its_window_has_two_sides() {
    let body = failed_of("1.8", "INR");
    let headers = cashfree().sign(body.as_bytes(), &secret(), at(AT), "").expect("symmetric").headers;
    assert_eq!(headers["x-webhook-timestamp"], "1772000000000");
    let tolerance = cashfree().habits().tolerance.and_then(|t| i64::try_from(t).ok()).expect("timed");
    for (now, good) in [
        (at(AT), true),
        (at(AT + tolerance), true),
        (at(AT - tolerance), true),
        (at(AT + tolerance + 1), false),
        (at(AT - tolerance - 1), false),
        (Timestamp::UNIX_EPOCH, false),
        (at(AT) + (24 * 365).hours(), false),
    ] {
        let verified =
            cashfree().verify(Unverified::new(&headers, body.as_bytes()), &[secret()], now).map(|_| ());
        assert_eq!(verified, if good { Ok(()) } else { Err(SignatureError::Stale) }, "{now}");
    }
    for time in ["", "1772000000000.0", "-1772000000000", "99999999999999999999", "2026-02-25T06:13:20Z"] {
        let mut headers = headers.clone();
        headers.insert("x-webhook-timestamp", HeaderValue::from_str(time).expect("a header value"));
        let refused = cashfree().verify(Unverified::new(&headers, body.as_bytes()), &[secret()], at(AT));
        let expected = if time.is_empty() { SignatureError::Missing } else { SignatureError::Malformed };
        assert_eq!(refused.map(|_| ()), Err(expected), "{time}");
    }
}

#[test]
fn o20_the_status_decides_and_one_that_is_gone_is_not_taken_for_another() {
    let body = |kind: &str, status: &str| {
        format!(
            r#"{{"type":"{kind}","data":{{"order":{{"order_id":"order-1"}},"payment":{{"cf_payment_id":"1"{status}}}}}}}"#
        )
    };
    let said = |kind: &str, status: &str| normalise(body(kind, status)).expect("well formed");
    let paid = said("PAYMENT_SUCCESS_WEBHOOK", r#","payment_status":"SUCCESS""#);
    assert_eq!((paid.events[0].obligation.as_str(), &paid.events[0].fact), ("order-1", &Fact::Paid));
    for status in ["PENDING", "NOT_ATTEMPTED", "FAILED", "success"] {
        let member = format!(r#","payment_status":"{status}""#);
        let waiting = said("PAYMENT_SUCCESS_WEBHOOK", &member);
        assert_eq!(waiting.status, Status::Ignored(Ignored::InProgress), "{status}");
    }
    assert_eq!(code(body("PAYMENT_SUCCESS_WEBHOOK", "")), "body_member_missing");
    let pending = said("PAYMENT_FAILED_WEBHOOK", r#","payment_status":"PENDING""#);
    assert_eq!(pending.status, Status::Ignored(Ignored::InProgress));
    for part in [
        r#"{"type":"PAYMENT_LINK_EVENT","data":{"cf_link_id":1}}"#,
        r#"{"type":"REFUND_STATUS_WEBHOOK","data":{"refund":{"order_id":"order-1"}}}"#,
        r#"{"type":"SUBSCRIPTION_STATUS_CHANGED","data":{"subscription_details":{"subscription_id":"s"}}}"#,
    ] {
        assert_eq!(code(part), "body_member_missing", "{part}");
    }
    let dispute = |status: &str| {
        normalise(format!(
            r#"{{"type":"DISPUTE_CLOSED","data":{{"dispute":{{"dispute_id":"1","dispute_status":"{status}"}},
            "order_details":{{"order_id":"order-1"}}}}}}"#
        ))
    };
    for (status, won) in [
        ("CHARGEBACK_MERCHANT_WON", true),
        ("CHARGEBACK_MERCHANT_LOST", false),
        ("RETRIEVAL_MERCHANT_ACCEPTED", false),
    ] {
        let closed = dispute(status).expect("well formed");
        assert_eq!(closed.events[0].fact, Fact::DisputeClosed { won }, "{status}");
    }
    assert!(dispute("CHARGEBACK_A_STATUS_OF_NEXT_YEAR").is_err());
}

#[test]
fn o20_a_link_is_paid_when_all_of_it_came() {
    for (status, amount, paid, expected) in [
        ("PAID", "100.12", "100.12", Fact::Paid),
        ("PAID", "100.12", "100.120", Fact::Paid),
        ("PAID", "200.12", "55.00", Fact::Recovered),
        ("PAID", "?", "55.00", Fact::Paid),
        ("PARTIALLY_PAID", "200.12", "55.00", Fact::Recovered),
        ("EXPIRED", "200.12", "0", Fact::Voided),
        ("CANCELLED", "200.12", "55.00", Fact::Voided),
    ] {
        let body = format!(
            r#"{{"type":"PAYMENT_LINK_EVENT","data":{{"cf_link_id":1576977,"link_status":"{status}",
            "link_currency":"INR","link_amount":"{amount}","link_amount_paid":"{paid}"}}}}"#
        );
        let events = normalise(body).expect("well formed").events;
        let said: Vec<_> = events.iter().map(|event| (event.obligation.as_str(), &event.fact)).collect();
        assert_eq!(said, [("link.1576977", &expected)], "{status} {paid}");
    }
}

#[test]
fn o20_a_national_number_is_passed_over_and_not_guessed() {
    for (tag, phone, expected) in [
        ("null", r#""9876543210""#, None),
        ("null", r#""919876543210""#, None),
        ("null", r#""+14155550123""#, Some("+14155550123")),
        (r#""+442079460958""#, r#""9876543210""#, Some("+442079460958")),
        (r#""9876543210""#, r#""+14155550123""#, Some("+14155550123")),
    ] {
        let body = format!(
            r#"{{"type":"PAYMENT_USER_DROPPED_WEBHOOK","data":{{"order":{{"order_id":"order-1",
            "order_tags":{{"whatsapp_phone":{tag}}}}},"payment":{{"payment_status":"USER_DROPPED"}},
            "customer_details":{{"customer_phone":{phone}}}}}}}"#
        );
        assert_eq!(failure(body).buyer.phone.as_ref().map(Phone::expose), expected, "{tag} {phone}");
    }
}

#[test]
fn r4_what_is_not_an_event_is_named() {
    for (body, expected) in [
        ("", "body_not_json"),
        ("[]", "body_not_event"),
        (r#"{"type":7}"#, "body_member_missing"),
        (r#"{"type":"payment failed"}"#, "body_member_malformed"),
        (r#"{"type":"PAYMENT_FAILED_WEBHOOK","type":"PAYMENT_SUCCESS_WEBHOOK"}"#, "body_not_event"),
        (r#"{"type":"PAYMENT_FAILED_WEBHOOK","data":[]}"#, "body_member_missing"),
        (r#"{"type":"PAYMENT_FAILED_WEBHOOK","data":{"order":{"order_id":"a b"}}}"#, "body_member_malformed"),
        (
            r#"{"type":"PAYMENT_SUCCESS_WEBHOOK","data":{"order":{"order_id":"a","order_id":"b"}}}"#,
            "body_member_missing",
        ),
        (r#"{"type":"SUBSCRIPTION_PAYMENT_FAILED","data":{}}"#, "body_member_missing"),
    ] {
        assert_eq!(code(body), expected, "{body}");
    }
    let body = failed_of("1.8", "INR");
    for end in 0..body.len() {
        assert!(normalise(&body[..end]).is_err(), "truncated at {end}");
    }
}

#[test]
fn an_order_is_asked_for_with_both_halves_of_the_key() {
    let key = Secret::parse("TEST_seeded:cfsk_seeded:secret").expect("not empty");
    let order = Lookup::Obligation(Obligation::parse("order-1").expect("well formed"));
    for base in ["https://api.cashfree.com", "https://api.cashfree.com/"] {
        let request = cashfree().request(base, &order, &key).expect("cashfree answers this");
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "https://api.cashfree.com/pg/orders/order-1");
        assert_eq!(request.headers()["x-client-id"], "TEST_seeded");
        assert_eq!(request.headers()["x-client-secret"], "cfsk_seeded:secret");
        assert!(!format!("{request:?}").contains("cfsk"));
    }
    for id in ["link.1576977", "sub.gold", "charge.1"] {
        let lookup = Lookup::Obligation(Obligation::parse(id).expect("well formed"));
        assert!(cashfree().request("https://api.cashfree.com", &lookup, &key).is_none(), "{id}");
    }
    let customer = Lookup::Customer(CustomerId::parse("c").expect("well formed"));
    assert!(cashfree().request("https://api.cashfree.com", &customer, &key).is_none());
    let half = Secret::parse("only-the-secret").expect("not empty");
    assert!(cashfree().request("https://api.cashfree.com", &order, &half).is_none());
}

#[test]
fn r5_an_order_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Denied, NotFound, Settled, StillOwed, Unreachable};
    let order = Lookup::Obligation(Obligation::parse("order-1").expect("well formed"));
    for (status, body, expected) in [
        (200, r#"{"order_id":"order-1","order_status":"ACTIVE"}"#, StillOwed),
        (200, r#"{"order_id":"order-1","order_status":"PAID"}"#, Settled(Fact::Paid)),
        (200, r#"{"order_id":"order-1","order_status":"EXPIRED"}"#, Settled(Fact::Voided)),
        (200, r#"{"order_id":"order-1","order_status":"TERMINATED"}"#, Settled(Fact::Voided)),
        (200, r#"{"order_id":"order-1","order_status":"TERMINATION_REQUESTED"}"#, Unreachable),
        (200, r#"{"order_id":"order-2","order_status":"PAID"}"#, Unreachable),
        (200, r#"{"order_id":"order-1"}"#, Unreachable),
        (200, "<html>", Unreachable),
        (404, "{}", NotFound),
        (401, "{}", Denied),
        (403, "{}", Denied),
        (429, "{}", Unreachable),
        (500, "{}", Unreachable),
    ] {
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
        assert_eq!(cashfree().read_answer(&order, &answer), expected, "{status} {body}");
    }
}
