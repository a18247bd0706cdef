//! Recurly's API: the objects that a notice names, an invoice's state, an account's buyer.

use crate::lookup::{basic, get};
use bytes::Bytes;
use http::{Request, Response};
use recoup_core::{Fact, Secret};

use super::objects::{Account, Invoice, Transaction};
use super::{Reading, event_id};
use crate::json::{self, Member};
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered};

/// The version whose members are read.
const VERSION: &str = "application/vnd.recurly.v2021-02-25";

/// Builds the request. The key is the user of a basic authentication without a password.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let (collection, id) = match lookup {
        Lookup::Customer(customer) => ("accounts", customer.as_str()),
        Lookup::Obligation(obligation) => ("invoices", invoice_id(obligation.as_str())?),
        Lookup::Object { kind, id } => (*kind, id.as_str()),
    };
    get(base_url, &format!("{collection}/{id}"), &basic(&format!("{}:", api_key.expose())), VERSION)?
        .body(Bytes::new())
        .ok()
}

/// An obligation that the API knows: an id of its own, and no UUID, by which it finds no invoice.
fn invoice_id(obligation: &str) -> Option<&str> {
    let own = obligation.len() < 32 && obligation.bytes().all(|b| b.is_ascii_alphanumeric());
    own.then_some(obligation)
}

/// Adds what the API knows of the object that a notice named.
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
    let Lookup::Object { kind, id } = normalised.asks.remove(0) else { return Ok(normalised) };
    if !answer.status().is_success() {
        // No such object: what the notice said by itself is all there is.
        if normalised.events.is_empty() {
            normalised.status = Status::Ignored(Ignored::ThinEvent);
        }
        return Ok(normalised);
    }
    let reading = if kind == "transactions" {
        let transaction: Transaction<'_> = json::parse(answer.body())?;
        same(transaction.id, id.as_str())?;
        transaction.reading(&normalised.kind)?
    } else {
        let invoice: Invoice<'_> = json::parse(answer.body())?;
        match id.as_str().strip_prefix("number-") {
            Some(number) => same(invoice.number, number)?,
            None => same(invoice.id, id.as_str())?,
        }
        invoice.reading(&normalised.kind)?
    };
    take(normalised, reading)
}

/// Puts what was read in the place of what the notice said, under the notice's own id and time where it has them.
fn take(mut normalised: Normalised, reading: Reading) -> Result<Normalised, Unanswered> {
    let before = normalised.events.pop();
    normalised.events.clear();
    match reading {
        Reading::Told(mut told) => {
            let (id, at) = before.map_or((None, None), |event| (Some(event.id), event.occurred_at));
            told.at = told.at.or(at);
            let id = id.map_or_else(|| event_id(&told.name), Ok)?;
            normalised.events.push(told.event(id));
            normalised.status = Status::Recognised;
        }
        Reading::Ignored(why) => normalised.status = Status::Ignored(why),
        Reading::Asks(lookup) => {
            normalised.asks.push(lookup);
            normalised.status = Status::Asks;
        }
    }
    Ok(normalised)
}

/// Another object than the one asked for is somebody else's debt.
fn same(id: Member<'_>, asked: &str) -> Result<(), NormaliseError> {
    let same = id.number_or_text().as_deref() == Some(asked);
    if same { Ok(()) } else { Err(NormaliseError::Malformed { member: "id" }) }
}

/// Reads the answer about an account or an invoice.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    match lookup {
        Lookup::Customer(asked) => account(asked.as_str(), answer.body()),
        Lookup::Obligation(asked) => invoice(asked.as_str(), answer.body()),
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn account(asked: &str, body: &[u8]) -> LookupAnswer {
    let Ok(account) = json::parse::<Account<'_>>(body) else { return LookupAnswer::Unreachable };
    let found = match asked.strip_prefix("code-") {
        Some(code) => same(account.code, code),
        None => same(account.id, asked),
    };
    match found {
        Err(_) => LookupAnswer::Unreachable,
        Ok(()) if account.deleted_at.text().is_some() => LookupAnswer::NotFound,
        Ok(()) => LookupAnswer::Buyer(account.buyer(Member::default(), Member::default())),
    }
}

fn invoice(asked: &str, body: &[u8]) -> LookupAnswer {
    let Ok(invoice) = json::parse::<Invoice<'_>>(body) else { return LookupAnswer::Unreachable };
    if same(invoice.id, asked).is_err() {
        return LookupAnswer::Unreachable;
    }
    match invoice.end() {
        Some(end) => LookupAnswer::Settled(end),
        None if invoice.is_open() && invoice.owes_nothing() => LookupAnswer::Settled(Fact::Paid),
        None if invoice.is_open() => LookupAnswer::StillOwed,
        // Money on its way, or a state of another year: not a moment to ask for it.
        None => LookupAnswer::Unreachable,
    }
}
