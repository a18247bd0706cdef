//! Cashfree Payments (facts: webhook-sources sections 2 to 7; bodies: Cashfree's webhook documentation).
//!
//! The secret is the client secret of the API key, which signs every webhook. The API key for look-ups is
//! `client_id:client_secret`.
//!
//! Traps: amounts are decimal numbers, whole rupees without a point, and strings for payment links, so their text is read
//! and never a floating-point number; a failed attempt is not a failed order, which stays payable; every attempt on a
//! payment link is an order of its own, so the link is what is owed; `PAID` may stand beside a part of the amount; phones
//! are national; ids are the merchant's own, so those of links, subscriptions and charges get a prefix with a `.`, which
//! Cashfree allows in no id.

mod api;
mod body;
mod failure;
mod subscription;

use crate::normalised::told;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Money, Obligation, Secret};

use self::body::{Body, Data, Link};
use crate::json::Member;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unverified, Verified, json, read,
};

/// Cashfree.
pub(crate) struct Cashfree;

static SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");
static TIMESTAMP: HeaderName = HeaderName::from_static("x-webhook-timestamp");
static EVENT_ID: HeaderName = HeaderName::from_static("x-idempotency-key");

impl Processor for Cashfree {
    fn name(&self) -> &'static str {
        "cashfree"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    /// Cashfree tries again after 2, 10 and 30 minutes and does not say whether it signs anew: a window of five minutes
    /// could refuse the news of a payment, so it is as long as the three retries.
    fn habits(&self) -> Habits {
        Habits { tolerance: Some(45 * 60), ..Habits::TIMED }
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let header = signature::only_header(request.headers, &SIGNATURE)?;
        let time = signature::only_header(request.headers, &TIMESTAMP)?;
        let mac = Mac::from_base64(header, 32).ok_or(SignatureError::Malformed)?;
        let milliseconds = signature::unix_seconds(time).ok_or(SignatureError::Malformed)?;
        signature::verify_hmac(secrets, &[time.as_bytes(), request.body], &Macs::one(mac))?;
        signature::check_time(milliseconds.div_euclid(1000), now, self.habits())?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if !(1..=64).contains(&kind.len()) || !kind.bytes().all(allowed) {
            return Err(NormaliseError::Malformed { member: "type" });
        }
        let said = read(&kind, &body.data.object().unwrap_or_default())?;
        let status = said.ignored.map_or(Status::Recognised, Status::Ignored);
        let mut events = Vec::with_capacity(said.facts.len());
        if !said.facts.is_empty() {
            let id = event_id(verified.header(&EVENT_ID), &kind, &said.subject)?;
            let occurred_at = said.at.or_else(|| read::time(&body.event_time.text()?));
            events.extend(told(&id, occurred_at, said.facts));
        }
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        use base64::Engine as _;
        let time = at.as_millisecond().to_string();
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), body]);
        let mac = base64::engine::general_purpose::STANDARD.encode(mac);
        let mut signed = Signed::with(&SIGNATURE, mac, body)?;
        signed.headers.insert(TIMESTAMP.clone(), HeaderValue::try_from(time).ok()?);
        Some(signed)
    }
}

impl SourceApi for Cashfree {
    fn api(&self) -> Option<Api> {
        Some(Api {
            url: Some("https://api.cashfree.com"),
            hosts: &["api.cashfree.com", "sandbox.cashfree.com"],
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
struct Said {
    facts: Vec<(Obligation, Fact)>,
    ignored: Option<Ignored>,
    /// The object's own time, where it has one that tells when it happened.
    at: Option<Timestamp>,
    /// What makes the event another one than the last of its type.
    subject: String,
}

impl Said {
    fn ignored(why: Ignored) -> Self {
        Self { ignored: Some(why), ..Self::default() }
    }
}

/// Turns a type of event and its data into facts; the list of all types that start or stop something.
fn read(kind: &str, data: &Data<'_>) -> Result<Said, NormaliseError> {
    match kind {
        "PAYMENT_FAILED_WEBHOOK" => failure::payment(data, "FAILED"),
        "PAYMENT_USER_DROPPED_WEBHOOK" => failure::payment(data, "USER_DROPPED"),
        "PAYMENT_SUCCESS_WEBHOOK" => succeeded(data),
        "PAYMENT_LINK_EVENT" => payment_link(data),
        "REFUND_STATUS_WEBHOOK" => refunded(data),
        "DISPUTE_CREATED" => disputed(data, Fact::DisputeOpened),
        "DISPUTE_CLOSED" => {
            let won = merchant_won(&data.dispute().status.text().unwrap_or_default())
                .ok_or(NormaliseError::Malformed { member: "data.dispute.dispute_status" })?;
            disputed(data, Fact::DisputeClosed { won })
        }
        "DISPUTE_UPDATED" => Ok(Said::ignored(Ignored::InProgress)),
        "SUBSCRIPTION_PAYMENT_FAILED" => subscription::failed(data),
        "SUBSCRIPTION_PAYMENT_SUCCESS" => subscription::charged(data),
        "SUBSCRIPTION_STATUS_CHANGED" | "SUBSCRIPTION_STATUS_CHANGE" => subscription::changed(data),
        // The dashboard's "Test" button.
        "WEBHOOK" => Ok(Said::ignored(Ignored::Test)),
        _ => Ok(Said::ignored(Ignored::UnknownType)),
    }
}

/// What is owed: the payment link, whose every attempt is another order, or else the order.
fn debt(data: &Data<'_>) -> Result<Obligation, NormaliseError> {
    match data.order().link_id().number_or_text().and_then(|link| prefixed("link", &link)) {
        Some(link) => Ok(link),
        None => order(data.order().id),
    }
}

fn order(id: Member<'_>) -> Result<Obligation, NormaliseError> {
    read::obligation(id.text().as_deref(), "data.order.order_id")
}

/// An id that the merchant chose for another thing than an order, kept apart from the orders'.
fn prefixed(prefix: &str, id: &str) -> Option<Obligation> {
    Obligation::parse(&format!("{prefix}.{}", read::id(id)?)).ok()
}

/// The order is paid for ever. What came by its link may have been a part: it settles what failed on the link so far, and
/// `PAYMENT_LINK_EVENT` tells when all of it has come.
fn succeeded(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let (paid, debt) = (order(data.order().id)?, debt(data)?);
    let payment = data.payment();
    // `PENDING` comes under this type too, when a bank has not confirmed yet.
    let member = "data.payment.payment_status";
    if payment.status.text().ok_or(NormaliseError::Missing { member })? != "SUCCESS" {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let linked = (debt != paid).then_some((debt, Fact::Recovered));
    let facts = linked.into_iter().chain([(paid, Fact::Paid)]).collect();
    Ok(Said { facts, subject: payment.subject(), ..Said::default() })
}

fn payment_link(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let link = data.link();
    let id = link.cf_link_id.number_or_text().and_then(|id| prefixed("link", &id));
    let id = id.ok_or(NormaliseError::Missing { member: "data.cf_link_id" })?;
    let status = link.status.text().ok_or(NormaliseError::Missing { member: "data.link_status" })?;
    let fact = match &*status {
        "PAID" if is_whole(&link) => Fact::Paid,
        "PAID" | "PARTIALLY_PAID" => Fact::Recovered,
        "EXPIRED" | "CANCELLED" => Fact::Voided,
        _ => return Ok(Said::ignored(Ignored::UnknownType)),
    };
    let paid = link.paid_order().and_then(|order| read::id(&order));
    let paid = paid.filter(|_| fact != Fact::Voided).map(|order| (order, Fact::Paid));
    let came = link.amount_paid.number_or_text().unwrap_or_default();
    let subject = format!("{id}-{status}-{came}");
    Ok(Said { facts: [(id, fact)].into_iter().chain(paid).collect(), subject, ..Said::default() })
}

/// Whether all came, as far as the amounts can be read: Cashfree's older samples say `PAID` beside a part.
fn is_whole(link: &Link<'_>) -> bool {
    let read = |amount: Member<'_>| read::decimal(amount, link.currency).map(|Money { minor, .. }| minor);
    match (read(link.amount), read(link.amount_paid)) {
        (Some(whole), Some(paid)) => paid >= whole,
        _ => true,
    }
}

/// The body does not say what the order came to, so no refund is known to be a full one.
fn refunded(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let refund = data.refund();
    let order = read::obligation(refund.order_id.text().as_deref(), "data.refund.order_id")?;
    let missing = NormaliseError::Missing { member: "data.refund.refund_status" };
    let status = refund.status.text().ok_or(missing)?;
    if status != "SUCCESS" {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let subject = format!("{}-{status}", refund.cf_refund_id.number_or_text().unwrap_or_default());
    let at = refund.processed_at.text().and_then(|at| read::time(&at));
    Ok(Said { facts: vec![(order, Fact::Refunded { full: false })], at, subject, ..Said::default() })
}

fn disputed(data: &Data<'_>, fact: Fact) -> Result<Said, NormaliseError> {
    let (dispute, details) = (data.dispute(), data.order_details());
    let order = read::obligation(details.id.text().as_deref(), "data.order_details.order_id")?;
    let id = dispute.id.number_or_text().unwrap_or_default();
    let subject = format!("{id}-{}", dispute.status.text().unwrap_or_default());
    Ok(Said { facts: vec![(order, fact)], subject, ..Said::default() })
}

/// Whether the merchant keeps the money: the status is the stage and the outcome, for example `CHARGEBACK_MERCHANT_WON`.
fn merchant_won(status: &str) -> Option<bool> {
    let lost = ["_MERCHANT_LOST", "_MERCHANT_ACCEPTED", "_INSUFFICIENT_EVIDENCE"];
    let is_lost = lost.iter().any(|outcome| status.ends_with(outcome));
    if status.ends_with("_MERCHANT_WON") { Some(true) } else { is_lost.then_some(false) }
}

/// Cashfree's hash of the payload, which a redelivery repeats; before version 2025-01-01 the type and what it is about.
fn event_id(header: Option<&str>, kind: &str, subject: &str) -> Result<EventId, NormaliseError> {
    let own = header.and_then(|id| EventId::parse(id).ok());
    let own = own.or_else(|| EventId::parse(&format!("{kind}-{subject}")).ok());
    own.ok_or(NormaliseError::Malformed { member: "data" })
}
