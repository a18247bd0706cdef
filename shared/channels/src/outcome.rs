//! What every provider's answer has in common.

use bytes::Bytes;
use http::StatusCode;
use recoup_core::{Backoff, ChannelEvent, Reaction, Refusal, SendOutcome};
use serde_json::Value;

/// Builds the outcome of a definite no.
pub(crate) fn refused(code: impl Into<String>, reaction: Reaction, alarm: bool) -> SendOutcome {
    SendOutcome::Refused(Refusal { code: code.into(), reaction, alarm, pause: None })
}

/// Builds the outcome of a yes; an id that no ledger should hold counts as none.
pub(crate) fn accepted(id: Option<&str>) -> SendOutcome {
    SendOutcome::Accepted { provider_id: id.and_then(provider_id) }
}

/// Takes an id of plain characters and bounded length.
pub(crate) fn provider_id(id: &str) -> Option<String> {
    let plain = (1..=256).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    plain.then(|| id.to_owned())
}

/// Takes a provider's own name for something, fit for a counter.
pub(crate) fn label(text: &str, otherwise: &str) -> String {
    let plain =
        (1..=96).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { text.to_owned() } else { otherwise.to_owned() }
}

/// Makes a code of a provider's words, which have no codes.
///
/// Words with anything but letters in them may name a buyer's number, so they become `otherwise`.
pub(crate) fn code_of_words(words: &str, otherwise: &str) -> String {
    let words = words.trim().trim_end_matches('.');
    let plain = |c: char| c.is_ascii_alphabetic() || c == ' ';
    if !words.chars().all(plain) {
        return otherwise.to_owned();
    }
    label(&words.to_ascii_lowercase().replace(' ', "_"), otherwise)
}

/// What an AWS API calls the exception that it answered with: in a header, else in the body, which `words` is.
pub(crate) fn aws_exception<'a>(answer: &'a http::Response<Bytes>, words: &'a Value) -> Option<&'a str> {
    let header = answer.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    header.or_else(|| words.get("__type").and_then(Value::as_str)).map(bare_exception)
}

/// Takes the bare name out of `namespace#Name:url`; either end may be missing.
pub(crate) fn bare_exception(text: &str) -> &str {
    let name = text.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().trim()
}

/// Counts something that is not acted on.
pub(crate) fn ignored(kind: &str) -> ChannelEvent {
    ChannelEvent::Ignored { kind: label(kind, "unnamed") }
}

/// Reads the answer of a provider whose words for an expired key are not documented.
///
/// By its definition 401 says that the request was not applied (RFC 9110, section 15.5.2).
pub(crate) fn unauthorized(answer: &http::Response<Bytes>) -> Option<SendOutcome> {
    (answer.status() == StatusCode::UNAUTHORIZED).then(|| refused("http_401", Reaction::Hold, true))
}

/// Reads an answer that carries none of the provider's own words.
///
/// A page of a load balancer or of a company's proxy says nothing of what the provider did before it: a 5xx may
/// follow an accepted message, and a proxy that inspects answers may put a 403 in the place of a 200. All of these
/// are unknown, and an unknown send is never repeated. Two statuses are refusals by definition and leave no doubt:
/// a proxy says 407 instead of forwarding, and 429 turns a request away before it is served.
pub(crate) fn without_words(answer: &http::Response<Bytes>) -> SendOutcome {
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => refused("http_429", Reaction::Retry(Backoff::Seconds), false),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => refused("http_407", Reaction::Hold, true),
        _ => SendOutcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_named_in_three_ways() {
        for (text, expected) in [
            ("MessageRejected", "MessageRejected"),
            ("MessageRejected:http://internal.amazon.com/coral/", "MessageRejected"),
            ("com.amazonaws.sesv2#MessageRejected", "MessageRejected"),
            ("", ""),
            (":", ""),
        ] {
            assert_eq!(bare_exception(text), expected, "{text}");
        }
    }
}
