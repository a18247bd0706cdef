//! What an item says: the list of all event codes that start or stop something.

use recoup_core::{
    BuyerFacts, Checkout, Currency, CustomerId, Email, Fact, Money, Obligation, PaymentFailed, PersonName,
    Phone, PushToken,
};
use ring::digest;

use super::item::{Decoration, Item};
use super::{Reading, decline};
use crate::json::Member;
use crate::read::{first, id, links};
use crate::signature::encode_hex;
use crate::{Ignored, NormaliseError};

/// Reads an item. Which obligation, which fact and which amount are taken from signed members only.
pub(super) fn read(item: &Item<'_>, code: &str) -> Result<Reading, NormaliseError> {
    // What "Test configuration" of the Customer Area sends: `test_AUTHORISATION_1`.
    if item.psp.text().is_some_and(|psp| psp.starts_with("test_")) {
        return Ok(Reading::Ignored(Ignored::Test));
    }
    match (code, item.success()?) {
        ("AUTHORISATION", false) => failure(item, false, item.decoration().is_of_checkout()),
        ("CAPTURE_FAILED", _) => failure(item, false, false),
        ("AUTORESCUE", false) => failure(item, true, false),
        // A card that is only checked or stored is authorised for nothing.
        ("AUTHORISATION", true) if is_for_nothing(item) => Ok(Reading::Ignored(Ignored::NothingOwed)),
        ("AUTHORISATION" | "CAPTURE" | "ORDER_CLOSED", true) => one(item, Fact::Paid),
        ("AUTORESCUE", true) => rescued(item),
        ("CANCELLATION" | "TECHNICAL_CANCEL", true) | ("EXPIRE", _) => one(item, Fact::Voided),
        // A reversal is always of the whole payment; a refund says only how much it is, not of how much.
        ("CANCEL_OR_REFUND", true) => one(item, Fact::Refunded { full: true }),
        ("REFUND", true) => one(item, Fact::Refunded { full: false }),
        ("NOTIFICATION_OF_CHARGEBACK" | "CHARGEBACK", _) => one(item, Fact::DisputeOpened),
        ("CHARGEBACK_REVERSED" | "PREARBITRATION_WON", _) => one(item, Fact::DisputeClosed { won: true }),
        ("SECOND_CHARGEBACK" | "PREARBITRATION_LOST", _) => one(item, Fact::DisputeClosed { won: false }),
        ("OFFER_CLOSED", _) => abandoned(item),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

fn one(item: &Item<'_>, fact: Fact) -> Result<Reading, NormaliseError> {
    Ok(Reading::Facts(vec![(obligation(item)?, fact)]))
}

/// The merchant's own reference of the payment: the same for the next try. It is free text, so one that does not fit a
/// key is stood for by its digest. Without one, Adyen's reference of the payment.
fn obligation(item: &Item<'_>) -> Result<Obligation, NormaliseError> {
    let member = "merchantReference";
    let texts = [item.reference, item.original, item.psp].map(Member::text);
    let text = texts.into_iter().flatten().find(|text| !text.trim().is_empty());
    let text = text.ok_or(NormaliseError::Missing { member })?;
    let digested = || {
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        Obligation::parse(&format!("sha256-{}", encode_hex(digest.as_ref()))).ok()
    };
    id(&text).or_else(digested).ok_or(NormaliseError::Malformed { member })
}

/// A payment that Adyen's own retries brought in: settles the reference and the payment that had failed.
fn rescued(item: &Item<'_>) -> Result<Reading, NormaliseError> {
    let obligation = obligation(item)?;
    let original = links(&obligation, [item.original.text()]);
    let settled = std::iter::once(obligation).chain(original);
    Ok(Reading::Facts(settled.map(|obligation| (obligation, Fact::Paid)).collect()))
}

fn failure(item: &Item<'_>, rescue_ended: bool, one_time: bool) -> Result<Reading, NormaliseError> {
    if is_for_nothing(item) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let obligation = obligation(item)?;
    let decoration = item.decoration();
    let attempt = decoration.attempt.number_or_text().and_then(|attempt| attempt.parse().ok());
    let failed = PaymentFailed {
        attempt: attempt.filter(|attempt| *attempt > 0),
        next_retry: None,
        last_attempt: rescue_ended || flag(decoration.rescue_scheduled) == Some(false),
        decline: decline::class(item.reason.text().as_deref(), decoration.advice.text().as_deref()),
        amount: money(item),
        pay_link: None,
        number: item.reference.text().and_then(|reference| PersonName::clean(&reference)),
        buyer: buyer(&decoration),
        links: links(&obligation, [item.psp.text(), item.original.text()]),
        one_time,
        unlinked: false,
    };
    Ok(Reading::Facts(vec![(obligation, Fact::PaymentFailed(Box::new(failed)))]))
}

/// The shopper left before paying, or let a payment link or a voucher expire.
fn abandoned(item: &Item<'_>) -> Result<Reading, NormaliseError> {
    let obligation = obligation(item)?;
    let checkout = Checkout {
        amount: money(item),
        resume_link: None,
        number: item.reference.text().and_then(|reference| PersonName::clean(&reference)),
        buyer: buyer(&item.decoration()),
        links: links(&obligation, [item.psp.text()]),
        marketing_consent: None,
    };
    Ok(Reading::Facts(vec![(obligation, Fact::CheckoutAbandoned(Box::new(checkout)))]))
}

/// Who: not signed, and no more than where a message goes.
fn buyer(decoration: &Decoration<'_>) -> BuyerFacts {
    BuyerFacts {
        customer: decoration.shopper.text().and_then(|shopper| CustomerId::parse(&shopper).ok()),
        phone: decoration.whatsapp_phone.text().and_then(|phone| Phone::parse(&phone).ok()),
        email: decoration.email.text().and_then(|email| Email::parse(&email)),
        push: first([decoration.push_token], PushToken::parse),
        ..BuyerFacts::default()
    }
}

fn value(item: &Item<'_>) -> Option<i64> {
    item.amount().value.number_or_text()?.parse().ok()
}

fn is_for_nothing(item: &Item<'_>) -> bool {
    value(item).is_some_and(|value| value <= 0)
}

/// The amount; four currencies have other decimals at Adyen than in ISO 4217 (Adyen docs, "Currency codes and minor
/// units").
fn money(item: &Item<'_>) -> Option<Money> {
    let currency = Currency::parse(&item.amount().currency.text()?).ok()?;
    let exponent = match currency.code() {
        "CLP" | "ISK" => 2,
        "CVE" | "IDR" => 0,
        _ => currency.exponent(),
    };
    Money::from_units(value(item)?, exponent, currency)
}

fn flag(member: Member<'_>) -> Option<bool> {
    member.flag().or_else(|| member.text()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_adyen_amounts_become_iso_minor_units() {
        for (value, currency, expected) in [
            ("1000", "EUR", Some("10.00 EUR")),
            ("\"1000\"", "EUR", Some("10.00 EUR")),
            ("1500", "JPY", Some("1500 JPY")),
            ("1500", "KWD", Some("1.500 KWD")),
            ("150000", "CLP", Some("1500 CLP")),
            ("150050", "CLP", None),
            ("150000", "ISK", Some("1500 ISK")),
            ("1500", "CVE", Some("1500.00 CVE")),
            ("1500", "IDR", Some("1500.00 IDR")),
            ("9223372036854775807", "CVE", None),
            ("10.5", "EUR", None),
            ("1e3", "EUR", None),
            ("null", "EUR", None),
            ("1000", "CNH", None),
        ] {
            let text = format!(r#"{{"amount":{{"value":{value},"currency":"{currency}"}}}}"#);
            let item: Item<'_> = serde_json::from_str(&text).expect("an item");
            assert_eq!(
                money(&item).map(|money| money.to_string()).as_deref(),
                expected,
                "{value} {currency}"
            );
        }
    }

    #[test]
    fn a_reference_that_fits_no_key_is_the_same_for_every_try_and_another_for_every_text() {
        let of = |reference: &str| {
            let text =
                serde_json::json!({ "merchantReference": reference, "pspReference": "P1" }).to_string();
            obligation(&serde_json::from_str(&text).expect("an item")).expect("a key")
        };
        assert_eq!(of("ORDER-1").as_str(), "ORDER-1");
        assert_eq!(of("a:b").as_str(), "a.3ab");
        assert_eq!(of("Order 1, señora"), of("Order 1, señora"));
        assert_ne!(of("Order 1"), of("Order 2"));
        assert_eq!(of("").as_str(), "P1");
        let none: Item<'_> = serde_json::from_str("{}").expect("an item");
        assert_eq!(obligation(&none), Err(NormaliseError::Missing { member: "merchantReference" }));
    }
}
