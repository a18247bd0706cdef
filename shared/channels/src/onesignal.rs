//! OneSignal's notifications: to the buyer the merchant's app has logged in (messaging-providers.md section 8).
//!
//! OneSignal answers a request with a known `idempotency_key` without sending again, for 30 days. That would make a
//! repeated request safe after an unknown outcome, but only with the very same key, and a claim that is made anew has
//! a token of its own, of which the key is made. So an unknown outcome stays unknown here as with every provider; the key guards against what
//! repeats a request below us.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri};
use recoup_core::{Backoff, Category, Channel, Message, Reaction, Secret, SendOutcome};
use serde::Serialize;
use serde_json::Value;

use crate::endpoint::{JSON, address, credential, post, require};
use crate::outcome::{accepted, refused, without_words};
use crate::{EncodeError, MalformedSetting, Provider, derived, push};

/// One app at OneSignal, with the key that may send to it.
#[derive(Debug, Clone)]
pub struct OneSignal {
    notifications: Uri,
    authorization: HeaderValue,
    app_id: String,
}

impl OneSignal {
    /// Checks the settings: base URL (`https`, or this machine), app id in the form of a UUID, API key that fits a
    /// header.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(base_url: &str, app_id: &str, api_key: &Secret) -> Result<Self, MalformedSetting> {
        let hex = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
        let lengths: Vec<usize> = app_id.split('-').filter(|part| hex(part)).map(str::len).collect();
        require(lengths == [8, 4, 4, 4, 12] && app_id.len() == 36, "app_id")?;
        let authorization = credential(&format!("Key {}", api_key.expose()), "api_key")?;
        let notifications = address(base_url, "/notifications")?;
        Ok(Self { notifications, authorization, app_id: app_id.to_owned() })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    app_id: &'a str,
    target_channel: &'static str,
    include_aliases: Aliases<'a>,
    headings: Text<'a>,
    contents: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    data: Data,
    ttl: u64,
    priority: u8,
    idempotency_key: String,
}

#[derive(Serialize)]
struct Aliases<'a> {
    external_id: [&'a str; 1],
}

/// OneSignal insists on `en` and shows it where a device's language is not given: here it is the buyer's own language.
#[derive(Serialize)]
struct Text<'a> {
    en: &'a str,
}

#[derive(Serialize)]
struct Data {
    recoup: String,
}

impl Provider for OneSignal {
    fn name(&self) -> &'static str {
        "onesignal"
    }

    fn channel(&self) -> Channel {
        Channel::Push
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let (token, notification) = push::notification(message)?;
        let body = Body {
            app_id: &self.app_id,
            target_channel: "push",
            include_aliases: Aliases { external_id: [token.expose()] },
            headings: Text { en: &notification.title },
            contents: Text { en: &notification.body },
            url: notification.link.as_ref().map(recoup_core::Link::expose),
            data: Data { recoup: message.correlation.to_string() },
            ttl: push::ttl(message),
            priority: match message.category {
                Category::Utility => 10,
                Category::Marketing => 5,
            },
            idempotency_key: derived::uuid(message.correlation.token.as_str()),
        };
        let body = serde_json::to_vec(&body).expect("structs of strings always become JSON");
        Ok(post(&self.notifications, Some(&self.authorization), JSON, body))
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        let words: Option<Value> = serde_json::from_slice(answer.body()).ok();
        let Some(words) = words.filter(Value::is_object) else {
            return if answer.status().is_success() { accepted(None) } else { without_words(answer) };
        };
        if answer.status().is_success() {
            return created(&words);
        }
        let row = TABLE.iter().find(|row| row.status == answer.status());
        match row.filter(|_| !words["errors"].is_null()) {
            Some(row) => refused(row.code, row.reaction, row.alarm),
            None => without_words(answer),
        }
    }
}

/// Reads a 200: an empty id, or none beside an error, says that no notification was made. So does an error that names
/// the alias, since there was only one.
fn created(words: &Value) -> SendOutcome {
    let id = words["id"].as_str();
    let named = &words["errors"]["invalid_aliases"]["external_id"];
    if named.as_array().is_some_and(|aliases| !aliases.is_empty()) {
        return refused("invalid_aliases", Reaction::FallBack, false);
    }
    if id == Some("") || (id.is_none() && !words["errors"].is_null()) {
        return refused("not_subscribed", Reaction::FallBack, false);
    }
    accepted(id)
}

/// What follows from one status. OneSignal's errors are sentences, so it is the status that decides.
struct Row {
    status: StatusCode,
    code: &'static str,
    reaction: Reaction,
    alarm: bool,
}

const fn row(status: StatusCode, code: &'static str, reaction: Reaction, alarm: bool) -> Row {
    Row { status, code, reaction, alarm }
}

/// Statuses that come with OneSignal's own words. A 5xx is not among them, nor a 409: neither says that nothing went.
const TABLE: &[Row] = &[
    row(StatusCode::BAD_REQUEST, "http_400", Reaction::Park, true),
    row(StatusCode::UNAUTHORIZED, "http_401", Reaction::Hold, true),
    row(StatusCode::FORBIDDEN, "http_403", Reaction::Hold, true),
    row(StatusCode::NOT_FOUND, "http_404", Reaction::Park, true),
    row(StatusCode::PAYLOAD_TOO_LARGE, "http_413", Reaction::Park, true),
    row(StatusCode::UNPROCESSABLE_ENTITY, "http_422", Reaction::Park, true),
    // OneSignal asks for 100 seconds.
    row(StatusCode::TOO_MANY_REQUESTS, "http_429", Reaction::Retry(Backoff::Minutes), false),
];
