//! The domain of recoup: what a case is and what happens to it.
//!
//! Invariant: no I/O, no async, no clock, no randomness, no environment. Time, tokens and configuration are passed in,
//! so every decision can be replayed from its inputs.

mod case;
mod decide;
mod event;
mod feed;
mod ids;
mod library;
mod message;
mod money;
mod playbook;
mod policy;
mod reason;
mod recipient;
mod redacted;
mod reply;
mod template;
mod zone;

pub use case::{
    Case, Entry, EventKey, Matter, Next, Outcome, Outreach, SendState, Settlement, State, TrailEntry,
};
pub use decide::{
    Answer, Concluded, Context, Decision, Effect, Input, Lookup, Needs, PreferenceChange, StatusReport,
    StepDue, Timer, Watch, World, decide, needs, owed,
};
pub use event::{
    BuyerFacts, Checkout, ConsentChanged, DeclineClass, Event, Fact, KycCause, KycRejected, Lapsed, Order,
    PaymentFailed, TouchSent,
};
pub use feed::{Feed, HEARD_STEP, SILENT_AFTER};
pub use ids::{
    Brand, CaseId, Channel, Correlation, CustomerId, EventId, MalformedId, Name, Obligation, RecipientId,
    Source, StepIndex, Token,
};
pub use library::{Library, lint_library};
pub use message::{
    Backoff, ChannelEvent, Content, DeliveryStatus, Message, OptOutScope, Reaction, Refusal, SendOutcome,
    TemplateContent,
};
pub use money::{Currency, Money, UnknownCurrency};
pub use playbook::{Category, LinkTo, MalformedPlaybook, Playbook, Step};
pub use policy::Policy;
pub use reason::Reason;
pub use recipient::{Alias, KnownCase, Recipient, Touch};
pub use redacted::{Email, Link, MalformedLink, MalformedPhone, PersonName, Phone, Secret, UnfitSecret};
pub use reply::{Fired, Intent, Reading, read_reply};
pub use template::{MalformedTemplate, QuickReply, RenderError, Template, Text, Values, VariableKind};
pub use zone::{MalformedQuietHours, SendWindow, Zones};
