//! The members of Paddle's bodies that are read.

use serde::Deserialize;

use crate::json::Member;

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) event_id: Member<'a>,
    pub(super) event_type: Member<'a>,
    pub(super) occurred_at: Member<'a>,
    pub(super) notification_id: Member<'a>,
    pub(super) data: Option<Entity<'a>>,
}

/// A transaction, a subscription, an adjustment, a customer or a payment method.
///
/// One struct for all, because the type of the event may stand after its data. A member has a meaning only once the type
/// is known, and stays unread text until then.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entity<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) currency_code: Member<'a>,
    pub(super) custom_data: Member<'a>,

    pub(super) origin: Member<'a>,
    pub(super) collection_mode: Member<'a>,
    pub(super) subscription_id: Member<'a>,
    pub(super) invoice_number: Member<'a>,
    pub(super) details: Member<'a>,
    pub(super) checkout: Member<'a>,
    pub(super) payments: Member<'a>,

    pub(super) action: Member<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Member<'a>,
    pub(super) transaction_id: Member<'a>,

    pub(super) name: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) locale: Member<'a>,
}

/// A transaction's `details`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Details<'a> {
    #[serde(borrow)]
    pub(super) totals: Member<'a>,
}

/// What a transaction comes to; the amounts are texts of minor units.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Totals<'a> {
    #[serde(borrow)]
    pub(super) balance: Member<'a>,
    pub(super) grand_total: Member<'a>,
}

/// A transaction's `checkout`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) url: Member<'a>,
}

/// One attempt to pay.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payment<'a> {
    #[serde(borrow)]
    pub(super) status: Member<'a>,
    pub(super) error_code: Member<'a>,
}

/// What is read of the merchant's own `custom_data`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Custom<'a> {
    #[serde(borrow)]
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) time_zone: Member<'a>,
}

/// What Paddle's API answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Entity<'a>>,
}
