//! What Square's invoices still ask for, which debt a payment is of, and what its API is asked.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, Status, Unanswered, Verified,
    by_name,
};
use serde_json::{Value, json};

fn square() -> &'static dyn Processor {
    by_name("square").expect("square is a source")
}

fn normalise(kind: &str, object: &Value) -> Result<Normalised, NormaliseError> {
    let body = json!({ "type": kind, "event_id": "e-1", "created_at": "2026-02-25T06:13:20Z", "data": { "object": object } });
    square().normalise(&Verified::recorded(&HeaderMap::new(), body.to_string().as_bytes()))
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}

fn money(amount: &Value, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

#[test]
fn r7_what_is_due_is_asked_for_and_nothing_that_cannot_be_read() {
    let request = |asked: Value, got: Value| json!({ "computed_amount_money": asked, "total_completed_amount_money": got });
    let usd = |amount: i64| money(&json!(amount), "USD");
    for (requests, next, expected) in [
        (json!([request(usd(4900), usd(0))]), json!(null), Some("49.00 USD")),
        (json!([request(usd(4900), usd(1900))]), json!(null), Some("30.00 USD")),
        (json!([request(usd(1000), usd(1000)), request(usd(3900), usd(0))]), usd(3900), Some("39.00 USD")),
        (json!([request(usd(1000), usd(0)), request(usd(3900), usd(0))]), usd(1000), Some("10.00 USD")),
        // What Square says is due next is never believed beyond what is owed.
        (json!([request(usd(1000), usd(0))]), usd(9900), Some("10.00 USD")),
        (json!([request(usd(1000), usd(0))]), money(&json!(500), "EUR"), Some("10.00 USD")),
        (json!([request(usd(1000), usd(0))]), usd(0), Some("10.00 USD")),
        (json!([request(money(&json!(1500), "JPY"), json!(null))]), json!(null), None),
        (json!([{ "computed_amount_money": money(&json!(1500), "JPY") }]), json!(null), Some("1500 JPY")),
        (
            json!([request(money(&json!(1500), "KWD"), money(&json!(0), "KWD"))]),
            json!(null),
            Some("1.500 KWD"),
        ),
        (json!([request(money(&json!(10.5), "USD"), usd(0))]), json!(null), None),
        (json!([request(usd(i64::MAX), usd(0)), request(usd(1), usd(0))]), json!(null), None),
        (json!([request(usd(1), money(&json!(0), "EUR"))]), json!(null), None),
        (json!([7]), json!(null), None),
        (json!([]), json!(null), None),
        (json!(null), usd(100), None),
    ] {
        let invoice = json!({ "id": "inv:0-1", "status": "UNPAID", "payment_requests": requests, "next_payment_amount_money": next });
        let normalised =
            normalise("invoice.scheduled_charge_failed", &json!({ "invoice": invoice })).expect("readable");
        let Fact::PaymentFailed(failed) = &normalised.events[0].fact else { panic!("a failure") };
        assert_eq!(failed.amount.map(|amount| amount.to_string()).as_deref(), expected, "{requests} {next}");
    }
}

#[test]
fn r3_a_deposit_pays_for_its_order_and_never_for_the_rest_of_an_invoice() {
    let invoice = json!({ "id": "inv:0-1", "order_id": "ORDER1", "status": "PARTIALLY_PAID" });
    let failed =
        normalise("invoice.scheduled_charge_failed", &json!({ "invoice": invoice })).expect("readable");
    let Fact::PaymentFailed(said) = &failed.events[0].fact else { panic!("a failure") };
    assert!(said.links.is_empty(), "the order is no link of an invoice");
    let deposit = json!({ "id": "PAY1", "order_id": "ORDER1", "status": "COMPLETED" });
    let paid = normalise("payment.updated", &json!({ "payment": deposit })).expect("readable");
    assert_eq!(paid.events[0].obligation.as_str(), "ORDER1");
    let whole = json!({ "id": "inv:0-1", "order_id": "ORDER1", "status": "PAID" });
    let ended = normalise("invoice.payment_made", &json!({ "invoice": whole })).expect("readable");
    let names: Vec<_> = ended.events.iter().map(|event| event.obligation.as_str()).collect();
    assert_eq!(names, ["inv.3a0-1", "ORDER1"]);
}

#[test]
fn r3_a_payment_that_may_be_an_invoice_s_says_so() {
    for (product, unlinked) in
        [(json!({ "square_product": "ECOMMERCE_API" }), false), (json!(null), true), (json!({}), true)]
    {
        let payment =
            json!({ "id": "PAY1", "order_id": "ORDER1", "status": "FAILED", "application_details": product });
        let normalised = normalise("payment.updated", &json!({ "payment": payment })).expect("readable");
        let Fact::PaymentFailed(failed) = &normalised.events[0].fact else { panic!("a failure") };
        assert_eq!(failed.unlinked, unlinked, "{product}");
    }
    for status in ["FAILED", "COMPLETED", "CANCELED"] {
        let payment = json!({ "id": "PAY1", "status": status, "application_details": { "square_product": "INVOICES" } });
        let normalised = normalise("payment.updated", &json!({ "payment": payment })).expect("readable");
        assert_eq!(normalised.status, Status::Ignored(Ignored::InProgress), "{status}");
    }
}

#[test]
fn r4_what_decides_is_named_and_what_decorates_may_be_anything() {
    for (kind, object, member) in [
        ("invoice.canceled", json!({}), "data.object.invoice.id"),
        ("invoice.payment_made", json!({ "invoice": { "id": "inv:0-1" } }), "data.object.invoice.status"),
        ("payment.updated", json!({ "payment": { "id": "PAY1" } }), "data.object.payment.status"),
        ("payment.updated", json!({ "payment": { "status": "COMPLETED" } }), "data.object.payment.id"),
        ("refund.updated", json!({ "refund": { "status": "COMPLETED" } }), "data.object.refund.payment_id"),
        ("dispute.created", json!({ "dispute": {} }), "data.object.dispute.disputed_payment.payment_id"),
        ("subscription.updated", json!({ "subscription": {} }), "data.object.subscription.status"),
        ("customer.updated", json!(null), "data.object.customer.id"),
    ] {
        assert_eq!(normalise(kind, &object).map(drop), Err(NormaliseError::Missing { member }), "{kind}");
    }
    for odd in [json!(null), json!(7), json!([]), json!({}), json!("\u{0}"), json!(true)] {
        let invoice = json!({ "id": "inv:0-1", "status": odd, "primary_recipient": odd, "public_url": odd, "updated_at": odd,
            "invoice_number": odd, "payment_requests": odd, "subscription_id": odd });
        let normalised =
            normalise("invoice.scheduled_charge_failed", &json!({ "invoice": invoice })).expect("readable");
        assert_eq!(normalised.events.len(), 1, "{odd}");
    }
}

#[test]
fn a_question_is_one_get_and_an_invoice_has_its_colon_back() {
    let key = Secret::parse("EAAA_seeded").expect("not empty");
    let id = |text: &str| Obligation::parse(text).expect("well formed");
    for (lookup, path) in [
        (Lookup::Obligation(id("inv.3a0-ChCH_u2")), "invoices/inv:0-ChCH_u2"),
        (Lookup::Customer(CustomerId::parse("CUST1").expect("well formed")), "customers/CUST1"),
        (Lookup::Object { kind: "payments", id: id("PAY1") }, "payments/PAY1"),
    ] {
        let request =
            square().request("https://connect.squareup.com/", &lookup, &key).expect("square answers this");
        assert_eq!(request.uri().to_string(), format!("https://connect.squareup.com/v2/{path}"));
        assert_eq!(request.headers()["authorization"], "Bearer EAAA_seeded");
        assert!(!format!("{request:?}").contains("seeded"));
    }
    for other in ["ORDER1", "inv.3a", "inv.3a0.2f..", "inv.3a.."] {
        assert!(
            square().request("https://connect.squareup.com", &Lookup::Obligation(id(other)), &key).is_none(),
            "{other}"
        );
    }
}

#[test]
fn an_invoice_is_settled_still_owed_or_not_to_be_touched() {
    let asked = Lookup::Obligation(Obligation::parse("inv.3a0-1").expect("well formed"));
    let paid_up = json!([{ "computed_amount_money": { "amount": 1, "currency": "USD" }, "total_completed_amount_money": { "amount": 1, "currency": "USD" } }]);
    for (invoice, expected) in [
        (json!({ "id": "inv:0-1", "status": "PAID" }), LookupAnswer::Settled(Fact::Paid)),
        (json!({ "id": "inv:0-1", "status": "CANCELED" }), LookupAnswer::Settled(Fact::Voided)),
        (
            json!({ "id": "inv:0-1", "status": "REFUNDED" }),
            LookupAnswer::Settled(Fact::Refunded { full: true }),
        ),
        (json!({ "id": "inv:0-1", "status": "UNPAID" }), LookupAnswer::StillOwed),
        (json!({ "id": "inv:0-1", "status": "PARTIALLY_PAID" }), LookupAnswer::StillOwed),
        (
            json!({ "id": "inv:0-1", "status": "UNPAID", "payment_requests": paid_up }),
            LookupAnswer::Settled(Fact::Paid),
        ),
        (json!({ "id": "inv:0-1", "status": "PAYMENT_PENDING" }), LookupAnswer::Unreachable),
        (json!({ "id": "inv:0-2", "status": "PAID" }), LookupAnswer::Unreachable),
    ] {
        let body = json!({ "invoice": invoice });
        assert_eq!(square().read_answer(&asked, &answer(StatusCode::OK, &body)), expected, "{invoice}");
    }
    let none = json!({});
    assert_eq!(square().read_answer(&asked, &answer(StatusCode::NOT_FOUND, &none)), LookupAnswer::NotFound);
    assert_eq!(square().read_answer(&asked, &answer(StatusCode::UNAUTHORIZED, &none)), LookupAnswer::Denied);
    let customer = Lookup::Customer(CustomerId::parse("CUST1").expect("well formed"));
    let body = json!({ "customer": { "id": "CUST1", "given_name": "Ana", "phone_number": "+14155550123" } });
    let LookupAnswer::Buyer(buyer) = square().read_answer(&customer, &answer(StatusCode::OK, &body)) else {
        panic!("a buyer")
    };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
}

#[test]
fn r5_a_payment_leads_a_dispute_to_its_order_or_leaves_it_where_it_is() {
    let dispute =
        json!({ "dispute": { "state": "EVIDENCE_REQUIRED", "disputed_payment": { "payment_id": "PAY1" } } });
    let asked = normalise("dispute.created", &dispute).expect("readable");
    let names = |normalised: &Normalised| -> Vec<String> {
        normalised.events.iter().map(|event| event.obligation.to_string()).collect()
    };
    let told = json!({ "payment": { "id": "PAY1", "order_id": "ORDER1" } });
    let completed = square().complete(asked.clone(), &answer(StatusCode::OK, &told)).expect("answered");
    assert_eq!(names(&completed), ["PAY1", "ORDER1"]);
    let gone =
        square().complete(asked.clone(), &answer(StatusCode::NOT_FOUND, &json!({}))).expect("an answer");
    assert_eq!((names(&gone), gone.asks.len()), (vec!["PAY1".to_owned()], 0));
    let other = json!({ "payment": { "id": "PAY2", "order_id": "ORDER2" } });
    let refused = square().complete(asked.clone(), &answer(StatusCode::OK, &other));
    assert_eq!(refused, Err(Unanswered::Malformed(NormaliseError::Malformed { member: "payment.id" })));
    let silent = square().complete(asked, &answer(StatusCode::BAD_GATEWAY, &json!({})));
    assert_eq!(silent, Err(Unanswered::Unreachable));
}
