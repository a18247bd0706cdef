//! MSG91's answer to a send.

use bytes::Bytes;
use http::StatusCode;
use recoup_core::{Backoff, Reaction, SendOutcome};
use serde_json::Value;

use crate::outcome::{accepted, code_of_words, refused, unauthorized, without_words};

/// Reads the answer: `type` decides, since an error may come with any HTTP status.
///
/// An error of a 5xx is MSG91's own breakdown, which does not say that nothing was sent; and a 2xx that cannot be read
/// may hold either.
pub(super) fn decode(answer: &http::Response<Bytes>) -> SendOutcome {
    if let Some(refused) = unauthorized(answer) {
        return refused;
    }
    let status = answer.status();
    let words: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let member = |name: &str| words.get(name).and_then(Value::as_str);
    match member("type") {
        Some("success") if status.is_success() => accepted(member("message")),
        Some("error") if status.is_success() || status.is_client_error() => {
            let code = code_of_words(member("message").unwrap_or_default(), "error");
            let (reaction, alarm) = match status {
                StatusCode::FORBIDDEN => (Reaction::Hold, true),
                StatusCode::TOO_MANY_REQUESTS => (Reaction::Retry(Backoff::Seconds), false),
                _ => (Reaction::Park, true),
            };
            refused(code, reaction, alarm)
        }
        _ => without_words(answer),
    }
}
