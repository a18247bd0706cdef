//! The domain of recoup: what a case is and what happens to it.
//!
//! Invariant: no I/O, no async, no clock, no randomness, no environment. Time, tokens and configuration are passed in,
//! so every decision can be replayed from its inputs.

mod answer;
mod case;
mod channel_event;
mod contact;
mod decide;
mod event;
mod feed;
mod handoff;
mod ids;
mod library;
mod message;
mod money;
mod playbook;
mod policy;
mod reaction;
mod reason;
mod recipient;
mod redacted;
mod reply;
mod standing;
mod template;
mod zone;

pub use answer::{AnswerKind, AnswerText, AnswerWords};
pub use case::{
    Case, Entry, EventKey, Frozen, Matter, Next, Outcome, Outreach, SendState, Settlement, State, Told,
    TrailEntry,
};
pub use channel_event::{ChannelEvent, DeliveryStatus, News, Quality, Reply, TemplateNews, Words};
pub use contact::{Address, Contact, PushToken, WhatsappUser};
pub use decide::{
    Answer, AnswerDue, Concluded, Context, Decision, Effect, Input, Lookup, Needs, PreferenceChange, Replied,
    StatusReport, StepDue, Timer, Watch, World, decide, needs, owed,
};
pub use event::{
    BuyerFacts, Checkout, ConsentChanged, DeclineClass, Event, Fact, KycCause, KycRejected, Lapsed, Order,
    PaymentFailed, TouchSent,
};
pub use feed::{Feed, HEARD_STEP, SILENT_AFTER};
pub use handoff::{Consent, Ended, HandOff, Tried};
pub use ids::{
    Brand, CaseId, Channel, Correlation, CustomerId, EventId, MalformedId, Name, Obligation, RecipientId,
    Source, StepIndex, Token,
};
pub use library::{Library, lint_library};
pub use message::{
    AnswerContent, Content, Letter, Message, Notification, PauseScope, Refusal, SendOutcome, TemplateContent,
    TextContent,
};
pub use money::{Currency, Money, UnknownCurrency};
pub use playbook::{Category, LinkTo, MalformedPlaybook, Playbook, Step, Wanted};
pub use policy::Policy;
pub use reaction::{Backoff, OptOutScope, Reaction};
pub use reason::Reason;
pub use recipient::{Alias, KnownCase, Recipient, Touch};
pub use redacted::{Email, Link, MalformedLink, MalformedPhone, PersonName, Phone, Secret, UnfitSecret};
pub use reply::{Fired, Intent, Reading, When, read_reply, read_when};
pub use standing::{Governor, Pause, Paused, Recounted, Standing, is_american};
pub use template::{MalformedTemplate, QuickReply, RenderError, Template, Text, Values, VariableKind};
pub use zone::{MalformedQuietHours, SendWindow, Zones};
