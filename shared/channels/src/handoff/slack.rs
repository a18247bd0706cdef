//! Slack's incoming webhooks: a buyer who needs a person, as one message in a channel (messaging-providers.md section
//! 9).
//!
//! A message cannot be changed or continued later, so it carries what leads back: the case and the id of the hand-off.

use std::fmt;

use bytes::Bytes;
use http::{StatusCode, Uri};
use jiff::Timestamp;
use recoup_core::{Consent, HandOff, Intent, Link, PersonName, Secret, Tried};
use serde_json::{Value, json};

use super::{Delivery, later, masked};
use crate::MalformedSetting;
use crate::endpoint::{JSON, post, whole_address};

/// Slack's limits in characters; what a plane beyond the first holds counts twice, which errs on the safe side.
const HEADER_MAX: usize = 150;
const SECTION_MAX: usize = 3000;
const FIELD_MAX: usize = 2000;
const FALLBACK_MAX: usize = 40_000;
const BUTTON_URL_MAX: usize = 3000;

/// One channel of one workspace, by its secret URL.
#[derive(Clone)]
pub struct Slack {
    hook: Uri,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slack(redacted)")
    }
}

impl Slack {
    /// Checks the URL of the incoming webhook: `https`, or this machine.
    ///
    /// # Errors
    /// [`MalformedSetting`] otherwise.
    pub fn new(webhook_url: &Secret) -> Result<Self, MalformedSetting> {
        Ok(Self { hook: whole_address(webhook_url.expose(), "webhook_url")? })
    }

    /// Builds the request that posts a message.
    pub fn request(&self, body: Bytes) -> http::Request<Bytes> {
        post(&self.hook, None, JSON, body)
    }
}

/// Writes a hand-off as a message. A case is shown at the merchant's own page when its id is put behind it:
/// `https://ops.acme.example/cases` shows `/main/stripe/in_1`.
pub fn message(handoff: &HandOff, case_page: Option<&Link>) -> Bytes {
    let blocks = [
        Some(header(handoff)),
        Some(facts(handoff)),
        Some(section(&tried(&handoff.tried))),
        said(handoff).as_deref().map(section),
        buttons(handoff, case_page),
        Some(context(handoff)),
    ];
    let blocks: Vec<Value> = blocks.into_iter().flatten().collect();
    json!({"text": fallback(handoff), "blocks": blocks}).to_string().into()
}

/// Links to where it can be paid and where the case is shown; none when there is neither.
fn buttons(handoff: &HandOff, case_page: Option<&Link>) -> Option<Value> {
    let page = case_page.zip(handoff.case.as_ref());
    let page = page.map(|(page, case)| format!("{}/{case}", page.expose().trim_end_matches('/')));
    let pay = handoff.pay_link.as_ref().map(|link| Link::expose(link).to_owned());
    let named = [("Open case", page), ("Payment page", pay)];
    let buttons: Vec<Value> = named
        .into_iter()
        .filter_map(|(name, url)| Some((name, url.filter(|url| url.len() <= BUTTON_URL_MAX)?)))
        .map(
            |(name, url)| json!({"type": "button", "text": {"type": "plain_text", "text": name}, "url": url}),
        )
        .collect();
    (!buttons.is_empty()).then(|| json!({"type": "actions", "elements": buttons}))
}

fn header(handoff: &HandOff) -> Value {
    let text = clipped(&title(handoff), HEADER_MAX, false);
    json!({"type": "header", "text": {"type": "plain_text", "text": text}})
}

fn title(handoff: &HandOff) -> String {
    let wish = handoff.intent.as_str().replace('_', " ");
    let wish = if handoff.intent == Intent::Unknown { String::new() } else { format!(": {wish}") };
    format!("Buyer needs a person{wish}")
}

/// The line that stands in a notification: nothing of it tells who the buyer is.
fn fallback(handoff: &HandOff) -> String {
    let case = handoff.case.as_ref().map(|case| format!(" ({case})")).unwrap_or_default();
    clipped(&format!("{}{case}", title(handoff)), FALLBACK_MAX, true)
}

fn facts(handoff: &HandOff) -> Value {
    let name = handoff.name.as_ref().map_or("Name not known", PersonName::expose);
    let number = handoff.number.as_ref().map(|number| format!("\n{}", number.expose())).unwrap_or_default();
    let owed = handoff.owed.map_or("Not known".to_owned(), |owed| owed.to_string());
    let state = handoff.state.map_or("No open case", recoup_core::State::as_str);
    let frozen = handoff
        .frozen_until
        .map(|until| format!("\nNothing is sent until {}, unless a person ends it sooner", time(until)))
        .unwrap_or_default();
    let fields = [
        ("Who", format!("{name}\n{}", masked(&handoff.phone))),
        ("Owed", format!("{owed}{number}")),
        ("State", format!("{state}{frozen}")),
        ("Consent", consent(&handoff.consent)),
    ];
    let fields = fields.map(|(name, text)| mrkdwn(&bold(name, &text, FIELD_MAX)));
    json!({"type": "section", "fields": fields})
}

fn consent(consent: &Consent) -> String {
    let said = [
        ("No messages since", consent.opted_out),
        ("No marketing since", consent.opted_out_marketing),
        ("No text messages since", consent.opted_out_sms),
        ("Marketing since", consent.marketing),
    ];
    let lines: Vec<String> =
        said.into_iter().filter_map(|(what, at)| Some(format!("{what} {}", time(at?)))).collect();
    if lines.is_empty() { "Nothing was said".to_owned() } else { lines.join("\n") }
}

/// Lists what was sent; what does not fit goes from the front, since the last message is what the buyer answers.
fn tried(tried: &[Tried]) -> String {
    let line = |tried: &Tried| {
        let Tried { at, channel, template, state } = tried;
        format!("\n• {} · {channel} · {template} · {}", time(*at), state.as_str())
    };
    // The widest note of what was left out.
    let mut room = SECTION_MAX - "*Tried*\n• 18446744073709551615 earlier".chars().count();
    let mut kept: Vec<String> = Vec::new();
    for line in tried.iter().rev().map(line) {
        let Some(left) = room.checked_sub(units(&line)) else { break };
        room = left;
        kept.push(line);
    }
    let earlier = match tried.len() - kept.len() {
        0 if tried.is_empty() => "\nNothing was sent".to_owned(),
        0 => String::new(),
        left_out => format!("\n• {left_out} earlier"),
    };
    kept.reverse();
    format!("*Tried*{earlier}{}", kept.concat())
}

/// Quotes the buyer line by line; `None` when there were no words.
fn said(handoff: &HandOff) -> Option<String> {
    let words = handoff.said.expose();
    let lines = words.lines().filter(|line| !line.trim().is_empty());
    let quoted: Vec<String> = lines.map(|line| format!("> {line}")).collect();
    (!quoted.is_empty()).then(|| bold("They said", &quoted.join("\n"), SECTION_MAX))
}

fn context(handoff: &HandOff) -> Value {
    let command =
        handoff.case.as_ref().map(|case| format!("`recoup case show {case}` · ")).unwrap_or_default();
    let text = format!("{command}hand-off {} · {}", handoff.id, time(handoff.at));
    json!({"type": "context", "elements": [mrkdwn(&clipped(&text, FIELD_MAX, true))]})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// A text that is formatted, and in which Slack looks for no links and calls nobody.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn bold(name: &str, text: &str, limit: usize) -> String {
    let name = format!("*{name}*\n");
    let text = clipped(text, limit - name.len(), true);
    format!("{name}{text}")
}

fn time(at: Timestamp) -> impl fmt::Display {
    at.strftime("%Y-%m-%d %H:%M UTC")
}

/// Cuts a text to a limit, and writes the three characters that Slack reads as its own by their names where the text is
/// formatted. The cut never falls inside such a name.
fn clipped(text: &str, limit: usize, formatted: bool) -> String {
    let mut clipped = String::with_capacity(text.len());
    let (mut used, mut fits) = (0, 0);
    for c in text.chars() {
        let before = clipped.len();
        match c {
            '&' if formatted => clipped.push_str("&amp;"),
            '<' if formatted => clipped.push_str("&lt;"),
            '>' if formatted => clipped.push_str("&gt;"),
            other => clipped.push(other),
        }
        used += units(&clipped[before..]);
        if used > limit {
            clipped.truncate(fits);
            clipped.push('…');
            return clipped;
        }
        if used < limit {
            fits = clipped.len();
        }
    }
    clipped
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Words by which Slack says that a message will never be taken.
const NEVER: &[&str] = &[
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_blocks",
    "invalid_payload",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "no_text",
    "posting_to_general_channel_denied",
    "team_disabled",
    "too_many_attachments",
    "user_not_found",
];

/// Reads what Slack answered. Its words decide, not the status; an answer that is not Slack's is no reason to give up.
pub fn read(answer: &http::Response<Bytes>) -> Delivery {
    let words = std::str::from_utf8(answer.body()).unwrap_or_default().trim();
    if answer.status() == StatusCode::OK && words == "ok" {
        return Delivery::Done;
    }
    match NEVER.iter().find(|word| **word == words) {
        Some(word) if answer.status() != StatusCode::TOO_MANY_REQUESTS => Delivery::Never((*word).to_owned()),
        Some(_) | None => later(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_never_inside_a_name() {
        for (text, limit, expected) in [
            ("plain", 5, "plain"),
            ("plain!", 5, "plai…"),
            ("a<b", 6, "a&lt;b"),
            ("a<bc", 6, "a&lt;…"),
            ("a<bcdefg", 5, "a…"),
            ("<!here>", 100, "&lt;!here&gt;"),
            ("&amp;", 100, "&amp;amp;"),
            ("🎉🎉🎉", 6, "🎉🎉🎉"),
            ("🎉🎉🎉🎉", 6, "🎉🎉…"),
            ("", 5, ""),
        ] {
            let clipped = clipped(text, limit, true);
            assert_eq!(clipped, expected, "{text} {limit}");
            assert!(units(&clipped) <= limit, "{text} {limit}");
        }
        assert_eq!(clipped("a<b", 10, false), "a<b");
    }
}
