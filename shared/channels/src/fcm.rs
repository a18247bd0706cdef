//! Firebase Cloud Messaging, HTTP v1: notifications to apps and browsers (messaging-providers.md section 8).
//!
//! There are no receipts: what was accepted is never reported delivered. The correlation string travels as the data
//! `recoup`, so that the merchant's app can report which notification was opened.

use bytes::Bytes;
use http::{HeaderValue, Uri};
use recoup_core::{Backoff, Category, Channel, Message, Reaction, Secret, SendOutcome};
use serde::Serialize;
use serde_json::Value;

use crate::endpoint::{JSON, address, credential, post, require};
use crate::outcome::{accepted, label, refused, without_words};
use crate::parameter::allow;
use crate::{EncodeError, MalformedSetting, Provider, push};

mod oauth;

pub use oauth::{ServiceAccount, read_token};

/// The largest payload in bytes. Firebase counts the keys and values of notification and data; the whole body is
/// measured here, which is never less.
const PAYLOAD_MAX: usize = 4096;

/// One Firebase project, with an access token that may send to its apps.
#[derive(Debug, Clone)]
pub struct Fcm {
    send: Uri,
    authorization: HeaderValue,
}

impl Fcm {
    /// Checks the settings: base URL (`https`, or this machine), project id of 6 to 30 lower-case letters, digits and
    /// dashes, access token that fits a header. The token lives for an hour; [`ServiceAccount`] asks for it.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(base_url: &str, project_id: &str, access_token: &Secret) -> Result<Self, MalformedSetting> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        require((6..=30).contains(&project_id.len()) && project_id.bytes().all(allowed), "project_id")?;
        let send = address(base_url, &format!("/v1/projects/{project_id}/messages:send"))?;
        let authorization = credential(&format!("Bearer {}", access_token.expose()), "access_token")?;
        Ok(Self { send, authorization })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    message: Push<'a>,
}

#[derive(Serialize)]
struct Push<'a> {
    /// Firebase renames this field to `fid` and fills it with installation ids; under the old name it takes either.
    token: &'a str,
    notification: Shown<'a>,
    data: Data<'a>,
    android: Android,
    apns: Headers<Apns>,
    webpush: Webpush<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    title: &'a str,
    body: &'a str,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    recoup: String,
}

#[derive(Serialize)]
struct Android {
    ttl: String,
    priority: &'static str,
}

#[derive(Serialize)]
struct Headers<T> {
    headers: T,
}

/// Apple's expiry is a point in time, and there is no clock here: without one, Apple keeps trying as long as it
/// likes. Only the priority is given.
#[derive(Serialize)]
struct Apns {
    #[serde(rename = "apns-priority")]
    priority: &'static str,
}

#[derive(Serialize)]
struct Webpush<'a> {
    headers: WebpushHeaders,
    #[serde(rename = "fcmOptions", skip_serializing_if = "Option::is_none")]
    options: Option<WebpushOptions<'a>>,
}

#[derive(Serialize)]
struct WebpushHeaders {
    #[serde(rename = "TTL")]
    ttl: String,
}

#[derive(Serialize)]
struct WebpushOptions<'a> {
    link: &'a str,
}

impl Provider for Fcm {
    fn name(&self) -> &'static str {
        "fcm"
    }

    fn channel(&self) -> Channel {
        Channel::Push
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let (token, notification) = push::notification(message)?;
        let ttl = push::ttl(message);
        // A phone that sleeps is woken for a reminder and not for an offer.
        let (android, apple) = match message.category {
            Category::Utility => ("HIGH", "10"),
            Category::Marketing => ("NORMAL", "5"),
        };
        let link = notification.link.as_ref().map(recoup_core::Link::expose);
        let body = Body {
            message: Push {
                token: token.expose(),
                notification: Shown { title: &notification.title, body: &notification.body },
                data: Data { link, recoup: message.correlation.to_string() },
                android: Android { ttl: format!("{ttl}s"), priority: android },
                apns: Headers { headers: Apns { priority: apple } },
                webpush: Webpush {
                    headers: WebpushHeaders { ttl: ttl.to_string() },
                    options: link.map(|link| WebpushOptions { link }),
                },
            },
        };
        let body = serde_json::to_vec(&body).expect("structs of strings always become JSON");
        allow(body.len() <= PAYLOAD_MAX, "notification")?;
        Ok(post(&self.send, Some(&self.authorization), JSON, body))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        let words: Option<Value> = serde_json::from_slice(answer.body()).ok();
        if answer.status().is_success() {
            return accepted(words.as_ref().and_then(|words| words["name"].as_str()));
        }
        match words.as_ref().and_then(|words| words.get("error")) {
            Some(error) => refusal(error, answer),
            None => without_words(answer),
        }
    }
}

/// Codes that are answered alike.
struct Row {
    codes: &'static [&'static str],
    reaction: Reaction,
    alarm: bool,
}

/// What follows from Firebase's own `errorCode`.
///
/// `INTERNAL` is not among them: it says that something broke, not that it broke before the notification went.
const OWN: &[Row] = &[
    // The app is gone, or its token is another project's.
    Row { codes: &["UNREGISTERED", "SENDER_ID_MISMATCH"], reaction: Reaction::FallBack, alarm: false },
    // Turned away; Firebase asks for at least a minute when it is a quota.
    Row { codes: &["QUOTA_EXCEEDED"], reaction: Reaction::Retry(Backoff::Minutes), alarm: false },
    Row { codes: &["UNAVAILABLE"], reaction: Reaction::Retry(Backoff::Seconds), alarm: false },
    // The project's key at Apple or for browsers is wrong. Android goes on meanwhile, so nothing is held.
    Row { codes: &["THIRD_PARTY_AUTH_ERROR"], reaction: Reaction::FallBack, alarm: true },
    Row { codes: &["INVALID_ARGUMENT"], reaction: Reaction::Park, alarm: true },
];

/// What follows from the status that every Google API gives, where Firebase has no word of its own. A bare
/// `UNAVAILABLE` is not among them: it may come from the way back.
const GENERAL: &[Row] = &[
    Row { codes: &["UNAUTHENTICATED", "PERMISSION_DENIED"], reaction: Reaction::Hold, alarm: true },
    Row { codes: &["RESOURCE_EXHAUSTED"], reaction: Reaction::Retry(Backoff::Minutes), alarm: false },
    Row { codes: &["INVALID_ARGUMENT", "NOT_FOUND"], reaction: Reaction::Park, alarm: true },
];

/// Reads Firebase's error. One that is not listed is a person's to read, except from a 5xx.
fn refusal(error: &Value, answer: &http::Response<Bytes>) -> SendOutcome {
    let details = || error["details"].as_array().into_iter().flatten();
    let own = details().find_map(|detail| detail["errorCode"].as_str());
    let (table, code) = match (own, error["status"].as_str()) {
        (Some(own), _) => (OWN, own),
        (None, Some(status)) => (GENERAL, status),
        (None, None) => return without_words(answer),
    };
    if code == "INVALID_ARGUMENT" && names_the_token(error) {
        return refused(code, Reaction::FallBack, false);
    }
    match table.iter().find(|row| row.codes.contains(&code)) {
        Some(row) => refused(code, row.reaction, row.alarm),
        None if answer.status().is_client_error() => refused(label(code, "unnamed"), Reaction::Park, true),
        None => SendOutcome::Unknown,
    }
}

/// Whether it is the token that is invalid, and not the rest of the request.
fn names_the_token(error: &Value) -> bool {
    let details = error["details"].as_array().into_iter().flatten();
    let fields = details.flat_map(|detail| detail["fieldViolations"].as_array().into_iter().flatten());
    let named = fields
        .filter_map(|violation| violation["field"].as_str())
        .any(|field| matches!(field, "message.token" | "message.fid"));
    named || error["message"].as_str().is_some_and(|text| text.contains("registration token"))
}
