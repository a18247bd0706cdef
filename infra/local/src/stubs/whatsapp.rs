//! Meta's `WhatsApp` Cloud API: `POST /{version}/{phone number id}/messages` (facts: messaging-providers section 1).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::graph_template::{GraphError, check_envelope, check_template, is_e164};
use super::graph_window::{check_interactive, check_text};
use super::meta_webhook::{Accepted, MetaWebhooks};
use super::script::{Match, NextStatus, digits};
use super::server::{Provider, Reading, lock};
use super::wire::{Answer, Request};
use super::{ApprovedTemplates, Credentials};
use crate::signing::random_wamid;
use crate::{Http, LocalError, MovedClock};

/// How long a buyer's message lets plain text be sent.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// The stub of the `WhatsApp` Cloud API.
pub(super) struct WhatsApp {
    phone_number_id: String,
    access_token: String,
    approved: ApprovedTemplates,
    clock: MovedClock,
    webhooks: MetaWebhooks,
    accepted: Mutex<Vec<Accepted>>,
    windows: Mutex<BTreeMap<String, Timestamp>>,
    /// Status webhooks that a script asked for and that are still to be sent.
    pending: AtomicUsize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    url: String,
}

/// A request for status webhooks of one accepted message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusRequest {
    /// The message's id; without it the last one to `phone`.
    id: Option<String>,
    phone: Option<String>,
    statuses: Vec<NextStatus>,
}

/// A request for a buyer's message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyRequest {
    phone: String,
    text: Option<String>,
    /// The press of a quick-reply button: its payload and its text.
    button: Option<Button>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Button {
    payload: String,
    text: String,
}

impl WhatsApp {
    pub(super) fn new(
        credentials: &Credentials,
        approved: ApprovedTemplates,
        clock: MovedClock,
        http: Http,
    ) -> Self {
        let phone_number_id = credentials.phone_number_id.clone();
        Self {
            webhooks: MetaWebhooks::new(http, credentials.meta_app_secret.clone(), phone_number_id.clone()),
            phone_number_id,
            access_token: credentials.meta_access_token.clone(),
            approved,
            clock,
            accepted: Mutex::default(),
            windows: Mutex::default(),
            pending: AtomicUsize::new(0),
        }
    }

    fn authorise(&self, request: &Request) -> Result<(), GraphError> {
        if request.bearer() == Some(&self.access_token) {
            return Ok(());
        }
        Err(GraphError::unauthorised())
    }

    fn check_path(&self, request: &Request) -> Result<(), GraphError> {
        let unknown = || GraphError::new(100, "Unsupported request: object or method does not exist", "");
        let segments = request.segments();
        let [version, number, "messages"] = segments[..] else { return Err(unknown()) };
        let version = version.strip_prefix('v').and_then(|v| v.split_once('.'));
        let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let known = version.is_some_and(|(major, minor)| numeric(major) && numeric(minor));
        if known && number == self.phone_number_id && request.method == Method::POST {
            return Ok(());
        }
        Err(unknown())
    }

    /// Reads a message; returns the number it goes to and its template.
    fn read_message(
        &self,
        message: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(String, Option<String>), GraphError> {
        let to = check_envelope(message)?;
        match message.get("type").and_then(Value::as_str) {
            Some("template") => {
                let template = check_template(message)?;
                self.approved.check(&message["template"])?;
                Ok((to.to_owned(), Some(template.to_owned())))
            }
            None | Some("text") => {
                check_text(message)?;
                self.check_window(to, now)
            }
            Some("interactive") => {
                check_interactive(message)?;
                self.check_window(to, now)
            }
            Some(_) => Err(GraphError::new(
                131_051,
                "(#131051) Message type unknown",
                "type must be template, text or interactive",
            )),
        }
    }

    /// What is not a template goes only to who wrote within a day.
    fn check_window(&self, to: &str, now: Timestamp) -> Result<(String, Option<String>), GraphError> {
        let opened = lock(&self.windows).get(&digits(to)).copied();
        if opened.is_some_and(|opened| now.duration_since(opened) < WINDOW) {
            return Ok((to.to_owned(), None));
        }
        Err(GraphError::new(
            131_047,
            "(#131047) Re-engagement message",
            "more than 24 hours have passed since the customer last replied to this number",
        ))
    }

    async fn send_statuses(&self, message: &Accepted, statuses: &[NextStatus]) -> Result<Value, LocalError> {
        let mut outcomes = Vec::new();
        for next in statuses {
            tokio::time::sleep(Duration::from_millis(next.delay_ms)).await;
            let now = self.clock.now()?;
            outcomes.push(self.webhooks.status(message, &next.status, next.errors.as_ref(), now).await?);
        }
        Ok(Value::Array(outcomes))
    }

    async fn asked_statuses(&self, body: &[u8]) -> Result<Value, LocalError> {
        let asked: StatusRequest = parse(body)?;
        let found = {
            let accepted = lock(&self.accepted);
            let fits = |message: &&Accepted| match (&asked.id, &asked.phone) {
                (Some(id), _) => message.wamid == *id,
                (None, Some(phone)) => message.wa_id == digits(phone),
                (None, None) => false,
            };
            accepted.iter().rev().find(fits).cloned()
        };
        let message = found.ok_or_else(|| malformed("no accepted message has this id or phone".into()))?;
        self.send_statuses(&message, &asked.statuses).await
    }

    async fn asked_reply(&self, body: &[u8]) -> Result<Value, LocalError> {
        let asked: ReplyRequest = parse(body)?;
        if !is_e164(&asked.phone) {
            return Err(malformed("phone is not in E.164 form".into()));
        }
        let content = match (asked.text, asked.button) {
            (Some(text), None) => json!({"type": "text", "text": {"body": text}}),
            (None, Some(button)) => {
                json!({"type": "button", "button": {"payload": button.payload, "text": button.text}})
            }
            _ => return Err(malformed("give either text or button".into())),
        };
        let (wa_id, now) = (digits(&asked.phone), self.clock.now()?);
        lock(&self.windows).insert(wa_id.clone(), now);
        self.webhooks.reply(&wa_id, content, now).await
    }
}

impl Provider for WhatsApp {
    fn read(&self, request: &Request, now: Timestamp) -> Result<Reading, Answer> {
        let refused = |error: GraphError| error.answer();
        self.check_path(request).map_err(refused)?;
        self.authorise(request).map_err(refused)?;
        let malformed = || GraphError::new(100, "(#100) Invalid parameter", "the body must be a JSON object");
        if request.media_type() != "application/json" {
            return Err(malformed().answer());
        }
        let message: Value = serde_json::from_slice(&request.body).map_err(|_| malformed().answer())?;
        let message = message.as_object().ok_or_else(|| malformed().answer())?;
        let (to, template) = self.read_message(message, now).map_err(refused)?;
        let wamid = random_wamid().map_err(|error| Answer::json(500, error.to_string().into()))?;
        let mut entry = json!({ "id": wamid });
        if template.is_some() {
            entry["message_status"] = json!("accepted");
        }
        let body = json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": digits(&to)}],
            "messages": [entry],
        });
        Ok(Reading { keys: Match { phone: Some(to), template, id: None }, answer: Answer::json(200, body) })
    }

    fn accepted(self: Arc<Self>, request: &Request, answer: &Answer, statuses: Vec<NextStatus>) {
        let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let Some(wamid) = answer.body["messages"][0]["id"].as_str() else { return };
        let accepted = Accepted {
            wamid: wamid.to_owned(),
            wa_id: digits(message["to"].as_str().unwrap_or_default()),
            correlation: message["biz_opaque_callback_data"].as_str().map(str::to_owned),
        };
        lock(&self.accepted).push(accepted.clone());
        if !statuses.is_empty() {
            self.pending.fetch_add(statuses.len(), Ordering::AcqRel);
            tokio::spawn(async move {
                // What became of each is kept in `GET /_webhooks`.
                let _ = self.send_statuses(&accepted, &statuses).await;
                self.pending.fetch_sub(statuses.len(), Ordering::AcqRel);
            });
        }
    }

    async fn control(self: Arc<Self>, request: Request) -> Option<Result<Value, LocalError>> {
        match (request.method.as_str(), request.path.as_str()) {
            ("PUT", "/_webhook") => Some(parse::<Target>(&request.body).map(|target| {
                self.webhooks.send_to(target.url);
                Value::Null
            })),
            ("GET", "/_webhooks") => Some(Ok(self.webhooks.delivered())),
            ("GET", "/_pending") => Some(Ok(json!(self.pending.load(Ordering::Acquire)))),
            ("POST", "/_status") => Some(self.asked_statuses(&request.body).await),
            ("POST", "/_reply") => Some(self.asked_reply(&request.body).await),
            _ => None,
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, LocalError> {
    serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))
}

fn malformed(found: String) -> LocalError {
    LocalError::Answer { what: "malformed request to the stub".into(), found }
}
