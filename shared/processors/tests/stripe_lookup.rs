//! Questions to Stripe's API and the reading of its answers.

use bytes::Bytes;
use http::{Response, StatusCode};
use recoup_core::{CustomerId, Fact, Obligation, Phone, Secret};
use recoup_processors::{Lookup, LookupAnswer, Processor, by_name};

fn stripe() -> &'static dyn Processor {
    by_name("stripe").expect("stripe is a source")
}

fn customer() -> Lookup {
    Lookup::Customer(CustomerId::parse("cus_1").expect("well formed"))
}

fn debt(id: &str) -> Lookup {
    Lookup::Obligation(Obligation::parse(id).expect("well formed"))
}

fn answer(lookup: &Lookup, status: StatusCode, body: &str) -> LookupAnswer {
    let mut answer = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *answer.status_mut() = status;
    stripe().read_answer(lookup, &answer)
}

#[test]
fn a_look_up_is_one_get_with_the_key_in_its_header() {
    let key = Secret::parse("sk_test_seeded").expect("not empty");
    for (lookup, uri) in [
        (customer(), "https://api.stripe.com/v1/customers/cus_1"),
        (debt("in_1"), "https://api.stripe.com/v1/invoices/in_1"),
        (debt("pi_1"), "https://api.stripe.com/v1/payment_intents/pi_1"),
    ] {
        for base in ["https://api.stripe.com", "https://api.stripe.com/"] {
            let request = stripe().request(base, &lookup, &key).expect("stripe answers this");
            assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("GET", uri));
            assert_eq!(request.headers()["authorization"], "Bearer sk_test_seeded");
            assert!(!format!("{request:?}").contains("seeded"));
        }
    }
    for id in ["sub_1", "ch_1", "order", "in1", "IN_1"] {
        assert!(stripe().request("https://api.stripe.com", &debt(id), &key).is_none(), "{id}");
    }
    assert!(stripe().request("not a url", &customer(), &key).is_none());
}

#[test]
fn r5_a_customer_answers_with_what_is_known_of_the_buyer() {
    let body = r#"{"id":"cus_1","object":"customer","name":"Example Buyer","phone":"415 555 0123",
        "shipping":{"name":"Example Recipient","phone":"+14155550124"},"preferred_locales":["not a tag","de"],
        "metadata":{"whatsapp_phone":"","timezone":"Europe/Berlin"}}"#;
    let LookupAnswer::Buyer(buyer) = answer(&customer(), StatusCode::OK, body) else { panic!("a buyer") };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550124"));
    assert_eq!(buyer.name.as_ref().map(recoup_core::PersonName::expose), Some("Example Buyer"));
    assert_eq!((buyer.locale.as_deref(), buyer.zone.as_deref()), (Some("de"), Some("Europe/Berlin")));
    assert_eq!(buyer.customer.as_ref().map(CustomerId::as_str), Some("cus_1"));

    let preferred = r#"{"id":"cus_1","phone":"+14155550124","metadata":{"whatsapp_phone":"+14155550125"}}"#;
    let LookupAnswer::Buyer(buyer) = answer(&customer(), StatusCode::OK, preferred) else {
        panic!("a buyer")
    };
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+14155550125"));

    let LookupAnswer::Buyer(bare) = answer(&customer(), StatusCode::OK, r#"{"id":"cus_1"}"#) else {
        panic!("a buyer")
    };
    assert_eq!(bare.phone, None);
    let deleted = r#"{"id":"cus_1","object":"customer","deleted":true}"#;
    assert_eq!(answer(&customer(), StatusCode::OK, deleted), LookupAnswer::NotFound);
}

#[test]
fn an_obligation_is_settled_still_owed_or_not_to_be_touched() {
    use LookupAnswer::{Settled, StillOwed, Unreachable};
    for (id, members, expected) in [
        ("in_1", r#""status":"open","amount_remaining":4900"#, StillOwed),
        ("in_1", r#""status":"open""#, StillOwed),
        ("in_1", r#""status":"open","amount_remaining":0"#, Settled(Fact::Paid)),
        ("in_1", r#""status":"paid""#, Settled(Fact::Paid)),
        ("in_1", r#""status":"void""#, Settled(Fact::Voided)),
        ("in_1", r#""status":"uncollectible""#, Settled(Fact::MarkedUncollectible)),
        ("in_1", r#""status":"draft""#, Unreachable),
        ("in_1", r#""status":null"#, Unreachable),
        ("in_1", r#""deleted":true"#, LookupAnswer::NotFound),
        ("pi_1", r#""status":"requires_payment_method""#, StillOwed),
        ("pi_1", r#""status":"requires_action""#, StillOwed),
        ("pi_1", r#""status":"succeeded""#, Settled(Fact::Paid)),
        ("pi_1", r#""status":"canceled""#, Settled(Fact::Voided)),
        ("pi_1", r#""status":"processing""#, Unreachable),
        ("pi_1", r#""status":"requires_capture""#, Unreachable),
    ] {
        let body = format!(r#"{{"id":"{id}",{members}}}"#);
        assert_eq!(answer(&debt(id), StatusCode::OK, &body), expected, "{body}");
    }
}

#[test]
fn r5_an_answer_that_cannot_be_used_holds_instead_of_guessing() {
    let good = r#"{"id":"in_1","status":"open"}"#;
    for (status, body, expected) in [
        (404, good, LookupAnswer::NotFound),
        (401, good, LookupAnswer::Denied),
        (403, good, LookupAnswer::Denied),
        (429, good, LookupAnswer::Unreachable),
        (500, good, LookupAnswer::Unreachable),
        (503, "<html>", LookupAnswer::Unreachable),
        (400, good, LookupAnswer::Unreachable),
        (302, good, LookupAnswer::Unreachable),
        (204, "", LookupAnswer::Unreachable),
        (200, "", LookupAnswer::Unreachable),
        (200, "<html>", LookupAnswer::Unreachable),
        (200, "{}", LookupAnswer::Unreachable),
        (200, r#"{"id":"in_2","status":"paid"}"#, LookupAnswer::Unreachable),
        (200, r#"{"id":"in_1","status":"open","status":"paid"}"#, LookupAnswer::Unreachable),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(answer(&debt("in_1"), status, body), expected, "{status} {body}");
    }
    let other = r#"{"id":"cus_2","phone":"+14155550123"}"#;
    assert_eq!(answer(&customer(), StatusCode::OK, other), LookupAnswer::Unreachable);
}
