//! Who may speak to the webhook: the subscription handshake and the signature.

use bytes::Bytes;
use http::HeaderMap;
use recoup_core::Secret;
use ring::hmac;

use crate::webhook::same;
use crate::{ChannelSignatureError, VerifiedChannelWebhook};

/// The header that carries `sha256=` and 64 lower-case hex digits over the raw body.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// Answers Meta's subscription request: the challenge to echo as plain text, or `None` for 403.
///
/// `query` is the raw query string. The challenge is echoed only as 1 to 64 digits, so that nobody can make the
/// endpoint say anything else; a parameter given twice is refused.
pub fn verify_subscription(query: &str, verify_token: &Secret) -> Option<String> {
    let only = |name: &str| {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        let value = values.next()?.1.into_owned();
        values.next().is_none().then_some(value)
    };
    let token_is_ours = same(&only("hub.verify_token")?, verify_token);
    let challenge = only("hub.challenge")?;
    let digits = (1..=64).contains(&challenge.len()) && challenge.bytes().all(|b| b.is_ascii_digit());
    (token_is_ours && digits && only("hub.mode")? == "subscribe").then_some(challenge)
}

/// Checks the signature over the raw bytes, before anything is parsed; any of the secrets may have made it.
///
/// # Errors
/// [`ChannelSignatureError`]; the caller answers 401 without saying which.
pub fn verify(
    headers: &HeaderMap,
    body: Bytes,
    app_secrets: &[Secret],
) -> Result<VerifiedChannelWebhook, ChannelSignatureError> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let value = values.next().filter(|value| !value.is_empty()).ok_or(ChannelSignatureError::Missing)?;
    if values.next().is_some() {
        return Err(ChannelSignatureError::Malformed);
    }
    let tag = digest(value.as_bytes()).ok_or(ChannelSignatureError::Malformed)?;
    let made_with = |secret: &Secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        hmac::verify(&key, &body, &tag).is_ok()
    };
    if app_secrets.iter().any(made_with) {
        Ok(VerifiedChannelWebhook(body))
    } else {
        Err(ChannelSignatureError::Mismatch)
    }
}

/// Reads `sha256=` and exactly 64 lower-case hex digits.
fn digest(header: &[u8]) -> Option<[u8; 32]> {
    let (pairs, rest) = header.strip_prefix(b"sha256=")?.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != 32 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
