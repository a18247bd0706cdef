//! What comes to a stack from outside, and what its stubs and queues show of it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::Stack;
use crate::LocalError;
use crate::clock::real_now;
use crate::signing::{standard_webhooks_signature, stripe_signature};
use crate::stripe_events::Invoice;
use crate::stubs::Sent;

/// Longer than the queues hide a message that a function did not finish, so that its second try is awaited.
const PATIENCE: Duration = Duration::from_mins(4);
const POLL: Duration = Duration::from_millis(100);

impl Stack {
    /// Puts an invoice and its customer into the merchant's account at the Stripe stub.
    ///
    /// # Errors
    /// [`LocalError`] when the stub does not take them.
    pub async fn put(&self, invoice: &Invoice, status: &str) -> Result<(), LocalError> {
        let base = self.file.stub("stripe")?;
        let objects = [
            (format!("{base}/v1/invoices/{}", invoice.id), invoice.object(status, 1)),
            (format!("{base}/v1/customers/{}", invoice.customer()), invoice.customer_object()),
        ];
        for (url, object) in objects {
            self.http.json(Method::PUT, &url, Some(&object)).await?;
        }
        Ok(())
    }

    /// Delivers an event as Stripe does, signed at the moved time; returns the status of the answer.
    ///
    /// # Errors
    /// [`LocalError`] when no answer comes.
    pub async fn deliver(&self, event: &Value) -> Result<u16, LocalError> {
        self.deliver_signed_with(event, self.file.secret("stripe")?).await
    }

    /// The same with a given secret.
    ///
    /// # Errors
    /// [`LocalError`] when no answer comes.
    pub async fn deliver_signed_with(&self, event: &Value, secret: &str) -> Result<u16, LocalError> {
        self.deliver_signed_at(event, secret, self.clock.now()?).await
    }

    /// Delivers an event signed at real time, as `stripe listen` does whatever the moved clock shows.
    ///
    /// # Errors
    /// [`LocalError`] when no answer comes.
    pub async fn deliver_by_the_wall(&self, event: &Value) -> Result<u16, LocalError> {
        self.deliver_signed_at(event, self.file.secret("stripe")?, real_now()).await
    }

    async fn deliver_signed_at(&self, event: &Value, secret: &str, at: Timestamp) -> Result<u16, LocalError> {
        let body = event.to_string().into_bytes();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("stripe-signature", stripe_signature(secret, at, &body)),
        ];
        let reply = self.http.send(Method::POST, self.file.route("stripe")?, &headers, body).await?;
        Ok(reply.status)
    }

    /// Delivers an event as the merchant's own backend does, signed at the moved time; returns the status of the answer.
    ///
    /// # Errors
    /// [`LocalError`] when no answer comes.
    pub async fn tell(&self, kind: &str, data: &Value) -> Result<u16, LocalError> {
        let (source, at) = ("standard_webhooks", self.clock.now()?);
        let body = json!({"type": kind, "timestamp": at.to_string(), "version": 1, "data": data}).to_string();
        let id = format!("msg_{kind}_{}", at.as_millisecond());
        let signature = standard_webhooks_signature(self.file.secret(source)?, &id, at, &body)?;
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", at.as_second().to_string()),
            ("webhook-signature", signature),
        ];
        let reply =
            self.http.send(Method::POST, self.file.route(source)?, &headers, body.into_bytes()).await?;
        Ok(reply.status)
    }

    /// Tells a stub what to answer next.
    ///
    /// # Errors
    /// [`LocalError`] when the stub does not take it.
    pub async fn script(&self, stub: &str, answers: Value) -> Result<(), LocalError> {
        let url = format!("{}/_script", self.file.stub(stub)?);
        self.http.json(Method::POST, &url, Some(&answers)).await.map(drop)
    }

    /// Everything a stub received, accepted or not.
    ///
    /// # Errors
    /// [`LocalError`] when the stub does not answer as expected.
    pub async fn sent(&self, stub: &str) -> Result<Vec<Sent>, LocalError> {
        let url = format!("{}/_sent", self.file.stub(stub)?);
        let list = self.http.json(Method::GET, &url, None).await?;
        serde_json::from_value(list)
            .map_err(|error| LocalError::Answer { what: url, found: error.to_string() })
    }

    /// Waits until no timer is due, the queues of steps and of what is told are empty, and no status is on its way.
    ///
    /// # Errors
    /// [`LocalError::Deadline`] when that does not come about; [`LocalError`] when something does not answer.
    pub async fn settle(&self, what: &str) -> Result<(), LocalError> {
        let (began, mut quiet_before) = (Instant::now(), false);
        loop {
            let waiting = self.waiting().await?;
            // Twice in a row: between a timer and the queue it fills, a step can be in neither.
            if waiting.is_empty() && quiet_before {
                return Ok(());
            }
            quiet_before = waiting.is_empty();
            if began.elapsed() > PATIENCE {
                return Err(LocalError::Deadline {
                    what: what.to_owned(),
                    seconds: PATIENCE.as_secs(),
                    seen: waiting.join(", "),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// What is due but not done.
    async fn waiting(&self) -> Result<Vec<String>, LocalError> {
        let mut waiting = Vec::new();
        let now = self.clock.now()?;
        for timer in self.emulator.timers().await? {
            if timer.at <= now {
                waiting.push(format!("timer {}", timer.name));
            }
        }
        for name in ["whatsapp", "sms", "push", "email", "handoff", "spill"] {
            let depth = self.emulator.depth(self.file.queue(name)?).await?;
            // A delayed message is not due: the clock has not reached its time.
            if depth.visible + depth.in_flight > 0 {
                waiting.push(format!("queue {name}: {} ready, {} taken", depth.visible, depth.in_flight));
            }
        }
        let url = format!("{}/_pending", self.file.stub("whatsapp")?);
        let pending = self.http.json(Method::GET, &url, None).await?;
        if pending != json!(0) {
            waiting.push(format!("{pending} statuses of WhatsApp"));
        }
        Ok(waiting)
    }
}
