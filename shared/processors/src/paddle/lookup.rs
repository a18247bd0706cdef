//! Paddle's API: who a customer is, and whether a transaction is still owed.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Fact, Secret};

use super::body::{Answer, Entity};
use super::buyer;
use super::transaction::Attempts;
use crate::{Lookup, LookupAnswer, json};

/// Builds the request, for version 1 of the API, which the webhooks are of too.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("customers", customer.as_str()),
        Lookup::Obligation(debt) if debt.as_str().starts_with("txn_") => ("transactions", debt.as_str()),
        Lookup::Obligation(_) | Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("{collection}/{id}"), &bearer(api_key), "application/json")?
        .header("paddle-version", "1")
        .body(Bytes::new())
        .ok()
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let asked = match lookup {
        Lookup::Customer(asked) => asked.as_str(),
        Lookup::Obligation(asked) => asked.as_str(),
        Lookup::Object { .. } => return LookupAnswer::Unreachable,
    };
    let Ok(Answer { data: Some(data) }) = json::parse::<Answer<'_>>(answer.body()) else {
        return LookupAnswer::Unreachable;
    };
    // Another object than the one asked for is somebody else's debt or name.
    if data.id.text().as_deref() != Some(asked) {
        return LookupAnswer::Unreachable;
    }
    match lookup {
        Lookup::Customer(_) => LookupAnswer::Buyer(buyer::customer(&data)),
        Lookup::Obligation(_) | Lookup::Object { .. } => transaction(&data),
    }
}

fn transaction(data: &Entity<'_>) -> LookupAnswer {
    match data.status.text().as_deref() {
        Some("paid" | "completed") => LookupAnswer::Settled(Fact::Paid),
        Some("canceled") => LookupAnswer::Settled(Fact::Voided),
        // Money that is on its way is not a moment to ask for it.
        Some(_) | None if Attempts::of(data).under_way => LookupAnswer::Unreachable,
        Some("past_due" | "billed" | "ready" | "draft") => LookupAnswer::StillOwed,
        Some(_) | None => LookupAnswer::Unreachable,
    }
}
