//! Slack's incoming webhooks: `POST /services/T…/B…/…` (facts: messaging-providers section 9).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Credentials;
use super::script::{Match, NextStatus};
use super::server::{Provider, Reading};
use super::wire::{Answer, Request};
use crate::LocalError;

const TEXT_MAX: usize = 40_000;
const BLOCKS_MAX: usize = 50;

/// The stub of one channel.
pub(super) struct Slack {
    path: String,
}

impl Slack {
    pub(super) fn new(credentials: &Credentials) -> Self {
        Self { path: credentials.slack_path.clone() }
    }
}

impl Provider for Slack {
    fn read(&self, request: &Request, _now: Timestamp) -> Result<Reading, Answer> {
        if request.path != self.path || request.method != "POST" {
            return Err(words(404, "no_service"));
        }
        if request.media_type() != "application/json" {
            return Err(words(400, "invalid_payload"));
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| words(400, "invalid_payload"))?;
        check(&body).map_err(|word| words(400, word))?;
        Ok(Reading { keys: Match::default(), answer: words(200, "ok") })
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    async fn control(self: Arc<Self>, _request: Request) -> Option<Result<Value, LocalError>> {
        None
    }
}

/// Checks a message; the error is Slack's word for it.
fn check(body: &Value) -> Result<(), &'static str> {
    let fields = body.as_object().ok_or("invalid_payload")?;
    let text = match fields.get("text") {
        Some(text) => text.as_str().ok_or("invalid_payload")?,
        None => "",
    };
    let blocks = match fields.get("blocks") {
        Some(blocks) => blocks.as_array().ok_or("invalid_blocks_format")?.as_slice(),
        None => &[],
    };
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if length(text) > TEXT_MAX {
        return Err("msg_too_long");
    }
    if blocks.len() > BLOCKS_MAX || !blocks.iter().all(fits) {
        return Err("invalid_blocks");
    }
    Ok(())
}

fn fits(block: &Value) -> bool {
    match block["type"].as_str() {
        Some("header") => block["text"]["type"] == "plain_text" && is_text(&block["text"], 150),
        Some("section") => {
            let fields = block["fields"].as_array();
            let listed = fields.is_some_and(|fields| {
                (1..=10).contains(&fields.len()) && fields.iter().all(|field| is_text(field, 2000))
            });
            let said = is_text(&block["text"], 3000);
            (said || block["text"].is_null()) && (listed || fields.is_none()) && (said || listed)
        }
        Some("context") => {
            let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            (1..=10).contains(&elements.len()) && elements.iter().all(|element| is_text(element, 3000))
        }
        Some("actions") => {
            let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            (1..=25).contains(&elements.len()) && elements.iter().all(is_button)
        }
        Some("divider") => true,
        _ => false,
    }
}

fn is_text(text: &Value, most: usize) -> bool {
    let known = matches!(text["type"].as_str(), Some("plain_text" | "mrkdwn"));
    known && text["text"].as_str().is_some_and(|text| (1..=most).contains(&length(text)))
}

fn is_button(element: &Value) -> bool {
    let named = element["text"]["type"] == "plain_text" && is_text(&element["text"], 75);
    let url = element["url"].as_str().is_some_and(|url| url.starts_with("https://") && length(url) <= 3000);
    element["type"] == "button" && named && url
}

/// Characters as Slack counts them.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn words(status: u16, word: &str) -> Answer {
    Answer { status, content_type: "text/plain", body: Value::String(word.to_owned()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_keeps_to_slacks_limits() {
        let good = json!({"text": "a", "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "h"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}]},
            {"type": "section", "text": {"type": "mrkdwn", "text": "s"}},
            {"type": "actions", "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "b"}, "url": "https://x.test/"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}]}]});
        assert_eq!(check(&good), Ok(()));
        for (pointer, value, word) in [
            ("/text", json!(1), "invalid_payload"),
            ("/text", json!("x".repeat(40_001)), "msg_too_long"),
            ("/blocks", json!({}), "invalid_blocks_format"),
            ("/blocks/0/text/text", json!("x".repeat(151)), "invalid_blocks"),
            ("/blocks/0/text/type", json!("mrkdwn"), "invalid_blocks"),
            ("/blocks/1/fields/0/text", json!("x".repeat(2001)), "invalid_blocks"),
            ("/blocks/1/fields", json!([]), "invalid_blocks"),
            ("/blocks/2/text/text", json!("x".repeat(3001)), "invalid_blocks"),
            ("/blocks/2/text/text", json!(""), "invalid_blocks"),
            ("/blocks/3/elements/0/url", json!("x"), "invalid_blocks"),
            ("/blocks/4/type", json!("video"), "invalid_blocks"),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect(pointer) = value;
            assert_eq!(check(&body), Err(word), "{pointer}");
        }
        assert_eq!(check(&json!({"blocks": []})), Err("no_text"));
        assert_eq!(check(&json!([])), Err("invalid_payload"));
    }
}
