//! The members of Lemon Squeezy's bodies that are read: JSON:API resources.

use serde::Deserialize;

use crate::json::Member;

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) meta: Option<Meta<'a>>,
    pub(super) data: Option<Resource<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) event_name: Member<'a>,
    pub(super) custom_data: Member<'a>,
    pub(super) test_mode: Member<'a>,
}

/// What is read of the data that the merchant gave to the checkout.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Custom<'a> {
    #[serde(borrow)]
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
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

/// One struct for all kinds, because the members may stand in any order. A member stays unread text until its kind is
/// known.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes<'a> {
    #[serde(borrow)]
    pub(super) status: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) user_name: Member<'a>,
    pub(super) user_email: Member<'a>,
    pub(super) name: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) subscription_id: Member<'a>,
    pub(super) billing_reason: Member<'a>,
    pub(super) currency: Member<'a>,
    pub(super) total: Member<'a>,
    pub(super) total_formatted: Member<'a>,
    pub(super) refunded_amount: Member<'a>,
    pub(super) urls: Member<'a>,
    pub(super) created_at: Member<'a>,
    pub(super) updated_at: Member<'a>,
    pub(super) test_mode: Member<'a>,
}

/// A subscription's pages.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Urls<'a> {
    #[serde(borrow)]
    pub(super) customer_portal: Member<'a>,
}
