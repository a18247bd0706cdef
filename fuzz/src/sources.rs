//! Every source: its verifier, its normaliser, and what it makes of its API's answers.
//!
//! Input: the number of the source, how long the first header is, that header's value, and the rest, which is the body and,
//! after a line `answer`, an answer of the API.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use jiff::Timestamp;
use recoup_core::{Event, Fact, Secret};
use recoup_processors::{Normalised, Processor, Status, Unverified, Verified, all};

use crate::input::secret;
use crate::shown::{assert_fit, assert_silent};

/// Headers in which sources put signatures, types and ids.
const HEADERS: [&str; 10] = [
    "authorization",
    "paddle-signature",
    "persona-signature",
    "recurly-signature",
    "webhook-signature",
    "x-mollie-signature",
    "x-razorpay-signature",
    "x-shopify-topic",
    "x-signature",
    "x-wc-webhook-topic",
];

/// No source believes what it did not sign, and what it reads gives whole events or a reason.
pub fn check(data: &[u8]) {
    let [source, length, rest @ ..] = data else { return };
    // By name, so that a seed keeps its source when another one joins them.
    let mut sources: Vec<&dyn Processor> = all().collect();
    sources.sort_by_key(|source| source.name());
    let source = sources[usize::from(*source) % sources.len()];
    let (value, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.extend(HEADERS.map(|name| (HeaderName::from_static(name), value.clone())));
    }
    let at = rest.windows(8).position(|window| window == b"\nanswer\n");
    let (body, answer) = at.map_or((rest, &b""[..]), |at| (&rest[..at], &rest[at + 8..]));
    forged(source, &headers, body);
    let Ok(normalised) =
        source.normalise(&Verified::recorded(&headers, body)).inspect_err(|error| assert_silent(error))
    else {
        return;
    };
    whole(&normalised);
    complete(source, normalised, answer);
}

fn forged(source: &dyn Processor, headers: &HeaderMap, body: &[u8]) {
    let secrets: [Secret; 3] = [
        secret("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"),
        secret("0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d"),
        secret("user:a password that nobody guesses"),
    ];
    let request = Unverified::new(headers, body).at("https://hooks.example.com/webhooks/source");
    let _ = source.greet(std::str::from_utf8(body).unwrap_or_default(), request, &secrets);
    let now = Timestamp::from_second(1_772_000_000).expect("in range");
    let placed = source.certificate_url(request).and_then(|_| source.verify(request, &secrets, now));
    assert!(placed.is_err(), "{} believes what nobody signed", source.name());
}

fn complete(source: &dyn Processor, mut normalised: Normalised, answer: &[u8]) {
    for _ in 0..8 {
        let Some(lookup) = normalised.asks.first() else { return };
        let _ = source.request("https://api.example.com", lookup, &secret("key:secret"));
        let Ok(next) = source.complete(normalised, &Response::new(Bytes::copy_from_slice(answer))) else {
            return;
        };
        normalised = next;
        whole(&normalised);
    }
}

fn whole(normalised: &Normalised) {
    let Normalised { events, kind, status, asks, .. } = normalised;
    match status {
        Status::Recognised => assert!(!events.is_empty(), "recognised, and nothing said"),
        Status::Ignored(_) => assert!(events.is_empty(), "ignored, and something said"),
        Status::Asks => assert!(events.is_empty() && !asks.is_empty(), "asks nothing"),
    }
    assert!(kind.len() <= 256, "a type of event is a name");
    for Event { obligation, fact, .. } in events {
        if let Fact::PaymentFailed(failed) = fact {
            assert_ne!(failed.attempt, Some(0), "attempts count from 1");
            assert!(failed.amount.is_none_or(|amount| amount.minor > 0), "nothing, or less, is owed");
            assert!(!failed.links.contains(obligation), "linked with itself");
            assert_fit(&failed.buyer);
        }
    }
}
