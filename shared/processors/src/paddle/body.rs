//! The members of Paddle's bodies that are read.

use serde::Deserialize;

use crate::json::{Member, members};

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

members! {
    /// A transaction, a subscription, an adjustment, a customer or a payment method.
    ///
    /// One struct for all, because the type of the event may stand after its data. A member has a meaning only once the type
    /// is known, and stays unread text until then.
    pub(super) struct Entity {
        pub(super) id,
        pub(super) status,
        pub(super) customer_id,
        pub(super) currency_code,
        pub(super) custom_data,

        pub(super) origin,
        pub(super) collection_mode,
        pub(super) subscription_id,
        pub(super) invoice_number,
        pub(super) details,
        pub(super) checkout,
        pub(super) payments,

        pub(super) action,
        pub(super) kind = "type",
        pub(super) transaction_id,

        pub(super) name,
        pub(super) email,
        pub(super) locale,
    }
}

members! {
    /// A transaction's `details`.
    pub(super) struct Details {
        pub(super) totals,
    }
}

members! {
    /// What a transaction comes to; the amounts are texts of minor units.
    pub(super) struct Totals {
        pub(super) balance,
        pub(super) grand_total,
    }
}

members! {
    /// A transaction's `checkout`.
    pub(super) struct Page {
        pub(super) url,
    }
}

members! {
    /// One attempt to pay.
    pub(super) struct Payment {
        pub(super) status,
        pub(super) error_code,
    }
}

members! {
    /// What is read of the merchant's own `custom_data`.
    pub(super) struct Custom {
        pub(super) whatsapp_phone,
        pub(super) push_token,
        pub(super) locale,
        pub(super) time_zone,
    }
}

/// What Paddle's API answers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) data: Option<Entity<'a>>,
}
