//! Braintree's signature: a form that holds the notification in base64, and HMAC-SHA1 over that text, by public key.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use recoup_core::Secret;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY as HMAC_SHA1;

use crate::signature::{MAX_SIGNATURES, Mac, Macs, encode_hex, hmac, keys, verify_keyed};
use crate::{SignatureError, Signed};

/// A pair of keys, of which the secret's text is `public_key:private_key`.
struct Pair<'a> {
    public: &'a str,
    /// SHA-1 of the private key: what the signature is keyed with.
    key: [u8; 20],
}

impl<'a> Pair<'a> {
    fn read(secret: &'a str) -> Option<Self> {
        let (public, private) = secret.split_once(':')?;
        if public.is_empty() || private.is_empty() {
            return None;
        }
        let key = digest(&SHA1_FOR_LEGACY_USE_ONLY, private.as_bytes()).as_ref().try_into().ok()?;
        Some(Self { public, key })
    }

    fn sign(&self, text: &[u8]) -> String {
        format!("{}|{}", self.public, encode_hex(hmac(HMAC_SHA1, &self.key, &[text]).as_ref()))
    }

    /// Checks the signature that stands beside this public key. A proxy may have taken the payload's last line break.
    fn verify(&self, form: &Form<'_>) -> Result<(), SignatureError> {
        let mut macs = Macs::default();
        for (_, mac) in form.signatures().filter(|(public, _)| *public == self.public) {
            macs.push(Mac::from_hex(mac, 20).ok_or(SignatureError::Malformed)?)?;
        }
        let payload = form.payload.as_bytes();
        let as_it_is = verify_keyed(HMAC_SHA1, &[self.key], &[payload], &macs);
        let ended = verify_keyed(HMAC_SHA1, &[self.key], &[payload, b"\n"], &macs);
        as_it_is.or(ended)
    }
}

/// What a request carries.
struct Form<'a> {
    signature: Cow<'a, str>,
    payload: Cow<'a, str>,
}

impl<'a> Form<'a> {
    fn read(body: &'a [u8]) -> Result<Self, SignatureError> {
        let (mut signature, mut payload) = (None, None);
        for (name, value) in form_urlencoded::parse(body) {
            let member = match &*name {
                "bt_signature" => &mut signature,
                "bt_payload" => &mut payload,
                _ => continue,
            };
            if member.replace(value).is_some() {
                return Err(SignatureError::Malformed);
            }
        }
        let (Some(signature), Some(payload)) = (signature, payload) else {
            return Err(SignatureError::Missing);
        };
        let form = Self { signature, payload };
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'=' | b'/' | b'\n');
        if form.payload.is_empty() || !form.payload.bytes().all(allowed) || form.signatures().next().is_none()
        {
            return Err(SignatureError::Malformed);
        }
        if form.signatures().count() > MAX_SIGNATURES {
            return Err(SignatureError::TooMany);
        }
        Ok(form)
    }

    /// The pairs of a public key and a signature; what is no pair is passed over, as Braintree's libraries do.
    fn signatures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signature.split('&').filter_map(|pair| pair.split_once('|'))
    }
}

/// Checks a request, and takes the notification out of it.
pub(super) fn verify(body: &[u8], secrets: &[Secret]) -> Result<Vec<u8>, SignatureError> {
    let pairs = keys(secrets, Pair::read)?;
    let form = Form::read(body)?;
    // Every pair is tried, so that the time taken does not tell which one matched.
    let verdicts: Vec<_> = pairs.iter().map(|pair| pair.verify(&form)).collect();
    verdicts.into_iter().reduce(Result::or).unwrap_or(Err(SignatureError::NoSecret))?;
    let lines: String = form.payload.lines().collect();
    STANDARD.decode(lines).map_err(|_| SignatureError::Malformed)
}

/// Answers the question that Braintree puts to a URL when it is saved.
pub(super) fn answer(query: &str, secrets: &[Secret]) -> Option<String> {
    let mut challenges = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "bt_challenge");
    let (_, challenge) = challenges.next().filter(|_| challenges.next().is_none())?;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if !(20..=32).contains(&challenge.len()) || !challenge.bytes().all(hex) {
        return None;
    }
    keys(secrets, Pair::read).ok()?.first().map(|pair| pair.sign(challenge.as_bytes()))
}

/// Sends a notification as Braintree does: base64 in lines of sixty, in a form.
pub(super) fn sign(body: &[u8], secret: &Secret) -> Option<Signed> {
    let pair = Pair::read(secret.expose())?;
    let mut payload = String::new();
    for (index, digit) in STANDARD.encode(body).chars().enumerate() {
        if index > 0 && index.is_multiple_of(60) {
            payload.push('\n');
        }
        payload.push(digit);
    }
    payload.push('\n');
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("bt_signature", &pair.sign(payload.as_bytes())).append_pair("bt_payload", &payload);
    let content = HeaderValue::from_static("application/x-www-form-urlencoded");
    Some(Signed {
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content)]),
        body: form.finish().into_bytes(),
    })
}
