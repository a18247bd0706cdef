//! Invoices: charges that failed, and what ends the debt.

use recoup_core::{Fact, Link, Money, Obligation, PaymentFailed, PersonName};

use super::Said;
use super::body::{Invoice, PaymentRequest, Recipient, buyer, money};
use crate::read::{first, links, obligation};
use crate::{Ignored, NormaliseError};

fn own_id(invoice: &Invoice<'_>) -> Result<Obligation, NormaliseError> {
    obligation(invoice.id.text().as_deref(), "data.object.invoice.id")
}

/// A fact about the invoice alone.
pub(super) fn one<'a>(invoice: &Invoice<'a>, fact: Fact) -> Result<Said<'a>, NormaliseError> {
    Ok(Said::one(own_id(invoice)?, fact, invoice.updated_at))
}

/// The charge of a card on file failed.
pub(super) fn failed<'a>(invoice: &Invoice<'a>) -> Result<Said<'a>, NormaliseError> {
    if invoice.status.text().as_deref() == Some("DRAFT") {
        return Ok(Said::ignored(Ignored::Draft));
    }
    let owed = owed(invoice);
    if owed.is_some_and(|owed| owed.minor <= 0) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let recipient: Recipient<'a> = invoice.primary_recipient.object().unwrap_or_default();
    let obligation = own_id(invoice)?;
    // The order is no link: the deposit that was paid for it would settle the rest of the invoice too.
    let links = links(&obligation, [invoice.subscription_id.text()]);
    let failed = PaymentFailed {
        amount: due(invoice, owed),
        pay_link: first([invoice.public_url], |url| Link::parse(url).ok()),
        number: first([invoice.number], PersonName::clean),
        buyer: buyer(
            recipient.customer_id,
            recipient.given_name,
            recipient.family_name,
            recipient.email_address,
            recipient.phone_number,
        ),
        links,
        ..PaymentFailed::default()
    };
    one(invoice, Fact::PaymentFailed(Box::new(failed)))
}

/// What the invoice asks for and has not got, over all its payments; `None` when one of them cannot be read.
pub(super) fn owed(invoice: &Invoice<'_>) -> Option<Money> {
    let mut sum: Option<Money> = None;
    for request in invoice.payment_requests.elements()? {
        let request: PaymentRequest<'_> = request.object()?;
        let asked = money(request.computed_amount_money)?;
        let got = match money(request.total_completed_amount_money) {
            Some(got) => got,
            None if request.total_completed_amount_money.is_absent() => Money { minor: 0, ..asked },
            None => return None,
        };
        let before = sum.unwrap_or(Money { minor: 0, ..asked });
        if got.currency != asked.currency || before.currency != asked.currency {
            return None;
        }
        let minor = before.minor.checked_add(asked.minor)?.checked_sub(got.minor)?;
        sum = Some(Money { minor, ..asked });
    }
    sum
}

/// What is due now: of an invoice that is paid in parts only those, where Square says so. Never more than is owed.
fn due(invoice: &Invoice<'_>, owed: Option<Money>) -> Option<Money> {
    let owed = owed?;
    let next = money(invoice.next_payment_amount_money);
    let is_part = |next: &Money| next.currency == owed.currency && (1..owed.minor).contains(&next.minor);
    Some(next.filter(is_part).unwrap_or(owed))
}

/// A payment came in; only when it was the last does the invoice count as paid, and its order with it.
pub(super) fn paid<'a>(invoice: &Invoice<'a>) -> Result<Said<'a>, NormaliseError> {
    match invoice.status.text().as_deref() {
        Some("PAID") => {
            let mut said = one(invoice, Fact::Paid)?;
            let own = own_id(invoice)?;
            let order = links(&own, [invoice.order_id.text()]);
            said.facts.extend(order.into_iter().map(|order| (order, Fact::Paid)));
            Ok(said)
        }
        Some(_) => Ok(Said::ignored(Ignored::InProgress)),
        None => Err(NormaliseError::Missing { member: "data.object.invoice.status" }),
    }
}

/// Money of it went back.
pub(super) fn refunded<'a>(invoice: &Invoice<'a>) -> Result<Said<'a>, NormaliseError> {
    let full = invoice.status.text().as_deref() == Some("REFUNDED");
    one(invoice, Fact::Refunded { full })
}
