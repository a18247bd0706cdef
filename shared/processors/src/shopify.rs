//! Shopify (facts: webhook-sources sections 2 to 5 and 7).
//!
//! Reads checkouts, orders, their transactions, refunds and disputes, subscriptions, and what it says of customers.
//!
//! - The secret is any text: an app's client secret, or the one shown under Settings, Notifications for the webhooks that
//!   are made there. Both can be given, and an old one beside each.
//! - Only the body is signed. The topic stands in a header alone, so where the body can contradict it, the body is believed.
//! - One event of Shopify's may be told under several topics with one `X-Shopify-Event-Id`. An order that is created and
//!   paid at once must not lose its payment as a duplicate: the topic is part of the event's id.
//! - A checkout is known by its `token`; its numeric `id` is gone since API version 2026-07. An order names the checkout it
//!   came from, and the cart, and completes both.
//! - Amounts of a checkout are in the buyer's currency, those of an order in the shop's, unless they stand in a `_set`.
//! - Carts carry nobody's name, phone or address, and are left alone until they are a checkout.

mod body;
mod buyer;
mod checkout;
mod customer;
mod decline;
mod lookup;
mod order;
mod subscription;

use crate::normalised::told;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{EventId, Fact, Obligation, Secret};

use self::body::Body;
use crate::json::{self, Member};
use crate::read::time;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// Shopify.
pub(crate) struct Shopify;

/// A header under the name of webhooks, and the one without `x-` that deliveries of "Events" have.
type Names = [HeaderName; 2];

static SIGNATURE: Names =
    [HeaderName::from_static("x-shopify-hmac-sha256"), HeaderName::from_static("shopify-hmac-sha256")];
static TOPIC: Names = [HeaderName::from_static("x-shopify-topic"), HeaderName::from_static("shopify-topic")];
static EVENT_ID: Names =
    [HeaderName::from_static("x-shopify-event-id"), HeaderName::from_static("shopify-event-id")];
static WEBHOOK_ID: Names =
    [HeaderName::from_static("x-shopify-webhook-id"), HeaderName::from_static("shopify-webhook-id")];
static TRIGGERED_AT: Names =
    [HeaderName::from_static("x-shopify-triggered-at"), HeaderName::from_static("shopify-triggered-at")];
static TEST: HeaderName = HeaderName::from_static("x-shopify-test");

impl Processor for Shopify {
    fn name(&self) -> &'static str {
        "shopify"
    }

    fn family(&self) -> Family {
        Family::Cart
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
        let [named, bare] = &SIGNATURE;
        let header = match signature::only_header(request.headers, named) {
            Err(SignatureError::Missing) => signature::only_header(request.headers, bare)?,
            found => found?,
        };
        let mac = Mac::from_base64(header, 32).ok_or(SignatureError::Malformed)?;
        signature::verify_hmac(secrets, &[request.body], &Macs::one(mac))?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let topic = header(verified, &TOPIC).ok_or(NormaliseError::Missing { member: "topic" })?;
        if !is_topic(topic) {
            return Err(NormaliseError::Malformed { member: "topic" });
        }
        let said = if is_test(verified) { Said::ignored(Ignored::Test) } else { read(topic, &body)? };
        let (facts, status) = match said.reading {
            Reading::Facts(facts) => (facts, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let id = event_id(verified, topic, &body)?;
            let occurred_at = said.at.or_else(|| time(header(verified, &TRIGGERED_AT)?));
            events.extend(told(&id, occurred_at, facts));
        }
        let livemode = body.test.flag().map(|test| !test);
        Ok(Normalised { events, kind: topic.to_owned(), asks: said.asks, livemode, status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        lookup::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[body]);
        Signed::with(&SIGNATURE[0], STANDARD.encode(mac), body)
    }
}

impl SourceApi for Shopify {
    fn api(&self) -> Option<Api> {
        Some(Api { url: None, hosts: &[".myshopify.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

fn header<'a>(verified: &'a Verified<'_>, names: &Names) -> Option<&'a str> {
    names.iter().find_map(|name| verified.header(name))
}

/// A topic as Shopify spells them, for example `checkouts/create`; those of "Events" are a word such as `Product`.
fn is_topic(topic: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'.');
    topic.len() <= 64 && topic.bytes().all(allowed)
}

/// Whether somebody pressed "Send test notification".
fn is_test(verified: &Verified<'_>) -> bool {
    verified.header(&TEST).is_some_and(|test| test.eq_ignore_ascii_case("true"))
}

/// The id of the event under its topic; where no header has one, what the body itself is told apart by.
fn event_id(verified: &Verified<'_>, topic: &str, body: &Body<'_>) -> Result<EventId, NormaliseError> {
    const MEMBER: &str = "event id";
    let sent = |names| EventId::parse(&format!("{topic}-{}", header(verified, names)?)).ok();
    if let Some(id) = sent(&EVENT_ID).or_else(|| sent(&WEBHOOK_ID)) {
        return Ok(id);
    }
    let own = [body.token, body.id, body.customer_id].into_iter().find_map(Member::number_or_text);
    let own = own.ok_or(NormaliseError::Missing { member: MEMBER })?;
    let changed = [body.updated_at, body.created_at].into_iter().find_map(Member::text).unwrap_or_default();
    EventId::parse(&format!("{topic}-{own}-{changed}"))
        .map_err(|_| NormaliseError::Malformed { member: MEMBER })
}

/// What a body says, before the id of the event is added.
struct Said {
    reading: Reading,
    at: Option<Timestamp>,
    asks: Vec<Lookup>,
}

enum Reading {
    Facts(Vec<(Obligation, Fact)>),
    Ignored(Ignored),
}

impl Said {
    fn facts(facts: Vec<(Obligation, Fact)>, at: Option<Timestamp>) -> Self {
        Self { reading: Reading::Facts(facts), at, asks: Vec::new() }
    }

    fn one(obligation: Obligation, fact: Fact, at: Option<Timestamp>) -> Self {
        Self::facts(vec![(obligation, fact)], at)
    }

    fn ignored(why: Ignored) -> Self {
        Self { reading: Reading::Ignored(why), at: None, asks: Vec::new() }
    }
}

/// Turns a topic and its body into facts; the list of all topics that start or stop something.
fn read(topic: &str, body: &Body<'_>) -> Result<Said, NormaliseError> {
    match topic {
        "checkouts/create" => checkout::read(body, Fact::CheckoutCreated),
        "checkouts/update" => checkout::read(body, Fact::CheckoutUpdated),
        "checkouts/delete" => checkout::deleted(body),
        "carts/create" | "carts/update" => Ok(Said::ignored(Ignored::InProgress)),
        "orders/create" => order::created(body),
        "orders/paid" => order::paid(body),
        "orders/cancelled" => order::cancelled(body),
        "order_transactions/create" => order::transaction(body),
        "refunds/create" => order::refund(body),
        "disputes/create" | "disputes/update" => order::dispute(body),
        "subscription_billing_attempts/failure" => subscription::failed(body, None),
        "subscription_billing_attempts/challenged" => {
            subscription::failed(body, Some(recoup_core::DeclineClass::ActionRequired))
        }
        "subscription_billing_attempts/success" => subscription::succeeded(body),
        "subscription_contracts/update"
        | "subscription_contracts/cancel"
        | "subscription_contracts/expire"
        | "subscription_contracts/fail" => subscription::contract(body),
        "customers/create" | "customers/update" => customer::updated(body),
        "customer_payment_methods/create" | "customer_payment_methods/update" => customer::card(body),
        "customers_marketing_consent/update" | "customers_whats_app_marketing_consent/update" => {
            customer::consent(body)
        }
        "customers/redact" | "customers/data_request" | "shop/redact" => Ok(Said::ignored(Ignored::Privacy)),
        _ => Ok(Said::ignored(Ignored::UnknownType)),
    }
}
