//! Charges: money that went back, and disputes about it.

use recoup_core::{Fact, Obligation};

use super::body::{Charge, Object};
use super::{Reading, first_id, obligation};
use crate::NormaliseError;

/// Reads a refund, full or in part. Pieces of it are told by `refund.*` too, which do not say what the charge was.
pub(super) fn refunded(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let amount = object.amount.integer("data.object.amount")?;
    let refunded = object.amount_refunded.integer("data.object.amount_refunded")?;
    let full = object.refunded.flag() == Some(true) || (amount.is_some() && amount == refunded);
    let id = first_id(&[object.invoice, object.payment_intent, object.id]);
    Ok(Reading::one(obligation(id.as_deref(), "data.object.id")?, Fact::Refunded { full }))
}

/// Reads that a dispute was opened.
pub(super) fn dispute_opened(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    Ok(Reading::one(disputed(object)?, Fact::DisputeOpened))
}

/// Reads the end of a dispute.
pub(super) fn dispute_closed(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let won = matches!(object.status.text().as_deref(), Some("won" | "warning_closed"));
    Ok(Reading::one(disputed(object)?, Fact::DisputeClosed { won }))
}

/// Reads that the money of a dispute came back, which may be told before its end. Of a lost one only a part does.
pub(super) fn funds_reinstated(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let won = object.status.text().as_deref() != Some("lost");
    Ok(Reading::one(disputed(object)?, Fact::DisputeClosed { won }))
}

/// What the disputed charge paid for, as far as the body says: an invoice, a payment intent, or the charge itself.
fn disputed(object: &Object<'_>) -> Result<Obligation, NormaliseError> {
    let charge: Charge<'_> = object.charge.object().unwrap_or_default();
    let id = first_id(&[charge.invoice, charge.payment_intent, object.payment_intent, object.charge]);
    obligation(id.as_deref(), "data.object.charge")
}
