//! Phone numbers as buyers and merchants write them. Input: the text.

use recoup_core::{Phone, RecipientId, Zones};

use crate::input::secret;
use crate::shown::{assert_e164, assert_silent};

/// What is taken is E.164 with the digits that were written; its canonical form is a number too, and stays itself.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Phone::parse(&text) {
        Ok(phone) => check_taken(&phone, &text),
        Err(error) => assert_silent(&error),
    }
    if let Ok(phone) = Phone::from_wa_id(&text) {
        check_taken(&phone, &format!("+{text}"));
    }
}

fn check_taken(phone: &Phone, text: &str) {
    assert_e164(phone.expose());
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let written = if text.contains('+') { digits.as_str() } else { digits.strip_prefix("00").unwrap_or("") };
    assert_eq!(&phone.expose()[1..], written, "other digits than were written");
    assert_eq!(Phone::parse(phone.expose()).as_ref(), Ok(phone));
    assert_eq!(Phone::from_wa_id(&phone.expose()[1..]).as_ref(), Ok(phone));
    assert_eq!(format!("{phone:?}"), "Phone(redacted)");

    let canonical = phone.canonical();
    assert_e164(&canonical);
    let same = Phone::parse(&canonical).expect("a canonical form is a number");
    assert_eq!(same.canonical(), canonical, "the canonical form is its own");
    let pepper = secret("pepper");
    assert_eq!(RecipientId::of(&pepper, phone), RecipientId::of(&pepper, &same), "one buyer, one recipient");
    assert_eq!(Zones::of(None, Some(phone)), Zones::of(Some("no such zone"), Some(phone)));
}
