//! Rapiwa: WhatsApp through a phone that is linked to a gateway by QR code (messaging-providers.md section 2).
//!
//! It is **not** Meta's API, and outside WhatsApp's terms: the number may be banned. There are no templates, no opt-out
//! signals, no receipts and no window, so it is for merchants who chose it knowingly. It signs nothing either: its
//! webhook is told from others by [`crate::verify_path_secret`].

use bytes::Bytes;
use http::{HeaderValue, Uri};
use recoup_core::{Channel, ChannelEvent, Content, Message, Phone, Secret, SendOutcome};
use serde::Serialize;
use serde_json::Value;

use crate::endpoint::{JSON, address, credential, post, require};
use crate::inbound::without_buttons;
use crate::outcome::ignored;
use crate::{EncodeError, MalformedSetting, Provider, VerifiedChannelWebhook, parameter, phone};

mod answer;

/// The path that Rapiwa's documentation names; an older one is `/send-message`.
pub const SEND_PATH: &str = "/api/send-message";
/// The path that tells whether a number is on WhatsApp.
const VERIFY_PATH: &str = "/api/verify-whatsapp";
/// Characters of a message, as WhatsApp takes them (messaging-providers.md 1.1).
const MESSAGE_MAX: usize = 4096;

/// One linked phone.
#[derive(Debug, Clone)]
pub struct Rapiwa {
    send: Uri,
    verify: Uri,
    authorization: HeaderValue,
}

#[derive(Serialize)]
struct Send<'a> {
    number: &'a str,
    message_type: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Verify<'a> {
    number: &'a str,
}

impl Rapiwa {
    /// Checks the settings: base URL (`https`, or this machine), the path of sending such as [`SEND_PATH`], and the API
    /// key of the device.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(base_url: &str, send_path: &str, api_key: &Secret) -> Result<Self, MalformedSetting> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_-.".contains(&b);
        require(send_path.starts_with('/') && send_path.bytes().all(plain), "send_path")?;
        let authorization = credential(&format!("Bearer {}", api_key.expose()), "api_key")?;
        Ok(Self {
            send: address(base_url, send_path)?,
            verify: address(base_url, VERIFY_PATH)?,
            authorization,
        })
    }

    /// Builds the request that asks whether a number is on WhatsApp; [`is_on_whatsapp`] reads the answer.
    pub fn verify_number(&self, phone: &Phone) -> http::Request<Bytes> {
        self.post(&self.verify, &Verify { number: digits(phone) })
    }

    fn post(&self, to: &Uri, body: &impl Serialize) -> http::Request<Bytes> {
        let body = serde_json::to_vec(body).expect("structs of strings always become JSON");
        post(to, Some(&self.authorization), JSON, body)
    }
}

/// The number as Rapiwa takes it, without a plus.
fn digits(phone: &Phone) -> &str {
    let number = phone.expose();
    number.strip_prefix('+').unwrap_or(number)
}

/// Reads whether a number is on WhatsApp; `None` when the answer does not tell.
pub fn is_on_whatsapp(answer: &http::Response<Bytes>) -> Option<bool> {
    let words: Value = serde_json::from_slice(answer.body()).ok()?;
    let told = answer.status().is_success() && words.get("success")?.as_bool()?;
    if told { words.get("data")?.get("exists")?.as_bool() } else { None }
}

/// Counts what came in. What Rapiwa posts is not documented, so nothing in it is believed: a buyer's STOP is not heard.
pub fn events(_: &VerifiedChannelWebhook) -> Vec<ChannelEvent> {
    vec![ignored("rapiwa_inbound")]
}

impl Provider for Rapiwa {
    fn name(&self) -> &'static str {
        "rapiwa"
    }

    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let text = match &message.content {
            Content::Text(text) => text.body.clone(),
            Content::Answer(answer) => without_buttons(answer),
            Content::Template(_) | Content::Notification(_) | Content::Letter(_) => {
                return Err(EncodeError::WrongContent(Channel::Whatsapp));
            }
        };
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().take(MESSAGE_MAX + 1).count() <= MESSAGE_MAX;
        parameter::allow(fits && !text.contains(|c: char| c.is_control() && c != '\n'), "message")?;
        Ok(self
            .post(&self.send, &Send { number: digits(phone(message)?), message_type: "text", message: text }))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        answer::decode(answer)
    }
}
