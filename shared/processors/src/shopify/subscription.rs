//! Subscriptions: the attempts to bill a contract, and what becomes of the contract.
//!
//! The contract is the obligation. Its id is a number like an order's, so the key says what it is.

use recoup_core::{DeclineClass, Fact, Obligation, PaymentFailed};

use super::body::Body;
use super::{Said, decline};
use crate::json::Member;
use crate::read::{links, obligation};
use crate::{Ignored, NormaliseError};

/// An attempt to bill that failed; `class` is what the topic says of it already. The body has neither amount nor buyer.
pub(super) fn failed(body: &Body<'_>, class: Option<DeclineClass>) -> Result<Said, NormaliseError> {
    let own = contract_id(body.subscription_contract_id, "subscription_contract_id")?;
    let code = body.error_code.text();
    if code.as_deref().is_some_and(decline::is_not_the_buyers) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let failed = PaymentFailed {
        decline: class.or_else(|| decline::class(&code?)),
        links: links(&own, [body.order_id.number_or_text()]),
        ..PaymentFailed::default()
    };
    Ok(Said::one(own, Fact::PaymentFailed(Box::new(failed)), body.changed_at()))
}

/// An attempt that succeeded: the contract has paid, and the order it made is paid.
pub(super) fn succeeded(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = contract_id(body.subscription_contract_id, "subscription_contract_id")?;
    let orders = links(&own, [body.order_id.number_or_text()]);
    let mut facts = vec![(own, Fact::Recovered)];
    facts.extend(orders.into_iter().map(|order| (order, Fact::Paid)));
    Ok(Said::facts(facts, body.changed_at()))
}

/// What the contract has come to, by its own status and not by the topic.
pub(super) fn contract(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = contract_id(body.id, "id")?;
    let fact = match body.status.text().as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("cancelled" | "expired") => Fact::SubscriptionCancelled,
        Some("failed") => Fact::SubscriptionHalted,
        Some(_) | None => return Ok(Said::ignored(Ignored::InProgress)),
    };
    Ok(Said::one(own, fact, body.changed_at()))
}

fn contract_id(id: Member<'_>, member: &'static str) -> Result<Obligation, NormaliseError> {
    let id = id.number_or_text().ok_or(NormaliseError::Missing { member })?;
    obligation(Some(&format!("SubscriptionContract-{id}")), member)
}
