//! The members of the API's objects that are read, and what they say.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::{
    BuyerFacts, CustomerId, DeclineClass, Email, Fact, Obligation, PaymentFailed, PersonName, Phone,
    PushToken,
};

use super::{Reading, Told, decline};
use crate::json::{Member, members};
use crate::read::{self, language_tag, links, obligation, zone_name};
use crate::{Ignored, NormaliseError};

members! {
    /// An invoice.
    pub(super) struct Invoice {
        pub(super) id,
        pub(super) number,
        kind = "type",
        state,
        uuid,
        currency,
        balance,
        account,
        address,
        custom_fields,
        subscription_ids,
        transactions,
        dunning_events_sent,
        final_dunning_event,
        closed_at,
    }
}

members! {
    /// A transaction, or the mini invoice inside one.
    pub(super) struct Transaction {
        pub(super) id,
        kind = "type",
        status,
        status_code,
        currency,
        amount,
        account,
        invoice,
        billing_address,
        subscription_ids,
        collected_at,
        created_at,
    }
}

members! {
    /// An account, whole or mini, or the address of one.
    pub(super) struct Account {
        pub(super) id,
        pub(super) code,
        pub(super) deleted_at,
        email,
        first_name,
        last_name,
        phone,
        address,
        custom_fields,
        preferred_locale,
        preferred_time_zone,
    }
}

members! {
    struct CustomField {
        name,
        value,
    }
}

impl Account<'_> {
    /// The buyer, as far as the account, another address and other fields of the merchant's say.
    pub(super) fn buyer(&self, address: Member<'_>, fields: Member<'_>) -> BuyerFacts {
        let own: Account<'_> = self.address.object().unwrap_or_default();
        let other: Account<'_> = address.object().unwrap_or_default();
        let own_fields = |name| [self.custom_fields, fields].map(|fields| custom(fields, name));
        let phones = own_fields("whatsapp_phone").into_iter().chain([own.phone, other.phone]);
        BuyerFacts {
            customer: self.id.text().and_then(|id| CustomerId::parse(&id).ok()),
            phone: read::first(phones, |phone| Phone::parse(phone).ok()),
            email: read::first([self.email], Email::parse),
            push: read::first(own_fields("push_token"), PushToken::parse),
            name: self.full_name().or_else(|| other.full_name()),
            locale: read::first([self.preferred_locale], language_tag),
            zone: read::first([self.preferred_time_zone], zone_name),
        }
    }

    fn full_name(&self) -> Option<PersonName> {
        let parts: Vec<Cow<'_, str>> =
            [self.first_name, self.last_name].iter().filter_map(|part| part.text()).collect();
        PersonName::clean(&parts.join(" "))
    }
}

/// What a merchant keeps in a custom field.
fn custom<'a>(fields: Member<'a>, name: &str) -> Member<'a> {
    let fields = fields.elements().unwrap_or_default();
    let mut fields = fields.into_iter().filter_map(Member::object::<CustomField<'a>>);
    let field = fields.find(|field| field.name.text().as_deref() == Some(name));
    field.map(|field| field.value).unwrap_or_default()
}

impl<'a> Transaction<'a> {
    fn is_refused(&self) -> bool {
        matches!(self.status.text().as_deref(), Some("declined" | "error"))
    }

    /// Whether it collects money, rather than checks a card or gives money back.
    fn collects(&self) -> bool {
        matches!(self.kind.text().as_deref(), Some("purchase" | "capture"))
    }

    fn when(&self) -> Option<Timestamp> {
        read::first([self.collected_at, self.created_at], read::time)
    }

    fn decline(&self) -> Option<DeclineClass> {
        decline::class(&self.status_code.text()?)
    }

    /// What it says of its invoice; `kind` is what the notice was.
    pub(super) fn reading(&self, kind: &str) -> Result<Reading, NormaliseError> {
        let invoice: Invoice<'a> = self.invoice.object().unwrap_or_default();
        if !self.collects() || invoice.id.text().is_none() {
            return Ok(Reading::Ignored(Ignored::UnknownType));
        }
        let name = format!("{kind}-{}", self.id.text().unwrap_or_default());
        if let Some(settled) = invoice.settled()? {
            return Ok(Reading::Told(Told { at: self.when(), name, ..settled }));
        }
        if !self.is_refused() {
            return Ok(Reading::Ignored(Ignored::InProgress));
        }
        let amount = read::decimal(self.amount, self.currency);
        if amount.is_some_and(|owed| owed.minor <= 0) {
            return Ok(Reading::Ignored(Ignored::NothingOwed));
        }
        let account: Account<'_> = self.account.object().unwrap_or_default();
        let owing = invoice.obligation()?;
        let failed = PaymentFailed {
            decline: self.decline(),
            amount,
            number: invoice.number(),
            buyer: account.buyer(self.billing_address, Member::default()),
            links: links(&owing, [only(self.subscription_ids)]),
            ..PaymentFailed::default()
        };
        let fact = Fact::PaymentFailed(Box::new(failed));
        Ok(Reading::Told(Told { obligation: owing, at: self.when(), fact, name }))
    }
}

impl<'a> Invoice<'a> {
    fn obligation(&self) -> Result<Obligation, NormaliseError> {
        obligation(self.id.text().as_deref(), "id")
    }

    fn number(&self) -> Option<PersonName> {
        self.number.number_or_text().and_then(|number| PersonName::clean(&number))
    }

    fn is_credit(&self) -> bool {
        self.kind.text().as_deref() == Some("credit")
    }

    pub(super) fn owes_nothing(&self) -> bool {
        read::decimal(self.balance, self.currency).is_some_and(|balance| balance.minor <= 0)
    }

    /// How it ended, if it did. An invoice that is closed was paid when nothing is left of it.
    pub(super) fn end(&self) -> Option<Fact> {
        match self.state.text().as_deref()? {
            "paid" => Some(Fact::Paid),
            "closed" if self.owes_nothing() => Some(Fact::Paid),
            "failed" => Some(Fact::MarkedUncollectible),
            "voided" => Some(Fact::Voided),
            _ => None,
        }
    }

    /// Whether it waits for the buyer's money, rather than for the bank's.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state.text().as_deref(), Some("open" | "pending" | "past_due"))
    }

    fn settled(&self) -> Result<Option<Told>, NormaliseError> {
        let at = read::first([self.closed_at], read::time);
        let told = |fact| Ok(Told { obligation: self.obligation()?, at, fact, name: String::new() });
        self.end().filter(|_| !self.is_credit()).map(told).transpose()
    }

    /// What it says of itself; `kind` is what the notice was.
    pub(super) fn reading(&self, kind: &str) -> Result<Reading, NormaliseError> {
        let owing = self.obligation()?;
        let sent = self.dunning_events_sent.number_or_text().unwrap_or_default();
        let name = format!("{kind}-{owing}-{sent}");
        if self.is_credit() {
            return Ok(Reading::Ignored(Ignored::UnknownType));
        }
        if let Some(settled) = self.settled()? {
            return Ok(Reading::Told(Told { name, ..settled }));
        }
        if !self.is_open() {
            return Ok(Reading::Ignored(Ignored::InProgress));
        }
        if self.owes_nothing() {
            return Ok(Reading::Ignored(Ignored::NothingOwed));
        }
        let transactions = self.transactions.elements().unwrap_or_default();
        let transactions = transactions.into_iter().filter_map(Member::object::<Transaction<'a>>);
        let refused: Vec<_> = transactions.filter(|one| one.collects() && one.is_refused()).collect();
        let last = refused.iter().max_by_key(|one| one.when());
        let account: Account<'_> = self.account.object().unwrap_or_default();
        let failed = PaymentFailed {
            attempt: u32::try_from(refused.len()).ok().filter(|count| *count > 0),
            last_attempt: self.final_dunning_event.flag() == Some(true),
            decline: last.and_then(Transaction::decline),
            amount: read::decimal(self.balance, self.currency),
            number: self.number(),
            buyer: account.buyer(self.address, self.custom_fields),
            links: links(&owing, [self.uuid.text(), only(self.subscription_ids)]),
            ..PaymentFailed::default()
        };
        let at = last.and_then(Transaction::when);
        Ok(Reading::Told(Told { obligation: owing, at, fact: Fact::PaymentFailed(Box::new(failed)), name }))
    }
}

/// The subscription behind an invoice. Where there are several none is named: the end of one would end the debt of all.
fn only(subscriptions: Member<'_>) -> Option<Cow<'_, str>> {
    match subscriptions.elements()?.as_slice() {
        [subscription] => subscription.text(),
        _ => None,
    }
}
