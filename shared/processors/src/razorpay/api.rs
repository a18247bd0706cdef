//! Razorpay's API: what a failed attempt leaves out, who a customer is, whether something is still owed.

use crate::lookup::{basic, get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use recoup_core::{Event, Fact, Money, PaymentFailed, PersonName, Secret};

use super::body::{Collection, Entity, seconds};
use super::buyer::Sources;
use super::failure;
use crate::json::{self, Member};
use crate::read;
use crate::{Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Status, Unanswered};

/// Builds the request; the key is `key_id:key_secret`.
pub(super) fn request(base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<Request<Bytes>> {
    let path = match lookup {
        Lookup::Customer(customer) => format!("customers/{customer}"),
        Lookup::Obligation(obligation) => format!("{}/{obligation}", collection(obligation.as_str())?),
        Lookup::Object { kind: "subscription_invoices", id } => format!("invoices?subscription_id={id}"),
        Lookup::Object { kind, id } => format!("{kind}/{id}"),
    };
    get(base_url, &format!("v1/{path}"), &basic(api_key.expose()), "application/json")?
        .body(Bytes::new())
        .ok()
}

/// Where an obligation is looked up; a mandate and a cart have no state of their own there.
fn collection(obligation: &str) -> Option<&'static str> {
    match obligation.split_once('_')?.0 {
        "order" => Some("orders"),
        "inv" => Some("invoices"),
        "plink" => Some("payment_links"),
        "pay" => Some("payments"),
        "sub" => Some("subscriptions"),
        _ => None,
    }
}

/// Whether the API says that there is no such object, which it does with 400.
fn is_absent(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
}

/// Adds what the invoice or the payment link of a failed attempt says. One that is not there leaves the event as it was.
pub(super) fn complete(normalised: Normalised, answer: &Response<Bytes>) -> Result<Normalised, Unanswered> {
    let asked = normalised.asks.first().cloned();
    let whole = Normalised { asks: Vec::new(), ..normalised };
    if is_absent(answer.status()) {
        return Ok(whole);
    }
    if let Some(unanswered) = Unanswered::by_status(answer.status()) {
        return Err(unanswered);
    }
    match asked {
        Some(Lookup::Object { kind: "subscription_invoices", id }) => {
            let listed: Collection<'_> = json::parse(answer.body())?;
            let items = listed.items.elements().ok_or(NormaliseError::Missing { member: "items" })?;
            let unpaid = items.into_iter().filter_map(Member::object::<Entity<'_>>);
            let unpaid = unpaid.filter(|item| is(item.subscription_id, id.as_str()) && is_open(item));
            let Some(invoice) = unpaid.max_by_key(|item| seconds(item.created_at)) else { return Ok(whole) };
            let owed = invoice.order_id.text().or_else(|| invoice.id.text());
            let Some(owed) = owed.and_then(|owed| read::id(&owed)) else { return Ok(whole) };
            // The same debt as the failed payment's, which names its order; the subscription is standing, and only linked.
            let events = whole.events.into_iter().map(|event| Event { obligation: owed.clone(), ..event });
            Ok(merge(Normalised { events: events.collect(), ..whole }, &invoice))
        }
        Some(Lookup::Object { id, .. }) => {
            let page: Entity<'_> = json::parse(answer.body())?;
            if !is(page.id, id.as_str()) {
                return Err(NormaliseError::Malformed { member: "id" }.into());
            }
            Ok(merge(whole, &page))
        }
        Some(Lookup::Customer(_) | Lookup::Obligation(_)) | None => Ok(whole),
    }
}

/// Whether an invoice or a link still waits for money.
fn is_open(page: &Entity<'_>) -> bool {
    matches!(page.status.text().as_deref(), Some("issued" | "created" | "partially_paid"))
}

/// A failure on a page that is closed by now is none; on an open one the page says what is left and where to pay it.
fn merge(mut normalised: Normalised, page: &Entity<'_>) -> Normalised {
    if !is_open(page) {
        let status = Status::Ignored(Ignored::NothingOwed);
        return Normalised { events: Vec::new(), status, ..normalised };
    }
    for event in &mut normalised.events {
        if let Fact::PaymentFailed(failed) = &mut event.fact {
            add(failed, page);
            let known = failed.links.iter().map(|link| Some(link.as_str().into()));
            let ids = [page.id.text(), page.order_id.text(), page.subscription_id.text()];
            failed.links = read::links(&event.obligation, known.chain(ids).collect::<Vec<_>>());
        }
    }
    normalised
}

fn add(failed: &mut PaymentFailed, page: &Entity<'_>) {
    let said = Sources::of(&[page]).buyer();
    failed.pay_link = failure::page(page).or(failed.pay_link.take());
    failed.amount = left(page).or(failed.amount);
    failed.number = page.invoice_number.number_or_text().and_then(|number| PersonName::clean(&number));
    let buyer = &mut failed.buyer;
    buyer.customer = buyer.customer.take().or(said.customer);
    buyer.phone = buyer.phone.take().or(said.phone);
    buyer.email = buyer.email.take().or(said.email);
    buyer.push = buyer.push.take().or(said.push);
    buyer.name = buyer.name.take().or(said.name);
    buyer.locale = buyer.locale.take().or(said.locale);
    buyer.zone = buyer.zone.take().or(said.zone);
}

/// What is left to pay: an invoice says it, of a link it is the difference.
fn left(page: &Entity<'_>) -> Option<Money> {
    let due = || read::minor(page.amount_due, page.currency);
    let difference = || {
        let (whole, paid) =
            (read::minor(page.amount, page.currency)?, read::minor(page.amount_paid, page.currency)?);
        Some(Money { minor: whole.minor.checked_sub(paid.minor)?, ..whole })
    };
    due().or_else(difference).filter(|left| left.minor > 0)
}

/// Reads the answer.
pub(super) fn read_answer(lookup: &Lookup, answer: &Response<Bytes>) -> LookupAnswer {
    if is_absent(answer.status()) {
        return LookupAnswer::NotFound;
    }
    if let Some(answer) = LookupAnswer::by_status(answer.status()) {
        return answer;
    }
    let Ok(entity) = json::parse::<Entity<'_>>(answer.body()) else { return LookupAnswer::Unreachable };
    match lookup {
        Lookup::Customer(asked) if is(entity.id, asked.as_str()) => {
            let mut buyer = Sources::of(&[&entity]).buyer();
            buyer.customer = Some(asked.clone());
            LookupAnswer::Buyer(buyer)
        }
        Lookup::Obligation(asked) if is(entity.id, asked.as_str()) => standing(asked.as_str(), &entity),
        Lookup::Customer(_) | Lookup::Obligation(_) | Lookup::Object { .. } => LookupAnswer::Unreachable,
    }
}

/// What a status means for each kind of obligation.
fn standing(asked: &str, entity: &Entity<'_>) -> LookupAnswer {
    let status = entity.status.text().unwrap_or_default();
    match (collection(asked).unwrap_or_default(), &*status) {
        ("orders" | "invoices" | "payment_links", "paid") | ("payments", "captured") => {
            LookupAnswer::Settled(Fact::Paid)
        }
        ("invoices" | "payment_links", "cancelled" | "expired" | "deleted") => {
            LookupAnswer::Settled(Fact::Voided)
        }
        ("payments", "refunded") => LookupAnswer::Settled(Fact::Refunded { full: true }),
        ("subscriptions", "cancelled" | "expired") => LookupAnswer::Settled(Fact::SubscriptionCancelled),
        ("orders", "created" | "attempted")
        | ("invoices", "issued" | "partially_paid")
        | ("payment_links", "created" | "partially_paid")
        | ("payments", "failed")
        | ("subscriptions", "pending" | "halted") => LookupAnswer::StillOwed,
        // `authorized` is money on its way; a draft is no demand; an active subscription may have left an older invoice
        // behind, and may not: not a moment to ask.
        _ => LookupAnswer::Unreachable,
    }
}

/// Another object than the one asked for is somebody else's debt or phone.
fn is(id: Member<'_>, asked: &str) -> bool {
    id.text().as_deref() == Some(asked)
}
