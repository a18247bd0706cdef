//! Cashfree's API: whether an order is still owed.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method, Request, Response};
use recoup_core::{Fact, Secret};

use super::body::Standing;
use crate::{Lookup, LookupAnswer, json};

/// Builds the request; the key is `client_id:client_secret`. Only orders can be asked for by the id that is known: of a
/// link and a charge the API wants another one.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let Lookup::Obligation(order) = lookup else { return None };
    if order.as_str().contains('.') {
        return None;
    }
    let (id, secret) = api_key.expose().split_once(':')?;
    let mut secret = HeaderValue::try_from(secret).ok()?;
    secret.set_sensitive(true);
    Request::builder()
        .method(Method::GET)
        .uri(format!("{}/pg/orders/{order}", base_url.trim_end_matches('/')))
        .header("x-client-id", id)
        .header("x-client-secret", secret)
        .header("x-api-version", "2025-01-01")
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .ok()
}

/// Reads the answer. An order that has expired or was terminated takes no money any more.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Lookup::Obligation(asked) = lookup else { return LookupAnswer::Unreachable };
    let Ok(order) = json::parse::<Standing<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    if order.id.text().as_deref() != Some(asked.as_str()) {
        return LookupAnswer::Unreachable;
    }
    match order.status.text().as_deref() {
        Some("PAID") => LookupAnswer::Settled(Fact::Paid),
        Some("EXPIRED" | "TERMINATED") => LookupAnswer::Settled(Fact::Voided),
        Some("ACTIVE") => LookupAnswer::StillOwed,
        Some(_) | None => LookupAnswer::Unreachable,
    }
}
