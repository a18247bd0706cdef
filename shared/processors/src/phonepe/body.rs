//! The members of `PhonePe`'s bodies that are read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Told;
use crate::json::{Member, members};

members! {
    pub(super) struct Body {
        pub(super) event,
        pub(super) payload,
    }
}

members! {
    /// An order, a refund or a subscription.
    pub(super) struct Payload {
        pub(super) state,
        pub(super) amount,
        pub(super) merchant_order_id = "merchantOrderId",
        pub(super) order_id = "orderId",
        pub(super) original_merchant_order_id = "originalMerchantOrderId",
        merchant_refund_id = "merchantRefundId",
        pub(super) merchant_subscription_id = "merchantSubscriptionId",
        pub(super) error_code = "errorCode",
        pub(super) payment_flow = "paymentFlow",
        payment_details = "paymentDetails",
        meta_info = "metaInfo",
    }
}

members! {
    pub(super) struct Flow {
        pub(super) merchant_subscription_id = "merchantSubscriptionId",
        pub(super) paylink_url = "paylinkUrl",
    }
}

members! {
    struct Attempt {
        timestamp,
    }
}

impl Payload<'_> {
    /// The merchant's id of what the event is about, as it is written.
    pub(super) fn subject(&self) -> String {
        let ids = [self.merchant_refund_id, self.merchant_order_id, self.merchant_subscription_id];
        ids.iter().find_map(|id| id.text()).unwrap_or_default().into_owned()
    }

    /// When the last attempt was made: the only time a body has that is not a limit.
    pub(super) fn last_attempt_at(&self) -> Option<Timestamp> {
        let attempts = self.payment_details.elements().unwrap_or_default();
        let time = |attempt: Member<'_>| {
            let milliseconds = attempt.object::<Attempt<'_>>()?.timestamp.integer("timestamp").ok()??;
            Timestamp::from_millisecond(milliseconds).ok()
        };
        attempts.into_iter().filter_map(time).max()
    }

    /// What the merchant told of the buyer.
    pub(super) fn told(&self) -> Told {
        let fields: BTreeMap<String, Member<'_>> = self.meta_info.object().unwrap_or_default();
        let pair = |field: Member<'_>| {
            let text = field.text()?;
            let (key, value) = text.split_once('=')?;
            Some((key.trim().to_owned(), value.trim().to_owned()))
        };
        Told(fields.into_values().filter_map(pair).collect())
    }
}
