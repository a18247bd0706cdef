//! What Meta answers to a send. Input: the status, the body.

use bytes::Bytes;
use http::{Response, StatusCode};
use recoup_channels::Provider;
use recoup_channels::meta::Meta;
use recoup_core::{Refusal, SendOutcome};

use crate::input::{Lines, secret};

/// Reads a status and a body.
pub(crate) fn answer(data: &[u8]) -> Response<Bytes> {
    let mut input = Lines::of(data);
    let status = u16::try_from(input.number()).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let mut answer = Response::new(Bytes::copy_from_slice(input.rest()));
    *answer.status_mut() = status.unwrap_or(StatusCode::OK);
    answer
}

/// An outcome that a ledger may hold: plain, bounded ids and codes.
pub(crate) fn assert_storable(outcome: &SendOutcome) {
    match outcome {
        SendOutcome::Accepted { provider_id: Some(id) } => {
            assert!((1..=256).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()), "{id:?}");
        }
        SendOutcome::Refused(Refusal { code, .. }) => {
            let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            assert!((1..=96).contains(&code.len()) && plain, "{code:?}");
        }
        SendOutcome::Accepted { provider_id: None } | SendOutcome::NotSent | SendOutcome::Unknown => {}
    }
}

/// Only a success can be accepted; a failure without Meta's own words is a refusal for two statuses only.
pub fn check(data: &[u8]) {
    let meta = Meta::new("https://graph.example", "v26.0", "1", &secret("token")).expect("fit settings");
    let answer = answer(data);
    let outcome = meta.decode(&answer);
    assert_storable(&outcome);
    let accepted = matches!(outcome, SendOutcome::Accepted { .. });
    assert!(!accepted || answer.status().is_success(), "a failure was accepted");
    assert_ne!(outcome, SendOutcome::NotSent, "an answer proves that something was sent");
    if !answer.body().windows(5).any(|word| word == b"error") && !answer.body().contains(&b'\\') {
        let refused = matches!(outcome, SendOutcome::Refused(_));
        assert_eq!(refused, matches!(answer.status().as_u16(), 407 | 429), "refused by whom?");
        assert_eq!(accepted, answer.status().is_success(), "a success without an error was accepted");
    }
}
