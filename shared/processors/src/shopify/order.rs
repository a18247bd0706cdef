//! Orders, and what happens to their money.

use recoup_core::{Fact, Obligation, Order, PaymentFailed, PersonName};

use super::body::{Body, Transaction, is_nothing, is_set};
use super::{Said, buyer, decline};
use crate::json::Member;
use crate::read::{decimal, first, links, obligation, time};
use crate::{Ignored, Lookup, NormaliseError};

/// A new order: it completes the checkout and the cart it came from, under every name they had.
pub(super) fn created(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = own_id(body)?;
    let placed = Order {
        amount: body.order_total(),
        number: first([body.name], PersonName::clean),
        buyer: buyer::of_purchase(body),
    };
    let completed = completed(&own, body);
    let mut facts = vec![(own, Fact::OrderPlaced(Box::new(placed)))];
    facts.extend(completed);
    Ok(Said::facts(facts, first([body.created_at], time)))
}

/// An order that was paid. The topic is not signed: where the body says that money is still owed, it is not taken for paid.
pub(super) fn paid(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = own_id(body)?;
    let completed = completed(&own, body);
    let owed =
        is_owed(body.financial_status) || body.financial_status.text().as_deref() == Some("authorized");
    let paid = (!owed).then_some((own, Fact::Paid));
    let facts: Vec<_> = paid.into_iter().chain(completed).collect();
    if facts.is_empty() {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    Ok(Said::facts(facts, body.changed_at()))
}

/// An order that was cancelled, if the body says so too.
pub(super) fn cancelled(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = own_id(body)?;
    if !is_set(body.cancelled_at) {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    Ok(Said::one(own, Fact::Voided, first([body.cancelled_at], time)))
}

/// What an order that was read says of its debt, if that has ended.
pub(super) fn settled(order: &Body<'_>) -> Option<Fact> {
    if is_set(order.cancelled_at) {
        return Some(Fact::Voided);
    }
    match order.financial_status.text().as_deref() {
        Some("paid" | "partially_refunded") => Some(Fact::Paid),
        Some("refunded") => Some(Fact::Refunded { full: true }),
        Some("voided") => Some(Fact::Voided),
        Some(_) | None => None,
    }
}

/// Whether a financial status says that money is still to come from the buyer.
pub(super) fn is_owed(financial_status: Member<'_>) -> bool {
    matches!(financial_status.text().as_deref(), Some("pending" | "partially_paid" | "unpaid" | "expired"))
}

/// A movement of an order's money. Only a failure to collect is told by nothing else: that an order is paid is said by
/// `orders/paid`, because one transaction need not pay all of it.
pub(super) fn transaction(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = obligation(body.order_id.number_or_text().as_deref(), "order_id")?;
    if !matches!(body.kind.text().as_deref(), Some("sale" | "authorization" | "capture")) {
        return Ok(Said::ignored(Ignored::UnknownType));
    }
    if !matches!(body.status.text().as_deref(), Some("failure" | "error")) {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    if is_nothing(body.amount) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let failed = PaymentFailed {
        decline: body.error_code.text().and_then(|code| decline::class(&code)),
        amount: decimal(body.amount, body.currency),
        one_time: is_of_checkout(body),
        ..PaymentFailed::default()
    };
    let at = first([body.processed_at, body.created_at], time);
    // The body names nobody, and a buyer often succeeds at the second attempt: the order tells both.
    let asks = vec![Lookup::Object { kind: "orders", id: own.clone() }];
    Ok(Said { asks, ..Said::one(own, Fact::PaymentFailed(Box::new(failed)), at) })
}

/// Whether a buyer tried to pay in the shop's own checkout. A capture is the merchant's doing, later; a transaction of a
/// till, of a draft or of a subscription has another source.
fn is_of_checkout(body: &Body<'_>) -> bool {
    let by_buyer = matches!(body.kind.text().as_deref(), Some("sale" | "authorization"));
    by_buyer && body.source_name.text().as_deref() == Some("web")
}

/// Money that went back. How much the order came to is not said, so that all of it went back cannot be known.
pub(super) fn refund(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = obligation(body.order_id.number_or_text().as_deref(), "order_id")?;
    let transactions = body.transactions.elements().unwrap_or_default();
    let arrived =
        transactions.iter().filter_map(|member| member.object::<Transaction<'_>>()).any(|transaction| {
            transaction.kind.text().as_deref() == Some("refund")
                && transaction.status.text().as_deref() == Some("success")
        });
    if !arrived {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let at = first([body.processed_at, body.created_at], time);
    Ok(Said::one(own, Fact::Refunded { full: false }, at))
}

/// A dispute, an inquiry among them. Whatever is not an end keeps it open: nobody is reminded of a payment they dispute.
pub(super) fn dispute(body: &Body<'_>) -> Result<Said, NormaliseError> {
    let own = obligation(body.order_id.number_or_text().as_deref(), "order_id")?;
    let fact = match body.status.text().as_deref() {
        Some("won") => Fact::DisputeClosed { won: true },
        Some("lost" | "accepted" | "charge_refunded") => Fact::DisputeClosed { won: false },
        Some(_) | None => Fact::DisputeOpened,
    };
    let at = first([body.finalized_on, body.initiated_at], time);
    Ok(Said::one(own, fact, at))
}

fn own_id(body: &Body<'_>) -> Result<Obligation, NormaliseError> {
    obligation(body.id.number_or_text().as_deref(), "id")
}

/// The checkout and the cart an order came from, each under every name the body gives.
fn completed(own: &Obligation, body: &Body<'_>) -> impl Iterator<Item = (Obligation, Fact)> + use<> {
    let names = [body.checkout_token.text(), body.cart_token.text(), body.checkout_id.number_or_text()];
    links(own, names).into_iter().map(|name| (name, Fact::CheckoutCompleted))
}
