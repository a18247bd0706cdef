//! The members of Cashfree's bodies that are read.

use std::borrow::Cow;

use crate::json::{Member, members};
use crate::read::MerchantData;

members! {
    pub(super) struct Body {
        pub(super) kind = "type",
        pub(super) event_time,
        pub(super) data,
    }
}

members! {
    /// What an event is about: named parts, or the members of a payment link or of a subscription's charge themselves.
    pub(super) struct Data {
        order,
        payment,
        customer_details,
        error_details,
        refund,
        dispute,
        order_details,
        subscription_details,

        cf_link_id,
        link_status,
        link_currency,
        link_amount,
        link_amount_paid,

        pub(super) payment_id,
        pub(super) subscription_id,
        pub(super) payment_status,
        pub(super) payment_amount,
        pub(super) payment_currency,
        pub(super) retry_attempts,
    }
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

members! {
    pub(super) struct Order {
        pub(super) id = "order_id",
        pub(super) amount = "order_amount",
        pub(super) currency = "order_currency",
        tags = "order_tags",
        transaction_status,
    }
}

impl<'a> Order<'a> {
    /// The merchant's own keys.
    pub(super) fn tags(&self) -> MerchantData<'a> {
        self.tags.object().unwrap_or_default()
    }

    /// Cashfree's id of the payment link that the order came by.
    pub(super) fn link_id(&self) -> Member<'a> {
        self.tags.object::<LinkTag<'a>>().unwrap_or_default().cf_link_id
    }
}

members! {
    /// What Cashfree itself puts into `order_tags`.
    struct LinkTag {
        cf_link_id,
    }
}

members! {
    pub(super) struct Payment {
        id = "cf_payment_id",
        pub(super) status = "payment_status",
        pub(super) amount = "payment_amount",
        pub(super) currency = "payment_currency",
        pub(super) time = "payment_time",
    }
}

impl Payment<'_> {
    /// Cashfree's id of the attempt, which older versions write as a number.
    pub(super) fn subject(&self) -> String {
        self.id.number_or_text().unwrap_or_default().into_owned()
    }
}

members! {
    pub(super) struct Customer {
        pub(super) id = "customer_id",
        pub(super) name = "customer_name",
        pub(super) phone = "customer_phone",
        pub(super) email = "customer_email",
    }
}

members! {
    pub(super) struct PaymentError {
        pub(super) error_reason,
    }
}

members! {
    pub(super) struct Refund {
        pub(super) order_id,
        pub(super) cf_refund_id,
        pub(super) processed_at,
        pub(super) status = "refund_status",
    }
}

members! {
    pub(super) struct Dispute {
        pub(super) id = "dispute_id",
        pub(super) status = "dispute_status",
    }
}

members! {
    pub(super) struct Subscription {
        pub(super) id = "subscription_id",
        pub(super) status = "subscription_status",
    }
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

members! {
    /// What the API answers about an order.
    pub(super) struct Standing {
        pub(super) id = "order_id",
        pub(super) status = "order_status",
    }
}
