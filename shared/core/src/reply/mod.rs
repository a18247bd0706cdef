//! What a buyer means by a reply: a deterministic reader of eight languages that runs where the text is, and keeps none of it.
//!
//! The rules are data (`rules.tsv`): phrases that speak for an intent, and phrases that speak against it. The order in which intents
//! win is that of what a mistake costs: who is in distress or asked for silence is never asked to pay.

mod language;
mod phrase;
mod rules;
mod when;
mod words;

use std::fmt;

pub use when::{When, read_when};

/// What a buyer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// A personal crisis: automation ends, a person looks.
    Distress,
    /// No more messages.
    Stop,
    /// Messages again, after a stop.
    Start,
    /// The number belongs to somebody else.
    WrongPerson,
    /// The debt is contested.
    Dispute,
    /// The buyer says that it is paid.
    PaidAlready,
    /// The buyer will pay later.
    Later,
    /// The buyer wants a person, or does not get on.
    Help,
    /// The buyer wants to pay and asks where, how or how much.
    PayLink,
    /// Anything else: for a person to read.
    Unknown,
}

impl Intent {
    /// Every intent, those that win first.
    pub const ALL: [Self; 10] = [
        Self::Distress,
        Self::Stop,
        Self::Start,
        Self::WrongPerson,
        Self::Dispute,
        Self::PaidAlready,
        Self::Later,
        Self::Help,
        Self::PayLink,
        Self::Unknown,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Distress => "distress",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::WrongPerson => "wrong_person",
            Self::Dispute => "dispute",
            Self::PaidAlready => "paid_already",
            Self::Later => "later",
            Self::Help => "help",
            Self::PayLink => "pay_link",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intent| intent.as_str() == name)
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What was made of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What the buyer wants.
    pub intent: Intent,
    /// How sure that is, in percent: 99 for a whole message that is a phrase, less the shorter the phrase is, and the more other
    /// intents had phrases in it too.
    pub confidence: u8,
    /// The rule that fired, for example `stop/en: leave me alone`; `None` for [`Intent::Unknown`].
    pub rule: Option<Fired>,
    /// When the buyer promises to pay, if a time is named: of [`Intent::Later`] only.
    pub when: Option<When>,
}

/// A rule that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// The intent it speaks for.
    pub intent: Intent,
    /// The language it is written in.
    pub locale: &'static str,
    /// Its phrase.
    pub phrase: &'static str,
}

impl fmt::Display for Fired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}: {}", self.intent, self.locale, self.phrase)
    }
}

/// Reads a reply.
pub fn read_reply(text: &str) -> Reading {
    rules::shipped().read(text)
}
