//! The members of Stripe's bodies that are read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::json::{Member, members};

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

members! {
    /// What `previous_attributes` says of an update: only the members that changed stand in it, with what they were.
    pub(super) struct Before {
        pub(super) status,
        pub(super) card,
    }
}

members! {
    /// An invoice, a payment of one, a payment intent, a charge, a dispute, a subscription, a checkout session, a customer
    /// or a payment method.
    ///
    /// One struct for all, because the type of the event stands after its object: telling them apart first would cost a
    /// second pass over the body. A member has a meaning only once the type is known, and stays unread text until then,
    /// so that an object of a type nobody asked for cannot fail.
    pub(super) struct Object {
        pub(super) id,
        pub(super) status,
        pub(super) currency,
        pub(super) customer,
        pub(super) customer_account,
        pub(super) metadata,
        pub(super) deleted,

        pub(super) amount_remaining,
        pub(super) amount_due,
        pub(super) attempt_count,
        pub(super) next_payment_attempt,
        pub(super) hosted_invoice_url,
        pub(super) number,
        pub(super) customer_name,
        pub(super) customer_phone,
        pub(super) customer_email,
        pub(super) collection_method,
        pub(super) customer_shipping,
        pub(super) payments,
        pub(super) subscription,
        pub(super) subscription_details,
        pub(super) parent,

        pub(super) amount,
        pub(super) invoice,
        pub(super) payment_details,
        pub(super) shipping,
        pub(super) receipt_email,
        pub(super) last_payment_error,
        pub(super) latest_charge,

        pub(super) amount_refunded,
        pub(super) refunded,
        pub(super) payment_intent,
        pub(super) charge,

        pub(super) latest_invoice,

        pub(super) payment,

        pub(super) amount_total,
        pub(super) payment_status,
        pub(super) mode,
        pub(super) recovered_from,
        pub(super) after_expiration,
        pub(super) customer_details,
        pub(super) shipping_details,
        pub(super) collected_information,
        pub(super) consent,
        pub(super) locale,

        pub(super) name,
        pub(super) phone,
        pub(super) email,
        pub(super) preferred_locales,
    }
}

impl<'a> Object<'a> {
    /// Whether this is an invoice that is still being written.
    pub(super) fn is_draft(&self) -> bool {
        self.status.text().as_deref() == Some("draft")
    }

    /// The invoice a payment intent says it collects: before basil its `invoice`, since then, for some integrations,
    /// an order reference that is an invoice id.
    pub(super) fn named_invoice(&self) -> Option<Cow<'a, str>> {
        self.invoice.id().or_else(|| self.order_reference().filter(|reference| reference.starts_with("in_")))
    }

    /// What the merchant calls the transaction of a payment intent.
    fn order_reference(&self) -> Option<Cow<'a, str>> {
        let details: PaymentDetails<'a> = self.payment_details.object()?;
        details.order_reference.text().filter(|reference| !reference.is_empty())
    }

    /// Whether a payment intent names an order of the merchant's, who then started it.
    pub(super) fn names_order(&self, metadata: &Metadata<'a>) -> bool {
        metadata.names_order || self.order_reference().is_some_and(|reference| !reference.starts_with("in_"))
    }

    /// Whether a payment intent is of one order and of no agreement: it names an order, or it is a guest's, whom nobody can
    /// charge again. Since basil that it names no invoice says nothing.
    pub(super) fn is_of_checkout(&self, metadata: &Metadata<'a>) -> bool {
        let guest = self.customer.id().is_none() && self.customer_account.id().is_none();
        self.named_invoice().is_none() && !metadata.names_agreement && (guest || self.names_order(metadata))
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

members! {
    struct PaymentDetails {
        order_reference,
    }
}

members! {
    struct Parent {
        subscription_details,
    }
}

members! {
    /// `subscription_details`, at the top before basil and under `parent` since.
    pub(super) struct SubscriptionDetails {
        pub(super) subscription,
        pub(super) metadata,
    }
}

members! {
    /// An expanded charge.
    pub(super) struct Charge {
        pub(super) invoice,
        pub(super) payment_intent,
    }
}

members! {
    /// A list, for example an invoice's `payments`.
    pub(super) struct List {
        pub(super) data,
    }
}

members! {
    /// One of an invoice's `payments`.
    pub(super) struct InvoicePayment {
        pub(super) payment,
    }
}

members! {
    /// A checkout session's `after_expiration`.
    pub(super) struct AfterExpiration {
        pub(super) recovery,
    }
}

members! {
    /// How an expired checkout session is taken up again.
    pub(super) struct Recovery {
        pub(super) url,
    }
}

members! {
    /// What the buyer agreed to in a checkout session.
    pub(super) struct Consent {
        pub(super) promotions,
    }
}

members! {
    /// A checkout session's `collected_information`.
    pub(super) struct Collected {
        pub(super) shipping_details,
    }
}

members! {
    /// What an invoice's payment was made with.
    pub(super) struct PaymentMade {
        pub(super) payment_intent,
        pub(super) charge,
    }
}

members! {
    /// A payment intent's `last_payment_error`.
    pub(super) struct PaymentError {
        pub(super) code,
        pub(super) decline_code,
        pub(super) advice_code,
        pub(super) network_decline_code,
        pub(super) charge,
        pub(super) payment_method,
    }
}

members! {
    pub(super) struct PaymentMethod {
        pub(super) billing_details,
    }
}

members! {
    /// `shipping`, `customer_shipping`, `billing_details` or `customer_details`.
    pub(super) struct Contact {
        pub(super) name,
        pub(super) phone,
        pub(super) email,
    }
}

members! {
    /// A customer object; of a deleted one only `id` and `deleted` are left.
    pub(super) struct Customer {
        pub(super) id,
        pub(super) deleted,
        pub(super) name,
        pub(super) phone,
        pub(super) email,
        pub(super) shipping,
        pub(super) metadata,
        pub(super) preferred_locales,
    }
}

/// What is read of the merchant's own `metadata`.
#[derive(Default)]
pub(super) struct Metadata<'a> {
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) push_token: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) language: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
    pub(super) resume_url: Member<'a>,
    pub(super) checkout_url: Member<'a>,
    /// Whether some key speaks of an order, so that the payment is one the merchant started.
    names_order: bool,
    /// Whether some key or value speaks of an invoice or of a standing agreement, which the merchant may keep elsewhere.
    names_agreement: bool,
}

fn speaks_of_agreement(text: &str) -> bool {
    const AGREEMENTS: [&str; 5] = ["invoice", "subscription", "recurring", "renewal", "mandate"];
    AGREEMENTS.iter().any(|word| text.contains(word))
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
                        "push_token" => &mut metadata.push_token,
                        "locale" => &mut metadata.locale,
                        "language" => &mut metadata.language,
                        "time_zone" | "timezone" => &mut metadata.time_zone,
                        "pay_url" => &mut metadata.pay_url,
                        "resume_url" => &mut metadata.resume_url,
                        "checkout_url" => &mut metadata.checkout_url,
                        key => {
                            const ORDERS: [&str; 4] = ["order", "invoice", "cart", "checkout"];
                            metadata.names_order |= ORDERS.iter().any(|order| key.contains(order));
                            let value = map.next_value::<Member<'de>>()?.text().unwrap_or_default();
                            metadata.names_agreement |=
                                [key, &value.to_ascii_lowercase()].into_iter().any(speaks_of_agreement);
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
