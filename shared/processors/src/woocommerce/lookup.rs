//! `WooCommerce`'s REST API v3: who a customer is, and whether an order is still owed.
//!
//! The API key is `consumer_key:consumer_secret`, the base URL the store's own address.

use crate::lookup::{basic, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::Secret;

use super::body::Body;
use super::order;
use crate::{Lookup, LookupAnswer, json};

/// Builds the request; `None` for a key in another form.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("customers", customer.as_str()),
        Lookup::Obligation(order) => ("orders", order.as_str()),
        Lookup::Object { .. } => return None,
    };
    if !id.bytes().all(|b| b.is_ascii_digit()) || !api_key.expose().contains(':') {
        return None;
    }
    get(base_url, &format!("wp-json/wc/v3/{collection}/{id}"), &basic(api_key.expose()), "application/json")?
        .body(Bytes::new())
        .ok()
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(body) = json::parse::<Body<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    // Another object than the one asked for is somebody else's debt or phone.
    let is = |asked: &str| body.id.number_or_text().as_deref() == Some(asked);
    match lookup {
        Lookup::Customer(asked) if is(asked.as_str()) => LookupAnswer::Buyer(body.customer()),
        Lookup::Obligation(asked) if is(asked.as_str()) => match order::settled(&body) {
            Some(fact) => LookupAnswer::Settled(fact),
            None if order::is_owed(&body) => LookupAnswer::StillOwed,
            // `on-hold` is money on its way, and another status a plug-in's own: not a moment to ask.
            None => LookupAnswer::Unreachable,
        },
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}
