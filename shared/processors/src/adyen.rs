//! Adyen (facts: webhook-sources sections 2, 3, 4, 5, 6 and 7).
//!
//! Two forms under one name, told apart by the member `notificationItems`:
//! - standard notifications, whose items each carry an HMAC over eight of their members; every item must verify;
//! - webhooks about tokens and platforms, whose header `HmacSignature` covers the whole body.
//!
//! Secrets: the HMAC key as the Customer Area shows it, in hexadecimal of either case, at least 16 bytes. A secret of the
//! form `user:password` is the webhook's basic authentication: where one is given, each request must carry it too.
//!
//! Traps: an item's `reason`, `eventDate` and `additionalData` are not signed, so they only decorate: what is owed, by
//! which name, and whether it is paid come from the eight. Those are joined by `:` without escaping, so none but the
//! merchant's own reference may hold one: then the signed text has one reading only. Amounts of four currencies have
//! other decimals than in ISO 4217.

mod decline;
mod facts;
mod item;

use crate::normalised::told;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Secret};
use ring::{digest, hmac};
use serde_json::Value;

use self::item::{Body, Item, Token};
use crate::json;
use crate::read;
use crate::signature::{self, MAX_SIGNATURES, Mac, Macs};
use crate::{
    Family, Habits, Ignored, NormaliseError, Normalised, Processor, SignatureError, Signed, SourceApi,
    Status, Unverified, Verified,
};

/// Adyen.
pub(crate) struct Adyen;

static SIGNATURE: HeaderName = HeaderName::from_static("hmacsignature");

impl Processor for Adyen {
    fn name(&self) -> &'static str {
        "adyen"
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
        let keys = signature::keys(secrets, key)?;
        check_password(request.headers, secrets)?;
        let body: Body<'_> = json::parse(request.body).map_err(|_| SignatureError::Malformed)?;
        if body.items.is_absent() {
            let header = signature::only_header(request.headers, &SIGNATURE)?;
            verify_text(&keys, header, request.body)?;
        } else {
            verify_items(&keys, &body)?;
        }
        Ok(Verified::new(request))
    }

    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
        let body: Body<'_> = json::parse(verified.body())?;
        if body.items.is_absent() { token(&body) } else { notification(&body) }
    }

    fn sign(&self, body: &[u8], secret: &Secret, _at: Timestamp, _url: &str) -> Option<Signed> {
        let key = key(secret.expose())?;
        let form: Body<'_> = json::parse(body).ok()?;
        if form.items.is_absent() {
            return Signed::with(&SIGNATURE, STANDARD.encode(signature::hmac_sha256(&key, &[body])), body);
        }
        let mut signed: Value = serde_json::from_slice(body).ok()?;
        for wrapper in signed.get_mut("notificationItems")?.as_array_mut()? {
            let item = wrapper.get_mut("NotificationRequestItem")?.as_object_mut()?;
            let text = serde_json::to_string(item).ok()?;
            let text = serde_json::from_str::<Item<'_>>(&text).ok()?.signed_text();
            let mac = STANDARD.encode(signature::hmac_sha256(&key, &[text.as_bytes()]));
            let decoration =
                item.entry("additionalData").or_insert_with(|| Value::Object(serde_json::Map::new()));
            decoration.as_object_mut()?.insert("hmacSignature".to_owned(), Value::String(mac));
        }
        Some(Signed { headers: HeaderMap::new(), body: serde_json::to_vec(&signed).ok()? })
    }
}

impl SourceApi for Adyen {}

/// The key that a secret spells; `None` for a password and for anything else.
fn key(secret: &str) -> Option<Vec<u8>> {
    signature::decode_hex(&secret.to_ascii_lowercase()).filter(|key| key.len() >= 16)
}

/// Checks the basic authentication, where secrets ask for it. Digests are compared, so that neither the time taken nor
/// the lengths tell anything of a password.
fn check_password(headers: &HeaderMap, secrets: &[Secret]) -> Result<(), SignatureError> {
    let passwords: Vec<&str> =
        secrets.iter().map(Secret::expose).filter(|secret| secret.contains(':')).collect();
    if passwords.is_empty() {
        return Ok(());
    }
    let header = signature::only_header(headers, &AUTHORIZATION)?;
    let (scheme, text) = header.split_once(' ').ok_or(SignatureError::Malformed)?;
    let given = STANDARD.decode(text.trim()).map_err(|_| SignatureError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(SignatureError::Malformed);
    }
    let given = digest::digest(&digest::SHA256, &given);
    let matched = passwords.iter().fold(false, |matched, password| {
        let expected = digest::digest(&digest::SHA256, password.as_bytes());
        matched | signature::equal(expected.as_ref(), given.as_ref())
    });
    if matched { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn verify_text(keys: &[Vec<u8>], mac: &str, text: &[u8]) -> Result<(), SignatureError> {
    let mac = Mac::from_base64(mac, 32).ok_or(SignatureError::Malformed)?;
    signature::verify_keyed(hmac::HMAC_SHA256, keys, &[text], &Macs::one(mac))
}

/// Checks every item, not only the first: one genuine item must not carry a forged one in.
fn verify_items(keys: &[Vec<u8>], body: &Body<'_>) -> Result<(), SignatureError> {
    let items = body.items().ok_or(SignatureError::Malformed)?;
    if items.is_empty() {
        return Err(SignatureError::Missing);
    }
    if items.len() > MAX_SIGNATURES {
        return Err(SignatureError::TooMany);
    }
    for item in items {
        let mac = item.decoration().signature.text().ok_or(SignatureError::Missing)?;
        if !item.has_one_reading() {
            return Err(SignatureError::Malformed);
        }
        verify_text(keys, &mac, item.signed_text().as_bytes())?;
    }
    Ok(())
}

/// What one item says, before its envelope is added.
enum Reading {
    Facts(Vec<(recoup_core::Obligation, Fact)>),
    Ignored(Ignored),
}

fn notification(body: &Body<'_>) -> Result<Normalised, NormaliseError> {
    let malformed = NormaliseError::Malformed { member: "notificationItems" };
    let items = body.items().ok_or(malformed)?;
    let (mut events, mut kind, mut ignored) = (Vec::new(), None, None);
    for item in &items {
        let code = item.code()?;
        match facts::read(item, &code)? {
            Reading::Ignored(why) => {
                ignored.get_or_insert((code, why));
            }
            Reading::Facts(facts) => {
                let id = item.event_id(&code)?;
                let occurred_at = item.date.text().and_then(|text| read::time(&text));
                events.extend(told(&id, occurred_at, facts));
                kind.get_or_insert(code);
            }
        }
    }
    let livemode = body.live.text().and_then(|live| live.parse().ok()).or(body.live.flag());
    let (kind, status) = match (kind, ignored) {
        (Some(kind), _) => (kind, Status::Recognised),
        (None, Some((kind, why))) => (kind, Status::Ignored(why)),
        (None, None) => return Err(malformed),
    };
    Ok(Normalised { events, kind, asks: Vec::new(), livemode, status })
}

/// A webhook about a stored card: signed as a whole, so what it says of the shopper may be believed.
fn token(body: &Body<'_>) -> Result<Normalised, NormaliseError> {
    let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
    if !item::is_name(&kind) {
        return Err(NormaliseError::Malformed { member: "type" });
    }
    let livemode = body.environment.text().map(|environment| environment == "live");
    let (mut events, mut status) = (Vec::new(), Status::Ignored(Ignored::UnknownType));
    // A token that was disabled ends no debt; another one may pay it.
    if matches!(&*kind, "recurring.token.created" | "recurring.token.updated") {
        let text = body.event_id.text().ok_or(NormaliseError::Missing { member: "eventId" })?;
        let id = EventId::parse(&text).map_err(|_| NormaliseError::Malformed { member: "eventId" })?;
        let token: Token<'_> = body.data.object().unwrap_or_default();
        let shopper = token.shopper.text().and_then(|shopper| read::id(&shopper));
        let obligation = shopper.map_or_else(|| read::obligation(Some(&text), "eventId"), Ok)?;
        let occurred_at = body.created_at.text().and_then(|text| read::time(&text));
        events.push(Event { id, obligation, occurred_at, fact: Fact::CardUpdated });
        status = Status::Recognised;
    }
    Ok(Normalised { events, kind: kind.into_owned(), asks: Vec::new(), livemode, status })
}
