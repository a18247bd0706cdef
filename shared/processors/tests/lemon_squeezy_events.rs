//! Lemon Squeezy's events: what each says, what is asked of its API, and what a body that is odd costs.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use recoup_core::{CustomerId, Event, Fact, Link, Obligation, PaymentFailed, Secret};
use recoup_processors::{
    Lookup, LookupAnswer, NormaliseError, Normalised, Processor, Status, Unanswered, Verified, by_name,
};

fn source() -> &'static dyn Processor {
    by_name("lemon_squeezy").expect("lemon squeezy is a source")
}

fn normalise(body: &str) -> Result<Normalised, NormaliseError> {
    source().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

fn body(event: &str, kind: &str, attributes: &str) -> String {
    format!(
        r#"{{"meta":{{"event_name":"{event}"}},"data":{{"type":"{kind}","id":"7",
        "attributes":{{"updated_at":"2026-02-25T06:13:20.000000Z",{attributes}}}}}}}"#
    )
}

fn failed_with(attributes: &str) -> String {
    body("subscription_payment_failed", "subscription-invoices", attributes)
}

/// What a body came to: the kinds of its events and what they are about, or why there is none.
fn came_to(body: &str) -> String {
    match normalise(body) {
        Err(error) => error.code().to_owned(),
        Ok(Normalised { status: Status::Ignored(why), .. }) => why.code().to_owned(),
        Ok(normalised) => {
            let said = |event: &Event| format!("{} {}", event.fact.kind(), event.obligation);
            normalised.events.iter().map(said).collect::<Vec<_>>().join(", ")
        }
    }
}

fn failure(normalised: &Normalised) -> &PaymentFailed {
    match normalised.events.as_slice() {
        [Event { fact: Fact::PaymentFailed(failed), .. }] => failed,
        other => panic!("no failure: {other:?}"),
    }
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    answer
}

#[test]
fn r4_the_type_is_the_signed_one_and_no_header_changes_it() {
    let headers = HeaderMap::from_iter([(
        "x-event-name".parse().expect("a header name"),
        HeaderValue::from_static("subscription_payment_success"),
    )]);
    let body = failed_with(r#""status":"pending","total":4900"#);
    let read = source().normalise(&Verified::recorded(&headers, body.as_bytes())).expect("well formed");
    assert_eq!(
        (read.kind.as_str(), read.events[0].fact.kind()),
        ("subscription_payment_failed", "payment_failed")
    );
    let nameless = r#"{"meta":{},"data":{"type":"orders","id":"1","attributes":{}}}"#;
    let read = source().normalise(&Verified::recorded(&headers, nameless.as_bytes()));
    assert_eq!(read.map(drop), Err(NormaliseError::Missing { member: "meta.event_name" }));
}

#[test]
fn r3_objects_of_the_same_number_stay_apart() {
    let attributes = r#""status":"paid","total":4900,"subscription_id":7"#;
    for (event, kind, expected) in [
        ("order_created", "orders", "paid orders-7"),
        (
            "subscription_payment_success",
            "subscription-invoices",
            "paid subscription-invoices-7, recovered subscriptions-7",
        ),
        ("subscription_expired", "subscriptions", "subscription_cancelled subscriptions-7"),
        ("order_created", "subscriptions", "body_member_malformed"),
        ("subscription_payment_success", "subscriptions", "body_member_malformed"),
        ("subscription_expired", "orders", "body_member_malformed"),
    ] {
        assert_eq!(came_to(&body(event, kind, attributes)), expected, "{event} {kind}");
    }
}

#[test]
fn r3_a_renewal_s_payment_settles_the_subscription_s_failures_and_a_change_of_plan_s_does_not() {
    let both = "paid subscription-invoices-7, recovered subscriptions-5";
    for (event, reason, expected) in [
        ("subscription_payment_success", "renewal", both),
        ("subscription_payment_success", "initial", both),
        ("subscription_payment_success", "updated", "paid subscription-invoices-7"),
        ("subscription_payment_recovered", "renewal", both),
        ("subscription_payment_recovered", "updated", both),
    ] {
        let attributes = format!(r#""status":"paid","billing_reason":"{reason}","subscription_id":5"#);
        assert_eq!(came_to(&body(event, "subscription-invoices", &attributes)), expected, "{event} {reason}");
    }
    let failed = normalise(&failed_with(r#""total":4900,"subscription_id":5"#)).expect("well formed");
    let link = Obligation::parse("subscriptions-5").expect("well formed");
    assert_eq!(failure(&failed).links, [link], "what is recovered is what the failure is linked with");
}

#[test]
fn r3_a_cancelled_subscription_goes_on_until_it_expires() {
    for (event, status, expected) in [
        ("subscription_cancelled", "cancelled", "in_progress"),
        ("subscription_updated", "cancelled", "unknown_type"),
        ("subscription_updated", "active", "unknown_type"),
        ("subscription_updated", "past_due", "subscription_past_due subscriptions-7"),
        ("subscription_updated", "unpaid", "subscription_halted subscriptions-7"),
        ("subscription_updated", "paused", "subscription_halted subscriptions-7"),
        ("subscription_updated", "expired", "subscription_cancelled subscriptions-7"),
        ("subscription_updated", "a_status_of_next_year", "unknown_type"),
        ("subscription_resumed", "active", "unknown_type"),
        ("subscription_expired", "expired", "subscription_cancelled subscriptions-7"),
    ] {
        let attributes = format!(r#""status":"{status}""#);
        assert_eq!(came_to(&body(event, "subscriptions", &attributes)), expected, "{event} {status}");
    }
}

#[test]
fn r3_a_refund_is_full_when_all_went_back() {
    for (attributes, full) in [
        (r#""status":"refunded","total":4900,"refunded_amount":4900"#, true),
        (r#""status":"partial_refund","total":4900,"refunded_amount":4899"#, false),
        (r#""status":"paid","total":4900,"refunded_amount":100"#, false),
        (r#""status":"refunded","total":0,"refunded_amount":0"#, false),
        (r#""status":"refunded","total":4900"#, true),
        (r#""status":"partial_refund","total":4900"#, false),
        (r#""total":4900"#, false),
    ] {
        for (event, kind) in
            [("order_refunded", "orders"), ("subscription_payment_refunded", "subscription-invoices")]
        {
            let read = normalise(&body(event, kind, attributes)).expect("well formed");
            assert_eq!(read.events[0].fact, Fact::Refunded { full }, "{event} {attributes}");
        }
    }
}

#[test]
fn o21_an_event_is_known_by_its_name_its_object_and_its_time() {
    let id = |body: &str| normalise(body).map(|read| read.events[0].id.to_string());
    let paid = body("subscription_payment_success", "subscription-invoices", r#""status":"paid""#);
    assert_eq!(id(&paid).as_deref(), Ok("subscription_payment_success-7-2026-02-25T06:13:20.000000Z"));
    let created = paid.replace("updated_at", "created_at");
    assert_eq!(id(&created), id(&paid), "one that never changed has the time it was made at");
    let recovered = paid.replace("payment_success", "payment_recovered");
    assert_ne!(id(&recovered), id(&paid), "both come, and either may be lost");
    let timeless = paid.replace("updated_at", "at");
    assert_eq!(id(&timeless), Err(NormaliseError::Missing { member: "data.attributes.updated_at" }));
    let odd = paid.replace("2026-02-25T06:13:20.000000Z", "25 February");
    assert_eq!(id(&odd), Err(NormaliseError::Malformed { member: "data.attributes.updated_at" }));
}

#[test]
fn r7_amounts_without_two_decimals_are_believed_only_as_they_are_shown() {
    for (total, currency, shown, expected) in [
        ("4900", "USD", r#""$49.00""#, Some("49.00 USD")),
        ("4900", "USD", "null", Some("49.00 USD")),
        ("4900", "eur", r#""49,00 €""#, Some("49.00 EUR")),
        ("1500", "JPY", r#""¥1,500""#, Some("1500 JPY")),
        ("150000", "JPY", r#""¥1,500""#, None),
        ("1500", "JPY", "null", None),
        ("1500", "KWD", r#""KWD 1.500""#, Some("1.500 KWD")),
        ("150000", "JPY", r#""¥1,500.00""#, None),
        ("500", "JPY", r#""¥500""#, Some("500 JPY")),
        ("500", "JPY", r#""¥5.00""#, None),
        ("1500", "KWD", r#""KWD 15.00""#, None),
        ("1500", "KWD", r#""KWD 1500""#, None),
        ("15000", "KWD", r#""KWD 1.500""#, None),
        ("4900", "ZZZ", r#""49.00""#, None),
        ("9223372036854775807", "USD", "null", Some("92233720368547758.07 USD")),
    ] {
        let attributes = format!(r#""total":{total},"currency":"{currency}","total_formatted":{shown}"#);
        let read = normalise(&failed_with(&attributes)).expect("well formed");
        let amount = failure(&read).amount.map(|money| money.to_string());
        assert_eq!(amount.as_deref(), expected, "{attributes}");
    }
    for total in ["0", "-1"] {
        assert_eq!(came_to(&failed_with(&format!(r#""total":{total}"#))), "nothing_owed", "{total}");
    }
    for total in ["49.99", "1e3", "9223372036854775808", r#""4900""#] {
        assert_eq!(came_to(&failed_with(&format!(r#""total":{total}"#))), "body_member_malformed", "{total}");
    }
}

#[test]
fn r4_what_decides_is_there_and_well_formed_or_the_body_is_refused() {
    for (id, expected) in [
        (r#""8""#, "payment_failed subscription-invoices-8"),
        ("8", "payment_failed subscription-invoices-8"),
        ("null", "body_member_missing"),
        (r#""""#, "body_member_malformed"),
        (r#""../8""#, "body_member_malformed"),
        (r#""8-9""#, "body_member_malformed"),
        ("-8", "body_member_malformed"),
        ("8.5", "body_member_malformed"),
        ("[]", "body_member_missing"),
    ] {
        let body = failed_with(r#""total":4900"#).replace(r#""id":"7""#, &format!(r#""id":{id}"#));
        assert_eq!(came_to(&body), expected, "{id}");
    }
    for (body, expected) in [
        (r#"{"meta":{"event_name":"Order created"},"data":{}}"#, "body_member_malformed"),
        (r#"{"meta":null,"data":null}"#, "body_member_missing"),
        (r#"{"meta":{"event_name":"order_created"},"data":null}"#, "in_progress"),
        (r#"{"meta":{"event_name":"order_refunded"},"data":null}"#, "body_member_malformed"),
        (r#"{"meta":{"event_name":"order_refunded"},"data":"orders"}"#, "body_not_event"),
        (
            r#"{"meta":{"event_name":"order_created","event_name":"order_refunded"},"data":{}}"#,
            "body_not_event",
        ),
        (r#"{"meta":{"event_name":"an_event_of_next_year"},"data":{"type":"x","id":[]}}"#, "unknown_type"),
    ] {
        assert_eq!(came_to(body), expected, "{body}");
    }
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    for member in
        ["customer_id", "user_name", "user_email", "currency", "total_formatted", "subscription_id", "urls"]
    {
        for value in ["null", "true", "\"\"", "[]", "[null,[{}]]", "{}", "\"a b\"", "-1.5e300"] {
            let read = normalise(&failed_with(&format!(r#""total":4900,"{member}":{value}"#)));
            let read = read.unwrap_or_else(|error| panic!("{member} {value}: {error}"));
            assert!(read.asks.is_empty() && failure(&read).links.is_empty(), "{member} {value}");
        }
    }
    for custom in
        ["null", "[]", "7", r#""text""#, r#"{"whatsapp_phone":7}"#, r#"{"whatsapp_phone":"call me"}"#]
    {
        let body = failed_with(r#""total":4900"#)
            .replace(r#""meta":{"#, &format!(r#""meta":{{"custom_data":{custom},"#));
        assert_eq!(failure(&normalise(&body).expect("well formed")).buyer.phone, None, "{custom}");
    }
}

/// A failure that asks for subscription 5, and what the answer makes of it.
fn completed(status: u16, answer: &str) -> Result<Normalised, Unanswered> {
    let read = normalise(&failed_with(r#""total":4900,"subscription_id":5"#)).expect("well formed");
    assert_eq!(read.asks.len(), 1);
    source().complete(read, &response(status, answer))
}

#[test]
fn r5_the_page_to_pay_on_is_the_store_s_and_does_not_expire() {
    for (portal, expected) in [
        (
            r#""https://example-shop.lemonsqueezy.com/billing?expires=1&user=3&signature=00ff""#,
            Some("https://example-shop.lemonsqueezy.com/billing"),
        ),
        (r#""https://pay.example.com/billing""#, Some("https://pay.example.com/billing")),
        (r#""https://pay.example.com/subscription/5/payment-details?expires=1""#, None),
        (r#""http://pay.example.com/billing?expires=1""#, None),
        (r#""https://localhost/billing""#, None),
        ("null", None),
        ("7", None),
    ] {
        let answer = format!(
            r#"{{"data":{{"type":"subscriptions","id":"5","attributes":{{"status":"past_due",
            "urls":{{"customer_portal":{portal}}}}}}}}}"#
        );
        let read = completed(200, &answer).expect("an answer");
        let failed = failure(&read);
        assert_eq!(failed.pay_link.as_ref().map(Link::expose), expected, "{portal}");
        assert!(read.asks.is_empty() && !failed.last_attempt);
    }
}

#[test]
fn r6_the_last_attempt_is_behind_a_subscription_that_is_unpaid() {
    for (status, last) in [("past_due", false), ("active", false), ("unpaid", true), ("expired", true)] {
        let answer =
            format!(r#"{{"data":{{"type":"subscriptions","id":"5","attributes":{{"status":"{status}"}}}}}}"#);
        let read = completed(200, &answer).expect("an answer");
        assert_eq!(failure(&read).last_attempt, last, "{status}");
    }
}

#[test]
fn r5_an_answer_about_something_else_completes_nothing() {
    let good = r#"{"data":{"type":"subscriptions","id":"5","attributes":{"status":"unpaid"}}}"#;
    for (status, answer, expected) in [
        (404, good, None),
        (410, "", None),
        (401, good, Some("ask_back_denied")),
        (403, good, Some("ask_back_denied")),
        (429, good, Some("ask_back_unreachable")),
        (500, good, Some("ask_back_unreachable")),
        (302, good, Some("ask_back_unreachable")),
        (200, "", Some("ask_back_malformed")),
        (200, "<html>", Some("ask_back_malformed")),
        (200, "{}", Some("ask_back_malformed")),
        (200, r#"{"data":{"type":"subscriptions","id":"6","attributes":{}}}"#, Some("ask_back_malformed")),
        (200, r#"{"data":{"type":"orders","id":"5","attributes":{}}}"#, Some("ask_back_malformed")),
    ] {
        let read = completed(status, answer);
        assert_eq!(read.as_ref().err().map(|why| why.code()), expected, "{status} {answer}");
        if let Ok(read) = read {
            let failed = failure(&read);
            assert!(read.asks.is_empty() && failed.pay_link.is_none() && !failed.last_attempt, "{status}");
        }
    }
}

#[test]
fn a_look_up_is_one_get_with_the_key_in_its_header() {
    let key = Secret::parse("seeded").expect("not empty");
    let obligation = |id: &str| Obligation::parse(id).expect("well formed");
    for (lookup, path) in [
        (Lookup::Customer(CustomerId::parse("3").expect("well formed")), "customers/3"),
        (Lookup::Obligation(obligation("subscription-invoices-7")), "subscription-invoices/7"),
        (Lookup::Object { kind: "subscriptions", id: obligation("5") }, "subscriptions/5"),
    ] {
        let request = source().request("https://api.lemonsqueezy.com/", &lookup, &key).expect("a question");
        let uri = format!("https://api.lemonsqueezy.com/v1/{path}");
        assert_eq!((request.method().as_str(), request.uri().to_string()), ("GET", uri));
        assert_eq!(request.headers()["authorization"], "Bearer seeded");
        assert_eq!(request.headers()["accept"], "application/vnd.api+json");
        assert!(!format!("{request:?}").contains("seeded"));
    }
    for lookup in [
        Lookup::Customer(CustomerId::parse("cus_3").expect("well formed")),
        Lookup::Obligation(obligation("orders-7")),
        Lookup::Obligation(obligation("subscriptions-7")),
        Lookup::Obligation(obligation("subscription-invoices-..")),
        Lookup::Object { kind: "subscriptions", id: obligation("..") },
        Lookup::Object { kind: "payments", id: obligation("5") },
    ] {
        assert!(source().request("https://api.lemonsqueezy.com", &lookup, &key).is_none(), "{lookup:?}");
    }
}

#[test]
fn an_invoice_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Denied, NotFound, Settled, StillOwed, Unreachable};
    let asked = Lookup::Obligation(Obligation::parse("subscription-invoices-7").expect("well formed"));
    let read = |status, body: &str| source().read_answer(&asked, &response(status, body));
    for (status, expected) in [
        ("pending", StillOwed),
        ("paid", Settled(Fact::Paid)),
        ("partial_refund", Settled(Fact::Paid)),
        ("refunded", Settled(Fact::Refunded { full: true })),
        ("void", Settled(Fact::Voided)),
        ("a_status_of_next_year", Unreachable),
    ] {
        let body = format!(
            r#"{{"data":{{"type":"subscription-invoices","id":"7","attributes":{{"status":"{status}"}}}}}}"#
        );
        assert_eq!(read(200, &body), expected, "{status}");
        for (code, expected) in
            [(404, NotFound), (401, Denied), (403, Denied), (429, Unreachable), (503, Unreachable)]
        {
            assert_eq!(read(code, &body), expected, "{code}");
        }
    }
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"data":{"type":"subscription-invoices","id":"8","attributes":{"status":"paid"}}}"#,
        r#"{"data":{"type":"orders","id":"7","attributes":{"status":"paid"}}}"#,
    ] {
        assert_eq!(read(200, body), Unreachable, "{body}");
    }
}

#[test]
fn r5_a_customer_has_a_name_and_an_address_but_no_phone() {
    let asked = Lookup::Customer(CustomerId::parse("3").expect("well formed"));
    let body = r#"{"data":{"type":"customers","id":"3","attributes":{"name":"Example Buyer","email":"Buyer@example.com"}}}"#;
    let LookupAnswer::Buyer(buyer) = source().read_answer(&asked, &response(200, body)) else {
        panic!("a buyer")
    };
    assert_eq!(buyer.email.as_ref().map(recoup_core::Email::expose), Some("buyer@example.com"));
    assert_eq!(buyer.customer.as_ref().map(CustomerId::as_str), Some("3"));
    assert!(buyer.name.is_some() && buyer.phone.is_none());
}
