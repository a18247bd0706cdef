//! Bodies of PayPal's that are hostile, incomplete, or of either generation: a reason or a fact, never a panic or a guess.

use http::{HeaderMap, HeaderValue};
use recoup_core::{Event, Fact, PaymentFailed};
use recoup_processors::{Ignored, NormaliseError, Normalised, Status, Verified, by_name};

fn read(headers: &HeaderMap, body: &str) -> Result<Normalised, NormaliseError> {
    by_name("paypal").expect("a source").normalise(&Verified::recorded(headers, body.as_bytes()))
}

fn event(kind: &str, resource: &str) -> Result<Normalised, NormaliseError> {
    read(&HeaderMap::new(), &format!(r#"{{"id":"WH-1","event_type":"{kind}","resource":{resource}}}"#))
}

fn events(kind: &str, resource: &str) -> Vec<Event> {
    event(kind, resource).unwrap_or_else(|error| panic!("{kind} {resource}: {error}")).events
}

fn failure(kind: &str, resource: &str) -> PaymentFailed {
    let events = events(kind, resource);
    let Some(Fact::PaymentFailed(failed)) = events.first().map(|event| &event.fact) else {
        panic!("no failure")
    };
    (**failed).clone()
}

const SUBSCRIPTION: &str = "BILLING.SUBSCRIPTION.PAYMENT.FAILED";
const DECLINED: &str = "PAYMENT.CAPTURE.DECLINED";

#[test]
fn r4_a_body_that_lacks_what_decides_is_told_by_the_member() {
    let missing = |member| Err(NormaliseError::Missing { member });
    let malformed = |member| Err(NormaliseError::Malformed { member });
    let read = |body: &str| read(&HeaderMap::new(), body).map(drop);
    assert_eq!(read("{}"), missing("event_type"));
    assert_eq!(read(r#"{"event_type":"pay\u0000"}"#), malformed("event_type"));
    assert_eq!(read(&format!(r#"{{"event_type":"{}"}}"#, "A".repeat(129))), malformed("event_type"));
    assert_eq!(read(&format!(r#"{{"id":"WH-1","event_type":"{DECLINED}"}}"#)), missing("resource"));
    assert_eq!(
        read(&format!(r#"{{"id":"WH-1","event_type":"{DECLINED}","resource":null}}"#)),
        missing("resource")
    );
    assert_eq!(
        read(&format!(r#"{{"id":"WH-1","event_type":"{DECLINED}","resource":[]}}"#)),
        malformed("resource")
    );
    assert_eq!(read(&format!(r#"{{"event_type":"{DECLINED}","resource":{{"id":"1"}}}}"#)), missing("id"));
    assert_eq!(
        read(&format!(r#"{{"id":"W H","event_type":"{DECLINED}","resource":{{"id":"1"}}}}"#)),
        malformed("id")
    );
    let event = |kind: &str, resource: &str| event(kind, resource).map(drop);
    assert_eq!(event(SUBSCRIPTION, "{}"), missing("resource.id"));
    assert_eq!(event(SUBSCRIPTION, r#"{"id":""}"#), missing("resource.id"));
    assert_eq!(event(SUBSCRIPTION, r#"{"id":".."}"#), malformed("resource.id"));
    assert_eq!(event(SUBSCRIPTION, &format!(r#"{{"id":"{}"}}"#, "I".repeat(129))), malformed("resource.id"));
    assert_eq!(event(DECLINED, "{}"), missing("resource.id"));
    let payment = "resource.disputed_transactions[].seller_transaction_id";
    for disputed in ["{}", r#"{"disputed_transactions":[]}"#, r#"{"disputed_transactions":[{}]}"#] {
        assert_eq!(event("CUSTOMER.DISPUTE.CREATED", disputed), missing(payment), "{disputed}");
    }
}

#[test]
fn r4_a_member_that_stands_twice_is_not_chosen_from() {
    for body in [
        r#"{"id":"WH-1","event_type":"PAYMENT.SALE.DENIED","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"}}"#,
        r#"{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"},"resource":{"id":"2"}}"#,
    ] {
        let error = read(&HeaderMap::new(), body).expect_err("ambiguous");
        assert_eq!(error.code(), "body_not_event", "{body}");
    }
    let error = event("PAYMENT.SALE.COMPLETED", r#"{"id":"1","id":"2"}"#).expect_err("ambiguous");
    assert_eq!(error, NormaliseError::Malformed { member: "resource" });
}

#[test]
fn r7_amounts_of_both_generations_are_exact_or_none() {
    for (amount, expected) in [
        (r#"{"value":"29.90","currency_code":"USD"}"#, Some("29.90 USD")),
        (r#"{"total":"29.90","currency":"USD"}"#, Some("29.90 USD")),
        (r#"{"value":"4980","currency_code":"JPY"}"#, Some("4980 JPY")),
        (r#"{"value":"4980.00","currency_code":"JPY"}"#, Some("4980 JPY")),
        (r#"{"value":"150","currency_code":"TWD"}"#, Some("150.00 TWD")),
        (r#"{"value":29.9,"currency_code":"USD"}"#, Some("29.90 USD")),
        (r#"{"value":"29.905","currency_code":"USD"}"#, None),
        (r#"{"value":"4980.50","currency_code":"JPY"}"#, None),
        (r#"{"value":"1,000.00","currency_code":"USD"}"#, None),
        (r#"{"value":"1e3","currency_code":"USD"}"#, None),
        (r#"{"value":"29.90","currency_code":"ZZZ"}"#, None),
        (r#"{"value":"29.90"}"#, None),
        (r#"{"value":"29.90","currency":"USD"}"#, None),
        ("[]", None),
        ("\"29.90\"", None),
        ("null", None),
    ] {
        let shown = |failed: PaymentFailed| failed.amount.map(|amount| amount.to_string());
        let single = shown(failure(DECLINED, &format!(r#"{{"id":"1","amount":{amount}}}"#)));
        assert_eq!(single.as_deref(), expected, "{amount}");
        let billing =
            format!(r#"{{"id":"I-1","billing_info":{{"last_failed_payment":{{"amount":{amount}}}}}}}"#);
        assert_eq!(shown(failure(SUBSCRIPTION, &billing)).as_deref(), expected, "{amount}");
    }
    for amount in [r#"{"value":"0.00","currency_code":"USD"}"#, r#"{"total":"-1.00","currency":"USD"}"#] {
        let read = event(DECLINED, &format!(r#"{{"id":"1","amount":{amount}}}"#)).expect("read");
        assert_eq!(read.status, Status::Ignored(Ignored::NothingOwed), "{amount}");
    }
}

#[test]
fn o20_members_that_decorate_may_have_any_type() {
    let odd = r#"{"id":"I-1","status":1,"status_update_time":[],"custom_id":{},"billing_info":"none","subscriber":[1],
        "links":{},"invoice_id":7}"#;
    assert_eq!(failure(SUBSCRIPTION, odd), PaymentFailed::default());
    let odd = r#"{"id":"1","amount":1,"supplementary_data":{"related_ids":[]},"processor_response":"x","invoice_id":{}}"#;
    assert_eq!(failure(DECLINED, odd), PaymentFailed::default());
    let billing = r#"{"id":"I-1","billing_info":{"failed_payments_count":-1,"last_failed_payment":
        {"time":"soon","next_payment_retry_time":"2018-19-12T22:20:32.000Z"}}}"#;
    assert_eq!(failure(SUBSCRIPTION, billing), PaymentFailed::default());
}

#[test]
fn r2_a_payment_is_named_by_the_order_the_payment_before_it_or_itself() {
    for (resource, obligation) in [
        (
            r#"{"id":"CAP","supplementary_data":{"related_ids":{"order_id":"ORD"}},"parent_payment":"PAY"}"#,
            "ORD",
        ),
        (r#"{"id":"SALE","parent_payment":"PAY"}"#, "PAY"),
        (r#"{"id":"CAP"}"#, "CAP"),
        (r#"{"id":"SALE","billing_agreement_id":"I-1","parent_payment":"PAY"}"#, "I-1"),
    ] {
        let failed = events("PAYMENT.SALE.DENIED", resource);
        let paid = events("PAYMENT.SALE.COMPLETED", resource);
        assert_eq!((failed.len(), paid.len()), (1, 1), "{resource}");
        assert_eq!(failed[0].obligation.as_str(), obligation, "{resource}");
        assert_eq!(paid[0].obligation, failed[0].obligation, "{resource}");
        assert_eq!(
            paid[0].fact == Fact::Recovered,
            obligation == "I-1",
            "a subscription owes again: {resource}"
        );
    }
    // The merchant's customer stands in `custom_id` and must tie no two debts together.
    let failed = failure(DECLINED, r#"{"id":"CAP","custom_id":"member-1","invoice_id":"1001"}"#);
    let links: Vec<_> = failed.links.iter().map(recoup_core::Obligation::as_str).collect();
    assert_eq!(links, ["1001"]);
}

#[test]
fn r4_a_dispute_of_many_payments_is_bounded() {
    let transactions: Vec<String> =
        (0..1000).map(|n| format!(r#"{{"seller_transaction_id":"T{n}"}}"#)).collect();
    let resource = format!(r#"{{"disputed_transactions":[{}]}}"#, transactions.join(","));
    assert_eq!(events("CUSTOMER.DISPUTE.CREATED", &resource).len(), 8);
}

#[test]
fn o20_the_address_of_the_certificate_tells_real_money_from_the_sandbox() {
    let body = r#"{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED","resource":{"id":"1"}}"#;
    for (url, livemode) in [
        (Some("https://api.paypal.com/v1/notifications/certs/CERT-1"), Some(true)),
        (Some("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"), Some(false)),
        (Some("https://example.com/"), None),
        (None, None),
    ] {
        let value = url.map(HeaderValue::from_static);
        let headers: HeaderMap = value
            .map(|value| (http::HeaderName::from_static("paypal-cert-url"), value))
            .into_iter()
            .collect();
        assert_eq!(read(&headers, body).expect("read").livemode, livemode, "{url:?}");
    }
}
