//! Questions to Razorpay's API and the reading of its answers.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use recoup_core::{CustomerId, Fact, Obligation, PaymentFailed, Phone, Secret};
use recoup_processors::{
    Lookup, LookupAnswer, Normalised, Processor, Status, Unanswered, Unverified, by_name,
};

fn razorpay() -> &'static dyn Processor {
    by_name("razorpay").expect("razorpay is a source")
}

fn debt(id: &str) -> Lookup {
    Lookup::Obligation(Obligation::parse(id).expect("well formed"))
}

fn object(kind: &'static str, id: &str) -> Lookup {
    Lookup::Object { kind, id: Obligation::parse(id).expect("well formed") }
}

fn customer() -> Lookup {
    Lookup::Customer(CustomerId::parse("cust_1").expect("well formed"))
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

fn answer(lookup: &Lookup, status: u16, body: &str) -> LookupAnswer {
    razorpay().read_answer(lookup, &response(status, body))
}

/// A fixture of ours as it is normalised before anything is asked.
fn asking(fixture: &str) -> Normalised {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/razorpay/{fixture}.json"));
    let body = fs::read(path).expect("the fixture is there");
    let (secret, now) = (Secret::parse("any").expect("not empty"), Timestamp::UNIX_EPOCH);
    let headers = razorpay().sign(&body, &secret, now, "").expect("symmetric").headers;
    let verified = razorpay().verify(Unverified::new(&headers, &body), &[secret], now).expect("just signed");
    let normalised = razorpay().normalise(&verified).expect("well formed");
    assert_eq!(normalised.asks.len(), 1);
    normalised
}

fn failed(normalised: &Normalised) -> &PaymentFailed {
    let Fact::PaymentFailed(failed) = &normalised.events[0].fact else { panic!("a failure") };
    failed
}

#[test]
fn a_question_is_one_get_with_the_key_pair_in_its_header() {
    let key = Secret::parse("rzp_test_seeded:seeded-secret").expect("not empty");
    for (lookup, path) in [
        (customer(), "customers/cust_1"),
        (debt("order_1"), "orders/order_1"),
        (debt("inv_1"), "invoices/inv_1"),
        (debt("plink_1"), "payment_links/plink_1"),
        (debt("pay_1"), "payments/pay_1"),
        (debt("sub_1"), "subscriptions/sub_1"),
        (object("invoices", "inv_1"), "invoices/inv_1"),
        (object("payment_links", "plink_1"), "payment_links/plink_1"),
        (object("subscription_invoices", "sub_1"), "invoices?subscription_id=sub_1"),
    ] {
        for base in ["https://api.razorpay.com", "https://api.razorpay.com/"] {
            let request = razorpay().request(base, &lookup, &key).expect("razorpay answers this");
            assert_eq!(request.method(), "GET");
            assert_eq!(request.uri().to_string(), format!("https://api.razorpay.com/v1/{path}"));
            let expected = "Basic cnpwX3Rlc3Rfc2VlZGVkOnNlZWRlZC1zZWNyZXQ=";
            assert_eq!(request.headers()["authorization"], expected);
            assert!(!format!("{request:?}").contains(&expected[6..]));
        }
    }
    for id in ["token_1", "cart", "order", "ORDER_1"] {
        assert!(razorpay().request("https://api.razorpay.com", &debt(id), &key).is_none(), "{id}");
    }
    assert!(razorpay().request("not a url", &customer(), &key).is_none());
}

#[test]
fn o20_an_answer_that_cannot_be_used_is_asked_for_again_and_an_absent_page_costs_nothing() {
    for fixture in ["payment.failed.invoice", "subscription.pending"] {
        for (status, expected) in [
            (401, Unanswered::Denied),
            (403, Unanswered::Denied),
            (429, Unanswered::Unreachable),
            (500, Unanswered::Unreachable),
            (302, Unanswered::Unreachable),
        ] {
            assert_eq!(
                razorpay().complete(asking(fixture), &response(status, "{}")),
                Err(expected),
                "{status}"
            );
        }
        for status in [400, 404] {
            let whole = razorpay().complete(asking(fixture), &response(status, "{}")).expect("no such page");
            assert_eq!(whole, Normalised { asks: vec![], ..asking(fixture) }, "{fixture} {status}");
        }
        for body in ["", "<html>", "[]", r#"{"id":"inv_other","status":"issued"}"#, r#"{"items":{}}"#] {
            let answered = razorpay().complete(asking(fixture), &response(200, body));
            assert!(matches!(answered, Err(Unanswered::Malformed(_))), "{fixture} {body}");
        }
    }
}

#[test]
fn o20_both_reports_of_a_subscription_s_failed_charge_become_one_case() {
    let listed = r#"{"entity":"collection","count":3,"items":[
        {"id":"inv_old","subscription_id":"sub_ExampleSub001","order_id":"order_old","status":"issued","created_at":1},
        {"id":"inv_new","subscription_id":"sub_ExampleSub001","order_id":"order_new","status":"issued","created_at":2,
         "amount_due":29900,"currency":"INR","short_url":"https://rzp.io/i/Example"},
        {"id":"inv_paid","subscription_id":"sub_ExampleSub001","order_id":"order_paid","status":"paid","created_at":3},
        {"id":"inv_else","subscription_id":"sub_else","order_id":"order_else","status":"issued","created_at":4}]}"#;
    let whole =
        razorpay().complete(asking("subscription.pending"), &response(200, listed)).expect("an answer");
    assert_eq!((whole.events.len(), whole.events[0].obligation.as_str()), (1, "order_new"));
    let links: Vec<_> = failed(&whole).links.iter().map(Obligation::as_str).collect();
    assert_eq!(links, ["inv_new", "sub_ExampleSub001"]);
    assert_eq!(failed(&whole).amount.map(|amount| amount.minor), Some(29_900));
    let nothing = razorpay().complete(asking("subscription.pending"), &response(200, r#"{"items":[]}"#));
    assert_eq!(nothing.expect("an answer").events, asking("subscription.pending").events);
}

#[test]
fn o20_a_failure_on_a_page_that_is_closed_by_now_is_none() {
    let id = "inv_ExampleInv001";
    let Lookup::Object { id: asked, .. } = &asking("payment.failed.invoice").asks[0] else {
        panic!("a page")
    };
    assert_eq!(asked.as_str(), id);
    for (status, open) in [
        ("issued", true),
        ("partially_paid", true),
        ("paid", false),
        ("expired", false),
        ("cancelled", false),
    ] {
        let body = format!(r#"{{"id":"{id}","status":"{status}","amount_due":50000,"currency":"INR"}}"#);
        let whole =
            razorpay().complete(asking("payment.failed.invoice"), &response(200, &body)).expect("an answer");
        assert_eq!(whole.events.len(), usize::from(open), "{status}");
        assert_eq!(whole.status == Status::Recognised, open, "{status}");
        assert!(whole.asks.is_empty());
    }
}

#[test]
fn an_obligation_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Settled, StillOwed, Unreachable};
    for (id, status, expected) in [
        ("order_1", "created", StillOwed),
        ("order_1", "attempted", StillOwed),
        ("order_1", "paid", Settled(Fact::Paid)),
        ("inv_1", "issued", StillOwed),
        ("inv_1", "partially_paid", StillOwed),
        ("inv_1", "paid", Settled(Fact::Paid)),
        ("inv_1", "cancelled", Settled(Fact::Voided)),
        ("inv_1", "expired", Settled(Fact::Voided)),
        ("inv_1", "draft", Unreachable),
        ("plink_1", "created", StillOwed),
        ("plink_1", "expired", Settled(Fact::Voided)),
        ("pay_1", "failed", StillOwed),
        ("pay_1", "authorized", Unreachable),
        ("pay_1", "captured", Settled(Fact::Paid)),
        ("pay_1", "refunded", Settled(Fact::Refunded { full: true })),
        ("sub_1", "pending", StillOwed),
        ("sub_1", "halted", StillOwed),
        ("sub_1", "active", Unreachable),
        ("sub_1", "cancelled", Settled(Fact::SubscriptionCancelled)),
        ("order_1", "a_status_of_next_year", Unreachable),
    ] {
        let body = format!(r#"{{"id":"{id}","status":"{status}"}}"#);
        assert_eq!(answer(&debt(id), 200, &body), expected, "{body}");
    }
}

#[test]
fn r5_an_answer_that_cannot_be_used_holds_instead_of_guessing() {
    let paid = r#"{"id":"order_1","status":"paid"}"#;
    for (status, body, expected) in [
        (404, paid, LookupAnswer::NotFound),
        (400, paid, LookupAnswer::NotFound),
        (401, paid, LookupAnswer::Denied),
        (403, paid, LookupAnswer::Denied),
        (429, paid, LookupAnswer::Unreachable),
        (503, paid, LookupAnswer::Unreachable),
        (302, paid, LookupAnswer::Unreachable),
        (200, "", LookupAnswer::Unreachable),
        (200, "{}", LookupAnswer::Unreachable),
        (200, r#"{"id":"order_2","status":"paid"}"#, LookupAnswer::Unreachable),
        (200, r#"{"id":"order_1","status":"created","status":"paid"}"#, LookupAnswer::Unreachable),
    ] {
        assert_eq!(answer(&debt("order_1"), status, body), expected, "{status} {body}");
    }
}

#[test]
fn r5_a_customer_answers_with_what_is_known_of_the_buyer() {
    let body = r#"{"id":"cust_1","name":"Example Buyer","contact":"+14155550123","email":"buyer@example.com",
        "notes":{"whatsapp_phone":"+442079460958","time_zone":"Asia/Kolkata"}}"#;
    let LookupAnswer::Buyer(buyer) = answer(&customer(), 200, body) else { panic!("a buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
    assert_eq!(buyer.zone.as_deref(), Some("Asia/Kolkata"));
    assert_eq!(buyer.customer.as_ref().map(CustomerId::as_str), Some("cust_1"));
    let other = r#"{"id":"cust_2","contact":"+14155550123"}"#;
    assert_eq!(answer(&customer(), 200, other), LookupAnswer::Unreachable);
}
