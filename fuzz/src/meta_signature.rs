//! Meta's signature and subscription handshake. Input: a header, a query, the secret, the body.
//!
//! In the header `{mac}` stands for the right signature, in the query `{token}` for the right token.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_channels::meta::{SIGNATURE_HEADER, verify, verify_subscription};

use crate::input::{Lines, mac, secret};
use crate::shown::assert_silent;

/// Nothing is believed but bytes whose HMAC is the header; nothing is echoed but the digits of who knows the token.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (header, query) = (input.line(), input.line());
    let key = secret(&input.line());
    let body = Bytes::copy_from_slice(input.rest());

    let right = format!("sha256={}", mac(&key, &body));
    let header = header.replace("{mac}", &mac(&key, &body));
    let headers = |text: &str| -> HeaderMap {
        let name = HeaderName::from_static(SIGNATURE_HEADER);
        HeaderValue::try_from(text).map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
    };
    match verify(&headers(&header), body.clone(), std::slice::from_ref(&key)) {
        Ok(verified) => {
            assert_eq!(verified.body(), &body);
            assert_eq!(header, right, "believed without the right signature");
        }
        Err(error) => assert_silent(&error),
    }
    let other = secret("another secret altogether");
    assert!(verify(&headers(&right), body.clone(), &[other.clone(), key.clone()]).is_ok());
    assert!(key == other || verify(&headers(&right), body.clone(), &[other]).is_err(), "any secret will do");
    let longer = Bytes::from([&body[..], b"x"].concat());
    assert!(verify(&headers(&right), longer, &[key]).is_err(), "a longer body is believed");
    assert!(verify(&headers(&right), body, &[]).is_err(), "no secret will do");

    check_handshake(&query);
}

fn check_handshake(query: &str) {
    let token = secret("6b1f00token");
    let known = query.replace("{token}", token.expose());
    if let Some(challenge) = verify_subscription(&known, &token) {
        assert!((1..=64).contains(&challenge.len()) && challenge.bytes().all(|b| b.is_ascii_digit()));
        assert!(
            known.contains(&challenge) || known.contains('%') || known.contains('+'),
            "{challenge} was not asked"
        );
    }
    if !query.contains("6b1f00") && !query.contains('%') {
        assert_eq!(
            verify_subscription(&query.replace("{token}", "6b1f00"), &token),
            None,
            "a guess was believed"
        );
    }
}
