//! The members of Shopify's bodies that are read.

use jiff::Timestamp;
use recoup_core::Money;

use crate::json::{Member, members};
use crate::read::{self, decimal};

members! {
    /// A checkout, an order, a transaction, a refund, a dispute, a billing attempt, a contract, a customer or a consent.
    ///
    /// One struct for all, because a body does not name its kind: only the topic beside it does. Members stay unread text until
    /// the topic asks for them, so that a body nobody asked for cannot fail.
    pub(super) struct Body {
        pub(super) id,
        pub(super) token,
        pub(super) cart_token,
        pub(super) order_id,
        pub(super) customer_id,
        pub(super) test,
        pub(super) status,
        pub(super) created_at,
        pub(super) updated_at,
        pub(super) processed_at,

        pub(super) currency,
        pub(super) presentment_currency,
        pub(super) total_price,
        pub(super) total_price_set,
        pub(super) amount,

        pub(super) completed_at,
        pub(super) abandoned_checkout_url,
        pub(super) buyer_accepts_marketing,
        pub(super) buyer_accepts_sms_marketing,

        pub(super) name,
        pub(super) checkout_token,
        pub(super) checkout_id,
        pub(super) cancelled_at,
        pub(super) financial_status,
        pub(super) order_status_url,

        pub(super) kind,
        pub(super) error_code,
        pub(super) source_name,
        pub(super) transactions,
        pub(super) initiated_at,
        pub(super) finalized_on,
        pub(super) subscription_contract_id,

        pub(super) phone,
        pub(super) sms_marketing_phone,
        pub(super) email,
        pub(super) contact_email,
        pub(super) first_name,
        pub(super) customer,
        pub(super) shipping_address,
        pub(super) billing_address,
        pub(super) default_address,
        pub(super) customer_locale,
        pub(super) note_attributes,

        pub(super) phone_number,
        pub(super) sms_marketing_consent,
        pub(super) whats_app_marketing_consent,
    }
}

impl<'a> Body<'a> {
    /// When the object was last changed.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        read::first([self.updated_at, self.created_at], read::time)
    }

    /// What an order comes to: in the buyer's currency where the body has it, else in the shop's.
    pub(super) fn order_total(&self) -> Option<Money> {
        let set: MoneySet<'a> = self.total_price_set.object().unwrap_or_default();
        let paid: Amount<'a> = set.presentment_money.object().unwrap_or_default();
        decimal(paid.amount, paid.currency_code).or_else(|| decimal(self.total_price, self.currency))
    }
}

/// Whether a member says something: not absent, not null, not an empty text.
pub(super) fn is_set(member: Member<'_>) -> bool {
    member.text().is_some_and(|text| !text.is_empty())
}

/// Whether an amount says that there is nothing to pay. One that cannot be read says nothing.
pub(super) fn is_nothing(amount: Member<'_>) -> bool {
    amount.number_or_text().is_some_and(|text| {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let number = digits.bytes().any(|b| b.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        number && (digits.len() < text.len() || digits.bytes().all(|b| matches!(b, b'0' | b'.')))
    })
}

members! {
    /// An amount in the shop's currency and in the buyer's.
    struct MoneySet {
        presentment_money,
    }
}

members! {
    struct Amount {
        amount,
        currency_code,
    }
}

members! {
    /// A customer, or an address: both name a person and a phone.
    pub(super) struct Person {
        pub(super) id,
        pub(super) first_name,
        pub(super) name,
        pub(super) phone,
        pub(super) email,
        pub(super) default_address,
    }
}

members! {
    /// One of `note_attributes`: what the merchant's own forms collect.
    pub(super) struct Note {
        pub(super) name,
        pub(super) value,
    }
}

members! {
    /// One of a refund's `transactions`.
    pub(super) struct Transaction {
        pub(super) kind,
        pub(super) status,
    }
}

members! {
    /// A customer's agreement to marketing on one channel. Text messages and WhatsApp name the time differently.
    pub(super) struct Consent {
        pub(super) state,
        pub(super) sms_updated_at = "consent_updated_at",
        pub(super) updated_at,
    }
}
