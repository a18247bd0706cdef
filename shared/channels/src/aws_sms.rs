//! AWS End User Messaging SMS (`SendTextMessage`), without its wire format: AWS's own client makes the call
//! (messaging-providers.md section 4).

use recoup_core::{Category, Channel, Content, Message, Phone};

use crate::endpoint::require;
use crate::{EncodeError, MalformedSetting, Registered, phone, sms};

mod events;
mod reactions;

pub use events::events;
pub use reactions::{accepted, outcome};

/// The provider's name in logs, ledgers and settings.
pub const NAME: &str = "aws_sms";
/// The context key that carries the correlation string into delivery events.
pub const CONTEXT_KEY: &str = "recoup";
/// Seconds that AWS may keep trying (messaging-providers.md section 4).
const TIME_TO_LIVE: std::ops::RangeInclusive<u64> = 5..=259_200;

/// The calling code of India, whose carriers take registered texts only.
const INDIA: &str = "+91";

/// The number, pool, sender id or ARN that messages come from, and what goes with every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSms {
    origination_identity: String,
    configuration_set_name: Option<String>,
    max_price: Option<String>,
    india: Option<Dlt>,
}

/// What India's registry (DLT) knows the merchant and its texts by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dlt {
    entity_id: String,
    templates: Registered,
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
    /// `ConfigurationSetName`, without which there are no delivery events.
    pub configuration_set_name: Option<String>,
    /// `MaxPrice` in US dollars for each part, as decimals.
    pub max_price: Option<String>,
    /// `TimeToLive`, 5 to 259,200 seconds.
    pub time_to_live_seconds: i32,
    /// `Context`, at most 5 pairs; comes back in delivery events.
    pub context: Vec<(String, String)>,
    /// `DestinationCountryParameters`: `IN_ENTITY_ID` and `IN_TEMPLATE_ID`, for India alone.
    pub destination_country_parameters: Vec<(&'static str, String)>,
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
        require(is_name(origination_identity, b"_:/+-"), "origination_identity")?;
        Ok(Self {
            origination_identity: origination_identity.to_owned(),
            configuration_set_name: None,
            max_price: None,
            india: None,
        })
    }

    /// Sends with this configuration set, whose event destinations report what became of messages.
    ///
    /// # Errors
    /// [`MalformedSetting`] unless it is 1 to 256 characters of `[A-Za-z0-9_:/-]`, as AWS takes them.
    pub fn with_configuration_set(self, name: &str) -> Result<Self, MalformedSetting> {
        require(is_name(name, b"_:/-"), "configuration_set_name")?;
        Ok(Self { configuration_set_name: Some(name.to_owned()), ..self })
    }

    /// Sends no part that costs more than this, in US dollars, for example `0.05`.
    ///
    /// # Errors
    /// [`MalformedSetting`] unless it has at most two digits before the point and one to five behind it.
    pub fn with_max_price(self, dollars: &str) -> Result<Self, MalformedSetting> {
        let digits = |text: &str, most| text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        let price = dollars.split_once('.');
        let fits =
            price.is_some_and(|(whole, cents)| digits(whole, 2) && !cents.is_empty() && digits(cents, 5));
        require(fits, "max_price")?;
        Ok(Self { max_price: Some(dollars.to_owned()), ..self })
    }

    /// Sends to Indian numbers under these ids of the DLT registry: the merchant's entity, and the content template of
    /// each text in each language. A text is registered as it is sent, in plain characters, and never cut.
    ///
    /// # Errors
    /// [`MalformedSetting`] when an id is not 1 to 64 digits.
    pub fn registered_in_india(
        self,
        entity_id: &str,
        templates: Registered,
    ) -> Result<Self, MalformedSetting> {
        let digits = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        require(digits(entity_id), "dlt_entity_id")?;
        templates.require_ids(digits, "dlt_templates")?;
        Ok(Self { india: Some(Dlt { entity_id: entity_id.to_owned(), templates }), ..self })
    }

    /// Fills the call's fields from a message.
    ///
    /// # Errors
    /// [`EncodeError`] when the message is not a text, or its text cannot be sent: to India, when it is not registered.
    pub fn request(&self, message: &Message) -> Result<SendText, EncodeError> {
        let Content::Text(text) = &message.content else {
            return Err(EncodeError::WrongContent(Channel::Sms));
        };
        let seconds = message.ttl.as_secs().clamp(*TIME_TO_LIVE.start(), *TIME_TO_LIVE.end());
        let destination = phone(message)?.clone();
        let india = self.india.as_ref().filter(|_| destination.expose().starts_with(INDIA));
        let (body, parameters) = match india {
            Some(dlt) => {
                let template_id = dlt.templates.id(&text.template, &text.language)?.to_owned();
                let ids = vec![("IN_ENTITY_ID", dlt.entity_id.clone()), ("IN_TEMPLATE_ID", template_id)];
                (sms::registered_body(&text.body)?, ids)
            }
            None => (sms::body(&text.body)?, Vec::new()),
        };
        Ok(SendText {
            destination,
            origination_identity: self.origination_identity.clone(),
            body,
            message_type: match message.category {
                Category::Utility => MessageType::Transactional,
                Category::Marketing => MessageType::Promotional,
            },
            configuration_set_name: self.configuration_set_name.clone(),
            max_price: self.max_price.clone(),
            time_to_live_seconds: i32::try_from(seconds).unwrap_or(i32::MAX),
            context: vec![(CONTEXT_KEY.to_owned(), message.correlation.to_string())],
            destination_country_parameters: parameters,
        })
    }
}

/// Whether AWS takes a text as a name: letters, digits and the marks given.
fn is_name(text: &str, marks: &[u8]) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
}
