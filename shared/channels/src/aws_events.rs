//! What AWS tells through one topic of ours, told apart by its shape: End User Messaging's SMS and Social, and SES.

use jiff::Timestamp;
use recoup_core::{Channel, ChannelEvent};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::outcome::ignored;
use crate::{ChannelParseError, aws_sms, aws_social, ses};

/// What SES publishes once to a topic that becomes the destination of its events, in place of an event.
const SES_GREETING: &str = "Successfully validated SNS topic";

/// What one message of the topic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// The provider's name in logs.
    pub provider: &'static str,
    /// What it carries.
    pub channel: Channel,
    /// What it said.
    pub events: Vec<ChannelEvent>,
}

/// The members that only one of the services writes; a value of `null` counts as none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    whats_app_webhook_entry: Option<IgnoredAny>,
    mail: Option<IgnoredAny>,
    event_type: Option<IgnoredAny>,
    message_body: Option<IgnoredAny>,
    /// What SNS puts its envelope around.
    #[serde(rename = "Message")]
    wrapped: Option<String>,
}

/// Reads one message of the topic, with SNS' own envelope or, as a subscription for bare messages delivers it, without.
/// `received` is the time of what a buyer wrote where AWS
/// does not tell it. An object of no known shape is counted.
///
/// Nothing is verified here: it must come from a queue that only our own topic may write to, and the topic from AWS.
///
/// # Errors
/// [`ChannelParseError`] when it is no JSON object, or not what its service writes.
pub fn events(body: &[u8], received: Timestamp) -> Result<Notified, ChannelParseError> {
    let (ses, social) = (("ses", Channel::Email), ("aws_social", Channel::Whatsapp));
    let of = |(provider, channel), events| Notified { provider, channel, events };
    if body.starts_with(SES_GREETING.as_bytes()) {
        return Ok(of(ses, vec![ignored("ses_topic_validated")]));
    }
    let shape: Shape = serde_json::from_slice(body).map_err(|error| ChannelParseError::of(&error))?;
    if shape.whats_app_webhook_entry.is_some() {
        return Ok(of(social, aws_social::events(body)?));
    }
    if shape.mail.is_some() {
        return Ok(of(ses, ses::events(body)?));
    }
    let sms = (aws_sms::NAME, Channel::Sms);
    if shape.event_type.is_some() || shape.message_body.is_some() {
        return Ok(of(sms, aws_sms::events(body, received)?));
    }
    if let Some(inner) = shape.wrapped {
        return events(inner.as_bytes(), received);
    }
    Ok(of(("aws", Channel::Sms), vec![ignored("aws_unknown_shape")]))
}
