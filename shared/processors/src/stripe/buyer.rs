//! Who owes the money and how to reach them: the same facts stand in many places, and often in none.

use std::borrow::Cow;

use recoup_core::{BuyerFacts, CustomerId, Email, Link, PersonName, Phone, PushToken};

use super::body::{
    Collected, Contact, Customer, Metadata, Object, PaymentError, PaymentMethod, SubscriptionDetails,
};
use crate::json::Member;
use crate::read::{first, language_tag, zone_name};

/// The parts of an invoice, a payment intent or a checkout session that speak of its buyer.
///
/// What does not read is skipped, never refused: a buyer or a merchant typed it, and the next place may be better.
pub(super) struct Sources<'a> {
    /// The debt's own metadata, its subscription's, its customer's, in the order they are believed.
    metadata: [Metadata<'a>; 3],
    /// Names, phones and addresses, in the order they are believed.
    contacts: [Contact<'a>; 6],
    receipt_email: Member<'a>,
    customer: Option<Cow<'a, str>>,
    preferred_locales: Member<'a>,
    /// The language a checkout was shown in; `auto` is none.
    shown_in: Member<'a>,
}

impl<'a> Sources<'a> {
    /// Gathers what an invoice or a payment intent holds.
    pub(super) fn of_object(
        object: &Object<'a>,
        subscription: &SubscriptionDetails<'a>,
        error: &PaymentError<'a>,
    ) -> Self {
        let customer: Customer<'a> = object.customer.object().unwrap_or_default();
        let method: PaymentMethod<'a> = error.payment_method.object().unwrap_or_default();
        Self {
            metadata: [
                object.metadata.object().unwrap_or_default(),
                subscription.metadata.object().unwrap_or_default(),
                customer.metadata.object().unwrap_or_default(),
            ],
            contacts: [
                Contact {
                    name: object.customer_name,
                    phone: object.customer_phone,
                    email: object.customer_email,
                },
                object.customer_shipping.object().unwrap_or_default(),
                Contact { name: customer.name, phone: customer.phone, email: customer.email },
                customer.shipping.object().unwrap_or_default(),
                object.shipping.object().unwrap_or_default(),
                method.billing_details.object().unwrap_or_default(),
            ],
            receipt_email: object.receipt_email,
            customer: object.customer.id(),
            preferred_locales: customer.preferred_locales,
            shown_in: Member::default(),
        }
    }

    /// Gathers what a checkout session holds.
    pub(super) fn of_session(session: &Object<'a>) -> Self {
        let customer: Customer<'a> = session.customer.object().unwrap_or_default();
        let collected: Collected<'a> = session.collected_information.object().unwrap_or_default();
        Self {
            metadata: [
                session.metadata.object().unwrap_or_default(),
                customer.metadata.object().unwrap_or_default(),
                Metadata::default(),
            ],
            contacts: [
                session.customer_details.object().unwrap_or_default(),
                Contact { email: session.customer_email, ..Contact::default() },
                collected.shipping_details.object().unwrap_or_default(),
                session.shipping_details.object().unwrap_or_default(),
                session.shipping.object().unwrap_or_default(),
                Contact { name: customer.name, phone: customer.phone, email: customer.email },
            ],
            receipt_email: Member::default(),
            customer: session.customer.id(),
            preferred_locales: customer.preferred_locales,
            shown_in: session.locale,
        }
    }

    /// Gathers what a customer object holds.
    pub(super) fn of_customer(customer: &Customer<'a>) -> Self {
        let mut sources = Self {
            metadata: Default::default(),
            contacts: Default::default(),
            receipt_email: Member::default(),
            customer: customer.id.text(),
            preferred_locales: customer.preferred_locales,
            shown_in: Member::default(),
        };
        sources.metadata[0] = customer.metadata.object().unwrap_or_default();
        sources.contacts[0] = Contact { name: customer.name, phone: customer.phone, email: customer.email };
        sources.contacts[1] = customer.shipping.object().unwrap_or_default();
        sources
    }

    /// The debt's own metadata.
    pub(super) fn metadata(&self) -> &Metadata<'a> {
        &self.metadata[0]
    }

    /// The buyer, each fact from the first place that reads.
    pub(super) fn buyer(&self) -> BuyerFacts {
        let phones =
            self.metadata.iter().map(|m| m.whatsapp_phone).chain(self.contacts.iter().map(|c| c.phone));
        let emails = self.contacts.iter().map(|c| c.email).chain([self.receipt_email]);
        let preferred = self.preferred_locales.elements().unwrap_or_default();
        let locales =
            self.metadata.iter().flat_map(|m| [m.locale, m.language]).chain(preferred).chain([self.shown_in]);
        BuyerFacts {
            customer: self.customer.as_deref().and_then(|id| CustomerId::parse(id).ok()),
            phone: first(phones, |text| Phone::parse(text).ok()),
            email: first(emails, Email::parse),
            push: first(self.metadata.iter().map(|m| m.push_token), PushToken::parse),
            name: first(self.contacts.iter().map(|c| c.name), PersonName::clean),
            locale: first(locales, language_tag),
            zone: first(self.metadata.iter().map(|m| m.time_zone), zone_name),
        }
    }

    /// A page where the buyer can pay, as the merchant's metadata gives one for a payment that has no invoice.
    pub(super) fn pay_link(&self) -> Option<Link> {
        let metadata = self.metadata();
        first([metadata.pay_url, metadata.resume_url, metadata.checkout_url], |url| Link::parse(url).ok())
    }
}
