//! The text of a text message: its alphabet, its parts, and how it is kept short.

use std::borrow::Cow;

use crate::EncodeError;

mod fold;

/// The most parts one message may take; each is paid for (messaging-providers.md section 6).
pub const MAX_PARTS: usize = 2;

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

/// Writes characters by their plain equivalents, where that spares the text the wide alphabet.
///
/// One curly quote, rupee sign or accent would otherwise more than double the parts. Letters lose their accents only
/// when punctuation alone does not do. A text that needs the wide alphabet anyway is left as it is.
pub fn plain(text: &str) -> Cow<'_, str> {
    let narrow = |text: &str| measure(text).encoding == Encoding::Gsm7;
    if narrow(text) {
        return Cow::Borrowed(text);
    }
    let marks = fold::marks(text);
    if narrow(&marks) {
        return Cow::Owned(marks);
    }
    let letters = fold::letters(&marks);
    if narrow(&letters) { Cow::Owned(letters) } else { Cow::Borrowed(text) }
}

/// Shortens a text to at most `parts` parts, or says that it cannot.
///
/// The brand at the front, up to its colon, and everything from the first link or from the sentence with `STOP` on stay
/// whole; the words between them are cut, at a space where there is one. `None` when even that does not fit.
pub fn clamp(text: &str, parts: usize) -> Option<Cow<'_, str>> {
    if measure(text).parts <= parts {
        return Some(Cow::Borrowed(text));
    }
    let link = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min();
    let kept_from = [link, exit(text)].into_iter().flatten().min();
    let (head, tail) = text.split_at(kept_from.unwrap_or(text.len()));
    let brand = head.find(": ").map_or(1, |colon| colon + 1);
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
        (kept.len() >= brand && measure(&text).parts <= parts).then_some(text)
    };
    let longest = ends.into_iter().rev().find(|end| shortened(*end).is_some())?;
    let whole_words = head[..longest].rfind(char::is_whitespace).filter(|end| end * 2 > longest);
    whole_words.and_then(shortened).or_else(|| shortened(longest)).map(Cow::Owned)
}

/// Where the sentence with the last `STOP` begins: every template has one.
fn exit(text: &str) -> Option<usize> {
    let before = &text[..text.rfind("STOP")?];
    let sentence = before.rfind(['.', '!', '?', '।', '。', '\n']).unwrap_or_default();
    let words = before[sentence..].find(|c: char| c.is_alphanumeric()).unwrap_or(before.len() - sentence);
    Some(sentence + words)
}

/// Prepares the body of a text that a provider sends as it is.
pub(crate) fn body(text: &str) -> Result<String, EncodeError> {
    let plain = checked(text)?;
    clamp(&plain, MAX_PARTS).map(Cow::into_owned).ok_or(EncodeError::TextTooLong(MAX_PARTS))
}

/// Prepares the body of a text that carriers compare with a registered one: a cut text would not be it any more.
pub(crate) fn registered_body(text: &str) -> Result<String, EncodeError> {
    let plain = checked(text)?;
    if measure(&plain).parts > MAX_PARTS { Err(EncodeError::TextTooLong(MAX_PARTS)) } else { Ok(plain) }
}

fn checked(text: &str) -> Result<String, EncodeError> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(EncodeError::ParameterNotAllowed("body".to_owned()));
    }
    Ok(plain(text).into_owned())
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
            ("João’s plan – 日本", "João’s plan – 日本"),
            // Accents are given up for the whole text or not at all, and never one that the alphabet has.
            ("João’s plan", "Joao's plan"),
            ("Olá Conceição, à vista: R$\u{a0}49,90", "Ola Conceicao, à vista: R$ 49,90"),
            ("Número de café", "Numero de café"),
            ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
            ("Tiếng Việt", "Tieng Viet"),
            ("Cœur, Straße, Þór, e\u{301}", "Coeur, Straße, THor, e"),
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
    fn neither_the_brand_nor_the_way_out_is_ever_cut() {
        let words = "your payment failed. ".repeat(30);
        for (text, expected) in [
            // Without a link, and with the exit before it.
            (
                format!("Acme: {words}Reply HELP for help, STOP to end."),
                "... Reply HELP for help, STOP to end.",
            ),
            (
                format!("Acme: {words}Reply STOP to end. Pay: https://pay.acme.example/u"),
                "... Reply STOP to end. Pay: https://pay.acme.example/u",
            ),
            (format!("Acme: {words}¿Basta? STOP"), "... STOP"),
        ] {
            let short = clamp(&text, 2).expect("fits").into_owned();
            assert!(short.starts_with("Acme: your payment") && short.ends_with(expected), "{short}");
            assert!(short.contains("..."), "{short}");
        }
        let link = |length: usize| format!("https://pay.acme.example/{}", "x".repeat(length));
        assert!(clamp(&format!("Acme Billing: pay now {}", link(260)), 2).is_some());
        assert_eq!(clamp(&format!("Acme Billing: pay now {}", link(270)), 2), None);
        assert_eq!(clamp(&format!("STOP {}", "x".repeat(400)), 2), None);
    }

    #[test]
    fn wherever_stop_stands_a_cut_text_has_it() {
        let words: Vec<char> = "Acme: भुगतान विफल। 👍 Olá! ".chars().cycle().take(300).collect();
        for at in 0..words.len() {
            let (before, after) = words.split_at(at);
            let text: String = before.iter().chain(&['S', 'T', 'O', 'P']).chain(after).collect();
            if let Some(short) = clamp(&text, 2) {
                assert!(short.contains("STOP") && measure(&short).parts == 2, "{at}: {short}");
            }
        }
    }

    #[test]
    fn a_registered_text_is_whole_or_not_sent() {
        assert_eq!(registered_body(" Pay ₹1,499 \n").as_deref(), Ok("Pay Rs 1,499"));
        assert_eq!(registered_body(&"long ".repeat(62)), Err(EncodeError::TextTooLong(MAX_PARTS)));
        assert!(registered_body(&"long ".repeat(61)).is_ok());
        assert_eq!(registered_body(" "), Err(EncodeError::ParameterNotAllowed("body".to_owned())));
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
