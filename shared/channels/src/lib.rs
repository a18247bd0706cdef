//! Speaks the HTTP of message providers: message to request, answer to outcome, webhook to events.
//!
//! Invariant: no I/O, no async, no clock, no environment. A request is built here and sent elsewhere; an answer is
//! read here and acted upon elsewhere, so every provider is tested by its bytes alone.

use std::fmt;

use bytes::Bytes;
use recoup_core::{Channel, Message, Name, Phone, SendOutcome};
use thiserror::Error;

pub mod aws_events;
pub mod aws_sms;
pub mod aws_social;
pub mod bedrock;
mod derived;
mod endpoint;
pub mod fcm;
pub mod handoff;
mod inbound;
pub mod meta;
pub mod msg91;
pub mod onesignal;
mod outcome;
mod parameter;
mod push;
pub mod rapiwa;
mod reference;
mod registered;
pub mod ses;
pub mod sms;
pub mod twilio;
mod webhook;

pub use endpoint::MalformedSetting;
pub use inbound::read_as;
pub use registered::Registered;
pub use webhook::{ChannelParseError, ChannelSignatureError, VerifiedChannelWebhook, verify_path_secret};

/// A message provider that is spoken to over HTTP.
///
/// Nothing has a default, so a provider that forgets a part does not compile.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The provider's name in logs, ledgers and settings.
    fn name(&self) -> &'static str;

    /// The channel its messages travel by.
    fn channel(&self) -> Channel;

    /// Builds the request that sends a message.
    ///
    /// # Errors
    /// [`EncodeError`] when the message cannot be put to this provider; nothing has been sent then.
    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError>;

    /// Reads what the provider answered.
    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome;
}

/// Why a message cannot be put to a provider. The text of the message is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A text for a channel that takes templates, or the reverse.
    #[error("content does not fit the {0} channel")]
    WrongContent(Channel),
    /// An address of another kind than the channel's.
    #[error("address does not fit the {0} channel")]
    WrongAddress(Channel),
    /// A value that the provider would refuse: empty, too long, several lines, runs of spaces.
    #[error("parameter {0} is not allowed by the provider")]
    ParameterNotAllowed(String),
    /// A text message whose link and closing words alone exceed the permitted parts.
    #[error("text needs more than {0} parts")]
    TextTooLong(usize),
    /// A template without an id at a provider, or with carriers, that takes registered texts only.
    #[error("template {template} in {language} is not registered at the provider")]
    NotRegistered {
        /// Its name.
        template: Name,
        /// Its language, as in its file.
        language: String,
    },
}

/// The number a message goes to.
pub(crate) fn phone(message: &Message) -> Result<&Phone, EncodeError> {
    message.to.phone().ok_or(EncodeError::WrongAddress(message.correlation.channel))
}

impl EncodeError {
    /// The stable code that ops meet on a parked message.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongContent(_) => "wrong_content",
            Self::WrongAddress(_) => "wrong_address",
            Self::ParameterNotAllowed(_) => "parameter_not_allowed",
            Self::TextTooLong(_) => "text_too_long",
            Self::NotRegistered { .. } => "template_not_registered",
        }
    }
}
