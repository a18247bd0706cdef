//! Customers and what they pay with.

use recoup_core::{BuyerFacts, Fact};

use super::body::{Before, Object};
use super::buyer::Sources;
use super::{Reading, obligation, own_id};
use crate::json::Member;
use crate::{Ignored, NormaliseError};

/// Reads a customer whose data changed. One of whom nothing is known (the balance changed) tells nothing.
pub(super) fn updated(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let id = own_id(object)?;
    let buyer = Sources::of_customer(&object.as_customer()).buyer();
    if buyer == (BuyerFacts { customer: buyer.customer.clone(), ..BuyerFacts::default() }) {
        return Ok(Reading::Ignored(Ignored::UnknownType));
    }
    Ok(Reading::one(id, Fact::CustomerUpdated(Box::new(buyer))))
}

/// Reads a card that a customer gave or that the network renewed. One of nobody helps nobody.
pub(super) fn card_updated(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let Some(customer) = object.customer.id() else { return Ok(Reading::Ignored(Ignored::UnknownType)) };
    Ok(Reading::one(obligation(Some(&customer), "data.object.customer")?, Fact::CardUpdated))
}

/// Reads a change that the merchant made: it may be of the card, or of the address that belongs to it.
pub(super) fn method_updated(object: &Object<'_>, before: Member<'_>) -> Result<Reading, NormaliseError> {
    let before: Before<'_> = before.object().unwrap_or_default();
    if before.card.is_absent() {
        return Ok(Reading::Ignored(Ignored::UnknownType));
    }
    card_updated(object)
}
