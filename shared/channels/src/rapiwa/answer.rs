//! Rapiwa's answer to a send, in either of the shapes it is said to have.

use bytes::Bytes;
use http::StatusCode;
use recoup_core::{Backoff, Reaction, SendOutcome};
use serde_json::Value;

use crate::outcome::{accepted, code_of_words, refused, unauthorized, without_words};

/// Reads the answer: `success`, or in the older shape `status`, decides, since a refusal may come with HTTP 200.
///
/// A refusal of a 5xx does not say that nothing was sent; and a 2xx that cannot be read may hold either.
pub(super) fn decode(answer: &http::Response<Bytes>) -> SendOutcome {
    if let Some(refused) = unauthorized(answer) {
        return refused;
    }
    let status = answer.status();
    let words: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let member = |name: &str| words.get(name).and_then(Value::as_str);
    let taken = match (words.get("success"), member("status")) {
        (Some(success), _) => success.as_bool(),
        (None, Some("success")) => Some(true),
        (None, Some("error" | "failed")) => Some(false),
        (None, _) => None,
    };
    match taken {
        Some(true) if status.is_success() => accepted(member("message_id").or(member("messageId"))),
        Some(false) if status == StatusCode::TOO_MANY_REQUESTS => {
            refused("http_429", Reaction::Retry(Backoff::Seconds), false)
        }
        Some(false) if status.is_success() || status.is_client_error() => {
            refusal(&code_of_words(member("error").or(member("message")).unwrap_or_default(), "error"))
        }
        _ => without_words(answer),
    }
}

/// Rapiwa has no codes. A phone that is not linked stops every message; anything else stops this one, and the buyer is
/// told by the next channel while a person looks.
fn refusal(code: &str) -> SendOutcome {
    let linked = !code.contains("not_connected");
    refused(code, if linked { Reaction::FallBack } else { Reaction::Hold }, true)
}
