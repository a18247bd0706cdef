//! What the harness does not show of the merchant's own events.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Event, Fact, Obligation, Secret, Source};
use recoup_processors::{NormaliseError, Normalised, Processor, Unverified, Verified, by_name};
use serde_json::{Value, json};

fn source() -> &'static dyn Processor {
    by_name("standard_webhooks").expect("in this build")
}

fn read(header: &'static str, id: &str, body: &str) -> Result<Normalised, NormaliseError> {
    let id = (HeaderName::from_static(header), HeaderValue::try_from(id).expect("a value"));
    source().normalise(&Verified::recorded(&HeaderMap::from_iter([id]), body.as_bytes()))
}

fn event(kind: &str, data: &Value) -> String {
    json!({ "type": kind, "timestamp": "2026-03-02T14:00:00Z", "data": data }).to_string()
}

fn events(kind: &str, data: &Value) -> Vec<Event> {
    read("webhook-id", "msg_1", &event(kind, data)).expect("read").events
}

#[test]
fn o21_the_id_of_the_event_is_the_signed_id_of_the_delivery() {
    let body = event("payment.paid", &json!({ "obligation_id": "inv_1" }));
    for header in ["webhook-id", "svix-id"] {
        let normalised = read(header, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", &body).expect("read");
        assert_eq!(normalised.events[0].id.as_str(), "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "{header}");
    }
    let missing = NormaliseError::Missing { member: "webhook-id" };
    assert_eq!(source().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes())), Err(missing));
    for odd in ["a b", "msg 1", &"x".repeat(129)] {
        let malformed = NormaliseError::Malformed { member: "webhook-id" };
        assert_eq!(read("webhook-id", odd, &body), Err(malformed), "{odd}");
    }
}

#[test]
fn o21_what_is_signed_twice_is_one_event_and_an_unsigned_id_is_not_read() {
    let secret = Secret::parse("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY").expect("not empty");
    let body = event("payment.paid", &json!({ "obligation_id": "inv_1" }));
    let id = |second: i64, extra: &[(&'static str, &'static str)]| {
        let at = Timestamp::from_second(second).expect("in range");
        let mut signed = source().sign(body.as_bytes(), &secret, at, "").expect("signs");
        for (name, value) in extra {
            signed.headers.insert(*name, HeaderValue::from_static(value));
        }
        let request = Unverified::new(&signed.headers, &signed.body);
        let verified = source().verify(request, std::slice::from_ref(&secret), at).expect("signed");
        source().normalise(&verified).expect("read").events[0].id.clone()
    };
    assert_eq!(id(1_772_000_000, &[]), id(1_772_000_600, &[]), "a retry is signed at its own time");
    assert_eq!(id(1_772_000_000, &[("svix-id", "msg_forged")]), id(1_772_000_000, &[]));
}

#[test]
fn o20_the_counters_of_carts_checks_and_subscriptions_do_not_meet() {
    let opened = [
        events("payment.failed", &json!({ "obligation_id": "42" })),
        events("cart.abandoned", &json!({ "cart_id": "42" })),
        events("checkout.abandoned", &json!({ "checkout_id": "42" })),
        events("kyc.rejected", &json!({ "case_id": "42", "may_retry": true })),
        events("buyer.lapsed", &json!({ "lapse_id": "42", "customer": { "id": "42" } })),
        events("subscription.past_due", &json!({ "subscription_id": "42" })),
    ];
    let mut names: Vec<&Obligation> = opened.iter().map(|events| &events[0].obligation).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), opened.len());
    let paid = events("payment.paid", &json!({ "obligation_id": "42" }));
    assert_eq!(paid[0].obligation, opened[0][0].obligation, "but a payment meets its failure");
    let order = events("order.paid", &json!({ "order_id": "42" }));
    assert_eq!(order[0].obligation, opened[0][0].obligation, "and so does the order that was paid");
}

#[test]
fn o20_a_subscription_that_pays_settles_what_failed_and_not_what_will() {
    let failed = events("payment.failed", &json!({ "obligation_id": "inv_1", "subscription_id": "sub_1" }));
    let recovered =
        events("payment.recovered", &json!({ "subscription_id": "sub_1", "obligation_id": "inv_1" }));
    let [told] = recovered.as_slice() else { panic!("{} events", recovered.len()) };
    assert_eq!(told.fact, Fact::Recovered);
    let Fact::PaymentFailed(failure) = &failed[0].fact else { panic!("no failure") };
    assert_eq!(failure.links, std::slice::from_ref(&told.obligation));
}

#[test]
fn r17_what_became_of_a_hand_off_is_told_of_the_case_that_was_handed_over() {
    for (case, source, own) in [
        ("main/stripe/in_1", "stripe", "in_1"),
        ("main/standard_webhooks/cart.c_551", "standard_webhooks", "cart.c_551"),
        ("Another Brand/shopify/5778000000001", "shopify", "5778000000001"),
    ] {
        let told = [
            events("handoff.answered", &json!({ "case": case })),
            events("handoff.resolved", &json!({ "case": case })),
        ];
        let source = Source::parse(source).expect("well formed");
        let facts = [Fact::HandOffAnswered { source: source.clone() }, Fact::HandOffResolved { source }];
        for (told, fact) in told.iter().zip(facts) {
            let [told] = told.as_slice() else { panic!("{} events", told.len()) };
            assert_eq!((told.obligation.as_str(), &told.fact), (own, &fact), "{case}");
        }
    }
}

#[test]
fn r14_an_opened_notification_is_known_by_the_string_it_carried() {
    let sent = "rcp1/main/standard_webhooks/ord_31/0/push/k3Tf";
    let told = events("message.opened", &json!({ "message": sent }));
    let [told] = told.as_slice() else { panic!("{} events", told.len()) };
    let Fact::MessageOpened(message) = &told.fact else { panic!("{:?}", told.fact) };
    assert_eq!(message.to_string(), sent);
    assert_eq!(told.obligation, message.case.obligation);
}

#[test]
fn r7_amounts_are_integers_of_minor_units_or_nothing() {
    for (amount, expected) in [
        (json!({ "amount_minor": 4900, "currency": "USD" }), Some("49.00 USD")),
        (json!({ "amount_minor": 4900, "currency": "usd" }), Some("49.00 USD")),
        (json!({ "amount_minor": 4980, "currency": "JPY" }), Some("4980 JPY")),
        (json!({ "amount_minor": 1500, "currency": "KWD" }), Some("1.500 KWD")),
        (json!({ "amount_minor": i64::MAX, "currency": "USD" }), Some("92233720368547758.07 USD")),
        (json!({ "amount_minor": u64::MAX, "currency": "USD" }), None),
        (json!({ "amount_minor": 49.5, "currency": "USD" }), None),
        (json!({ "amount_minor": "4900", "currency": "USD" }), None),
        (json!({ "amount_minor": 4900, "currency": "ZZZ" }), None),
        (json!({ "amount_minor": null, "currency": "USD" }), None),
        (json!(4900), None),
        (json!(null), None),
    ] {
        let events = events("payment.failed", &json!({ "obligation_id": "inv_1", "amount": amount }));
        let Fact::PaymentFailed(failed) = &events[0].fact else { panic!("no failure") };
        assert_eq!(failed.amount.map(|amount| amount.to_string()).as_deref(), expected, "{amount}");
    }
}

#[test]
fn r4_a_body_of_another_form_is_an_error_that_leaks_nothing() {
    let body = |text: &str| read("webhook-id", "msg_1", &text.replace("NOW", "2026-03-02T14:00:00Z"));
    let twice =
        r#"{"type":"payment.failed","type":"payment.paid","timestamp":"NOW","data":{"obligation_id":"a"}}"#;
    assert!(matches!(body(twice), Err(NormaliseError::NotAnEvent { .. })), "the type told twice");
    let twice =
        r#"{"type":"payment.paid","timestamp":"NOW","data":{"obligation_id":"a","obligation_id":"b"}}"#;
    assert_eq!(body(twice), Err(NormaliseError::Malformed { member: "data" }), "the id told twice");
    for (text, code) in [
        ("", "body_not_json"),
        ("{", "body_not_json"),
        ("\"payment.paid\"", "body_not_event"),
        (r#"{"type":7,"timestamp":"NOW","data":{}}"#, "body_member_missing"),
        (r#"{"type":"a b","timestamp":"NOW","data":{}}"#, "body_member_malformed"),
        (r#"{"type":"payment.paid","data":{"obligation_id":"a"}}"#, "body_member_missing"),
        (r#"{"type":"payment.paid","timestamp":"NOW"}"#, "body_member_missing"),
        (
            r#"{"type":"payment.paid","timestamp":"2026-03-02T14:00:00","data":{"obligation_id":"a"}}"#,
            "body_member_malformed",
        ),
        (
            r#"{"type":"payment.paid","timestamp":1772460000,"data":{"obligation_id":"a"}}"#,
            "body_member_malformed",
        ),
        (r#"{"type":"payment.paid","timestamp":"NOW","data":[]}"#, "body_member_malformed"),
        (r#"{"type":"payment.paid","timestamp":"NOW","data":null}"#, "body_member_malformed"),
        (
            r#"{"type":"consent.changed","timestamp":"NOW","data":{"scope":"sms","granted":true,"customer":{}}}"#,
            "body_member_malformed",
        ),
        (
            r#"{"type":"card.updated","timestamp":"NOW","data":{"customer":{"phone":"+14155550123"}}}"#,
            "body_member_missing",
        ),
        (r#"{"type":"handoff.answered","timestamp":"NOW","data":{}}"#, "body_member_missing"),
        (
            r#"{"type":"handoff.resolved","timestamp":"NOW","data":{"case":"4155550123"}}"#,
            "body_member_malformed",
        ),
        (r#"{"type":"message.opened","timestamp":"NOW","data":{}}"#, "body_member_missing"),
        (
            r#"{"type":"message.opened","timestamp":"NOW","data":{"message":"4155550123"}}"#,
            "body_member_malformed",
        ),
    ] {
        let error = body(text).expect_err("refused");
        assert_eq!(error.code(), code, "{text}");
        assert!(!error.to_string().contains("4155550123"), "{error}");
    }
    assert!(body("[1]").is_err(), "no object");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body_of = |data: &str| format!(r#"{{"type":"payment.paid","timestamp":"NOW","data":{data}}}"#);
    assert!(body(&body_of(&deep)).is_err(), "deeper than a parser goes");
}

#[test]
fn r4_hostile_text_leaves_the_event_and_not_its_harm() {
    let data = json!({
        "obligation_id": "inv_1",
        "pay_url": "javascript:alert(1)",
        "number": "\u{202e}1001 https://evil.example",
        "customer": { "name": "Pay at evil.example {{1}}", "phone": "+14155550123", "time_zone": "../../etc/passwd" },
        "links": ["../x", "a b", "", { "id": "y" }, "inv_2"],
    });
    let events = events("payment.failed", &data);
    let Fact::PaymentFailed(failed) = &events[0].fact else { panic!("no failure") };
    assert_eq!(failed.pay_link, None);
    assert_eq!(failed.number.as_ref().map(recoup_core::PersonName::expose), Some("1001"));
    assert_eq!(failed.buyer.name.as_ref().map(recoup_core::PersonName::expose), Some("Pay at"));
    assert_eq!(failed.buyer.zone, None);
    let links: Vec<&str> = failed.links.iter().map(Obligation::as_str).collect();
    assert_eq!(links, ["...2fx", "inv_2"], "an id is only ever a name");
}

#[test]
fn r4_an_obligation_has_few_other_names() {
    let many: Vec<String> = (0..1000).map(|nth| format!("inv_{nth}")).collect();
    let events = events("payment.failed", &json!({ "obligation_id": "inv_0", "links": many }));
    let Fact::PaymentFailed(failed) = &events[0].fact else { panic!("no failure") };
    assert_eq!(failed.links.len(), 8);
}
