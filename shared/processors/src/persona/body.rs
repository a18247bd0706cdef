//! The members of Persona's bodies that are read, each in the three spellings it may come in.

use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Email, Fact, Phone, PushToken};

use crate::json::{Member, members};
use crate::kyc;
use crate::read::{first, time};

members! {
    pub(super) struct Body {
        pub(super) data,
    }
}

members! {
    pub(super) struct Event {
        pub(super) id,
        pub(super) attributes,
    }
}

members! {
    /// The attributes of an event.
    pub(super) struct Notice {
        pub(super) name,
        pub(super) payload,
        pub(super) created_at = "created-at" | "created_at" | "createdAt",
    }
}

members! {
    pub(super) struct Payload {
        pub(super) data,
        /// The verifications and whatever else the event concerns.
        pub(super) included,
    }
}

members! {
    pub(super) struct Inquiry {
        pub(super) id,
        attributes,
        relationships,
    }
}

members! {
    /// The attributes of an inquiry or an account: of the buyer's own data only what a message is sent to.
    pub(super) struct Attributes {
        pub(super) status,
        fields,
        reference_id = "reference-id" | "reference_id" | "referenceId",
        phone_number = "phone-number" | "phone_number" | "phoneNumber",
        email_address = "email-address" | "email_address" | "emailAddress",
        failed_at = "failed-at" | "failed_at" | "failedAt",
        decisioned_at = "decisioned-at" | "decisioned_at" | "decisionedAt",
    }
}

members! {
    /// The fields of an inquiry's template or of an account's type; `whatsapp_phone` and `push_token` are such as a merchant
    /// adds.
    struct Fields {
        whatsapp_phone = "whatsapp-phone" | "whatsapp_phone" | "whatsappPhone",
        push_token = "push-token" | "push_token" | "pushToken",
        phone_number = "phone-number" | "phone_number" | "phoneNumber",
        email_address = "email-address" | "email_address" | "emailAddress",
    }
}

members! {
    struct Field {
        value,
    }
}

members! {
    struct Relationships {
        account,
    }
}

members! {
    /// A relationship, or a whole answer of the API.
    struct Related {
        data,
    }
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
            push: first([value(fields.push_token)], PushToken::parse),
            ..BuyerFacts::default()
        }
    }
}

/// What a field holds.
fn value(field: Member<'_>) -> Member<'_> {
    field.object::<Field<'_>>().unwrap_or_default().value
}
