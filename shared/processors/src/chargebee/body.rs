//! The members of Chargebee's events that are read.

use recoup_core::{Currency, Fact, Money};

use crate::NormaliseError;
use crate::json::{Member, members};

members! {
    pub(super) struct Body {
        pub(super) id,
        pub(super) event_type,
        pub(super) occurred_at,
        pub(super) content,
    }
}

members! {
    /// The resources an event is about; also what the API answers, each under its name.
    pub(super) struct Content {
        invoice,
        transaction,
        customer,
        subscription,
        credit_note,
        pub(super) event,
    }
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

members! {
    pub(super) struct Invoice {
        pub(super) id,
        pub(super) status,
        pub(super) customer_id,
        pub(super) currency_code,
        pub(super) amount_due,
        pub(super) amount_paid,
        pub(super) write_off_amount,
        pub(super) dunning_status,
        pub(super) next_retry_at,
        pub(super) billing_address,
        linked_payments,
    }
}

members! {
    struct LinkedPayment {
        txn_status,
    }
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

members! {
    pub(super) struct Transaction {
        pub(super) id,
        pub(super) customer_id,
        pub(super) currency_code,
        pub(super) amount,
        pub(super) error_code,
        pub(super) refunded_txn_id,
        linked_invoices,
    }
}

members! {
    pub(super) struct LinkedInvoice {
        pub(super) id = "invoice_id",
        pub(super) status = "invoice_status",
    }
}

impl<'a> Transaction<'a> {
    /// The invoices that it pays.
    pub(super) fn invoices(&self) -> Vec<LinkedInvoice<'a>> {
        let invoices = self.linked_invoices.elements().unwrap_or_default();
        invoices.into_iter().filter_map(Member::object).collect()
    }
}

members! {
    pub(super) struct CreditNote {
        pub(super) reference_invoice_id,
    }
}

members! {
    /// A customer, or a subscription's part of one: both may have the merchant's own data.
    pub(super) struct Customer {
        pub(super) id,
        pub(super) first_name,
        pub(super) last_name,
        pub(super) phone,
        pub(super) email,
        pub(super) locale,
        pub(super) billing_address,
        pub(super) meta_data,
        pub(super) cf_whatsapp_phone,
        pub(super) cf_push_token,
        pub(super) cf_pay_url,
    }
}

members! {
    pub(super) struct Subscription {
        pub(super) id,
        pub(super) activated_at,
        pub(super) meta_data,
        pub(super) cf_whatsapp_phone,
        pub(super) cf_push_token,
        pub(super) cf_pay_url,
    }
}

members! {
    pub(super) struct Address {
        pub(super) first_name,
        pub(super) last_name,
        pub(super) phone,
        pub(super) email,
    }
}

/// An amount, where it is known how Chargebee counts: in hundredths, or in whole units of what ISO 4217 gives none. It bills
/// in no currency of three decimals by its list, and three others are counted differently by different lists.
pub(super) fn money(amount: Member<'_>, currency: Member<'_>) -> Option<Money> {
    let currency = Currency::parse(&currency.text()?).ok()?;
    let doubtful = currency.exponent() > 2 || matches!(currency.code(), "ISK" | "UGX" | "MGA");
    let minor = amount.number_or_text()?.parse().ok()?;
    (!doubtful).then_some(Money { minor, currency })
}
