//! `WooCommerce` (facts: webhook-sources sections 2 to 5 and 7; its `class-wc-webhook.php` is the specification).
//!
//! Reads orders and customers, in the form of its REST API v1 to v3.
//!
//! - The secret is any text, as it was typed or as the store keeps it: the store signs with `wp_specialchars_decode` of what
//!   it keeps (see [`secret`]).
//! - A delivery that fails is never repeated, and a delivery has no id that means anything: an event is told apart by its
//!   topic, the order, the time of the change and what it comes to, since one second may see a second change.
//! - On saving a webhook the store sends `webhook_id=4`, unsigned, and wants 200.
//! - Times have no zone. Those that end in `_gmt` are UTC; the others are never read as a time.
//! - An order is all there is: what is a cart elsewhere is an order that is `pending` here. It stands under its id from the
//!   draft to the refund.
//! - A phone is what the buyer typed, mostly without a country code, and then it is not used.

mod body;
mod lookup;
mod order;
mod secret;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Secret};
use ring::hmac;

use self::body::{Body, gmt};
use crate::json::{self, Member};
use crate::read::obligation;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unverified, Verified,
};

/// `WooCommerce`.
pub(crate) struct WooCommerce;

static SIGNATURE: HeaderName = HeaderName::from_static("x-wc-webhook-signature");
static TOPIC: HeaderName = HeaderName::from_static("x-wc-webhook-topic");

impl Processor for WooCommerce {
    fn name(&self) -> &'static str {
        "woocommerce"
    }

    fn family(&self) -> Family {
        Family::Cart
    }

    fn habits(&self) -> Habits {
        Habits { redelivers: false, ..Habits::UNTIMED }
    }

    fn greet(&self, query: &str, request: Unverified<'_>, _secrets: &[Secret]) -> Option<String> {
        let form = request.headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        let unsigned = query.is_empty() && !request.headers.contains_key(&SIGNATURE);
        let ping = form.eq_ignore_ascii_case("application/x-www-form-urlencoded") && is_ping(request.body);
        (unsigned && ping).then(|| "ok".to_owned())
    }

    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError> {
        let header = signature::only_header(request.headers, &SIGNATURE)?;
        let mac = Mac::from_base64(header, 32).ok_or(SignatureError::Malformed)?;
        let kept: Vec<&str> = signature::keys(secrets, Some)?;
        let keys: Vec<String> =
            kept.iter().flat_map(|text| [(*text).to_owned(), secret::decoded(text)]).collect();
        signature::verify_keyed(hmac::HMAC_SHA256, &keys, &[request.body], &Macs::one(mac))?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        // Unsigned it never comes this far; a plug-in of the store's may sign it.
        if is_ping(verified.body()) {
            let (kind, status) = ("ping".to_owned(), Status::Ignored(Ignored::Test));
            return Ok(Normalised { events: Vec::new(), kind, asks: Vec::new(), livemode: None, status });
        }
        let body: Body<'_> = json::parse(verified.body())?;
        let topic = verified.header(&TOPIC).ok_or(NormaliseError::Missing { member: "topic" })?;
        if !is_topic(topic) {
            return Err(NormaliseError::Malformed { member: "topic" });
        }
        let (facts, status) = match read(topic, &body)? {
            Reading::Facts(facts) => (facts, Status::Recognised),
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
        };
        let mut events = Vec::with_capacity(facts.len());
        if !facts.is_empty() {
            let obligation = obligation(body.id.number_or_text().as_deref(), "id")?;
            for fact in facts {
                let (id, occurred_at) = (event_id(topic, &body, &fact)?, occurred_at(&body, &fact));
                events.push(Event { id, obligation: obligation.clone(), occurred_at, fact });
            }
        }
        Ok(Normalised { events, kind: topic.to_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let mac = signature::hmac_sha256(secret::decoded(secret.expose()).as_bytes(), &[body]);
        Signed::with(&SIGNATURE, STANDARD.encode(mac), body)
    }
}

impl SourceApi for WooCommerce {
    fn api(&self) -> Option<Api> {
        Some(Api { url: None, hosts: &[] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

/// What a store sends when a webhook is saved, to see that somebody answers 200.
fn is_ping(body: &[u8]) -> bool {
    let id = body.strip_prefix(b"webhook_id=").unwrap_or_default();
    (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit)
}

/// A topic as `WooCommerce` spells them, for example `order.updated`, and `action.` with a hook's name.
fn is_topic(topic: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
    topic.len() <= 64 && topic.bytes().all(allowed)
}

enum Reading {
    Facts(Vec<Fact>),
    Ignored(Ignored),
}

/// Turns a topic and its body into facts about the object that the body is.
fn read(topic: &str, body: &Body<'_>) -> Result<Reading, NormaliseError> {
    match topic {
        "order.created" => order::read(body, true),
        "order.updated" => order::read(body, false),
        "order.deleted" => Ok(Reading::Facts(vec![Fact::Voided])),
        "customer.created" | "customer.updated" => {
            Ok(Reading::Facts(vec![Fact::CustomerUpdated(Box::new(body.customer()))]))
        }
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// The kind of fact is part of the id: two facts of one body are two events, and a second change in the same second that
/// comes to something else is another.
fn event_id(topic: &str, body: &Body<'_>, fact: &Fact) -> Result<EventId, NormaliseError> {
    let id = body.id.number_or_text().unwrap_or_default();
    let changed = [body.date_modified_gmt, body.date_modified].into_iter().find_map(Member::text);
    let parts = [topic, &id, changed.as_deref().unwrap_or_default(), fact.kind()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    EventId::parse(&parts.join("-")).map_err(|_| NormaliseError::Malformed { member: "date_modified_gmt" })
}

fn occurred_at(body: &Body<'_>, fact: &Fact) -> Option<Timestamp> {
    let own = if *fact == Fact::Paid { gmt(body.date_paid_gmt) } else { None };
    own.or_else(|| gmt(body.date_modified_gmt)).or_else(|| gmt(body.date_created_gmt))
}
