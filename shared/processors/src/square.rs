//! Square (facts: webhook-sources sections 2, 3, 4, 5, 6 and 7).
//!
//! What is owed is an invoice (`inv:0-…`), or, for a payment outside of invoices, the order it is a try of. A paid invoice
//! also settles its order; a paid payment never settles an invoice, which may ask for several.
//!
//! Secret: the subscription's signature key, as it is shown.
//!
//! Traps: the signature covers the notification URL before the body, byte for byte as it was entered. `payment.updated`
//! comes many times. Payments of invoices are left to the invoice's own events, where they say that they are such.
//! Disputes and refunds name only a payment, so its order is asked back. Phones are written the local way: without a
//! country code they are dropped.

mod api;
mod body;
mod invoice;
mod payment;

use crate::normalised::told;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};

use self::body::{Body, Customer, Data, Subscription};
use crate::json::{self, Member};
use crate::read;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// Square.
pub(crate) struct Square;

static SIGNATURE: HeaderName = HeaderName::from_static("x-square-hmacsha256-signature");
static ENVIRONMENT: HeaderName = HeaderName::from_static("square-environment");

impl Processor for Square {
    fn name(&self) -> &'static str {
        "square"
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
        let header = signature::only_header(request.headers, &SIGNATURE)?;
        let mac = Mac::from_base64(header, 32).ok_or(SignatureError::Malformed)?;
        signature::verify_hmac(secrets, &[request.url.as_bytes(), request.body], &Macs::one(mac))?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_');
        if !(1..=96).contains(&kind.len()) || !kind.bytes().all(allowed) {
            return Err(NormaliseError::Malformed { member: "type" });
        }
        let data: Data<'_> = body.data.object().unwrap_or_default();
        let said = read(&kind, &data, &body)?;
        let status = said.ignored.map_or(Status::Recognised, Status::Ignored);
        let mut events = Vec::with_capacity(said.facts.len());
        if !said.facts.is_empty() {
            let text = body.event_id.text().ok_or(NormaliseError::Missing { member: "event_id" })?;
            let id = EventId::parse(&text).map_err(|_| NormaliseError::Malformed { member: "event_id" })?;
            let occurred_at = read::first([said.at, body.created_at], read::time);
            events.extend(told(&id, occurred_at, said.facts));
        }
        let livemode = match verified.header(&ENVIRONMENT) {
            Some("Production") => Some(true),
            Some("Sandbox") => Some(false),
            Some(_) | None => None,
        };
        Ok(Normalised { events, kind: kind.into_owned(), asks: said.asks, livemode, status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, url: &str) -> Option<Signed> {
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[url.as_bytes(), body]);
        Signed::with(&SIGNATURE, STANDARD.encode(mac), body)
    }
}

impl SourceApi for Square {
    fn api(&self) -> Option<Api> {
        Some(Api {
            url: Some("https://connect.squareup.com"),
            hosts: &["connect.squareup.com", "connect.squareupsandbox.com"],
        })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// What a body says, before its envelope is added.
#[derive(Default)]
struct Said<'a> {
    facts: Vec<(Obligation, Fact)>,
    ignored: Option<Ignored>,
    asks: Vec<Lookup>,
    /// When the object says that it happened.
    at: Member<'a>,
}

impl<'a> Said<'a> {
    fn ignored(why: Ignored) -> Self {
        Self { ignored: Some(why), ..Self::default() }
    }

    fn one(obligation: Obligation, fact: Fact, at: Member<'a>) -> Self {
        Self { facts: vec![(obligation, fact)], at, ..Self::default() }
    }
}

/// Turns a type of event and its object into facts; the list of all types that start or stop something.
fn read<'a>(kind: &str, data: &Data<'a>, body: &Body<'a>) -> Result<Said<'a>, NormaliseError> {
    let object = data.object();
    match kind {
        "test.notification" => Ok(Said::ignored(Ignored::Test)),
        "invoice.scheduled_charge_failed" => invoice::failed(&object.invoice()),
        "invoice.payment_made" => invoice::paid(&object.invoice()),
        "invoice.canceled" => invoice::one(&object.invoice(), Fact::Voided),
        "invoice.refunded" => invoice::refunded(&object.invoice()),
        "payment.created" | "payment.updated" => payment::read(&object.payment()),
        "refund.created" | "refund.updated" => payment::refund(&object.refund()),
        "dispute.created" => payment::dispute_opened(&object.dispute()),
        "dispute.state.updated" | "dispute.state.changed" => payment::dispute_moved(&object.dispute()),
        "subscription.updated" => subscription(&object.subscription()),
        "customer.updated" => customer(&object.customer()),
        "card.created" | "card.updated" | "card.automatically_updated" => {
            let customer = object.card().customer_id.text().and_then(|customer| read::id(&customer));
            let event = || read::obligation(body.event_id.text().as_deref(), "event_id");
            Ok(Said::one(customer.map_or_else(event, Ok)?, Fact::CardUpdated, Member::default()))
        }
        _ => Ok(Said::ignored(Ignored::UnknownType)),
    }
}

/// A subscription that was cancelled stays `ACTIVE` until it ends. One that Square deactivates owes what it owes, and so
/// may one that has come to its end.
fn subscription<'a>(subscription: &Subscription<'a>) -> Result<Said<'a>, NormaliseError> {
    let fact = match subscription.status.text().as_deref() {
        Some("CANCELED") => Fact::SubscriptionCancelled,
        Some("DEACTIVATED") => Fact::SubscriptionHalted,
        Some(_) => return Ok(Said::ignored(Ignored::UnknownType)),
        None => return Err(NormaliseError::Missing { member: "data.object.subscription.status" }),
    };
    let id = read::obligation(subscription.id.text().as_deref(), "data.object.subscription.id")?;
    Ok(Said::one(id, fact, Member::default()))
}

fn customer<'a>(customer: &Customer<'a>) -> Result<Said<'a>, NormaliseError> {
    let id = read::obligation(customer.id.text().as_deref(), "data.object.customer.id")?;
    Ok(Said::one(id, Fact::CustomerUpdated(Box::new(customer.buyer())), customer.updated_at))
}
