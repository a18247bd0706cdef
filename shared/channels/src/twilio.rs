//! Twilio's Messages resource: text messages out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode, Uri};
use recoup_core::{Backoff, Channel, Content, Message, OptOutScope, Phone, Reaction, Secret, SendOutcome};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::endpoint::{address, credential, require};
use crate::outcome::{accepted, refused, without_words};
use crate::{EncodeError, MalformedSetting, Provider, sms};

/// Seconds that Twilio may keep a message in its queue (messaging-providers.md section 3).
const VALIDITY: std::ops::RangeInclusive<u64> = 1..=36_000;

/// One Twilio account and the sender its messages come from.
#[derive(Debug, Clone)]
pub struct Twilio {
    messages: Uri,
    authorization: HeaderValue,
    sender: Sender,
}

/// What a message comes from, by the field that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sender {
    /// A number, short code or sender id.
    From(String),
    /// A pool with rules of its own.
    MessagingService(String),
}

impl Twilio {
    /// Checks the settings: base URL (`https`, or this machine), account sid (`AC` and 32 hex digits), auth token, and
    /// a sender: a messaging service sid (`MG` and 32 hex digits), an E.164 number, a short code or a sender id of at
    /// most 11 letters and digits.
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
        Ok(Self { messages, authorization, sender: Sender::parse(sender)? })
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
        Channel::Sms
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let Content::Text(text) = &message.content else {
            return Err(EncodeError::WrongContent(Channel::Sms));
        };
        let seconds = message.ttl.as_secs().clamp(*VALIDITY.start(), *VALIDITY.end());
        let (field, sender) = match &self.sender {
            Sender::From(number) => ("From", number),
            Sender::MessagingService(sid) => ("MessagingServiceSid", sid),
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", message.to.expose())
            .append_pair(field, sender)
            .append_pair("Body", &sms::body(text)?)
            .append_pair("ValidityPeriod", &seconds.to_string())
            .finish();
        let mut request = http::Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.messages.clone();
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        Ok(request)
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        let words: Option<Answer<'_>> = serde_json::from_slice(answer.body()).ok();
        if answer.status().is_success() {
            let sid = words.and_then(|words| serde_json::from_str::<String>(words.sid?.get()).ok());
            return accepted(sid.as_deref());
        }
        match words.and_then(|words| code(words.code?)) {
            Some(code) => refusal(code, answer),
            None => without_words(answer),
        }
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    sid: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

fn code(raw: &RawValue) -> Option<u32> {
    raw.get().trim_matches('"').parse().ok()
}

/// Codes that are answered alike.
struct Row {
    codes: &'static [u32],
    reaction: Reaction,
    alarm: bool,
}

/// What follows from each code (messaging-providers.md section 3).
const TABLE: &[Row] = &[
    // Not processed, by Twilio's own words.
    Row { codes: &[20_429, 30_001, 63_018], reaction: Reaction::Retry(Backoff::Seconds), alarm: false },
    // Handset off, unknown trouble, quiet hours kept by Twilio: later.
    Row { codes: &[30_003, 30_008, 30_610], reaction: Reaction::Retry(Backoff::Minutes), alarm: false },
    // Credentials, an unregistered US number, a WhatsApp invitation not accepted.
    Row { codes: &[20_003, 30_034, 63_020], reaction: Reaction::Hold, alarm: true },
    // No such number, a landline, not on the channel.
    Row { codes: &[21_211, 21_614, 30_005, 30_006, 63_003], reaction: Reaction::FallBack, alarm: false },
    // Told Twilio or the carrier to stop; a known litigator.
    Row { codes: &[21_610, 30_640], reaction: Reaction::OptOut(OptOutScope::Sms), alarm: false },
    Row { codes: &[63_014], reaction: Reaction::OptOut(OptOutScope::Marketing), alarm: false },
    // Region switched off, filtered, pumping guard, template trouble, terms not accepted.
    Row {
        codes: &[21_408, 30_007, 30_450, 63_016, 63_027, 63_028, 63_041, 63_042, 63_062],
        reaction: Reaction::Park,
        alarm: true,
    },
];

/// Looks a code up.
///
/// One that is not listed is a person's to read, except from a 5xx: Twilio gives its own breakdown a code too
/// (20500), which does not say that nothing was sent.
fn refusal(code: u32, answer: &http::Response<Bytes>) -> SendOutcome {
    if let Some(row) = TABLE.iter().find(|row| row.codes.contains(&code)) {
        return refused(code.to_string(), row.reaction, row.alarm);
    }
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        refused(code.to_string(), Reaction::Retry(Backoff::Seconds), false)
    } else if status.is_client_error() {
        refused(code.to_string(), Reaction::Park, true)
    } else {
        SendOutcome::Unknown
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
