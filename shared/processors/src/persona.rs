//! Persona (facts: webhook-sources sections 2, 3 and 7; docs.withpersona.com "Webhooks", "Inquiry Model Lifecycle",
//! "Verification Checks", "Key Inflection").
//!
//! Reads the ends of an inquiry: `inquiry.approved`, `.declined`, `.failed`, `.marked-for-review`, `.completed`. The secret
//! is the text of the webhook's secret, `wbhsec_…`.
//!
//! Traps: the pairs of a rotation are separated by spaces and each has its own time; the names of members come in three
//! spellings, by a setting of the webhook; `completed` is not yet a decision, and `expired` is a buyer who left, whom
//! nobody refused. Names, birthdays and pictures in a body are never read.

mod body;
mod checks;
mod lookup;

use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Secret};
use ring::hmac;

use self::body::{Body, Inquiry, Notice, Payload};
use crate::json;
use crate::signature::{self, MAX_SIGNATURES, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unverified, Verified, kyc, read,
};

/// Persona.
pub(crate) struct Persona;

static SIGNATURE: HeaderName = HeaderName::from_static("persona-signature");

impl Processor for Persona {
    fn name(&self) -> &'static str {
        "persona"
    }

    fn family(&self) -> Family {
        Family::Kyc
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
        let pairs = parse_header(signature::only_header(request.headers, &SIGNATURE)?)?;
        let keys = signature::keys(secrets, |secret| Some(secret.as_bytes()))?;
        let mut verdict = Err(SignatureError::Mismatch);
        for (time, mac) in pairs {
            let parts = [time.as_bytes(), b".", request.body];
            if signature::verify_keyed(hmac::HMAC_SHA256, &keys, &parts, &Macs::one(mac)).is_err() {
                continue;
            }
            let signed = signature::unix_seconds(time).ok_or(SignatureError::Malformed)?;
            verdict = verdict.or_else(|_| signature::check_time(signed, now, self.habits()));
        }
        verdict.map(|()| Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        let event: body::Event<'_> = body.data.object().unwrap_or_default();
        let notice: Notice<'_> = event.attributes.object().unwrap_or_default();
        let kind = notice.name.text().ok_or(NormaliseError::Missing { member: "data.attributes.name" })?;
        if !kyc::is_event_name(&kind) {
            return Err(NormaliseError::Malformed { member: "data.attributes.name" });
        }
        let payload: Payload<'_> = notice.payload.object().unwrap_or_default();
        let inquiry: Inquiry<'_> = payload.data.object().unwrap_or_default();
        let (events, status) = match fact(&kind, &inquiry, &payload) {
            Some(fact) => (vec![told(&event, &notice, &inquiry, fact)?], Status::Recognised),
            None => (Vec::new(), Status::Ignored(Ignored::UnknownType)),
        };
        Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode: None, status })
    }

    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp, _url: &str) -> Option<Signed> {
        let time = at.as_second().to_string();
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[time.as_bytes(), b".", body]);
        Signed::with(&SIGNATURE, format!("t={time},v1={}", signature::encode_hex(mac.as_ref())), body)
    }
}

impl SourceApi for Persona {
    fn api(&self) -> Option<Api> {
        Some(Api {
            url: Some("https://api.withpersona.com"),
            hosts: &["api.withpersona.com", "withpersona.com"],
        })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        lookup::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        lookup::read_answer(lookup, answer)
    }
}

/// Splits `t=…,v1=…[ t=…,v1=…]`: a signature belongs to the time before it. Other schemes are passed over, and so is a
/// signature that is not 64 lower-case digits, but not if nothing is left.
fn parse_header(header: &str) -> Result<Vec<(&str, Mac)>, SignatureError> {
    let (mut time, mut pairs) = (None, Vec::new());
    for entry in header.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()) {
        match (entry.split_once('='), time) {
            (Some(("t", value)), _) => time = Some(value),
            (Some(("v1", value)), Some(time)) => {
                pairs.extend(Mac::from_hex(value, 32).map(|mac| (time, mac)));
            }
            (Some(_) | None, _) => {}
        }
        if pairs.len() > MAX_SIGNATURES {
            return Err(SignatureError::TooMany);
        }
    }
    if pairs.is_empty() { Err(SignatureError::Malformed) } else { Ok(pairs) }
}

/// What the event says of the inquiry; `None` for what starts and stops nothing.
fn fact(kind: &str, inquiry: &Inquiry<'_>, payload: &Payload<'_>) -> Option<Fact> {
    match kind {
        "inquiry.approved" => Some(Fact::KycApproved),
        "inquiry.completed" | "inquiry.marked-for-review" => Some(Fact::KycPending),
        "inquiry.declined" | "inquiry.failed" => {
            Some(checks::verdict(payload.included).rejected(inquiry.buyer()))
        }
        _ => None,
    }
}

fn told(
    event: &body::Event<'_>,
    notice: &Notice<'_>,
    inquiry: &Inquiry<'_>,
    fact: Fact,
) -> Result<Event, NormaliseError> {
    let id = event.id.text().ok_or(NormaliseError::Missing { member: "data.id" })?;
    let own = inquiry.id.text();
    Ok(Event {
        id: EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "data.id" })?,
        obligation: read::obligation(own.as_deref(), "data.attributes.payload.data.id")?,
        occurred_at: inquiry.decided_at(&fact).or_else(|| read::time(&notice.created_at.text()?)),
        fact,
    })
}
