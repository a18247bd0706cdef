//! Chargebee's API: the event that was posted, who a customer is, whether an invoice is still owed.

use crate::lookup::{basic, get};
use std::fmt::Write as _;

use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Obligation, Secret};

use super::body::{Body, Content};
use super::{failure, key, read};
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered, json};

/// Builds the request; the key is the user, without a password.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Customer(customer) => format!("customers/{customer}"),
        // A subscription and a payment that failed have nothing to be paid.
        Lookup::Obligation(id) if id.as_str().starts_with("sub.") || id.as_str().starts_with("txn_") => {
            return None;
        }
        Lookup::Obligation(invoice) => format!("invoices/{}", segment(invoice)),
        Lookup::Object { kind, id } => format!("{kind}/{id}"),
    };
    get(base_url, &format!("api/v2/{path}"), &basic(&format!("{}:", api_key.expose())), "application/json")?
        .body(Bytes::new())
        .ok()
}

/// The id as it stands in a path: what a key writes as `.2f` is `%2f` there.
fn segment(key: &Obligation) -> String {
    let mut segment = String::with_capacity(key.as_str().len());
    let mut rest = key.as_str();
    while let Some((before, after)) = rest.split_once('.') {
        let escaped = after.get(..2).is_some_and(is_escape);
        let _ = write!(segment, "{before}{}", if escaped { '%' } else { '.' });
        rest = after;
    }
    // A space is kept as an escaped `%20`.
    (segment + rest).replace("%2520", "%20")
}

/// Whether these digits stand for a sign that a key cannot hold: in `INV.2024` the dot is the merchant's own.
fn is_escape(digits: &str) -> bool {
    let sign = u8::from_str_radix(digits, 16).ok().filter(|_| !digits.contains('+'));
    let kept = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    sign.is_some_and(|sign| sign.is_ascii_graphic() && !kept(sign)) && digits == digits.to_ascii_lowercase()
}

/// Takes the event as the API tells it in place of the one that was posted. One that the API does not know was not sent by
/// Chargebee.
pub(super) fn complete(posted: &Normalised, answer: &Response<Bytes>) -> Result<Normalised, Unanswered> {
    if let Some(unanswered) = Unanswered::by_status(answer.status()) {
        return Err(unanswered);
    }
    let kind = posted.kind.clone();
    let nothing = Normalised {
        events: Vec::new(),
        kind,
        asks: Vec::new(),
        livemode: None,
        status: Status::Ignored(Ignored::ThinEvent),
    };
    let Some(Lookup::Object { id: asked, .. }) = posted.asks.first() else { return Ok(nothing) };
    if !answer.status().is_success() {
        return Ok(nothing);
    }
    let answered: Content<'_> = json::parse(answer.body())?;
    let event: Body<'_> = answered.event.object().ok_or(NormaliseError::Missing { member: "event" })?;
    if event.id.text().as_deref() != Some(asked.as_str()) {
        return Err(NormaliseError::Malformed { member: "event.id" }.into());
    }
    Ok(read(&event)?.0)
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(content) = json::parse::<Content<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    match lookup {
        Lookup::Customer(asked) if content.customer().id.text().as_deref() == Some(asked.as_str()) => {
            LookupAnswer::Buyer(failure::buyer(&content))
        }
        Lookup::Obligation(asked)
            if content.invoice().id.text().and_then(|id| key(&id)).as_ref() == Some(asked) =>
        {
            invoice(&content)
        }
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn invoice(content: &Content<'_>) -> LookupAnswer {
    let invoice = content.invoice();
    match (invoice.settled(), invoice.status.text().as_deref()) {
        (Some(fact), _) => LookupAnswer::Settled(fact),
        (None, Some("payment_due" | "posted")) if !invoice.is_being_paid() => LookupAnswer::StillOwed,
        // Money on its way, or an invoice that is still being written: not a moment to ask.
        (None, _) => LookupAnswer::Unreachable,
    }
}
