//! Money: integer minor units and an ISO 4217 currency that knows its exponent.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A currency code outside ISO 4217's active list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown currency code")]
pub struct UnknownCurrency;

/// An active ISO 4217 currency, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// ISO 4217 list one, funds and metals left out, by exponent. Three letters and one space each: a look-up walks in fours.
const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const EXPONENT_2: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR \
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE \
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";

impl Currency {
    /// Parses a three-letter code in either case.
    ///
    /// # Errors
    /// [`UnknownCurrency`] when the code is not an active one.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let mut bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        bytes.make_ascii_uppercase();
        let currency = Self(bytes);
        if currency.look_up().is_some() { Ok(currency) } else { Err(UnknownCurrency) }
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits the minor unit has.
    pub fn exponent(self) -> u8 {
        self.look_up().unwrap_or(2)
    }

    fn look_up(self) -> Option<u8> {
        let lists = [(EXPONENT_2, 2), (EXPONENT_0, 0), (EXPONENT_3, 3)];
        let listed = |list: &str| list.as_bytes().chunks(4).any(|code| code.starts_with(&self.0));
        lists.into_iter().find(|(list, _)| listed(list)).map(|(_, exponent)| exponent)
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in minor units: 1500 JPY is 1500 yen, 1500 KWD is 1.500 dinar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's minor unit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// Reads an amount that a source counts in units of `10^-exponent`, which need not be the currency's own minor unit;
    /// `None` for a fraction of a minor unit and for more than 64 bits.
    pub fn from_units(amount: i64, exponent: u8, currency: Currency) -> Option<Self> {
        let own = currency.exponent();
        let power = |digits: u8| 10_i64.checked_pow(u32::from(digits));
        let minor = if exponent <= own {
            amount.checked_mul(power(own - exponent)?)?
        } else {
            let divisor = power(exponent - own)?;
            if amount % divisor != 0 {
                return None;
            }
            amount / divisor
        };
        Some(Self { minor, currency })
    }

    /// Reads a decimal number as sources write it, `29.90`, `-3` or `4980.00` (for yen), without ever going through a
    /// floating-point number; `None` for anything else, for a fraction of a minor unit and for more than 64 bits.
    pub fn from_decimal(text: &str, currency: Currency) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let own = usize::from(currency.exponent());
        let significant = fraction.trim_end_matches('0');
        if significant.len() > own {
            return None;
        }
        let sign = if unsigned.len() < text.len() { "-" } else { "" };
        let minor = format!("{sign}{whole}{significant:0<own$}").parse().ok()?;
        Some(Self { minor, currency })
    }
}

impl fmt::Display for Money {
    /// Writes `49.00 USD`: unambiguous in every locale, and inside the SMS alphabet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = usize::from(self.currency.exponent());
        let unit = 10_u64.pow(u32::from(self.currency.exponent()));
        let magnitude = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / unit)?;
        if exponent > 0 {
            write!(f, ".{:0exponent$}", magnitude % unit)?;
        }
        write!(f, " {}", self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(minor: i64, code: &str) -> String {
        Money { minor, currency: Currency::parse(code).expect("known") }.to_string()
    }

    #[test]
    fn r7_every_listed_currency_is_found_with_its_exponent_and_no_other() {
        for (list, exponent) in [(EXPONENT_0, 0), (EXPONENT_2, 2), (EXPONENT_3, 3)] {
            for code in list.split(' ') {
                assert_eq!(Currency::parse(code).map(Currency::exponent), Ok(exponent), "{code}");
            }
        }
        for code in ["", "US", "USDX", "XAU", "SD ", "D A", "\u{e9}u"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency), "{code}");
        }
    }

    #[test]
    fn r7_amounts_show_the_currency_s_own_decimals() {
        for (minor, code, expected) in [
            (4900, "usd", "49.00 USD"),
            (1500, "JPY", "1500 JPY"),
            (1500, "KWD", "1.500 KWD"),
            (5, "KWD", "0.005 KWD"),
            (0, "INR", "0.00 INR"),
            (-250, "EUR", "-2.50 EUR"),
            (i64::MIN, "JPY", "-9223372036854775808 JPY"),
            (i64::MAX, "USD", "92233720368547758.07 USD"),
        ] {
            assert_eq!(shown(minor, code), expected);
        }
    }

    #[test]
    fn r7_decimals_become_minor_units_exactly_or_not_at_all() {
        for (text, code, expected) in [
            ("29.90", "USD", Some(2990)),
            ("29.9", "USD", Some(2990)),
            ("29", "USD", Some(2900)),
            ("0.00", "USD", Some(0)),
            ("-3.50", "EUR", Some(-350)),
            ("-0.05", "EUR", Some(-5)),
            ("4980.00", "JPY", Some(4980)),
            ("4980", "JPY", Some(4980)),
            ("4980.50", "JPY", None),
            ("1.5", "KWD", Some(1500)),
            ("1.2345", "KWD", None),
            ("29.900", "USD", Some(2990)),
            ("29.901", "USD", None),
            ("92233720368547758.07", "USD", Some(i64::MAX)),
            ("92233720368547758.08", "USD", None),
            ("1e3", "USD", None),
            ("1,000.00", "USD", None),
            (".5", "USD", None),
            ("5.", "USD", None),
            ("", "USD", None),
            ("-", "USD", None),
            ("--1", "USD", None),
            ("+1", "USD", None),
            (" 1", "USD", None),
            ("٣", "USD", None),
        ] {
            let currency = Currency::parse(code).expect("known");
            assert_eq!(
                Money::from_decimal(text, currency).map(|money| money.minor),
                expected,
                "{text} {code}"
            );
        }
    }

    #[test]
    fn r7_units_of_a_source_become_the_currency_s_own() {
        for (amount, exponent, code, expected) in [
            (4900, 2, "USD", Some(4900)),
            (150_000, 2, "ISK", Some(1500)),
            (150_050, 2, "ISK", None),
            (5000, 0, "MGA", Some(500_000)),
            (-5000, 0, "MGA", Some(-500_000)),
            (1500, 3, "KWD", Some(1500)),
            (150, 2, "KWD", Some(1500)),
            (i64::MAX, 0, "MGA", None),
            (1, 200, "USD", None),
        ] {
            let currency = Currency::parse(code).expect("known");
            let money = Money::from_units(amount, exponent, currency);
            assert_eq!(money.map(|money| money.minor), expected, "{amount} {exponent} {code}");
        }
    }

    #[test]
    fn r7_an_unknown_currency_is_refused() {
        for code in ["", "us", "usdd", "xxx", "$$$", "€", "zzz"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency), "{code}");
        }
    }

    proptest! {
        #[test]
        fn r7_the_digits_of_every_amount_survive(minor in any::<i64>(), code in prop::sample::select(vec!["JPY", "USD", "KWD"])) {
            let text = shown(minor, code);
            let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect();
            prop_assert_eq!(digits.parse::<i128>().ok(), Some(i128::from(minor)));
        }
    }
}
