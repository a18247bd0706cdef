//! Failed attempts: of a subscription, and of a single payment.

use std::borrow::Cow;

use recoup_core::{BuyerFacts, CustomerId, DeclineClass, Email, Fact, Money, PaymentFailed, PersonName};

use super::body::{FailedPayment, Named, PersonalName, ProcessorResponse, Resource, Subscriber, money};
use super::{Reading, Told, decline, member};
use crate::json::Member;
use crate::read::{self, links, obligation};
use crate::{Ignored, NormaliseError};

/// Reads a subscription's failed payment: what is owed is the subscription, for the body names nothing smaller.
pub(super) fn subscription(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    let billing = resource.billing_info();
    let failed: FailedPayment<'_> = billing.last_failed_payment.object().unwrap_or_default();
    let owed = money(failed.amount).or_else(|| money(billing.outstanding_balance));
    if owed.is_some_and(is_nothing) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    // A subscription that has stopped is not charged again, whatever plan it still shows.
    let stopped = matches!(resource.status.text().as_deref(), Some("SUSPENDED" | "CANCELLED" | "EXPIRED"));
    let retries = [failed.next_payment_retry_time, failed.next_payment_retry_date];
    let fact = PaymentFailed {
        attempt: count(billing.failed_payments_count),
        next_retry: read::first(retries, read::time).filter(|_| !stopped),
        last_attempt: stopped,
        decline: failed.reason_code.text().and_then(|reason| decline::of_subscription(&reason)),
        amount: owed,
        buyer: buyer(&resource.subscriber.object().unwrap_or_default()),
        ..PaymentFailed::default()
    };
    let at = read::first([failed.time], read::time);
    let id = obligation(resource.id.text().as_deref(), member::ID)?;
    Ok(Reading::one(Told { obligation: id, at, fact: Fact::PaymentFailed(Box::new(fact)) }))
}

/// Reads a payment that was refused: a capture of an order, or a sale of the generation before. A sale that a subscription
/// asked for is the subscription's. Only an order says that a buyer was at a checkout.
pub(super) fn payment(resource: &Resource<'_>) -> Result<Reading, NormaliseError> {
    let owed = money(resource.amount);
    if owed.is_some_and(is_nothing) {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let (own, subscription) = (resource.id.text(), resource.billing_agreement_id.text());
    let names = [subscription.clone(), resource.order(), resource.parent_payment.text(), own.clone()];
    let owing = obligation(names.into_iter().flatten().next().as_deref(), member::ID)?;
    // A subscription is paid month by month, so a month's number must not settle it.
    let number = resource.invoice_number().filter(|_| subscription.is_none());
    let fact = PaymentFailed {
        decline: card_decline(resource),
        amount: owed,
        number: resource.invoice_number().and_then(|number| PersonName::clean(&number)),
        links: links(&owing, [own, number]),
        one_time: subscription.is_none() && resource.order().is_some(),
        ..PaymentFailed::default()
    };
    Ok(Reading::one(Told {
        obligation: owing,
        at: resource.when(),
        fact: Fact::PaymentFailed(Box::new(fact)),
    }))
}

fn card_decline(resource: &Resource<'_>) -> Option<DeclineClass> {
    decline::of_card(&resource.processor_response.object::<ProcessorResponse<'_>>()?)
}

fn is_nothing(owed: Money) -> bool {
    owed.minor <= 0
}

/// How many payments have failed in a row; 0 says nothing about this one.
fn count(failures: Member<'_>) -> Option<u32> {
    failures.number_or_text()?.parse().ok().filter(|count| *count > 0)
}

/// What PayPal knows of a subscriber. It gives no phone: the API's own has no country code.
fn buyer(subscriber: &Subscriber<'_>) -> BuyerFacts {
    let shipping: Named<'_> = subscriber.shipping_address.object().unwrap_or_default();
    let own: PersonalName<'_> = subscriber.name.object().unwrap_or_default();
    let shipped_to: PersonalName<'_> = shipping.name.object().unwrap_or_default();
    let parts: Vec<Cow<'_, str>> =
        [own.given_name, own.surname].iter().filter_map(|part| part.text()).collect();
    let names = [Some(parts.join(" ").into()), own.full_name.text(), shipped_to.full_name.text()];
    BuyerFacts {
        customer: subscriber.payer_id.text().and_then(|id| CustomerId::parse(&id).ok()),
        email: subscriber.email_address.text().and_then(|address| Email::parse(&address)),
        name: names.into_iter().flatten().find_map(|name| PersonName::clean(&name)),
        ..BuyerFacts::default()
    }
}
