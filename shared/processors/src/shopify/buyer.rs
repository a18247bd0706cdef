//! Who is buying and how to reach them: the same facts stand in many places, and often in none.

use recoup_core::{BuyerFacts, CustomerId, Email, PersonName, Phone, PushToken};

use super::body::{Body, Note, Person};
use crate::json::Member;
use crate::read::{first, language_tag};

/// The buyer of a checkout or an order, each fact from the first place that reads.
pub(super) fn of_purchase(body: &Body<'_>) -> BuyerFacts {
    let customer: Person<'_> = body.customer.object().unwrap_or_default();
    let [shipping, billing, home] = [body.shipping_address, body.billing_address, customer.default_address]
        .map(|address| address.object::<Person<'_>>().unwrap_or_default());
    let phones = [
        note(body, "whatsapp_phone"),
        body.phone,
        body.sms_marketing_phone,
        customer.phone,
        shipping.phone,
        billing.phone,
        home.phone,
    ];
    let names = [customer.first_name, billing.first_name, shipping.first_name, billing.name, shipping.name];
    BuyerFacts {
        customer: customer_id(customer.id),
        phone: first(phones, |text| Phone::parse(text).ok()),
        email: first([body.email, body.contact_email, customer.email], Email::parse),
        push: first([note(body, "push_token")], PushToken::parse),
        name: first(names, PersonName::clean),
        locale: first([body.customer_locale], language_tag),
        zone: None,
    }
}

/// The buyer that the body is itself.
pub(super) fn of_customer(body: &Body<'_>) -> BuyerFacts {
    let home: Person<'_> = body.default_address.object().unwrap_or_default();
    BuyerFacts {
        customer: customer_id(body.id),
        phone: first([body.phone, home.phone], |text| Phone::parse(text).ok()),
        email: first([body.email], Email::parse),
        name: first([body.first_name, home.first_name, home.name], PersonName::clean),
        ..BuyerFacts::default()
    }
}

/// A customer's id, which is a number too large for a float.
pub(super) fn customer_id(id: Member<'_>) -> Option<CustomerId> {
    CustomerId::parse(&id.number_or_text()?).ok()
}

/// What the merchant's own form or app put under this name.
fn note<'a>(body: &Body<'a>, name: &str) -> Member<'a> {
    let notes = body.note_attributes.elements().unwrap_or_default();
    let mut notes = notes.into_iter().filter_map(Member::object::<Note<'a>>);
    let own = notes.find(|note| note.name.text().as_deref() == Some(name));
    own.map(|note| note.value).unwrap_or_default()
}
