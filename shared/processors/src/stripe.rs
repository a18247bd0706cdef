//! Stripe (facts: webhook-sources sections 2, 4, 5 and 7).
//!
//! - A secret is the text of an endpoint's signing secret, `whsec_…`, whole and not decoded.
//! - Both generations of bodies are read: those before API version 2025-03-31 ("basil"), where an invoice names its
//!   payment intent and a payment intent its invoice, and those since, where neither does.
//! - What is owed is an invoice, or else a payment intent. A checkout session is a cart until it is completed; what fails
//!   after that is owed under the name that its payment intent's own events have.
//! - An update of a subscription is told by what it was before: most updates repeat the status.
//! - One payment of an invoice may be a part of it: only the invoice itself says that it is paid.
//! - An overdue invoice that nobody tried to collect has not failed, and is not told as if it had.

mod body;
mod buyer;
mod charge;
mod checkout;
mod customer;
mod decline;
mod failure;
mod lookup;
mod money;
mod subscription;

use crate::normalised::told;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};

use self::body::{Body, Object, PaymentMade};
use crate::json::{self, Member};
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unverified, Verified,
};

/// Stripe.
pub(crate) struct Stripe;

static SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

impl Processor for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits::TIMED
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let header = signature::only_header(request.headers, &SIGNATURE)?;
        let (time, macs) = parse_header(header)?;
        let signed = signature::unix_seconds(time).ok_or(SignatureError::Malformed)?;
        signature::verify_hmac(secrets, &[time.as_bytes(), b".", request.body], &macs)?;
        signature::check_time(signed, now, self.habits())?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
        if !is_event_type(&kind) {
            return Err(NormaliseError::Malformed { member: "type" });
        }
        let reading = if body.object.text().as_deref() == Some("v2.core.event") {
            Reading::Ignored(Ignored::ThinEvent)
        } else {
            let data = body.data.unwrap_or_default();
            read(&kind, &data.object.unwrap_or_default(), data.previous_attributes)?
        };
        let (facts, status) = match reading {
            Reading::Facts(facts) => (facts, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let id = body.id.text().ok_or(NormaliseError::Missing { member: "id" })?;
            let id = EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "id" })?;
            let created = body.created.integer("created").ok().flatten();
            let occurred_at = created.and_then(|seconds| Timestamp::from_second(seconds).ok());
            events.extend(told(&id, occurred_at, facts));
        }
        let (kind, livemode) = (kind.into_owned(), body.livemode.flag());
        Ok(Normalised { events, kind, asks: Vec::new(), livemode, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        let time = at.as_second().to_string();
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
        let header = format!("t={time},v1={}", signature::encode_hex(mac.as_ref()));
        Signed::with(&SIGNATURE, header, body)
    }
}

impl SourceApi for Stripe {
    fn api(&self) -> Option<Api> {
        Some(Api { url: Some("https://api.stripe.com"), hosts: &["api.stripe.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

/// Splits `t=…,v1=…[,v1=…][,v0=…]` in any order; every scheme but `v1` is passed over.
///
/// A `v1` that is not 64 lower-case digits can match nothing and is passed over too, but not if it stands alone.
fn parse_header(header: &str) -> Result<(&str, Macs), SignatureError> {
    let (mut time, mut macs) = (None, Macs::default());
    for entry in header.split(',') {
        match entry.trim().split_once('=') {
            Some(("t", _)) if time.is_some() => return Err(SignatureError::Malformed),
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) => {
                if let Some(mac) = Mac::from_hex(value, 32) {
                    macs.push(mac)?;
                }
            }
            Some(_) | None => {}
        }
    }
    match time {
        Some(time) if !macs.is_empty() => Ok((time, macs)),
        Some(_) | None => Err(SignatureError::Malformed),
    }
}

/// A type of event as Stripe spells them, for example `v2.core.account[requirements].updated`.
fn is_event_type(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'[' | b']');
    (1..=128).contains(&kind.len()) && kind.bytes().all(allowed)
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

/// Turns a type of event and its object into facts; the list of all types that start or stop something, and of those that
/// another type tells better. `before` is what an update changed.
fn read(kind: &str, object: &Object<'_>, before: Member<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "invoice.payment_failed" => failure::invoice(object, false),
        "invoice.payment_action_required" => failure::invoice(object, true),
        "invoice.paid" | "invoice.payment_succeeded" => invoice(object, Fact::Paid),
        "invoice.voided" | "invoice.deleted" => invoice(object, Fact::Voided),
        "invoice.marked_uncollectible" => invoice(object, Fact::MarkedUncollectible),
        "invoice_payment.paid" => invoice_payment(object),
        "payment_intent.payment_failed" => failure::payment_intent(object),
        "payment_intent.succeeded" => Ok(Reading::one(payment_intent_obligation(object)?, Fact::Paid)),
        "payment_intent.canceled" => Ok(Reading::one(payment_intent_obligation(object)?, Fact::Voided)),
        "checkout.session.completed" => checkout::completed(object, false),
        "checkout.session.async_payment_succeeded" => checkout::completed(object, true),
        "checkout.session.async_payment_failed" => failure::session(object),
        "checkout.session.expired" => checkout::expired(object),
        "customer.subscription.deleted" => subscription::ended(object),
        "customer.subscription.paused" => subscription::halted(object),
        "customer.subscription.updated" => subscription::updated(object, before),
        "charge.refunded" => charge::refunded(object),
        "charge.dispute.created" => charge::dispute_opened(object),
        "charge.dispute.closed" => charge::dispute_closed(object),
        "charge.dispute.funds_reinstated" => charge::funds_reinstated(object),
        "customer.updated" => customer::updated(object),
        "payment_method.attached" | "payment_method.automatically_updated" => customer::card_updated(object),
        "payment_method.updated" => customer::method_updated(object, before),
        // In this order: the buyer is at it; `payment_intent.payment_failed` or `invoice.payment_failed` tells the same
        // with more, and a charge of neither is an attempt that no later one names; `charge.refunded` says how much.
        "payment_intent.requires_action"
        | "payment_intent.processing"
        | "charge.failed"
        | "refund.created"
        | "refund.updated"
        | "refund.failed"
        | "charge.refund.updated" => Ok(Reading::Ignored(Ignored::InProgress)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

fn invoice(object: &Object<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    if object.is_draft() {
        return Ok(Reading::Ignored(Ignored::Draft));
    }
    Ok(Reading::one(own_id(object)?, fact))
}

/// The obligation a payment intent collects: its invoice where the body names one, else the intent itself.
fn payment_intent_obligation(object: &Object<'_>) -> Result<Obligation, NormaliseError> {
    match object.named_invoice() {
        Some(invoice) => obligation(Some(&invoice), "data.object.invoice"),
        None => own_id(object),
    }
}

/// What paid an invoice, or a part of it: one of several payments does not settle the whole, which `invoice.paid` tells.
fn invoice_payment(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let made: PaymentMade<'_> = object.payment.object().unwrap_or_default();
    match first_id(&[made.payment_intent, made.charge]) {
        Some(id) => Ok(Reading::one(obligation(Some(&id), "data.object.payment")?, Fact::Paid)),
        None => Ok(Reading::Ignored(Ignored::InProgress)),
    }
}

fn first_id<'a>(members: &[Member<'a>]) -> Option<std::borrow::Cow<'a, str>> {
    members.iter().find_map(|member| member.id())
}

fn own_id(object: &Object<'_>) -> Result<Obligation, NormaliseError> {
    obligation(object.id.text().as_deref(), "data.object.id")
}

/// Stripe's ids fit a key as they are; another one is none of Stripe's.
fn obligation(id: Option<&str>, member: &'static str) -> Result<Obligation, NormaliseError> {
    let id = id.ok_or(NormaliseError::Missing { member })?;
    Obligation::parse(id).map_err(|_| NormaliseError::Malformed { member })
}
