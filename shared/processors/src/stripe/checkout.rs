//! Checkout sessions: a cart that was left, or that became an order.

use recoup_core::{Checkout, Fact, Link};

use super::body::{AfterExpiration, Consent, Object, Recovery};
use super::buyer::Sources;
use super::{Reading, money, obligation, own_id};
use crate::read::links;
use crate::{Ignored, NormaliseError};

/// Reads a session that was completed; `paid` where the type of the event says that the money came. A session whose
/// money is still on its way says `unpaid`, and one without a price `no_payment_required`.
///
/// A session that took up an expired one completes that one too: it is the one the buyer was reminded of.
pub(super) fn completed(object: &Object<'_>, paid: bool) -> Result<Reading, NormaliseError> {
    let mut facts = vec![(own_id(object)?, Fact::CheckoutCompleted)];
    if let Some(first) = object.recovered_from.id() {
        facts.push((obligation(Some(&first), "data.object.recovered_from")?, Fact::CheckoutCompleted));
    }
    if paid || object.payment_status.text().as_deref() == Some("paid") {
        let debts =
            [(object.payment_intent, "data.object.payment_intent"), (object.invoice, "data.object.invoice")];
        for (debt, member) in debts {
            if let Some(id) = debt.id() {
                facts.push((obligation(Some(&id), member)?, Fact::Paid));
            }
        }
    }
    Ok(Reading::Facts(facts))
}

/// Reads a session that expired. A session that only saves a card has no total, and is no cart.
///
/// A copy of an expired session that expires as well is the same cart, under its first name. The payment intent is no
/// link: it is cancelled with the session, and that would settle the cart.
pub(super) fn expired(object: &Object<'_>) -> Result<Reading, NormaliseError> {
    let total = object.amount_total.integer("data.object.amount_total")?;
    let Some(total) = total.filter(|total| *total > 0) else {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    };
    let own = own_id(object)?;
    let cart = match object.recovered_from.id() {
        Some(first) => obligation(Some(&first), "data.object.recovered_from")?,
        None => own,
    };
    let after: AfterExpiration<'_> = object.after_expiration.object().unwrap_or_default();
    let recovery: Recovery<'_> = after.recovery.object().unwrap_or_default();
    let consent: Consent<'_> = object.consent.object().unwrap_or_default();
    let sources = Sources::of_session(object);
    let resume_link = recovery.url.text().and_then(|url| Link::parse(&url).ok());
    let left = Checkout {
        amount: object.currency.text().and_then(|currency| money::money(total, &currency)),
        resume_link: resume_link.or_else(|| sources.pay_link()),
        number: None,
        buyer: sources.buyer(),
        links: links(&cart, [object.id.text()]),
        marketing_consent: match consent.promotions.text().as_deref() {
            Some("opt_in") => Some(true),
            Some("opt_out") => Some(false),
            Some(_) | None => None,
        },
    };
    Ok(Reading::one(cart, Fact::CheckoutAbandoned(Box::new(left))))
}
