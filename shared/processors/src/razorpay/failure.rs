//! Failed attempts: of a payment, of a subscription's charge, of the notice that must precede a debit.

use recoup_core::{Fact, Link, PaymentFailed};

use super::body::{Entity, Payload, owned, seconds};
use super::buyer::Sources;
use super::{Said, debt, decline, own_id};
use crate::read::{self, links};
use crate::{Ignored, Lookup, NormaliseError};

/// Reads a failed payment. Its own time, when the buyer began, orders it before a payment that ended while it hung.
pub(super) fn payment(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let payment = payload.payment()?;
    let amount = read::minor(payment.amount, payment.currency);
    if amount.is_some_and(|amount| amount.minor <= 0) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let (obligation, link) = (debt(&payment)?, payment.link_id());
    let ids = [payment.invoice_id.text(), payment.id.text(), owned(link.clone())];
    let sources = Sources::of(&[&payment]);
    let failed = PaymentFailed {
        decline: payment.error_reason.text().and_then(|reason| decline::class(&reason)),
        amount,
        pay_link: sources.pay_link(),
        buyer: sources.buyer(),
        links: links(&obligation, ids),
        one_time: payment.is_of_checkout() && payload.subscription().is_err(),
        ..PaymentFailed::default()
    };
    let invoice = payment.invoice_id.text().and_then(|id| read::id(&id));
    let invoice = invoice.map(|id| Lookup::Object { kind: "invoices", id });
    let page = || Some(Lookup::Object { kind: "payment_links", id: read::id(&link?)? });
    Ok(Said {
        at: seconds(payment.created_at),
        asks: invoice.or_else(page).into_iter().collect(),
        ..said((obligation, failed))
    })
}

/// Reads a failed charge of a subscription, told after each retry, without the invoice that it was for.
pub(super) fn subscription(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let subscription = payload.subscription()?;
    let id = own_id(&subscription, "payload.subscription.entity.id")?;
    let payment: Entity<'_> = payload.payment().unwrap_or_default();
    let sources = Sources::of(&[&payment, &subscription]);
    let attempts = subscription.auth_attempts.integer("auth_attempts").ok().flatten();
    let failed = PaymentFailed {
        attempt: attempts.and_then(|attempts| u32::try_from(attempts).ok()).filter(|attempt| *attempt > 0),
        next_retry: seconds(subscription.charge_at),
        decline: payment.error_reason.text().and_then(|reason| decline::class(&reason)),
        amount: read::minor(payment.amount, payment.currency),
        pay_link: sources.pay_link().or_else(|| page(&subscription)),
        buyer: sources.buyer(),
        ..PaymentFailed::default()
    };
    let asks = vec![Lookup::Object { kind: "subscription_invoices", id: id.clone() }];
    Ok(Said { asks, ..said((id, failed)) })
}

/// Reads that the buyer could not be told of a debit to come, so that it cannot be made.
pub(super) fn notification(payload: &Payload<'_>) -> Result<Said, NormaliseError> {
    let notification = payload.notification()?;
    let order = notification.order_id.text();
    let order = read::obligation(order.as_deref(), "payload.notification.entity.order_id")?;
    let links = links(&order, [notification.token_id.text()]);
    Ok(said((order, PaymentFailed { links, ..PaymentFailed::default() })))
}

fn said((obligation, failed): (recoup_core::Obligation, PaymentFailed)) -> Said {
    Said { facts: vec![(obligation, Fact::PaymentFailed(Box::new(failed)))], ..Said::default() }
}

/// The page where a buyer pays an invoice or a link, or gives a subscription another card.
pub(super) fn page(entity: &Entity<'_>) -> Option<Link> {
    Link::parse(&entity.short_url.text()?).ok()
}
