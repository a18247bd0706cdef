//! The domain of recoup: what a case is and what happens to it.
//!
//! Invariant: no I/O, no async, no clock, no randomness, no environment. Time, tokens and configuration are passed in,
//! so every decision can be replayed from its inputs.

mod event;
mod ids;
mod message;
mod money;
mod redacted;

pub use event::{BuyerFacts, DeclineClass, Event, Fact, PaymentFailed};
pub use ids::{
    Brand, CaseId, Channel, Correlation, CustomerId, EventId, MalformedId, Name, Obligation, RecipientId,
    Source, StepIndex, Token,
};
pub use message::{
    Backoff, ChannelEvent, Content, DeliveryStatus, Message, OptOutScope, Reaction, Refusal, SendOutcome,
    TemplateContent,
};
pub use money::{Currency, Money, UnknownCurrency};
pub use redacted::{Link, MalformedLink, MalformedPhone, PersonName, Phone, Secret, UnfitSecret};
