//! How bytes become arguments: a line each, so that seeds and found inputs can be read; the body comes last.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::Secret;
use ring::hmac;

/// An input that is read line by line.
pub(crate) struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    pub(crate) fn of(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// The next line without its end; empty when there are no more.
    pub(crate) fn line(&mut self) -> Cow<'a, str> {
        let end = self.0.iter().position(|byte| *byte == b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        String::from_utf8_lossy(line)
    }

    /// The next line as a number; any other text is read as the eight bytes of one, so that extremes come up.
    pub(crate) fn number(&mut self) -> i64 {
        let line = self.line();
        line.parse().unwrap_or_else(|_| {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(line.bytes()).for_each(|(to, from)| *to = from);
            i64::from_le_bytes(bytes)
        })
    }

    /// The next line as an instant between the years 1970 and 2100.
    pub(crate) fn instant(&mut self) -> Timestamp {
        let second = self.number().rem_euclid(4_102_444_800);
        Timestamp::from_second(second).expect("the years 1970 to 2100 are in range")
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// A secret of this text, or a fixed one when it is unfit.
pub(crate) fn secret(text: &str) -> Secret {
    Secret::parse(text).or_else(|_| Secret::parse("a key for the fuzzers")).expect("not empty")
}

/// HMAC-SHA256 in lower-case hexadecimal: what the verifiers are compared with.
pub(crate) fn mac(key: &Secret, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("half a byte is a digit");
    hmac::sign(&key, message).as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
