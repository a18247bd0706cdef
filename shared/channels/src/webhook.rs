//! A provider's webhook before and after its signature was checked.

use std::fmt;

use bytes::Bytes;
use recoup_core::Secret;
use ring::hmac;
use thiserror::Error;

/// A body whose signature was right: the only thing that can be read into events.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedChannelWebhook(pub(crate) Bytes);

impl VerifiedChannelWebhook {
    /// The raw bytes, for the spill and the parked queue.
    pub fn body(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for VerifiedChannelWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedChannelWebhook({} bytes)", self.0.len())
    }
}

/// Takes a body from a provider that signs nothing: all that it can show is the secret in the path it was told to post
/// to.
///
/// Any of the secrets may be in use, so that one can be exchanged.
///
/// # Errors
/// [`ChannelSignatureError`] when nothing was given, or something else; the caller answers 401 without saying which.
pub fn verify_path_secret(
    given: &str,
    body: Bytes,
    secrets: &[Secret],
) -> Result<VerifiedChannelWebhook, ChannelSignatureError> {
    if given.is_empty() {
        return Err(ChannelSignatureError::Missing);
    }
    if secrets.iter().any(|secret| same(given, secret)) {
        Ok(VerifiedChannelWebhook(body))
    } else {
        Err(ChannelSignatureError::Mismatch)
    }
}

/// Compares in constant time, by comparing keyed hashes.
pub(crate) fn same(given: &str, expected: &Secret) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, expected.expose().as_bytes());
    let tag = hmac::sign(&key, expected.expose().as_bytes());
    hmac::verify(&key, given.as_bytes(), tag.as_ref()).is_ok()
}

/// Why a webhook was refused. The caller answers the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChannelSignatureError {
    /// No signature header.
    #[error("signature header is missing")]
    Missing,
    /// Another scheme, another length, upper-case or foreign digits, or two headers.
    #[error("signature header is malformed")]
    Malformed,
    /// Well formed, and not made with one of our secrets over these bytes.
    #[error("signature does not match")]
    Mismatch,
}

impl ChannelSignatureError {
    /// The stable code for the reject counter.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "channel_signature_missing",
            Self::Malformed => "channel_signature_malformed",
            Self::Mismatch => "channel_signature_mismatch",
        }
    }
}

/// Why a verified body holds no events; it is parked and answered 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChannelParseError {
    /// Not JSON.
    #[error("channel webhook is not json")]
    NotJson,
    /// JSON without the provider's envelope.
    #[error("channel webhook has no envelope")]
    NoEnvelope,
}

impl ChannelParseError {
    /// Tells a body of another shape from one that is no JSON.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        if error.is_data() { Self::NoEnvelope } else { Self::NotJson }
    }

    /// The stable code that ops meet on the parked message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson => "channel_body_not_json",
            Self::NoEnvelope => "channel_body_no_envelope",
        }
    }
}
