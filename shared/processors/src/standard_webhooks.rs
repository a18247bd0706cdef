//! The merchant's own backends, over Standard Webhooks (facts: webhook-sources section 2; the specification 1.0.0).
//!
//! The same scheme signs what this project sends to them ([`sign`]).
//!
//! The body is this project's public event schema, `schema/events.v1.json`: `{"type", "timestamp", "version", "data"}`. A
//! body without a `version` is of version 1, and version 1 is read for good (`fixtures/standard_webhooks/v1`).
//!
//! A secret is `whsec_` and the base64 of 24 to 64 bytes (the prefix may be left out), or `whpk_` and the base64 of an
//! ed25519 public key. Several of both kinds may stand side by side.
//!
//! Two kinds of events answer what this project itself has sent: what became of a case that was handed to a person, and a
//! notification that was opened. They name the case or the message exactly as it was sent.
//!
//! Traps: the signed id is the id of the event, so the headers that were checked are the ones that are read; a `whpk_` key
//! is public and never the key of an HMAC; entries of other versions and entries without a comma are passed over; ids of
//! carts, checks, subscriptions and lapses get names of their own, since a merchant may count each kind from 1.

mod body;
mod read;
mod signing;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Event, EventId, Secret};
use ring::digest;

use self::body::{Body, Data};
use self::read::Reading;
use crate::json;
use crate::signature;
use crate::{
    Family, Habits, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi, Status,
    Unverified, Verified, kyc,
};

/// The merchant's own backends.
pub(crate) struct StandardWebhooks;

/// The headers of one brand of senders.
struct Headers {
    id: HeaderName,
    timestamp: HeaderName,
    signature: HeaderName,
}

static STANDARD: Headers = Headers {
    id: HeaderName::from_static("webhook-id"),
    timestamp: HeaderName::from_static("webhook-timestamp"),
    signature: HeaderName::from_static("webhook-signature"),
};

static SVIX: Headers = Headers {
    id: HeaderName::from_static("svix-id"),
    timestamp: HeaderName::from_static("svix-timestamp"),
    signature: HeaderName::from_static("svix-signature"),
};

impl Headers {
    /// The headers that count for a request; the same for its signature and for its id.
    fn of(present: impl Fn(&HeaderName) -> bool) -> &'static Self {
        if !present(&STANDARD.id) && present(&SVIX.id) { &SVIX } else { &STANDARD }
    }
}

/// The newest version of the event schema that is read.
const VERSION: i64 = 1;

impl Processor for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard_webhooks"
    }

    fn family(&self) -> Family {
        Family::Merchant
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
        let names = Headers::of(|name| request.headers.contains_key(name));
        let id = signature::only_header(request.headers, &names.id)?;
        let time = signature::only_header(request.headers, &names.timestamp)?;
        let list = signature::only_header(request.headers, &names.signature)?;
        let signatures = signing::Signatures::parse(list)?;
        let signed = signature::unix_seconds(time).ok_or(SignatureError::Malformed)?;
        let keys = signature::keys(secrets, signing::Key::parse)?;
        signing::verify(&keys, &content(id, time, request.body), &signatures)?;
        signature::check_time(signed, now, self.habits())?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
        if !kyc::is_event_name(&kind) {
            return Err(NormaliseError::Malformed { member: "type" });
        }
        if !(1..=VERSION).contains(&body.version.integer("version")?.unwrap_or(1)) {
            return Err(NormaliseError::Malformed { member: "version" });
        }
        let (events, status) = match read::read(&kind, &body)? {
            Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
            Reading::Facts(data, facts) => (events(verified, &body, &data, facts)?, Status::Recognised),
        };
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        // The id is the body's: what is sent again is the same event.
        let digest = signature::encode_hex(digest::digest(&digest::SHA256, body).as_ref());
        let headers = sign(secret, &format!("msg_{}", &digest[..27]), at, body)?;
        Some(Signed { headers, body: body.to_vec() })
    }
}

/// Signs what this project itself sends: the three headers by which a receiver knows the sender, the event and the time.
///
/// `id` names the event and is the same for every delivery of it; each delivery is signed at its own time. `None` for a
/// secret that signs nothing (the public half of a pair, another form) and for an id that is no [`EventId`].
pub fn sign(secret: &Secret, id: &str, timestamp: Timestamp, body: &[u8]) -> Option<HeaderMap> {
    EventId::parse(id).ok()?;
    let time = timestamp.as_second().to_string();
    let list = signing::Key::parse(secret.expose())?.sign(&content(id, &time, body))?;
    let header = |value: &str| HeaderValue::from_str(value).ok();
    Some(HeaderMap::from_iter([
        (STANDARD.id.clone(), header(id)?),
        (STANDARD.timestamp.clone(), header(&time)?),
        (STANDARD.signature.clone(), header(&list)?),
    ]))
}

/// What is signed.
fn content<'a>(id: &'a str, time: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", time.as_bytes(), b".", body]
}

impl SourceApi for StandardWebhooks {}

/// Adds the id of the delivery, which is the id of the event, and the time.
fn events(
    verified: &Verified<'_>,
    body: &Body<'_>,
    data: &Data<'_>,
    facts: Vec<read::Told>,
) -> Result<Vec<Event>, NormaliseError> {
    const ID: &str = "webhook-id";
    let names = Headers::of(|name| verified.header(name).is_some());
    let id = verified.header(&names.id).ok_or(NormaliseError::Missing { member: ID })?;
    let id = EventId::parse(id).map_err(|_| NormaliseError::Malformed { member: ID })?;
    let occurred_at = data.occurred_at(body);
    let event = |told: read::Told| {
        let about_event = || crate::read::id(id.as_str()).ok_or(NormaliseError::Malformed { member: ID });
        let obligation = told.obligation.map_or_else(about_event, Ok)?;
        Ok(Event { id: id.clone(), obligation, occurred_at, fact: told.fact })
    };
    facts.into_iter().map(event).collect()
}
