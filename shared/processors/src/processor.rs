//! The shape of a source: what it is given, what it answers, how it refuses.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use recoup_core::{BuyerFacts, CustomerId, Event, Fact, Obligation, Secret};
use thiserror::Error;

use crate::SignatureError;

/// A request as it came in: nothing in it may be believed.
#[derive(Clone, Copy)]
pub struct Unverified<'a> {
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// The body's exact bytes, after the front door's base64 is undone and before any other change.
    pub body: &'a [u8],
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified({} bytes)", self.body.len())
    }
}

/// A body that carries a signature of its source; only [`Processor::verify`] makes one.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    /// Marks a body as signed. For the implementations of [`Processor::verify`] only.
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body }
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({} bytes)", self.body.len())
    }
}

/// What a verified body says, in the vocabulary of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// One event per obligation concerned; empty when the body is ignored.
    pub events: Vec<Event>,
    /// The source's own name of the event type, for a counter.
    pub kind: String,
    /// Whether the source marks it as real money, where it says so: the caller compares this with its stage.
    pub livemode: Option<bool>,
    /// Whether the body concerns us.
    pub status: Status,
}

/// Whether a verified body concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It gave events.
    Recognised,
    /// It gave none, on purpose.
    Ignored(Ignored),
}

/// Why a verified body gave no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// A type of event that starts and stops nothing.
    UnknownType,
    /// A notice without the object it is about.
    ThinEvent,
    /// An invoice that nobody has been asked to pay.
    Draft,
    /// A failure to collect nothing.
    NothingOwed,
}

impl Ignored {
    /// The name used in logs and in the output of `recoup webhook check`.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::ThinEvent => "thin_event",
            Self::Draft => "draft",
            Self::NothingOwed => "nothing_owed",
        }
    }
}

/// Why a verified body could not be read. Names the part, never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NormaliseError {
    /// The body is not UTF-8 text.
    #[error("body is not UTF-8 from byte {offset}")]
    NotUtf8 {
        /// Where the first wrong byte is.
        offset: usize,
    },
    /// The body is not JSON.
    #[error("body is not JSON at line {line} column {column}")]
    NotJson {
        /// The line, from 1; 0 for an empty body.
        line: usize,
        /// The column, from 1; 0 before the first character.
        column: usize,
    },
    /// The body is JSON, but not the envelope of an event, or it names a member twice.
    #[error("body is not an event at line {line} column {column}")]
    NotAnEvent {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 before the first character.
        column: usize,
    },
    /// A member without which nothing can be decided is absent or null.
    #[error("{member} is missing")]
    Missing {
        /// The path of the member.
        member: &'static str,
    },
    /// A member that decides has another type or an impossible value.
    #[error("{member} is malformed")]
    Malformed {
        /// The path of the member.
        member: &'static str,
    },
}

impl NormaliseError {
    /// The stable name for logs and parked messages.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "body_not_utf8",
            Self::NotJson { .. } => "body_not_json",
            Self::NotAnEvent { .. } => "body_not_event",
            Self::Missing { .. } => "body_member_missing",
            Self::Malformed { .. } => "body_member_malformed",
        }
    }
}

/// A question to the processor's own API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Who is this customer, and how can they be reached?
    Customer(CustomerId),
    /// Is this still owed?
    Obligation(Obligation),
}

/// What the processor's API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// What it knows of the customer.
    Buyer(BuyerFacts),
    /// Nothing is owed any more, and why.
    Settled(Fact),
    /// The money is still owed.
    StillOwed,
    /// No such customer or obligation, or one that was deleted.
    NotFound,
    /// No answer to act on, so hold: too many requests, a failing server, another answer than the one asked for,
    /// or money that is on its way right now.
    Unreachable,
    /// The API key is refused.
    Denied,
}

/// A source of webhooks. Every method is for every source to answer: there are no defaults to forget.
pub trait Processor: Send + Sync {
    /// The name in the webhook path and in the key of a case.
    fn name(&self) -> &'static str;

    /// Checks that the source signed these bytes, with any of `secrets`, at a time near `now`.
    ///
    /// # Errors
    /// [`SignatureError`] says why the request is not believed.
    fn verify<'a>(
        &self,
        request: Unverified<'a>,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Verified<'a>, SignatureError>;

    /// Reads what a verified body says.
    ///
    /// # Errors
    /// [`NormaliseError`] when the body cannot be read or lacks what decides. Members that only decorate a message
    /// (names, phones, metadata) never fail it.
    fn normalise(&self, verified: &Verified<'_>) -> Result<Normalised, NormaliseError>;

    /// Makes the headers with which the source would send `body`: for tests, benches, and the local stack.
    ///
    /// `None` when only the source itself can sign.
    fn sign(&self, body: &[u8], secret: &Secret, at: Timestamp) -> Option<HeaderMap>;

    /// Builds the request that asks the processor's API; `None` when it has no answer to such a question, or when
    /// `base_url` is not a URL.
    fn request(&self, base_url: &str, lookup: &Lookup, api_key: &Secret) -> Option<http::Request<Bytes>>;

    /// Reads the API's answer to [`Processor::request`].
    fn read_answer(&self, lookup: &Lookup, answer: &http::Response<Bytes>) -> LookupAnswer;
}
