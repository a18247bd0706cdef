//! The members of PayPal's bodies that are read.

use std::borrow::Cow;

use recoup_core::Money;
use serde::Deserialize;

use crate::json::Member;
use crate::read;

/// The envelope of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) event_type: Member<'a>,
    pub(super) create_time: Member<'a>,
    pub(super) resource: Member<'a>,
}

/// A subscription, a sale, a capture, a refund, a dispute or an invoice.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) create_time: Member<'a>,
    pub(super) update_time: Member<'a>,
    pub(super) amount: Member<'a>,
    pub(super) links: Member<'a>,

    pub(super) billing_info: Member<'a>,
    pub(super) subscriber: Member<'a>,
    pub(super) status_update_time: Member<'a>,

    pub(super) supplementary_data: Member<'a>,
    pub(super) invoice_id: Member<'a>,
    pub(super) processor_response: Member<'a>,

    pub(super) billing_agreement_id: Member<'a>,
    pub(super) parent_payment: Member<'a>,
    pub(super) invoice_number: Member<'a>,
    pub(super) sale_id: Member<'a>,

    pub(super) disputed_transactions: Member<'a>,
    pub(super) dispute_outcome: Member<'a>,

    pub(super) invoice: Member<'a>,
}

impl<'a> Resource<'a> {
    /// The order that a capture belongs to.
    pub(super) fn order(&self) -> Option<Cow<'a, str>> {
        let data: SupplementaryData<'a> = self.supplementary_data.object()?;
        data.related_ids.object::<RelatedIds<'a>>()?.order_id.text()
    }

    /// The merchant's number of what was bought, in the place of either generation.
    pub(super) fn invoice_number(&self) -> Option<Cow<'a, str>> {
        self.invoice_id.text().or_else(|| self.invoice_number.text())
    }

    /// The capture that a refund or a reversal names only in the address of its parent.
    pub(super) fn parent_capture(&self) -> Option<Cow<'a, str>> {
        let links = self.links.elements()?;
        let links = links.into_iter().filter_map(Member::object::<ApiLink<'a>>);
        let parent = links
            .filter(|link| link.rel.text().as_deref() == Some("up"))
            .find_map(|link| link.href.text())?;
        let (_, id) = parent.split_once("/captures/")?;
        Some(id.to_owned().into())
    }

    pub(super) fn billing_info(&self) -> BillingInfo<'a> {
        self.billing_info.object().unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SupplementaryData<'a> {
    #[serde(borrow)]
    related_ids: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RelatedIds<'a> {
    #[serde(borrow)]
    order_id: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiLink<'a> {
    #[serde(borrow)]
    href: Member<'a>,
    rel: Member<'a>,
}

/// A subscription's account.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BillingInfo<'a> {
    #[serde(borrow)]
    pub(super) outstanding_balance: Member<'a>,
    pub(super) last_failed_payment: Member<'a>,
    pub(super) failed_payments_count: Member<'a>,
}

/// A subscription's last attempt that failed. The time of the next one has one name in the API's schema and another in the
/// simulator's sample.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FailedPayment<'a> {
    #[serde(borrow)]
    pub(super) amount: Member<'a>,
    pub(super) time: Member<'a>,
    pub(super) reason_code: Member<'a>,
    pub(super) next_payment_retry_time: Member<'a>,
    pub(super) next_payment_retry_date: Member<'a>,
}

/// Who pays for a subscription.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subscriber<'a> {
    #[serde(borrow)]
    pub(super) payer_id: Member<'a>,
    pub(super) email_address: Member<'a>,
    pub(super) name: Member<'a>,
    pub(super) shipping_address: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PersonalName<'a> {
    #[serde(borrow)]
    pub(super) given_name: Member<'a>,
    pub(super) surname: Member<'a>,
    pub(super) full_name: Member<'a>,
}

/// What a card's network answered.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProcessorResponse<'a> {
    #[serde(borrow)]
    pub(super) response_code: Member<'a>,
    pub(super) payment_advice_code: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DisputedTransaction<'a> {
    #[serde(borrow)]
    pub(super) seller_transaction_id: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DisputeOutcome<'a> {
    #[serde(borrow)]
    pub(super) outcome_code: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoice<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
}

/// An amount: `value` and `currency_code` since version 2, `total` and `currency` before.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Amount<'a> {
    #[serde(borrow)]
    value: Member<'a>,
    currency_code: Member<'a>,
    total: Member<'a>,
    currency: Member<'a>,
}

/// Reads an amount of either generation; `None` unless it is exact.
pub(super) fn money(amount: Member<'_>) -> Option<Money> {
    let amount: Amount<'_> = amount.object()?;
    read::decimal(amount.value, amount.currency_code).or_else(|| read::decimal(amount.total, amount.currency))
}
