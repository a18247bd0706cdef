//! Twilio's answer to a send.

use bytes::Bytes;
use http::StatusCode;
use recoup_core::{Backoff, Reaction, Refusal, SendOutcome};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::reactions;
use crate::outcome::{accepted, without_words};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    sid: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

/// Reads the answer.
pub(super) fn decode(answer: &http::Response<Bytes>) -> SendOutcome {
    let words: Option<Answer<'_>> = serde_json::from_slice(answer.body()).ok();
    if answer.status().is_success() {
        let sid = words.and_then(|words| serde_json::from_str::<String>(words.sid?.get()).ok());
        return accepted(sid.as_deref());
    }
    match words.and_then(|words| words.code?.get().trim_matches('"').parse().ok()) {
        Some(code) => refusal(code, answer.status()),
        None => without_words(answer),
    }
}

/// Looks a code up.
///
/// One that is not listed is a person's to read, except from a 5xx: Twilio gives its own breakdown a code too
/// (20500), which does not say that nothing was sent.
fn refusal(code: u32, status: StatusCode) -> SendOutcome {
    if let Some(refusal) = reactions::listed(code) {
        return SendOutcome::Refused(refusal);
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        SendOutcome::Refused(Refusal::new(&code.to_string(), Reaction::Retry(Backoff::Seconds), false))
    } else if status.is_client_error() {
        SendOutcome::Refused(reactions::refusal(code))
    } else {
        SendOutcome::Unknown
    }
}
