//! Mollie's unsigned webhooks, of which nothing is believed but an id; what is asked for it; and its signed ones.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, SignatureError, Status, Unanswered,
    Unverified, Verified, by_name,
};
use serde_json::{Value, json};

fn mollie() -> &'static dyn Processor {
    by_name("mollie").expect("mollie is a source")
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("not empty")
}

fn verify(body: &[u8], headers: &HeaderMap, secrets: &[Secret]) -> Result<(), SignatureError> {
    mollie().verify(Unverified::new(headers, body), secrets, Timestamp::UNIX_EPOCH).map(drop)
}

fn normalise(body: &str) -> Result<Normalised, NormaliseError> {
    mollie().normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    answer
}

fn object(kind: &'static str, id: &str) -> Lookup {
    Lookup::Object { kind, id: Obligation::parse(id).expect("well formed") }
}

#[test]
fn r4_a_classic_webhook_says_no_more_than_its_id() {
    let bare = HeaderMap::new();
    let classic = [secret("classic")];
    for body in ["id=tr_1", "id=tr_1&status=paid&amount=0.00", "status=paid&id=tr_1"] {
        assert_eq!(verify(body.as_bytes(), &bare, &classic), Ok(()), "{body}");
        let normalised = normalise(body).expect("readable");
        assert_eq!((normalised.status, normalised.events.len()), (Status::Asks, 0), "{body}");
        assert_eq!(normalised.asks, [object("payments", "tr_1")], "{body}");
    }
    for json in [
        "{\"id\":\"tr_1\"}",
        " {\"id\":\"tr_1\"}",
        "[\"id=tr_1\"]",
        "{\"a\":\"&id=tr_1\"}",
        "\u{feff}id=tr_1",
    ] {
        assert_eq!(verify(json.as_bytes(), &bare, &classic), Err(SignatureError::Missing), "{json}");
    }
    assert_eq!(verify(b"id=tr_1", &bare, &[secret("a signing secret")]), Err(SignatureError::Missing));
    assert_eq!(verify(b"id=tr_\xff", &bare, &classic), Err(SignatureError::Missing), "broken UTF-8");
    let long = format!("id=tr_{}", "1".repeat(100_000));
    assert_eq!(verify(long.as_bytes(), &bare, &classic), Err(SignatureError::Missing));
}

#[test]
fn r4_the_word_that_lets_classic_webhooks_in_is_no_key() {
    let body = br#"{"resource":"event","id":"event_1","type":"payment.paid","entityId":"tr_1"}"#;
    let signed =
        mollie().sign(body, &secret("a signing secret"), Timestamp::UNIX_EPOCH, "").expect("mollie signs");
    assert_eq!(verify(body, &signed.headers, &[secret("classic"), secret("a signing secret")]), Ok(()));
    assert_eq!(verify(body, &signed.headers, &[secret("classic")]), Err(SignatureError::NoSecret));
    assert!(mollie().sign(body, &secret("classic"), Timestamp::UNIX_EPOCH, "").is_none());
    let form = mollie().sign(b"id=tr_1", &secret("classic"), Timestamp::UNIX_EPOCH, "").expect("a form");
    assert_eq!((form.headers.len(), verify(&form.body, &form.headers, &[secret("classic")])), (0, Ok(())));
}

#[test]
fn o19_signatures_come_in_several_headers_or_in_one() {
    let body = b"{}";
    let keys = [secret("first secret"), secret("second secret")];
    let of = |key: &Secret| {
        let signed = mollie().sign(body, key, Timestamp::UNIX_EPOCH, "").expect("mollie signs");
        signed.headers["x-mollie-signature"].to_str().expect("ASCII").to_owned()
    };
    let with = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-mollie-signature", HeaderValue::try_from(*value).expect("a value"));
        }
        verify(body, &headers, &keys[..1])
    };
    let (first, second) = (of(&keys[0]), of(&keys[1]));
    assert_eq!(with(&[&second, &first]), Ok(()));
    assert_eq!(with(&[&format!("{second},{first}")]), Ok(()));
    assert_eq!(with(&[&second, ""]), Err(SignatureError::Mismatch));
    assert_eq!(with(&["", " "]), Err(SignatureError::Missing));
    assert_eq!(with(&["sha256="]), Err(SignatureError::Malformed));
    assert_eq!(with(&[second.as_str(); 9]), Err(SignatureError::TooMany));
}

#[test]
fn r5_an_id_that_mollie_does_not_know_gives_nothing_and_a_silence_is_asked_again() {
    let asked = normalise("id=tr_1").expect("readable");
    let none = json!({});
    for gone in [StatusCode::NOT_FOUND, StatusCode::GONE] {
        let completed = mollie().complete(asked.clone(), &answer(gone, &none)).expect("an answer");
        assert_eq!((completed.status, completed.asks.len()), (Status::Ignored(Ignored::UnknownType), 0));
    }
    for (status, error) in [
        (StatusCode::UNAUTHORIZED, Unanswered::Denied),
        (StatusCode::TOO_MANY_REQUESTS, Unanswered::Unreachable),
        (StatusCode::SERVICE_UNAVAILABLE, Unanswered::Unreachable),
    ] {
        assert_eq!(mollie().complete(asked.clone(), &answer(status, &none)), Err(error));
    }
    let other = json!({ "id": "tr_2", "status": "paid" });
    let refused = mollie().complete(asked.clone(), &answer(StatusCode::OK, &other));
    assert_eq!(
        refused,
        Err(Unanswered::Malformed(NormaliseError::Malformed { member: "id" })),
        "another's payment"
    );
    let stateless = json!({ "id": "tr_1" });
    let refused = mollie().complete(asked, &answer(StatusCode::OK, &stateless));
    assert_eq!(refused, Err(Unanswered::Malformed(NormaliseError::Missing { member: "status" })));
}

#[test]
fn r4_ids_of_other_kinds_are_answered_and_not_asked_for() {
    for id in ["ord_1", "sub_1", "pl_1", "x", "TR_1"] {
        let normalised = normalise(&format!("id={id}")).expect("readable");
        assert_eq!(
            (normalised.status, normalised.asks.len()),
            (Status::Ignored(Ignored::UnknownType), 0),
            "{id}"
        );
    }
    for body in ["", "id=", "id=tr_1/..", "id=tr_1%2F", "id=tr_1&id=tr_2", "x=1", "<id>tr_1</id>"] {
        assert_eq!(normalise(body).map(drop), Err(NormaliseError::NotForm), "{body}");
    }
}

#[test]
fn a_question_is_one_get_with_the_key_in_its_header() {
    let key = secret("live_seeded");
    let debt = |id: &str| Lookup::Obligation(Obligation::parse(id).expect("well formed"));
    for (lookup, path) in [
        (object("payments", "tr_1"), "payments/tr_1?embed=chargebacks"),
        (object("payment-links", "pl_1"), "payment-links/pl_1"),
        (object("payment-links/payments", "pl_1"), "payment-links/pl_1/payments"),
        (debt("tr_1"), "payments/tr_1?embed=chargebacks"),
        (Lookup::Customer(CustomerId::parse("cst_1").expect("well formed")), "customers/cst_1"),
    ] {
        let request =
            mollie().request("https://api.mollie.com/", &lookup, &key).expect("mollie answers this");
        assert_eq!(request.uri().to_string(), format!("https://api.mollie.com/v2/{path}"));
        assert_eq!(request.headers()["authorization"], "Bearer live_seeded");
        assert!(!format!("{request:?}").contains("seeded"));
    }
    for id in ["order-1234", "pl_1", "ord_1", "tr_1.2f"] {
        assert!(mollie().request("https://api.mollie.com", &debt(id), &key).is_none(), "{id}");
    }
}

#[test]
fn r2_one_month_of_a_subscription_does_not_pay_for_another() {
    let payment = |id: &str, status: &str| {
        let payment = json!({ "id": id, "status": status, "amount": { "value": "9.00", "currency": "EUR" },
            "subscriptionId": "sub_1", "metadata": { "order_id": "1234" } });
        let asked = normalise(&format!("id={id}")).expect("readable");
        mollie().complete(asked, &answer(StatusCode::OK, &payment)).expect("answered").events
    };
    let paid = payment("tr_1", "paid");
    assert_eq!(paid.iter().map(|event| event.obligation.as_str()).collect::<Vec<_>>(), ["tr_1"]);
    let failed = payment("tr_2", "failed");
    let Fact::PaymentFailed(failed) = &failed[0].fact else { panic!("a failure") };
    assert_eq!(failed.links.iter().map(Obligation::as_str).collect::<Vec<_>>(), ["sub_1"]);
}

#[test]
fn a_payment_is_settled_still_owed_or_not_to_be_touched() {
    let asked = Lookup::Obligation(Obligation::parse("tr_1").expect("well formed"));
    for (id, status, expected) in [
        ("tr_1", "paid", LookupAnswer::Settled(Fact::Paid)),
        ("tr_1", "authorized", LookupAnswer::Settled(Fact::Paid)),
        ("tr_1", "canceled", LookupAnswer::Settled(Fact::Voided)),
        ("tr_1", "failed", LookupAnswer::StillOwed),
        ("tr_1", "open", LookupAnswer::Unreachable),
        ("tr_2", "paid", LookupAnswer::Unreachable),
    ] {
        let body = json!({ "id": id, "status": status });
        assert_eq!(mollie().read_answer(&asked, &answer(StatusCode::OK, &body)), expected, "{id} {status}");
    }
    let customer = Lookup::Customer(CustomerId::parse("cst_1").expect("well formed"));
    let body = json!({ "id": "cst_1", "name": "Ana Gil", "locale": "nl_NL", "metadata": { "whatsapp_phone": "+14155550123" } });
    let LookupAnswer::Buyer(buyer) = mollie().read_answer(&customer, &answer(StatusCode::OK, &body)) else {
        panic!("a buyer")
    };
    assert_eq!(
        (buyer.phone.as_ref().map(Phone::expose), buyer.locale.as_deref()),
        (Some("+14155550123"), Some("nl-NL"))
    );
}
