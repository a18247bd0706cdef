//! Amazon SES, version 2 of its API: e-mails in plain text out, delivery events in.
//!
//! The request is not signed here: whoever sends it adds AWS's signature. There is no create idempotency.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Uri;
use recoup_core::{
    Address, Backoff, Channel, Content, Correlation, Email, Letter, Message, PauseScope, Reaction, Refusal,
    SendOutcome,
};
use serde::Serialize;
use serde_json::Value;

use crate::endpoint::{JSON, address, post, require};
use crate::outcome::{accepted, aws_exception, label, without_words};
use crate::parameter::allow;
use crate::{EncodeError, MalformedSetting, Provider};

mod events;
mod tags;

pub use events::events;

/// The longest subject in characters: the line of RFC 5322, section 2.1.1, without its name.
const SUBJECT_MAX: usize = 989;
/// The longest sender's name in bytes that fits one encoded word of RFC 2047.
const NAME_MAX: usize = 45;

/// One sender at SES.
#[derive(Debug, Clone)]
pub struct Ses {
    outbound: Uri,
    from: String,
    reply_to: Email,
    configuration_set: Option<String>,
}

impl Ses {
    /// Checks the settings: base URL of the region's endpoint (`https`, or this machine), a sender (`name <address>` or
    /// an address alone; the name at most 45 bytes), the address that answers and STOP letters go to, and the
    /// configuration set that publishes events: letters, digits, `_` and `-`, at most 64.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(
        base_url: &str,
        from: &str,
        reply_to: &str,
        configuration_set: Option<&str>,
    ) -> Result<Self, MalformedSetting> {
        let outbound = address(base_url, "/v2/email/outbound-emails")?;
        let from = sender(from).ok_or(MalformedSetting { setting: "from" })?;
        let reply_to = Email::parse(reply_to).ok_or(MalformedSetting { setting: "reply_to" })?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let named = |set: &str| (1..=64).contains(&set.len()) && set.bytes().all(plain);
        require(configuration_set.is_none_or(named), "configuration_set")?;
        Ok(Self { outbound, from, reply_to, configuration_set: configuration_set.map(str::to_owned) })
    }

    /// Where a mail program writes to when the buyer asks for no more (RFC 2369).
    fn unsubscribe(&self) -> String {
        let (local, host) = self.reply_to.expose().split_once('@').unwrap_or_default();
        let local: String = form_urlencoded::byte_serialize(local.as_bytes()).collect();
        format!("<mailto:{local}@{host}?subject=STOP>")
    }
}

/// Reads `name <address>` and writes it as a header may hold it; `None` for what could be read in two ways.
fn sender(text: &str) -> Option<String> {
    let Some((name, rest)) = text.split_once('<') else {
        return Email::parse(text).map(|address| address.expose().to_owned());
    };
    let address = Email::parse(rest.strip_suffix('>')?)?;
    let name = name.trim();
    let special = |c: char| c.is_control() || "\"\\<>".contains(c);
    if name.is_empty() || name.len() > NAME_MAX || name.contains(special) {
        return None;
    }
    let name = if name.is_ascii() {
        format!("\"{name}\"")
    } else {
        format!("=?UTF-8?B?{}?=", STANDARD.encode(name))
    };
    Some(format!("{name} <{}>", address.expose()))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    reply_to_addresses: [&'a str; 1],
    content: Simple<SimpleContent<'a>>,
    email_tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    to_addresses: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Simple<T> {
    simple: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SimpleContent<'a> {
    subject: Text<'a>,
    body: TextBody<'a>,
    headers: [Tag; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TextBody<'a> {
    text: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    data: &'a str,
    charset: &'static str,
}

/// A name and a value: a header, or a tag.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(data: &'a str) -> Self {
        Self { data, charset: "UTF-8" }
    }
}

impl Provider for Ses {
    fn name(&self) -> &'static str {
        "ses"
    }

    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let Content::Letter(Letter { subject, body }) = &message.content else {
            return Err(EncodeError::WrongContent(Channel::Email));
        };
        let Address::Email(to) = &message.to else {
            return Err(EncodeError::WrongAddress(Channel::Email));
        };
        // A line break in a subject would begin another header.
        let one_line = !subject.contains(char::is_control) && subject.chars().count() <= SUBJECT_MAX;
        allow(one_line && !subject.trim().is_empty(), "subject")?;
        let written = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        allow(!body.trim().is_empty() && body.chars().all(written), "body")?;
        let unsubscribe = Tag { name: "List-Unsubscribe".to_owned(), value: self.unsubscribe() };
        let request = Body {
            from_email_address: &self.from,
            destination: Destination { to_addresses: [to.expose()] },
            reply_to_addresses: [self.reply_to.expose()],
            content: Simple {
                simple: SimpleContent {
                    subject: subject.as_str().into(),
                    body: TextBody { text: body.as_str().into() },
                    headers: [unsubscribe],
                },
            },
            email_tags: tagged(&message.correlation),
            configuration_set_name: self.configuration_set.as_deref(),
        };
        let request = serde_json::to_vec(&request).expect("structs of strings always become JSON");
        Ok(post(&self.outbound, None, JSON, request))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        let words: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return accepted(words["MessageId"].as_str());
        }
        match aws_exception(answer, &words) {
            Some(exception) if !exception.is_empty() => refusal(exception, answer),
            Some(_) | None => without_words(answer),
        }
    }
}

fn tagged(correlation: &Correlation) -> Vec<Tag> {
    let pairs = tags::write(correlation).into_iter();
    pairs.map(|(name, value)| Tag { name: name.to_owned(), value }).collect()
}

/// Exceptions that are answered alike.
struct Row {
    exceptions: &'static [&'static str],
    reaction: Reaction,
    alarm: bool,
    pause: Option<PauseScope>,
}

const fn row(exceptions: &'static [&'static str], reaction: Reaction, alarm: bool) -> Row {
    Row { exceptions, reaction, alarm, pause: None }
}

/// What follows from each exception of `SendEmail`, and from those that every API of AWS has.
const TABLE: &[Row] = &[
    row(&["TooManyRequestsException", "ThrottlingException"], Reaction::Retry(Backoff::Seconds), false),
    // The quota of a day is used up, the sender's domain is not verified, the credentials are refused: nothing goes
    // until that changes, and waiting costs no attempt.
    row(
        &[
            "LimitExceededException",
            "MailFromDomainNotVerifiedException",
            "AccessDeniedException",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
        Reaction::Hold,
        true,
    ),
    // AWS stopped the account. A letter is the last channel there is, so the step waits while a person looks.
    Row {
        exceptions: &["AccountSuspendedException", "SendingPausedException"],
        reaction: Reaction::Hold,
        alarm: true,
        pause: Some(PauseScope::Channel),
    },
    // `MessageRejected` is also what an account in the sandbox gets for an address that is not verified.
    row(&["MessageRejected", "BadRequestException", "NotFoundException"], Reaction::Park, true),
];

/// Looks an exception up. One that is not listed is a person's to read, except from a 5xx: AWS's internal errors do not
/// say that nothing was sent.
fn refusal(exception: &str, answer: &http::Response<Bytes>) -> SendOutcome {
    let row = TABLE.iter().find(|row| row.exceptions.contains(&exception));
    let refusal = match row {
        Some(row) => Refusal { pause: row.pause, ..Refusal::new(exception, row.reaction, row.alarm) },
        None if answer.status().is_client_error() => {
            Refusal::new(&label(exception, "unnamed"), Reaction::Park, true)
        }
        None => return SendOutcome::Unknown,
    };
    SendOutcome::Refused(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_a_name_or_none() {
        for (text, expected) in [
            ("billing@acme.example", Some("billing@acme.example")),
            ("Acme <billing@acme.example>", Some("\"Acme\" <billing@acme.example>")),
            ("Acme, Inc. <billing@acme.example>", Some("\"Acme, Inc.\" <billing@acme.example>")),
            ("Café <billing@acme.example>", Some("=?UTF-8?B?Q2Fmw6k=?= <billing@acme.example>")),
            ("", None),
            ("Acme", None),
            ("Acme <billing@acme.example", None),
            ("<billing@acme.example>", None),
            ("A\"c\" <billing@acme.example>", None),
            ("Acme\r\nBcc: x <billing@acme.example>", None),
            ("Acme <a@b.co>, Other <billing@acme.example>", None),
        ] {
            assert_eq!(sender(text).as_deref(), expected, "{text}");
        }
        assert_eq!(sender(&format!("{} <billing@acme.example>", "x".repeat(46))), None);
    }
}
