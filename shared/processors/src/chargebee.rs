//! Chargebee (facts: webhook-sources sections 2 to 7; bodies: Chargebee's event and API documentation).
//!
//! The secret is `user:password`, the pair typed under "Protect webhook URL with basic authentication". It is a password,
//! which covers nothing of the body: every event that says something is fetched again by its id and read from there. The
//! API key is the site's; without one the body is acted on as it is.
//!
//! Traps: members are absent rather than null; a voided or given-up invoice is told only as `invoice_updated`; a written-off
//! invoice is `paid`; a subscription may be cancelled and begin again under its id, so its key holds the time of its last
//! activation; ids are the merchant's own, so a subscription's has a prefix that keeps it apart from an invoice's; an amount
//! in a currency whose decimals are in doubt is left out; codes of declines are the gateway's own.

mod api;
mod body;
mod failure;

use crate::normalised::told;
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};
use ring::digest;

use self::body::{Body, Content, Invoice, Subscription};
use crate::json::Member;
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified, json, signature,
};

/// Chargebee.
pub(crate) struct Chargebee;

impl Processor for Chargebee {
    fn name(&self) -> &'static str {
        "chargebee"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits { signs_body: false, ..Habits::UNTIMED }
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let header = signature::only_header(request.headers, &AUTHORIZATION)?;
        let (scheme, credentials) = header.split_once(' ').ok_or(SignatureError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(SignatureError::Malformed);
        }
        let sent = STANDARD.decode(credentials.trim()).map_err(|_| SignatureError::Malformed)?;
        // Digests are compared, so that the time taken tells nothing of the password's length either.
        let sent = digest::digest(&digest::SHA256, &sent);
        let mut matched = false;
        for expected in signature::keys(secrets, password)? {
            matched |= signature::equal(expected.as_ref(), sent.as_ref());
        }
        if matched { Ok(Verified::new(request)) } else { Err(SignatureError::Mismatch) }
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let (normalised, id) = read(&json::parse(verified.body())?)?;
        // What is ignored needs no confirmation.
        let asked = id.filter(|_| normalised.status == Status::Recognised);
        let asks = asked.into_iter().map(|id| Lookup::Object { kind: "events", id }).collect();
        Ok(Normalised { asks, ..normalised })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(&normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        password(secret.expose())?;
        Signed::with(&AUTHORIZATION, format!("Basic {}", STANDARD.encode(secret.expose())), body)
    }
}

impl SourceApi for Chargebee {
    fn api(&self) -> Option<Api> {
        Some(Api { url: None, hosts: &[".chargebee.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// The digest of `user:password`, which splits at its first colon; `None` for a text of another form.
fn password(secret: &str) -> Option<digest::Digest> {
    let (user, password) = secret.split_once(':')?;
    let whole = !user.is_empty() && !password.is_empty();
    whole.then(|| digest::digest(&digest::SHA256, secret.as_bytes()))
}

/// Reads an event, posted or fetched, with its id, which is safe in a request's path.
fn read(body: &Body<'_>) -> Result<(Normalised, Option<Obligation>), NormaliseError> {
    let kind = body.event_type.text().ok_or(NormaliseError::Missing { member: "event_type" })?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !(1..=64).contains(&kind.len()) || !kind.bytes().all(allowed) {
        return Err(NormaliseError::Malformed { member: "event_type" });
    }
    let (facts, status) = match facts(&kind, &body.content.object().unwrap_or_default())? {
        Reading::Facts(facts) => (facts, Status::Recognised),
        Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
    };
    let (mut events, mut asked) = (Vec::with_capacity(facts.len()), None);
    if !facts.is_empty() {
        let text = body.id.text().ok_or(NormaliseError::Missing { member: "id" })?;
        let malformed = NormaliseError::Malformed { member: "id" };
        let id = EventId::parse(&text).map_err(|_| malformed)?;
        asked = Some(Obligation::parse(&text).map_err(|_| malformed)?);
        let occurred_at = seconds(body.occurred_at);
        events.extend(told(&id, occurred_at, facts));
    }
    Ok((Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status }, asked))
}

/// What a body says, before its envelope is added.
enum Reading {
    Facts(Vec<(Obligation, Fact)>),
    Ignored(Ignored),
}

impl Reading {
    fn one(obligation: Obligation, fact: Fact) -> Self {
        Self::Facts(vec![(obligation, fact)])
    }
}

/// Turns a type of event and its content into facts; the list of all types that start or stop something.
fn facts(kind: &str, content: &Content<'_>) -> Result<Reading, NormaliseError> {
    content.check()?;
    match kind {
        "payment_failed" => failure::payment(content),
        "payment_succeeded" => succeeded(content),
        "payment_refunded" => refunded(content),
        "invoice_updated" => {
            let invoice: Invoice<'_> = content.invoice();
            let own = invoice_id(&invoice)?;
            invoice_status(&invoice)?;
            Ok(invoice
                .settled()
                .map_or(Reading::Ignored(Ignored::InProgress), |fact| Reading::one(own, fact)))
        }
        "invoice_deleted" => Ok(Reading::one(invoice_id(&content.invoice())?, Fact::Voided)),
        "subscription_cancelled" => {
            let subscription: Subscription<'_> = content.subscription();
            let missing = NormaliseError::Missing { member: "content.subscription.id" };
            Ok(Reading::one(subscription_key(&subscription).ok_or(missing)?, Fact::SubscriptionCancelled))
        }
        "payment_source_added" | "payment_source_updated" | "card_added" | "card_updated" => {
            Ok(of_buyer(content, |_| Fact::CardUpdated))
        }
        "customer_changed" => {
            Ok(of_buyer(content, |content| Fact::CustomerUpdated(Box::new(failure::buyer(content)))))
        }
        "payment_initiated" | "refund_initiated" => Ok(Reading::Ignored(Ignored::InProgress)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// A fact about the buyer alone.
fn of_buyer(content: &Content<'_>, fact: impl Fn(&Content<'_>) -> Fact) -> Reading {
    match content.customer().id.text().and_then(|id| key(&id)) {
        Some(customer) => Reading::one(customer, fact(content)),
        None => Reading::Ignored(Ignored::UnknownType),
    }
}

/// Money that came for an invoice settles it once nothing is left of it; money without an invoice settles its transaction.
fn succeeded(content: &Content<'_>) -> Result<Reading, NormaliseError> {
    let (invoice, transaction) = (content.invoice(), content.transaction());
    if invoice.id.is_absent() {
        let invoices = transaction.invoices();
        if invoices.is_empty() {
            let own = transaction.id.text().and_then(|id| key(&id));
            let own = own.ok_or(NormaliseError::Missing { member: "content.transaction.id" })?;
            return Ok(Reading::one(own, Fact::Paid));
        }
        let paid = invoices.iter().filter(|invoice| invoice.status.text().as_deref() == Some("paid"));
        let paid: Vec<_> = paid.filter_map(|invoice| key(&invoice.id.text()?)).collect();
        let facts: Vec<_> = paid.into_iter().map(|invoice| (invoice, Fact::Paid)).collect();
        return Ok(if facts.is_empty() {
            Reading::Ignored(Ignored::InProgress)
        } else {
            Reading::Facts(facts)
        });
    }
    let (own, status) = (invoice_id(&invoice)?, invoice_status(&invoice)?);
    let left = invoice.amount_due.integer("content.invoice.amount_due")?;
    let whole = status == "paid" || left == Some(0);
    Ok(if whole { Reading::one(own, Fact::Paid) } else { Reading::Ignored(Ignored::InProgress) })
}

/// A refund is a full one when it alone gives back all that the invoice was paid with.
fn refunded(content: &Content<'_>) -> Result<Reading, NormaliseError> {
    let (invoice, transaction) = (content.invoice(), content.transaction());
    let named = [invoice.id, content.credit_note().reference_invoice_id, transaction.refunded_txn_id];
    let id = named.iter().find_map(|id| id.text());
    let own = id.and_then(|id| key(&id)).ok_or(NormaliseError::Missing { member: "content.invoice.id" })?;
    let back = transaction.amount.integer("content.transaction.amount")?;
    let paid = invoice.amount_paid.integer("content.invoice.amount_paid")?.filter(|paid| *paid > 0);
    let full = matches!((back, paid), (Some(back), Some(paid)) if back >= paid);
    Ok(Reading::one(own, Fact::Refunded { full }))
}

fn invoice_id(invoice: &Invoice<'_>) -> Result<Obligation, NormaliseError> {
    let id = invoice.id.text().ok_or(NormaliseError::Missing { member: "content.invoice.id" })?;
    key(&id).ok_or(NormaliseError::Malformed { member: "content.invoice.id" })
}

fn invoice_status<'a>(invoice: &Invoice<'a>) -> Result<Cow<'a, str>, NormaliseError> {
    invoice.status.text().ok_or(NormaliseError::Missing { member: "content.invoice.status" })
}

/// Chargebee lets merchants choose ids with spaces in them.
fn key(id: &str) -> Option<Obligation> {
    crate::read::id(&id.trim().replace(' ', "%20"))
}

/// A subscription in its present life: after a cancellation it may be reactivated under the same id, and must then be
/// another one than the one that ended for ever.
fn subscription_key(subscription: &Subscription<'_>) -> Option<Obligation> {
    let id = key(&subscription.id.text()?)?;
    let life = subscription.activated_at.number_or_text().unwrap_or_default();
    Obligation::parse(&format!("sub.{id}.{life}")).ok()
}

fn seconds(member: Member<'_>) -> Option<Timestamp> {
    Timestamp::from_second(member.integer("occurred_at").ok()??).ok()
}
