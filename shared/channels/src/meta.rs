//! Meta's Cloud API: template messages out, statuses and replies in.

use bytes::Bytes;
use http::{HeaderValue, Uri};
use recoup_core::{Channel, Message, Secret, SendOutcome};

use crate::endpoint::{address, credential, require};
use crate::{EncodeError, MalformedSetting, Provider};

mod answer;
mod events;
mod graph;
mod reactions;
mod send;
mod webhook;

pub use events::events;
pub use webhook::{SIGNATURE_HEADER, verify, verify_subscription};

/// One business phone number at Meta, with the token that may send from it.
#[derive(Debug, Clone)]
pub struct Meta {
    messages: Uri,
    authorization: HeaderValue,
}

impl Meta {
    /// Checks the settings: base URL (`https`, or this machine), Graph version such as `v26.0`, phone number id of
    /// digits, access token that fits a header.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(
        base_url: &str,
        graph_version: &str,
        phone_number_id: &str,
        access_token: &Secret,
    ) -> Result<Self, MalformedSetting> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let version = graph_version.strip_prefix('v').and_then(|v| v.split_once('.'));
        require(version.is_some_and(|(major, minor)| digits(major) && digits(minor)), "graph_version")?;
        require(digits(phone_number_id) && phone_number_id.len() <= 32, "phone_number_id")?;
        let messages = address(base_url, &format!("/{graph_version}/{phone_number_id}/messages"))?;
        let authorization = credential(&format!("Bearer {}", access_token.expose()), "access_token")?;
        Ok(Self { messages, authorization })
    }
}

impl Provider for Meta {
    fn name(&self) -> &'static str {
        "meta"
    }

    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        send::encode(&self.messages, &self.authorization, message)
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        answer::decode(answer)
    }
}
