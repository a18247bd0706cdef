//! What Razorpay's bodies hold in store: two forms of one member, ids in headers, failures that are told late, damage.

use std::fs;
use std::path::Path;

use http::HeaderValue;
use jiff::Timestamp;
use recoup_core::{Event, Fact, Secret};
use recoup_processors::{Ignored, NormaliseError, Normalised, Status, Unverified, by_name};
use serde_json::{Value, json};

fn normalise_with(event_id: Option<&str>, body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    let body = body.as_ref();
    let razorpay = by_name("razorpay").expect("razorpay is a source");
    let (secret, now) = (Secret::parse("typed in the dashboard").expect("not empty"), Timestamp::UNIX_EPOCH);
    let mut headers = razorpay.sign(body, &secret, now, "").expect("the signature is symmetric").headers;
    if let Some(id) = event_id {
        headers.insert("x-razorpay-event-id", HeaderValue::from_str(id).expect("a header value"));
    }
    let verified = razorpay.verify(Unverified::new(&headers, body), &[secret], now).expect("just signed");
    razorpay.normalise(&verified)
}

fn normalise(body: impl AsRef<[u8]>) -> Result<Normalised, NormaliseError> {
    normalise_with(Some("EvtExample0001"), body)
}

fn code(body: impl AsRef<[u8]>) -> &'static str {
    normalise(body).expect_err("not a body to read").code()
}

/// A failed payment with `member` set to `value`.
fn failed_with(member: &str, value: Value) -> String {
    let mut payment = json!({
        "id": "pay_1", "amount": 149_900, "currency": "INR", "status": "failed", "order_id": "order_1",
        "notes": [], "contact": "+14155550123", "email": "void@razorpay.com", "created_at": 1_772_000_000,
    });
    payment[member] = value;
    body_of("payment.failed", 1_772_000_005, &json!({"payment": {"entity": payment}}))
}

fn body_of(kind: &str, at: i64, payload: &Value) -> String {
    json!({"entity": "event", "event": kind, "payload": payload, "created_at": at}).to_string()
}

fn only(body: impl AsRef<[u8]>) -> Event {
    let normalised = normalise(body).expect("well formed");
    assert_eq!(normalised.events.len(), 1);
    normalised.events.into_iter().next().expect("counted")
}

fn failure(body: impl AsRef<[u8]>) -> recoup_core::PaymentFailed {
    let Fact::PaymentFailed(failed) = only(body).fact else { panic!("a failure") };
    *failed
}

#[test]
fn o21_the_event_s_id_is_the_header_s_and_else_what_a_redelivery_repeats() {
    let body = failed_with("id", json!("pay_1"));
    for (header, expected) in [
        (Some("Nr1Example"), "Nr1Example"),
        (Some(" Nr1Example "), "Nr1Example"),
        (None, "payment.failed-pay_1-1772000005"),
        (Some(""), "payment.failed-pay_1-1772000005"),
        (Some("with space"), "payment.failed-pay_1-1772000005"),
    ] {
        let normalised = normalise_with(header, &body).expect("well formed");
        assert_eq!(normalised.events[0].id.as_str(), expected, "{header:?}");
    }
    let long = "i".repeat(129);
    let normalised = normalise_with(Some(&long), &body).expect("well formed");
    assert_eq!(normalised.events[0].id.as_str(), "payment.failed-pay_1-1772000005");
}

#[test]
fn o20_notes_are_an_object_or_an_empty_list() {
    let noted = failure(failed_with("notes", json!({"whatsapp_phone": "+442079460958", "locale": "hi_IN"})));
    assert_eq!(noted.buyer.phone.as_ref().map(recoup_core::Phone::expose), Some("+442079460958"));
    assert_eq!(noted.buyer.locale.as_deref(), Some("hi-IN"));
    for other in
        [json!([]), json!(null), json!(7), json!("text"), json!([{"whatsapp_phone": "+442079460958"}])]
    {
        let failed = failure(failed_with("notes", other.clone()));
        assert_eq!(
            failed.buyer.phone.as_ref().map(recoup_core::Phone::expose),
            Some("+14155550123"),
            "{other}"
        );
    }
}

#[test]
fn o20_the_address_of_nobody_is_no_address() {
    assert_eq!(failure(failed_with("email", json!("void@razorpay.com"))).buyer.email, None);
    assert!(failure(failed_with("email", json!("buyer@example.com"))).buyer.email.is_some());
}

#[test]
fn o20_a_failure_told_late_is_older_than_the_payment_that_came_meanwhile() {
    // The first attempt hung and was given up half an hour later; the second went through in between.
    let hung = failed_with("created_at", json!(1_772_000_000));
    let hung: Value = serde_json::from_str(&hung).expect("just written");
    let told = body_of("payment.failed", 1_772_001_800, &hung["payload"]);
    let second =
        json!({"id": "pay_2", "order_id": "order_1", "status": "captured", "created_at": 1_772_000_060});
    let paid = body_of("payment.captured", 1_772_000_070, &json!({"payment": {"entity": second}}));
    let (told, paid) = (only(told), only(paid));
    assert_eq!(paid.fact, Fact::Paid);
    assert_eq!(told.obligation, paid.obligation);
    assert!(told.occurred_at < paid.occurred_at, "{:?} {:?}", told.occurred_at, paid.occurred_at);
}

#[test]
fn o20_a_late_authorisation_waits_for_its_capture() {
    let payment =
        json!({"payment": {"entity": {"id": "pay_1", "order_id": "order_1", "status": "authorized"}}});
    let authorised = normalise(body_of("payment.authorized", 1_772_000_090, &payment)).expect("well formed");
    assert_eq!((authorised.status, authorised.events), (Status::Ignored(Ignored::InProgress), vec![]));
    let captured = only(body_of("payment.captured", 1_772_000_091, &payment));
    assert_eq!((captured.obligation.as_str(), captured.fact), ("order_1", Fact::Paid));
}

#[test]
fn o20_money_for_an_invoice_or_a_link_may_be_a_part_and_pays_nothing_for_ever() {
    for part in [json!({"invoice_id": "inv_1"}), json!({"description": "#ExampleLink001"})] {
        let mut payment = json!({"id": "pay_1", "order_id": "order_1", "status": "captured"});
        payment.as_object_mut().expect("an object").extend(part.as_object().expect("an object").clone());
        let body = body_of("payment.captured", 1_772_000_000, &json!({"payment": {"entity": payment}}));
        let events = normalise(body).expect("well formed").events;
        assert!(!events.is_empty() && events.iter().all(|event| event.fact == Fact::Recovered), "{part}");
    }
    // A description that only looks a little like a link's is the merchant's own text.
    for text in ["#ExampleLink01", "ExampleLink001", "#Example.ink001", "Order #ExampleLink001"] {
        let failed = failure(failed_with("description", json!(text)));
        assert!(failed.links.iter().all(|link| !link.as_str().starts_with("plink_")), "{text}");
    }
}

#[test]
fn r7_an_amount_is_exact_or_left_out() {
    for (value, expected) in [
        (json!(149_900), Some(149_900)),
        (json!("149900"), Some(149_900)),
        (json!(i64::MAX), Some(i64::MAX)),
        (json!(1499.5), None),
        (json!("1499.00"), None),
        (json!(u64::MAX), None),
        (json!(null), None),
        (json!([149_900]), None),
    ] {
        let amount = failure(failed_with("amount", value.clone())).amount;
        assert_eq!(amount.map(|amount| amount.minor), expected, "{value}");
    }
    for currency in [json!("rupees"), json!(null), json!(356)] {
        assert_eq!(failure(failed_with("currency", currency.clone())).amount, None, "{currency}");
    }
    for nothing in [json!(0), json!(-1), json!("0")] {
        let normalised = normalise(failed_with("amount", nothing.clone())).expect("well formed");
        assert_eq!(normalised.status, Status::Ignored(Ignored::NothingOwed), "{nothing}");
    }
}

#[test]
fn r4_what_is_not_an_event_is_named() {
    for (body, expected) in [
        ("", "body_not_json"),
        ("null", "body_not_event"),
        ("[]", "body_not_event"),
        ("{}", "body_member_missing"),
        (r#"{"event":"payment.failed"}"#, "body_member_missing"),
        (r#"{"event":"payment.failed","payload":[]}"#, "body_member_missing"),
        (r#"{"event":"payment.failed","payload":{"payment":{"entity":null}}}"#, "body_member_missing"),
        (r#"{"event":"payment.failed","payload":{"payment":{"entity":{}}}}"#, "body_member_missing"),
        (r#"{"event":"payment failed\n"}"#, "body_member_malformed"),
        (r#"{"event":""}"#, "body_member_malformed"),
        (r#"{"event":"payment.failed","event":"order.paid"}"#, "body_not_event"),
        (
            r#"{"event":"order.paid","payload":{"order":{"entity":{"id":"order_1","id":"order_2"}}}}"#,
            "body_member_missing",
        ),
        (r#"{"event":"subscription.charged","payload":{}}"#, "body_member_missing"),
        (r#"{"event":"payment_link.paid","payload":{"payment_link":{"entity":{}}}}"#, "body_member_missing"),
        (r#"{"event":"refund.processed","payload":{"refund":{"entity":{}}}}"#, "body_member_missing"),
    ] {
        assert_eq!(code(body), expected, "{body}");
    }
    assert_eq!(code(b"{\"event\":\"\xff\"}"), "body_not_utf8");
    for id in ["order 1", "", "..", "注文"] {
        let name = if id.is_empty() { "body_member_missing" } else { "body_member_malformed" };
        assert_eq!(code(failed_with("order_id", json!(id))), name, "{id}");
    }
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    for member in [
        "notes",
        "contact",
        "email",
        "card",
        "customer_id",
        "invoice_id",
        "error_reason",
        "description",
        "created_at",
    ] {
        for value in [json!(null), json!(-1.5e300), json!(true), json!(""), json!([[{}]]), json!({"id": []})]
        {
            let event = only(failed_with(member, value.clone()));
            assert_eq!(event.obligation.as_str(), "order_1", "{member} {value}");
        }
    }
}

#[test]
fn r4_truncated_and_damaged_bodies_give_an_answer() {
    let path = "fixtures/razorpay/subscription.charged.json";
    let body = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the fixture is there");
    let body = body.trim_ascii_end();
    assert!(normalise(body).is_ok());
    for end in (0..body.len()).step_by(11) {
        assert!(normalise(&body[..end]).is_err(), "truncated at {end}");
    }
    let mut answers = [0, 0];
    for place in (0..body.len()).step_by(23) {
        for byte in [0, b'"', b'\\', b'{', b'9', 0xff] {
            let mut damaged = body.to_vec();
            damaged[place] = byte;
            answers[usize::from(normalise(&damaged).is_ok())] += 1;
        }
    }
    assert!(answers[0] > 0 && answers[1] > 0, "{answers:?}");
}
