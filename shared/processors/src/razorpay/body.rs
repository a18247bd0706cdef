//! The members of Razorpay's bodies that are read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::NormaliseError;
use crate::json::Member;

/// The envelope of an event, or, without an event, Magic Checkout's abandoned cart.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) event: Member<'a>,
    pub(super) created_at: Member<'a>,
    pub(super) payload: Member<'a>,

    pub(super) token: Member<'a>,
    pub(super) cart_token: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) abandoned_checkout_url: Member<'a>,
    pub(super) currency: Member<'a>,
    pub(super) line_items_total: Member<'a>,
    pub(super) promotions: Member<'a>,
    pub(super) customer: Member<'a>,
}

/// The entities an event is about, each in an envelope of its own. `created_at` belongs to the body, but Razorpay's own
/// sample of `order.notification.failed` has it here.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    payment: Member<'a>,
    order: Member<'a>,
    invoice: Member<'a>,
    payment_link: Member<'a>,
    subscription: Member<'a>,
    refund: Member<'a>,
    dispute: Member<'a>,
    token: Member<'a>,
    notification: Member<'a>,
    pub(super) created_at: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow)]
    entity: Member<'a>,
}

fn entity<'a>(member: Member<'a>, name: &'static str) -> Result<Entity<'a>, NormaliseError> {
    let envelope: Envelope<'a> = member.object().unwrap_or_default();
    envelope.entity.object().ok_or(NormaliseError::Missing { member: name })
}

impl<'a> Payload<'a> {
    pub(super) fn payment(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.payment, "payload.payment.entity")
    }

    pub(super) fn order(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.order, "payload.order.entity")
    }

    pub(super) fn invoice(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.invoice, "payload.invoice.entity")
    }

    pub(super) fn payment_link(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.payment_link, "payload.payment_link.entity")
    }

    pub(super) fn subscription(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.subscription, "payload.subscription.entity")
    }

    pub(super) fn refund(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.refund, "payload.refund.entity")
    }

    pub(super) fn dispute(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.dispute, "payload.dispute.entity")
    }

    pub(super) fn token(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.token, "payload.token.entity")
    }

    pub(super) fn notification(&self) -> Result<Entity<'a>, NormaliseError> {
        entity(self.notification, "payload.notification.entity")
    }

    /// The entity that the event is named after.
    pub(super) fn subject(&self, kind: &str) -> Option<Entity<'a>> {
        let family = kind.split('.').next().unwrap_or_default();
        match family {
            "payment" if kind.starts_with("payment.dispute.") => self.dispute(),
            "payment" => self.payment(),
            "order" => self.notification().or_else(|_| self.order()),
            "invoice" => self.invoice(),
            "payment_link" => self.payment_link(),
            "subscription" => self.subscription(),
            "refund" => self.refund(),
            _ => self.token(),
        }
        .ok()
    }
}

/// A payment, an order, an invoice, a payment link, a subscription, a refund, a dispute, a token, a customer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entity<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) amount: Member<'a>,
    pub(super) currency: Member<'a>,
    pub(super) created_at: Member<'a>,
    pub(super) updated_at: Member<'a>,
    pub(super) notes: Member<'a>,
    pub(super) description: Member<'a>,

    pub(super) order_id: Member<'a>,
    pub(super) invoice_id: Member<'a>,
    pub(super) subscription_id: Member<'a>,
    pub(super) payment_id: Member<'a>,
    pub(super) token_id: Member<'a>,
    pub(super) customer_id: Member<'a>,

    pub(super) name: Member<'a>,
    pub(super) contact: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) card: Member<'a>,
    pub(super) customer_details: Member<'a>,
    pub(super) customer: Member<'a>,

    pub(super) error_reason: Member<'a>,
    pub(super) captured: Member<'a>,
    pub(super) amount_refunded: Member<'a>,
    pub(super) amount_due: Member<'a>,
    pub(super) amount_paid: Member<'a>,
    pub(super) amount_deducted: Member<'a>,
    pub(super) invoice_number: Member<'a>,
    pub(super) short_url: Member<'a>,
    pub(super) auth_attempts: Member<'a>,
    pub(super) charge_at: Member<'a>,
}

impl Entity<'_> {
    /// The payment link that a payment was made on: Razorpay writes `#` and the link's id without `plink_` as the
    /// payment's description.
    pub(super) fn link_id(&self) -> Option<String> {
        let description = self.description.text()?;
        let id = description.strip_prefix('#')?;
        let is_id = id.len() == 14 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        is_id.then(|| format!("plink_{id}"))
    }
}

/// A name, a phone and an address, wherever they stand.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) name: Member<'a>,
    #[serde(rename = "contact")]
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
}

/// What is read of the merchant's own `notes`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Notes<'a> {
    #[serde(borrow)]
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) language: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
}

/// The customer of Magic Checkout's abandoned cart, whose address alone is spelled in capitals.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shopper<'a> {
    #[serde(borrow)]
    pub(super) email: Member<'a>,
    pub(super) first_name: Member<'a>,
    pub(super) last_name: Member<'a>,
    #[serde(rename = "Shipping_address")]
    pub(super) shipping_address: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address<'a> {
    #[serde(borrow, rename = "Phone")]
    pub(super) phone: Member<'a>,
    #[serde(rename = "Name")]
    pub(super) name: Member<'a>,
}

/// What the API answers to a question for several.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Collection<'a> {
    #[serde(borrow)]
    pub(super) items: Member<'a>,
}

/// A Unix time; Razorpay writes 0 for "not yet".
pub(super) fn seconds(member: Member<'_>) -> Option<Timestamp> {
    let seconds = member.integer("created_at").ok().flatten().filter(|seconds| *seconds > 0)?;
    Timestamp::from_second(seconds).ok()
}

/// An id or a word that was borrowed from a member, with the owned one of a payment link.
pub(super) fn owned<'a>(text: Option<String>) -> Option<Cow<'a, str>> {
    text.map(Cow::Owned)
}
