//! The members of Lemon Squeezy's bodies that are read: JSON:API resources.

use serde::Deserialize;

use crate::json::{Member, members};

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) meta: Option<Meta<'a>>,
    pub(super) data: Option<Resource<'a>>,
}

members! {
    pub(super) struct Meta {
        pub(super) event_name,
        pub(super) custom_data,
        pub(super) test_mode,
    }
}

members! {
    /// What is read of the data that the merchant gave to the checkout.
    pub(super) struct Custom {
        pub(super) whatsapp_phone,
        pub(super) push_token,
        pub(super) locale,
        pub(super) time_zone,
        pub(super) pay_url,
    }
}

/// An order, a subscription, an invoice of one, or a customer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Member<'a>,
    pub(super) id: Member<'a>,
    pub(super) attributes: Attributes<'a>,
}

members! {
    /// One struct for all kinds, because the members may stand in any order. A member stays unread text until its kind is
    /// known.
    pub(super) struct Attributes {
        pub(super) status,
        pub(super) customer_id,
        pub(super) user_name,
        pub(super) user_email,
        pub(super) name,
        pub(super) email,
        pub(super) subscription_id,
        pub(super) billing_reason,
        pub(super) currency,
        pub(super) total,
        pub(super) total_formatted,
        pub(super) refunded_amount,
        pub(super) urls,
        pub(super) created_at,
        pub(super) updated_at,
        pub(super) test_mode,
    }
}

members! {
    /// A subscription's pages.
    pub(super) struct Urls {
        pub(super) customer_portal,
    }
}
