//! Identifiers: each kind its own type, each checked where it enters.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Says which identifier was malformed; the text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed {kind}: expected 1 to {max} characters of {alphabet}")]
pub struct MalformedId {
    kind: &'static str,
    max: usize,
    alphabet: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $alphabet:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the length and the alphabet.
            ///
            /// # Errors
            /// [`MalformedId`] when the text is empty, too long, or holds another character.
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                let allowed: fn(u8) -> bool = $allowed;
                if text.is_empty() || text.len() > $max || !text.bytes().all(allowed) {
                    return Err(MalformedId { kind: $kind, max: $max, alphabet: $alphabet });
                }
                Ok(Self(text.into()))
            }

            /// The text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;
            fn try_from(text: String) -> Result<Self, MalformedId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
    };
}

identifier!(
    /// The tenant a deployment serves; part of every stored key and never taken from a body.
    Brand, "brand", 32, "[a-z0-9-]", |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
);
identifier!(
    /// The system an event comes from, as spelled in the webhook path, for example `stripe`.
    Source, "source", 24, "[a-z0-9_]", |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
);
identifier!(
    /// The processor's id of the thing that is owed: an invoice, a payment intent, an order.
    Obligation, "obligation", 128, "[A-Za-z0-9_.-]",
    |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
);
identifier!(
    /// The processor's id of a customer, safe to place in a request path.
    CustomerId, "customer id", 128, "[A-Za-z0-9_-]",
    |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
);
identifier!(
    /// The provider's id of one delivery of an event.
    EventId, "event id", 128, "printable ASCII without spaces", |b| b.is_ascii_graphic()
);
identifier!(
    /// A single-use random value that marks a write or a claim as ours.
    Token, "token", 32, "[A-Za-z0-9]", |b| b.is_ascii_alphanumeric()
);
identifier!(
    /// Keyed hash of a buyer's phone number: the name under which a recipient is stored.
    RecipientId, "recipient id", 32, "[A-Za-z0-9_-]",
    |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
);
identifier!(
    /// The name of a playbook or of a template.
    Name, "name", 64, "[a-z0-9_]", |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
);

impl RecipientId {
    /// Takes the text that the keyed hash made.
    pub(crate) fn from_hash(text: String) -> Self {
        debug_assert!(Self::parse(&text).is_ok());
        Self(text.into())
    }
}

/// One obligation of one brand at one source: the key of a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId {
    /// The tenant.
    pub brand: Brand,
    /// Where the obligation lives.
    pub source: Source,
    /// The processor's id of what is owed.
    pub obligation: Obligation,
}

impl CaseId {
    /// Parses `brand/source/obligation`.
    ///
    /// # Errors
    /// [`MalformedId`] when a part is missing or malformed.
    pub fn parse(text: &str) -> Result<Self, MalformedId> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        Ok(Self {
            brand: Brand::parse(part())?,
            source: Source::parse(part())?,
            obligation: Obligation::parse(part())?,
        })
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.brand, self.source, self.obligation)
    }
}

impl TryFrom<String> for CaseId {
    type Error = MalformedId;
    fn try_from(text: String) -> Result<Self, MalformedId> {
        Self::parse(&text)
    }
}

impl From<CaseId> for String {
    fn from(id: CaseId) -> Self {
        id.to_string()
    }
}

/// A step of a playbook, counted from 0; the number after the last step means "the end".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepIndex(pub u8);

impl StepIndex {
    /// The step that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for StepIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The medium a message travels by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp, by an approved template.
    Whatsapp,
    /// A text message.
    Sms,
    /// A notification of the merchant's app.
    Push,
    /// An e-mail.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Whatsapp, Self::Sms, Self::Push, Self::Email];

    /// The name used in keys, queues and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::Email => "email",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a send carries so that a later status names its step: brand, source, obligation, step, channel, claim token.
///
/// Travels as `rcp1/main/stripe/in_1/0/whatsapp/tok`: at most 512 characters, as Meta's
/// `biz_opaque_callback_data` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The case.
    pub case: CaseId,
    /// The step the message belongs to.
    pub step: StepIndex,
    /// The channel it was sent by.
    pub channel: Channel,
    /// The token of the claim that sent it.
    pub token: Token,
}

impl Correlation {
    /// Reads a correlation string back; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("rcp1/")?.split('/');
        let case = CaseId {
            brand: Brand::parse(parts.next()?).ok()?,
            source: Source::parse(parts.next()?).ok()?,
            obligation: Obligation::parse(parts.next()?).ok()?,
        };
        let step = StepIndex(parts.next()?.parse().ok()?);
        let channel = Channel::parse(parts.next()?)?;
        let token = Token::parse(parts.next()?).ok()?;
        parts.next().is_none().then_some(Self { case, step, channel, token })
    }
}

impl fmt::Display for Correlation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rcp1/{}/{}/{}/{}", self.case, self.step, self.channel, self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_id_reads_back_and_refuses_foreign_characters() {
        let id = CaseId::parse("main/stripe/in_1").expect("well formed");
        assert_eq!(CaseId::parse(&id.to_string()), Ok(id));
        for text in [
            "",
            "main",
            "main/stripe",
            "main/stripe/",
            "Main/stripe/in_1",
            "main/stripe/in 1",
            "main/stripe/a/b",
        ] {
            assert!(CaseId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_correlation_reads_back_and_ignores_strings_of_others() {
        let correlation = Correlation {
            case: CaseId::parse("main/stripe/in_1").expect("well formed"),
            step: StepIndex(2),
            channel: Channel::Sms,
            token: Token::parse("abc123").expect("well formed"),
        };
        assert_eq!(Correlation::parse(&correlation.to_string()), Some(correlation));
        for text in [
            "",
            "some data",
            "rcp1/main/stripe/in_1/300/sms/t",
            "rcp1/main/stripe/in_1/0/fax/t",
            "rcp1/a/b/c/0/sms/t/x",
        ] {
            assert_eq!(Correlation::parse(text), None, "{text}");
        }
    }
}
