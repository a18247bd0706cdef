//! Recurly (facts: webhook-sources sections 2 to 7).
//!
//! Reads both styles of its webhooks. JSON is signed, and says no more than what happened to which object: the rest is asked
//! back at the API of version 2021-02-25. XML says all, is not signed, and is believed for the password of its endpoint
//! alone. So there are two forms of a secret: the endpoint's signing key, which has no colon, and `user:password`. With only
//! keys configured, XML is refused; with only passwords, JSON is.
//!
//! Owed is the invoice: by its id in JSON, which alone the API knows, and by its UUID in XML, which has nothing else. A
//! failure told in JSON links the UUID, so that either style ends it.

mod api;
mod decline;
mod legacy;
mod notice;
mod objects;
mod signature;

use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Obligation, Secret};

use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// Recurly.
pub(crate) struct Recurly;

static NOTIFICATION: HeaderName = HeaderName::from_static("recurly-notification-id");

impl Processor for Recurly {
    fn name(&self) -> &'static str {
        "recurly"
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
        if is_xml(request.body) {
            signature::check_password(request.headers, secrets)?;
        } else {
            signature::check_signature(request, secrets, now)?;
        }
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        if is_xml(verified.body()) { legacy::normalise(verified) } else { notice::normalise(verified) }
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        signature::sign(body, secret, at, is_xml(body))
    }
}

impl SourceApi for Recurly {
    fn api(&self) -> Option<Api> {
        Some(Api { url: Some("https://v3.recurly.com"), hosts: &["v3.recurly.com", "v3.eu.recurly.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// Whether a body is of the style that is not signed.
fn is_xml(body: &[u8]) -> bool {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start().starts_with(b"<")
}

/// A fact about an obligation, when it became one, and the name of the event where Recurly sends none with it.
struct Told {
    obligation: Obligation,
    at: Option<Timestamp>,
    fact: Fact,
    name: String,
}

/// What a body or an answer says.
enum Reading {
    Told(Told),
    Ignored(Ignored),
    Asks(Lookup),
}

impl Reading {
    /// The normalised form, under the id of the delivery's notification where it came with one.
    fn normalised(self, verified: &Verified<'_>, kind: String) -> Result<Normalised, NormaliseError> {
        let empty =
            Normalised { events: Vec::new(), kind, asks: Vec::new(), livemode: None, status: Status::Asks };
        Ok(match self {
            Self::Ignored(why) => Normalised { status: Status::Ignored(why), ..empty },
            Self::Asks(lookup) => Normalised { asks: vec![lookup], ..empty },
            Self::Told(told) => {
                let id = event_id(verified.header(&NOTIFICATION).unwrap_or(&told.name))?;
                Normalised { events: vec![told.event(id)], status: Status::Recognised, ..empty }
            }
        })
    }
}

impl Told {
    fn event(self, id: EventId) -> Event {
        Event { id, obligation: self.obligation, occurred_at: self.at, fact: self.fact }
    }
}

fn event_id(text: &str) -> Result<EventId, NormaliseError> {
    EventId::parse(text).map_err(|_| NormaliseError::Malformed { member: "recurly-notification-id" })
}

/// The kind of a notice, for a counter: letters, dots and underscores.
fn is_kind(kind: &str) -> bool {
    (1..=128).contains(&kind.len())
        && kind.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'_'))
}
