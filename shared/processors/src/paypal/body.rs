//! The members of PayPal's bodies that are read.

use std::borrow::Cow;

use recoup_core::Money;

use crate::json::{Member, members};
use crate::read;

members! {
    /// The envelope of an event.
    pub(super) struct Body {
        pub(super) id,
        pub(super) event_type,
        pub(super) create_time,
        pub(super) resource,
    }
}

members! {
    /// A subscription, a sale, a capture, a refund, a dispute or an invoice.
    pub(super) struct Resource {
        pub(super) id,
        pub(super) status,
        pub(super) create_time,
        pub(super) update_time,
        pub(super) amount,
        pub(super) links,

        pub(super) billing_info,
        pub(super) subscriber,
        pub(super) status_update_time,

        pub(super) supplementary_data,
        pub(super) invoice_id,
        pub(super) processor_response,

        pub(super) billing_agreement_id,
        pub(super) parent_payment,
        pub(super) invoice_number,
        pub(super) sale_id,

        pub(super) disputed_transactions,
        pub(super) dispute_outcome,

        pub(super) invoice,
    }
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

members! {
    struct SupplementaryData {
        related_ids,
    }
}

members! {
    struct RelatedIds {
        order_id,
    }
}

members! {
    struct ApiLink {
        href,
        rel,
    }
}

members! {
    /// A subscription's account.
    pub(super) struct BillingInfo {
        pub(super) outstanding_balance,
        pub(super) last_failed_payment,
        pub(super) failed_payments_count,
    }
}

members! {
    /// A subscription's last attempt that failed. The time of the next one has one name in the API's schema and another in the
    /// simulator's sample.
    pub(super) struct FailedPayment {
        pub(super) amount,
        pub(super) time,
        pub(super) reason_code,
        pub(super) next_payment_retry_time,
        pub(super) next_payment_retry_date,
    }
}

members! {
    /// Who pays for a subscription.
    pub(super) struct Subscriber {
        pub(super) payer_id,
        pub(super) email_address,
        pub(super) name,
        pub(super) shipping_address,
    }
}

members! {
    pub(super) struct Named {
        pub(super) name,
    }
}

members! {
    pub(super) struct PersonalName {
        pub(super) given_name,
        pub(super) surname,
        pub(super) full_name,
    }
}

members! {
    /// What a card's network answered.
    pub(super) struct ProcessorResponse {
        pub(super) response_code,
        pub(super) payment_advice_code,
    }
}

members! {
    pub(super) struct DisputedTransaction {
        pub(super) seller_transaction_id,
    }
}

members! {
    pub(super) struct DisputeOutcome {
        pub(super) outcome_code,
    }
}

members! {
    pub(super) struct Invoice {
        pub(super) id,
    }
}

members! {
    /// An amount: `value` and `currency_code` since version 2, `total` and `currency` before.
    struct Amount {
        value,
        currency_code,
        total,
        currency,
    }
}

/// Reads an amount of either generation; `None` unless it is exact.
pub(super) fn money(amount: Member<'_>) -> Option<Money> {
    let amount: Amount<'_> = amount.object()?;
    read::decimal(amount.value, amount.currency_code).or_else(|| read::decimal(amount.total, amount.currency))
}
