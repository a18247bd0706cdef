//! The merchant's own systems, by webhook: a buyer who needs a person, and how a case ended (promises.md, O56 and R20).
//!
//! The bodies are this project's public schema, `schema/outgoing.v1.json`: `{"type", "timestamp", "version", "data"}`, as
//! the events that the merchant's backends send in. Every member of `data` is always there; what is not known is null.
//! The signature is Standard Webhooks' and is made by whoever sends.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use recoup_core::{CaseId, Ended, HandOff, Link, Money, PersonName, Secret, State, Tried};
use serde_json::{Value, json};

use super::{Delivery, later, masked};
use crate::endpoint::{JSON, post, whole_address};
use crate::{MalformedSetting, derived};

/// The version of the schema.
const VERSION: u8 = 1;

/// One receiver, by its URL, which may hold a secret.
#[derive(Clone)]
pub struct Webhook {
    to: Uri,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(redacted)")
    }
}

impl Webhook {
    /// Checks the URL: `https`, or this machine.
    ///
    /// # Errors
    /// [`MalformedSetting`] otherwise.
    pub fn new(url: &Secret) -> Result<Self, MalformedSetting> {
        Ok(Self { to: whole_address(url.expose(), "webhook_url")? })
    }

    /// Builds the request that delivers a notice, with the headers that sign its id, the time and its body.
    pub fn request(&self, notice: &Notice, signature: HeaderMap) -> http::Request<Bytes> {
        let mut request = post(&self.to, None, JSON, notice.body.clone());
        request.headers_mut().extend(signature);
        request
    }
}

/// What is told: the same bytes under the same id, however often it is delivered.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The id of the event, for the `webhook-id` header.
    pub id: String,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notice({} bytes)", self.body.len())
    }
}

impl Notice {
    /// Tells of a buyer who needs a person.
    pub fn opened(handoff: &HandOff) -> Self {
        let consent = &handoff.consent;
        let data = json!({
            "id": handoff.id,
            "intent": handoff.intent.as_str(),
            "said": handoff.said.expose(),
            "case": handoff.case.as_ref().map(CaseId::to_string),
            "state": handoff.state.map(State::as_str),
            "name": handoff.name.as_ref().map(PersonName::expose),
            "phone_masked": masked(&handoff.phone),
            "owed": handoff.owed.map(amount),
            "number": handoff.number.as_ref().map(PersonName::expose),
            "pay_url": handoff.pay_link.as_ref().map(Link::expose),
            "tried": handoff.tried.iter().map(tried).collect::<Vec<Value>>(),
            "consent": {
                "opted_out_at": time(consent.opted_out),
                "opted_out_of_marketing_at": time(consent.opted_out_marketing),
                "opted_out_of_sms_at": time(consent.opted_out_sms),
                "marketing_at": time(consent.marketing),
            },
            "frozen_until": time(handoff.frozen_until),
        });
        Self::new(handoff.id.clone(), "handoff.opened", handoff.at, &data)
    }

    /// Tells how a case ended.
    pub fn ended(ended: &Ended) -> Self {
        let Ended { case, round, state, at, owed, sent } = ended;
        let (case, state) = (case.to_string(), state.as_str());
        // A case may end again in a later round, and be disputed before it ends: each is an event of its own.
        let id = format!("end_{:032x}", derived::number(&format!("{case}/{round}/{state}")));
        let owed = owed.map(amount);
        let data =
            json!({"id": id, "case": case, "round": round, "state": state, "owed": owed, "sent": sent});
        Self::new(id, "case.ended", *at, &data)
    }

    fn new(id: String, kind: &str, at: Timestamp, data: &Value) -> Self {
        let body = json!({"type": kind, "timestamp": at.to_string(), "version": VERSION, "data": data});
        Self { id, body: body.to_string().into() }
    }
}

fn tried(tried: &Tried) -> Value {
    json!({
        "at": tried.at.to_string(),
        "channel": tried.channel.as_str(),
        "template": tried.template.as_str(),
        "state": tried.state.as_str(),
    })
}

fn amount(money: Money) -> Value {
    json!({"amount_minor": money.minor, "currency": money.currency.code()})
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// Reads what the receiver answered, as Standard Webhooks says: a 2xx takes it, 410 wants no more, and everything else
/// is tried again.
pub fn read(answer: &http::Response<Bytes>) -> Delivery {
    match answer.status() {
        status if status.is_success() => Delivery::Done,
        StatusCode::GONE => Delivery::Never("http_410".to_owned()),
        _ => later(answer),
    }
}
