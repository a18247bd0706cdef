//! Meta's Cloud API: templates and answers out, statuses, replies and news of the account in.

use bytes::Bytes;
use http::{HeaderValue, Uri};
use recoup_core::{Category, Channel, Content, Message, Secret, SendOutcome};
use serde::Serialize;

use crate::endpoint::{JSON, address, credential, post, require};
use crate::{EncodeError, MalformedSetting, Provider};

mod answer;
mod events;
mod graph;
mod inbound;
mod news;
mod reactions;
mod send;
mod template;
mod webhook;

pub(crate) use events::entry_events;
pub use events::events;
pub(crate) use send::body;
pub use webhook::{SIGNATURE_HEADER, verify, verify_subscription};

/// One business phone number at Meta, with the token that may send from it.
#[derive(Debug, Clone)]
pub struct Meta {
    messages: Uri,
    marketing_messages: Uri,
    marketing: Option<ProductPolicy>,
    authorization: HeaderValue,
}

/// What becomes of a marketing template that the Marketing Messages API cannot take (messaging-providers.md 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductPolicy {
    /// Meta sends it as any other template.
    CloudApiFallback,
    /// Meta refuses it.
    Strict,
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
        require(is_graph_version(graph_version), "graph_version")?;
        require(digits(phone_number_id) && phone_number_id.len() <= 32, "phone_number_id")?;
        let number = format!("/{graph_version}/{phone_number_id}");
        let messages = address(base_url, &format!("{number}/messages"))?;
        let marketing_messages = address(base_url, &format!("{number}/marketing_messages"))?;
        let authorization = credential(&format!("Bearer {}", access_token.expose()), "access_token")?;
        Ok(Self { messages, marketing_messages, marketing: None, authorization })
    }

    /// Sends marketing templates by the Marketing Messages API, which the account must have joined.
    #[must_use]
    pub fn with_marketing_messages(self, policy: ProductPolicy) -> Self {
        Self { marketing: Some(policy), ..self }
    }

    /// Builds the request that shows a buyer that their message was read, and that an answer is being written.
    ///
    /// `message_id` is the id of the buyer's message, as in a reply.
    pub fn mark_read(&self, message_id: &str) -> http::Request<Bytes> {
        post(&self.messages, Some(&self.authorization), JSON, send::read(message_id))
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
        let offer =
            message.category == Category::Marketing && matches!(message.content, Content::Template(_));
        let policy = self.marketing.filter(|_| offer);
        let to = if policy.is_some() { &self.marketing_messages } else { &self.messages };
        Ok(post(to, Some(&self.authorization), JSON, body(message, policy)?))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        answer::decode(answer)
    }
}

/// Whether a text is a version of the Graph API, such as `v26.0`.
pub(crate) fn is_graph_version(text: &str) -> bool {
    let version = text.strip_prefix('v').and_then(|version| version.split_once('.'));
    version.is_some_and(|(major, minor)| digits(major) && digits(minor))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
