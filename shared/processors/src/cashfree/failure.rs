//! Failed attempts to pay an order or a payment link.

use recoup_core::{
    BuyerFacts, CustomerId, DeclineClass, Email, Fact, Link, PaymentFailed, PersonName, Phone, PushToken,
};

use super::body::Data;
use super::{Said, debt};
use crate::read::{self, MerchantData, first, language_tag, zone_name};
use crate::{Ignored, NormaliseError};

/// Reads an attempt that failed, or that the buyer left before the bank had asked for the password: an order was placed
/// and is owed, so that the second is a failure like the first, one in which the buyer must act. A payment link stays open
/// for days, and whoever opens it is at no checkout.
///
/// Its own time, when the buyer paid, orders it before a payment that ended while it hung.
pub(super) fn payment(data: &Data<'_>, expected: &str) -> Result<Said, NormaliseError> {
    let (order, payment) = (data.order(), data.payment());
    let (obligation, status) = (debt(data)?, payment.status.text());
    // UPI payments are `PENDING` for a while: not failed, and not to be paid twice.
    if status.is_some_and(|status| status != expected) {
        return Ok(Said::ignored(Ignored::InProgress));
    }
    let amount = read::decimal(order.amount, order.currency)
        .or_else(|| read::decimal(payment.amount, payment.currency));
    if amount.is_some_and(|amount| amount.minor <= 0) {
        return Ok(Said::ignored(Ignored::NothingOwed));
    }
    let tags = order.tags();
    let decline = match expected {
        "USER_DROPPED" => Some(DeclineClass::ActionRequired),
        _ => data.error().error_reason.text().and_then(|reason| class(&reason)),
    };
    let failed = PaymentFailed {
        decline,
        amount,
        pay_link: tags.pay_url.text().and_then(|url| Link::parse(&url).ok()),
        buyer: buyer(data, &tags),
        one_time: order.link_id().number_or_text().is_none(),
        ..PaymentFailed::default()
    };
    Ok(Said {
        facts: vec![(obligation, Fact::PaymentFailed(Box::new(failed)))],
        at: payment.time.text().and_then(|at| read::time(&at)),
        subject: payment.subject(),
        ..Said::default()
    })
}

/// Finds an `error_reason`; Cashfree publishes no whole list, so only words that speak for themselves are taken.
fn class(reason: &str) -> Option<DeclineClass> {
    matches!(reason, "insufficient_funds" | "bank_declined").then_some(DeclineClass::Soft)
}

/// The buyer, as far as an order tells: its phone is ten digits without a country, which is not guessed.
pub(super) fn buyer(data: &Data<'_>, tags: &MerchantData<'_>) -> BuyerFacts {
    let customer = data.customer();
    BuyerFacts {
        customer: customer.id.text().and_then(|id| CustomerId::parse(&id).ok()),
        phone: first([tags.whatsapp_phone, customer.phone], |text| Phone::parse(text).ok()),
        email: first([customer.email], Email::parse),
        push: first([tags.push_token], PushToken::parse),
        name: first([customer.name], PersonName::clean),
        locale: first([tags.locale, tags.language], language_tag),
        zone: first([tags.time_zone], zone_name),
    }
}
