//! An event as one line of the output.

use recoup_core::{BuyerFacts, Checkout, DeclineClass, Event, Fact, Link, Money, PaymentFailed, Phone};
use serde::Serialize;

/// One event, as the output shows it; members that its kind does not have are null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventLine {
    /// What happened, for example `payment_failed`.
    pub kind: &'static str,
    /// The source's id of the event.
    pub event_id: String,
    /// What it is about.
    pub obligation: String,
    /// What is owed, in the currency's minor unit.
    pub amount_minor: Option<i64>,
    /// ISO 4217, upper case.
    pub currency: Option<String>,
    /// How many decimals the minor unit is.
    pub exponent: Option<u8>,
    /// E.164.
    pub phone: Option<String>,
    /// Why the attempt failed.
    pub decline_class: Option<&'static str>,
    /// Which attempt, from 1.
    pub attempt: Option<u32>,
    /// When the source tries again by itself, RFC 3339 in UTC.
    pub next_attempt: Option<String>,
    /// Where the buyer can pay, go on, or try again.
    pub url: Option<String>,
    /// True where the failed payment was that of one order.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_time: bool,
    /// What was wrong with a check of identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
}

impl EventLine {
    /// Shows one event.
    pub fn of(event: &Event) -> Self {
        let line = Self {
            kind: event.fact.kind(),
            event_id: event.id.to_string(),
            obligation: event.obligation.to_string(),
            ..Self::default()
        };
        match &event.fact {
            Fact::PaymentFailed(failed) => line.with_failure(failed),
            Fact::CheckoutCreated(cart) | Fact::CheckoutUpdated(cart) | Fact::CheckoutAbandoned(cart) => {
                line.with_checkout(cart)
            }
            Fact::OrderPlaced(order) => line.with_money(order.amount).with_buyer(&order.buyer),
            Fact::KycRejected(rejected) => Self {
                cause: Some(rejected.cause.as_str()),
                ..line.with_link(rejected.retake_link.as_ref()).with_buyer(&rejected.buyer)
            },
            Fact::Lapsed(lapsed) => line.with_link(lapsed.link.as_ref()).with_buyer(&lapsed.buyer),
            Fact::ConsentChanged(consent) => line.with_buyer(&consent.buyer),
            Fact::TouchSent(touch) => line.with_buyer(&touch.buyer),
            Fact::CustomerUpdated(buyer) => line.with_buyer(buyer),
            Fact::Recovered
            | Fact::Paid
            | Fact::Voided
            | Fact::MarkedUncollectible
            | Fact::Refunded { .. }
            | Fact::DisputeOpened
            | Fact::DisputeClosed { .. }
            | Fact::SubscriptionCancelled
            | Fact::SubscriptionPastDue
            | Fact::SubscriptionHalted
            | Fact::CheckoutCompleted
            | Fact::KycPending
            | Fact::KycApproved
            | Fact::HandOffAnswered { .. }
            | Fact::HandOffResolved { .. }
            | Fact::MessageOpened(_)
            | Fact::CardUpdated => line,
        }
    }

    fn with_failure(self, failed: &PaymentFailed) -> Self {
        Self {
            decline_class: failed.decline.map(DeclineClass::as_str),
            attempt: failed.attempt,
            one_time: failed.one_time,
            next_attempt: failed.next_retry.map(|at| at.to_string()),
            ..self.with_money(failed.amount).with_link(failed.pay_link.as_ref()).with_buyer(&failed.buyer)
        }
    }

    fn with_checkout(self, checkout: &Checkout) -> Self {
        self.with_money(checkout.amount).with_link(checkout.resume_link.as_ref()).with_buyer(&checkout.buyer)
    }

    fn with_money(self, money: Option<Money>) -> Self {
        Self {
            amount_minor: money.map(|money| money.minor),
            currency: money.map(|money| money.currency.code().to_owned()),
            exponent: money.map(|money| money.currency.exponent()),
            ..self
        }
    }

    fn with_link(self, link: Option<&Link>) -> Self {
        Self { url: link.map(|link| link.expose().to_owned()), ..self }
    }

    fn with_buyer(self, buyer: &BuyerFacts) -> Self {
        Self { phone: buyer.phone.as_ref().map(Phone::expose).map(str::to_owned), ..self }
    }
}
