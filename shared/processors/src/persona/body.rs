//! The members of Persona's bodies that are read, each in the three spellings it may come in.

use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Email, Fact, Phone};
use serde::Deserialize;

use crate::json::Member;
use crate::kyc;
use crate::read::{first, time};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) data: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) attributes: Member<'a>,
}

/// The attributes of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Notice<'a> {
    #[serde(borrow)]
    pub(super) name: Member<'a>,
    pub(super) payload: Member<'a>,
    #[serde(rename = "created-at", alias = "created_at", alias = "createdAt")]
    pub(super) created_at: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub(super) data: Member<'a>,
    /// The verifications and whatever else the event concerns.
    pub(super) included: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Inquiry<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    attributes: Member<'a>,
    relationships: Member<'a>,
}

/// The attributes of an inquiry or an account: of the buyer's own data only what a message is sent to.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes<'a> {
    #[serde(borrow)]
    pub(super) status: Member<'a>,
    fields: Member<'a>,
    #[serde(rename = "reference-id", alias = "reference_id", alias = "referenceId")]
    reference_id: Member<'a>,
    #[serde(rename = "phone-number", alias = "phone_number", alias = "phoneNumber")]
    phone_number: Member<'a>,
    #[serde(rename = "email-address", alias = "email_address", alias = "emailAddress")]
    email_address: Member<'a>,
    #[serde(rename = "failed-at", alias = "failed_at", alias = "failedAt")]
    failed_at: Member<'a>,
    #[serde(rename = "decisioned-at", alias = "decisioned_at", alias = "decisionedAt")]
    decisioned_at: Member<'a>,
}

/// The fields of an inquiry's template or of an account's type; `whatsapp_phone` is one that a merchant adds.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow, rename = "whatsapp-phone", alias = "whatsapp_phone", alias = "whatsappPhone")]
    whatsapp_phone: Member<'a>,
    #[serde(rename = "phone-number", alias = "phone_number", alias = "phoneNumber")]
    phone_number: Member<'a>,
    #[serde(rename = "email-address", alias = "email_address", alias = "emailAddress")]
    email_address: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Field<'a> {
    #[serde(borrow)]
    value: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationships<'a> {
    #[serde(borrow)]
    account: Member<'a>,
}

/// A relationship, or a whole answer of the API.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Related<'a> {
    #[serde(borrow)]
    data: Member<'a>,
}

impl Inquiry<'_> {
    /// When it was decided; `None` for what is no decision.
    pub(super) fn decided_at(&self, fact: &Fact) -> Option<Timestamp> {
        let attributes: Attributes<'_> = self.attributes.object().unwrap_or_default();
        if *fact == Fact::KycPending {
            return None;
        }
        first([attributes.decisioned_at, attributes.failed_at], time)
    }

    /// Who, as far as the body says.
    pub(super) fn buyer(&self) -> BuyerFacts {
        let attributes: Attributes<'_> = self.attributes.object().unwrap_or_default();
        let relationships: Relationships<'_> = self.relationships.object().unwrap_or_default();
        let account: Related<'_> = relationships.account.object().unwrap_or_default();
        let customer = [account.data.id(), attributes.reference_id.text()];
        let customer = customer.into_iter().flatten().find_map(|id| CustomerId::parse(&id).ok());
        BuyerFacts { customer, ..attributes.reached() }
    }
}

impl Attributes<'_> {
    /// Where the buyer can be reached.
    pub(super) fn reached(&self) -> BuyerFacts {
        let fields: Fields<'_> = self.fields.object().unwrap_or_default();
        let phones = [value(fields.whatsapp_phone), value(fields.phone_number), self.phone_number];
        let emails = [value(fields.email_address), self.email_address];
        BuyerFacts {
            phone: first(phones, |text| Phone::parse(text).ok())
                .or_else(|| kyc::reference_phone(self.reference_id)),
            email: first(emails, Email::parse),
            ..BuyerFacts::default()
        }
    }
}

/// What a field holds.
fn value(field: Member<'_>) -> Member<'_> {
    field.object::<Field<'_>>().unwrap_or_default().value
}
