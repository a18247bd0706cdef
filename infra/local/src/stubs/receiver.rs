//! The merchant's own systems, which take what Standard Webhooks signed: one path, one secret (facts: webhook-sources
//! section 2).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::script::{Match, NextStatus};
use super::server::{Provider, Reading};
use super::wire::{Answer, Request};
use crate::LocalError;
use crate::clock::real_now;
use crate::signing::is_standard_webhooks_signature;

/// How far the time of a delivery may be from now.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The stub of one receiver. It goes by real time, as deliveries do.
pub(super) struct Receiver {
    kind: &'static str,
    key: String,
}

impl Receiver {
    /// Takes events of one type, signed with a key.
    pub(super) fn new(kind: &'static str, key: &str) -> Self {
        Self { kind, key: key.to_owned() }
    }

    /// Checks a delivery; returns its id.
    fn check(&self, request: &Request, now: Timestamp) -> Result<String, (u16, &'static str)> {
        if request.method != "POST" || request.path != "/hooks" {
            return Err((404, "no such path"));
        }
        if request.media_type() != "application/json" {
            return Err((400, "not JSON"));
        }
        let header = |name| request.header(name).ok_or((400, "a header of Standard Webhooks is missing"));
        let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
        let at = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let at = at.ok_or((400, "webhook-timestamp is no time"))?;
        let body = std::str::from_utf8(&request.body).map_err(|_| (400, "not UTF-8"))?;
        let signatures = header("webhook-signature")?;
        if !is_standard_webhooks_signature(&self.key, id, at, body, signatures) {
            return Err((401, "no signature fits"));
        }
        if now.duration_since(at).abs() > TOLERANCE {
            return Err((401, "too old"));
        }
        let event: Value = serde_json::from_str(body).map_err(|_| (400, "not JSON"))?;
        let told = event["timestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        if event["type"] != self.kind || event["version"] != 1 || told.is_none() {
            return Err((400, "not an event of version 1 that goes here"));
        }
        if event["data"]["id"] != id {
            return Err((400, "the id is another in the headers than in the body"));
        }
        Ok(id.to_owned())
    }
}

impl Provider for Receiver {
    fn read(&self, request: &Request, _now: Timestamp) -> Result<Reading, Answer> {
        let id = self
            .check(request, real_now())
            .map_err(|(status, said)| Answer::json(status, json!({ "error": said })))?;
        Ok(Reading {
            keys: Match { phone: None, template: None, id: Some(id) },
            answer: Answer::json(202, Value::Null),
        })
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    async fn control(self: Arc<Self>, _request: Request) -> Option<Result<Value, LocalError>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::signing::standard_webhooks_signature;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn delivery(body: &str, signed: &str, at: Timestamp) -> Request {
        let signature = standard_webhooks_signature(KEY, "ho_1", at, signed).expect("a key");
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", "ho_1".to_owned()),
            ("webhook-timestamp", at.as_second().to_string()),
            ("webhook-signature", format!("v1,b3RoZXI= {signature}")),
        ];
        let header = |(name, value): (&'static str, String)| {
            (HeaderName::from_static(name), HeaderValue::try_from(value).expect("a value"))
        };
        Request {
            method: axum::http::Method::POST,
            path: "/hooks".to_owned(),
            query: None,
            headers: headers.map(header).into_iter().collect::<HeaderMap>(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn a_delivery_is_taken_when_it_is_signed_fresh_and_of_its_type() {
        let (receiver, at) = (Receiver::new("handoff.opened", KEY), Timestamp::UNIX_EPOCH);
        let event = |kind: &str, id: &str| {
            json!({"type": kind, "timestamp": "2026-01-01T00:00:00Z", "version": 1, "data": {"id": id}})
                .to_string()
        };
        let good = event("handoff.opened", "ho_1");
        assert_eq!(receiver.check(&delivery(&good, &good, at), at), Ok("ho_1".to_owned()));
        let forged = delivery(&good, "{}", at);
        assert_eq!(receiver.check(&forged, at), Err((401, "no signature fits")));
        let later = at.saturating_add(SignedDuration::from_mins(6)).expect("a time");
        assert_eq!(receiver.check(&delivery(&good, &good, at), later), Err((401, "too old")));
        for body in [event("case.ended", "ho_1"), event("handoff.opened", "ho_2"), "{}".to_owned()] {
            let refused = receiver.check(&delivery(&body, &body, at), at);
            assert_eq!(refused.map_err(|(status, _)| status), Err(400), "{body}");
        }
        let mut bare = delivery(&good, &good, at);
        bare.headers.remove("webhook-signature");
        assert!(receiver.check(&bare, at).is_err());
    }
}
