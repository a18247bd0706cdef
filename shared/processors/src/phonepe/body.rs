//! The members of `PhonePe`'s bodies that are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Told;
use crate::json::Member;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) event: Member<'a>,
    pub(super) payload: Member<'a>,
}

/// An order, a refund or a subscription.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) state: Member<'a>,
    pub(super) amount: Member<'a>,
    pub(super) merchant_order_id: Member<'a>,
    pub(super) order_id: Member<'a>,
    pub(super) original_merchant_order_id: Member<'a>,
    merchant_refund_id: Member<'a>,
    pub(super) merchant_subscription_id: Member<'a>,
    pub(super) error_code: Member<'a>,
    pub(super) payment_flow: Member<'a>,
    payment_details: Member<'a>,
    meta_info: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Flow<'a> {
    #[serde(borrow)]
    pub(super) merchant_subscription_id: Member<'a>,
    pub(super) paylink_url: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attempt<'a> {
    #[serde(borrow)]
    timestamp: Member<'a>,
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
