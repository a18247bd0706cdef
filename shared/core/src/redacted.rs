//! Values that must not be seen: each hides itself in `Debug` and has no `Display`.

use std::fmt;

use thiserror::Error;

/// Why a phone number was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedPhone {
    /// No `+` and no country to read it in.
    #[error("phone number without a country code")]
    NoCountryCode,
    /// Characters, length or leading digit do not fit E.164.
    #[error("phone number is not E.164")]
    NotE164,
}

/// A phone number in E.164 form, `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone(Box<str>);

impl Phone {
    /// Reads an international number, forgiving spaces, dots, dashes, brackets and a leading `00`.
    ///
    /// A national number is not guessed at: a wrong guess messages a stranger.
    ///
    /// # Errors
    /// [`MalformedPhone`] when there is no country code or the digits do not fit.
    pub fn parse(text: &str) -> Result<Self, MalformedPhone> {
        let mut digits = String::with_capacity(16);
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => digits.push(c),
                ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/' => {}
                _ => return Err(MalformedPhone::NotE164),
            }
        }
        let Some(number) = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) else {
            return Err(MalformedPhone::NoCountryCode);
        };
        if !(7..=15).contains(&number.len()) || number.starts_with('0') {
            return Err(MalformedPhone::NotE164);
        }
        Ok(Self(format!("+{number}").into()))
    }

    /// Reads the bare digits that Meta calls `wa_id`.
    ///
    /// # Errors
    /// [`MalformedPhone`] when the digits do not fit E.164.
    pub fn from_wa_id(digits: &str) -> Result<Self, MalformedPhone> {
        Self::parse(&format!("+{digits}"))
    }

    /// One form for numbers that Meta writes in two: Mexico's and Argentina's mobile digit after the country code and
    /// Brazil's ninth digit come and go (facts: messaging-providers section 7). For comparing only, never for sending.
    pub fn canonical(&self) -> String {
        let digits = &self.0[1..];
        let without = |from: usize| format!("+{}{}", &digits[..from], &digits[from + 1..]);
        match digits.len() {
            13 if digits.starts_with("521") || digits.starts_with("549") => without(2),
            13 if digits.starts_with("55") && digits[4..].starts_with('9') => without(4),
            _ => self.0.to_string(),
        }
    }

    /// The number as people may see it: its first and its last two digits, as `+14•••••••23`.
    pub fn masked(&self) -> String {
        let digits = &self.0[1..];
        let hidden = digits.len().saturating_sub(4);
        format!("+{}{}{}", &digits[..2], "•".repeat(hidden), &digits[digits.len() - 2..])
    }

    /// The number, `+` first. For the wire and the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(redacted)")
    }
}

/// An e-mail address, for sending and for telling buyers apart: one `@`, printable ASCII, a host with a dot, lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Email(Box<str>);

impl Email {
    /// The longest address that mail servers take, in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
    const LONGEST: usize = 254;

    /// Reads an address; `None` for anything else, and for addresses that stand for "none".
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (local, host) = text.split_once('@')?;
        let plain = |part: &str, others: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || others.as_bytes().contains(&b))
        };
        let labels = host.split('.').filter(|label| plain(label, "-")).count();
        let whole = labels >= 2 && labels == host.split('.').count();
        let fits = text.len() <= Self::LONGEST && plain(local, ".!#$%&'*+/=?^_`{|}~-") && whole;
        let nobody = text == "void@razorpay.com";
        (fits && !nobody).then(|| Self(text.into()))
    }

    /// The address. For the wire, the store and keyed hashes only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(redacted)")
    }
}

/// A secret: a signing key, an API key, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

/// Why a secret was refused at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnfitSecret {
    /// Empty, or white space only: a signature under an empty key can be computed by anybody.
    #[error("secret is empty")]
    Empty,
    /// A value that documentation or a template uses as a stand-in.
    #[error("secret is a placeholder")]
    Placeholder,
}

impl Secret {
    /// Takes a secret unless it is empty or a known placeholder.
    ///
    /// # Errors
    /// [`UnfitSecret`] in those cases.
    pub fn parse(text: &str) -> Result<Self, UnfitSecret> {
        const PLACEHOLDERS: [&str; 10] = [
            "changeme",
            "change-me",
            "placeholder",
            "replace-me",
            "secret",
            "todo",
            "webhook_id",
            "whsec_...",
            "whsec_xxx",
            "xxx",
        ];
        let text = text.trim();
        if text.is_empty() {
            return Err(UnfitSecret::Empty);
        }
        if PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str()) || text.starts_with('<') {
            return Err(UnfitSecret::Placeholder);
        }
        Ok(Self(text.into()))
    }

    /// The secret itself, for a signature or an `Authorization` header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Why a payment link was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("payment link is not a plain https URL of at most 512 characters")]
pub struct MalformedLink;

/// A payment page: https, a plain host name, no user info, no port.
///
/// It is never fetched, only shown to the buyer it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(Box<str>);

impl Link {
    /// Checks the shape of the URL.
    ///
    /// # Errors
    /// [`MalformedLink`] for another scheme, user info, a port, an IP address, a host that is not plain
    /// ASCII, white space or more than 512 characters.
    pub fn parse(url: &str) -> Result<Self, MalformedLink> {
        let rest = url.strip_prefix("https://").ok_or(MalformedLink)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let labels = || host.split('.');
        let plain_label = |l: &str| {
            !l.is_empty()
                && !l.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let named = labels().count() >= 2 && labels().all(plain_label);
        let numeric_top = labels().next_back().is_none_or(|top| top.bytes().any(|b| b.is_ascii_digit()));
        if url.len() > 512 || !url.bytes().all(|b| b.is_ascii_graphic()) || !named || numeric_top {
            return Err(MalformedLink);
        }
        Ok(Self(url.into()))
    }

    /// The URL.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(redacted)")
    }
}

/// A buyer's name as a template may show it: one line, no control, bidirectional or URL characters, at most 40.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(Box<str>);

impl PersonName {
    /// Cleans buyer-controlled text; `None` when nothing fit to show is left.
    pub fn clean(text: &str) -> Option<Self> {
        let mut out = String::new();
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
            let word: String = word.chars().filter(|c| !invisible(*c)).collect();
            let link_like =
                word.contains("://") || word.contains("www.") || word.contains('@') || dotted(&word);
            if word.is_empty() || link_like || word.contains(['{', '}', '%', '<', '>']) {
                continue;
            }
            let gap = if out.is_empty() { "" } else { " " };
            if out.chars().count() + gap.len() + word.chars().count() > 40 {
                break;
            }
            out.push_str(gap);
            out.push_str(&word);
        }
        (!out.is_empty()).then(|| Self(out.into()))
    }

    /// The name. For templates and the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Zero-width, bidirectional, byte-order and tag characters, which reorder or hide what a buyer reads.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A dot inside a word, with a letter or digit behind it, reads as a host name on a phone and becomes a link. What stands
/// before it may be an accent or a sign: host names hold those too, and write the dot in four ways.
fn dotted(word: &str) -> bool {
    let is_dot = |c: char| matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    let (mut begun, mut after_dot) = (false, false);
    for c in word.chars() {
        if after_dot && c.is_alphanumeric() {
            return true;
        }
        after_dot = begun && is_dot(c);
        begun |= !is_dot(c);
    }
    false
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f38_phones_become_e164_or_a_reason() {
        use MalformedPhone::{NoCountryCode, NotE164};
        for (text, expected) in [
            ("+14155550123", Ok("+14155550123")),
            (" +1 (415) 555-0123 ", Ok("+14155550123")),
            ("0044 20 7946 0958", Ok("+442079460958")),
            ("+1 555 078 3881", Ok("+15550783881")),
            ("98765 43210", Err(NoCountryCode)),
            ("", Err(NoCountryCode)),
            ("+123456", Err(NotE164)),
            ("+1234567890123456", Err(NotE164)),
            ("+0123456789", Err(NotE164)),
            ("+1 415 CALL ME", Err(NotE164)),
            ("1+4155550123", Err(NotE164)),
        ] {
            assert_eq!(Phone::parse(text).as_ref().map(Phone::expose), expected.as_ref().copied(), "{text}");
        }
    }

    #[test]
    fn addresses_are_lower_case_and_whole_or_nothing() {
        for (text, expected) in [
            (" Ana.Gil+shop@Example.com ", Some("ana.gil+shop@example.com")),
            ("a@b.co", Some("a@b.co")),
            ("", None),
            ("ana", None),
            ("ana@example", None),
            ("@example.com", None),
            ("ana@", None),
            ("ana@example..com", None),
            ("ana@ex ample.com", None),
            ("ana\n@example.com", None),
            ("ana@example.com@evil.example", None),
            ("<ana@example.com>", None),
            ("void@razorpay.com", None),
        ] {
            assert_eq!(Email::parse(text).as_ref().map(Email::expose), expected, "{text}");
        }
        assert_eq!(Email::parse(&format!("{}@example.com", "x".repeat(300))), None);
    }

    #[test]
    fn f39_links_are_plain_https_or_refused() {
        assert!(Link::parse("https://invoice.stripe.com/i/acct_1/test_x?s=ap").is_ok());
        let long = format!("https://invoice.stripe.com/{}", "x".repeat(2048));
        for url in [
            "http://invoice.stripe.com/i",
            "javascript:alert(1)",
            "https://user@invoice.stripe.com/i",
            "https://xn--stripe-9za.com/i",
            "https://169.254.169.254/latest",
            "https://invoice.stripe.com:8443/i",
            "https://localhost/i",
            "https:///i",
            "https://invoice.stripe.com/a b",
            "",
            long.as_str(),
        ] {
            assert_eq!(Link::parse(url), Err(MalformedLink), "{url}");
        }
    }

    #[test]
    fn f37_names_carry_no_links_no_placeholders_and_no_hidden_characters() {
        for (text, expected) in [
            ("Ana María", Some("Ana María")),
            ("  two\n\tlines     wide ", Some("two lines wide")),
            ("Pay at evil.example now", Some("Pay at now")),
            ("https://evil.example", None),
            ("{{1}} %s", None),
            ("\u{202e}kram\u{200b}", Some("kram")),
            ("José 🎉", Some("José 🎉")),
            ("Dr. Who", Some("Dr. Who")),
            ("", None),
        ] {
            assert_eq!(PersonName::clean(text).as_ref().map(PersonName::expose), expected, "{text}");
        }
        assert_eq!(PersonName::clean(&"x".repeat(10_000)), None);
    }

    #[test]
    fn i11_nothing_redacted_shows_in_debug() {
        let shown = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            Phone::parse("+14155550123"),
            Email::parse("ana.seeded@example.com"),
            Secret::parse("whsec_real"),
            Link::parse("https://invoice.stripe.com/i"),
            PersonName::clean("Ana"),
        );
        for seeded in ["4155", "seeded", "whsec", "stripe", "Ana"] {
            assert!(!shown.contains(seeded), "{shown}");
        }
    }

    #[test]
    fn f31_empty_and_placeholder_secrets_are_refused() {
        for (text, expected) in [
            ("", UnfitSecret::Empty),
            (" \n", UnfitSecret::Empty),
            ("WEBHOOK_ID", UnfitSecret::Placeholder),
            ("changeme", UnfitSecret::Placeholder),
            ("<your secret>", UnfitSecret::Placeholder),
        ] {
            assert_eq!(Secret::parse(text), Err(expected), "{text}");
        }
    }
}
