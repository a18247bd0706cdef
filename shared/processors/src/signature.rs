//! The pieces signature schemes share: HMAC over parts, hexadecimal, time windows, bounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use recoup_core::Secret;
use ring::hmac;
use thiserror::Error;

use crate::{Habits, Signed, Unverified, Verified};

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
    /// Signed with a certificate that is not the source's, or that lies elsewhere.
    #[error("certificate is not the source's")]
    Untrusted,
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
            Self::Untrusted => "signature_untrusted",
        }
    }
}

/// The longest signature there is: HMAC-SHA512.
const LONGEST_MAC: usize = 64;

/// One signature of a request, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mac {
    bytes: [u8; LONGEST_MAC],
    length: usize,
}

impl Mac {
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut mac = Self { bytes: [0; LONGEST_MAC], length: bytes.len() };
        mac.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(mac)
    }

    /// Decodes lower-case hexadecimal of so many bytes; upper case is refused, as the sources' own libraries refuse it.
    pub(crate) fn from_hex(text: &str, length: usize) -> Option<Self> {
        let bytes = decode_hex(text)?;
        if bytes.len() == length { Self::new(&bytes) } else { None }
    }

    /// Decodes standard, padded base64 of so many bytes.
    pub(crate) fn from_base64(text: &str, length: usize) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        if bytes.len() == length { Self::new(&bytes) } else { None }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The signatures one request carries, at most [`MAX_SIGNATURES`].
#[derive(Default)]
pub(crate) struct Macs {
    macs: [Option<Mac>; MAX_SIGNATURES],
}

impl Macs {
    /// Only this one.
    pub(crate) fn one(mac: Mac) -> Self {
        let mut macs = Self::default();
        macs.macs[0] = Some(mac);
        macs
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`SignatureError::TooMany`] when there is no room.
    pub(crate) fn push(&mut self, mac: Mac) -> Result<(), SignatureError> {
        let place = self.macs.iter_mut().find(|place| place.is_none()).ok_or(SignatureError::TooMany)?;
        *place = Some(mac);
        Ok(())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.macs[0].is_none()
    }
}

/// The only header of this name.
///
/// # Errors
/// [`SignatureError::Missing`] when it is absent or empty, [`SignatureError::Malformed`] when it comes twice or is not
/// ASCII.
pub(crate) fn only_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(SignatureError::Missing)?;
    if values.next().is_some() {
        return Err(SignatureError::Malformed);
    }
    match value.to_str().map(str::trim) {
        Ok("") => Err(SignatureError::Missing),
        Ok(text) => Ok(text),
        Err(_) => Err(SignatureError::Malformed),
    }
}

/// Reads the secrets into what a scheme needs; one that is not of its form is passed over.
///
/// # Errors
/// [`SignatureError::NoSecret`] when none is left, [`SignatureError::TooManySecrets`].
pub(crate) fn keys<'a, K>(
    secrets: &'a [Secret],
    read: impl Fn(&'a str) -> Option<K>,
) -> Result<Vec<K>, SignatureError> {
    if secrets.len() > MAX_SECRETS {
        return Err(SignatureError::TooManySecrets);
    }
    let keys: Vec<K> = secrets.iter().filter_map(|secret| read(secret.expose())).collect();
    if keys.is_empty() { Err(SignatureError::NoSecret) } else { Ok(keys) }
}

/// Checks that one of the signatures is the HMAC-SHA256 of the concatenated parts under the text of one of the secrets.
///
/// # Errors
/// [`SignatureError::NoSecret`], [`SignatureError::TooManySecrets`] or [`SignatureError::Mismatch`].
pub(crate) fn verify_hmac(secrets: &[Secret], parts: &[&[u8]], macs: &Macs) -> Result<(), SignatureError> {
    verify_keyed(hmac::HMAC_SHA256, &keys(secrets, |secret| Some(secret.as_bytes()))?, parts, macs)
}

/// The most common scheme, whole: one header with the HMAC-SHA256 of the body in hexadecimal.
///
/// # Errors
/// [`SignatureError`] says why the request is not believed.
pub(crate) fn verify_hex_body<'a>(
    request: Unverified<'a>,
    header: &HeaderName,
    secrets: &[Secret],
) -> Result<Verified<'a>, SignatureError> {
    let mac = Mac::from_hex(only_header(request.headers, header)?, 32).ok_or(SignatureError::Malformed)?;
    verify_hmac(secrets, &[request.body], &Macs::one(mac))?;
    Ok(Verified::new(request))
}

/// Signs a body in the way of [`verify_hex_body`].
pub(crate) fn sign_hex_body(header: &HeaderName, body: &[u8], secret: &Secret) -> Option<Signed> {
    let mac = hmac_sha256(secret.expose().as_bytes(), &[body]);
    Signed::with(header, encode_hex(mac.as_ref()), body)
}

/// The same with another algorithm, or with keys that are not the text of the secret.
///
/// Every pair is compared, so the time taken does not tell which one matched.
///
/// # Errors
/// [`SignatureError::Mismatch`].
pub(crate) fn verify_keyed(
    algorithm: hmac::Algorithm,
    keys: &[impl AsRef<[u8]>],
    parts: &[&[u8]],
    macs: &Macs,
) -> Result<(), SignatureError> {
    let mut matched = false;
    for key in keys {
        let expected = hmac(algorithm, key.as_ref(), parts);
        for mac in macs.macs.iter().flatten() {
            matched |= equal(expected.as_ref(), mac.as_slice());
        }
    }
    if matched { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// HMAC-SHA256 of the concatenated parts, without building the concatenation.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    hmac(hmac::HMAC_SHA256, key, parts)
}

/// The same with another algorithm.
pub(crate) fn hmac(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// Compares without a data-dependent branch; ring's own comparison takes only a message in one piece.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| std::hint::black_box(difference | (a ^ b)));
    a.len() == b.len() && difference == 0
}

/// Decodes lower-case hexadecimal of any length.
pub(crate) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    if !text.len().is_multiple_of(2) || text.len() > 1024 {
        return None;
    }
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
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

/// Checks that a signed time is within the source's tolerance of `now`, on either side.
///
/// # Errors
/// [`SignatureError::Stale`] otherwise.
pub(crate) fn check_time(signed: i64, now: Timestamp, habits: Habits) -> Result<(), SignatureError> {
    let near = habits.tolerance.is_none_or(|tolerance| now.as_second().abs_diff(signed) <= tolerance);
    if near { Ok(()) } else { Err(SignatureError::Stale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_reads_back_and_is_lower_case_only() {
        let mac = Mac::from_hex(&"0f".repeat(32), 32).expect("64 digits");
        assert_eq!(mac.as_slice(), [0x0f; 32]);
        assert_eq!(encode_hex(mac.as_slice()), "0f".repeat(32));
        for text in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"0f".repeat(33), &"é".repeat(32), "0"] {
            assert_eq!(Mac::from_hex(text, 32), None, "{text}");
        }
        assert_eq!(Mac::from_hex(&"0f".repeat(65), 65), None, "longer than any");
    }

    #[test]
    fn base64_is_standard_and_padded() {
        let mac = Mac::from_base64("//79", 3).expect("well formed");
        assert_eq!(mac.as_slice(), [0xff, 0xfe, 0xfd]);
        for text in ["__79", "//7", "//79=", " //79", "", "//79//79"] {
            assert_eq!(Mac::from_base64(text, 3), None, "{text}");
        }
    }

    #[test]
    fn f31_a_scheme_without_a_readable_secret_verifies_nothing() {
        let secrets = [Secret::parse("not hexadecimal").expect("not empty")];
        assert_eq!(keys(&secrets, decode_hex), Err(SignatureError::NoSecret));
        assert_eq!(keys(&[], |secret| Some(secret.len())), Err(SignatureError::NoSecret));
        let many = vec![Secret::parse("ab").expect("not empty"); MAX_SECRETS + 1];
        assert_eq!(keys(&many, decode_hex), Err(SignatureError::TooManySecrets));
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
