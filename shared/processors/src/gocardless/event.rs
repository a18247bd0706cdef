//! One event of a body: the list of all resource types and actions that start or stop something.

use recoup_core::{Event as CoreEvent, EventId, Fact, Obligation, PaymentFailed, Phone, PushToken};

use super::decline;
use crate::json::{Member, members};
use crate::read;
use crate::{Ignored, Lookup, NormaliseError};

members! {
    /// The body of a webhook.
    pub(super) struct Body {
        pub(super) events,
    }
}

members! {
    /// One event.
    pub(super) struct Event {
        id,
        created_at,
        resource_type,
        action,
        links,
        details,
        resource_metadata,
    }
}

members! {
    struct Links {
        payment,
        mandate,
        subscription,
        refund,
    }
}

members! {
    /// Why it happened.
    pub(super) struct Details {
        origin,
        cause,
        description,
        will_attempt_retry,
    }
}

impl Details<'_> {
    /// Whether the merchant, and not a bank or GoCardless, brought it about.
    fn is_by_merchant(&self) -> bool {
        const OWN: [&str; 4] = [
            "payment_cancelled",
            "instalment_schedule_cancelled",
            "subscription_cancelled",
            "plan_cancelled",
        ];
        let by_others = matches!(self.origin.text().as_deref(), Some("bank" | "gocardless"));
        !by_others || self.cause.text().is_some_and(|cause| OWN.contains(&&*cause))
    }

    /// Whether the account's holder has died, which GoCardless tells only in words.
    fn is_of_deceased(&self) -> bool {
        self.description.text().is_some_and(|text| text.to_ascii_lowercase().contains("deceased"))
    }
}

members! {
    /// The merchant's own metadata.
    pub(super) struct Metadata {
        pub(super) whatsapp_phone,
        pub(super) push_token,
    }
}

impl Metadata<'_> {
    /// The number to message.
    pub(super) fn phone(&self) -> Option<Phone> {
        read::first([self.whatsapp_phone], |phone| Phone::parse(phone).ok())
    }

    /// The merchant's app.
    pub(super) fn push(&self) -> Option<PushToken> {
        read::first([self.push_token], PushToken::parse)
    }
}

/// What one event says.
pub(super) enum Reading {
    /// A fact, and what is asked back for it.
    Fact(CoreEvent, Option<Lookup>),
    /// Nothing, on purpose.
    Ignored(Ignored),
}

impl<'a> Event<'a> {
    /// `payments.failed`, as the source writes it on its pages.
    pub(super) fn name(&self) -> Result<String, NormaliseError> {
        let name = |part: Member<'a>, member| {
            let part = part.text().ok_or(NormaliseError::Missing { member })?;
            let fits =
                (1..=64).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            if fits { Ok(part) } else { Err(NormaliseError::Malformed { member }) }
        };
        Ok(format!("{}.{}", name(self.resource_type, "resource_type")?, name(self.action, "action")?))
    }

    /// Reads it.
    pub(super) fn read(&self) -> Result<Reading, NormaliseError> {
        let (kind, action) = (self.resource_type.text(), self.action.text());
        let details: Details<'_> = self.details.object().unwrap_or_default();
        match (kind.as_deref(), action.as_deref()) {
            (Some("payments"), Some(action)) => self.payment(action, &details),
            // GoCardless stops collecting. The debts under the mandate stay.
            (Some("mandates"), Some("cancelled" | "failed" | "expired" | "blocked")) => {
                self.about(self.links().mandate, "links.mandate", Fact::SubscriptionHalted)
            }
            (Some("subscriptions"), Some("cancelled")) => {
                let by_merchant = details.is_by_merchant();
                let fact = if by_merchant { Fact::SubscriptionCancelled } else { Fact::SubscriptionHalted };
                self.about(self.links().subscription, "links.subscription", fact)
            }
            // The last payments of a subscription that has finished are still to be collected.
            (Some("refunds"), Some("paid")) => {
                let fact = Fact::Refunded { full: false };
                let reading = self.about(self.links().refund, "links.refund", fact)?;
                Ok(asking("refunds", reading))
            }
            _ => Ok(Reading::Ignored(Ignored::UnknownType)),
        }
    }

    fn payment(&self, action: &str, details: &Details<'_>) -> Result<Reading, NormaliseError> {
        let fact = match action {
            "failed" | "cancelled" | "customer_approval_denied" if details.is_of_deceased() => {
                Fact::MarkedUncollectible
            }
            "cancelled" if details.is_by_merchant() => Fact::Voided,
            "failed" => self.failed(details, details.will_attempt_retry.flag() == Some(false)),
            // Not collected and not tried again: by the bank, or because the mandate is gone.
            "cancelled" | "customer_approval_denied" => self.failed(details, true),
            "confirmed" | "paid_out" => Fact::Paid,
            "charged_back" => Fact::DisputeOpened,
            "chargeback_cancelled" => Fact::DisputeClosed { won: true },
            "chargeback_settled" => Fact::DisputeClosed { won: false },
            // `late_failure_settled` follows a `failed`, `resubmission_requested` stands before a `submitted`.
            "created"
            | "customer_approval_granted"
            | "submitted"
            | "resubmission_requested"
            | "late_failure_settled" => return Ok(Reading::Ignored(Ignored::InProgress)),
            _ => return Ok(Reading::Ignored(Ignored::UnknownType)),
        };
        let is_failure = matches!(fact, Fact::PaymentFailed(_));
        let reading = self.about(self.links().payment, "links.payment", fact)?;
        Ok(if is_failure { asking("payments", reading) } else { reading })
    }

    fn failed(&self, details: &Details<'_>, last_attempt: bool) -> Fact {
        let metadata: Metadata<'_> = self.resource_metadata.object().unwrap_or_default();
        let mut failed = PaymentFailed {
            last_attempt,
            decline: details.cause.text().and_then(|cause| decline::class(&cause)),
            ..PaymentFailed::default()
        };
        failed.buyer.phone = metadata.phone();
        failed.buyer.push = metadata.push();
        Fact::PaymentFailed(Box::new(failed))
    }

    fn links(&self) -> Links<'a> {
        self.links.object().unwrap_or_default()
    }

    fn about(&self, id: Member<'a>, member: &'static str, fact: Fact) -> Result<Reading, NormaliseError> {
        let obligation = read::obligation(id.text().as_deref(), member)?;
        let id = self.id.text().ok_or(NormaliseError::Missing { member: "id" })?;
        let id = EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "id" })?;
        let occurred_at = self.created_at.text().and_then(|text| read::time(&text));
        Ok(Reading::Fact(CoreEvent { id, obligation, occurred_at, fact }, None))
    }
}

/// The same, asked back by the id of its obligation.
fn asking(kind: &'static str, reading: Reading) -> Reading {
    match reading {
        Reading::Fact(event, _) => {
            let ask = ask(kind, &event.obligation);
            Reading::Fact(event, ask)
        }
        Reading::Ignored(why) => Reading::Ignored(why),
    }
}

/// The question about an object; `None` for an id that is none of GoCardless's.
pub(super) fn ask(kind: &'static str, id: &Obligation) -> Option<Lookup> {
    let plain = id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| Lookup::Object { kind, id: id.clone() })
}
