//! Failed attempts: of an invoice, of a payment intent, and of a checkout that was to be paid later.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::{DeclineClass, Fact, Link, Money, PaymentFailed, PersonName};

use super::body::{InvoicePayment, List, Object, PaymentError, PaymentMade, SubscriptionDetails};
use super::buyer::Sources;
use super::{Reading, decline, first_id, money, obligation, own_id, payment_intent_obligation};
use crate::json::Member;
use crate::read::links;
use crate::{Ignored, NormaliseError};

/// Reads a failed attempt to collect an invoice, or one that waits for the buyer to authenticate.
pub(super) fn invoice(object: &Object<'_>, waits: bool) -> Result<Reading, NormaliseError> {
    if object.is_draft() {
        return Ok(Reading::Ignored(Ignored::Draft));
    }
    let remaining = object.amount_remaining.integer("data.object.amount_remaining")?;
    let owed = match remaining {
        Some(amount) => Some(amount),
        None => object.amount_due.integer("data.object.amount_due")?,
    };
    if owed.is_some_and(|amount| amount <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let expanded: Object<'_> = object.payment_intent.object().unwrap_or_default();
    let error: PaymentError<'_> = expanded.last_payment_error.object().unwrap_or_default();
    let subscription = object.subscription_details();
    let obligation = own_id(object)?;
    let failed = PaymentFailed {
        attempt: attempt(object.attempt_count)?,
        next_retry: next_retry(object.next_payment_attempt)?,
        last_attempt: !waits && is_last_attempt(object),
        decline: if waits { Some(DeclineClass::ActionRequired) } else { decline::class(&error) },
        amount: amount(owed, object),
        pay_link: object.hosted_invoice_url.text().and_then(|url| Link::parse(&url).ok()),
        number: object.number.text().and_then(|number| PersonName::clean(&number)),
        buyer: Sources::of_object(object, &subscription, &error).buyer(),
        links: links(&obligation, invoice_links(object, &subscription)),
        one_time: false,
        unlinked: false,
    };
    Ok(Reading::one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

/// Reads a failed attempt of a payment intent, which may collect an invoice without saying so.
pub(super) fn payment_intent(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let owed = object.amount.integer("data.object.amount")?;
    if owed.is_some_and(|amount| amount <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let error: PaymentError<'_> = object.last_payment_error.object().unwrap_or_default();
    let sources = Sources::of_object(object, &SubscriptionDetails::default(), &error);
    let obligation = payment_intent_obligation(object)?;
    // Since basil an invoice's payment intent no longer names it. One that belongs to a customer and to no order of
    // the merchant's may be such a one; before basil the member was there and said so by being null.
    let unlinked = object.named_invoice().is_none()
        && object.invoice.is_absent()
        && object.customer.id().is_some()
        && !object.names_order(sources.metadata());
    let links = links(&obligation, [object.id.text(), object.latest_charge.id(), error.charge.id()]);
    let failed = PaymentFailed {
        attempt: None,
        next_retry: None,
        last_attempt: false,
        decline: decline::class(&error),
        amount: amount(owed, object),
        pay_link: sources.pay_link(),
        number: None,
        buyer: sources.buyer(),
        links,
        one_time: object.is_of_checkout(sources.metadata()),
        unlinked,
    };
    Ok(Reading::one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

/// Reads a delayed payment (a debit, a transfer) that failed after its checkout was completed.
///
/// The session is no link: it is completed, and that would settle the debt.
pub(super) fn session(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let owed = object.amount_total.integer("data.object.amount_total")?;
    if owed.is_some_and(|amount| amount <= 0) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let id = first_id(&[object.payment_intent, object.invoice, object.id]);
    let obligation = obligation(id.as_deref(), "data.object.id")?;
    let sources = Sources::of_session(object);
    let failed = PaymentFailed {
        amount: amount(owed, object),
        pay_link: sources.pay_link(),
        buyer: sources.buyer(),
        links: links(&obligation, [object.invoice.id(), object.subscription.id()]),
        one_time: object.mode.text().as_deref() == Some("payment") && object.invoice.id().is_none(),
        ..PaymentFailed::default()
    };
    Ok(Reading::one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

fn amount(owed: Option<i64>, object: &Object<'_>) -> Option<Money> {
    money::money(owed?, &object.currency.text()?)
}

/// The attempt, from 1. Stripe's 0 means that it has not counted the attempt yet (it waits for the buyer to
/// authenticate), so no number is given: 1 would be taken for the attempt that is counted next.
fn attempt(count: Member<'_>) -> Result<Option<u32>, NormaliseError> {
    let malformed = NormaliseError::Malformed { member: "data.object.attempt_count" };
    let count = count.integer("data.object.attempt_count")?.unwrap_or_default();
    let count = u32::try_from(count).map_err(|_| malformed)?;
    Ok((count > 0).then_some(count))
}

/// A null time for the next attempt says that no other will follow, except on an invoice that Stripe only sends.
fn is_last_attempt(object: &Object<'_>) -> bool {
    object.next_payment_attempt.is_null()
        && object.collection_method.text().as_deref() != Some("send_invoice")
}

/// When Stripe tries again by itself; null when it will not.
fn next_retry(at: Member<'_>) -> Result<Option<Timestamp>, NormaliseError> {
    let malformed = NormaliseError::Malformed { member: "data.object.next_payment_attempt" };
    let seconds = at.integer("data.object.next_payment_attempt")?;
    seconds.map(|seconds| Timestamp::from_second(seconds).map_err(|_| malformed)).transpose()
}

/// The payment intents, charge and subscription an invoice names, in whichever generation's place.
fn invoice_links<'a>(
    object: &Object<'a>,
    subscription: &SubscriptionDetails<'a>,
) -> Vec<Option<Cow<'a, str>>> {
    let subscription = object.subscription.id().or_else(|| subscription.subscription.id());
    let mut ids = vec![subscription, object.payment_intent.id(), object.charge.id()];
    let payments: List<'a> = object.payments.object().unwrap_or_default();
    for payment in payments.data.elements().unwrap_or_default() {
        let payment: InvoicePayment<'a> = payment.object().unwrap_or_default();
        let made: PaymentMade<'a> = payment.payment.object().unwrap_or_default();
        ids.extend([made.payment_intent.id(), made.charge.id()]);
    }
    ids
}
