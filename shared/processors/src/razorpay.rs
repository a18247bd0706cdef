//! Razorpay (facts: webhook-sources sections 2 to 7; bodies: Razorpay's webhook and API documentation).
//!
//! The secret is the text typed as "Secret" when the webhook was made, which is neither the key id nor the key secret.
//! After a change both must be configured for a day: retries of older events stay signed with the old one. The API key is
//! `key_id:key_secret`.
//!
//! Traps: the signature covers no time and the event's id stands only in a header; `notes` is an object or `[]`; a failed
//! payment may be authorised late; a payment of an invoice or of a link may be a part of what is owed; a failed charge of a
//! subscription is told twice, once for its order and once for the subscription, without a word of each other, and the
//! second names neither amount nor page nor phone: with an API key both are completed from the invoice.

mod api;
mod body;
mod buyer;
mod cart;
mod decline;
mod failure;

use crate::normalised::told;
use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};

use self::body::{Body, Entity, Payload, seconds};
use crate::signature;
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified, json, read,
};

/// Razorpay.
pub(crate) struct Razorpay;

static SIGNATURE: HeaderName = HeaderName::from_static("x-razorpay-signature");
static EVENT_ID: HeaderName = HeaderName::from_static("x-razorpay-event-id");

impl Processor for Razorpay {
    fn name(&self) -> &'static str {
        "razorpay"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits::UNTIMED
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        signature::verify_hex_body(request, &SIGNATURE, secrets)
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let Some(kind) = body.event.text() else { return cart::abandoned(&body, verified.header(&EVENT_ID)) };
        if !is_event_type(&kind) {
            return Err(NormaliseError::Malformed { member: "event" });
        }
        let payload: Payload<'_> = body.payload.object().unwrap_or_default();
        let created_at = seconds(body.created_at).or_else(|| seconds(payload.created_at));
        let said = read(&kind, &payload)?;
        let status = said.ignored.map_or(Status::Recognised, Status::Ignored);
        let mut events = Vec::with_capacity(said.facts.len());
        if !said.facts.is_empty() {
            let id = event_id(verified.header(&EVENT_ID), &kind, &payload, created_at)?;
            let occurred_at = said.at.or(created_at);
            events.extend(told(&id, occurred_at, said.facts));
        }
        Ok(Normalised { events, kind: kind.into_owned(), asks: said.asks, livemode: None, status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign_hex_body(&SIGNATURE, body, secret)
    }
}

impl SourceApi for Razorpay {
    fn api(&self) -> Option<Api> {
        Some(Api { url: Some("https://api.razorpay.com"), hosts: &["api.razorpay.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// A type of event as Razorpay spells them, for example `payment.dispute.action_required`.
fn is_event_type(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_');
    (1..=64).contains(&kind.len()) && kind.bytes().all(allowed)
}

/// What a body says, before its envelope is added.
#[derive(Default)]
struct Said {
    facts: Vec<(Obligation, Fact)>,
    ignored: Option<Ignored>,
    /// The object's own time, where it tells better than the event's when it happened.
    at: Option<Timestamp>,
    asks: Vec<Lookup>,
}

impl Said {
    fn ignored(why: Ignored) -> Self {
        Self { ignored: Some(why), ..Self::default() }
    }

    /// The same fact about each of these.
    fn of_each(debts: Vec<Obligation>, fact: &Fact) -> Self {
        Self { facts: debts.into_iter().map(|debt| (debt, fact.clone())).collect(), ..Self::default() }
    }
}

/// Turns a type of event and its entities into facts; the list of all types that start or stop something.
fn read(kind: &str, payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    match kind {
        "payment.failed" => failure::payment(payload),
        "subscription.pending" => failure::subscription(payload),
        "order.notification.failed" => failure::notification(payload),
        "payment.captured" => captured(payload),
        "order.paid" => {
            let (order, payment) =
                (payload.order().unwrap_or_default(), payload.payment().unwrap_or_default());
            let order = ordered(&[order.id, payment.order_id]);
            let order = read::obligation(order.as_deref(), "payload.order.entity.id")?;
            let links = read::links(&order, [payment.invoice_id.text()]);
            Ok(Said::of_each([vec![order], links].concat(), &Fact::Paid))
        }
        "invoice.paid" => invoice_paid(payload),
        "invoice.expired" => Ok(Said::of_each(invoice_debts(&payload.invoice()?)?, &Fact::Voided)),
        "payment_link.paid" => payment_link(payload, &Fact::Paid),
        "payment_link.cancelled" | "payment_link.expired" => payment_link(payload, &Fact::Voided),
        "subscription.charged" => charged(payload),
        "subscription.halted" => subscription(payload, Fact::SubscriptionHalted),
        "subscription.cancelled" => subscription(payload, Fact::SubscriptionCancelled),
        "token.cancelled" => {
            let token = own_id(&payload.token()?, "payload.token.entity.id")?;
            Ok(Said::of_each(vec![token], &Fact::SubscriptionCancelled))
        }
        "refund.processed" => refunded(payload),
        "payment.dispute.created" => disputed(payload, &Fact::DisputeOpened),
        "payment.dispute.won" => disputed(payload, &Fact::DisputeClosed { won: true }),
        "payment.dispute.lost" => disputed(payload, &Fact::DisputeClosed { won: false }),
        "payment.dispute.closed" => {
            let deducted =
                payload.dispute()?.amount_deducted.integer("payload.dispute.entity.amount_deducted")?;
            disputed(payload, &Fact::DisputeClosed { won: deducted == Some(0) })
        }
        "payment.authorized"
        | "invoice.partially_paid"
        | "payment_link.partially_paid"
        | "refund.created"
        | "payment.dispute.under_review"
        | "payment.dispute.action_required" => Ok(Said::ignored(Ignored::InProgress)),
        _ => Ok(Said::ignored(Ignored::UnknownType)),
    }
}

/// What a payment pays: its order and its invoice, or itself where it has neither.
fn debts(payment: &Entity<'_>) -> Result<Vec<Obligation>, NormaliseError> {
    let debt = debt(payment)?;
    let links = read::links(&debt, [payment.invoice_id.text()]);
    Ok([vec![debt], links].concat())
}

/// The one of them that a failure is told about.
fn debt(payment: &Entity<'_>) -> Result<Obligation, NormaliseError> {
    let id = payment.order_id.text().or_else(|| payment.invoice_id.text()).or_else(|| payment.id.text());
    read::obligation(id.as_deref(), "payload.payment.entity.id")
}

/// Money that came for an order settles it for ever. For an invoice or a payment link it may have been a part, which
/// settles what failed so far; `invoice.paid`, `payment_link.paid` and `order.paid` tell that all of it came.
fn captured(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let payment = payload.payment()?;
    let in_parts = payment.invoice_id.text().is_some() || payment.link_id().is_some();
    let fact = if in_parts { Fact::Recovered } else { Fact::Paid };
    Ok(Said::of_each(debts(&payment)?, &fact))
}

fn invoice_debts(invoice: &Entity<'_>) -> Result<Vec<Obligation>, NormaliseError> {
    let own = own_id(invoice, "payload.invoice.entity.id")?;
    let order = read::links(&own, [invoice.order_id.text()]);
    Ok([order, vec![own]].concat())
}

fn invoice_paid(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let invoice = payload.invoice()?;
    let mut said = Said::of_each(invoice_debts(&invoice)?, &Fact::Paid);
    let subscription = invoice.subscription_id.text().and_then(|id| read::id(&id));
    said.facts.extend(subscription.map(|subscription| (subscription, Fact::Recovered)));
    Ok(said)
}

/// The event's own time is the link's creation (so do Razorpay's samples), and its order's id lacks `order_`.
fn payment_link(payload: &Payload<'_>, fact: &Fact) -> Result<Said, NormaliseError> {
    let link = payload.payment_link()?;
    let own = own_id(&link, "payload.payment_link.entity.id")?;
    let payment = payload.payment().unwrap_or_default();
    let order = read::links(&own, [ordered(&[link.order_id, payment.order_id])]);
    Ok(Said { at: seconds(link.updated_at), ..Said::of_each([vec![own], order].concat(), fact) })
}

fn charged(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let mut said = subscription(payload, Fact::Recovered)?;
    if let Ok(payment) = payload.payment() {
        said.facts.extend(debts(&payment)?.into_iter().map(|debt| (debt, Fact::Paid)));
    }
    Ok(said)
}

fn subscription(payload: &Payload<'_>, fact: Fact) -> Result<Said, NormaliseError> {
    let id = own_id(&payload.subscription()?, "payload.subscription.entity.id")?;
    Ok(Said { facts: vec![(id, fact)], ..Said::default() })
}

/// Money that was never captured went back: nothing was paid, and nothing is taken back.
fn refunded(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let Ok(payment) = payload.payment() else {
        let paid = payload.refund()?.payment_id.text();
        let paid = read::obligation(paid.as_deref(), "payload.refund.entity.payment_id")?;
        return Ok(Said::of_each(vec![paid], &Fact::Refunded { full: false }));
    };
    if payment.captured.flag() == Some(false) {
        return Ok(Said::ignored(Ignored::UnknownType));
    }
    let amount = payment.amount.integer("payload.payment.entity.amount")?;
    let refunded = payment.amount_refunded.integer("payload.payment.entity.amount_refunded")?;
    Ok(Said::of_each(debts(&payment)?, &Fact::Refunded { full: amount.is_some() && amount == refunded }))
}

fn disputed(payload: &Payload<'_>, fact: &Fact) -> Result<Said, NormaliseError> {
    let Ok(payment) = payload.payment() else {
        let paid = payload.dispute()?.payment_id.text();
        let paid = read::obligation(paid.as_deref(), "payload.dispute.entity.payment_id")?;
        return Ok(Said::of_each(vec![paid], fact));
    };
    Ok(Said::of_each(debts(&payment)?, fact))
}

/// The first of these that is an order's id.
fn ordered<'a>(ids: &[json::Member<'a>]) -> Option<Cow<'a, str>> {
    ids.iter().filter_map(|id| id.text()).find(|id| id.starts_with("order_"))
}

fn own_id(entity: &Entity<'_>, member: &'static str) -> Result<Obligation, NormaliseError> {
    read::obligation(entity.id.text().as_deref(), member)
}

/// Razorpay's id of the event, or the type, the entity and the time, which a redelivery repeats.
fn event_id(
    header: Option<&str>,
    kind: &str,
    payload: &Payload<'_>,
    created_at: Option<Timestamp>,
) -> Result<EventId, NormaliseError> {
    if let Some(id) = header.and_then(|id| EventId::parse(id).ok()) {
        return Ok(id);
    }
    let subject = payload.subject(kind).and_then(|entity| entity.id.text()).unwrap_or_default();
    let at = created_at.map(Timestamp::as_second).unwrap_or_default();
    EventId::parse(&format!("{kind}-{subject}-{at}")).map_err(|_| NormaliseError::Malformed { member: "id" })
}
