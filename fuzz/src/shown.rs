//! What a person may see: buyers on their phones, operators in logs.

use std::fmt::Debug;

use recoup_core::{BuyerFacts, Link, PersonName, Phone};

/// A word that the seeds put where buyers, merchants and strangers write. It stands in no text of ours, so whatever
/// error text holds it has repeated its input.
pub(crate) const MARK: &str = "zqxjkv";

/// An error says nothing of what it was made from.
pub(crate) fn assert_silent(error: &(impl std::fmt::Display + Debug)) {
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.to_ascii_lowercase().contains(MARK), "an error repeats its input: {text}");
        assert!(text.is_ascii() && !text.contains('\n'), "an error repeats its input: {text:?}");
    }
}

/// One line, nothing that hides or reorders what is read.
pub(crate) fn assert_one_plain_line(text: &str) {
    for c in text.chars() {
        assert!(
            !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}'),
            "a line break or control in {text:?}"
        );
        assert!(!bidirectional(c), "a bidirectional control in {text:?}");
        assert!(
            !matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}'),
            "a hidden character in {text:?}"
        );
        assert!(!('\u{e0000}'..='\u{e007f}').contains(&c), "a hidden tag in {text:?}");
    }
}

/// Unicode's `Bidi_Control`.
fn bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `+`, then 7 to 15 digits of which the first is not 0.
pub(crate) fn assert_e164(phone: &str) {
    let digits = phone.strip_prefix('+').expect("a phone starts with a plus");
    assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "not E.164");
    assert!(!digits.starts_with('0'), "no country code starts with 0");
}

/// Nothing in a name reads as a link or is taken for a variable.
pub(crate) fn assert_plain_name(name: &str) {
    assert_one_plain_line(name);
    assert!((1..=40).contains(&name.chars().count()), "a name of {} characters", name.chars().count());
    assert!(
        !name.contains("://") && !name.contains('@') && !name.contains(['{', '}', '%', '<', '>']),
        "{name:?}"
    );
    assert!(name.trim() == name && !name.contains("  "), "{name:?}");
    let letters: Vec<char> = name.chars().collect();
    for around in letters.windows(3) {
        let host = around[1] == '.' && around[0].is_alphanumeric() && around[2].is_alphanumeric();
        assert!(!host, "a host name in {name:?}");
    }
}

/// What a source said of a buyer is in form, and hides itself.
pub(crate) fn assert_fit(buyer: &BuyerFacts) {
    if let Some(phone) = &buyer.phone {
        assert_e164(phone.expose());
    }
    if let Some(name) = &buyer.name {
        assert_plain_name(name.expose());
    }
    for text in [&buyer.locale, &buyer.zone].into_iter().flatten() {
        assert!((1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()), "{text:?}");
    }
}

/// What is shown for debugging holds neither number, name nor link.
pub(crate) fn assert_hidden(
    shown: &str,
    phone: Option<&Phone>,
    name: Option<&PersonName>,
    link: Option<&Link>,
) {
    // A name of one plain word may stand in an id as well; any other cannot.
    let word = |name: &&str| name.bytes().all(|b| b.is_ascii_graphic());
    let name = name.map(PersonName::expose).filter(|name| !word(name));
    for hidden in [phone.map(Phone::expose), name, link.map(Link::expose)].into_iter().flatten() {
        assert!(!shown.contains(hidden), "what must stay hidden shows in {shown}");
    }
}
