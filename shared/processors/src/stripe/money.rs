//! Stripe's amounts, which are not always ISO 4217 minor units.

use recoup_core::{Currency, Money};

/// Converts an amount as Stripe writes it; `None` for a currency outside ISO 4217 or a fraction of a minor unit.
///
/// Stripe writes ISK and UGX with two decimals, although ISO gives them none, and MGA with none, although ISO gives
/// it two (facts: webhook-sources section 5).
pub(super) fn money(amount: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(currency).ok()?;
    let exponent = match currency.code() {
        "ISK" | "UGX" => 2,
        "MGA" => 0,
        _ => currency.exponent(),
    };
    Money::from_units(amount, exponent, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_stripe_amounts_become_iso_minor_units() {
        for (amount, currency, expected) in [
            (4900, "usd", Some("49.00 USD")),
            (1500, "jpy", Some("1500 JPY")),
            (1500, "kwd", Some("1.500 KWD")),
            (150_000, "isk", Some("1500 ISK")),
            (150_050, "isk", None),
            (500_000, "ugx", Some("5000 UGX")),
            (5000, "mga", Some("5000.00 MGA")),
            (i64::MAX, "mga", None),
            (i64::MAX, "usd", Some("92233720368547758.07 USD")),
            (100, "zzz", None),
            (100, "", None),
        ] {
            assert_eq!(
                money(amount, currency).map(|money| money.to_string()).as_deref(),
                expected,
                "{currency}"
            );
        }
    }
}
