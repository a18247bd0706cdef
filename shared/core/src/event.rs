//! Events: what a source said, verified and normalised to one vocabulary.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Correlation, CustomerId, Email, EventId, Link, Money, Name, Obligation, OptOutScope, PersonName, Phone,
    PushToken, Source,
};

/// One fact about one obligation, from one delivery of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The source's id of the event; the same for a re-delivery.
    pub id: EventId,
    /// What the fact is about: a debt, a checkout, a check. For a fact about a buyer alone (an agreement, another tool's
    /// message, a new card or address) the source's id of the buyer, or else of the event: no case keeps it.
    pub obligation: Obligation,
    /// When the source says it happened, by the object's own time where it has one. Never used to order facts that end
    /// something: sources deliver late and shuffled. It only tells whether [`Fact::Recovered`] is newer than a failure.
    pub occurred_at: Option<Timestamp>,
    /// What happened.
    pub fact: Fact,
}

/// What happened. The one vocabulary that every source is read into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An attempt to collect the money failed.
    PaymentFailed(Box<PaymentFailed>),
    /// A standing obligation (a subscription, an agreement) has paid: what failed under it until now is settled, and what
    /// fails later is not.
    Recovered,
    /// The money of this one obligation (an invoice, an order, a payment) arrived.
    Paid,
    /// The merchant withdrew the demand: voided, or an order cancelled.
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
    /// The subscription has an unpaid invoice; the source goes on trying.
    SubscriptionPastDue,
    /// The source has stopped trying, and the subscription with it.
    SubscriptionHalted,
    /// A buyer came to the checkout.
    CheckoutCreated(Box<Checkout>),
    /// The buyer went on in the checkout, or changed the cart.
    CheckoutUpdated(Box<Checkout>),
    /// The checkout became an order.
    CheckoutCompleted,
    /// The source itself says that the checkout was left.
    CheckoutAbandoned(Box<Checkout>),
    /// An order was placed, paid or not.
    OrderPlaced(Box<Order>),
    /// A check of the buyer's identity was refused.
    KycRejected(Box<KycRejected>),
    /// The buyer has handed something in, and the check goes on.
    KycPending,
    /// The buyer passed.
    KycApproved,
    /// A buyer who used to buy has stopped.
    Lapsed(Box<Lapsed>),
    /// A buyer agreed to messages, or withdrew.
    ConsentChanged(Box<ConsentChanged>),
    /// Another tool sent this buyer a message.
    TouchSent(Box<TouchSent>),
    /// A person of the merchant's wrote to the buyer: automation waits for the end of their conversation.
    HandOffAnswered {
        /// The source of the case that was handed over.
        source: Source,
    },
    /// What was handed to a person is settled.
    HandOffResolved {
        /// The source of the case that was handed over.
        source: Source,
    },
    /// The buyer opened a notification of the merchant's app, as the app tells.
    MessageOpened(Box<Correlation>),
    /// The buyer gave another card, or the network renewed it.
    CardUpdated,
    /// The source knows more of the buyer than before.
    CustomerUpdated(Box<BuyerFacts>),
}

impl Fact {
    /// The name used in logs, dedupe keys and the output of `recoup webhook check`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PaymentFailed(_) => "payment_failed",
            Self::Recovered => "recovered",
            Self::Paid => "paid",
            Self::Voided => "voided",
            Self::MarkedUncollectible => "marked_uncollectible",
            Self::Refunded { .. } => "refunded",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeClosed { .. } => "dispute_closed",
            Self::SubscriptionCancelled => "subscription_cancelled",
            Self::SubscriptionPastDue => "subscription_past_due",
            Self::SubscriptionHalted => "subscription_halted",
            Self::CheckoutCreated(_) => "checkout_created",
            Self::CheckoutUpdated(_) => "checkout_updated",
            Self::CheckoutCompleted => "checkout_completed",
            Self::CheckoutAbandoned(_) => "checkout_abandoned",
            Self::OrderPlaced(_) => "order_placed",
            Self::KycRejected(_) => "kyc_rejected",
            Self::KycPending => "kyc_pending",
            Self::KycApproved => "kyc_approved",
            Self::Lapsed(_) => "lapsed",
            Self::ConsentChanged(_) => "consent_changed",
            Self::TouchSent(_) => "touch_sent",
            Self::HandOffAnswered { .. } => "handoff_answered",
            Self::HandOffResolved { .. } => "handoff_resolved",
            Self::MessageOpened(_) => "message_opened",
            Self::CardUpdated => "card_updated",
            Self::CustomerUpdated(_) => "customer_updated",
        }
    }

    /// Whether it is what a merchant hopes for: money, an order, a passed check. A source that reports failures and none of
    /// these has lost half of its voice.
    pub fn is_success(&self) -> bool {
        matches!(
            self,
            Self::Recovered | Self::Paid | Self::CheckoutCompleted | Self::OrderPlaced(_) | Self::KycApproved
        )
    }
}

/// A failed attempt and all the source said about it. Every member is optional in practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFailed {
    /// Which attempt this was, from 1; `None` when the source does not count.
    pub attempt: Option<u32>,
    /// When the source will try by itself again; `None` when it will not, or does not say.
    pub next_retry: Option<Timestamp>,
    /// Whether the source says that this was its last attempt.
    pub last_attempt: bool,
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
    /// Whether this was the payment of one order, whose buyer may still be at the checkout, and not one under a standing
    /// agreement.
    pub one_time: bool,
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
    /// The address for messages by e-mail, and one of the names a buyer is known by.
    pub email: Option<Email>,
    /// The merchant's app on a device of the buyer.
    pub push: Option<PushToken>,
    /// The name to greet.
    pub name: Option<PersonName>,
    /// BCP 47 language tag, for example `pt-BR`.
    pub locale: Option<String>,
    /// IANA time zone, for example `America/Sao_Paulo`.
    pub zone: Option<String>,
}

/// A cart on its way to an order. Every member is optional in practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkout {
    /// What the cart comes to.
    pub amount: Option<Money>,
    /// The page where the buyer goes on.
    pub resume_link: Option<Link>,
    /// The cart's or draft's number a buyer knows.
    pub number: Option<PersonName>,
    /// Who is buying.
    pub buyer: BuyerFacts,
    /// Other names of the same cart; an order that names one of them completes this checkout.
    pub links: Vec<Obligation>,
    /// Whether the buyer agreed to marketing messages in this checkout; `None` when it does not say.
    pub marketing_consent: Option<bool>,
}

/// An order, placed by whatever way. The checkouts it came from are told by events of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// What it comes to.
    pub amount: Option<Money>,
    /// The number a buyer knows.
    pub number: Option<PersonName>,
    /// Who placed it.
    pub buyer: BuyerFacts,
}

/// A refused check of identity. Never holds a document, a picture or the reviewer's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KycRejected {
    /// Why, in terms a buyer can act on.
    pub cause: KycCause,
    /// Whether the buyer may try again; a final refusal is not nudged.
    pub may_retry: bool,
    /// The page where the buyer tries again.
    pub retake_link: Option<Link>,
    /// Who.
    pub buyer: BuyerFacts,
}

/// What was wrong with a check, as far as a buyer can mend it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KycCause {
    /// Blurred, dark, cut off, or glare.
    Unreadable,
    /// The document's date has passed.
    Expired,
    /// Another kind of document is needed.
    WrongDocument,
    /// A side or a page is missing.
    Incomplete,
    /// A screenshot, a copy or an edited picture.
    NotOriginal,
    /// Name, birthday or address differ from what was given.
    DataMismatch,
    /// The picture of the face does not fit, or is no live one.
    SelfieMismatch,
    /// Nothing that a buyer can be told.
    #[default]
    Other,
}

impl KycCause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Unreadable,
        Self::Expired,
        Self::WrongDocument,
        Self::Incomplete,
        Self::NotOriginal,
        Self::DataMismatch,
        Self::SelfieMismatch,
        Self::Other,
    ];

    /// The name used in items, templates and the output of `recoup webhook check`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Expired => "expired",
            Self::WrongDocument => "wrong_document",
            Self::Incomplete => "incomplete",
            Self::NotOriginal => "not_original",
            Self::DataMismatch => "data_mismatch",
            Self::SelfieMismatch => "selfie_mismatch",
            Self::Other => "other",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

/// A buyer who used to buy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lapsed {
    /// Since when.
    pub since: Option<Timestamp>,
    /// The page that brings them back.
    pub link: Option<Link>,
    /// Who.
    pub buyer: BuyerFacts,
}

/// An agreement to messages, or its withdrawal, with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentChanged {
    /// What it is about.
    pub scope: OptOutScope,
    /// Whether the buyer agreed; `false` for a withdrawal.
    pub granted: bool,
    /// Where the buyer said so, for example `checkout`.
    pub place: Option<PersonName>,
    /// SHA-256 of the text the buyer agreed to, in hexadecimal.
    pub text_hash: Option<Box<str>>,
    /// Who.
    pub buyer: BuyerFacts,
}

/// A message that another tool sent; it counts under the caps like one of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchSent {
    /// The lane it counts in; none counts in all.
    pub lane: Option<Name>,
    /// To whom.
    pub buyer: BuyerFacts,
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
