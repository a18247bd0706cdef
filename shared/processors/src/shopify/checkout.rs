//! Checkouts.

use recoup_core::{Checkout, Fact, Link, Money, Phone};

use super::body::{Body, is_nothing, is_set};
use super::{Said, buyer};
use crate::read::{decimal, first, id, links, obligation, time};
use crate::{Ignored, NormaliseError};

/// Reads a checkout; `make` is what the topic says of one that is not completed yet.
pub(super) fn read(body: &Body<'_>, make: fn(Box<Checkout>) -> Fact) -> Result<Said, NormaliseError> {
    let own = obligation(body.token.text().as_deref(), "token")?;
    let others = links(&own, [body.cart_token.text(), body.id.number_or_text()]);
    if is_set(body.completed_at) {
        // The cart is bought, and with it every other checkout that was begun from it.
        let facts = [vec![own], others].concat().into_iter().map(|name| (name, Fact::CheckoutCompleted));
        return Ok(Said::facts(facts.collect(), first([body.completed_at], time)));
    }
    if is_nothing(body.total_price) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let buyer = buyer::of_purchase(body);
    let checkout = Checkout {
        amount: amount(body),
        resume_link: first([body.abandoned_checkout_url], |url| Link::parse(url).ok()),
        number: None,
        marketing_consent: marketing_consent(body, buyer.phone.as_ref()),
        links: others,
        buyer,
    };
    Ok(Said::one(own, make(Box::new(checkout)), body.changed_at()))
}

/// A checkout that was deleted, under its token, or under the other names it had when the body gives no token.
pub(super) fn deleted(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let names = if let Some(token) = body.token.text() {
        vec![obligation(Some(&token), "token")?]
    } else {
        let others = [body.cart_token.text(), body.id.number_or_text()];
        others.into_iter().flatten().filter_map(|name| id(&name)).collect()
    };
    if names.is_empty() {
        return Err(NormaliseError::Missing { member: "token" });
    }
    let facts = names.into_iter().map(|name| (name, Fact::Voided)).collect();
    Ok(Said::facts(facts, body.changed_at()))
}

/// All amounts of a checkout are in the currency the buyer sees; `currency` is the shop's.
fn amount(body: &Body<'_>) -> Option<Money> {
    let named = is_set(body.presentment_currency);
    decimal(body.total_price, if named { body.presentment_currency } else { body.currency })
}

/// Whether the buyer agreed to messages in this checkout.
///
/// `buyer_accepts_marketing` is about e-mail alone, so it can deny and not grant. The agreement to text messages holds for
/// the number it was given with, and for no other that stands in the same checkout.
fn marketing_consent(body: &Body<'_>, phone: Option<&Phone>) -> Option<bool> {
    match body.buyer_accepts_sms_marketing.flag() {
        Some(true) => {
            let agreed = first([body.sms_marketing_phone], |text| Phone::parse(text).ok());
            (agreed.is_some() && agreed.as_ref() == phone).then_some(true)
        }
        Some(false) => Some(false),
        None => body.buyer_accepts_marketing.flag().filter(|agreed| !agreed),
    }
}
