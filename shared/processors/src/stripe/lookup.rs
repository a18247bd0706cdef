//! Stripe's API: who a customer is, and whether an invoice or a payment intent is still owed.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Fact, Secret};

use super::body::{Customer, Object};
use super::buyer::Sources;
use crate::json::{self, Member};
use crate::{Lookup, LookupAnswer};

/// Builds the request. No API version is sent: the members that are read are the same in all of them.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("customers", customer.as_str()),
        Lookup::Obligation(obligation) => (collection(obligation.as_str())?, obligation.as_str()),
        Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("v1/{collection}/{id}"), &bearer(api_key), "application/json")?
        .body(Bytes::new())
        .ok()
}

/// Where an obligation is looked up; subscriptions, charges and foreign ids are not debts with a state of their own.
fn collection(obligation: &str) -> Option<&'static str> {
    match obligation.split_once('_')?.0 {
        "in" => Some("invoices"),
        "pi" => Some("payment_intents"),
        _ => None,
    }
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    match lookup {
        Lookup::Customer(asked) => customer(asked.as_str(), answer.body()),
        Lookup::Obligation(asked) => obligation(asked.as_str(), answer.body()),
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn customer(asked: &str, body: &[u8]) -> LookupAnswer {
    match json::parse::<Customer<'_>>(body) {
        Ok(customer) if !is(customer.id, asked) => LookupAnswer::Unreachable,
        Ok(customer) if customer.deleted.flag() == Some(true) => LookupAnswer::NotFound,
        Ok(customer) => LookupAnswer::Buyer(Sources::of_customer(&customer).buyer()),
        Err(_) => LookupAnswer::Unreachable,
    }
}

fn obligation(asked: &str, body: &[u8]) -> LookupAnswer {
    let Ok(object) = json::parse::<Object<'_>>(body) else { return LookupAnswer::Unreachable };
    if !is(object.id, asked) {
        return LookupAnswer::Unreachable;
    }
    if object.deleted.flag() == Some(true) {
        return LookupAnswer::NotFound;
    }
    let nothing_left = object.amount_remaining.integer("amount_remaining") == Ok(Some(0));
    match object.status.text().as_deref() {
        Some("paid" | "succeeded") => LookupAnswer::Settled(Fact::Paid),
        Some("void" | "canceled") => LookupAnswer::Settled(Fact::Voided),
        Some("uncollectible") => LookupAnswer::Settled(Fact::MarkedUncollectible),
        Some("open") if nothing_left => LookupAnswer::Settled(Fact::Paid),
        Some("open" | "requires_payment_method" | "requires_confirmation" | "requires_action") => {
            LookupAnswer::StillOwed
        }
        // `processing` and `requires_capture` are money on its way, and a draft is no demand: not a moment to ask.
        Some(_) | None => LookupAnswer::Unreachable,
    }
}

/// Another object than the one asked for is somebody else's debt or phone.
fn is(id: Member<'_>, asked: &str) -> bool {
    id.text().as_deref() == Some(asked)
}
