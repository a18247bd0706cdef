//! Lemon Squeezy (facts: webhook-sources sections 2, 3, 4, 5 and 7).
//!
//! - A secret is the webhook's signing secret, any text of 6 to 40 characters.
//! - The body is signed and nothing else: the type is read from `meta.event_name`, never from `X-Event-Name`, and no time
//!   is signed.
//! - Ids are small numbers, each kind of object with its own: order 1 is not invoice 1. An obligation is the kind and the
//!   number, `subscription-invoices-1`.
//! - What fails is an invoice of a subscription. Its body has no page to pay on, so the subscription is asked for.
//! - Events have no id: their name, object and time make one, the same for a redelivery.
//! - A cancelled subscription goes on until it expires.

mod body;
mod lookup;

use crate::normalised::told;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{
    BuyerFacts, CustomerId, Email, EventId, Fact, Money, Obligation, PaymentFailed, PersonName, Phone,
    PushToken, Secret,
};

use self::body::{Attributes, Body, Custom, Resource};
use crate::json;
use crate::read::{self, first, language_tag, zone_name};
use crate::signature;
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// Lemon Squeezy.
pub(crate) struct LemonSqueezy;

static SIGNATURE: HeaderName = HeaderName::from_static("x-signature");

impl Processor for LemonSqueezy {
    fn name(&self) -> &'static str {
        "lemon_squeezy"
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
        let (meta, resource) = (body.meta.unwrap_or_default(), body.data.unwrap_or_default());
        let kind = meta.event_name.text().ok_or(NormaliseError::Missing { member: "meta.event_name" })?;
        if !is_event_name(&kind) {
            return Err(NormaliseError::Malformed { member: "meta.event_name" });
        }
        let custom: Custom<'_> = meta.custom_data.object().unwrap_or_default();
        let Reading { facts, asks, status } = read(&kind, &resource, &custom)?;
        let test = meta.test_mode.flag().or_else(|| resource.attributes.test_mode.flag());
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let (id, occurred_at) = (event_id(&kind, &resource)?, time(&resource));
            events.extend(told(&id, occurred_at, facts));
        }
        Ok(Normalised { events, kind: kind.into_owned(), asks, livemode: test.map(|test| !test), status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        lookup::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign_hex_body(&SIGNATURE, body, secret)
    }
}

impl SourceApi for LemonSqueezy {
    fn api(&self) -> Option<Api> {
        Some(Api { url: Some("https://api.lemonsqueezy.com"), hosts: &["api.lemonsqueezy.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

/// A name of an event as Lemon Squeezy spells them, for example `subscription_payment_failed`.
fn is_event_name(kind: &str) -> bool {
    (1..=64).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The name, the object and when it last changed: `order_created-1-2023-01-17T12:26:23.000000Z`.
fn event_id(kind: &str, resource: &Resource<'_>) -> Result<EventId, NormaliseError> {
    let attributes = &resource.attributes;
    let id = resource.id.number_or_text().ok_or(NormaliseError::Missing { member: "data.id" })?;
    let at = attributes.updated_at.text().or_else(|| attributes.created_at.text());
    let at = at.ok_or(NormaliseError::Missing { member: "data.attributes.updated_at" })?;
    let malformed = NormaliseError::Malformed { member: "data.attributes.updated_at" };
    EventId::parse(&format!("{kind}-{id}-{at}")).map_err(|_| malformed)
}

fn time(resource: &Resource<'_>) -> Option<Timestamp> {
    let attributes = &resource.attributes;
    first([attributes.updated_at, attributes.created_at], read::time)
}

/// What a body says, before its envelope is added.
struct Reading {
    facts: Vec<(Obligation, Fact)>,
    asks: Vec<Lookup>,
    status: Status,
}

impl Reading {
    fn facts(facts: Vec<(Obligation, Fact)>) -> Self {
        Self { facts, asks: Vec::new(), status: Status::Recognised }
    }

    fn one(obligation: Obligation, fact: Fact) -> Self {
        Self::facts(vec![(obligation, fact)])
    }

    fn ignored(why: Ignored) -> Self {
        Self { facts: Vec::new(), asks: Vec::new(), status: Status::Ignored(why) }
    }
}

/// Turns the name of an event and its object into facts; the list of all names that start or stop something.
fn read(kind: &str, resource: &Resource<'_>, custom: &Custom<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "subscription_payment_failed" => payment_failed(resource, custom),
        "subscription_payment_success" => paid(resource, false),
        "subscription_payment_recovered" => paid(resource, true),
        "subscription_payment_refunded" => refunded(resource, INVOICES),
        "order_created" => order(resource),
        "order_refunded" => refunded(resource, ORDERS),
        "subscription_updated" => subscription(resource),
        "subscription_paused" => Ok(Reading::one(own_id(resource, SUBSCRIPTIONS)?, Fact::SubscriptionHalted)),
        "subscription_expired" => {
            Ok(Reading::one(own_id(resource, SUBSCRIPTIONS)?, Fact::SubscriptionCancelled))
        }
        // The buyer may use it, and take it up again, until `subscription_expired`.
        "subscription_cancelled" => Ok(Reading::ignored(Ignored::InProgress)),
        _ => Ok(Reading::ignored(Ignored::UnknownType)),
    }
}

const INVOICES: &str = "subscription-invoices";
const ORDERS: &str = "orders";
const SUBSCRIPTIONS: &str = "subscriptions";

/// Reads a renewal that could not be collected. Lemon Squeezy does not count attempts and says no reason.
fn payment_failed(resource: &Resource<'_>, custom: &Custom<'_>) -> Result<Reading, NormaliseError> {
    let attributes = &resource.attributes;
    if attributes.total.integer("data.attributes.total")?.is_some_and(|total| total <= 0) {
        return Ok(Reading::ignored(Ignored::NothingOwed));
    }
    let obligation = own_id(resource, INVOICES)?;
    let subscription = attributes.subscription_id.number_or_text().filter(|id| is_number(id));
    let failed = PaymentFailed {
        amount: amount(attributes),
        pay_link: lookup::link(custom.pay_url),
        buyer: buyer(attributes, custom),
        links: subscription.iter().filter_map(|id| key(SUBSCRIPTIONS, id)).collect(),
        ..PaymentFailed::default()
    };
    // The merchant's own page needs no asking.
    let asked = subscription.filter(|_| failed.pay_link.is_none()).and_then(|id| read::id(&id));
    Ok(Reading {
        facts: vec![(obligation, Fact::PaymentFailed(Box::new(failed)))],
        asks: asked.into_iter().map(|id| Lookup::Object { kind: SUBSCRIPTIONS, id }).collect(),
        status: Status::Recognised,
    })
}

/// Reads the money's arrival: for the invoice, and for the subscription, whose earlier failures may have had invoices of
/// their own. The invoice of a change of plan is no renewal and says nothing of those, unless it is called `recovered`.
fn paid(resource: &Resource<'_>, recovered: bool) -> Result<Reading, NormaliseError> {
    let attributes = &resource.attributes;
    let mut facts = vec![(own_id(resource, INVOICES)?, Fact::Paid)];
    if recovered || attributes.billing_reason.text().as_deref() != Some("updated") {
        let number = attributes.subscription_id.number_or_text();
        let subscription = number.and_then(|number| key(SUBSCRIPTIONS, &number));
        facts.extend(subscription.map(|subscription| (subscription, Fact::Recovered)));
    }
    Ok(Reading::facts(facts))
}

/// Reads an order. One that is pending or failed is no debt: no later event would tell that it was paid.
fn order(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    if resource.attributes.status.text().as_deref() != Some("paid") {
        return Ok(Reading::ignored(Ignored::InProgress));
    }
    Ok(Reading::one(own_id(resource, ORDERS)?, Fact::Paid))
}

/// Reads a refund: full when all of the total went back, or, in bodies from before they said how much did, by the status.
fn refunded(resource: &Resource<'_>, collection: &'static str) -> Result<Reading, NormaliseError> {
    let attributes = &resource.attributes;
    let total = attributes.total.integer("data.attributes.total")?;
    let back = attributes.refunded_amount.integer("data.attributes.refunded_amount")?;
    let full = match (total, back) {
        (Some(total), Some(back)) => back > 0 && back >= total,
        _ => attributes.status.text().as_deref() == Some("refunded"),
    };
    Ok(Reading::one(own_id(resource, collection)?, Fact::Refunded { full }))
}

/// Reads what a subscription is now; what it was before, the body does not say.
fn subscription(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    let fact = match resource.attributes.status.text().as_deref() {
        Some("past_due") => Fact::SubscriptionPastDue,
        Some("unpaid" | "paused") => Fact::SubscriptionHalted,
        Some("expired") => Fact::SubscriptionCancelled,
        Some(_) | None => return Ok(Reading::ignored(Ignored::UnknownType)),
    };
    Ok(Reading::one(own_id(resource, SUBSCRIPTIONS)?, fact))
}

/// The object's key, after its own type was found to be the one that the event's name promises.
fn own_id(resource: &Resource<'_>, collection: &'static str) -> Result<Obligation, NormaliseError> {
    if resource.kind.text().as_deref() != Some(collection) {
        return Err(NormaliseError::Malformed { member: "data.type" });
    }
    let number = resource.id.number_or_text().ok_or(NormaliseError::Missing { member: "data.id" })?;
    key(collection, &number).ok_or(NormaliseError::Malformed { member: "data.id" })
}

/// The key of an object: its kind and its number.
fn key(collection: &str, number: &str) -> Option<Obligation> {
    if is_number(number) { Obligation::parse(&format!("{collection}-{number}")).ok() } else { None }
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}

/// The total, in the currency's minor units. That yen are whole yen is not documented: in a currency without two decimals
/// the total must be the number that Lemon Squeezy shows beside it, with the currency's own decimals.
fn amount(attributes: &Attributes<'_>) -> Option<Money> {
    let money = read::minor(attributes.total, attributes.currency)?;
    let exponent = money.currency.exponent();
    if exponent == 2 {
        return Some(money);
    }
    let shown = attributes.total_formatted.text()?;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    // Behind the last point or comma stand three decimals, or three digits of thousands.
    let last = shown.rsplit_once(['.', ',']).map(|(_, last)| digits(last).len());
    let fits = last == Some(3) || (exponent == 0 && last.is_none());
    (fits && digits(&shown).parse() == Ok(money.minor)).then_some(money)
}

fn buyer(attributes: &Attributes<'_>, custom: &Custom<'_>) -> BuyerFacts {
    let customer = attributes.customer_id.number_or_text();
    BuyerFacts {
        customer: customer.and_then(|id| CustomerId::parse(&id).ok()),
        phone: first([custom.whatsapp_phone], |phone| Phone::parse(phone).ok()),
        email: first([attributes.user_email, attributes.email], Email::parse),
        push: first([custom.push_token], PushToken::parse),
        name: first([attributes.user_name, attributes.name], PersonName::clean),
        locale: first([custom.locale], language_tag),
        zone: first([custom.time_zone], zone_name),
    }
}
