//! What proves a delivery: HMAC-SHA256 over the time and the body of JSON, a password for XML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use recoup_core::Secret;

use crate::signature::{
    Mac, Macs, check_time, encode_hex, equal, hmac_sha256, keys, only_header, unix_seconds, verify_keyed,
};
use crate::{Habits, SignatureError, Signed, Unverified};

static SIGNATURE: HeaderName = HeaderName::from_static("recurly-signature");

/// From this number on a time is in milliseconds: as seconds it would be a day of the year 5138. Recurly's text says
/// milliseconds, its example shows seconds.
const MILLISECONDS: i64 = 100_000_000_000;

fn signing_key(secret: &str) -> Option<&str> {
    (!secret.contains(':')).then_some(secret)
}

fn password(secret: &str) -> Option<&str> {
    secret.split_once(':').filter(|(user, password)| !user.is_empty() && !password.is_empty()).map(|_| secret)
}

/// Checks `recurly-signature: time,signature[,signature]`; while a key is replaced, both sign for a day.
pub(super) fn check_signature(
    request: Unverified<'_>,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let keys = keys(secrets, signing_key)?;
    let header = only_header(request.headers, &SIGNATURE)?;
    let (time, signatures) = header.split_once(',').ok_or(SignatureError::Malformed)?;
    let mut macs = Macs::default();
    for mac in signatures.split(',').filter_map(|text| Mac::from_hex(text.trim(), 32)) {
        macs.push(mac)?;
    }
    let time = time.trim();
    let signed = unix_seconds(time).filter(|_| !macs.is_empty()).ok_or(SignatureError::Malformed)?;
    verify_keyed(ring::hmac::HMAC_SHA256, &keys, &[time.as_bytes(), b".", request.body], &macs)?;
    check_time(if signed >= MILLISECONDS { signed / 1000 } else { signed }, now, Habits::TIMED)
}

/// Checks that the request carries one of the passwords. Every one is compared, so the time taken does not tell which.
pub(super) fn check_password(headers: &HeaderMap, secrets: &[Secret]) -> Result<(), SignatureError> {
    let passwords = keys(secrets, password)?;
    let header = only_header(headers, &AUTHORIZATION)?;
    let (scheme, sent) = header.split_once(' ').ok_or(SignatureError::Malformed)?;
    let sent = STANDARD.decode(sent.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
    let sent = sent.ok_or(SignatureError::Malformed)?;
    let same = passwords.iter().fold(false, |same, password| same | equal(password.as_bytes(), &sent));
    if same { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// Proves a body as Recurly does for its style.
pub(super) fn sign(body: &[u8], secret: &Secret, at: Timestamp, is_xml: bool) -> Option<Signed> {
    if is_xml {
        let authorization = format!("Basic {}", STANDARD.encode(password(secret.expose())?));
        return Signed::with(&AUTHORIZATION, authorization, body);
    }
    let time = at.as_millisecond().to_string();
    let mac = hmac_sha256(signing_key(secret.expose())?.as_bytes(), &[time.as_bytes(), b".", body]);
    Signed::with(&SIGNATURE, format!("{time},{}", encode_hex(mac.as_ref())), body)
}
