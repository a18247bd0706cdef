//! Orders: what a status means.

use recoup_core::{Checkout, Fact, Link, Order, PaymentFailed, PersonName};

use super::Reading;
use super::body::Body;
use crate::{Ignored, NormaliseError};

/// Reads an order; `new` when it has just been placed.
pub(super) fn read(body: &Body<'_>, new: bool) -> Result<Reading, NormaliseError> {
    let status = body.status.text().ok_or(NormaliseError::Missing { member: "status" })?;
    let reading = by_status(body, &status, new);
    // A draft is no order yet: it is placed when it leaves that status, and then told as new.
    if !new || status.contains("draft") {
        return Ok(reading);
    }
    let placed = Fact::OrderPlaced(Box::new(placed(body)));
    let others = match reading {
        Reading::Facts(facts) => facts,
        Reading::Ignored(_) => Vec::new(),
    };
    Ok(Reading::Facts([vec![placed], others].concat()))
}

fn by_status(body: &Body<'_>, status: &str, new: bool) -> Reading {
    let checkout = |link: Option<Link>| {
        let checkout = Box::new(checkout(body, link));
        Reading::Facts(vec![if new {
            Fact::CheckoutCreated(checkout)
        } else {
            Fact::CheckoutUpdated(checkout)
        }])
    };
    match status {
        "cancelled" | "trash" => Reading::Facts(vec![Fact::Voided]),
        "refunded" => Reading::Facts(vec![Fact::Refunded { full: true }]),
        "draft" | "auto-draft" => Reading::Ignored(Ignored::Draft),
        "processing" | "completed" => paid(body),
        // Whatever a shop calls it by now: the money came.
        _ if body.has_been_paid() => paid(body),
        "checkout-draft" | "pending" | "failed" if is_nothing(body) => Reading::Ignored(Ignored::NothingOwed),
        "pending" | "failed" if body.needs_payment.flag() == Some(false) => {
            Reading::Ignored(Ignored::NothingOwed)
        }
        "checkout-draft" => checkout(body.given_pay_link()),
        // A renewal that a subscription made waits for the store's own attempt: nobody left a cart.
        "pending" if body.created_via.text().as_deref() == Some("subscription") => {
            Reading::Ignored(Ignored::InProgress)
        }
        "pending" => checkout(body.pay_link()),
        "failed" => Reading::Facts(vec![Fact::PaymentFailed(Box::new(failure(body)))]),
        "on-hold" => Reading::Ignored(Ignored::InProgress),
        _ => Reading::Ignored(Ignored::UnknownType),
    }
}

/// The money came; some of it, or all, may have gone back since.
fn paid(body: &Body<'_>) -> Reading {
    if !body.has_refunds() {
        return Reading::Facts(vec![Fact::Paid]);
    }
    let full = match (body.amount(), body.refunded()) {
        (Some(total), Some(refunded)) => total.minor > 0 && refunded >= total.minor,
        _ => false,
    };
    let refunded = Fact::Refunded { full };
    Reading::Facts(if full { vec![refunded] } else { vec![Fact::Paid, refunded] })
}

/// Whether the body says that there is nothing to pay. An amount that cannot be read says nothing.
fn is_nothing(body: &Body<'_>) -> bool {
    body.total.number_or_text().is_some_and(|text| {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let number = digits.bytes().any(|b| b.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        number && (digits.len() < text.len() || digits.bytes().all(|b| matches!(b, b'0' | b'.')))
    })
}

fn number(body: &Body<'_>) -> Option<PersonName> {
    PersonName::clean(&body.number.number_or_text()?)
}

fn placed(body: &Body<'_>) -> Order {
    Order { amount: body.amount(), number: number(body), buyer: body.buyer() }
}

fn checkout(body: &Body<'_>, resume_link: Option<Link>) -> Checkout {
    Checkout {
        amount: body.amount(),
        resume_link,
        number: number(body),
        buyer: body.buyer(),
        links: Vec::new(),
        marketing_consent: None,
    }
}

/// A failed order. Only one of the shop's own checkouts, of shortcodes or of blocks, had its buyer there: others are
/// renewals, or were made by the merchant or a plug-in.
fn failure(body: &Body<'_>) -> PaymentFailed {
    PaymentFailed {
        amount: body.amount(),
        pay_link: body.pay_link(),
        number: number(body),
        buyer: body.buyer(),
        one_time: matches!(body.created_via.text().as_deref(), Some("checkout" | "store-api")),
        ..PaymentFailed::default()
    }
}

/// What is known of an order that was read, if its debt has ended.
pub(super) fn settled(body: &Body<'_>) -> Option<Fact> {
    let status = body.status.text()?;
    let facts = match by_status(body, &status, false) {
        Reading::Facts(facts) => facts,
        Reading::Ignored(_) => return None,
    };
    facts.into_iter().find(|fact| matches!(fact, Fact::Paid | Fact::Voided | Fact::Refunded { full: true }))
}

/// Whether an order that was read waits for its buyer.
pub(super) fn is_owed(body: &Body<'_>) -> bool {
    matches!(body.status.text().as_deref(), Some("pending" | "failed" | "checkout-draft"))
}
