//! Stripe's signature. Input: a header, the second it is judged at, the second it is dated, the secret, the body.
//!
//! In the header `{mac}` stands for the right signature and `{time}` for the second it is dated.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_processors::{Unverified, by_name};

use crate::input::{Lines, mac, secret};
use crate::shown::assert_silent;

/// Seconds on both sides; facts: webhook-sources section 2.
const TOLERANCE: u64 = 300;

/// Nothing is believed but bytes whose HMAC stands in the header, with a time near now.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (header, now, dated) = (input.line(), input.instant(), input.number());
    let key = secret(&input.line());
    let body = input.rest();
    let signed = |time: &str| mac(&key, &[time.as_bytes(), b".", body].concat());

    let header = header.replace("{mac}", &signed(&dated.to_string())).replace("{time}", &dated.to_string());
    let stripe = by_name("stripe").expect("stripe is a source");
    let headers: HeaderMap = HeaderValue::try_from(header.as_str())
        .map(|value| HeaderMap::from_iter([(http::HeaderName::from_static("stripe-signature"), value)]))
        .unwrap_or_default();
    let near = |time: i64| now.as_second().abs_diff(time) <= TOLERANCE;
    match stripe.verify(Unverified::new(&headers, body), std::slice::from_ref(&key), now) {
        Ok(verified) => {
            assert_eq!(verified.body(), body);
            let entries = || header.split(',').map(str::trim);
            let time = entries().find_map(|entry| entry.strip_prefix("t=")).expect("a time was judged");
            let right = format!("v1={}", signed(time));
            assert!(entries().any(|entry| entry == right), "believed without the right signature");
            assert!(time.parse().is_ok_and(near), "believed at another time");
        }
        Err(error) => assert_silent(&error),
    }

    let other = secret("another secret altogether");
    let own = stripe.sign(body, &key, now, "").expect("stripe's signature is symmetric").headers;
    let unverified = Unverified::new(&own, body);
    assert!(
        stripe.verify(unverified, &[other.clone(), key.clone()], now).is_ok(),
        "an own signature is refused"
    );
    assert!(key == other || stripe.verify(unverified, &[other], now).is_err(), "any secret will do");
    let longer = [body, b"x"].concat();
    let extended = Unverified::new(&own, &longer);
    assert!(stripe.verify(extended, std::slice::from_ref(&key), now).is_err(), "a longer body is believed");
    let late = Timestamp::from_second(now.as_second() + 301).expect("in range");
    assert!(stripe.verify(unverified, &[key], late).is_err(), "a signature does not age");
}
