//! Mollie's API: what became of a payment, which tries a payment link had, and how a buyer is reached.

use crate::lookup::{bearer, get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use recoup_core::{BuyerFacts, CustomerId, Email, Event, Fact, Obligation, PersonName, Secret};

use super::payment::{Metadata, Payment, Reading};
use super::{ask, is_id};
use crate::json::{self, Member, members};
use crate::read::{first, id, language_tag};
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered};

/// The payments that were tried on a payment link.
pub(super) const TRIES: &str = "payment-links/payments";

/// How many tries of one payment link are settled with it.
const MOST_TRIES: usize = 50;

/// Builds the request.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Customer(customer) if is_id(customer.as_str()) => format!("customers/{customer}"),
        Lookup::Obligation(payment) if is_id(payment.as_str()) && payment.as_str().starts_with("tr_") => {
            format!("payments/{payment}?embed=chargebacks")
        }
        Lookup::Object { kind: "payments", id } => format!("payments/{id}?embed=chargebacks"),
        Lookup::Object { kind: "payment-links", id } => format!("payment-links/{id}"),
        Lookup::Object { kind: TRIES, id } => format!("payment-links/{id}/payments"),
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => return None,
    };
    get(base_url, &format!("v2/{path}"), &bearer(api_key), "application/hal+json")?.body(Bytes::new()).ok()
}

/// Adds the answer to the first question. An id that Mollie does not know is nobody's, and gives nothing.
pub(super) fn complete(
    mut normalised: Normalised,
    answer: &Response<Bytes>,
) -> Result<Normalised, Unanswered> {
    let Some(Lookup::Object { kind, id }) = normalised.asks.first().cloned() else {
        return Ok(Normalised { asks: Vec::new(), ..normalised });
    };
    if let Some(none) = Unanswered::by_status(answer.status()) {
        return Err(none);
    }
    let mut ignored = Ignored::UnknownType;
    if answer.status().is_success() {
        match kind {
            "payments" => {
                let payment: Payment<'_> = json::parse(answer.body())?;
                same(payment.id, &id)?;
                normalised.livemode = payment.mode.text().map(|mode| mode == "live");
                match payment.read(None)? {
                    Reading::Events(events) => normalised.events.extend(events),
                    Reading::Ignored(why) => ignored = why,
                }
            }
            "payment-links" => {
                let link: PaymentLink<'_> = json::parse(answer.body())?;
                same(link.id, &id)?;
                normalised.livemode = link.mode.text().map(|mode| mode == "live");
                let once = link.reusable.flag() != Some(true);
                normalised.asks.extend(ask(TRIES, id.as_str(), "pl_").filter(|_| once));
            }
            _ => settle_tries(&mut normalised, &json::parse(answer.body())?),
        }
    }
    normalised.asks.remove(0);
    normalised.status = match (normalised.events.is_empty(), normalised.asks.is_empty()) {
        (true, true) => Status::Ignored(ignored),
        (true, false) => Status::Asks,
        (false, _) => Status::Recognised,
    };
    Ok(normalised)
}

/// Another object than the one asked for is somebody else's money.
fn same(found: Member<'_>, asked: &Obligation) -> Result<(), NormaliseError> {
    let same = found.text().as_deref() == Some(asked.as_str());
    if same { Ok(()) } else { Err(NormaliseError::Malformed { member: "id" }) }
}

members! {
    struct PaymentLink {
        id,
        mode,
        reusable,
    }
}

members! {
    struct Tries {
        embedded = "_embedded",
    }
}

members! {
    struct Embedded {
        payments,
    }
}

/// The link is paid, so each of its tries is settled, whatever became of it.
fn settle_tries(normalised: &mut Normalised, tries: &Tries<'_>) {
    let embedded: Embedded<'_> = tries.embedded.object().unwrap_or_default();
    let Some(paid) = normalised.events.first().cloned() else { return };
    let tries = embedded.payments.elements().unwrap_or_default().into_iter().filter_map(Member::id);
    let obligations = tries.filter(|try_| try_.starts_with("tr_")).filter_map(|try_| id(&try_));
    normalised
        .events
        .extend(obligations.take(MOST_TRIES).map(|obligation| Event { obligation, ..paid.clone() }));
}

/// Reads the answer about a customer or a payment.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if answer.status() == StatusCode::GONE {
        return LookupAnswer::NotFound;
    }
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    match lookup {
        Lookup::Customer(asked) => customer(asked, answer.body()),
        Lookup::Obligation(asked) => payment(asked, answer.body()),
        Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

fn payment(asked: &Obligation, body: &[u8]) -> LookupAnswer {
    let Ok(payment) = json::parse::<Payment<'_>>(body) else { return LookupAnswer::Unreachable };
    if same(payment.id, asked).is_err() {
        return LookupAnswer::Unreachable;
    }
    match payment.status.text().as_deref() {
        Some("paid" | "authorized") => LookupAnswer::Settled(Fact::Paid),
        Some("canceled") => LookupAnswer::Settled(Fact::Voided),
        Some("failed" | "expired") => LookupAnswer::StillOwed,
        // `open` and `pending` are money on its way.
        Some(_) | None => LookupAnswer::Unreachable,
    }
}

members! {
    struct Customer {
        id,
        name,
        email,
        locale,
        metadata,
    }
}

/// Mollie keeps no phone of a customer: only the merchant's metadata can hold one.
fn customer(asked: &CustomerId, body: &[u8]) -> LookupAnswer {
    match json::parse::<Customer<'_>>(body) {
        Ok(customer) if customer.id.text().as_deref() == Some(asked.as_str()) => {
            let metadata = Metadata::read(customer.metadata);
            LookupAnswer::Buyer(BuyerFacts {
                customer: Some(asked.clone()),
                phone: metadata.phone,
                email: first([customer.email], Email::parse),
                push: metadata.push,
                name: first([customer.name], PersonName::clean),
                locale: first([customer.locale], language_tag),
                zone: None,
            })
        }
        Ok(_) | Err(_) => LookupAnswer::Unreachable,
    }
}
