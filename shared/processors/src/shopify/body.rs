//! The members of Shopify's bodies that are read.

use jiff::Timestamp;
use recoup_core::Money;
use serde::Deserialize;

use crate::json::Member;
use crate::read::{self, decimal};

/// A checkout, an order, a transaction, a refund, a dispute, a billing attempt, a contract, a customer or a consent.
///
/// One struct for all, because a body does not name its kind: only the topic beside it does. Members stay unread text until
/// the topic asks for them, so that a body nobody asked for cannot fail.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) token: Member<'a>,
    pub(super) cart_token: Member<'a>,
    pub(super) order_id: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) test: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) created_at: Member<'a>,
    pub(super) updated_at: Member<'a>,
    pub(super) processed_at: Member<'a>,

    pub(super) currency: Member<'a>,
    pub(super) presentment_currency: Member<'a>,
    pub(super) total_price: Member<'a>,
    pub(super) total_price_set: Member<'a>,
    pub(super) amount: Member<'a>,

    pub(super) completed_at: Member<'a>,
    pub(super) abandoned_checkout_url: Member<'a>,
    pub(super) buyer_accepts_marketing: Member<'a>,
    pub(super) buyer_accepts_sms_marketing: Member<'a>,

    pub(super) name: Member<'a>,
    pub(super) checkout_token: Member<'a>,
    pub(super) checkout_id: Member<'a>,
    pub(super) cancelled_at: Member<'a>,
    pub(super) financial_status: Member<'a>,
    pub(super) order_status_url: Member<'a>,

    pub(super) kind: Member<'a>,
    pub(super) error_code: Member<'a>,
    pub(super) transactions: Member<'a>,
    pub(super) initiated_at: Member<'a>,
    pub(super) finalized_on: Member<'a>,
    pub(super) subscription_contract_id: Member<'a>,

    pub(super) phone: Member<'a>,
    pub(super) sms_marketing_phone: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) contact_email: Member<'a>,
    pub(super) first_name: Member<'a>,
    pub(super) customer: Member<'a>,
    pub(super) shipping_address: Member<'a>,
    pub(super) billing_address: Member<'a>,
    pub(super) default_address: Member<'a>,
    pub(super) customer_locale: Member<'a>,
    pub(super) note_attributes: Member<'a>,

    pub(super) phone_number: Member<'a>,
    pub(super) sms_marketing_consent: Member<'a>,
    pub(super) whats_app_marketing_consent: Member<'a>,
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

/// An amount in the shop's currency and in the buyer's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct MoneySet<'a> {
    #[serde(borrow)]
    presentment_money: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Amount<'a> {
    #[serde(borrow)]
    amount: Member<'a>,
    currency_code: Member<'a>,
}

/// A customer, or an address: both name a person and a phone.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Person<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) first_name: Member<'a>,
    pub(super) name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) default_address: Member<'a>,
}

/// One of `note_attributes`: what the merchant's own forms collect.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Note<'a> {
    #[serde(borrow)]
    pub(super) name: Member<'a>,
    pub(super) value: Member<'a>,
}

/// One of a refund's `transactions`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) kind: Member<'a>,
    pub(super) status: Member<'a>,
}

/// A customer's agreement to marketing on one channel. Text messages and WhatsApp name the time differently.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Consent<'a> {
    #[serde(borrow)]
    pub(super) state: Member<'a>,
    #[serde(rename = "consent_updated_at")]
    pub(super) sms_updated_at: Member<'a>,
    pub(super) updated_at: Member<'a>,
}
