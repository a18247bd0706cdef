//! What travels in queues. Every message carries a version; older ones stay readable.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use recoup_core::{AnswerDue, AnswerKind, CaseId, Channel, Decision, EventKey, StepIndex, Timer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ports::{Outgoing, Queue};

/// A queued message that this version cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("queued message is not a step of a known version")]
pub struct MalformedMessage;

/// A step on its way to a sender. Keys and numbers only, never a phone, a name or a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepMessage {
    v: u8,
    /// The case.
    pub case: CaseId,
    /// The step.
    pub step: StepIndex,
    /// The generation of the timer.
    #[serde(rename = "gen")]
    pub generation: u32,
    /// The channel it is meant for.
    pub channel: Channel,
    /// The trace that the case was opened under.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace: Option<String>,
}

impl StepMessage {
    /// The message that brings a timer's step back.
    pub fn of(timer: &Timer) -> Self {
        Self {
            v: 1,
            case: timer.case.clone(),
            step: timer.step,
            generation: timer.generation,
            channel: timer.channel,
            trace: timer.trace.clone(),
        }
    }

    /// The body as queued.
    pub fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`MalformedMessage`] for anything but a step of version 1.
    pub fn parse(body: &str) -> Result<Self, MalformedMessage> {
        let message: Self = serde_json::from_str(body).map_err(|_| MalformedMessage)?;
        if message.v == 1 { Ok(message) } else { Err(MalformedMessage) }
    }
}

/// An answer on its way to a sender. Keys and numbers only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerMessage {
    v: u8,
    /// The case of the buyer who wrote.
    pub case: CaseId,
    /// What is answered.
    pub answer: AnswerKind,
    /// The key of the reply, in hex.
    reply: String,
    /// When the buyer wrote, in Unix milliseconds.
    asked_at: i64,
    /// The channel it goes by.
    pub channel: Channel,
}

impl AnswerMessage {
    /// The message that brings an answer to its sender.
    pub fn of(case: &CaseId, due: &AnswerDue) -> Self {
        Self {
            v: 1,
            case: case.clone(),
            answer: due.answer,
            reply: format!("{:016x}", u64::from_be_bytes(due.reply.0)),
            asked_at: due.asked_at.as_millisecond(),
            channel: due.channel,
        }
    }

    /// The body as queued.
    pub fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`MalformedMessage`] for anything but an answer of version 1.
    pub fn parse(body: &str) -> Result<(CaseId, AnswerDue), MalformedMessage> {
        let message: Self = serde_json::from_str(body).map_err(|_| MalformedMessage)?;
        let reply = u64::from_str_radix(&message.reply, 16).map_err(|_| MalformedMessage)?;
        let asked_at = Timestamp::from_millisecond(message.asked_at).map_err(|_| MalformedMessage)?;
        if message.v != 1 {
            return Err(MalformedMessage);
        }
        let (answer, reply) = (message.answer, EventKey(reply.to_be_bytes()));
        Ok((message.case, AnswerDue { answer, reply, asked_at, channel: message.channel }))
    }
}

/// Where a webhook came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entrance {
    /// `/webhooks/{source}`.
    Webhook,
    /// `/channels/{provider}`.
    Channel,
}

/// A verified webhook that could not be applied or read, kept whole: it is verified again when it is replayed, by the
/// clock of its arrival.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWebhook {
    v: u8,
    /// Where it came in.
    pub entrance: Entrance,
    /// The source or provider of the path.
    pub name: String,
    /// Unix seconds of its arrival.
    pub received_at: i64,
    /// The headers, without those that hold a password or name the caller.
    pub headers: Vec<(String, String)>,
    /// The URL it was posted to.
    #[serde(default)]
    pub url: String,
    /// The body, base64.
    body: String,
}

impl fmt::Debug for KeptWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptWebhook({:?} {}, {} bytes)", self.entrance, self.name, self.body.len())
    }
}

impl KeptWebhook {
    /// Keeps a webhook, for now without its URL. A header that holds a password stays behind: what only a password proves is
    /// never kept. So do those that the way here added, which name the caller's address.
    pub fn new(
        entrance: Entrance,
        name: &str,
        received_at: Timestamp,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Self {
        let left_behind = |name: &str| {
            let starts = ["x-forwarded", "x-amz", "x-recoup", "cf-", "proxy-", "accept", "content-length"];
            let whole = [
                "authorization",
                "cookie",
                "forwarded",
                "via",
                "host",
                "connection",
                "user-agent",
                "x-real-ip",
            ];
            whole.contains(&name) || starts.iter().any(|start| name.starts_with(start))
        };
        let headers = headers
            .iter()
            .filter(|(name, _)| !left_behind(name.as_str()))
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let received_at = received_at.as_second();
        let (name, body, url) = (name.to_owned(), STANDARD.encode(body), String::new());
        Self { v: 1, entrance, name, received_at, headers, url, body }
    }

    /// The same, posted to this URL.
    #[must_use]
    pub fn posted_to(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// Reads a spilled message.
    ///
    /// # Errors
    /// [`MalformedMessage`] when it is not one of ours.
    pub fn parse(body: &str) -> Result<Self, MalformedMessage> {
        let kept: Self = serde_json::from_str(body).map_err(|_| MalformedMessage)?;
        if kept.v == 1 { Ok(kept) } else { Err(MalformedMessage) }
    }

    /// The message as queued.
    pub fn to_message(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The webhook's body.
    ///
    /// # Errors
    /// [`MalformedMessage`] when the base64 is broken.
    pub fn body(&self) -> Result<Vec<u8>, MalformedMessage> {
        STANDARD.decode(&self.body).map_err(|_| MalformedMessage)
    }

    /// The headers that were kept.
    pub fn header_map(&self) -> http::HeaderMap {
        let parsed = self.headers.iter().filter_map(|(name, value)| {
            Some((name.parse::<http::HeaderName>().ok()?, value.parse::<http::HeaderValue>().ok()?))
        });
        parsed.collect()
    }
}

/// A queued message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's id of the message, by which a failure is reported.
    pub id: String,
    /// Postpones this receive.
    pub receipt: String,
    /// The body.
    pub body: String,
    /// How often it was received, this time included.
    pub receives: u32,
    /// When it was first put into a queue.
    pub first_seen: Option<Timestamp>,
}

/// What a person reads in the console about a parked message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParkedNote {
    /// Why it is here.
    pub reason: String,
    /// The code of the fault, for the RUNBOOK.
    pub error_code: String,
    /// The case.
    pub case: Option<String>,
    /// The step.
    pub step: Option<String>,
    /// How often it was tried.
    pub attempt: u32,
    /// The channel.
    pub channel: Option<String>,
    /// The trace.
    pub trace_id: Option<String>,
    /// When it was first seen.
    pub first_seen: Option<Timestamp>,
    /// What to do about it.
    pub action: &'static str,
}

impl ParkedNote {
    /// The note about a step that was decided to be parked.
    pub fn of_step(message: &StepMessage, received: &Received, decision: &Decision) -> Self {
        Self {
            reason: decision.reason.code().to_owned(),
            error_code: "step_parked".to_owned(),
            case: Some(message.case.to_string()),
            step: Some(message.step.to_string()),
            attempt: received.receives,
            channel: Some(message.channel.to_string()),
            trace_id: message.trace.clone(),
            first_seen: received.first_seen,
            action: "redrive",
        }
    }

    /// The message for the parked queue: at most ten attributes, none empty, printable ASCII only.
    pub fn into_message(self, body: String) -> (Queue, Outgoing) {
        let texts = [
            ("reason", Some(self.reason)),
            ("error_code", Some(self.error_code)),
            ("case", self.case),
            ("step", self.step),
            ("attempt", Some(self.attempt.to_string())),
            ("channel", self.channel),
            ("trace_id", self.trace_id),
            ("first_seen", self.first_seen.map(|at| at.to_string())),
            ("action", Some(self.action.to_owned())),
        ];
        let clean =
            |text: String| text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(256).collect();
        let attributes = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, clean(text?))))
            .filter(|(_, text): &(_, String)| !text.is_empty())
            .collect();
        (Queue::Parked, Outgoing { body, attributes, ..Outgoing::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_message_is_ascii_and_reads_back() {
        let text =
            r#"{"v":1,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"whatsapp","trace":"Root=1"}"#;
        let message = StepMessage::parse(text).expect("version 1");
        assert_eq!(message.body(), text);
    }

    #[test]
    fn f43_a_message_of_another_version_or_shape_is_refused() {
        for body in [
            "",
            "{}",
            "null",
            r#"{"v":2,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"whatsapp"}"#,
            r#"{"v":1,"case":"main","step":0,"gen":1,"channel":"whatsapp"}"#,
            r#"{"v":1,"case":"main/stripe/in_1","step":900,"gen":1,"channel":"whatsapp"}"#,
            r#"{"v":1,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"pigeon"}"#,
        ] {
            assert_eq!(StepMessage::parse(body), Err(MalformedMessage), "{body}");
        }
    }

    #[test]
    fn f45_a_parked_message_carries_at_most_ten_clean_attributes() {
        let note = ParkedNote {
            reason: "unknown_case\u{0}\u{7}".to_owned(),
            error_code: "x".repeat(9_000),
            case: Some(String::new()),
            step: Some("0".to_owned()),
            channel: Some("whatsapp".to_owned()),
            trace_id: Some("Root=1".to_owned()),
            first_seen: Some(Timestamp::UNIX_EPOCH),
            attempt: 3,
            action: "redrive",
        };
        let (queue, message) = note.into_message("{}".to_owned());
        assert_eq!(queue, Queue::Parked);
        assert!(message.attributes.len() <= 10);
        for (name, value) in &message.attributes {
            assert!(!value.is_empty() && value.len() <= 256, "{name}");
            assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)), "{name}");
        }
        assert!(!message.attributes.iter().any(|(name, _)| *name == "case"), "an empty value is left out");
    }
}
