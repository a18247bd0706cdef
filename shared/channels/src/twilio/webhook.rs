//! Who may speak to the webhook: Twilio's signature.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use recoup_core::Secret;
use ring::{digest, hmac};

use crate::{ChannelSignatureError, VerifiedChannelWebhook};

/// The header that carries the base64 of an HMAC-SHA1 over the URL and the form's fields.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// The query parameter by which Twilio binds a body that is not a form.
const BODY_HASH: &str = "bodySHA256";

/// Checks the signature over the URL and the raw body, before anything is read; any of the tokens may have made it.
///
/// `url` is the whole public URL with its query, as Twilio was told it: scheme and host come from the settings, never
/// from a header. Twilio sometimes signs it with the scheme's port and sometimes without, so both are tried
/// (messaging-providers.md section 3).
///
/// # Errors
/// [`ChannelSignatureError`]; the caller answers 401 without saying which.
pub fn verify(
    headers: &HeaderMap,
    url: &str,
    body: Bytes,
    auth_tokens: &[Secret],
) -> Result<VerifiedChannelWebhook, ChannelSignatureError> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let value = values.next().filter(|value| !value.is_empty()).ok_or(ChannelSignatureError::Missing)?;
    if values.next().is_some() {
        return Err(ChannelSignatureError::Malformed);
    }
    let tag = STANDARD.decode(value.as_bytes()).ok().filter(|tag| tag.len() == 20);
    let tag = tag.ok_or(ChannelSignatureError::Malformed)?;
    let fields = match body_hash(url) {
        Some(hash) if hash.eq_ignore_ascii_case(&hex(digest::digest(&digest::SHA256, &body).as_ref())) => {
            String::new()
        }
        Some(_) => return Err(ChannelSignatureError::Mismatch),
        None => sorted_fields(&body),
    };
    let made_with = |token: &Secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.expose().as_bytes());
        let signed = |url: &str| hmac::verify(&key, format!("{url}{fields}").as_bytes(), &tag).is_ok();
        let [with_port, without_port] = spellings(url);
        signed(&with_port) || signed(&without_port)
    };
    if auth_tokens.iter().any(made_with) {
        Ok(VerifiedChannelWebhook(body))
    } else {
        Err(ChannelSignatureError::Mismatch)
    }
}

/// The hash is public, since it stands in the URL: what keeps it from being forged is the signature over the URL.
fn body_hash(url: &str) -> Option<Cow<'_, str>> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == BODY_HASH).map(|(_, value)| value)
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|n| char::from(b"0123456789abcdef"[usize::from(n)])).collect()
}

/// Joins each distinct field, key then value, in the order of keys and values.
fn sorted_fields(body: &[u8]) -> String {
    let mut fields: Vec<_> = form_urlencoded::parse(body).collect();
    fields.sort_unstable();
    fields.dedup();
    fields.iter().flat_map(|(key, value)| [&**key, &**value]).collect()
}

/// Writes the URL with a port and without.
fn spellings(url: &str) -> [String; 2] {
    let Some((scheme, rest)) = url.split_once("://") else { return [url.to_owned(), url.to_owned()] };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if digits(port) => (host, port),
        _ if scheme == "https" => (authority, "443"),
        _ => (authority, "80"),
    };
    [format!("{scheme}://{host}:{port}{behind}"), format!("{scheme}://{host}{behind}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_written_with_its_port_and_without() {
        for (url, with, without) in [
            ("https://a.example/p?q=1:2", "https://a.example:443/p?q=1:2", "https://a.example/p?q=1:2"),
            ("http://a.example", "http://a.example:80", "http://a.example"),
            ("https://a.example:8443/p", "https://a.example:8443/p", "https://a.example/p"),
            ("http://[::1]?x", "http://[::1]:80?x", "http://[::1]?x"),
            ("https://[::1]:444/", "https://[::1]:444/", "https://[::1]/"),
            ("no url", "no url", "no url"),
        ] {
            assert_eq!(spellings(url), [with, without], "{url}");
        }
    }
}
