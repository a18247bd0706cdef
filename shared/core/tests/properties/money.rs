//! Amounts, in currencies of every exponent, up to the ends of what fits.

use proptest::prelude::*;
use recoup_core::{Currency, Money, UnknownCurrency};

/// Codes and their exponents, by ISO 4217's own list.
const CURRENCIES: [(&str, usize); 9] = [
    ("JPY", 0),
    ("CLP", 0),
    ("ISK", 0),
    ("USD", 2),
    ("INR", 2),
    ("MGA", 2),
    ("KWD", 3),
    ("BHD", 3),
    ("TND", 3),
];

/// Reads an amount the way a person does: digits, a point at most, a currency.
fn read(text: &str) -> Option<(i128, usize, &str)> {
    let (amount, code) = text.split_once(' ')?;
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let written = !unsigned.is_empty() && plain(unsigned) && plain(decimals) && !amount.ends_with('.');
    let leading_zero = unsigned.len() > 1 && unsigned.starts_with('0');
    let minor = format!("{whole}{decimals}").parse().ok()?;
    (written && !leading_zero).then_some((minor, decimals.len(), code))
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -2_000_i64..2_000,
        prop::sample::select(vec![0, 1, -1, 9, 10, 99, 100, 999, 1_000, i64::MIN, i64::MIN + 1, i64::MAX]),
    ]
}

proptest! {
    #[test]
    fn f40_every_amount_reads_back_with_its_currency_s_own_decimals(
        minor in amounts(),
        (code, exponent) in prop::sample::select(CURRENCIES.to_vec()),
    ) {
        let currency = Currency::parse(code).expect("known");
        prop_assert_eq!(usize::from(currency.exponent()), exponent);
        let text = Money { minor, currency }.to_string();
        prop_assert_eq!(read(&text), Some((i128::from(minor), exponent, code)), "{}", text);
    }

    #[test]
    fn f40_a_currency_is_known_in_either_case_or_not_at_all(code in "[A-Za-z]{3}|.{0,4}") {
        let read = Currency::parse(&code);
        prop_assert_eq!(read, Currency::parse(&code.to_ascii_lowercase()));
        match read {
            Ok(currency) => {
                prop_assert_eq!(currency.code(), code.to_ascii_uppercase());
                prop_assert!(matches!(currency.exponent(), 0 | 2 | 3));
            }
            Err(UnknownCurrency) => {
                prop_assert!(CURRENCIES.iter().all(|(known, _)| !known.eq_ignore_ascii_case(&code)));
            }
        }
    }
}
