//! Subscriptions: mandates that Cashfree charges.

use recoup_core::{Fact, Obligation, PaymentFailed};

use super::body::Data;
use super::failure::buyer;
use super::{Said, prefixed};
use crate::{Ignored, NormaliseError, read};

fn id_of(data: &Data<'_>) -> Option<Obligation> {
    let id = data.subscription_id.text().or_else(|| data.subscription().id.text())?;
    prefixed("sub", &id)
}

/// What is owed is the charge, by the merchant's id of it; a retry repeats that id.
fn charge(data: &Data<'_>) -> Result<Obligation, NormaliseError> {
    let missing = NormaliseError::Missing { member: "data.payment_id" };
    let id = data.payment_id.number_or_text().ok_or(missing)?;
    prefixed("charge", &id).ok_or(NormaliseError::Malformed { member: "data.payment_id" })
}

/// Reads a failed charge. Cashfree counts the retries, so that the first attempt is its 0.
pub(super) fn failed(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let charge = charge(data)?;
    if data.payment_status.text().is_some_and(|status| status != "FAILED") {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let amount = read::decimal(data.payment_amount, data.payment_currency);
    let retries = data.retry_attempts.integer("data.retry_attempts").ok().flatten();
    let attempt = retries.and_then(|retries| u32::try_from(retries).ok()?.checked_add(1));
    let failed = PaymentFailed {
        attempt,
        amount,
        buyer: buyer(data, &read::MerchantData::default()),
        links: id_of(data).into_iter().collect(),
        ..PaymentFailed::default()
    };
    let subject = format!("{charge}-{}", attempt.unwrap_or_default());
    let facts = vec![(charge, Fact::PaymentFailed(Box::new(failed)))];
    Ok(Said { facts, subject, ..Said::default() })
}

/// A charge came. A charge that failed for good is not made again under its own id, so a later one settles it too.
pub(super) fn charged(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let charge = charge(data)?;
    if data.payment_status.text().is_some_and(|status| status != "SUCCESS") {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let subject = charge.to_string();
    let standing = id_of(data).map(|subscription| (subscription, Fact::Recovered));
    Ok(Said {
        facts: [(charge, Fact::Paid)].into_iter().chain(standing).collect(),
        subject,
        ..Said::default()
    })
}

/// The states that end a mandate by somebody's will, and the one in which Cashfree has stopped charging it.
pub(super) fn changed(data: &Data<'_>) -> Result<Said, NormaliseError> {
    let member = "data.subscription_details.subscription_id";
    let subscription = id_of(data).ok_or(NormaliseError::Missing { member })?;
    let member = "data.subscription_details.subscription_status";
    let status = data.subscription().status.text().ok_or(NormaliseError::Missing { member })?;
    let fact = match &*status {
        "CANCELLED" | "CUSTOMER_CANCELLED" => Fact::SubscriptionCancelled,
        "ON_HOLD" => Fact::SubscriptionHalted,
        _ => return Ok(Said::ignored(Ignored::UnknownType)),
    };
    let subject = format!("{subscription}-{status}");
    Ok(Said { facts: vec![(subscription, fact)], subject, ..Said::default() })
}
