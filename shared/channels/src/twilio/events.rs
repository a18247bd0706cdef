//! A verified webhook as an event: a status of a message of ours, or a message of a buyer's.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use recoup_core::{
    Channel, ChannelEvent, Contact, DeliveryStatus, Intent, OptOutScope, Phone, Reaction, Refusal, Reply,
    WhatsappUser, Words, read_reply,
};

use super::{callback, reactions};
use crate::inbound::{heard, is_keyword, promise, tapped};
use crate::outcome::{ignored, provider_id};
use crate::{ChannelParseError, VerifiedChannelWebhook};

/// What Twilio confirms and answers by itself when it comes by text message. With Advanced Opt-Out it knows the
/// merchant's own keywords too, and says so in `OptOutType`.
const KEYWORDS: &[&str] = &[
    "CANCEL",
    "END",
    "HELP",
    "INFO",
    "OPTOUT",
    "QUIT",
    "REVOKE",
    "START",
    "STOP",
    "STOPALL",
    "UNSTOP",
    "UNSUBSCRIBE",
    "YES",
];

/// The fields of a form; of a field that comes twice, the first.
struct Form<'a>(BTreeMap<Cow<'a, str>, Cow<'a, str>>);

impl<'a> Form<'a> {
    fn read(body: &'a [u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(body) {
            fields.entry(key).or_insert(value);
        }
        Self(fields)
    }

    /// A field that is there and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| &**value).filter(|value| !value.is_empty())
    }

    /// What the message travelled by: WhatsApp's addresses carry its name.
    fn channel(&self) -> Channel {
        let named = |field: &str| self.get(field).is_some_and(|address| address.starts_with("whatsapp:"));
        if named("From") || named("To") { Channel::Whatsapp } else { Channel::Sms }
    }
}

/// Reads what the message travelled by that the body is about: one account carries both.
pub fn channel(verified: &VerifiedChannelWebhook) -> Channel {
    Form::read(verified.body()).channel()
}

/// Reads the event. `url` is the one that was verified: the correlation stands in its query. `received` is the time of
/// what a buyer wrote, which Twilio does not tell.
///
/// # Errors
/// [`ChannelParseError`] when the body is about no message.
pub fn events(
    verified: &VerifiedChannelWebhook,
    url: &str,
    received: Timestamp,
) -> Result<Vec<ChannelEvent>, ChannelParseError> {
    let form = Form::read(verified.body());
    let Some(id) = form.get("MessageSid").or(form.get("SmsSid")) else {
        return Err(ChannelParseError::NoEnvelope);
    };
    let Some(id) = provider_id(id) else { return Ok(vec![ignored("malformed_message")]) };
    Ok(vec![match form.get("MessageStatus") {
        Some(status) => status_event(status, id, &form, url),
        None => message_event(id, &form, received),
    }])
}

fn status_event(reached: &str, provider_id: String, form: &Form<'_>, url: &str) -> ChannelEvent {
    let status = match reached {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "undelivered" | "failed" => DeliveryStatus::Failed(failure(form)),
        // Somebody took it back at Twilio.
        "canceled" => DeliveryStatus::Failed(Refusal::new(reached, Reaction::Drop, false)),
        other => return ignored(&format!("status_{other}")),
    };
    let user = form.get("ExternalUserId").and_then(user).or_else(|| user(form.get("To")?));
    ChannelEvent::Status { correlation: callback::correlation(url), provider_id, status, user }
}

fn failure(form: &Form<'_>) -> Refusal {
    let code = form.get("ErrorCode").and_then(|code| code.parse().ok());
    code.map_or_else(reactions::unexplained, reactions::refusal)
}

/// Reads a message. A button of ours says it in our words, Twilio's own reading of a keyword comes next, and everything
/// else is in the buyer's words.
fn message_event(id: String, form: &Form<'_>, at: Timestamp) -> ChannelEvent {
    let Some(from) = contact(form) else { return ignored("no_sender") };
    let theirs = form.get("ButtonText").or(form.get("Body")).unwrap_or_default();
    let keyword = match form.get("OptOutType") {
        Some("STOP") => Some(Intent::Stop),
        Some("START") => Some(Intent::Start),
        Some("HELP") => Some(Intent::Help),
        _ => None,
    };
    let (intent, scope) = form
        .get("ButtonPayload")
        .and_then(tapped)
        .or(keyword.map(|intent| (intent, OptOutScope::All)))
        .unwrap_or_else(|| (read_reply(theirs).intent, OptOutScope::All));
    let answers = form.get("OriginalRepliedMessageSid").and_then(provider_id);
    let words = Words::of(theirs);
    let when = promise(intent, &words);
    let pictures = form.get("NumMedia").is_some_and(|count| count != "0");
    let typed = form.get("ButtonText").or(form.get("ButtonPayload")).is_none() && !pictures;
    let by_text = form.channel() == Channel::Sms;
    let answered = form.get("OptOutType").is_some() || by_text && is_keyword(theirs, KEYWORDS);
    heard(Reply { from, at, intent, when, words, typed, answers, id, answered }, scope)
}

/// Reads who wrote: where WhatsApp hides the number, its id of the buyer stands in `From` too.
fn contact(form: &Form<'_>) -> Option<Contact> {
    let from = form.get("From")?;
    let phone = Phone::parse(from.strip_prefix("whatsapp:").unwrap_or(from)).ok();
    let user = form.get("ExternalUserId").and_then(user).or_else(|| user(from));
    let contact = Contact { phone, user, email: None };
    (contact != Contact::default()).then_some(contact)
}

fn user(address: &str) -> Option<WhatsappUser> {
    WhatsappUser::parse(address.strip_prefix("whatsapp:")?)
}
