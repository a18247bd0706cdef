//! The text of a text message: its alphabet, its parts, and how it is kept short.

use std::borrow::Cow;

use crate::EncodeError;

/// The most parts one message may take; each is paid for.
///
/// Two are what a reminder should need, and what the texts are written for. The rest is room for a processor's long
/// payment link, and for scripts that have 67 characters to a part.
pub const MAX_PARTS: usize = 6;

/// Characters of the default alphabet, one septet each (3GPP TS 23.038).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters of its extension table, two septets each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet: 160 septets alone, 153 in each of several parts.
    Gsm7,
    /// UTF-16, for everything else: 70 units alone, 67 in each of several parts.
    Ucs2,
}

/// How long a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The alphabet it needs.
    pub encoding: Encoding,
    /// Septets or UTF-16 units.
    pub units: usize,
    /// Parts it is sent and charged as.
    pub parts: usize,
}

/// Measures a text. Neither an escaped septet pair nor a surrogate pair is split between parts.
pub fn measure(text: &str) -> Size {
    let encoding = if text.chars().all(|c| septets(c).is_some()) { Encoding::Gsm7 } else { Encoding::Ucs2 };
    let (alone, each) = match encoding {
        Encoding::Gsm7 => (160, 153),
        Encoding::Ucs2 => (70, 67),
    };
    let (mut units, mut parts, mut filled) = (0, 1, 0);
    for c in text.chars() {
        let width = match encoding {
            Encoding::Gsm7 => septets(c).unwrap_or_default(),
            Encoding::Ucs2 => c.len_utf16(),
        };
        units += width;
        if filled + width > each {
            parts += 1;
            filled = 0;
        }
        filled += width;
    }
    Size { encoding, units, parts: if units <= alone { 1 } else { parts } }
}

fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || BASIC.contains(c) {
        return Some(1);
    }
    EXTENSION.contains(c).then_some(2)
}

/// Writes typographic characters by their plain equivalents, where that spares the text the wide alphabet.
///
/// One curly quote or rupee sign would otherwise double the parts. A text that needs the wide alphabet anyway is
/// left as it is.
pub fn plain(text: &str) -> Cow<'_, str> {
    if measure(text).encoding == Encoding::Gsm7 {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => {
                plain.push('\'');
            }
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' | '«' | '»' => plain.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{2022}' | '\u{b7}' => plain.push('*'),
            '\u{d7}' => plain.push('x'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\t' => plain.push(' '),
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            '₹' => {
                plain.push_str("Rs");
                if chars.peek().is_some_and(char::is_ascii_digit) {
                    plain.push(' ');
                }
            }
            other => plain.push(other),
        }
    }
    if measure(&plain).encoding == Encoding::Gsm7 { Cow::Owned(plain) } else { Cow::Borrowed(text) }
}

/// Shortens a text to at most `parts` parts, or says that it cannot.
///
/// The brand at the front and everything from the first link on (the link itself, the way to stop) stay whole; the
/// words between them are cut, at a space where there is one. `None` when even that does not fit.
pub fn clamp(text: &str, parts: usize) -> Option<Cow<'_, str>> {
    if measure(text).parts <= parts {
        return Some(Cow::Borrowed(text));
    }
    let link = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min();
    let (head, tail) = text.split_at(link.unwrap_or(text.len()));
    let gap = if tail.is_empty() { "..." } else { "... " };
    // A part holds 153 characters at most, so no longer head or tail need be tried.
    let room = parts.saturating_mul(153);
    if tail.chars().nth(room).is_some() {
        return None;
    }
    let ends: Vec<usize> = head.char_indices().map(|(at, _)| at).take(room).collect();
    let shortened = |end: usize| {
        let kept = head.get(..end)?.trim_end();
        let text = format!("{kept}{gap}{tail}");
        (!kept.is_empty() && measure(&text).parts <= parts).then_some(text)
    };
    let longest = ends.into_iter().rev().find(|end| shortened(*end).is_some())?;
    let whole_words = head[..longest].rfind(char::is_whitespace).filter(|end| end * 2 > longest);
    whole_words.and_then(shortened).or_else(|| shortened(longest)).map(Cow::Owned)
}

/// Prepares the body that either SMS provider is given.
pub(crate) fn body(text: &str) -> Result<String, EncodeError> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(EncodeError::ParameterNotAllowed("body".to_owned()));
    }
    let plain = plain(text);
    clamp(&plain, MAX_PARTS).map(Cow::into_owned).ok_or(EncodeError::TextTooLong(MAX_PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typographic_characters_do_not_double_the_parts() {
        for (text, expected) in [
            ("Don’t lose it", "Don't lose it"),
            ("“Acme” — your plan…", "\"Acme\" - your plan..."),
            ("Payment of ₹1,499 failed", "Payment of Rs 1,499 failed"),
            ("₹ 1,499", "Rs 1,499"),
            ("49,00\u{a0}€", "49,00 €"),
            ("soft\u{ad}hyphen\u{200b}", "softhyphen"),
            ("plain", "plain"),
            // One letter needs the wide alphabet anyway, so nothing is gained by changing the rest.
            ("भुगतान ‘₹1,499’", "भुगतान ‘₹1,499’"),
            ("João’s plan", "João’s plan"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn a_long_text_keeps_its_brand_its_link_and_its_way_out() {
        let tail = "https://pay.acme.example/u/7f3c Reply STOP to opt out";
        let text = format!("Acme: {}{tail}", "your payment failed. ".repeat(30));
        let short = clamp(&text, 2).expect("the link fits");
        assert_eq!(measure(&short).parts, 2);
        assert!(short.starts_with("Acme: your payment failed."), "{short}");
        assert!(short.ends_with(&format!("... {tail}")), "{short}");
        assert!(measure(&short).units > 280, "{short}");
        assert_eq!(clamp(&short, 2).as_deref(), Some(short.as_ref()));
    }

    #[test]
    fn a_text_is_cut_between_words_and_never_inside_a_character() {
        let words = clamp("one two three four five six seven", 1).expect("fits");
        assert_eq!(words, "one two three four five six seven");
        let long = format!("{} endwordendword", "word ".repeat(31));
        let cut = clamp(&long, 1).expect("can be cut");
        assert!(cut.ends_with("word..."), "{cut}");
        assert!(measure(&cut).units <= 160);
        let emoji = clamp(&"👍".repeat(200), 1).map(Cow::into_owned).expect("can be cut");
        assert_eq!(emoji, format!("{}...", "👍".repeat(33)));
    }

    #[test]
    fn a_link_that_does_not_fit_is_never_cut() {
        let link = format!("https://pay.acme.example/{}", "x".repeat(400));
        assert_eq!(clamp(&link, 2), None);
        assert_eq!(clamp(&format!("Acme: pay {link}"), 2), None);
        assert_eq!(clamp(&"x".repeat(1000), 0), None);
    }

    #[test]
    fn f37_a_body_is_prepared_or_refused() {
        assert_eq!(body(" Don’t\u{a0}wait \n").as_deref(), Ok("Don't wait"));
        for text in ["", " \n ", "a\0b", "bell\u{7}"] {
            assert_eq!(body(text), Err(EncodeError::ParameterNotAllowed("body".to_owned())), "{text:?}");
        }
        let link = format!("Acme https://pay.acme.example/{}", "x".repeat(2000));
        assert_eq!(body(&link), Err(EncodeError::TextTooLong(MAX_PARTS)));
        let long = body(&"long ".repeat(200_000)).expect("cut to size");
        assert_eq!(measure(&long).parts, MAX_PARTS);
    }
}
