//! Transactions: a renewal that Paddle collects, an invoice that it sends, or a checkout that a buyer has open.

use recoup_core::{Checkout, Fact, Link, Money, PaymentFailed, PersonName};

use super::body::{Details, Entity, Page, Payment, Totals};
use super::{Reading, buyer, decline, own_id};
use crate::json::Member;
use crate::read;
use crate::{Ignored, NormaliseError};

/// Reads a failed attempt. What Paddle collects by itself is owed, and so is what it calls past due; in a checkout nothing
/// is owed yet. A charge or change that the merchant asked for is either not made when its payment fails, or becomes past
/// due.
pub(super) fn failed(data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    if data.origin.text().as_deref() == Some("subscription_recurring") || is(data.status, "past_due") {
        return owed(data);
    }
    cart(data, Fact::CheckoutAbandoned)
}

/// Reads that a transaction is past due. An invoice that waits for a transfer was not tried: nothing failed.
pub(super) fn past_due(data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    if is(data.collection_mode, "manual") && Attempts::of(data).failed == 0 {
        return Ok(Reading::Ignored(Ignored::InProgress));
    }
    owed(data)
}

fn owed(data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    let total = Total::of(data);
    if total.is_nothing() {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let obligation = own_id(data)?;
    let attempts = Attempts::of(data);
    let failed = PaymentFailed {
        attempt: (attempts.failed > 0).then_some(attempts.failed),
        decline: attempts.newest.and_then(|payment| decline::class(&payment.error_code.text()?)),
        amount: total.money(data.currency_code),
        pay_link: page(data),
        number: data.invoice_number.text().and_then(|number| PersonName::clean(&number)),
        buyer: buyer::of_transaction(data),
        links: read::links(&obligation, [data.subscription_id.text()]),
        ..PaymentFailed::default()
    };
    Ok(Reading::one(obligation, Fact::PaymentFailed(Box::new(failed))))
}

/// Reads a transaction that a buyer may still complete in a checkout; `said` is what its event says of the cart. It ends
/// as every transaction does, by being paid or cancelled.
pub(super) fn cart(
    data: &Entity<'_>,
    said: impl FnOnce(Box<Checkout>) -> Fact,
) -> Result<Reading, NormaliseError> {
    let by_buyer = matches!(data.origin.text().as_deref(), Some("web" | "api"));
    let open = matches!(data.status.text().as_deref(), Some("draft" | "ready"));
    if !by_buyer || !open || is(data.collection_mode, "manual") {
        return Ok(Reading::Ignored(Ignored::InProgress));
    }
    let total = Total::of(data);
    if total.is_nothing() {
        return Ok(Reading::Ignored(Ignored::NothingOwed));
    }
    let cart = Checkout {
        amount: total.money(data.currency_code),
        resume_link: page(data),
        buyer: buyer::of_transaction(data),
        ..Checkout::default()
    };
    Ok(Reading::one(own_id(data)?, said(Box::new(cart))))
}

/// Reads the money's arrival. Where it came because the buyer gave another card, that is told of the buyer too.
pub(super) fn paid(data: &Entity<'_>) -> Result<Reading, NormaliseError> {
    let mut facts = vec![(own_id(data)?, Fact::Paid)];
    if is(data.origin, "subscription_payment_method_change") {
        let customer = data.customer_id.text().and_then(|id| read::id(&id));
        facts.extend(customer.map(|customer| (customer, Fact::CardUpdated)));
    }
    Ok(Reading::Facts(facts))
}

fn is(member: Member<'_>, text: &str) -> bool {
    member.text().as_deref() == Some(text)
}

/// The page that opens a checkout of this transaction, as Paddle composes it from the merchant's own.
fn page(data: &Entity<'_>) -> Option<Link> {
    let page: Page<'_> = data.checkout.object()?;
    Link::parse(&page.url.text()?).ok()
}

/// What is left to pay.
struct Total<'a>(Member<'a>);

impl<'a> Total<'a> {
    /// The balance, which payments and credits are taken off; before there was one, the total of all.
    fn of(data: &Entity<'a>) -> Self {
        let details: Details<'a> = data.details.object().unwrap_or_default();
        let totals: Totals<'a> = details.totals.object().unwrap_or_default();
        Self(if totals.balance.text().is_some() { totals.balance } else { totals.grand_total })
    }

    fn is_nothing(&self) -> bool {
        let amount = self.0.number_or_text().and_then(|amount| amount.parse::<i64>().ok());
        amount.is_some_and(|amount| amount <= 0)
    }

    fn money(&self, currency: Member<'_>) -> Option<Money> {
        read::minor(self.0, currency)
    }
}

/// The attempts to pay a transaction, which Paddle lists with the newest first.
pub(super) struct Attempts<'a> {
    /// How many failed.
    failed: u32,
    /// The newest of those.
    newest: Option<Payment<'a>>,
    /// Whether the newest of all is neither paid nor refused.
    pub(super) under_way: bool,
}

impl<'a> Attempts<'a> {
    pub(super) fn of(data: &Entity<'a>) -> Self {
        let mut attempts = Self { failed: 0, newest: None, under_way: false };
        for (place, payment) in data.payments.elements().unwrap_or_default().into_iter().enumerate() {
            let payment: Payment<'a> = payment.object().unwrap_or_default();
            let status = payment.status.text();
            if status.as_deref() == Some("error") {
                attempts.failed = attempts.failed.saturating_add(1);
                attempts.newest.get_or_insert(payment);
            } else if place == 0 {
                attempts.under_way = matches!(
                    status.as_deref(),
                    Some("created" | "authorized" | "authorized_flagged" | "pending_no_action_required")
                );
            }
        }
        attempts
    }
}
