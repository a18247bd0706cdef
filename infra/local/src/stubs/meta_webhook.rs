//! The webhooks that Meta sends: statuses and replies, signed, and tried again until they are answered 200.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::server::lock;
use crate::signing::{meta_signature, random_wamid};
use crate::{Http, LocalError};

const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const ACCOUNT_ID: &str = "100000000000001";
const DISPLAY_NUMBER: &str = "15550100000";

/// A message that was accepted, as far as its statuses need it.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) wamid: String,
    /// Digits only, as in `wa_id`.
    pub(super) wa_id: String,
    pub(super) correlation: Option<String>,
}

/// Sends webhooks to the stack.
#[derive(Debug)]
pub(super) struct MetaWebhooks {
    http: Http,
    app_secret: String,
    phone_number_id: String,
    target: Mutex<Option<String>>,
    delivered: Mutex<Vec<Value>>,
}

impl MetaWebhooks {
    pub(super) fn new(http: Http, app_secret: String, phone_number_id: String) -> Self {
        Self { http, app_secret, phone_number_id, target: Mutex::default(), delivered: Mutex::default() }
    }

    /// Sets the URL that the webhooks go to.
    pub(super) fn send_to(&self, url: String) {
        *lock(&self.target) = Some(url);
    }

    /// What was sent: time, attempts, last status, body.
    pub(super) fn delivered(&self) -> Value {
        Value::Array(lock(&self.delivered).clone())
    }

    /// Sends one status of a message.
    pub(super) async fn status(
        &self,
        message: &Accepted,
        status: &str,
        errors: Option<&Value>,
        now: Timestamp,
    ) -> Result<Value, LocalError> {
        let mut entry = json!({
            "id": message.wamid,
            "status": status,
            "timestamp": now.as_second().to_string(),
            "recipient_id": message.wa_id,
        });
        if let Some(correlation) = &message.correlation {
            entry["biz_opaque_callback_data"] = json!(correlation);
        }
        let mut value = json!({});
        if status == "failed" {
            entry["errors"] = errors.cloned().unwrap_or_else(undeliverable);
        } else {
            entry["pricing"] = json!({
                "billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility",
            });
            value["contacts"] = contacts(&message.wa_id);
        }
        value["statuses"] = json!([entry]);
        self.deliver(value, now).await
    }

    /// Sends a message of a buyer: a text, or the press of a quick-reply button.
    pub(super) async fn reply(
        &self,
        wa_id: &str,
        content: Value,
        now: Timestamp,
    ) -> Result<Value, LocalError> {
        let mut message = json!({
            "from": wa_id,
            "id": random_wamid()?,
            "timestamp": now.as_second().to_string(),
        });
        if let (Some(message), Value::Object(content)) = (message.as_object_mut(), content) {
            message.extend(content);
        }
        self.deliver(json!({"contacts": contacts(wa_id), "messages": [message]}), now).await
    }

    async fn deliver(&self, mut value: Value, now: Timestamp) -> Result<Value, LocalError> {
        let url = lock(&self.target).clone().ok_or_else(|| LocalError::Answer {
            what: "send a webhook".into(),
            found: "no URL to send it to: PUT /_webhook {\"url\": …} first".into(),
        })?;
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] =
            json!({"display_phone_number": DISPLAY_NUMBER, "phone_number_id": self.phone_number_id});
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": ACCOUNT_ID, "changes": [{"field": "messages", "value": value}]}],
        });
        let bytes = body.to_string().into_bytes();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-hub-signature-256", meta_signature(&self.app_secret, &bytes)),
        ];
        let mut attempts = 0;
        let status = loop {
            attempts += 1;
            let reply = self.http.send(Method::POST, &url, &headers, bytes.clone()).await;
            let status = reply.map_or(0, |reply| reply.status);
            if status == 200 || attempts == ATTEMPTS {
                break status;
            }
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempts)).await;
        };
        let outcome = json!({"time": now.to_string(), "attempts": attempts, "status": status, "body": body});
        lock(&self.delivered).push(outcome.clone());
        if status == 200 {
            return Ok(outcome);
        }
        Err(LocalError::Answer {
            what: "send a webhook to the stack".into(),
            found: format!("status {status} after {attempts} attempts"),
        })
    }
}

fn contacts(wa_id: &str) -> Value {
    json!([{"profile": {"name": "Buyer"}, "wa_id": wa_id}])
}

fn undeliverable() -> Value {
    json!([{
        "code": 131_026,
        "title": "Message undeliverable",
        "message": "Message undeliverable",
        "error_data": {"details": "Message Undeliverable."},
    }])
}
