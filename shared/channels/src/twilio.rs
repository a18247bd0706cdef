//! Twilio's Messages resource: text messages and WhatsApp out, statuses and replies in (messaging-providers.md
//! section 3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Uri};
use recoup_core::{Channel, Message, Phone, Secret, SendOutcome};

use crate::endpoint::{FORM, address, credential, post, require};
use crate::{EncodeError, MalformedSetting, Provider, Registered};

mod answer;
mod callback;
mod events;
mod reactions;
mod send;
mod webhook;

use callback::StatusCallback;
pub use events::{channel, events};
pub use webhook::{SIGNATURE_HEADER, verify};

/// One Twilio account, and the sender and the channel its messages go by.
#[derive(Debug, Clone)]
pub struct Twilio {
    messages: Uri,
    authorization: HeaderValue,
    sender: Sender,
    medium: Medium,
    status_callback: Option<StatusCallback>,
}

/// What a message comes from, by the field that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sender {
    /// A number, short code or sender id.
    From(String),
    /// A pool with rules of its own.
    MessagingService(String),
}

/// What a message travels by.
#[derive(Debug, Clone)]
enum Medium {
    Sms,
    /// With the content sids of the approved templates.
    Whatsapp(Registered),
}

impl Twilio {
    /// Checks the settings: base URL (`https`, or this machine), account sid (`AC` and 32 hex digits), auth token, and
    /// a sender: a messaging service sid (`MG` and 32 hex digits), an E.164 number, a short code or a sender id of at
    /// most 11 letters and digits. Messages go by SMS.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(
        base_url: &str,
        account_sid: &str,
        auth_token: &Secret,
        sender: &str,
    ) -> Result<Self, MalformedSetting> {
        require(is_sid(account_sid, "AC"), "account_sid")?;
        let messages = address(base_url, &format!("/2010-04-01/Accounts/{account_sid}/Messages.json"))?;
        let pair = STANDARD.encode(format!("{account_sid}:{}", auth_token.expose()));
        let authorization = credential(&format!("Basic {pair}"), "auth_token")?;
        let sender = Sender::parse(sender)?;
        Ok(Self { messages, authorization, sender, medium: Medium::Sms, status_callback: None })
    }

    /// Sends by WhatsApp instead, with the content sid (`HX` and 32 hex digits) of each template in each language.
    ///
    /// A content numbers its variables in this order, those it has: the values of its body, what is appended to the URL
    /// button, the path of the picture behind the slash of its host, the code of the copy button.
    ///
    /// # Errors
    /// [`MalformedSetting`] when an id is no content sid, or when the sender is neither an E.164 number nor a messaging
    /// service.
    pub fn by_whatsapp(self, contents: Registered) -> Result<Self, MalformedSetting> {
        contents.require_ids(|id| is_sid(id, "HX"), "contents")?;
        let sends = match &self.sender {
            Sender::From(number) => number.starts_with('+'),
            Sender::MessagingService(_) => true,
        };
        require(sends, "sender")?;
        Ok(Self { medium: Medium::Whatsapp(contents), ..self })
    }

    /// Asks for the statuses of every message at this URL, to which the correlation is added as the query `c=`.
    ///
    /// A fragment is kept: it tunes Twilio's retries, as in `#rc=2&rp=all`.
    ///
    /// # Errors
    /// [`MalformedSetting`] when the URL is not `https` (or this machine), has a query, or an underscore in its host.
    pub fn reporting_to(self, url: &str) -> Result<Self, MalformedSetting> {
        Ok(Self { status_callback: Some(StatusCallback::parse(url)?), ..self })
    }
}

impl Sender {
    fn parse(text: &str) -> Result<Self, MalformedSetting> {
        if is_sid(text, "MG") {
            return Ok(Self::MessagingService(text.to_owned()));
        }
        let number = Phone::parse(text).is_ok_and(|phone| phone.expose() == text);
        let named = (3..=11).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric())
            && (text.len() <= 8 || text.bytes().any(|b| b.is_ascii_alphabetic()));
        require(number || named, "sender")?;
        Ok(Self::From(text.to_owned()))
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Provider for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn channel(&self) -> Channel {
        match self.medium {
            Medium::Sms => Channel::Sms,
            Medium::Whatsapp(_) => Channel::Whatsapp,
        }
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let mut fields = match &self.medium {
            Medium::Sms => send::text(&self.sender, message)?,
            Medium::Whatsapp(contents) => send::whatsapp(&self.sender, contents, message)?,
        };
        let callback = self.status_callback.as_ref();
        fields.extend(callback.map(|callback| ("StatusCallback", callback.url(&message.correlation))));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Ok(post(&self.messages, Some(&self.authorization), FORM, body))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        answer::decode(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_number_a_pool_a_short_code_or_a_name() {
        let pool = format!("MG{}", "a".repeat(32));
        assert_eq!(Sender::parse(&pool), Ok(Sender::MessagingService(pool.clone())));
        for text in ["+15017122661", "12345", "ACMEIN", "AcmeBilling"] {
            assert_eq!(Sender::parse(text), Ok(Sender::From(text.to_owned())), "{text}");
        }
        for text in
            ["", "x", "5017122661", "+1 501 712 2661", "ACME IN", "AcmeBilling2", "+15017122661&To=+1"]
        {
            assert_eq!(Sender::parse(text), Err(MalformedSetting { setting: "sender" }), "{text}");
        }
    }
}
