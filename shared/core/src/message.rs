//! Messages that leave, and what became of them: the vocabulary shared with the channel codecs.

use std::time::Duration;

use crate::{Address, Category, Correlation, Link, Name, QuickReply, Reaction};

/// A message ready for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it goes.
    pub to: Address,
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
    /// A WhatsApp template approved by the provider, with its parameters.
    Template(TemplateContent),
    /// A text message.
    Text(TextContent),
    /// WhatsApp words of our own, allowed for 24 hours after the buyer wrote.
    Answer(AnswerContent),
    /// A notification of the merchant's app.
    Notification(Notification),
    /// An e-mail.
    Letter(Letter),
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Template(template) => write!(f, "Template({}, {})", template.name, template.language),
            Self::Text(text) => write!(f, "Text({}, {})", text.template, text.language),
            Self::Answer(_) => f.write_str("Answer(redacted)"),
            Self::Notification(_) => f.write_str("Notification(redacted)"),
            Self::Letter(_) => f.write_str("Letter(redacted)"),
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
    /// Whether the approved text numbers its variables instead of naming them.
    pub positional: bool,
    /// The picture above the text.
    pub image: Option<Link>,
    /// Body parameters by name, in the order of the body.
    pub parameters: Vec<(String, String)>,
    /// What is appended to the fixed part of the URL button; the button comes first.
    pub url_suffix: Option<String>,
    /// Payloads of the quick-reply buttons, in order, after the URL button.
    pub quick_replies: Vec<String>,
    /// The code behind the copy button, which comes last.
    pub copy_code: Option<String>,
}

/// A text message. Where carriers take registered texts only, its template's name and language tell which one this is.
#[derive(Clone, PartialEq, Eq)]
pub struct TextContent {
    /// The whole text.
    pub body: String,
    /// The template it was made from.
    pub template: Name,
    /// The language of the text.
    pub language: String,
    /// The values in it, in the order of the text.
    pub parameters: Vec<(String, String)>,
}

/// Words that answer a buyer, with buttons under them.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerContent {
    /// The words.
    pub body: String,
    /// At most three buttons.
    pub buttons: Vec<QuickReply>,
}

/// A notification.
#[derive(Clone, PartialEq, Eq)]
pub struct Notification {
    /// The first line.
    pub title: String,
    /// The text.
    pub body: String,
    /// Where a tap leads.
    pub link: Option<Link>,
}

/// An e-mail in plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text, with its link in it.
    pub body: String,
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
    /// What else is not tried for a while.
    pub pause: Option<PauseScope>,
}

impl Refusal {
    /// A refusal that concerns this message alone.
    pub fn new(code: &str, reaction: Reaction, alarm: bool) -> Self {
        Self { code: code.to_owned(), reaction, alarm, pause: None }
    }

    /// The same, which also stops others.
    #[must_use]
    pub fn pausing(self, scope: PauseScope) -> Self {
        Self { pause: Some(scope), ..self }
    }
}

/// How much of what recoup sends a refusal stops, besides the message itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseScope {
    /// Everything by this channel: the account or its number is barred.
    Channel,
    /// Marketing by this channel: its number's standing is at stake.
    Marketing,
    /// This template in this language.
    Template,
    /// This channel to the country of this buyer.
    Country,
    /// Marketing to this buyer: the provider caps it. Many such buyers lower marketing for all.
    Buyer,
}
