//! The members of the public event schema that are read.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Email, Link, Money, Obligation, PersonName, Phone, PushToken};

use crate::NormaliseError;
use crate::json::{Member, members};
use crate::read::{self, first};

members! {
    /// The envelope.
    pub(super) struct Body {
        pub(super) kind = "type",
        pub(super) timestamp,
        pub(super) version,
        pub(super) data,
    }
}

members! {
    /// What the event says, of whatever type.
    pub(super) struct Data {
        pub(super) obligation_id,
        pub(super) order_id,
        pub(super) subscription_id,
        pub(super) checkout_id,
        pub(super) cart_id,
        pub(super) case_id,
        pub(super) lapse_id,
        pub(super) occurred_at,

        pub(super) amount,
        pub(super) number,
        pub(super) links,
        pub(super) attempt,
        pub(super) next_retry_at,
        pub(super) last_attempt,
        pub(super) one_time,
        pub(super) decline,
        pub(super) pay_url,
        pub(super) full,
        pub(super) won,

        pub(super) resume_url,
        pub(super) marketing_consent,

        pub(super) reason,
        pub(super) may_retry,
        pub(super) retake_url,

        pub(super) since,
        pub(super) url,
        pub(super) scope,
        pub(super) granted,
        pub(super) place,
        pub(super) text_hash,
        pub(super) lane,

        pub(super) case,
        pub(super) message,

        pub(super) customer,

        // The shape that the first drafts had; still read.
        currency,
        total_minor,
        user,
        pub(super) reason_code,
        pub(super) retry_allowed,
    }
}

members! {
    struct Amount {
        amount_minor,
        currency,
    }
}

members! {
    struct Customer {
        id,
        phone,
        whatsapp_phone,
        email,
        push_token,
        name,
        locale,
        time_zone,
    }
}

impl<'a> Data<'a> {
    /// Reads the data of a body.
    ///
    /// # Errors
    /// [`NormaliseError`] when it is absent or no object, or names half an amount; and when the event has no time, without
    /// which a payment could not be told from the failure after it.
    pub(super) fn of(body: &Body<'a>) -> Result<Self, NormaliseError> {
        let member = "timestamp";
        if body.timestamp.is_absent() {
            return Err(NormaliseError::Missing { member });
        }
        if first([body.timestamp], read::time).is_none() {
            return Err(NormaliseError::Malformed { member });
        }
        if body.data.is_absent() {
            return Err(NormaliseError::Missing { member: "data" });
        }
        let data: Self = body.data.object().ok_or(NormaliseError::Malformed { member: "data" })?;
        data.amount()?;
        Ok(data)
    }

    /// When it happened: the data's own time where it is an instant, else the event's.
    pub(super) fn occurred_at(&self, body: &Body<'_>) -> Option<Timestamp> {
        first([self.occurred_at, body.timestamp], read::time)
    }

    /// The amount. Half an amount is an error, since the schema asks for both halves; what does not read is `None`.
    ///
    /// # Errors
    /// [`NormaliseError::Missing`].
    pub(super) fn amount(&self) -> Result<Option<Money>, NormaliseError> {
        if self.amount.is_absent() {
            return Ok(read::minor(self.total_minor, self.currency));
        }
        let Some(amount) = self.amount.object::<Amount<'_>>() else { return Ok(None) };
        for (half, member) in
            [(amount.amount_minor, "data.amount.amount_minor"), (amount.currency, "data.amount.currency")]
        {
            if half.is_absent() {
                return Err(NormaliseError::Missing { member });
            }
        }
        let minor = amount.amount_minor.integer("data.amount.amount_minor").ok().flatten();
        let currency = amount.currency.text().and_then(|code| recoup_core::Currency::parse(&code).ok());
        Ok(minor.zip(currency).map(|(minor, currency)| Money { minor, currency }))
    }

    /// Who, as far as the data says.
    pub(super) fn buyer(&self) -> BuyerFacts {
        let named = if self.customer.is_absent() { self.user } else { self.customer };
        let customer: Customer<'_> = named.object().unwrap_or_default();
        BuyerFacts {
            customer: customer.id.text().and_then(|id| CustomerId::parse(&id).ok()),
            phone: first([customer.whatsapp_phone, customer.phone], |text| Phone::parse(text).ok()),
            email: first([customer.email], Email::parse),
            push: first([customer.push_token], PushToken::parse),
            name: first([customer.name], PersonName::clean),
            locale: first([customer.locale], read::language_tag),
            zone: first([customer.time_zone], read::zone_name),
        }
    }

    /// The same where an event without a buyer says nothing.
    ///
    /// # Errors
    /// [`NormaliseError::Missing`] or [`NormaliseError::Malformed`] when there is no id, phone or e-mail address.
    pub(super) fn known_buyer(&self) -> Result<BuyerFacts, NormaliseError> {
        const CUSTOMER: &str = "data.customer";
        if self.customer.is_absent() {
            return Err(NormaliseError::Missing { member: CUSTOMER });
        }
        let buyer = self.buyer();
        let known = buyer.customer.is_some() || buyer.phone.is_some() || buyer.email.is_some();
        if known { Ok(buyer) } else { Err(NormaliseError::Malformed { member: CUSTOMER }) }
    }
}

/// A page of the merchant's.
pub(super) fn link(member: Member<'_>) -> Option<Link> {
    first([member], |url| Link::parse(url).ok())
}

/// A number or a name that a buyer knows.
pub(super) fn shown(member: Member<'_>) -> Option<PersonName> {
    first([member], PersonName::clean)
}

/// A member that decides and must be true or false.
///
/// # Errors
/// [`NormaliseError::Missing`], [`NormaliseError::Malformed`].
pub(super) fn flag(member: Member<'_>, name: &'static str) -> Result<bool, NormaliseError> {
    match member.flag() {
        Some(flag) => Ok(flag),
        None if member.is_absent() => Err(NormaliseError::Missing { member: name }),
        None => Err(NormaliseError::Malformed { member: name }),
    }
}

/// A member that decides and must be text.
///
/// # Errors
/// [`NormaliseError::Missing`], [`NormaliseError::Malformed`].
pub(super) fn text<'a>(member: Member<'a>, name: &'static str) -> Result<Cow<'a, str>, NormaliseError> {
    if member.is_absent() {
        return Err(NormaliseError::Missing { member: name });
    }
    member.text().ok_or(NormaliseError::Malformed { member: name })
}

/// The id of what the event is about.
///
/// # Errors
/// [`NormaliseError::Missing`], [`NormaliseError::Malformed`].
pub(super) fn id(member: Member<'_>, space: Space, name: &'static str) -> Result<Obligation, NormaliseError> {
    if member.is_absent() {
        return Err(NormaliseError::Missing { member: name });
    }
    space.id(member).ok_or(NormaliseError::Malformed { member: name })
}

/// Which of the merchant's counters an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// What is owed: invoices, payments, orders. Its ids stay as they are.
    Owed,
    Subscription,
    Checkout,
    Cart,
    Check,
    Lapse,
}

impl Space {
    fn prefix(self) -> &'static str {
        match self {
            Self::Owed => "",
            Self::Subscription => "subscription.",
            Self::Checkout => "checkout.",
            Self::Cart => "cart.",
            Self::Check => "kyc.",
            Self::Lapse => "lapse.",
        }
    }

    /// The id, told apart from the same id of another counter; `None` for what is no id.
    pub(super) fn id(self, member: Member<'_>) -> Option<Obligation> {
        let own = read::id(&member.text()?)?;
        Obligation::parse(&format!("{}{own}", self.prefix())).ok()
    }
}
