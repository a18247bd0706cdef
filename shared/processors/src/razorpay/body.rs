//! The members of Razorpay's bodies that are read.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::NormaliseError;
use crate::json::{Member, members};

members! {
    /// The envelope of an event, or, without an event, Magic Checkout's abandoned cart.
    pub(super) struct Body {
        pub(super) event,
        pub(super) created_at,
        pub(super) payload,

        pub(super) token,
        pub(super) cart_token,
        pub(super) email,
        pub(super) phone,
        pub(super) abandoned_checkout_url,
        pub(super) currency,
        pub(super) line_items_total,
        pub(super) promotions,
        pub(super) customer,
    }
}

members! {
    /// The entities an event is about, each in an envelope of its own. `created_at` belongs to the body, but Razorpay's own
    /// sample of `order.notification.failed` has it here.
    pub(super) struct Payload {
        payment,
        order,
        invoice,
        payment_link,
        subscription,
        refund,
        dispute,
        token,
        notification,
        pub(super) created_at,
    }
}

members! {
    struct Envelope {
        entity,
    }
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

members! {
    /// A payment, an order, an invoice, a payment link, a subscription, a refund, a dispute, a token, a customer.
    pub(super) struct Entity {
        pub(super) id,
        pub(super) status,
        pub(super) amount,
        pub(super) currency,
        pub(super) created_at,
        pub(super) updated_at,
        pub(super) notes,
        pub(super) method,
        pub(super) description,

        pub(super) order_id,
        pub(super) invoice_id,
        pub(super) subscription_id,
        pub(super) payment_id,
        pub(super) token_id,
        pub(super) customer_id,

        pub(super) name,
        pub(super) contact,
        pub(super) email,
        pub(super) card,
        pub(super) customer_details,
        pub(super) customer,

        pub(super) error_reason,
        pub(super) captured,
        pub(super) amount_refunded,
        pub(super) amount_due,
        pub(super) amount_paid,
        pub(super) amount_deducted,
        pub(super) invoice_number,
        pub(super) short_url,
        pub(super) auth_attempts,
        pub(super) charge_at,
    }
}

impl Entity<'_> {
    /// Whether a payment was that of an order and of nothing else. An invoice and a payment link stay open for days; a
    /// token is what subscriptions and mandates are charged with, or a card that a buyer had stored: the body does not
    /// say which.
    pub(super) fn is_of_checkout(&self) -> bool {
        let other = [self.invoice_id, self.token_id, self.subscription_id];
        let mandate = matches!(self.method.text().as_deref(), Some("emandate" | "nach"));
        self.order_id.text().is_some()
            && other.iter().all(|id| id.text().is_none())
            && self.link_id().is_none()
            && !mandate
    }

    /// The payment link that a payment was made on: Razorpay writes `#` and the link's id without `plink_` as the
    /// payment's description.
    pub(super) fn link_id(&self) -> Option<String> {
        let description = self.description.text()?;
        let id = description.strip_prefix('#')?;
        let is_id = id.len() == 14 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        is_id.then(|| format!("plink_{id}"))
    }
}

members! {
    /// A name, a phone and an address, wherever they stand.
    pub(super) struct Contact {
        pub(super) name,
        pub(super) phone = "contact",
        pub(super) email,
    }
}

members! {
    /// The customer of Magic Checkout's abandoned cart, whose address alone is spelled in capitals.
    pub(super) struct Shopper {
        pub(super) email,
        pub(super) first_name,
        pub(super) last_name,
        pub(super) shipping_address = "Shipping_address",
    }
}

members! {
    pub(super) struct Address {
        pub(super) phone = "Phone",
        pub(super) name = "Name",
    }
}

members! {
    /// What the API answers to a question for several.
    pub(super) struct Collection {
        pub(super) items,
    }
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
