//! Events: what a source said, verified and normalised to one vocabulary.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, EventId, Link, Money, Obligation, PersonName, Phone};

/// One fact about one obligation, from one delivery of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The source's id of the event; the same for a re-delivery.
    pub id: EventId,
    /// What the fact is about.
    pub obligation: Obligation,
    /// When the source says it happened. Never used for order: sources deliver late and shuffled.
    pub occurred_at: Option<Timestamp>,
    /// What happened.
    pub fact: Fact,
}

/// What happened to an obligation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An attempt to collect the money failed.
    PaymentFailed(Box<PaymentFailed>),
    /// The money arrived.
    Paid,
    /// The merchant withdrew the demand: voided, or cancelled with its subscription.
    Voided,
    /// The merchant gave the money up.
    MarkedUncollectible,
    /// The money went back; `full` when all of it did.
    Refunded {
        /// Whether the whole amount was returned.
        full: bool,
    },
    /// The buyer disputed the charge.
    DisputeOpened,
    /// The dispute ended; `won` when the merchant keeps the money.
    DisputeClosed {
        /// Whether the merchant keeps the money.
        won: bool,
    },
    /// The subscription behind the obligation ended.
    SubscriptionCancelled,
}

impl Fact {
    /// The name used in logs, dedupe keys and the output of `recoup webhook check`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PaymentFailed(_) => "payment_failed",
            Self::Paid => "paid",
            Self::Voided => "voided",
            Self::MarkedUncollectible => "marked_uncollectible",
            Self::Refunded { .. } => "refunded",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeClosed { .. } => "dispute_closed",
            Self::SubscriptionCancelled => "subscription_cancelled",
        }
    }
}

/// A failed attempt and all the source said about it. Every member is optional in practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFailed {
    /// Which attempt this was, from 1; `None` when the source does not count.
    pub attempt: Option<u32>,
    /// When the source will try by itself again; `None` when it will not, or does not say.
    pub next_retry: Option<Timestamp>,
    /// Why the attempt failed, where the source said.
    pub decline: Option<DeclineClass>,
    /// What is still owed.
    pub amount: Option<Money>,
    /// The page where the buyer can pay.
    pub pay_link: Option<Link>,
    /// The invoice or order number a buyer knows.
    pub number: Option<PersonName>,
    /// Who owes it.
    pub buyer: BuyerFacts,
    /// Other obligations whose settlement also settles this one: its payment intent, charge, subscription.
    pub links: Vec<Obligation>,
    /// Whether the source may also report the same debt under another obligation that this body does not name.
    pub unlinked: bool,
}

/// What a source knows of the buyer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuyerFacts {
    /// The source's customer id, for a look-up when the step is due.
    pub customer: Option<CustomerId>,
    /// The number to message.
    pub phone: Option<Phone>,
    /// The name to greet.
    pub name: Option<PersonName>,
    /// BCP 47 language tag, for example `pt-BR`.
    pub locale: Option<String>,
    /// IANA time zone, for example `America/Sao_Paulo`.
    pub zone: Option<String>,
}

/// What a decline means for the buyer and for a retry (facts: webhook-sources section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineClass {
    /// Funds, limits, an issuer that is down: a later attempt may work.
    Soft,
    /// The buyer must give another card or other data.
    NewMethodNeeded,
    /// The buyer must authenticate.
    ActionRequired,
    /// The network forbids another attempt on this card.
    Hard,
}

impl DeclineClass {
    /// The name used in items and in the output of `recoup webhook check`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::NewMethodNeeded => "new_method_needed",
            Self::ActionRequired => "action_required",
            Self::Hard => "hard",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Soft, Self::NewMethodNeeded, Self::ActionRequired, Self::Hard]
            .into_iter()
            .find(|c| c.as_str() == name)
    }
}
