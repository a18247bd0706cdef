//! Who buys: Paddle's transactions name only the customer's id, its customers have no phone.

use recoup_core::{BuyerFacts, CustomerId, Email, PersonName, Phone, PushToken};

use super::body::{Custom, Entity};
use crate::json::Member;
use crate::read::{first, language_tag, zone_name};

/// The buyer of a transaction: the id, and what the merchant's own data beside it say.
pub(super) fn of_transaction(data: &Entity<'_>) -> BuyerFacts {
    let custom: Custom<'_> = data.custom_data.object().unwrap_or_default();
    BuyerFacts {
        customer: id(data.customer_id),
        phone: first([custom.whatsapp_phone], |phone| Phone::parse(phone).ok()),
        email: None,
        push: first([custom.push_token], PushToken::parse),
        name: None,
        locale: first([custom.locale, data.locale], language_tag),
        zone: first([custom.time_zone], zone_name),
    }
}

/// The buyer that a customer is.
pub(super) fn customer(data: &Entity<'_>) -> BuyerFacts {
    BuyerFacts {
        customer: id(data.id),
        email: first([data.email], Email::parse),
        name: first([data.name], PersonName::clean),
        ..of_transaction(data)
    }
}

fn id(id: Member<'_>) -> Option<CustomerId> {
    CustomerId::parse(&id.text()?).ok()
}
