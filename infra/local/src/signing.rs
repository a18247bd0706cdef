//! Signatures as the senders make them: Stripe, Meta, and AWS requests to the emulator.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::LocalError;

/// The value of `Stripe-Signature` for a body (facts: webhook-sources section 2).
pub fn stripe_signature(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let time = at.as_second();
    let mut signed = format!("{time}.").into_bytes();
    signed.extend_from_slice(body);
    format!("t={time},v1={}", hex(&hmac_sha256(secret.as_bytes(), &signed)))
}

/// The value of `X-Hub-Signature-256` for a body (facts: webhook-sources section 2).
pub fn meta_signature(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex(&hmac_sha256(app_secret.as_bytes(), body)))
}

/// What identifies a caller of the emulator, and where.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The dummy access key.
    pub access_key: &'a str,
    /// The dummy secret.
    pub secret_key: &'a str,
    /// The region.
    pub region: &'a str,
    /// The signing name of the service, for example `dynamodb`.
    pub service: &'a str,
}

/// What is signed of a request to the emulator.
#[derive(Debug, Clone)]
pub struct AwsRequest<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The value of the `Host` header.
    pub host: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The query: names in order, values percent-encoded.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The headers `x-amz-date` and `authorization` of a request signed by AWS Signature Version 4.
pub fn aws_v4(scope: &Scope<'_>, request: &AwsRequest<'_>, at: Timestamp) -> [(&'static str, String); 2] {
    let AwsRequest { method, host, path, query, body } = request;
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &date[..8];
    let payload = hex(digest(&SHA256, body).as_ref());
    let canonical =
        format!("{method}\n{path}\n{query}\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n{payload}");
    let credential = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{credential}\n{}",
        hex(digest(&SHA256, canonical.as_bytes()).as_ref())
    );
    let mut key = format!("AWS4{}", scope.secret_key).into_bytes();
    for part in [day, scope.region, scope.service, "aws4_request"] {
        key = hmac_sha256(&key, part.as_bytes());
    }
    let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{credential}, SignedHeaders=host;x-amz-date, Signature={signature}",
        scope.access_key
    );
    [("x-amz-date", date), ("authorization", authorization)]
}

/// A fresh identifier of 20 random bytes: letters, digits, `-` and `_`.
///
/// # Errors
/// [`LocalError::Random`] when the system gives no random numbers.
pub fn random_id() -> Result<String, LocalError> {
    random_bytes::<20>().map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A fresh secret of 24 random bytes in lower-case hexadecimal.
///
/// # Errors
/// [`LocalError::Random`] when the system gives no random numbers.
pub fn random_hex() -> Result<String, LocalError> {
    random_bytes::<24>().map(|bytes| hex(&bytes))
}

/// A fresh key of Standard Webhooks: `whsec_` and base64.
pub(crate) fn random_webhook_key() -> Result<String, LocalError> {
    random_bytes::<30>().map(|bytes| format!("whsec_{}", BASE64_STANDARD.encode(bytes)))
}

/// The value of `webhook-signature` for a body (facts: webhook-sources section 2).
///
/// # Errors
/// [`LocalError`] when the key is not one of Standard Webhooks.
pub fn standard_webhooks_signature(
    key: &str,
    id: &str,
    at: Timestamp,
    body: &str,
) -> Result<String, LocalError> {
    let key = key.strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
    let key = key.ok_or_else(|| LocalError::Answer {
        what: "the key of own backends".into(),
        found: "no whsec_ and base64".into(),
    })?;
    let signed = format!("{id}.{}.{body}", at.as_second());
    Ok(format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key, signed.as_bytes()))))
}

/// Whether one of the signatures of a `webhook-signature` header is that of a body (facts: webhook-sources section 2).
pub(crate) fn is_standard_webhooks_signature(
    key: &str,
    id: &str,
    at: Timestamp,
    body: &str,
    signatures: &str,
) -> bool {
    let key = key.strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
    let Some(key) = key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)) else { return false };
    let signed = format!("{id}.{}.{body}", at.as_second());
    signatures
        .split(' ')
        .filter_map(|signature| BASE64_STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .any(|signature| hmac::verify(&key, signed.as_bytes(), &signature).is_ok())
}

/// A fresh UUID of version 4.
pub(crate) fn random_uuid() -> Result<String, LocalError> {
    let digits = hex(&random_bytes::<16>()?);
    let [time, more, rest] = [&digits[..8], &digits[8..12], &digits[13..16]];
    let [clock, node] = [&digits[17..20], &digits[20..]];
    Ok(format!("{time}-{more}-4{rest}-8{clock}-{node}"))
}

/// A fresh identifier as Meta makes them: `wamid.` and base64.
pub(crate) fn random_wamid() -> Result<String, LocalError> {
    random_bytes::<30>().map(|bytes| format!("wamid.{}", BASE64_STANDARD.encode(bytes)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], LocalError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| LocalError::Random)?;
    Ok(bytes)
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aws_signature_equals_the_published_example() {
        // "get-vanilla" of AWS's Signature Version 4 test suite.
        let scope = Scope {
            access_key: "AKIDEXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
        };
        let at = "2015-08-30T12:36:00Z".parse().expect("a time");
        let host = "example.amazonaws.com";
        let request = AwsRequest { method: "GET", host, path: "/", query: "", body: b"" };
        let [(_, date), (_, authorization)] = aws_v4(&scope, &request, at);
        assert_eq!(date, "20150830T123600Z");
        assert_eq!(
            authorization.rsplit('=').next(),
            Some("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
        );
    }

    #[test]
    fn a_meta_signature_equals_the_vector_of_rfc_4231() {
        assert_eq!(
            meta_signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_stripe_signature_covers_time_and_body() {
        let at = Timestamp::from_second(1_700_000_000).expect("a time");
        let signature = stripe_signature("whsec_test", at, b"{}");
        assert!(signature.starts_with("t=1700000000,v1="), "{signature}");
        assert_ne!(signature, stripe_signature("whsec_test", at, b"{ }"));
        assert_ne!(signature, stripe_signature("whsec_other", at, b"{}"));
    }
}
