//! Meta's answer to a send.

use std::borrow::Cow;

use bytes::Bytes;
use recoup_core::SendOutcome;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{GraphError, read, scalar};
use crate::outcome::{accepted, without_words};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// Reads the answer.
///
/// `message_status` is not looked at: `held_for_quality_assessment` and `paused` are accepted too, and what becomes
/// of them arrives as a status.
pub(super) fn decode(answer: &http::Response<Bytes>) -> SendOutcome {
    let words: Option<Answer<'_>> = serde_json::from_slice(answer.body()).ok();
    let success = answer.status().is_success();
    let id = words.as_ref().and_then(|words| message_id(words.messages?));
    if success && id.is_some() {
        return accepted(id.as_deref());
    }
    let refusal = words.and_then(|words| read::<GraphError<'_>>(words.error?)?.refusal());
    match refusal {
        Some(refusal) => SendOutcome::Refused(refusal),
        None if success => accepted(None),
        None => without_words(answer),
    }
}

fn message_id(messages: &RawValue) -> Option<String> {
    let messages: Vec<Sent<'_>> = read(messages)?;
    scalar(messages.first()?.id).map(Cow::into_owned)
}
