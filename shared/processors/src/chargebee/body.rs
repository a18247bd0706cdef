//! The members of Chargebee's events that are read.

use recoup_core::{Currency, Fact, Money};
use serde::Deserialize;

use crate::NormaliseError;
use crate::json::Member;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) event_type: Member<'a>,
    pub(super) occurred_at: Member<'a>,
    pub(super) content: Member<'a>,
}

/// The resources an event is about; also what the API answers, each under its name.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    invoice: Member<'a>,
    transaction: Member<'a>,
    customer: Member<'a>,
    subscription: Member<'a>,
    credit_note: Member<'a>,
    pub(super) event: Member<'a>,
}

impl<'a> Content<'a> {
    /// Refuses an invoice that is there and does not read: without it the money would be counted for something else.
    ///
    /// # Errors
    /// [`NormaliseError::Malformed`].
    pub(super) fn check(&self) -> Result<(), NormaliseError> {
        let given = !self.invoice.is_absent() && !self.invoice.is_null();
        let read = self.invoice.object::<Invoice<'_>>().is_some();
        let malformed = NormaliseError::Malformed { member: "content.invoice" };
        if given && !read { Err(malformed) } else { Ok(()) }
    }

    pub(super) fn invoice(&self) -> Invoice<'a> {
        self.invoice.object().unwrap_or_default()
    }

    pub(super) fn transaction(&self) -> Transaction<'a> {
        self.transaction.object().unwrap_or_default()
    }

    pub(super) fn customer(&self) -> Customer<'a> {
        self.customer.object().unwrap_or_default()
    }

    pub(super) fn subscription(&self) -> Subscription<'a> {
        self.subscription.object().unwrap_or_default()
    }

    pub(super) fn credit_note(&self) -> CreditNote<'a> {
        self.credit_note.object().unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoice<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) status: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) currency_code: Member<'a>,
    pub(super) amount_due: Member<'a>,
    pub(super) amount_paid: Member<'a>,
    pub(super) write_off_amount: Member<'a>,
    pub(super) dunning_status: Member<'a>,
    pub(super) next_retry_at: Member<'a>,
    pub(super) billing_address: Member<'a>,
    linked_payments: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkedPayment<'a> {
    #[serde(borrow)]
    txn_status: Member<'a>,
}

impl Invoice<'_> {
    /// How this invoice ended; `None` while it has not. One that was written off is called paid.
    pub(super) fn settled(&self) -> Option<Fact> {
        let written_off = self.write_off_amount.integer("write_off_amount").ok().flatten();
        match self.status.text().as_deref() {
            Some("paid") if written_off.is_some_and(|amount| amount > 0) => Some(Fact::MarkedUncollectible),
            Some("paid") => Some(Fact::Paid),
            Some("voided") => Some(Fact::Voided),
            Some("not_paid") => Some(Fact::MarkedUncollectible),
            Some(_) | None => None,
        }
    }

    /// Each payment that was tried for this invoice, by its status.
    fn payments(&self) -> impl Iterator<Item = String> {
        let payments = self.linked_payments.elements().unwrap_or_default();
        let status =
            |payment: Member<'_>| payment.object::<LinkedPayment<'_>>()?.txn_status.text().map(String::from);
        payments.into_iter().filter_map(status).collect::<Vec<_>>().into_iter()
    }

    /// How many payments have failed, if it lists them.
    pub(super) fn failures(&self) -> Option<u32> {
        let failures = self.payments().filter(|status| status == "failure").count();
        u32::try_from(failures).ok().filter(|failures| *failures > 0)
    }

    /// Whether money is on its way.
    pub(super) fn is_being_paid(&self) -> bool {
        self.payments().any(|status| status == "in_progress")
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) customer_id: Member<'a>,
    pub(super) currency_code: Member<'a>,
    pub(super) amount: Member<'a>,
    pub(super) error_code: Member<'a>,
    pub(super) refunded_txn_id: Member<'a>,
    linked_invoices: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkedInvoice<'a> {
    #[serde(borrow, rename = "invoice_id")]
    pub(super) id: Member<'a>,
    #[serde(rename = "invoice_status")]
    pub(super) status: Member<'a>,
}

impl<'a> Transaction<'a> {
    /// The invoices that it pays.
    pub(super) fn invoices(&self) -> Vec<LinkedInvoice<'a>> {
        let invoices = self.linked_invoices.elements().unwrap_or_default();
        invoices.into_iter().filter_map(Member::object).collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CreditNote<'a> {
    #[serde(borrow)]
    pub(super) reference_invoice_id: Member<'a>,
}

/// A customer, or a subscription's part of one: both may have the merchant's own data.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) first_name: Member<'a>,
    pub(super) last_name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) billing_address: Member<'a>,
    pub(super) meta_data: Member<'a>,
    pub(super) cf_whatsapp_phone: Member<'a>,
    pub(super) cf_pay_url: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Subscription<'a> {
    #[serde(borrow)]
    pub(super) id: Member<'a>,
    pub(super) activated_at: Member<'a>,
    pub(super) meta_data: Member<'a>,
    pub(super) cf_whatsapp_phone: Member<'a>,
    pub(super) cf_pay_url: Member<'a>,
}

/// What is read of the merchant's own `meta_data`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) whatsapp_phone: Member<'a>,
    pub(super) locale: Member<'a>,
    pub(super) language: Member<'a>,
    pub(super) time_zone: Member<'a>,
    pub(super) pay_url: Member<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address<'a> {
    #[serde(borrow)]
    pub(super) first_name: Member<'a>,
    pub(super) last_name: Member<'a>,
    pub(super) phone: Member<'a>,
    pub(super) email: Member<'a>,
}

/// An amount, where it is known how Chargebee counts: in hundredths, or in whole units of what ISO 4217 gives none. It bills
/// in no currency of three decimals by its list, and three others are counted differently by different lists.
pub(super) fn money(amount: Member<'_>, currency: Member<'_>) -> Option<Money> {
    let currency = Currency::parse(&currency.text()?).ok()?;
    let doubtful = currency.exponent() > 2 || matches!(currency.code(), "ISK" | "UGX" | "MGA");
    let minor = amount.number_or_text()?.parse().ok()?;
    (!doubtful).then_some(Money { minor, currency })
}
