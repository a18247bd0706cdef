//! AWS End User Messaging SMS (`SendTextMessage`), without its wire format: AWS's own client makes the call.

use recoup_core::{Backoff, Category, Channel, Content, Message, OptOutScope, Phone, Reaction, SendOutcome};

use crate::endpoint::require;
use crate::outcome::{self, label, refused};
use crate::{EncodeError, MalformedSetting, sms};

/// The provider's name in logs, ledgers and settings.
pub const NAME: &str = "aws_sms";
/// The context key that carries the correlation string into delivery events.
pub const CONTEXT_KEY: &str = "recoup";
/// Seconds that AWS may keep trying (messaging-providers.md section 4).
const TIME_TO_LIVE: std::ops::RangeInclusive<u64> = 5..=259_200;

/// The number, pool, sender id or ARN that messages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSms {
    origination_identity: String,
}

/// What kind of message the carriers are told it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// About something the buyer has with us; allowed at more hours, to more people.
    Transactional,
    /// An offer.
    Promotional,
}

impl MessageType {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transactional => "TRANSACTIONAL",
            Self::Promotional => "PROMOTIONAL",
        }
    }
}

/// The fields of one `SendTextMessage` call.
#[derive(Clone, PartialEq, Eq)]
pub struct SendText {
    /// `DestinationPhoneNumber`.
    pub destination: Phone,
    /// `OriginationIdentity`.
    pub origination_identity: String,
    /// `MessageBody`, at most [`sms::MAX_PARTS`] parts.
    pub body: String,
    /// `MessageType`.
    pub message_type: MessageType,
    /// `TimeToLive`, 5 to 259,200 seconds.
    pub time_to_live_seconds: i32,
    /// `Context`, at most 5 pairs; comes back in delivery events.
    pub context: Vec<(String, String)>,
}

impl std::fmt::Debug for SendText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SendText({}, {} s)", self.message_type.as_str(), self.time_to_live_seconds)
    }
}

impl AwsSms {
    /// Checks the origination identity: 1 to 256 characters of `[A-Za-z0-9_:/+-]`, as AWS does.
    ///
    /// # Errors
    /// [`MalformedSetting`] otherwise.
    pub fn new(origination_identity: &str) -> Result<Self, MalformedSetting> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_:/+-".contains(&b);
        let fits = (1..=256).contains(&origination_identity.len());
        require(fits && origination_identity.bytes().all(allowed), "origination_identity")?;
        Ok(Self { origination_identity: origination_identity.to_owned() })
    }

    /// Fills the call's fields from a message.
    ///
    /// # Errors
    /// [`EncodeError`] when the message is not a text, or its text cannot be sent.
    pub fn request(&self, message: &Message) -> Result<SendText, EncodeError> {
        let Content::Text(text) = &message.content else {
            return Err(EncodeError::WrongContent(Channel::Sms));
        };
        let seconds = message.ttl.as_secs().clamp(*TIME_TO_LIVE.start(), *TIME_TO_LIVE.end());
        Ok(SendText {
            destination: message.to.clone(),
            origination_identity: self.origination_identity.clone(),
            body: sms::body(text)?,
            message_type: match message.category {
                Category::Utility => MessageType::Transactional,
                Category::Marketing => MessageType::Promotional,
            },
            time_to_live_seconds: i32::try_from(seconds).unwrap_or(i32::MAX),
            context: vec![(CONTEXT_KEY.to_owned(), message.correlation.to_string())],
        })
    }
}

/// What follows from one exception, with one reason or, at the end of its exception, with any.
struct Row {
    exception: &'static str,
    reason: Option<&'static str>,
    reaction: Reaction,
    alarm: bool,
}

const fn row(exception: &'static str, reason: Option<&'static str>, reaction: Reaction, alarm: bool) -> Row {
    Row { exception, reason, reaction, alarm }
}

const LATER: Reaction = Reaction::Retry(Backoff::Seconds);

const TABLE: &[Row] = &[
    row("ThrottlingException", None, LATER, false),
    row("InternalServerException", None, LATER, false),
    row("AccessDeniedException", Some("INSUFFICIENT_ACCOUNT_REPUTATION"), Reaction::Hold, true),
    row("AccessDeniedException", Some("ACCOUNT_DISABLED"), Reaction::Hold, true),
    row("ServiceQuotaExceededException", Some("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"), Reaction::Hold, true),
    row(
        "ConflictException",
        Some("DESTINATION_PHONE_NUMBER_OPTED_OUT"),
        Reaction::OptOut(OptOutScope::Sms),
        false,
    ),
    row("ConflictException", Some("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), Reaction::Park, true),
    row(
        "ConflictException",
        Some("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"),
        Reaction::Drop,
        true,
    ),
    row(
        "ConflictException",
        Some("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"),
        Reaction::Drop,
        false,
    ),
    row("ConflictException", Some("NO_ORIGINATION_IDENTITIES_FOUND"), Reaction::Hold, true),
    row("ValidationException", Some("DESTINATION_COUNTRY_BLOCKED"), Reaction::Drop, false),
    row("ValidationException", Some("SENDER_ID_REQUIRES_REGISTRATION"), Reaction::Hold, true),
    row("ValidationException", Some("PRICE_OVER_THRESHOLD"), Reaction::Drop, true),
    row("ValidationException", None, Reaction::Park, true),
    row("ResourceNotFoundException", None, Reaction::Park, true),
    // Beyond the operation's own list: a missing permission, another quota, and the credentials that every AWS API
    // checks. None of them is the message's fault, and none is cured by another attempt.
    row("AccessDeniedException", None, Reaction::Hold, true),
    row("ServiceQuotaExceededException", None, Reaction::Hold, true),
    row("ExpiredTokenException", None, Reaction::Hold, true),
    row("InvalidSignatureException", None, Reaction::Hold, true),
    row("UnrecognizedClientException", None, Reaction::Hold, true),
];

/// Reads the answer to an accepted call.
pub fn accepted(message_id: Option<&str>) -> SendOutcome {
    outcome::accepted(message_id)
}

/// Reads a refusal: the exception's name and, where it has one, its `Reason`.
///
/// An exception that is not listed is shown to a person; no exception at all is no answer of AWS.
pub fn outcome(exception: &str, reason: Option<&str>) -> SendOutcome {
    if exception.is_empty() {
        return SendOutcome::Unknown;
    }
    let reason = reason.filter(|reason| !reason.is_empty());
    let code = label(reason.unwrap_or(exception), "unnamed");
    let listed =
        |wanted: Option<&str>| TABLE.iter().find(|row| row.exception == exception && row.reason == wanted);
    match listed(reason).or_else(|| listed(None)) {
        Some(row) => refused(code, row.reaction, row.alarm),
        None => refused(code, Reaction::Park, true),
    }
}
