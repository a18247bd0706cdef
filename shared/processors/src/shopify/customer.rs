//! What Shopify says of a customer apart from any purchase.

use recoup_core::{BuyerFacts, ConsentChanged, Fact, OptOutScope, PersonName, Phone};

use super::body::{Body, Consent};
use super::{Said, buyer};
use crate::json::Member;
use crate::read::{first, obligation, time};
use crate::{Ignored, NormaliseError};

/// A customer whose data is new.
pub(super) fn updated(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = obligation(body.id.number_or_text().as_deref(), "id")?;
    let facts = buyer::of_customer(body);
    Ok(Said::one(own, Fact::CustomerUpdated(Box::new(facts)), body.changed_at()))
}

/// A card that a customer gave or renewed.
pub(super) fn card(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = obligation(body.customer_id.number_or_text().as_deref(), "customer_id")?;
    Ok(Said::one(own, Fact::CardUpdated, body.changed_at()))
}

/// An agreement to marketing by text message or by WhatsApp, or its withdrawal.
///
/// Both are about marketing on every channel: recoup knows one agreement to marketing, and a buyer who withdraws it on one
/// channel is not followed to another. An agreement that waits for its confirmation is none yet.
pub(super) fn consent(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let customer = [body.customer_id, body.id].into_iter().find_map(Member::number_or_text);
    let own = obligation(customer.as_deref(), "customer_id")?;
    let given = [body.whats_app_marketing_consent, body.sms_marketing_consent];
    let given: Consent<'_> = given.into_iter().find_map(Member::object).unwrap_or_default();
    let granted = match given.state.text().as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("subscribed") => true,
        Some("unsubscribed") => false,
        Some(_) | None => return Ok(Said::ignored(Ignored::InProgress)),
    };
    let consent = ConsentChanged {
        scope: OptOutScope::Marketing,
        granted,
        place: PersonName::clean("shopify"),
        text_hash: None,
        buyer: BuyerFacts {
            customer: [body.customer_id, body.id].into_iter().find_map(buyer::customer_id),
            phone: first([body.phone_number, body.phone], |text| Phone::parse(text).ok()),
            ..BuyerFacts::default()
        },
    };
    let at = first([given.sms_updated_at, given.updated_at], time);
    Ok(Said::one(own, Fact::ConsentChanged(Box::new(consent)), at))
}
