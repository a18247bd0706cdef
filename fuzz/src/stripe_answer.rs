//! What Stripe's API answers. Input: the status, the id that was asked for, the body.

use bytes::Bytes;
use http::{Response, StatusCode};
use recoup_core::{CustomerId, Obligation};
use recoup_processors::{Lookup, LookupAnswer, by_name};
use serde_json::Value;

use crate::input::{Lines, secret};
use crate::shown::{assert_fit, assert_hidden};

/// A debt is settled, and a buyer known, by a good answer about the very object that was asked for, and by nothing else.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (status, id) = (input.number(), input.line());
    let body = Bytes::copy_from_slice(input.rest());
    let status = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let mut answer = Response::new(body);
    *answer.status_mut() = status.unwrap_or(StatusCode::OK);

    let customer = CustomerId::parse(&id).ok().map(Lookup::Customer);
    let obligation = Obligation::parse(&id).ok().map(Lookup::Obligation);
    for lookup in customer.into_iter().chain(obligation) {
        check_request(&lookup, &id);
        check_answer(&lookup, &id, &answer);
    }
}

fn check_request(lookup: &Lookup, id: &str) {
    let stripe = by_name("stripe").expect("stripe is a source");
    let Some(request) = stripe.request("https://api.example", lookup, &secret("sk_zqxjkv")) else { return };
    let uri = request.uri();
    assert_eq!(uri.host(), Some("api.example"), "asked somebody else");
    assert!(uri.path().ends_with(&format!("/{id}")) && uri.query().is_none(), "asked for another object");
    assert_eq!(uri.path().split('/').count(), 4, "asked for another collection");
    assert!(!format!("{:?}", request.headers()).contains("zqxjkv"), "the key shows");
}

fn check_answer(lookup: &Lookup, id: &str, answer: &Response<Bytes>) {
    let stripe = by_name("stripe").expect("stripe is a source");
    let read = stripe.read_answer(lookup, answer);
    let words: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let own = words.is_some_and(|words| words["id"] == *id);
    match &read {
        LookupAnswer::Buyer(buyer) => {
            assert!(matches!(lookup, Lookup::Customer(_)), "a buyer for a debt");
            assert!(answer.status() == StatusCode::OK && own, "somebody else's buyer");
            assert_fit(buyer);
            let mut shown = buyer.clone();
            (shown.zone, shown.locale) = (None, None);
            assert_hidden(&format!("{shown:?}"), buyer.phone.as_ref(), buyer.name.as_ref(), None);
        }
        LookupAnswer::Settled(fact) => {
            assert!(matches!(lookup, Lookup::Obligation(_)), "a settlement of a buyer");
            assert!(answer.status() == StatusCode::OK && own, "somebody else's payment");
            assert!(matches!(fact.kind(), "paid" | "voided" | "marked_uncollectible"), "{}", fact.kind());
        }
        LookupAnswer::StillOwed => assert!(answer.status() == StatusCode::OK && own, "somebody else's debt"),
        LookupAnswer::Denied => assert!(matches!(answer.status().as_u16(), 401 | 403)),
        LookupAnswer::NotAsked | LookupAnswer::NotFound => {
            assert!(matches!(answer.status().as_u16(), 200 | 404))
        }
        LookupAnswer::Unreachable => {}
    }
}
