//! Questions to Chargebee's API: the event that was posted is believed only as the API tells it.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, Normalised, Processor, Status, Unanswered, Unverified, by_name,
};

fn chargebee() -> &'static dyn Processor {
    by_name("chargebee").expect("chargebee is a source")
}

fn debt(id: &str) -> Lookup {
    Lookup::Obligation(Obligation::parse(id).expect("well formed"))
}

fn response(status: u16, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

fn posted(body: &[u8]) -> Normalised {
    let (secret, now) = (Secret::parse("example:pair").expect("not empty"), Timestamp::UNIX_EPOCH);
    let headers = chargebee().sign(body, &secret, now, "").expect("a password").headers;
    let verified = chargebee().verify(Unverified::new(&headers, body), &[secret], now).expect("just signed");
    chargebee().normalise(&verified).expect("well formed")
}

/// Somebody who has the password says that an invoice is paid.
fn claim() -> Normalised {
    posted(br#"{"id":"ev_1","event_type":"invoice_updated","content":{"invoice":{"id":"INV-1","status":"paid"}}}"#)
}

#[test]
fn a_question_is_one_get_with_the_key_as_its_user() {
    let key = Secret::parse("test_seeded").expect("not empty");
    let customer = Lookup::Customer(CustomerId::parse("cus_1").expect("well formed"));
    let event = Lookup::Object { kind: "events", id: Obligation::parse("ev_1").expect("well formed") };
    for (lookup, path) in [
        (event, "events/ev_1"),
        (customer, "customers/cus_1"),
        (debt("INV-1"), "invoices/INV-1"),
        (debt("INV.2f2026.2f1"), "invoices/INV%2f2026%2f1"),
        (debt("INV.25202026"), "invoices/INV%202026"),
        (debt("INV.2026.1"), "invoices/INV.2026.1"),
        (debt("INV.2F1"), "invoices/INV.2F1"),
        (debt("v1.0"), "invoices/v1.0"),
        (debt("end."), "invoices/end."),
    ] {
        for base in ["https://example-test.chargebee.com", "https://example-test.chargebee.com/"] {
            let request = chargebee().request(base, &lookup, &key).expect("chargebee answers this");
            let expected = format!("https://example-test.chargebee.com/api/v2/{path}");
            assert_eq!((request.method().as_str(), request.uri().to_string()), ("GET", expected));
            assert_eq!(request.headers()["authorization"], "Basic dGVzdF9zZWVkZWQ6");
            assert!(!format!("{request:?}").contains("dGVzdF9"));
        }
    }
    for id in ["sub.1.1772000000", "txn_1"] {
        assert!(chargebee().request("https://example-test.chargebee.com", &debt(id), &key).is_none(), "{id}");
    }
    assert!(chargebee().request("not a url", &debt("INV-1"), &key).is_none());
}

#[test]
fn o20_a_posted_event_is_believed_only_as_the_api_tells_it() {
    let told = r#"{"event":{"id":"ev_1","event_type":"payment_failed","occurred_at":1772000000,
        "content":{"invoice":{"id":"INV-2","amount_due":4900,"currency_code":"EUR"}}}}"#;
    let whole = chargebee().complete(claim(), &response(200, told)).expect("an answer");
    assert_eq!((whole.events.len(), whole.kind.as_str()), (1, "payment_failed"));
    assert_eq!(
        (whole.events[0].obligation.as_str(), whole.events[0].fact.kind()),
        ("INV-2", "payment_failed")
    );
    assert!(whole.asks.is_empty());
    for status in [404, 410] {
        let nothing = chargebee().complete(claim(), &response(status, "{}")).expect("never sent");
        assert_eq!((nothing.events.len(), nothing.asks.len()), (0, 0));
        assert_eq!(nothing.status, Status::Ignored(Ignored::ThinEvent));
    }
}

#[test]
fn r5_without_an_answer_a_posted_event_waits() {
    for (status, expected) in [
        (401, Unanswered::Denied),
        (403, Unanswered::Denied),
        (429, Unanswered::Unreachable),
        (500, Unanswered::Unreachable),
        (302, Unanswered::Unreachable),
        (400, Unanswered::Unreachable),
    ] {
        assert_eq!(chargebee().complete(claim(), &response(status, "{}")), Err(expected), "{status}");
    }
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"event":{}}"#,
        r#"{"event":{"id":"ev_2","event_type":"invoice_updated","content":{}}}"#,
        r#"{"event":{"id":"ev_1","event_type":"invoice_updated","content":{}}}"#,
        r#"{"event":{"id":"ev_1","id":"ev_1","event_type":"invoice_updated"}}"#,
    ] {
        let answered = chargebee().complete(claim(), &response(200, body));
        assert!(matches!(answered, Err(Unanswered::Malformed(_))), "{body}");
    }
}

#[test]
fn o20_the_api_s_own_copy_of_each_fixture_says_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/chargebee");
    let mut asked = 0;
    for entry in fs::read_dir(folder).expect("the fixtures are there") {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names").to_owned();
        let is_body = path.extension().is_some_and(|end| end == "json") && !name.contains(".answer");
        if !is_body || ["signatures.json", "story.json"].contains(&&*name) {
            continue;
        }
        let body = fs::read_to_string(path).expect("readable");
        let said = posted(body.as_bytes());
        if !said.asks.is_empty() {
            let told = format!(r#"{{"event":{body}}}"#);
            let whole = chargebee().complete(said.clone(), &response(200, &told)).expect("an answer");
            assert_eq!(whole, Normalised { asks: vec![], ..said }, "{name}");
            asked += 1;
        }
    }
    assert!(asked > 10, "{asked}");
}

#[test]
fn r5_an_invoice_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Denied, NotFound, Settled, StillOwed, Unreachable};
    for (status, members, expected) in [
        (200, r#""id":"INV-1","status":"payment_due""#, StillOwed),
        (200, r#""id":"INV-1","status":"posted""#, StillOwed),
        (200, r#""id":"INV-1","status":"paid""#, Settled(Fact::Paid)),
        (200, r#""id":"INV-1","status":"paid","write_off_amount":1"#, Settled(Fact::MarkedUncollectible)),
        (200, r#""id":"INV-1","status":"not_paid""#, Settled(Fact::MarkedUncollectible)),
        (200, r#""id":"INV-1","status":"voided""#, Settled(Fact::Voided)),
        (200, r#""id":"INV-1","status":"pending""#, Unreachable),
        (
            200,
            r#""id":"INV-1","status":"payment_due","linked_payments":[{"txn_status":"failure"}]"#,
            StillOwed,
        ),
        (
            200,
            r#""id":"INV-1","status":"payment_due","linked_payments":[{"txn_status":"in_progress"}]"#,
            Unreachable,
        ),
        (200, r#""id":"INV-2","status":"paid""#, Unreachable),
        (200, r#""id":"INV-1","status":"payment_due","status":"paid""#, Unreachable),
        (404, "", NotFound),
        (401, "", Denied),
        (403, "", Denied),
        (429, "", Unreachable),
        (500, "", Unreachable),
    ] {
        let body = format!(r#"{{"invoice":{{{members}}}}}"#);
        let answer = chargebee().read_answer(&debt("INV-1"), &response(status, &body));
        assert_eq!(answer, expected, "{status} {members}");
    }
    let slashed = r#"{"invoice":{"id":"INV/1","status":"paid"}}"#;
    let answer = chargebee().read_answer(&debt("INV.2f1"), &response(200, slashed));
    assert_eq!(answer, Settled(Fact::Paid));
}

#[test]
fn r5_a_customer_answers_with_what_is_known_of_the_buyer() {
    let customer = Lookup::Customer(CustomerId::parse("cus_1").expect("well formed"));
    let body = r#"{"customer":{"id":"cus_1","first_name":"Example","last_name":"Buyer","phone":"0207 946 0958",
        "email":"buyer@example.com","locale":"de","billing_address":{"phone":"+442079460958"},
        "meta_data":{"time_zone":"Europe/Berlin"}}}"#;
    let LookupAnswer::Buyer(buyer) = chargebee().read_answer(&customer, &response(200, body)) else {
        panic!("a buyer")
    };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
    assert_eq!((buyer.locale.as_deref(), buyer.zone.as_deref()), (Some("de"), Some("Europe/Berlin")));
    let other = r#"{"customer":{"id":"cus_2","phone":"+14155550123"}}"#;
    assert_eq!(chargebee().read_answer(&customer, &response(200, other)), LookupAnswer::Unreachable);
}
