//! Amounts and currencies. Input: minor units, currency code.

use recoup_core::{Currency, Money};

use crate::input::Lines;
use crate::shown::assert_silent;

/// An amount shows every digit, its currency's own decimals, and nothing else.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (minor, code) = (input.number(), input.line());
    match Currency::parse(&code) {
        Ok(currency) => check_amount(Money { minor, currency }, &code),
        Err(error) => assert_silent(&error),
    }
    let dinar = Currency::parse("kwd").expect("known");
    check_amount(Money { minor, currency: dinar }, "kwd");
}

fn check_amount(money: Money, code: &str) {
    let currency = money.currency;
    assert_eq!(currency.code(), code.to_ascii_uppercase());
    assert_eq!(Currency::parse(currency.code()), Ok(currency));
    let written = serde_json::to_string(&money).expect("an amount is JSON");
    assert_eq!(serde_json::from_str::<Money>(&written).ok(), Some(money));

    let text = money.to_string();
    let amount = text.strip_suffix(&format!(" {}", currency.code())).expect("the currency comes last");
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    assert_eq!(decimals.len(), usize::from(currency.exponent()), "{text}");
    assert_eq!(format!("{whole}{decimals}").parse().ok(), Some(i128::from(money.minor)), "{text}");
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    assert!(
        !digits.is_empty() && digits.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit()),
        "{text}"
    );
}
