//! Payments outside of invoices, and what becomes of them: refunds and disputes.

use recoup_core::{DeclineClass, Fact, Money, Obligation, PaymentFailed, PersonName};

use super::Said;
use super::body::{
    Address, Application, CardDetails, CardError, Dispute, DisputedPayment, Payment, Refund, buyer, money,
};
use crate::json::Member;
use crate::read::{id, links, obligation};
use crate::{Ignored, Lookup, NormaliseError};

/// The order, which the next try has too; the payment itself where it names none.
fn what_is_owed(payment: &Payment<'_>) -> Result<Obligation, NormaliseError> {
    let order = payment.order_id.text().and_then(|order| id(&order));
    order.map_or_else(|| obligation(payment.id.text().as_deref(), "data.object.payment.id"), Ok)
}

/// Reads the state of a payment.
pub(super) fn read<'a>(payment: &Payment<'a>) -> Result<Said<'a>, NormaliseError> {
    let status = payment.status.text();
    let status = status.as_deref().ok_or(NormaliseError::Missing { member: "data.object.payment.status" })?;
    let application: Application<'a> = payment.application_details.object().unwrap_or_default();
    let product = application.square_product.text();
    if product.as_deref() == Some("INVOICES") {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    match status {
        "COMPLETED" => {
            let fact = if is_all_refunded(payment) { Fact::Refunded { full: true } } else { Fact::Paid };
            Ok(Said::one(what_is_owed(payment)?, fact, payment.updated_at))
        }
        "CANCELED" => Ok(Said::one(what_is_owed(payment)?, Fact::Voided, payment.updated_at)),
        "FAILED" => failed(payment, product.as_deref()),
        "APPROVED" | "PENDING" => Ok(Said::ignored(Ignored::InProgress)),
        _ => Ok(Said::ignored(Ignored::UnknownType)),
    }
}

/// Whether as much went back as came in.
pub(super) fn is_all_refunded(payment: &Payment<'_>) -> bool {
    let refunded = money(payment.refunded_money).filter(|refunded| refunded.minor > 0);
    total(payment)
        .zip(refunded)
        .is_some_and(|(total, refunded)| total.currency == refunded.currency && refunded.minor >= total.minor)
}

fn total(payment: &Payment<'_>) -> Option<Money> {
    money(payment.total_money).or_else(|| money(payment.amount_money))
}

/// A failed try. One that does not say which product made it may be an invoice's, which reports it under its own name.
fn failed<'a>(payment: &Payment<'a>, product: Option<&str>) -> Result<Said<'a>, NormaliseError> {
    let total = total(payment);
    if total.is_some_and(|total| total.minor <= 0) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let own = what_is_owed(payment)?;
    let address = |member: Member<'a>| member.object::<Address<'a>>().unwrap_or_default();
    let [shipping, billing] = [payment.shipping_address, payment.billing_address].map(address);
    let name = |address: &Address<'a>| {
        let names = [address.first_name, address.last_name].map(|name| name.text().unwrap_or_default());
        PersonName::clean(&names.join(" "))
    };
    let nobody = Member::default();
    let mut who = buyer(payment.customer_id, nobody, nobody, payment.buyer_email_address, nobody);
    who.name = name(&shipping).or_else(|| name(&billing));
    let failed = PaymentFailed {
        decline: decline(payment),
        amount: total,
        buyer: who,
        links: links(&own, [payment.id.text()]),
        one_time: is_of_checkout(payment, product),
        unlinked: product.is_none(),
        ..PaymentFailed::default()
    };
    Ok(Said::one(own, Fact::PaymentFailed(Box::new(failed)), payment.updated_at))
}

/// Whether a buyer tried to pay an order online: not at a till, and not by a card on file, which the merchant charges too.
fn is_of_checkout(payment: &Payment<'_>, product: Option<&str>) -> bool {
    let details: CardDetails<'_> = payment.card_details.object().unwrap_or_default();
    matches!(product, Some("ECOMMERCE_API" | "ONLINE_STORE"))
        && payment.order_id.text().is_some()
        && details.entry_method.text().as_deref() != Some("ON_FILE")
}

fn decline(payment: &Payment<'_>) -> Option<DeclineClass> {
    let details: CardDetails<'_> = payment.card_details.object()?;
    let errors = details.errors.elements()?.into_iter().filter_map(Member::object::<CardError<'_>>);
    errors.into_iter().find_map(|error| class(&error.code.text()?))
}

/// Which class an error code belongs to (facts: webhook-sources section 6; Square docs, `ErrorCode`).
fn class(code: &str) -> Option<DeclineClass> {
    match code {
        "INSUFFICIENT_FUNDS"
        | "TRANSACTION_LIMIT"
        | "TEMPORARY_ERROR"
        | "GENERIC_DECLINE"
        | "CARD_DECLINED"
        | "CARD_DECLINED_CALL_ISSUER"
        | "PAYMENT_LIMIT_EXCEEDED" => Some(DeclineClass::Soft),
        "CARD_EXPIRED"
        | "CVV_FAILURE"
        | "ADDRESS_VERIFICATION_FAILURE"
        | "INVALID_EXPIRATION"
        | "INVALID_CARD"
        | "INVALID_CARD_DATA"
        | "INVALID_ACCOUNT"
        | "EXPIRATION_FAILURE"
        | "CARD_NOT_SUPPORTED"
        | "UNSUPPORTED_CARD_BRAND"
        | "PAN_FAILURE" => Some(DeclineClass::NewMethodNeeded),
        "CARD_DECLINED_VERIFICATION_REQUIRED" => Some(DeclineClass::ActionRequired),
        _ => None,
    }
}

/// A refund says how much it is, not of how much: the payment is asked, which also leads to the order.
pub(super) fn refund<'a>(refund: &Refund<'a>) -> Result<Said<'a>, NormaliseError> {
    match refund.status.text().as_deref() {
        Some("COMPLETED") if refund.unlinked.flag() == Some(true) => Ok(Said::ignored(Ignored::UnknownType)),
        Some("COMPLETED") => of_payment(
            refund.payment_id,
            "data.object.refund.payment_id",
            Fact::Refunded { full: false },
            refund.updated_at,
        ),
        Some("PENDING") => Ok(Said::ignored(Ignored::InProgress)),
        Some(_) => Ok(Said::ignored(Ignored::UnknownType)),
        None => Err(NormaliseError::Missing { member: "data.object.refund.status" }),
    }
}

/// The buyer disputed a payment.
pub(super) fn dispute_opened<'a>(dispute: &Dispute<'a>) -> Result<Said<'a>, NormaliseError> {
    disputed(dispute, Fact::DisputeOpened)
}

/// A dispute went on; only its end says something.
pub(super) fn dispute_moved<'a>(dispute: &Dispute<'a>) -> Result<Said<'a>, NormaliseError> {
    match dispute.state.text().as_deref() {
        Some("WON" | "INQUIRY_CLOSED") => disputed(dispute, Fact::DisputeClosed { won: true }),
        Some("LOST" | "ACCEPTED") => disputed(dispute, Fact::DisputeClosed { won: false }),
        Some(_) => Ok(Said::ignored(Ignored::InProgress)),
        None => Err(NormaliseError::Missing { member: "data.object.dispute.state" }),
    }
}

fn disputed<'a>(dispute: &Dispute<'a>, fact: Fact) -> Result<Said<'a>, NormaliseError> {
    let payment: DisputedPayment<'a> = dispute.disputed_payment.object().unwrap_or_default();
    let member = "data.object.dispute.disputed_payment.payment_id";
    of_payment(payment.payment_id, member, fact, dispute.updated_at)
}

fn of_payment<'a>(
    payment: Member<'a>,
    member: &'static str,
    fact: Fact,
    at: Member<'a>,
) -> Result<Said<'a>, NormaliseError> {
    let payment = obligation(payment.text().as_deref(), member)?;
    let plain = payment.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let ask = plain.then(|| Lookup::Object { kind: "payments", id: payment.clone() });
    Ok(Said { asks: ask.into_iter().collect(), ..Said::one(payment, fact, at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_have_a_class_or_none() {
        for (code, expected) in [
            ("INSUFFICIENT_FUNDS", Some("soft")),
            ("CARD_EXPIRED", Some("new_method_needed")),
            ("CARD_DECLINED_VERIFICATION_REQUIRED", Some("action_required")),
            ("A_CODE_OF_NEXT_YEAR", None),
            ("", None),
        ] {
            assert_eq!(class(code).map(DeclineClass::as_str), expected, "{code}");
        }
    }
}
