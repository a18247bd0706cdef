//! The members of Stripe's bodies that are read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::json::Member;

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) object: Member<'a>,
    pub(super) created: Member<'a>,
    pub(super) livemode: Member<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Member<'a>,
    pub(super) data: Option<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    pub(super) object: Option<Object<'a>>,
    pub(super) previous_attributes: Member<'a>,
}

/// What `previous_attributes` says of an update: only the members that changed stand in it, with what they were.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Before<'a> {
    #[serde(borrow)]
    pub(super) status: Member<'a>,
    pub(super) card: Member<'a>,
}

/// An invoice, a payment of one, a payment intent, a charge, a dispute, a subscription, a checkout session, a customer
/// or a payment method.
///
/// One struct for all, because the type of the event stands after its object: telling them apart first would cost a
/// second pass over the body. A member has a meaning only once the type is known, and stays unread text until then,
/// so that an object of a type nobody asked for cannot fail.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Object<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) currency: Member<'a>,
    pub(super) customer: Member<'a>,
    pub(super) metadata: Member<'a>,
    pub(super) deleted: Member<'a>,

    pub(super) amount_remaining: Member<'a>,
    pub(super) amount_due: Member<'a>,
    pub(super) attempt_count: Member<'a>,
    pub(super) next_payment_attempt: Member<'a>,
    pub(super) hosted_invoice_url: Member<'a>,
    pub(super) number: Member<'a>,
    pub(super) customer_name: Member<'a>,
    pub(super) customer_phone: Member<'a>,
    pub(super) customer_email: Member<'a>,
    pub(super) collection_method: Member<'a>,
    pub(super) customer_shipping: Member<'a>,
    pub(super) payments: Member<'a>,
    pub(super) subscription: Member<'a>,
    pub(super) subscription_details: Member<'a>,
    pub(super) parent: Member<'a>,

    pub(super) amount: Member<'a>,
    pub(super) invoice: Member<'a>,
    pub(super) payment_details: Member<'a>,
    pub(super) shipping: Member<'a>,
    pub(super) receipt_email: Member<'a>,
    pub(super) last_payment_error: Member<'a>,
    pub(super) latest_charge: Member<'a>,

    pub(super) amount_refunded: Member<'a>,
    pub(super) refunded: Member<'a>,
    pub(super) payment_intent: Member<'a>,
    pub(super) charge: Member<'a>,

    pub(super) latest_invoice: Member<'a>,

    pub(super) payment: Member<'a>,

    pub(super) amount_total: Member<'a>,
    pub(super) payment_status: Member<'a>,
    pub(super) recovered_from: Member<'a>,
    pub(super) after_expiration: Member<'a>,
    pub(super) customer_details: Member<'a>,
    pub(super) shipping_details: Member<'a>,
    pub(super) collected_information: Member<'a>,
    pub(super) consent: Member<'a>,
    pub(super) locale: Member<'a>,

    pub(super) name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) preferred_locales: Member<'a>,
}

impl<'a> Object<'a> {
    /// Whether this is an invoice that is still being written.
    pub(super) fn is_draft(&self) -> bool {
        self.status.text().as_deref() == Some("draft")
    }

    /// The invoice a payment intent says it collects: before basil its `invoice`, since then, for some integrations,
    /// an order reference that is an invoice id.
    pub(super) fn named_invoice(&self) -> Option<Cow<'a, str>> {
        self.invoice.id().or_else(|| {
            let details: PaymentDetails<'a> = self.payment_details.object()?;
            details.order_reference.text().filter(|reference| reference.starts_with("in_"))
        })
    }

    /// The subscription behind an invoice, wherever its generation puts it.
    pub(super) fn subscription_details(&self) -> SubscriptionDetails<'a> {
        let parent = || self.parent.object::<Parent<'a>>()?.subscription_details.object();
        let old = || self.subscription_details.object();
        parent().or_else(old).unwrap_or_default()
    }

    /// The members of a customer, where this is one.
    pub(super) fn as_customer(&self) -> Customer<'a> {
        Customer {
            id: self.id,
            deleted: self.deleted,
            name: self.name,
            phone: self.phone,
            email: self.email,
            shipping: self.shipping,
            metadata: self.metadata,
            preferred_locales: self.preferred_locales,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PaymentDetails<'a> {
    #[serde(borrow)]
    order_reference: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parent<'a> {
    #[serde(borrow)]
    subscription_details: Member<'a>,
}

/// `subscription_details`, at the top before basil and under `parent` since.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SubscriptionDetails<'a> {
    #[serde(borrow)]
    pub(super) subscription: Member<'a>,
    pub(super) metadata: Member<'a>,
}

/// An expanded charge.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Charge<'a> {
    #[serde(borrow)]
    pub(super) invoice: Member<'a>,
    pub(super) payment_intent: Member<'a>,
}

/// A list, for example an invoice's `payments`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct List<'a> {
    #[serde(borrow)]
    pub(super) data: Member<'a>,
}

/// One of an invoice's `payments`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InvoicePayment<'a> {
    #[serde(borrow)]
    pub(super) payment: Member<'a>,
}

/// A checkout session's `after_expiration`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AfterExpiration<'a> {
    #[serde(borrow)]
    pub(super) recovery: Member<'a>,
}

/// How an expired checkout session is taken up again.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Recovery<'a> {
    #[serde(borrow)]
    pub(super) url: Member<'a>,
}

/// What the buyer agreed to in a checkout session.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Consent<'a> {
    #[serde(borrow)]
    pub(super) promotions: Member<'a>,
}

/// A checkout session's `collected_information`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Collected<'a> {
    #[serde(borrow)]
    pub(super) shipping_details: Member<'a>,
}

/// What an invoice's payment was made with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentMade<'a> {
    #[serde(borrow)]
    pub(super) payment_intent: Member<'a>,
    pub(super) charge: Member<'a>,
}

/// A payment intent's `last_payment_error`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentError<'a> {
    #[serde(borrow)]
    pub(super) code: Member<'a>,
    pub(super) decline_code: Member<'a>,
    pub(super) advice_code: Member<'a>,
    pub(super) network_decline_code: Member<'a>,
    pub(super) charge: Member<'a>,
    pub(super) payment_method: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentMethod<'a> {
    #[serde(borrow)]
    pub(super) billing_details: Member<'a>,
}

/// `shipping`, `customer_shipping`, `billing_details` or `customer_details`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
}

/// A customer object; of a deleted one only `id` and `deleted` are left.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) deleted: Member<'a>,
    pub(super) name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) shipping: Member<'a>,
    pub(super) metadata: Member<'a>,
    pub(super) preferred_locales: Member<'a>,
}

/// What is read of the merchant's own `metadata`.
#[derive(Default)]
pub(super) struct Metadata<'a> {
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) language: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
    pub(super) resume_url: Member<'a>,
    pub(super) checkout_url: Member<'a>,
    /// Whether some key speaks of an order, so that the payment is one the merchant started.
    pub(super) names_order: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Metadata<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("metadata")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut metadata = Metadata::default();
                while let Some(mut key) = map.next_key::<String>()? {
                    key.make_ascii_lowercase();
                    let slot = match key.as_str() {
                        "whatsapp_phone" => &mut metadata.whatsapp_phone,
                        "locale" => &mut metadata.locale,
                        "language" => &mut metadata.language,
                        "time_zone" | "timezone" => &mut metadata.time_zone,
                        "pay_url" => &mut metadata.pay_url,
                        "resume_url" => &mut metadata.resume_url,
                        "checkout_url" => &mut metadata.checkout_url,
                        key => {
                            const ORDERS: [&str; 4] = ["order", "invoice", "cart", "checkout"];
                            metadata.names_order |= ORDERS.iter().any(|order| key.contains(order));
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *slot = map.next_value()?;
                }
                Ok(metadata)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
