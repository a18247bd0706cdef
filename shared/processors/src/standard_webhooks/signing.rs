//! The signatures of Standard Webhooks: `v1`, a keyed hash, and `v1a`, an ed25519 signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, signature as asymmetric};

use crate::SignatureError;
use crate::signature::{self, MAX_SIGNATURES, Mac, Macs};

/// The length of an ed25519 public key, and of a signature, in bytes.
const PUBLIC_KEY: usize = 32;
const ED25519: usize = 64;

/// A secret, by the scheme that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// The bytes behind `whsec_`.
    Shared(Vec<u8>),
    /// The bytes behind `whpk_`: public, so it proves nothing but a signature made with its other half.
    Public(Vec<u8>),
}

impl Key {
    /// Reads a secret; `None` for one of another form, such as a `whsk_` key, which belongs to the sender alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = |text: &str| STANDARD.decode(text).ok();
        if let Some(public) = text.strip_prefix("whpk_") {
            return bytes(public).filter(|key| key.len() == PUBLIC_KEY).map(Self::Public);
        }
        bytes(text.strip_prefix("whsec_").unwrap_or(text))
            .filter(|key| (24..=64).contains(&key.len()))
            .map(Self::Shared)
    }

    /// Signs as a sender does; `None` for a public key.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> Option<String> {
        match self {
            Self::Shared(key) => {
                Some(format!("v1,{}", STANDARD.encode(signature::hmac_sha256(key, parts).as_ref())))
            }
            Self::Public(_) => None,
        }
    }
}

/// The signatures of one request.
#[derive(Default)]
pub(super) struct Signatures {
    shared: Macs,
    public: Vec<Vec<u8>>,
}

impl Signatures {
    /// Reads the space-separated list. What is of another version, or of no form, is passed over, but not if nothing is
    /// left.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`], [`SignatureError::TooMany`].
    pub(super) fn parse(list: &str) -> Result<Self, SignatureError> {
        let mut signatures = Self::default();
        for entry in list.split_ascii_whitespace() {
            match entry.split_once(',') {
                Some(("v1", text)) => {
                    if let Some(mac) = Mac::from_base64(text, 32) {
                        signatures.shared.push(mac)?;
                    }
                }
                Some(("v1a", text)) => {
                    let made = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == ED25519);
                    signatures.public.extend(made);
                }
                Some(_) | None => {}
            }
            if signatures.public.len() > MAX_SIGNATURES {
                return Err(SignatureError::TooMany);
            }
        }
        let none = signatures.shared.is_empty() && signatures.public.is_empty();
        if none { Err(SignatureError::Malformed) } else { Ok(signatures) }
    }
}

/// Checks that one of the signatures is of one of the keys, each with the scheme that it is of.
///
/// # Errors
/// [`SignatureError::Mismatch`].
pub(super) fn verify(keys: &[Key], parts: &[&[u8]], signatures: &Signatures) -> Result<(), SignatureError> {
    let shared: Vec<&[u8]> = keys.iter().filter_map(Key::shared).collect();
    let by_hash = signature::verify_keyed(hmac::HMAC_SHA256, &shared, parts, &signatures.shared);
    by_hash.or_else(|mismatch| if signed(keys, parts, signatures) { Ok(()) } else { Err(mismatch) })
}

impl Key {
    fn shared(&self) -> Option<&[u8]> {
        if let Self::Shared(key) = self { Some(key) } else { None }
    }

    fn public(&self) -> Option<&[u8]> {
        if let Self::Public(key) = self { Some(key) } else { None }
    }
}

fn signed(keys: &[Key], parts: &[&[u8]], signatures: &Signatures) -> bool {
    // The library takes the message in one piece, which is made only when there is something to check.
    let keys: Vec<&[u8]> = keys.iter().filter_map(Key::public).collect();
    if keys.is_empty() || signatures.public.is_empty() {
        return false;
    }
    let message = parts.concat();
    keys.iter().any(|key| {
        let key = asymmetric::UnparsedPublicKey::new(&asymmetric::ED25519, key);
        signatures.public.iter().any(|made| key.verify(&message, made).is_ok())
    })
}
