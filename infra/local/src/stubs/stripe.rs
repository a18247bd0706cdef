//! Stripe's API, as far as it is read: customers, invoices and payment intents that were put to it before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::http::Method;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Credentials;
use super::script::{Match, NextStatus};
use super::server::{Provider, Reading, lock};
use super::wire::{Answer, Request};
use crate::LocalError;

const KINDS: [(&str, &str); 3] =
    [("customers", "customer"), ("invoices", "invoice"), ("payment_intents", "payment_intent")];

/// The stub of Stripe's API.
pub(super) struct Stripe {
    api_key: String,
    /// By kind and id.
    objects: Mutex<BTreeMap<(String, String), Value>>,
}

impl Stripe {
    pub(super) fn new(credentials: &Credentials) -> Self {
        Self { api_key: credentials.stripe_api_key.clone(), objects: Mutex::default() }
    }

    /// Checks the key: a bearer token, or the user name of basic authentication.
    fn authorise(&self, request: &Request) -> Result<(), Answer> {
        let basic = || {
            let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
            let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
            text.split(':').next().map(str::to_owned)
        };
        match request.bearer().map(str::to_owned).or_else(basic) {
            Some(key) if key == self.api_key => Ok(()),
            Some(_) => Err(refusal(401, "Invalid API Key provided", None)),
            None => Err(refusal(401, "You did not provide an API key", None)),
        }
    }

    fn put(&self, kind: &str, name: &str, id: &str, body: &[u8]) -> Result<Value, LocalError> {
        let malformed = || LocalError::Answer {
            what: "put an object".into(),
            found: "the body must be a JSON object with this id, or without one".into(),
        };
        let mut object: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
        let fields = object.as_object_mut().ok_or_else(malformed)?;
        if fields.get("id").is_some_and(|given| given != id) {
            return Err(malformed());
        }
        fields.insert("id".into(), json!(id));
        fields.insert("object".into(), json!(name));
        lock(&self.objects).insert((kind.into(), id.into()), object.clone());
        Ok(object)
    }
}

impl Provider for Stripe {
    fn read(&self, request: &Request, _now: Timestamp) -> Result<Reading, Answer> {
        let (kind, name, id) = object_named(request).ok_or_else(|| unknown_url(request))?;
        let object = match request.method {
            Method::GET => {
                self.authorise(request)?;
                let known = lock(&self.objects).get(&(kind.to_owned(), id.to_owned())).cloned();
                known.ok_or_else(|| missing(name, id))?
            }
            _ => return Err(unknown_url(request)),
        };
        Ok(Reading {
            keys: Match { id: Some(id.to_owned()), ..Match::default() },
            answer: Answer::json(200, object),
        })
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    /// Takes an object in: how a test says what the merchant's account holds.
    async fn control(self: Arc<Self>, request: Request) -> Option<Result<Value, LocalError>> {
        let (kind, name, id) = object_named(&request)?;
        (request.method == Method::PUT).then(|| self.put(kind, name, id, &request.body))
    }
}

/// The kind in the path, its name in the body, and the id that a path names.
fn object_named(request: &Request) -> Option<(&str, &'static str, &str)> {
    let ["v1", kind, id] = request.segments()[..] else { return None };
    let (_, name) = KINDS.iter().find(|(plural, _)| *plural == kind)?;
    (!id.is_empty()).then_some((kind, name, id))
}

fn missing(name: &str, id: &str) -> Answer {
    let mut answer = refusal(404, &format!("No such {name}: '{id}'"), Some("resource_missing"));
    answer.body["error"]["param"] = json!("id");
    answer
}

fn unknown_url(request: &Request) -> Answer {
    refusal(404, &format!("Unrecognized request URL ({}: {})", request.method, request.path), None)
}

fn refusal(status: u16, message: &str, code: Option<&str>) -> Answer {
    let mut error = json!({"message": message, "type": "invalid_request_error"});
    if let Some(code) = code {
        error["code"] = json!(code);
        error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
    }
    Answer::json(status, json!({ "error": error }))
}
