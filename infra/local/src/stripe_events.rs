//! Bodies of Stripe's webhooks about one made-up invoice, in both generations (facts: webhook-sources sections 4 and 5).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{LocalError, signing};

/// Which shape of bodies an account gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Before API version 2025-03-31: invoice and payment intent name each other.
    Acacia,
    /// Since then: they do not, and the subscription stands under `parent`.
    Basil,
}

/// An invoice of a subscription and whoever owes it.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// The number in E.164 form.
    pub phone: String,
    /// What is owed, in cents.
    pub cents: i64,
    /// Which shape of bodies the account gets.
    pub generation: Generation,
}

impl Invoice {
    /// Makes an invoice up; ids derive from a label that is unique in a stack.
    pub fn new(label: &str, phone: &str, cents: i64, generation: Generation) -> Self {
        Self { id: format!("in_{label}"), phone: phone.to_owned(), cents, generation }
    }

    /// `pi_…`, the payment intent that collects it.
    pub fn payment_intent(&self) -> String {
        self.id.replacen("in_", "pi_", 1)
    }

    /// `cus_…`, who owes it.
    pub fn customer(&self) -> String {
        self.id.replacen("in_", "cus_", 1)
    }

    /// The customer as Stripe's API shows it: the number stands here alone.
    pub fn customer_object(&self) -> Value {
        json!({"id": self.customer(), "object": "customer", "name": "Ada Brook", "phone": self.phone, "metadata": {}})
    }

    /// The invoice as Stripe's API shows it.
    pub fn object(&self, status: &str, attempt: u32) -> Value {
        let paid = if status == "paid" { self.cents } else { 0 };
        let metadata = json!({"whatsapp_phone": self.phone});
        let mut object = json!({
            "id": self.id,
            "object": "invoice",
            "amount_due": self.cents,
            "amount_paid": paid,
            "amount_remaining": self.cents - paid,
            "attempt_count": attempt,
            "attempted": true,
            "billing_reason": "subscription_cycle",
            "collection_method": "charge_automatically",
            "currency": "usd",
            "customer": self.customer(),
            "customer_email": null,
            "customer_name": "Ada Brook",
            "customer_phone": null,
            "hosted_invoice_url": format!("https://invoice.stripe.com/i/acct_1Demo/test_{}", self.id),
            "livemode": false,
            "metadata": {},
            "next_payment_attempt": null,
            "number": "DEMO-0001",
            "status": status,
        });
        let subscription = self.id.replacen("in_", "sub_", 1);
        match self.generation {
            Generation::Acacia => {
                object["subscription"] = json!(subscription);
                object["subscription_details"] = json!({ "metadata": metadata });
                object["payment_intent"] = json!(self.payment_intent());
                object["charge"] = json!(self.id.replacen("in_", "ch_", 1));
                object["paid"] = json!(status == "paid");
            }
            Generation::Basil => {
                let details = json!({"metadata": metadata, "subscription": subscription});
                object["parent"] = json!({"type": "subscription_details", "subscription_details": details});
            }
        }
        object
    }

    /// `invoice.payment_failed`: an attempt to collect it failed.
    ///
    /// # Errors
    /// [`LocalError::Random`] when the system gives no random numbers for an id.
    pub fn payment_failed(&self, attempt: u32, now: Timestamp) -> Result<Value, LocalError> {
        self.event("invoice.payment_failed", &self.object("open", attempt), now)
    }

    /// `invoice.paid`: the money arrived.
    ///
    /// # Errors
    /// [`LocalError::Random`] when the system gives no random numbers for an id.
    pub fn paid(&self, now: Timestamp) -> Result<Value, LocalError> {
        self.event("invoice.paid", &self.object("paid", 1), now)
    }

    /// `payment_intent.payment_failed`: the same failure, told by the payment intent.
    ///
    /// # Errors
    /// [`LocalError::Random`] when the system gives no random numbers for an id.
    pub fn payment_intent_failed(&self, now: Timestamp) -> Result<Value, LocalError> {
        let mut object = json!({
            "id": self.payment_intent(),
            "object": "payment_intent",
            "amount": self.cents,
            "currency": "usd",
            "customer": self.customer(),
            "last_payment_error": {
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds.",
                "type": "card_error",
            },
            "livemode": false,
            "metadata": {},
            "status": "requires_payment_method",
        });
        if self.generation == Generation::Acacia {
            object["invoice"] = json!(self.id);
        }
        self.event("payment_intent.payment_failed", &object, now)
    }

    fn event(&self, kind: &str, object: &Value, now: Timestamp) -> Result<Value, LocalError> {
        let api_version = match self.generation {
            Generation::Acacia => "2024-06-20",
            Generation::Basil => "2025-09-30.basil",
        };
        Ok(json!({
            "id": format!("evt_{}", signing::random_hex()?),
            "object": "event",
            "api_version": api_version,
            "created": now.as_second(),
            "data": {"object": object},
            "livemode": false,
            "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null},
            "type": kind,
        }))
    }
}
