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

/// ISO 4217 list one, funds and metals left out, by exponent.
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
        let listed = |list: &str| list.split_ascii_whitespace().any(|code| code.as_bytes() == self.0);
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
