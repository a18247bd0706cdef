//! Stripe (facts: webhook-sources sections 2, 4, 5 and 7).
//!
//! Reads both generations of its bodies: those before API version 2025-03-31 ("basil"), where an invoice names its
//! payment intent and a payment intent its invoice, and those since, where neither does.

mod body;
mod buyer;
mod decline;
mod failure;
mod lookup;
mod money;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Obligation, Secret};

use self::body::{Body, Charge, Object};
use crate::json::{self, Member};
use crate::signature::{self, Macs};
use crate::{
    Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor, SignatureError, Status, Unverified,
    Verified,
};

/// Stripe.
pub(crate) struct Stripe;

static SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// Seconds a signature stays good, on both sides; the tolerance of Stripe's own libraries.
const TOLERANCE: u64 = 300;

impl Processor for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let mut headers = request.headers.get_all(&SIGNATURE).iter();
        let header = headers.next().ok_or(SignatureError::Missing)?;
        if headers.next().is_some() {
            return Err(SignatureError::Malformed);
        }
        let header = header.to_str().map_err(|_| SignatureError::Malformed)?.trim();
        if header.is_empty() {
            return Err(SignatureError::Missing);
        }
        let (time, macs) = parse_header(header)?;
        let signed = signature::unix_seconds(time).ok_or(SignatureError::Malformed)?;
        signature::verify_hmac(secrets, &[time.as_bytes(), b".", request.body], &macs)?;
        signature::check_time(signed, now, TOLERANCE)?;
        Ok(Verified::new(request.body))
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
            let object = body.data.unwrap_or_default().object.unwrap_or_default();
            read(&kind, &object)?
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
            events.extend(facts.into_iter().map(|(obligation, fact)| Event {
                id: id.clone(),
                obligation,
                occurred_at,
                fact,
            }));
        }
        Ok(Normalised { events, kind: kind.into_owned(), livemode: body.livemode.flag(), status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp) -> Option<HeaderMap> {
        let time = at.as_second().to_string();
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
        let header = format!("t={time},v1={}", signature::encode_hex(mac.as_ref()));
        Some(HeaderMap::from_iter([(SIGNATURE.clone(), HeaderValue::try_from(header).ok()?)]))
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
    let (mut time, mut macs, mut signed) = (None, Macs::default(), false);
    for entry in header.split(',') {
        match entry.trim().split_once('=') {
            Some(("t", _)) if time.is_some() => return Err(SignatureError::Malformed),
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) => {
                if let Some(mac) = signature::decode_hex(value) {
                    macs.push(mac)?;
                    signed = true;
                }
            }
            Some(_) | None => {}
        }
    }
    match time {
        Some(time) if signed => Ok((time, macs)),
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

/// Turns a type of event and its object into facts; the list of all types that start or stop something.
fn read(kind: &str, object: &Object<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "invoice.payment_failed" => failure::invoice(object, None),
        "invoice.payment_action_required" => {
            failure::invoice(object, Some(recoup_core::DeclineClass::ActionRequired))
        }
        "invoice.paid" | "invoice.payment_succeeded" => invoice(object, Fact::Paid),
        "invoice.voided" => invoice(object, Fact::Voided),
        "invoice.marked_uncollectible" => invoice(object, Fact::MarkedUncollectible),
        "payment_intent.payment_failed" => failure::payment_intent(object),
        "payment_intent.succeeded" => Ok(Reading::one(payment_intent_obligation(object)?, Fact::Paid)),
        "payment_intent.canceled" => Ok(Reading::one(payment_intent_obligation(object)?, Fact::Voided)),
        "customer.subscription.deleted" => subscription_deleted(object),
        "charge.refunded" => charge_refunded(object),
        "charge.dispute.created" => Ok(Reading::one(dispute_obligation(object)?, Fact::DisputeOpened)),
        "charge.dispute.closed" => {
            let won = matches!(object.status.text().as_deref(), Some("won" | "warning_closed"));
            Ok(Reading::one(dispute_obligation(object)?, Fact::DisputeClosed { won }))
        }
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
        Some(invoice) => obligation(&invoice, "data.object.invoice"),
        None => own_id(object),
    }
}

/// The last invoice, which is what is dunned, and the subscription itself, which stops invoices not yet seen.
fn subscription_deleted(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let mut facts = Vec::with_capacity(2);
    if let Some(invoice) = object.latest_invoice.id() {
        facts.push((obligation(&invoice, "data.object.latest_invoice")?, Fact::SubscriptionCancelled));
    }
    facts.push((own_id(object)?, Fact::SubscriptionCancelled));
    Ok(Reading::Facts(facts))
}

fn charge_refunded(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let amount = object.amount.integer("data.object.amount")?;
    let refunded = object.amount_refunded.integer("data.object.amount_refunded")?;
    let full = object.refunded.flag() == Some(true) || (amount.is_some() && amount == refunded);
    let id = first_id(&[object.invoice, object.payment_intent, object.id]);
    let id = id.ok_or(NormaliseError::Missing { member: "data.object.id" })?;
    Ok(Reading::one(obligation(&id, "data.object.id")?, Fact::Refunded { full }))
}

/// What the disputed charge paid for, as far as the body says: an invoice, a payment intent, or the charge itself.
fn dispute_obligation(object: &Object<'_>) -> Result<Obligation, NormaliseError> {
    let charge: Charge<'_> = object.charge.object().unwrap_or_default();
    let id = first_id(&[charge.invoice, charge.payment_intent, object.payment_intent, object.charge]);
    let id = id.ok_or(NormaliseError::Missing { member: "data.object.charge" })?;
    obligation(&id, "data.object.charge")
}

fn first_id<'a>(members: &[Member<'a>]) -> Option<std::borrow::Cow<'a, str>> {
    members.iter().find_map(|member| member.id())
}

fn own_id(object: &Object<'_>) -> Result<Obligation, NormaliseError> {
    let id = object.id.text().ok_or(NormaliseError::Missing { member: "data.object.id" })?;
    obligation(&id, "data.object.id")
}

fn obligation(id: &str, member: &'static str) -> Result<Obligation, NormaliseError> {
    Obligation::parse(id).map_err(|_| NormaliseError::Malformed { member })
}
