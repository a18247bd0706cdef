//! WhatsApp through AWS End User Messaging Social (`SendWhatsAppMessage`): Meta's messages and Meta's events, with
//! AWS keeping Meta's token (messaging-providers.md section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{StatusCode, Uri};
use recoup_core::{Backoff, Channel, ChannelEvent, Message, Reaction, SendOutcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::endpoint::{JSON, address, post, require};
use crate::outcome::{accepted, aws_exception, bare_exception, label, refused, without_words};
use crate::{ChannelParseError, EncodeError, MalformedSetting, Provider, meta};

/// The service's name in signatures.
pub const SERVICE: &str = "social-messaging";

/// One business phone number at AWS. Its requests are not signed yet.
#[derive(Debug, Clone)]
pub struct AwsSocial {
    send: Uri,
    origination_phone_number_id: String,
    meta_api_version: String,
}

impl AwsSocial {
    /// Checks the settings: base URL (`https`, or this machine), the number's id at AWS (`phone-number-id-…`) or its
    /// ARN, and the Graph version such as `v21.0`.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(
        base_url: &str,
        origination_phone_number_id: &str,
        meta_api_version: &str,
    ) -> Result<Self, MalformedSetting> {
        let id = origination_phone_number_id;
        let named =
            id.starts_with("phone-number-id-") || id.starts_with("arn:") && id.contains(":phone-number-id/");
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-:/".contains(&b);
        require(named && id.len() <= 115 && id.bytes().all(allowed), "origination_phone_number_id")?;
        require(meta::is_graph_version(meta_api_version), "meta_api_version")?;
        let send = address(base_url, "/v1/whatsapp/send")?;
        let (origination_phone_number_id, meta_api_version) = (id.to_owned(), meta_api_version.to_owned());
        Ok(Self { send, origination_phone_number_id, meta_api_version })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Send<'a> {
    origination_phone_number_id: &'a str,
    meta_api_version: &'a str,
    message: String,
}

/// What follows from one exception.
struct Row {
    exceptions: &'static [&'static str],
    reaction: Reaction,
    alarm: bool,
}

/// `InternalServiceException` and `DependencyException` have no row: neither says that the message was not passed on,
/// and an unknown send is never repeated. What Meta refuses comes as an event, by Meta's own code.
const TABLE: &[Row] = &[
    Row {
        exceptions: &["ThrottledRequestException", "ThrottlingException", "TooManyRequestsException"],
        reaction: Reaction::Retry(Backoff::Seconds),
        alarm: false,
    },
    // A missing permission, at AWS or at Meta, a quota, and the credentials that every AWS API checks.
    Row {
        exceptions: &[
            "AccessDeniedException",
            "AccessDeniedByMetaException",
            "LimitExceededException",
            "ExpiredTokenException",
            "InvalidSignatureException",
            "UnrecognizedClientException",
        ],
        reaction: Reaction::Hold,
        alarm: true,
    },
    Row {
        exceptions: &["ValidationException", "InvalidParametersException", "ResourceNotFoundException"],
        reaction: Reaction::Park,
        alarm: true,
    },
];

impl Provider for AwsSocial {
    fn name(&self) -> &'static str {
        "aws_social"
    }

    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let send = Send {
            origination_phone_number_id: &self.origination_phone_number_id,
            meta_api_version: &self.meta_api_version,
            message: STANDARD.encode(meta::body(message, None)?),
        };
        let body = serde_json::to_vec(&send).expect("structs of strings always become JSON");
        Ok(post(&self.send, None, JSON, body))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        let words: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let member = |name: &str| words.get(name).and_then(Value::as_str);
        if answer.status().is_success() {
            return accepted(member("messageId"));
        }
        let by_aws = aws_exception(answer, &words);
        // Others write `code` too, so one that AWS did not mark is heard only when it is on the list.
        let named = by_aws.or(member("code").map(bare_exception)).unwrap_or_default();
        if let Some(row) = TABLE.iter().find(|row| row.exceptions.contains(&named)) {
            return refused(named, row.reaction, row.alarm);
        }
        let ours = answer.status().is_client_error() && answer.status() != StatusCode::TOO_MANY_REQUESTS;
        match by_aws {
            Some(named) if ours => refused(label(named, "unnamed"), Reaction::Park, true),
            _ => without_words(answer),
        }
    }
}

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "whatsAppWebhookEntry")]
    entry: String,
}

/// Reads the events out of the message of an SNS notification, without the notification's own envelope.
///
/// Nothing is verified here: only what subscribes to the topic with the permission of AWS gets a notification, so it
/// must come from there and never over a public address. One holds one entry of Meta's, which is read as Meta's own.
///
/// # Errors
/// [`ChannelParseError`] when it is not a notification of WhatsApp events.
pub fn events(sns_message: &[u8]) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    let text = String::from_utf8_lossy(sns_message);
    let notification: Notification =
        serde_json::from_str(&text).map_err(|error| ChannelParseError::of(&error))?;
    let entry: &RawValue =
        serde_json::from_str(&notification.entry).map_err(|error| ChannelParseError::of(&error))?;
    let mut events = Vec::new();
    meta::entry_events(entry, &mut events);
    Ok(events)
}
