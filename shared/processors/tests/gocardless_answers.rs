//! What GoCardless is asked, and what its answers add.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use recoup_core::{CustomerId, Event, Fact, Obligation, PersonName, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, Status, Unanswered, Verified,
    by_name,
};
use serde_json::{Value, json};

fn gocardless() -> &'static dyn Processor {
    by_name("gocardless").expect("gocardless is a source")
}

fn event(id: &str, kind: &str, action: &str, links: &Value, details: &Value) -> Value {
    json!({ "id": id, "created_at": "2026-02-25T06:13:20.000Z", "resource_type": kind, "action": action, "links": links, "details": details })
}

fn normalise(events: &[Value]) -> Result<Normalised, NormaliseError> {
    let body = json!({ "events": events }).to_string();
    gocardless().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

fn failed(payment: &str) -> Normalised {
    let event =
        event("EV1", "payments", "failed", &json!({ "payment": payment }), &json!({ "origin": "bank" }));
    normalise(&[event]).expect("readable")
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}

fn amount(event: &Event) -> Option<String> {
    let Fact::PaymentFailed(failed) = &event.fact else { panic!("a failure") };
    failed.amount.map(|amount| amount.to_string())
}

#[test]
fn a_question_is_one_get_with_version_and_key() {
    let key = Secret::parse("live_seeded").expect("not empty");
    let id = |text: &str| Obligation::parse(text).expect("well formed");
    for (lookup, uri) in [
        (Lookup::Object { kind: "payments", id: id("PM1") }, "https://api.gocardless.com/payments/PM1"),
        (Lookup::Object { kind: "mandates", id: id("MD1") }, "https://api.gocardless.com/mandates/MD1"),
        (Lookup::Object { kind: "refunds", id: id("RF1") }, "https://api.gocardless.com/refunds/RF1"),
        (Lookup::Obligation(id("PM1")), "https://api.gocardless.com/payments/PM1"),
        (
            Lookup::Customer(CustomerId::parse("CU1").expect("well formed")),
            "https://api.gocardless.com/customers/CU1",
        ),
    ] {
        for base in ["https://api.gocardless.com", "https://api.gocardless.com/"] {
            let request = gocardless().request(base, &lookup, &key).expect("gocardless answers this");
            assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", uri));
            assert_eq!(request.headers()["authorization"], "Bearer live_seeded");
            assert_eq!(request.headers()["gocardless-version"], "2015-07-06");
            assert!(!format!("{request:?}").contains("seeded"));
        }
        assert!(gocardless().request("not a url", &lookup, &key).is_none());
    }
    for other in ["MD1", "SB1", "PM..", "PM1.2f", "pm1"] {
        assert!(
            gocardless()
                .request("https://api.gocardless.com", &Lookup::Obligation(id(other)), &key)
                .is_none()
        );
    }
    let payouts = Lookup::Object { kind: "payouts", id: id("PO1") };
    assert!(gocardless().request("https://api.gocardless.com", &payouts, &key).is_none());
}

#[test]
fn r7_an_amount_is_taken_from_the_payment_that_was_asked_for_and_exactly() {
    for (body, expected) in [
        (json!({ "payments": { "id": "PM1", "amount": 4900, "currency": "GBP" } }), Some("49.00 GBP")),
        (json!({ "payments": { "id": "PM1", "amount": "4900", "currency": "GBP" } }), Some("49.00 GBP")),
        (json!({ "payments": { "id": "PM1", "amount": 49.5, "currency": "GBP" } }), None),
        (json!({ "payments": { "id": "PM1", "amount": 0, "currency": "GBP" } }), None),
        (json!({ "payments": { "id": "PM1", "amount": 4900 } }), None),
        (json!({ "payments": { "id": "PM1", "amount": 4900, "currency": "XXX" } }), None),
    ] {
        let completed =
            gocardless().complete(failed("PM1"), &answer(StatusCode::OK, &body)).expect("answered");
        assert_eq!(amount(&completed.events[0]).as_deref(), expected, "{body}");
        assert!(completed.asks.is_empty(), "{body}");
    }
    for body in [json!({ "payments": { "id": "PM2", "amount": 1 } }), json!({ "payments": {} })] {
        let refused = gocardless().complete(failed("PM1"), &answer(StatusCode::OK, &body));
        assert_eq!(refused, Err(Unanswered::Malformed(NormaliseError::Malformed { member: "id" })), "{body}");
    }
    for body in [json!({}), json!({ "payments": [] }), json!({ "mandates": { "id": "PM1" } })] {
        let refused = gocardless().complete(failed("PM1"), &answer(StatusCode::OK, &body));
        assert_eq!(
            refused,
            Err(Unanswered::Malformed(NormaliseError::Missing { member: "payments" })),
            "{body}"
        );
    }
}

#[test]
fn r5_what_the_api_does_not_tell_leaves_the_event_as_it_is() {
    let asked = failed("PM1");
    let none = json!({});
    for (status, error) in [
        (StatusCode::UNAUTHORIZED, Unanswered::Denied),
        (StatusCode::FORBIDDEN, Unanswered::Denied),
        (StatusCode::TOO_MANY_REQUESTS, Unanswered::Unreachable),
        (StatusCode::INTERNAL_SERVER_ERROR, Unanswered::Unreachable),
        (StatusCode::FOUND, Unanswered::Unreachable),
    ] {
        assert_eq!(gocardless().complete(asked.clone(), &answer(status, &none)), Err(error), "{status}");
    }
    for gone in [StatusCode::NOT_FOUND, StatusCode::GONE] {
        let completed = gocardless().complete(asked.clone(), &answer(gone, &none)).expect("an answer");
        assert_eq!((&completed.events, completed.asks.len()), (&asked.events, 0), "{gone}");
    }
}

#[test]
fn r4_one_body_asks_a_bounded_number_of_questions_and_none_twice() {
    let details = json!({ "origin": "bank", "cause": "insufficient_funds" });
    let of = |nth: usize| {
        event(
            &format!("EV{nth}"),
            "payments",
            "failed",
            &json!({ "payment": format!("PM{}", nth / 2) }),
            &details,
        )
    };
    let many: Vec<Value> = (0..100).map(of).collect();
    let normalised = normalise(&many).expect("readable");
    assert_eq!((normalised.events.len(), normalised.asks.len()), (100, 8));
    let odd = event("EV1", "payments", "failed", &json!({ "payment": "../customers" }), &details);
    let normalised = normalise(&[odd]).expect("readable");
    assert!(normalised.asks.is_empty(), "an id that is none of GoCardless's is not put into a path");
    assert_eq!(normalised.events[0].obligation.as_str(), "...2fcustomers");
}

#[test]
fn r2_who_cancelled_decides_whether_the_debt_stays() {
    let payment = json!({ "payment": "PM1" });
    for (origin, cause, expected) in [
        ("api", "payment_cancelled", "voided"),
        ("api", "mandate_cancelled", "voided"),
        ("gocardless", "instalment_schedule_cancelled", "voided"),
        ("bank", "mandate_cancelled", "payment_failed"),
        ("bank", "bank_account_closed", "payment_failed"),
        ("gocardless", "mandate_expired", "payment_failed"),
    ] {
        let details = json!({ "origin": origin, "cause": cause });
        let normalised =
            normalise(&[event("EV1", "payments", "cancelled", &payment, &details)]).expect("readable");
        assert_eq!(normalised.events[0].fact.kind(), expected, "{origin} {cause}");
    }
    let unsaid =
        normalise(&[event("EV1", "payments", "cancelled", &payment, &json!(null))]).expect("readable");
    assert_eq!(unsaid.events[0].fact, Fact::Voided, "nobody is reminded of a debt that may be withdrawn");
}

#[test]
fn r4_an_event_without_what_decides_is_named() {
    let details = json!({});
    for (event, error) in [
        (json!(7), NormaliseError::Malformed { member: "events" }),
        (json!({ "id": "EV1" }), NormaliseError::Missing { member: "resource_type" }),
        (
            event("EV1", "payments", "FAILED\n", &details, &details),
            NormaliseError::Malformed { member: "action" },
        ),
        (
            event("EV1", "payments", "failed", &details, &details),
            NormaliseError::Missing { member: "links.payment" },
        ),
        (
            event("", "payments", "failed", &json!({ "payment": "PM1" }), &details),
            NormaliseError::Malformed { member: "id" },
        ),
        (
            event("EV1", "payments", "failed", &json!({ "payment": "a b" }), &details),
            NormaliseError::Malformed { member: "links.payment" },
        ),
    ] {
        assert_eq!(normalise(std::slice::from_ref(&event)).map(drop), Err(error), "{event}");
    }
    let none = normalise(&[]).expect("readable");
    assert_eq!(none.status, Status::Ignored(Ignored::UnknownType));
}

#[test]
fn a_payment_is_settled_still_owed_or_not_to_be_touched() {
    let asked = Lookup::Obligation(Obligation::parse("PM1").expect("well formed"));
    let read = |status: StatusCode, body: &Value| gocardless().read_answer(&asked, &answer(status, body));
    for (state, expected) in [
        ("confirmed", LookupAnswer::Settled(Fact::Paid)),
        ("paid_out", LookupAnswer::Settled(Fact::Paid)),
        ("charged_back", LookupAnswer::Settled(Fact::DisputeOpened)),
        ("failed", LookupAnswer::StillOwed),
        ("cancelled", LookupAnswer::StillOwed),
        ("submitted", LookupAnswer::Unreachable),
        ("pending_submission", LookupAnswer::Unreachable),
        ("a_state_of_next_year", LookupAnswer::Unreachable),
    ] {
        let body = json!({ "payments": { "id": "PM1", "status": state } });
        assert_eq!(read(StatusCode::OK, &body), expected, "{state}");
    }
    let other = json!({ "payments": { "id": "PM2", "status": "confirmed" } });
    assert_eq!(read(StatusCode::OK, &other), LookupAnswer::Unreachable);
    assert_eq!(read(StatusCode::NOT_FOUND, &other), LookupAnswer::NotFound);
    assert_eq!(read(StatusCode::UNAUTHORIZED, &other), LookupAnswer::Denied);
    assert_eq!(read(StatusCode::BAD_GATEWAY, &other), LookupAnswer::Unreachable);
}

#[test]
fn r5_a_customer_answers_with_a_number_that_has_its_country() {
    let asked = Lookup::Customer(CustomerId::parse("CU1").expect("well formed"));
    let mut customer = json!({ "customers": { "id": "CU1", "given_name": "Ana", "family_name": "Gil", "language": "en",
        "email": "ana.gil@example.com", "phone_number": "+44 20 7946 0958", "metadata": {} } });
    let read = |body: &Value| gocardless().read_answer(&asked, &answer(StatusCode::OK, body));
    let LookupAnswer::Buyer(buyer) = read(&customer) else { panic!("a buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
    assert_eq!(buyer.name.as_ref().map(PersonName::expose), Some("Ana Gil"));
    customer["customers"]["metadata"]["whatsapp_phone"] = json!("+14155550123");
    let LookupAnswer::Buyer(buyer) = read(&customer) else { panic!("a buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550123"));
    customer["customers"] =
        json!({ "id": "CU1", "phone_number": "020 7946 0958", "company_name": "Example Ltd" });
    let LookupAnswer::Buyer(buyer) = read(&customer) else { panic!("a buyer") };
    assert_eq!((buyer.phone, buyer.name.as_ref().map(PersonName::expose)), (None, Some("Example Ltd")));
    customer["customers"]["id"] = json!("CU2");
    assert_eq!(read(&customer), LookupAnswer::Unreachable);
}
