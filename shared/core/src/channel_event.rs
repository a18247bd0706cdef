//! What the webhooks of message providers say.

use std::fmt;

use jiff::Timestamp;

use crate::{Category, Contact, Correlation, Intent, Name, OptOutScope, Paused, Refusal, WhatsappUser, When};

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
        /// WhatsApp's id of the buyer it went to, where the provider told.
        user: Option<WhatsappUser>,
    },
    /// A buyer asked for silence.
    OptedOut {
        /// Who.
        from: Contact,
        /// From what.
        scope: OptOutScope,
        /// When.
        at: Timestamp,
        /// The provider's id of the message in which they wrote it; `None` where it was no message, or where the provider
        /// has confirmed it already.
        message: Option<String>,
    },
    /// A buyer asked to hear again.
    OptedIn {
        /// Who.
        from: Contact,
        /// To what.
        scope: OptOutScope,
        /// When.
        at: Timestamp,
        /// The provider's id of the message in which they wrote it; `None` where it was no message, or where the provider
        /// has confirmed it already.
        message: Option<String>,
    },
    /// Anything else a buyer wrote.
    Replied(Reply),
    /// The provider said something that concerns more than one message.
    News(News),
    /// Trouble that concerns no single message.
    Trouble(Refusal),
    /// A kind this version does not act on, for the counter.
    Ignored {
        /// The provider's name of the kind.
        kind: String,
    },
}

/// What a buyer wrote or tapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Who.
    pub from: Contact,
    /// When.
    pub at: Timestamp,
    /// What they want, as far as it can be told.
    pub intent: Intent,
    /// When they promise to pay, if they name a time.
    pub when: Option<When>,
    /// Their words, for the person who answers.
    pub words: Words,
    /// Whether the words are a message that they typed, and not a button's label or what stands under a picture.
    pub typed: bool,
    /// The provider's id of the message they answered, where it is told.
    pub answers: Option<String>,
    /// The provider's id of this message; the same for a re-delivery.
    pub id: String,
    /// Whether the provider has answered it already: carriers answer their keywords by themselves.
    pub answered: bool,
}

/// A buyer's own words: for the person who answers, never for a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// The most characters that are handed on.
    pub const LONGEST: usize = 1000;

    /// Keeps the first thousand characters and no control characters but line breaks.
    pub fn of(text: &str) -> Self {
        let kept = text.trim().chars().filter(|c| *c == '\n' || !c.is_control());
        Self(kept.take(Self::LONGEST).collect())
    }

    /// The words. For the hand-off only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} bytes)", self.0.len())
    }
}

/// What a provider said that concerns more than one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A refusal, or trouble out of the blue, that stops others too.
    Barred {
        /// What rests.
        what: Paused,
        /// The provider's code.
        code: String,
    },
    /// A buyer to whom the provider sends no more marketing for now.
    Capped,
    /// How a template stands.
    Template {
        /// Its name.
        template: Name,
        /// Its language.
        language: String,
        /// What was said.
        news: TemplateNews,
    },
    /// How buyers like what the number sends.
    NumberQuality {
        /// How much.
        quality: Quality,
        /// The provider's word.
        code: String,
    },
    /// The account was barred, or freed.
    Account {
        /// Whether nothing may be sent.
        barred: bool,
        /// The provider's word.
        code: String,
    },
}

/// What a provider says of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateNews {
    /// It may be sent, or not; with the provider's word.
    Usable(bool, String),
    /// It counts as this from now on.
    Category(Category),
    /// It will count as this unless somebody objects.
    CategoryAhead(Category),
    /// How buyers like it.
    Quality(Quality),
}

/// How buyers like what they get, by the provider's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Well.
    Green,
    /// Less.
    Yellow,
    /// Badly.
    Red,
    /// Not measured.
    Unknown,
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
