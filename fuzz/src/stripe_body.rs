//! Verified bodies of Stripe. Input: the body.

use jiff::Timestamp;
use recoup_core::{Event, Fact, PaymentFailed};
use recoup_processors::{NormaliseError, Normalised, Status, Unverified, by_name};

use crate::input::secret;
use crate::shown::{assert_fit, assert_hidden, assert_plain_name, assert_silent};

/// A body gives events that can be decided on, or a reason that says nothing of its content.
pub fn check(data: &[u8]) {
    match normalise(data) {
        Ok(normalised) => check_events(&normalised),
        Err(error) => assert_silent(&error),
    }
    assert_eq!(normalise(data), normalise(data), "one body, one reading");
}

fn normalise(body: &[u8]) -> Result<Normalised, NormaliseError> {
    let stripe = by_name("stripe").expect("stripe is a source");
    let (secret, now) = (secret("key"), Timestamp::UNIX_EPOCH);
    let headers = stripe.sign(body, &secret, now, "").expect("stripe's signature is symmetric").headers;
    let verified = stripe.verify(Unverified::new(&headers, body), &[secret], now).expect("just signed");
    stripe.normalise(&verified)
}

fn check_events(normalised: &Normalised) {
    let Normalised { events, kind, status, .. } = normalised;
    assert_eq!(events.is_empty(), *status != Status::Recognised, "events without being recognised, or none");
    assert!((1..=128).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_graphic()), "{kind:?}");
    assert!(events.len() <= 2, "more facts than any body holds");
    for Event { fact, obligation, .. } in events {
        if let Fact::PaymentFailed(failed) = fact {
            check_failure(failed);
            assert!(!failed.links.contains(obligation), "linked with itself");
        }
    }
}

fn check_failure(failed: &PaymentFailed) {
    let PaymentFailed { attempt, amount, pay_link, number, buyer, links, .. } = failed;
    assert_ne!(*attempt, Some(0), "attempts count from 1");
    if let Some(amount) = amount {
        assert!(amount.minor > 0, "nothing, or less, is owed");
    }
    if let Some(number) = number {
        assert_plain_name(number.expose());
    }
    if let Some(link) = pay_link {
        assert!(link.expose().starts_with("https://"));
    }
    let mut once = links.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), links.len(), "linked twice");
    assert_fit(buyer);

    let mut shown = failed.clone();
    (shown.buyer.zone, shown.buyer.locale) = (None, None);
    assert_hidden(&format!("{shown:?}"), buyer.phone.as_ref(), buyer.name.as_ref(), pay_link.as_ref());
}
