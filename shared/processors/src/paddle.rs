//! Paddle Billing (facts: webhook-sources sections 2, 4, 5 and 7); Paddle Classic is another product and not read.
//!
//! - A secret is the text of a notification destination's secret key, `pdl_ntfset_…`, whole.
//! - `ts` is signed. Paddle's own libraries allow 5 s, which a cold start or a queue takes up; here it is 60 s.
//! - What is owed is a transaction. A declined card in a checkout fires the same event as a declined renewal: only what
//!   Paddle collects by itself is dunned, the other is a cart that was left.
//! - The body may name its data before its type, names no phone, and of the buyer only the id.
//! - An event has the same `event_id` at every destination and every replay; `notification_id` differs.

mod body;
mod buyer;
mod decline;
mod lookup;
mod transaction;

use crate::normalised::told;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};

use self::body::{Body, Entity};
use crate::json;
use crate::read;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unverified, Verified,
};

/// Paddle Billing.
pub(crate) struct Paddle;

static SIGNATURE: HeaderName = HeaderName::from_static("paddle-signature");

impl Processor for Paddle {
    fn name(&self) -> &'static str {
        "paddle"
    }

    fn family(&self) -> Family {
        Family::Payment
    }

    fn habits(&self) -> Habits {
        Habits { tolerance: Some(60), ..Habits::TIMED }
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
        signature::verify_hmac(secrets, &[time.as_bytes(), b":", request.body], &macs)?;
        signature::check_time(signed, now, self.habits())?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.event_type.text().ok_or(NormaliseError::Missing { member: "event_type" })?;
        if !is_event_type(&kind) {
            return Err(NormaliseError::Malformed { member: "event_type" });
        }
        let id = body.event_id.text();
        let reading = if is_simulated(id.as_deref()) || is_simulated(body.notification_id.text().as_deref()) {
            Reading::Ignored(Ignored::Test)
        } else {
            read(&kind, &body.data.unwrap_or_default())?
        };
        let (facts, status) = match reading {
            Reading::Facts(facts) => (facts, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let id = id.ok_or(NormaliseError::Missing { member: "event_id" })?;
            let id = EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "event_id" })?;
            let occurred_at = body.occurred_at.text().and_then(|at| read::time(&at));
            events.extend(told(&id, occurred_at, facts));
        }
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        let time = at.as_second().to_string();
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b":", body]);
        let header = format!("ts={time};h1={}", signature::encode_hex(mac.as_ref()));
        Signed::with(&SIGNATURE, header, body)
    }
}

impl SourceApi for Paddle {
    fn api(&self) -> Option<Api> {
        Some(Api {
            url: Some("https://api.paddle.com"),
            hosts: &["api.paddle.com", "sandbox-api.paddle.com"],
        })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

/// Splits `ts=…;h1=…[;h1=…]` in any order; every scheme but `h1` is passed over. While a secret is being replaced there
/// are several `h1`, and any may match.
///
/// An `h1` that is not 64 lower-case digits can match nothing and is passed over too, but not if it stands alone.
fn parse_header(header: &str) -> Result<(&str, Macs), SignatureError> {
    let (mut time, mut macs) = (None, Macs::default());
    for entry in header.split(';') {
        match entry.trim().split_once('=') {
            Some(("ts", _)) if time.is_some() => return Err(SignatureError::Malformed),
            Some(("ts", value)) => time = Some(value),
            Some(("h1", value)) => {
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

/// A type of event as Paddle spells them, for example `transaction.payment_failed`.
fn is_event_type(kind: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_');
    (1..=64).contains(&kind.len()) && kind.bytes().all(allowed)
}

/// Whether the dashboard's simulator made this id: it sends examples to the same URL, signed with the same secret.
fn is_simulated(id: Option<&str>) -> bool {
    id.is_some_and(|id| id.starts_with("ntfsim"))
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

/// Turns a type of event and its data into facts; the list of all types that start or stop something.
fn read(kind: &str, data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "transaction.payment_failed" => transaction::failed(data),
        "transaction.past_due" => transaction::past_due(data),
        "transaction.paid" | "transaction.completed" => transaction::paid(data),
        "transaction.canceled" => Ok(Reading::one(own_id(data)?, Fact::Voided)),
        "transaction.created" => transaction::cart(data, Fact::CheckoutCreated),
        "transaction.ready" | "transaction.updated" => transaction::cart(data, Fact::CheckoutUpdated),
        "subscription.past_due" => Ok(Reading::one(own_id(data)?, Fact::SubscriptionPastDue)),
        "subscription.paused" => Ok(Reading::one(own_id(data)?, Fact::SubscriptionHalted)),
        "subscription.canceled" => Ok(Reading::one(own_id(data)?, Fact::SubscriptionCancelled)),
        "subscription.activated" => Ok(Reading::one(own_id(data)?, Fact::Recovered)),
        // Both come before the money is collected; `transaction.paid` and `subscription.activated` follow when it was.
        "transaction.billed" | "subscription.resumed" => Ok(Reading::Ignored(Ignored::InProgress)),
        "adjustment.created" | "adjustment.updated" => adjustment(data),
        "customer.created" | "customer.updated" => {
            Ok(Reading::one(own_id(data)?, Fact::CustomerUpdated(Box::new(buyer::customer(data)))))
        }
        "payment_method.saved" => {
            let customer = read::obligation(data.customer_id.text().as_deref(), "data.customer_id")?;
            Ok(Reading::one(customer, Fact::CardUpdated))
        }
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// Reads money that went back or is disputed. A refund counts once Paddle has approved it, and is full where it says so;
/// a chargeback whose `status` is `reversed` was won.
fn adjustment(data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    let status = data.status.text();
    let fact = match (data.action.text().as_deref(), status.as_deref()) {
        (Some("refund"), Some("approved")) => {
            Fact::Refunded { full: data.kind.text().as_deref() == Some("full") }
        }
        (Some("refund"), Some("pending_approval")) => return Ok(Reading::Ignored(Ignored::InProgress)),
        (Some("chargeback" | "chargeback_warning"), Some("reversed"))
        | (Some("chargeback_reverse" | "chargeback_warning_reverse"), _) => Fact::DisputeClosed { won: true },
        (Some("chargeback" | "chargeback_warning"), _) => Fact::DisputeOpened,
        _ => return Ok(Reading::Ignored(Ignored::UnknownType)),
    };
    let debt = read::obligation(data.transaction_id.text().as_deref(), "data.transaction_id")?;
    Ok(Reading::one(debt, fact))
}

fn own_id(data: &Entity<'_>) -> Result<Obligation, NormaliseError> {
    read::obligation(data.id.text().as_deref(), "data.id")
}
