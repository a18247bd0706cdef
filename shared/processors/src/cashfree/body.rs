//! The members of Cashfree's bodies that are read.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::Member;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Member<'a>,
    pub(super) event_time: Member<'a>,
    pub(super) data: Member<'a>,
}

/// What an event is about: named parts, or the members of a payment link or of a subscription's charge themselves.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    order: Member<'a>,
    payment: Member<'a>,
    customer_details: Member<'a>,
    error_details: Member<'a>,
    refund: Member<'a>,
    dispute: Member<'a>,
    order_details: Member<'a>,
    subscription_details: Member<'a>,

    cf_link_id: Member<'a>,
    link_status: Member<'a>,
    link_currency: Member<'a>,
    link_amount: Member<'a>,
    link_amount_paid: Member<'a>,

    pub(super) payment_id: Member<'a>,
    pub(super) subscription_id: Member<'a>,
    pub(super) payment_status: Member<'a>,
    pub(super) payment_amount: Member<'a>,
    pub(super) payment_currency: Member<'a>,
    pub(super) retry_attempts: Member<'a>,
}

impl<'a> Data<'a> {
    pub(super) fn order(&self) -> Order<'a> {
        self.order.object().unwrap_or_default()
    }

    pub(super) fn payment(&self) -> Payment<'a> {
        self.payment.object().unwrap_or_default()
    }

    pub(super) fn customer(&self) -> Customer<'a> {
        self.customer_details.object().unwrap_or_default()
    }

    pub(super) fn error(&self) -> PaymentError<'a> {
        self.error_details.object().unwrap_or_default()
    }

    pub(super) fn refund(&self) -> Refund<'a> {
        self.refund.object().unwrap_or_default()
    }

    pub(super) fn dispute(&self) -> Dispute<'a> {
        self.dispute.object().unwrap_or_default()
    }

    pub(super) fn order_details(&self) -> Order<'a> {
        self.order_details.object().unwrap_or_default()
    }

    pub(super) fn subscription(&self) -> Subscription<'a> {
        self.subscription_details.object().unwrap_or_default()
    }

    pub(super) fn link(&self) -> Link<'a> {
        Link {
            cf_link_id: self.cf_link_id,
            status: self.link_status,
            currency: self.link_currency,
            amount: self.link_amount,
            amount_paid: self.link_amount_paid,
            order: self.order(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Order<'a> {
    #[serde(borrow, rename = "order_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "order_amount")]
    pub(super) amount: Member<'a>,
    #[serde(rename = "order_currency")]
    pub(super) currency: Member<'a>,
    #[serde(rename = "order_tags")]
    tags: Member<'a>,
    transaction_status: Member<'a>,
}

impl<'a> Order<'a> {
    pub(super) fn tags(&self) -> Tags<'a> {
        self.tags.object().unwrap_or_default()
    }
}

/// `order_tags`: the merchant's own keys, and on a payment link's orders Cashfree's id of the link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tags<'a> {
    #[serde(borrow)]
    pub(super) cf_link_id: Member<'a>,
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) language: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payment<'a> {
    #[serde(borrow, rename = "cf_payment_id")]
    id: Member<'a>,
    #[serde(rename = "payment_status")]
    pub(super) status: Member<'a>,
    #[serde(rename = "payment_amount")]
    pub(super) amount: Member<'a>,
    #[serde(rename = "payment_currency")]
    pub(super) currency: Member<'a>,
    #[serde(rename = "payment_time")]
    pub(super) time: Member<'a>,
}

impl Payment<'_> {
    /// Cashfree's id of the attempt, which older versions write as a number.
    pub(super) fn subject(&self) -> String {
        self.id.number_or_text().unwrap_or_default().into_owned()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer<'a> {
    #[serde(borrow, rename = "customer_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "customer_name")]
    pub(super) name: Member<'a>,
    #[serde(rename = "customer_phone")]
    pub(super) phone: Member<'a>,
    #[serde(rename = "customer_email")]
    pub(super) email: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentError<'a> {
    #[serde(borrow)]
    pub(super) error_reason: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Refund<'a> {
    #[serde(borrow)]
    pub(super) order_id: Member<'a>,
    pub(super) cf_refund_id: Member<'a>,
    pub(super) processed_at: Member<'a>,
    #[serde(rename = "refund_status")]
    pub(super) status: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Dispute<'a> {
    #[serde(borrow, rename = "dispute_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "dispute_status")]
    pub(super) status: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subscription<'a> {
    #[serde(borrow, rename = "subscription_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "subscription_status")]
    pub(super) status: Member<'a>,
}

pub(super) struct Link<'a> {
    pub(super) cf_link_id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) currency: Member<'a>,
    pub(super) amount: Member<'a>,
    pub(super) amount_paid: Member<'a>,
    order: Order<'a>,
}

impl<'a> Link<'a> {
    /// The order by which the money of this event came.
    pub(super) fn paid_order(&self) -> Option<Cow<'a, str>> {
        let came = self.order.transaction_status.text().as_deref() == Some("SUCCESS");
        self.order.id.text().filter(|_| came)
    }
}

/// What the API answers about an order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Standing<'a> {
    #[serde(borrow, rename = "order_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "order_status")]
    pub(super) status: Member<'a>,
}
