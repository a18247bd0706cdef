//! Numbers as they are written, and the one form they are compared in.

use proptest::prelude::*;
use recoup_core::{Phone, RecipientId, Secret};

fn e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// What people write between digits.
const BLANKS: [&str; 8] = ["", " ", "-", ".", "(", ") ", "/", "\u{a0}"];

/// Numbers of the countries that Meta writes in two forms come up often.
fn numbers() -> impl Strategy<Value = String> {
    ("(52|521|54|549|55|5511|1|44|91)?", "[0-9]{5,13}").prop_map(|(code, rest)| code + &rest)
}

proptest! {
    #[test]
    fn f38_a_number_is_e164_or_is_not_taken(text in "[+0-9 ().a-z/-]{0,24}|.{0,20}") {
        if let Ok(phone) = Phone::parse(&text) {
            prop_assert!(e164(phone.expose()), "{}", phone.expose());
            prop_assert_eq!(Phone::parse(phone.expose()), Ok(phone));
        }
    }

    #[test]
    fn f38_how_a_number_is_written_does_not_matter(
        digits in numbers(),
        blanks in prop::collection::vec(prop::sample::select(BLANKS.to_vec()), 20),
    ) {
        let plain = Phone::parse(&format!("+{digits}"));
        prop_assert_eq!(plain.is_ok(), (7..=15).contains(&digits.len()) && !digits.starts_with('0'));
        let digit_by_digit = digits.split_inclusive(|c: char| c.is_ascii_digit());
        let dressed: String = digit_by_digit.zip(blanks).flat_map(|(digit, blank)| [digit, blank]).collect();
        prop_assert_eq!(&Phone::parse(&format!(" +{dressed} ")), &plain);
        prop_assert_eq!(&Phone::parse(&format!("00{dressed}")), &plain);
        prop_assert_eq!(&Phone::from_wa_id(&digits), &plain);
    }

    #[test]
    fn o28_the_canonical_form_is_a_number_and_its_own(digits in numbers()) {
        let Ok(phone) = Phone::parse(&format!("+{digits}")) else { return Ok(()) };
        let canonical = phone.canonical();
        prop_assert!(e164(&canonical), "{canonical}");
        let same = Phone::parse(&canonical).expect("a number");
        prop_assert_eq!(same.canonical(), canonical);
        let pepper = Secret::parse("a pepper for tests").expect("fit");
        prop_assert_eq!(RecipientId::of(&pepper, &phone), RecipientId::of(&pepper, &same));
    }
}
