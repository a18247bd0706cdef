//! Messages that leave, and what became of them: the vocabulary shared with the channel codecs.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Category, Correlation, Intent, Name, Phone};

/// A message ready for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The buyer's number.
    pub to: Phone,
    /// Comes back in status webhooks, where the provider carries one.
    pub correlation: Correlation,
    /// Utility or marketing: carriers treat them differently.
    pub category: Category,
    /// How long the provider may keep trying.
    pub ttl: Duration,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A template approved by the provider, with its parameters.
    Template(TemplateContent),
    /// Plain text.
    Text(String),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Template(template) => write!(f, "Template({}, {})", template.name, template.language),
            Self::Text(_) => f.write_str("Text(redacted)"),
        }
    }
}

/// An approved template and the values for its variables.
#[derive(Clone, PartialEq, Eq)]
pub struct TemplateContent {
    /// The template's name at the provider.
    pub name: Name,
    /// The language it was approved in, for example `en` or `pt_BR`.
    pub language: String,
    /// Body parameters by name, in the order of the body.
    pub parameters: Vec<(String, String)>,
    /// What is appended to the fixed part of the URL button; the button comes first.
    pub url_suffix: Option<String>,
    /// Payloads of the quick-reply buttons, in order, after the URL button.
    pub quick_replies: Vec<String>,
}

/// What became of one attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider took it; the id joins later statuses. `None` when its answer held no id.
    Accepted {
        /// The provider's id of the message.
        provider_id: Option<String>,
    },
    /// The provider said no, and by its own words nothing was sent.
    Refused(Refusal),
    /// The request never left: refused connection, DNS, TLS.
    NotSent,
    /// It may or may not have been sent: time-out, reset, an answer that is not the provider's.
    Unknown,
}

/// A definite no, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The provider's code, for example `131026`, kept in the ledger and shown to ops.
    pub code: String,
    /// What follows.
    pub reaction: Reaction,
    /// Whether a person must look, now.
    pub alarm: bool,
}

/// What follows from a refusal; the tables per provider are data in the channels crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The same channel again, after a pause.
    Retry(Backoff),
    /// The account or the number cannot send now: wait without using up attempts, and probe.
    Hold,
    /// This buyer cannot be reached here: the next channel.
    FallBack,
    /// Nobody shall send this message by any channel.
    Drop,
    /// The buyer said no to the provider: remember it.
    OptOut(OptOutScope),
    /// Our fault: the request or the template is wrong. A person repairs it and redrives.
    Park,
}

/// How long to wait before the same request may go again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Half a minute, doubling.
    Seconds,
    /// Some minutes.
    Minutes,
    /// 4^n seconds: the per-user pair rate.
    PairRate,
}

/// How far a buyer's "no" reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOutScope {
    /// Every message on every channel.
    All,
    /// Marketing on every channel; service messages stay allowed.
    Marketing,
    /// Every message, but only by text message: a carrier-level stop.
    Sms,
}

impl OptOutScope {
    /// The name used in items.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Marketing => "marketing",
            Self::Sms => "sms",
        }
    }
}

/// What a provider's webhook said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelEvent {
    /// A message moved on.
    Status {
        /// Our correlation string, where the provider returned it and it is ours.
        correlation: Option<Correlation>,
        /// The provider's id of the message.
        provider_id: String,
        /// How far it got.
        status: DeliveryStatus,
    },
    /// A buyer asked for silence.
    OptedOut {
        /// Who.
        phone: Phone,
        /// From what.
        scope: OptOutScope,
        /// When.
        at: Timestamp,
    },
    /// A buyer asked to hear again.
    OptedIn {
        /// Who.
        phone: Phone,
        /// To what.
        scope: OptOutScope,
        /// When.
        at: Timestamp,
    },
    /// Anything else a buyer wrote; only what was made of it is kept.
    Replied {
        /// Who.
        phone: Phone,
        /// When.
        at: Timestamp,
        /// What they want, as far as it can be told.
        intent: Intent,
    },
    /// A kind this version does not act on, for the counter.
    Ignored {
        /// The provider's name of the kind.
        kind: String,
    },
}

/// How far a message got. Ranks grow; an earlier status that arrives late changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// Left the provider.
    Sent,
    /// Reached the device.
    Delivered,
    /// Opened.
    Read,
    /// Failed after it was accepted.
    Failed(Refusal),
}
