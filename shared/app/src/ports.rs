//! The ports: what the use cases need from the world, and the errors the world may answer with.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
pub use recoup_channels::aws_sms::SendText;
use recoup_channels::bedrock::Unread;
use recoup_core::{
    Brand, Case, CaseId, Feed, Intent, Message, Recipient, RecipientId, Secret, SendOutcome, Source,
    Standing, Token, Words,
};
use recoup_processors::Processor;
use thiserror::Error;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The instant everything is decided by.
    fn now(&self) -> Timestamp;

    /// The instant on the wall, which signatures of the outside world are dated by. Differs from [`Clock::now`] only
    /// where the local stack has moved the clock.
    fn wall(&self) -> Timestamp;
}

/// Where single-use tokens come from.
pub trait Tokens: Send + Sync {
    /// A token nobody else has.
    fn token(&self) -> Token;
}

/// An item with the version a later write must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The item.
    pub item: T,
    /// Counts the writes, from 1.
    pub version: u64,
}

/// What a write expects to replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No item under this key.
    Absent,
    /// The item in this version.
    Version(u64),
}

impl Expected {
    /// What a write over a gathered item expects.
    pub fn of<T>(gathered: Option<&Versioned<T>>) -> Self {
        gathered.map_or(Self::Absent, |known| Self::Version(known.version))
    }

    /// The version the item has after the write.
    pub fn next(self) -> u64 {
        match self {
            Self::Absent => 1,
            Self::Version(version) => version.saturating_add(1),
        }
    }
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit<T> {
    /// The item is stored as given. Also when the store refused only because an earlier try of this very write, known
    /// by its token, had gone through and its answer was lost.
    Written,
    /// Somebody else was faster; this is the item now.
    Conflict(Option<Versioned<T>>),
}

/// Why the store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Throttled, unreachable or failing, after the client's own retries.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// An item that this version cannot read.
    #[error("stored item is malformed: {0}")]
    Malformed(String),
}

/// Where cases and recipients are kept. Reads are strongly consistent; there is one kind of write.
pub trait Store: Send + Sync {
    /// Reads a case.
    fn load_case(
        &self,
        id: &CaseId,
    ) -> impl Future<Output = Result<Option<Versioned<Case>>, StoreError>> + Send;

    /// Reads a recipient.
    fn load_recipient(
        &self,
        brand: &Brand,
        id: &RecipientId,
    ) -> impl Future<Output = Result<Option<Versioned<Recipient>>, StoreError>> + Send;

    /// Reads a source's feed.
    fn load_feed(
        &self,
        brand: &Brand,
        source: &Source,
    ) -> impl Future<Output = Result<Option<Versioned<Feed>>, StoreError>> + Send;

    /// Reads a brand's standing with its providers.
    fn load_standing(
        &self,
        brand: &Brand,
    ) -> impl Future<Output = Result<Option<Versioned<Standing>>, StoreError>> + Send;

    /// Writes a case if what is there is what was expected. The token marks the write as this one.
    fn commit_case(
        &self,
        case: &Case,
        expected: Expected,
        token: &Token,
    ) -> impl Future<Output = Result<Commit<Case>, StoreError>> + Send;

    /// Writes a recipient if what is there is what was expected. The token marks the write as this one.
    fn commit_recipient(
        &self,
        brand: &Brand,
        recipient: &Recipient,
        expected: Expected,
        token: &Token,
    ) -> impl Future<Output = Result<Commit<Recipient>, StoreError>> + Send;

    /// Writes a source's feed if what is there is what was expected. The token marks the write as this one.
    fn commit_feed(
        &self,
        brand: &Brand,
        feed: &Feed,
        expected: Expected,
        token: &Token,
    ) -> impl Future<Output = Result<Commit<Feed>, StoreError>> + Send;

    /// Writes a brand's standing if what is there is what was expected. The token marks the write as this one.
    fn commit_standing(
        &self,
        brand: &Brand,
        standing: &Standing,
        expected: Expected,
        token: &Token,
    ) -> impl Future<Output = Result<Commit<Standing>, StoreError>> + Send;
}

/// One page of a scan over all cases of the table.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The cases; one that cannot be read is an error in its place.
    pub cases: Vec<Result<Versioned<Case>, StoreError>>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// Reads all cases, for the sweep.
pub trait Scan: Send + Sync {
    /// Reads one page, from the start or from where the last one ended.
    fn scan_cases(&self, from: Option<String>) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// Steps for WhatsApp.
    Whatsapp,
    /// Steps for text messages; also the dead-letter queue of the first.
    Sms,
    /// Notifications of the merchant's app.
    Push,
    /// E-mails.
    Email,
    /// What goes to people and to the merchant's own systems: hand-offs, and how cases ended.
    HandOff,
    /// What of that no receiver takes; nobody consumes it.
    HandOffDead,
    /// What AWS says of messages.
    ChannelEvents,
    /// What a person must look at; nobody consumes it.
    Parked,
    /// Verified webhooks that the store could not take.
    Spill,
}

/// Why a queue or the scheduler did not take something.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service} unavailable: {detail}")]
pub struct QueueError {
    /// Which service.
    pub service: &'static str,
    /// Its error code.
    pub detail: String,
}

/// A message for a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The body: ASCII JSON.
    pub body: String,
    /// How long it stays invisible, at most 15 minutes.
    pub delay: Duration,
    /// At most ten attributes, readable in the console.
    pub attributes: Vec<(&'static str, String)>,
}

/// Sends to the queues and postpones what came from them.
pub trait Queues: Send + Sync {
    /// Puts a message into a queue.
    fn push(&self, queue: Queue, message: Outgoing) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Leaves a received message in its queue, invisible for a time.
    fn postpone(
        &self,
        queue: Queue,
        receipt: &str,
        after: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// Timers beyond fifteen minutes: each fires once into the WhatsApp queue and is gone.
pub trait Schedules: Send + Sync {
    /// Creates a schedule; one of the same name is this one.
    fn create(
        &self,
        name: &str,
        at: Timestamp,
        body: &str,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Deletes a schedule; one that is gone is deleted.
    fn delete(&self, name: &str) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// The secrets of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretName {
    /// The key of the recipient hash.
    Pepper,
    /// Signing secrets and API key of the source with this name.
    Source(&'static str),
    /// App secret, verify token and access token at Meta.
    Meta,
    /// Account, token and senders at Twilio.
    Twilio,
    /// Key and flows at MSG91, and what proves its webhooks.
    Msg91,
    /// The key of the phone that is linked to Rapiwa, and what proves its webhooks.
    Rapiwa,
    /// What the push service needs.
    Push,
    /// Where people and the merchant's own systems are told.
    Outlets,
}

impl SecretName {
    /// The secret of a source.
    pub fn of(processor: &dyn Processor) -> Self {
        Self::Source(processor.name())
    }

    /// The secret of the source with this name, and where it is kept below a deployment's own folder, for example
    /// `payment/stripe`; `None` when this build knows no such source.
    pub fn of_source(name: &str) -> Option<(Self, String)> {
        let (name, family) = recoup_processors::family_of(name)?;
        Some((Self::Source(name), format!("{}/{name}", family.as_str())))
    }

    /// The name in errors and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pepper => "pepper",
            Self::Source(source) => source,
            Self::Meta => "meta",
            Self::Twilio => "twilio",
            Self::Msg91 => "msg91",
            Self::Rapiwa => "rapiwa",
            Self::Push => "push",
            Self::Outlets => "outlets",
        }
    }
}

/// Why a secret is not at hand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The secret store did not answer and nothing is cached.
    #[error("secret {name} unavailable: {detail}", name = .name.as_str())]
    Unavailable {
        /// Which.
        name: SecretName,
        /// The store's error code.
        detail: String,
    },
    /// The secret is not what it should be: empty, a placeholder, or a member is missing.
    #[error("secret {name} is unfit: {rule}", name = .name.as_str())]
    Unfit {
        /// Which.
        name: SecretName,
        /// What is wrong.
        rule: String,
    },
}

/// Where secrets come from: cached for minutes, and kept when the store fails.
pub trait Secrets: Send + Sync {
    /// Whether this deployment has such a secret at all.
    fn has(&self, name: SecretName) -> bool;

    /// The text of a secret.
    fn secret(&self, name: SecretName) -> impl Future<Output = Result<Secret, SecretError>> + Send;
}

/// Why a request brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransportError {
    /// Nothing left this machine: refused connection, DNS, TLS.
    #[error("request was not sent")]
    NotSent,
    /// It may have arrived: time-out or reset after it left.
    #[error("no answer to the request")]
    Ambiguous,
}

/// Performs one HTTP request: bounded in time, no redirects, no retries.
pub trait Transport: Send + Sync {
    /// Sends the request and reads the whole answer.
    fn perform(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, TransportError>> + Send;
}

/// Gives a message to its provider, once.
pub trait Sender: Send + Sync {
    /// Sends; never retries by itself.
    fn send(&self, message: &Message) -> impl Future<Output = SendOutcome> + Send;
}

/// Who read what a buyer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// The rules of `core::reply`.
    Rules,
    /// A model of Amazon Bedrock.
    Bedrock,
}

impl ReadBy {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Bedrock => "bedrock",
        }
    }
}

/// What was made of what a buyer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// What they want.
    pub intent: Intent,
    /// Who says so.
    pub by: ReadBy,
    /// Why it could not be read, where that is why it is [`Intent::Unknown`].
    pub unread: Option<Unread>,
}

/// Reads what buyers write.
pub trait Classifier: Send + Sync {
    /// Reads words that a buyer typed. What cannot be read, for whatever reason, is [`Intent::Unknown`], which goes to a person.
    fn classify(&self, words: &Words) -> impl Future<Output = Classified> + Send;
}

/// Why AWS End User Messaging took no text message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextApiError {
    /// The service said no, by this exception and reason.
    #[error("refused: {exception}")]
    Refused {
        /// The exception's name.
        exception: String,
        /// Its `Reason`, where it has one.
        reason: Option<String>,
    },
    /// Nothing left this machine.
    #[error("request was not sent")]
    NotSent,
    /// It may have arrived.
    #[error("no answer to the request")]
    Ambiguous,
}

/// Calls `SendTextMessage` of AWS End User Messaging, once.
pub trait TextApi: Send + Sync {
    /// Sends, and returns the message id.
    fn send_text(&self, text: &SendText)
    -> impl Future<Output = Result<Option<String>, TextApiError>> + Send;
}

/// The ports every state change needs.
pub trait Ports: Clock + Tokens + Store + Queues + Schedules + Secrets {}

impl<T: Clock + Tokens + Store + Queues + Schedules + Secrets> Ports for T {}
