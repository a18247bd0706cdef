//! Who owes the money and how to reach them: the same facts stand in many places, and often in none.

use std::borrow::Cow;

use recoup_core::{BuyerFacts, CustomerId, Link, PersonName, Phone};

use super::body::{Contact, Customer, Metadata, Object, PaymentError, PaymentMethod, SubscriptionDetails};
use crate::json::Member;

/// The parts of an invoice or a payment intent that speak of its buyer.
///
/// What does not read is skipped, never refused: a buyer or a merchant typed it, and the next place may be better.
pub(super) struct Sources<'a> {
    /// The debt's own metadata, its subscription's, its customer's, in the order they are believed.
    metadata: [Metadata<'a>; 3],
    /// Names and phones, in the order they are believed.
    contacts: [Contact<'a>; 6],
    customer: Option<Cow<'a, str>>,
    preferred_locales: Member<'a>,
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
                Contact { name: object.customer_name, phone: object.customer_phone },
                object.customer_shipping.object().unwrap_or_default(),
                Contact { name: customer.name, phone: customer.phone },
                customer.shipping.object().unwrap_or_default(),
                object.shipping.object().unwrap_or_default(),
                method.billing_details.object().unwrap_or_default(),
            ],
            customer: object.customer.id(),
            preferred_locales: customer.preferred_locales,
        }
    }

    /// Gathers what a customer object holds.
    pub(super) fn of_customer(customer: &Customer<'a>) -> Self {
        let mut sources = Self {
            metadata: Default::default(),
            contacts: Default::default(),
            customer: customer.id.text(),
            preferred_locales: customer.preferred_locales,
        };
        sources.metadata[0] = customer.metadata.object().unwrap_or_default();
        sources.contacts[0] = Contact { name: customer.name, phone: customer.phone };
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
        let preferred = self.preferred_locales.elements().unwrap_or_default();
        let locales = self.metadata.iter().flat_map(|m| [m.locale, m.language]).chain(preferred);
        BuyerFacts {
            customer: self.customer.as_deref().and_then(|id| CustomerId::parse(id).ok()),
            phone: first(phones, |text| Phone::parse(text).ok()),
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

fn first<'a, T>(
    members: impl IntoIterator<Item = Member<'a>>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    members.into_iter().find_map(|member| read(&member.text()?))
}

/// Takes `pt-BR` and `pt_BR` for what they are; `None` for what is not shaped like a language tag.
fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let language = parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && alphabetic(p));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    (language && rest && tag.len() <= 35).then_some(tag)
}

/// Takes what is shaped like `America/Sao_Paulo`; whether there is such a zone is for the policy to find out.
fn zone_name(text: &str) -> Option<String> {
    let name = text.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts_well && name.len() <= 64 && name.bytes().all(allowed)).then(|| name.to_owned())
}

fn alphabetic(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_language_tags_or_nothing() {
        for (text, expected) in [
            ("en", Some("en")),
            ("pt_BR", Some("pt-BR")),
            (" zh-Hant-TW ", Some("zh-Hant-TW")),
            ("", None),
            ("english", None),
            ("en-", None),
            ("../../etc", None),
            ("en\u{0}", None),
            ("日本", None),
        ] {
            assert_eq!(language_tag(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn zones_are_shaped_like_zones_or_nothing() {
        for (text, expected) in [
            ("America/Sao_Paulo", Some("America/Sao_Paulo")),
            ("Etc/GMT+3", Some("Etc/GMT+3")),
            ("UTC", Some("UTC")),
            ("", None),
            ("../etc/passwd", None),
            ("Asia/Kolkata\n", Some("Asia/Kolkata")),
            ("Asia Kolkata", None),
        ] {
            assert_eq!(zone_name(text).as_deref(), expected, "{text}");
        }
    }
}
