//! What is handed to people and to the merchant's own systems, and what they answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;

pub mod slack;
pub mod webhook;

/// What became of one delivery. Each carries an id, so that a receiver may drop what it was told twice: here, unlike
/// with buyers, doubt is a reason to tell again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Done,
    /// It is to be delivered again, no sooner than in the time the receiver named.
    Later(Option<Duration>),
    /// It will never be taken; the receiver's word says why.
    Never(String),
}

/// Asks for another delivery, when the receiver says so in seconds.
fn later(answer: &http::Response<Bytes>) -> Delivery {
    let named = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    Delivery::Later(named.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs))
}

/// The masked number, or nothing of it: a country has at most three digits, and two more are shown.
fn masked(phone: &str) -> &str {
    let shown = phone.chars().filter(|c| c.is_numeric()).count();
    if shown <= 5 { phone } else { "hidden" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i11_a_number_that_is_not_masked_is_not_shown() {
        for (phone, expected) in [
            ("+1•••••••23", "+1•••••••23"),
            ("+358•••••67", "+358•••••67"),
            ("", ""),
            ("+14155550123", "hidden"),
            ("+1 415 ••• 23", "hidden"),
            ("+١٤١٥٥٥٥٠١٢٣", "hidden"),
        ] {
            assert_eq!(masked(phone), expected, "{phone}");
        }
    }

    #[test]
    fn a_receiver_names_the_pause_in_seconds() {
        for (header, expected) in [
            (Some("30"), Some(30)),
            (Some(" 1 "), Some(1)),
            (Some("Sun, 22 Nov 2026 14:00:00 GMT"), None),
            (Some("-1"), None),
            (None, None),
        ] {
            let mut answer = http::Response::new(Bytes::new());
            answer
                .headers_mut()
                .extend(header.map(|text| (RETRY_AFTER, http::HeaderValue::from_static(text))));
            assert_eq!(later(&answer), Delivery::Later(expected.map(Duration::from_secs)), "{header:?}");
        }
    }
}
