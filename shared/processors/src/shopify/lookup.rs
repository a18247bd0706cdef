//! Shopify's Admin API: who a customer is, whether an order is still owed, and what order a failed transaction belongs to.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use recoup_core::{Fact, Link, Obligation, PaymentFailed, PersonName, Secret};

use super::body::Body;
use super::{buyer, order};
use crate::json::{self, Member, members};
use crate::read::first;
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered};

static ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-shopify-access-token");

/// The newest version of the API that Shopify's own library reads orders from. Shopify answers a version that it no longer
/// supports with the oldest that it does.
const VERSION: &str = "2026-04";

members! {
    struct Answer {
        order,
        customer,
    }
}

/// Builds the request. Only numbers are asked for: a checkout's token and a subscription's contract are no orders.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("customers", customer.as_str()),
        Lookup::Obligation(order) => ("orders", order.as_str()),
        Lookup::Object { kind, id } => (*kind, id.as_str()),
    };
    if !id.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut token = HeaderValue::try_from(api_key.expose()).ok()?;
    token.set_sensitive(true);
    Request::builder()
        .method(Method::GET)
        .uri(format!("{}/admin/api/{VERSION}/{collection}/{id}.json", base_url.trim_end_matches('/')))
        .header(&ACCESS_TOKEN, token)
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .ok()
}

/// Reads the answer about a customer or an order.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(body) = json::parse::<Answer<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    match lookup {
        Lookup::Customer(asked) => match named(body.customer, asked.as_str()) {
            Some(customer) => LookupAnswer::Buyer(buyer::of_customer(&customer)),
            None => LookupAnswer::Unreachable,
        },
        Lookup::Obligation(asked) => match named(body.order, asked.as_str()) {
            Some(found) => match order::settled(&found) {
                Some(fact) => LookupAnswer::Settled(fact),
                None if order::is_owed(found.financial_status) => LookupAnswer::StillOwed,
                // An authorized order is money on its way: not a moment to ask.
                None => LookupAnswer::Unreachable,
            },
            None => LookupAnswer::Unreachable,
        },
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

/// Adds to a failed transaction what its order says: who owes it, or that another attempt has paid it.
pub(super) fn complete(
    mut normalised: Normalised,
    answer: &Response<Bytes>,
) -> Result<Normalised, Unanswered> {
    if let Some(unanswered) = Unanswered::by_status(answer.status()) {
        return Err(unanswered);
    }
    let asked = match normalised.asks.first() {
        Some(Lookup::Object { id, .. }) => id.clone(),
        Some(Lookup::Customer(_) | Lookup::Obligation(_)) | None => return Ok(normalised),
    };
    normalised.asks.remove(0);
    // An order that cannot be seen (an old one, or a key of narrower scope) leaves the failure as it was told.
    if !answer.status().is_success() {
        return Ok(normalised);
    }
    let body: Answer<'_> = json::parse(answer.body()).map_err(Unanswered::Malformed)?;
    let malformed = Unanswered::Malformed(NormaliseError::Malformed { member: "order.id" });
    let found = named(body.order, asked.as_str()).ok_or(malformed)?;
    if found.financial_status.text().as_deref() == Some("authorized") {
        return Ok(ignored(normalised, Ignored::InProgress));
    }
    add(&mut normalised, &asked, &found);
    Ok(normalised)
}

fn ignored(normalised: Normalised, why: Ignored) -> Normalised {
    Normalised { events: Vec::new(), status: Status::Ignored(why), ..normalised }
}

fn add(normalised: &mut Normalised, asked: &Obligation, found: &Body<'_>) {
    let settled = order::settled(found);
    for event in normalised.events.iter_mut().filter(|event| event.obligation == *asked) {
        match (&mut event.fact, &settled) {
            (fact, Some(settled)) => *fact = settled.clone(),
            (Fact::PaymentFailed(failed), None) => fill(failed, found),
            _ => {}
        }
    }
}

fn fill(failed: &mut PaymentFailed, found: &Body<'_>) {
    failed.buyer = buyer::of_purchase(found);
    failed.number = first([found.name], PersonName::clean);
    failed.pay_link = first([found.order_status_url], |url| Link::parse(url).ok());
}

/// The object that was asked for; another one is somebody else's debt or phone.
fn named<'a>(member: Member<'a>, asked: &str) -> Option<Body<'a>> {
    let body: Body<'a> = member.object()?;
    (body.id.number_or_text().as_deref() == Some(asked)).then_some(body)
}
