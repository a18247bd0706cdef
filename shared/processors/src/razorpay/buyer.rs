//! Who owes the money and how to reach them.

use recoup_core::{BuyerFacts, CustomerId, Email, Link, PersonName, Phone, PushToken};

use super::body::{Contact, Entity};
use crate::read::{MerchantData, first, language_tag, zone_name};

/// The parts of a body that speak of its buyer, in the order they are believed.
#[derive(Default)]
pub(super) struct Sources<'a> {
    notes: Vec<MerchantData<'a>>,
    contacts: Vec<Contact<'a>>,
    customer: Option<CustomerId>,
}

impl<'a> Sources<'a> {
    /// Gathers what these entities hold; a customer is one too.
    pub(super) fn of(entities: &[&Entity<'a>]) -> Self {
        let mut sources = Self::default();
        for entity in entities {
            // An entity without notes says `[]`, which is no object.
            sources.notes.extend(entity.notes.object::<MerchantData<'a>>());
            let card: Contact<'a> = entity.card.object().unwrap_or_default();
            let own = Contact { name: entity.name, phone: entity.contact, email: entity.email };
            let given =
                [entity.customer_details, entity.customer].map(|member| member.object().unwrap_or_default());
            sources.contacts.push(own);
            sources.contacts.extend(given);
            sources.contacts.push(Contact { name: card.name, ..Contact::default() });
            sources.customer =
                sources.customer.or_else(|| CustomerId::parse(&entity.customer_id.text()?).ok());
        }
        sources
    }

    /// The buyer, each fact from the first place that reads. `void@razorpay.com` is nobody's address.
    pub(super) fn buyer(&self) -> BuyerFacts {
        let noted = self.notes.iter().map(|notes| notes.whatsapp_phone);
        let phones = noted.chain(self.contacts.iter().map(|contact| contact.phone));
        BuyerFacts {
            customer: self.customer.clone(),
            phone: first(phones, |text| Phone::parse(text).ok()),
            email: first(self.contacts.iter().map(|contact| contact.email), Email::parse),
            push: first(self.notes.iter().map(|notes| notes.push_token), PushToken::parse),
            name: first(self.contacts.iter().map(|contact| contact.name), PersonName::clean),
            locale: first(self.notes.iter().flat_map(|notes| [notes.locale, notes.language]), language_tag),
            zone: first(self.notes.iter().map(|notes| notes.time_zone), zone_name),
        }
    }

    /// The merchant's own page for this payment.
    pub(super) fn pay_link(&self) -> Option<Link> {
        first(self.notes.iter().map(|notes| notes.pay_url), |url| Link::parse(url).ok())
    }
}
