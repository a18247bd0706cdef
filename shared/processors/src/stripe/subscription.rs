//! Subscriptions: what became of one, and what it was before.

use recoup_core::Fact;

use super::body::{Before, Object};
use super::{Reading, obligation, own_id};
use crate::json::Member;
use crate::{Ignored, NormaliseError};

/// Reads the end of a subscription: for its last invoice, which is what is dunned, and for the subscription itself,
/// which stops invoices not yet seen.
pub(super) fn ended(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let mut facts = Vec::with_capacity(2);
    if let Some(invoice) = object.latest_invoice.id() {
        facts.push((obligation(Some(&invoice), "data.object.latest_invoice")?, Fact::SubscriptionCancelled));
    }
    facts.push((own_id(object)?, Fact::SubscriptionCancelled));
    Ok(Reading::Facts(facts))
}

/// Reads a subscription that Stripe no longer bills.
pub(super) fn halted(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    Ok(Reading::one(own_id(object)?, Fact::SubscriptionHalted))
}

/// Reads a change: only one of the status says something, and only with what the status was `before`, since every other
/// change repeats it. The two statuses that nothing leads out of say it alone.
pub(super) fn updated(object: &Object<'_>, before: Member<'_>) -> Result<Reading, NormaliseError> {
    let before: Before<'_> = before.object().unwrap_or_default();
    match (before.status.text().as_deref(), object.status.text().as_deref()) {
        (_, Some("canceled" | "incomplete_expired")) => ended(object),
        (Some(_), Some("unpaid" | "paused")) => halted(object),
        (Some(_), Some("past_due")) => Ok(Reading::one(own_id(object)?, Fact::SubscriptionPastDue)),
        (Some("past_due" | "unpaid" | "incomplete"), Some("active")) => {
            Ok(Reading::one(own_id(object)?, Fact::Recovered))
        }
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}
