//! Square's API: which order a payment is of, whether an invoice is still owed, and how a buyer is reached.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Event, Fact, Obligation, Secret};

use super::body::{Invoice, Object, Payment};
use super::invoice::owed;
use super::payment::is_all_refunded;
use crate::json;
use crate::read::id;
use crate::{Lookup, LookupAnswer, NormaliseError, Normalised, Unanswered};

/// Builds the request. No API version is sent: the application's own is good for all that is read.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Customer(customer) => format!("customers/{customer}"),
        Lookup::Obligation(obligation) => format!("invoices/{}", invoice_id(obligation)?),
        Lookup::Object { kind: "payments", id } => format!("payments/{id}"),
        Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("v2/{path}"), &bearer(api_key), "application/json")?.body(Bytes::new()).ok()
}

/// An invoice's id as Square writes it, `inv:0-…`; `None` for an order or a payment, whose names are alike.
fn invoice_id(obligation: &Obligation) -> Option<String> {
    let rest = obligation.as_str().strip_prefix("inv.3a")?;
    let plain = rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (plain && !rest.is_empty()).then(|| format!("inv:{rest}"))
}

/// Adds what the payment says to a refund or a dispute of it: how much went back, and which order it was for.
pub(super) fn complete(
    mut normalised: Normalised,
    answer: &Response<Bytes>,
) -> Result<Normalised, Unanswered> {
    let Some(Lookup::Object { id: asked, .. }) = normalised.asks.first().cloned() else {
        return Ok(Normalised { asks: Vec::new(), ..normalised });
    };
    if let Some(none) = Unanswered::by_status(answer.status()) {
        return Err(none);
    }
    if answer.status().is_success() {
        let object: Object<'_> = json::parse(answer.body())?;
        let payment = object.payment();
        if payment.id.text().as_deref() != Some(asked.as_str()) {
            return Err(NormaliseError::Malformed { member: "payment.id" }.into());
        }
        told(&mut normalised.events, &asked, &payment);
    }
    normalised.asks.remove(0);
    Ok(normalised)
}

fn told(events: &mut Vec<Event>, asked: &Obligation, payment: &Payment<'_>) {
    for event in events.iter_mut().filter(|event| event.obligation == *asked) {
        if let Fact::Refunded { full } = &mut event.fact {
            *full = is_all_refunded(payment);
        }
    }
    if let Some(order) = payment.order_id.text().and_then(|order| id(&order)) {
        let same: Vec<Event> =
            events.iter().map(|event| Event { obligation: order.clone(), ..event.clone() }).collect();
        events.extend(same);
    }
}

/// Reads the answer about a customer or an invoice.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(object) = json::parse::<Object<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    match lookup {
        Lookup::Customer(asked) => {
            let customer = object.customer();
            let same = customer.id.text().as_deref() == Some(asked.as_str());
            if same { LookupAnswer::Buyer(customer.buyer()) } else { LookupAnswer::Unreachable }
        }
        Lookup::Obligation(asked) => invoice(asked, &object.invoice()),
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn invoice(asked: &Obligation, invoice: &Invoice<'_>) -> LookupAnswer {
    if invoice.id.text() != invoice_id(asked).map(Into::into) {
        return LookupAnswer::Unreachable;
    }
    let nothing_left = owed(invoice).is_some_and(|owed| owed.minor <= 0);
    match invoice.status.text().as_deref() {
        Some("PAID") => LookupAnswer::Settled(Fact::Paid),
        Some("CANCELED" | "FAILED") => LookupAnswer::Settled(Fact::Voided),
        Some("REFUNDED") => LookupAnswer::Settled(Fact::Refunded { full: true }),
        Some("UNPAID" | "PARTIALLY_PAID" | "PARTIALLY_REFUNDED") if nothing_left => {
            LookupAnswer::Settled(Fact::Paid)
        }
        Some("UNPAID" | "PARTIALLY_PAID" | "SCHEDULED") => LookupAnswer::StillOwed,
        // `PAYMENT_PENDING` is money on its way, `PARTIALLY_REFUNDED` may be all that was asked, a draft is no demand.
        Some(_) | None => LookupAnswer::Unreachable,
    }
}
