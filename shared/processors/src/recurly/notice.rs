//! The JSON style: which object, and what happened to it.

use recoup_core::{Fact, Obligation};

use super::{Reading, Told, is_kind};
use crate::json::{self, Member, members};
use crate::read;
use crate::{Ignored, Lookup, NormaliseError, Normalised, Verified};

members! {
    struct Notice {
        id,
        object_type,
        event_type,
        event_time,
        invoice_number,
    }
}

/// Reads a notice.
pub(super) fn normalise(verified: &Verified<'_>) -> Result<Normalised, NormaliseError> {
    let notice: Notice<'_> = json::parse(verified.body())?;
    let object = notice.object_type.text().ok_or(NormaliseError::Missing { member: "object_type" })?;
    let event = notice.event_type.text().ok_or(NormaliseError::Missing { member: "event_type" })?;
    let kind = format!("{object}.{event}");
    if !is_kind(&kind) {
        return Err(NormaliseError::Malformed { member: "event_type" });
    }
    let reading = read(&kind, &notice)?;
    let asks = invoice_to_ask(&kind, &reading);
    let normalised = reading.normalised(verified, kind)?;
    Ok(Normalised { asks: [normalised.asks, asks].concat(), ..normalised })
}

/// The list of all kinds that start or stop something.
fn read(kind: &str, notice: &Notice<'_>) -> Result<Reading, NormaliseError> {
    match kind {
        "charge_invoice.past_due" | "invoice.past_due" => {
            notice.told(kind, Fact::PaymentFailed(Box::default()))
        }
        "charge_invoice.paid" => notice.told(kind, Fact::Paid),
        "charge_invoice.failed" => notice.told(kind, Fact::MarkedUncollectible),
        "charge_invoice.voided" | "invoice.voided" => notice.told(kind, Fact::Voided),
        // Collected or given up: only the invoice says which.
        "charge_invoice.closed" | "invoice.closed" => Ok(asks("invoices", plain(notice.id, "id")?)),
        "payment.failed" | "payment.succeeded" => Ok(asks("transactions", plain(notice.id, "id")?)),
        "dunning_event.created" => {
            let number = notice.invoice_number.number_or_text();
            let number = number.ok_or(NormaliseError::Missing { member: "invoice_number" })?;
            let id = Obligation::parse(&format!("number-{number}"));
            Ok(asks("invoices", id.map_err(|_| NormaliseError::Malformed { member: "invoice_number" })?))
        }
        "subscription.expired" => notice.told(kind, Fact::SubscriptionCancelled),
        // A cancelled one runs to the end of what was paid for, and expires then.
        "subscription.canceled"
        | "charge_invoice.processing"
        | "invoice.processing"
        | "payment.processing"
        | "payment.scheduled" => Ok(Reading::Ignored(Ignored::InProgress)),
        _ => Ok(Reading::Ignored(Ignored::UnknownType)),
    }
}

/// What is owed, and by whom, of an invoice of which only the lateness is known.
fn invoice_to_ask(kind: &str, reading: &Reading) -> Vec<Lookup> {
    match reading {
        Reading::Told(told) if kind.ends_with(".past_due") => {
            vec![Lookup::Object { kind: "invoices", id: told.obligation.clone() }]
        }
        Reading::Told(_) | Reading::Ignored(_) | Reading::Asks(_) => Vec::new(),
    }
}

fn asks(kind: &'static str, id: Obligation) -> Reading {
    Reading::Asks(Lookup::Object { kind, id })
}

/// An id as Recurly makes them, which goes into a path as it is.
fn plain(id: Member<'_>, member: &'static str) -> Result<Obligation, NormaliseError> {
    let id = id.text().filter(|id| !id.is_empty()).ok_or(NormaliseError::Missing { member })?;
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric());
    Obligation::parse(&id).ok().filter(|_| plain).ok_or(NormaliseError::Malformed { member })
}

impl Notice<'_> {
    /// A fact about the object that the notice names.
    fn told(&self, kind: &str, fact: Fact) -> Result<Reading, NormaliseError> {
        let obligation = plain(self.id, "id")?;
        let time = self.event_time.text().unwrap_or_default();
        let name = format!("{kind}-{obligation}-{time}");
        Ok(Reading::Told(Told { obligation, at: read::time(&time), fact, name }))
    }
}
