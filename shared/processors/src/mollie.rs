//! Mollie (facts: webhook-sources sections 0, 2, 3, 4, 5 and 7).
//!
//! Two forms under one name:
//! - next-gen webhooks: JSON, signed by `X-Mollie-Signature`, an event with the object in it or only with its id;
//! - classic webhooks: a form `id=tr_…`, signed by nobody. They are taken only where the secrets hold the literal entry
//!   `classic`, and nothing of them is believed but the id, which is asked back: whoever calls can only make us look.
//!
//! Secrets: the webhook's signing secret, as it is shown; and `classic` beside it or instead.
//!
//! Traps: Mollie's own library takes JSON without a signature for a classic webhook; here it is refused. Each try of an
//! order is a payment of its own, and a failed one stays failed: only the order, by Mollie's own id or by the merchant's
//! in `metadata`, tells that a second try has paid for the first. Unknown ids are answered like known ones.

mod api;
mod event;
mod payment;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use recoup_core::{Obligation, Secret};
use ring::hmac;

use crate::read;
use crate::signature::{self, Mac, Macs};
use crate::{
    Api, Family, Habits, Ignored, Lookup, LookupAnswer, NormaliseError, Normalised, Processor,
    SignatureError, Signed, SourceApi, Status, Unanswered, Unverified, Verified,
};

/// Mollie.
pub(crate) struct Mollie;

static SIGNATURE: HeaderName = HeaderName::from_static("x-mollie-signature");

/// The entry among the secrets that lets classic webhooks in.
const CLASSIC: &str = "classic";

impl Processor for Mollie {
    fn name(&self) -> &'static str {
        "mollie"
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
        let classic = secrets.iter().any(|secret| secret.expose() == CLASSIC);
        if classic && !request.headers.contains_key(&SIGNATURE) {
            return classic_id(request.body).map(|_| Verified::new(request)).ok_or(SignatureError::Missing);
        }
        let keys = signature::keys(secrets, |secret| (secret != CLASSIC).then_some(secret.as_bytes()))?;
        let macs = macs(request.headers)?;
        signature::verify_keyed(hmac::HMAC_SHA256, &keys, &[request.body], &macs)?;
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        if verified.body().trim_ascii_start().starts_with(b"{") {
            return event::read(verified.body());
        }
        let id = classic_id(verified.body()).ok_or(NormaliseError::NotForm)?;
        let ask = ask("payments", id, "tr_");
        let status = ask.as_ref().map_or(Status::Ignored(Ignored::UnknownType), |_| Status::Asks);
        let asks = ask.into_iter().collect();
        Ok(Normalised { events: Vec::new(), kind: CLASSIC.to_owned(), asks, livemode: None, status })
    }

    fn complete(
        &self,
        normalised: Normalised,
        answer: &http::Response<Bytes>,
    ) -> Result<Normalised, Unanswered> {
        api::complete(normalised, answer)
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        if secret.expose() == CLASSIC {
            classic_id(body)?;
            return Some(Signed { headers: HeaderMap::new(), body: body.to_vec() });
        }
        let mac = signature::hmac_sha256(secret.expose().as_bytes(), &[body]);
        Signed::with(&SIGNATURE, format!("sha256={}", signature::encode_hex(mac.as_ref())), body)
    }
}

impl SourceApi for Mollie {
    fn api(&self) -> Option<Api> {
        Some(Api { url: Some("https://api.mollie.com"), hosts: &["api.mollie.com"] })
    }

    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>> {
        api::request(base_url, lookup, api_key)
    }

    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer {
        api::read_answer(lookup, answer)
    }
}

/// The signatures: the header may come several times, each with several values joined by commas, each with or without the
/// prefix. One that is not 64 lower-case digits can match nothing and is passed over, but not if none is left.
fn macs(headers: &HeaderMap) -> Result<Macs, SignatureError> {
    let mut macs = Macs::default();
    let mut missing = true;
    for value in headers.get_all(&SIGNATURE) {
        let value = value.to_str().map_err(|_| SignatureError::Malformed)?;
        missing &= value.trim().is_empty();
        for entry in value.split(',').map(str::trim) {
            let digits = entry.strip_prefix("sha256=").unwrap_or(entry);
            if let Some(mac) = Mac::from_hex(digits, 32) {
                macs.push(mac)?;
            }
        }
    }
    match (missing, macs.is_empty()) {
        (true, _) => Err(SignatureError::Missing),
        (false, true) => Err(SignatureError::Malformed),
        (false, false) => Ok(macs),
    }
}

/// The id in a classic webhook: a form with one member `id`, of the letters that Mollie's ids have.
fn classic_id(body: &[u8]) -> Option<&str> {
    let mut ids =
        std::str::from_utf8(body).ok()?.trim_ascii().split('&').filter_map(|pair| pair.strip_prefix("id="));
    let id = ids.next().filter(|id| is_id(id))?;
    if ids.next().is_some() { None } else { Some(id) }
}

/// Whether a text can stand in a request's path as it is.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The question about an object; `None` for an id of another kind.
fn ask(kind: &'static str, id: &str, prefix: &str) -> Option<Lookup> {
    let id: Obligation = Some(id).filter(|id| is_id(id) && id.starts_with(prefix)).and_then(read::id)?;
    Some(Lookup::Object { kind, id })
}
