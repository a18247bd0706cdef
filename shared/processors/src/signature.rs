//! The pieces signature schemes share: HMAC over parts, hexadecimal, time windows, bounds.

use jiff::Timestamp;
use recoup_core::Secret;
use ring::hmac;
use thiserror::Error;

/// How many signing secrets a source may have at once: the work for a forged request is bounded by it.
pub const MAX_SECRETS: usize = 8;

/// How many signatures one request may carry.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// No signature header, or an empty one.
    #[error("no signature")]
    Missing,
    /// A signature header in another form than the source sends.
    #[error("signature header is malformed")]
    Malformed,
    /// More signatures than a source in rotation sends.
    #[error("more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// No signature fits these bytes under any secret.
    #[error("no signature matches")]
    Mismatch,
    /// Signed by the source, but too long ago or too far ahead.
    #[error("signature is outside the time window")]
    Stale,
    /// No secret is configured to verify with.
    #[error("no signing secret")]
    NoSecret,
    /// More secrets than [`MAX_SECRETS`].
    #[error("more than {MAX_SECRETS} signing secrets")]
    TooManySecrets,
}

impl SignatureError {
    /// The stable name for logs and the output of `recoup webhook check`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Malformed => "signature_malformed",
            Self::TooMany => "signature_too_many",
            Self::Mismatch => "signature_mismatch",
            Self::Stale => "signature_stale",
            Self::NoSecret => "signature_no_secret",
            Self::TooManySecrets => "signature_too_many_secrets",
        }
    }
}

/// A SHA-256 sized signature.
pub(crate) type Mac = [u8; 32];

/// The signatures one request carries, at most [`MAX_SIGNATURES`].
#[derive(Default)]
pub(crate) struct Macs {
    macs: [Mac; MAX_SIGNATURES],
    count: usize,
}

impl Macs {
    /// Adds one.
    ///
    /// # Errors
    /// [`SignatureError::TooMany`] when there is no room.
    pub(crate) fn push(&mut self, mac: Mac) -> Result<(), SignatureError> {
        *self.macs.get_mut(self.count).ok_or(SignatureError::TooMany)? = mac;
        self.count += 1;
        Ok(())
    }

    fn as_slice(&self) -> &[Mac] {
        &self.macs[..self.count]
    }
}

/// Checks that one of the signatures is the HMAC-SHA256 of the concatenated parts under one of the secrets.
///
/// Every pair is compared, so the time taken does not tell which one matched.
///
/// # Errors
/// [`SignatureError::NoSecret`], [`SignatureError::TooManySecrets`] or [`SignatureError::Mismatch`].
pub(crate) fn verify_hmac(secrets: &[Secret], parts: &[&[u8]], macs: &Macs) -> Result<(), SignatureError> {
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    if secrets.len() > MAX_SECRETS {
        return Err(SignatureError::TooManySecrets);
    }
    let mut matched = false;
    for secret in secrets {
        let expected = hmac_sha256(secret.expose().as_bytes(), parts);
        for mac in macs.as_slice() {
            matched |= equal(expected.as_ref(), mac);
        }
    }
    if matched { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// HMAC-SHA256 of the concatenated parts, without building the concatenation.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// Compares without a data-dependent branch; ring's own comparison takes only a message in one piece.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| std::hint::black_box(difference | (a ^ b)));
    a.len() == b.len() && difference == 0
}

/// Decodes 64 lower-case hexadecimal digits; upper case is refused, as the sources' own libraries refuse it.
pub(crate) fn decode_hex(text: &str) -> Option<Mac> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut mac = Mac::default();
    if text.len() != 2 * mac.len() {
        return None;
    }
    for (byte, pair) in mac.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(mac)
}

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn encode_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Reads a signed Unix time: digits only, so that the text that was signed is the number that is judged.
pub(crate) fn unix_seconds(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Checks that a signed time is at most `tolerance` seconds from `now`, on either side.
///
/// # Errors
/// [`SignatureError::Stale`] otherwise.
pub(crate) fn check_time(signed: i64, now: Timestamp, tolerance: u64) -> Result<(), SignatureError> {
    if now.as_second().abs_diff(signed) <= tolerance { Ok(()) } else { Err(SignatureError::Stale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_reads_back_and_is_lower_case_only() {
        let mac = decode_hex(&"0f".repeat(32)).expect("64 digits");
        assert_eq!(mac, [0x0f; 32]);
        assert_eq!(encode_hex(&mac), "0f".repeat(32));
        for text in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"0f".repeat(33), &"é".repeat(32)] {
            assert_eq!(decode_hex(text), None, "{text}");
        }
    }

    #[test]
    fn o19_equality_needs_every_byte_and_the_length() {
        assert!(equal(b"abc", b"abc"));
        assert!(equal(b"", b""));
        for (a, b) in [("abc", "abd"), ("abc", "bbc"), ("abc", "ab"), ("", "a")] {
            assert!(!equal(a.as_bytes(), b.as_bytes()), "{a} {b}");
        }
    }

    #[test]
    fn the_hmac_of_parts_is_the_hmac_of_the_whole() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        for parts in
            [&[&b"what do ya want for nothing?"[..]][..], &[b"what do ya", b" want", b"", b" for nothing?"]]
        {
            assert_eq!(encode_hex(hmac_sha256(b"Jefe", parts).as_ref()), expected);
        }
    }
}
