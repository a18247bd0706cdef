//! A message as the fields of `POST /Messages.json`.

use std::ops::RangeInclusive;

use recoup_core::{Address, Channel, Content, Link, Message, TemplateContent};
use serde::{Serialize, Serializer};

use super::Sender;
use crate::inbound::without_buttons;
use crate::parameter::{allow, percent_encoded, single_line};
use crate::{EncodeError, Registered, phone, sms};

/// Seconds that Twilio may keep a text message in its queue (messaging-providers.md section 3).
const VALIDITY: RangeInclusive<u64> = 1..=36_000;
/// Characters of `Body` (messaging-providers.md section 3).
const BODY_MAX: usize = 1600;
/// Characters of one value: the whole hydrated body may have 1,024 (messaging-providers.md 1.6).
const VALUE_MAX: usize = 1024;
/// Characters of the URL behind a button, and of a picture (messaging-providers.md 1.6).
const URL_MAX: usize = 2000;
/// Characters of the code behind a copy button (messaging-providers.md 1.6).
const CODE_MAX: usize = 20;

type Fields = Vec<(&'static str, String)>;

/// A text message.
pub(super) fn text(sender: &Sender, message: &Message) -> Result<Fields, EncodeError> {
    let Content::Text(text) = &message.content else {
        return Err(EncodeError::WrongContent(Channel::Sms));
    };
    let seconds = message.ttl.as_secs().clamp(*VALIDITY.start(), *VALIDITY.end());
    Ok(vec![
        ("To", phone(message)?.expose().to_owned()),
        from(sender, ""),
        ("Body", sms::body(&text.body)?),
        ("ValidityPeriod", seconds.to_string()),
    ])
}

/// A WhatsApp template by its content sid, or an answer in words of our own.
pub(super) fn whatsapp(
    sender: &Sender,
    contents: &Registered,
    message: &Message,
) -> Result<Fields, EncodeError> {
    let to = match &message.to {
        Address::Phone(phone) => phone.expose(),
        Address::WhatsappUser(user) => user.expose(),
        Address::Push(_) | Address::Email(_) => return Err(EncodeError::WrongAddress(Channel::Whatsapp)),
    };
    let mut fields = vec![("To", format!("whatsapp:{to}")), from(sender, "whatsapp:")];
    match &message.content {
        Content::Template(template) => {
            let sid = contents.id(&template.name, &template.language)?;
            fields.push(("ContentSid", sid.to_owned()));
            let variables = variables(template)?;
            if !variables.0.is_empty() {
                let json = serde_json::to_string(&variables).expect("strings always become JSON");
                fields.push(("ContentVariables", json));
            }
        }
        Content::Answer(answer) => {
            let body = without_buttons(answer);
            allow(!body.trim().is_empty() && body.chars().take(BODY_MAX + 1).count() <= BODY_MAX, "body")?;
            fields.push(("Body", body));
        }
        Content::Text(_) | Content::Notification(_) | Content::Letter(_) => {
            return Err(EncodeError::WrongContent(Channel::Whatsapp));
        }
    }
    Ok(fields)
}

fn from(sender: &Sender, prefix: &str) -> (&'static str, String) {
    match sender {
        Sender::From(number) => ("From", format!("{prefix}{number}")),
        Sender::MessagingService(sid) => ("MessagingServiceSid", sid.clone()),
    }
}

/// The values of a content's variables, which are numbered from 1.
struct Variables(Vec<String>);

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), value)))
    }
}

/// Lists the values in the order that [`super::Twilio::by_whatsapp`] promises. Quick replies are part of the content.
fn variables(template: &TemplateContent) -> Result<Variables, EncodeError> {
    let mut values = Vec::with_capacity(template.parameters.len() + 3);
    for (name, value) in &template.parameters {
        allow(single_line(value, VALUE_MAX), name)?;
        values.push(value.clone());
    }
    for (suffix, name) in
        [(template.url_suffix.as_deref(), "url_suffix"), (template.image.as_ref().map(path), "image")]
    {
        let Some(suffix) = suffix else { continue };
        let suffix = percent_encoded(suffix);
        allow(!suffix.is_empty() && suffix.len() <= URL_MAX, name)?;
        values.push(suffix);
    }
    if let Some(code) = &template.copy_code {
        allow(single_line(code, CODE_MAX), "copy_code")?;
        values.push(code.clone());
    }
    Ok(Variables(values))
}

/// What stands behind the host's slash: the host is part of the content, as approved.
fn path(image: &Link) -> &str {
    let behind_scheme = image.expose().split_once("://").map_or("", |(_, rest)| rest);
    behind_scheme.split_once('/').map_or("", |(_, path)| path)
}
