//! Lemon Squeezy's API: a subscription's pages, who a customer is, and whether an invoice is still owed.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use recoup_core::{Fact, Link, Secret};

use super::body::{Body, Custom, Resource, Urls};
use super::{INVOICES, SUBSCRIPTIONS, buyer, is_number};
use crate::json::{self, Member};
use crate::{Lookup, LookupAnswer, NormaliseError, Normalised, Unanswered};

const CUSTOMERS: &str = "customers";

/// Builds the request. The API wants both headers of JSON:API, even where there is no body.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = asked(lookup)?;
    get(base_url, &format!("v1/{collection}/{id}"), &bearer(api_key), "application/vnd.api+json")?
        .header(CONTENT_TYPE, "application/vnd.api+json")
        .body(Bytes::new())
        .ok()
}

/// Where a question is asked; orders and subscriptions are not debts with a state of their own.
fn asked(lookup: &Lookup) -> Option<(&'static str, &str)> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => (CUSTOMERS, customer.as_str()),
        Lookup::Obligation(debt) => (INVOICES, debt.as_str().strip_prefix(INVOICES)?.strip_prefix('-')?),
        Lookup::Object { kind, id } if *kind == SUBSCRIPTIONS => (SUBSCRIPTIONS, id.as_str()),
        Lookup::Object { .. } => return None,
    };
    is_number(id).then_some((collection, id))
}

/// The object that was asked for. Another one is somebody else's.
fn answered<'a>(lookup: &Lookup, body: &'a [u8]) -> Result<Resource<'a>, NormaliseError> {
    let resource = json::parse::<Body<'_>>(body)?.data.unwrap_or_default();
    let (collection, id) = asked(lookup).ok_or(NormaliseError::Missing { member: "data" })?;
    if resource.kind.text().as_deref() != Some(collection) {
        return Err(NormaliseError::Malformed { member: "data.type" });
    }
    if resource.id.number_or_text().as_deref() != Some(id) {
        return Err(NormaliseError::Malformed { member: "data.id" });
    }
    Ok(resource)
}

/// Adds to a failure what the subscription says: the page to pay on, and whether Lemon Squeezy has given up.
pub(super) fn complete(
    mut normalised: Normalised,
    answer: &Response<Bytes>,
) -> Result<Normalised, Unanswered> {
    if let Some(why) = Unanswered::by_status(answer.status()) {
        return Err(why);
    }
    if normalised.asks.is_empty() {
        return Ok(normalised);
    }
    let lookup = normalised.asks.remove(0);
    if !answer.status().is_success() {
        return Ok(normalised);
    }
    let subscription = answered(&lookup, answer.body())?;
    let given_up = matches!(subscription.attributes.status.text().as_deref(), Some("unpaid" | "expired"));
    for event in &mut normalised.events {
        if let Fact::PaymentFailed(failed) = &mut event.fact {
            failed.pay_link = failed.pay_link.take().or_else(|| portal(&subscription));
            failed.last_attempt |= given_up;
        }
    }
    Ok(normalised)
}

/// The store's billing page, where a buyer gives another card. As it stands in the subscription it logs the buyer in and
/// is good for a day; without that it stays good, and the buyer logs in by e-mail.
fn portal(subscription: &Resource<'_>) -> Option<Link> {
    let urls: Urls<'_> = subscription.attributes.urls.object()?;
    let signed = urls.customer_portal.text()?;
    let page = signed.split(['?', '#']).next().filter(|page| page.ends_with("/billing"))?;
    Link::parse(page).ok()
}

/// A page that the merchant named.
pub(super) fn link(url: Member<'_>) -> Option<Link> {
    Link::parse(&url.text()?).ok()
}

/// Reads the answer about a customer or an invoice.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(resource) = answered(lookup, answer.body()) else { return LookupAnswer::Unreachable };
    match lookup {
        Lookup::Customer(customer) => {
            let known = buyer(&resource.attributes, &Custom::default());
            LookupAnswer::Buyer(recoup_core::BuyerFacts { customer: Some(customer.clone()), ..known })
        }
        Lookup::Obligation(_) => invoice(&resource),
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn invoice(resource: &Resource<'_>) -> LookupAnswer {
    match resource.attributes.status.text().as_deref() {
        Some("pending") => LookupAnswer::StillOwed,
        Some("paid" | "partial_refund") => LookupAnswer::Settled(Fact::Paid),
        Some("refunded") => LookupAnswer::Settled(Fact::Refunded { full: true }),
        Some("void") => LookupAnswer::Settled(Fact::Voided),
        Some(_) | None => LookupAnswer::Unreachable,
    }
}
