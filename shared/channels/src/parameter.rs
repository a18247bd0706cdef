//! Values that a provider takes or refuses.

use crate::EncodeError;

/// Accepts a value, or names the parameter it is for.
pub(crate) fn allow(holds: bool, parameter: &str) -> Result<(), EncodeError> {
    if holds { Ok(()) } else { Err(EncodeError::ParameterNotAllowed(parameter.to_owned())) }
}

/// WhatsApp refuses an empty value, a line break, a tab or more than four spaces in a row (messaging-providers.md 1.1).
pub(crate) fn single_line(text: &str, max: usize) -> bool {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.trim().is_empty()
        && !text.contains(breaks)
        && !text.contains("     ")
        && text.chars().take(max + 1).count() <= max
}

/// Escapes what no URL may hold and leaves the rest, with escapes already made, as it is.
pub(crate) fn percent_encoded(suffix: &str) -> String {
    let bytes = suffix.as_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = byte == b'%'
            && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
        if escape || plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|n| char::from(b"0123456789ABCDEF"[usize::from(n)])));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_suffixes_are_escaped_once() {
        for (suffix, expected) in [
            ("i/acct_1/test_x?s=ap", "i/acct_1/test_x?s=ap"),
            ("a%20b", "a%20b"),
            ("a b", "a%20b"),
            ("100%", "100%25"),
            ("%zz", "%25zz"),
            ("{{1}}", "%7B%7B1%7D%7D"),
            ("é\n", "%C3%A9%0A"),
            ("", ""),
        ] {
            assert_eq!(percent_encoded(suffix), expected);
            assert_eq!(percent_encoded(expected), expected);
        }
    }

    #[test]
    fn f37_parameters_are_single_line_and_bounded() {
        for (text, fits) in [
            ("Ana María 🎉", true),
            ("four    spaces", true),
            ("five     spaces", false),
            ("two\nlines", false),
            ("a\ttab", false),
            ("a\u{2028}separator", false),
            ("a\0", false),
            ("", false),
            ("   ", false),
        ] {
            assert_eq!(single_line(text, 1024), fits, "{text:?}");
        }
        assert!(single_line(&"é".repeat(1024), 1024));
        assert!(!single_line(&"é".repeat(1025), 1024));
    }
}
