//! What a source says of a body that it signed: events, nothing, or that it cannot be read.

use jiff::Timestamp;
use recoup_core::{Event, EventId, Fact, Obligation};
use thiserror::Error;

use crate::Lookup;

/// What a verified body says, in the vocabulary of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// One event per obligation concerned; empty when the body is ignored.
    pub events: Vec<Event>,
    /// The source's own name of the event type, for a counter.
    pub kind: String,
    /// What must be asked at the source's API before the events are whole. Without an API key they are taken as they are.
    pub asks: Vec<Lookup>,
    /// Whether the source marks it as real money, where it says so: the caller compares this with its stage.
    pub livemode: Option<bool>,
    /// Whether the body concerns us.
    pub status: Status,
}

/// The events of one body: each fact about its obligation, all under the body's one id.
pub(crate) fn told(
    id: &EventId,
    occurred_at: Option<Timestamp>,
    facts: Vec<(Obligation, Fact)>,
) -> impl Iterator<Item = Event> + '_ {
    facts.into_iter().map(move |(obligation, fact)| Event { id: id.clone(), obligation, occurred_at, fact })
}

/// Whether a verified body concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It gave events.
    Recognised,
    /// It gave none, on purpose.
    Ignored(Ignored),
    /// It names only what happened to something: the answers to [`Normalised::asks`] give the events.
    Asks,
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
    /// An attempt that is still under way, or one that another event tells better.
    InProgress,
    /// A test that somebody sent from the source's dashboard.
    Test,
    /// A request about a person's data; answered by a person.
    Privacy,
}

impl Ignored {
    /// The name used in logs and in the output of `recoup webhook check`.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::ThinEvent => "thin_event",
            Self::Draft => "draft",
            Self::NothingOwed => "nothing_owed",
            Self::InProgress => "in_progress",
            Self::Test => "test",
            Self::Privacy => "privacy_request",
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
    /// The body is not XML, or not well formed.
    #[error("body is not XML at byte {offset}")]
    NotXml {
        /// Where reading stopped.
        offset: u64,
    },
    /// The body is not a form.
    #[error("body is not a form")]
    NotForm,
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
            Self::NotXml { .. } => "body_not_xml",
            Self::NotForm => "body_not_form",
            Self::NotAnEvent { .. } => "body_not_event",
            Self::Missing { .. } => "body_member_missing",
            Self::Malformed { .. } => "body_member_malformed",
        }
    }
}
