//! Stripe's signature header: what is believed, and what each disbelief is called.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::{MAX_SECRETS, SignatureError, Unverified, by_name};

/// Made with another implementation of HMAC-SHA256 (Python's) over `1772000000.` and [`BODY`].
const SIGNED: &str = "f1bb49548bcc7477d9bb9147c2da990d85a3a58995fe4ee90173df83e52125df";
const SIGNED_OLD: &str = "e3b7462b12de48a69bd794c105a093715b6fe50061c3819560f8af173f32efaf";
const SIGNED_EMPTY_KEY: &str = "1d990135d57ee259e5e1a026375be20bdd0afeac5c39f1bc7e9f707df217c769";
const BODY: &[u8] = b"{\"id\":\"evt_1\",\"type\":\"invoice.paid\"}\n";
const AT: i64 = 1_772_000_000;
const SECRET: &str = "whsec_current";
const OLD_SECRET: &str = "whsec_previous";

fn verify_with(header: &str, body: &[u8], secrets: &[&str], now: i64) -> Result<(), SignatureError> {
    let secrets: Vec<Secret> = secrets.iter().map(|s| Secret::parse(s).expect("not empty")).collect();
    let value = HeaderValue::from_bytes(header.as_bytes()).expect("a header value");
    let headers = HeaderMap::from_iter([("Stripe-Signature".parse().expect("a header name"), value)]);
    let now = Timestamp::from_second(now).expect("in range");
    let stripe = by_name("stripe").expect("stripe is a source");
    let verified = stripe.verify(Unverified::new(&headers, body), &secrets, now)?;
    assert_eq!(verified.body(), body);
    Ok(())
}

fn verify(header: &str) -> Result<(), SignatureError> {
    verify_with(header, BODY, &[SECRET], AT)
}

#[test]
fn o19_a_good_signature_is_believed_in_every_form_stripe_sends() {
    for header in [
        format!("t={AT},v1={SIGNED}"),
        format!("v1={SIGNED},t={AT}"),
        format!("t={AT}, v1={SIGNED}"),
        format!("t={AT},v1={SIGNED},v0={}", "ab".repeat(32)),
        format!("t={AT},v1={},v1={SIGNED}", "ab".repeat(32)),
        format!("t={AT},v1=not-hexadecimal,v1={SIGNED}"),
        format!("t={AT},v1={SIGNED},v2=later,flag"),
    ] {
        assert_eq!(verify(&header), Ok(()), "{header}");
    }
}

#[test]
fn o19_rotation_takes_the_old_secret_and_the_new() {
    let both = [SECRET, OLD_SECRET];
    for signature in [SIGNED, SIGNED_OLD] {
        assert_eq!(verify_with(&format!("t={AT},v1={signature}"), BODY, &both, AT), Ok(()));
    }
    let header = format!("t={AT},v1={SIGNED_OLD}");
    assert_eq!(verify_with(&header, BODY, &[SECRET], AT), Err(SignatureError::Mismatch));
}

#[test]
fn f30_a_header_that_proves_nothing_is_refused_with_its_reason() {
    use SignatureError::{Malformed, Mismatch, Missing, TooMany};
    let wrong = "ab".repeat(32);
    for (header, expected) in [
        (String::new(), Missing),
        ("  ".into(), Missing),
        ("garbage".into(), Malformed),
        ("t=,v1=".into(), Malformed),
        ("=,=,=".into(), Malformed),
        (format!("v1={SIGNED}"), Malformed),
        (format!("t={AT}"), Malformed),
        (format!("t={AT},v0={SIGNED}"), Malformed),
        (format!("t={AT},v1={}", SIGNED.to_uppercase()), Malformed),
        (format!("t={AT},v1={}", &SIGNED[1..]), Malformed),
        (format!("t={AT},v1={SIGNED}00"), Malformed),
        (format!("t={AT},v1={}", "zz".repeat(32)), Malformed),
        (format!("t={AT},t={AT},v1={SIGNED}"), Malformed),
        (format!("t={AT},v1={SIGNED}é"), Malformed),
        (format!("t={AT},v1={wrong}"), Mismatch),
        (format!("t={},v1={SIGNED}", AT + 1), Mismatch),
        (format!("t=0{AT},v1={SIGNED}"), Mismatch),
        (format!("t={AT}{}", format!(",v1={wrong}").repeat(64) + ",v1=" + SIGNED), TooMany),
    ] {
        assert_eq!(verify(&header), Err(expected), "{header}");
    }
}

#[test]
fn f30_no_header_or_two_headers_are_refused() {
    let stripe = by_name("stripe").expect("stripe is a source");
    let secrets = [Secret::parse(SECRET).expect("not empty")];
    let now = Timestamp::from_second(AT).expect("in range");
    let mut headers = HeaderMap::new();
    let refused = |headers: &HeaderMap| {
        stripe.verify(Unverified::new(headers, BODY), &secrets, now).expect_err("refused")
    };
    assert_eq!(refused(&headers), SignatureError::Missing);
    let good = HeaderValue::try_from(format!("t={AT},v1={SIGNED}")).expect("a header value");
    headers.append("stripe-signature", good.clone());
    headers.append("stripe-signature", good);
    assert_eq!(refused(&headers), SignatureError::Malformed);
}

#[test]
fn f33_one_changed_byte_of_the_body_is_refused() {
    let header = format!("t={AT},v1={SIGNED}");
    let reserialised: &[u8] = b"{\"id\": \"evt_1\", \"type\": \"invoice.paid\"}\n";
    for body in [&BODY[..BODY.len() - 1], &BODY[1..], b"", reserialised] {
        assert_eq!(verify_with(&header, body, &[SECRET], AT), Err(SignatureError::Mismatch));
    }
}

#[test]
fn f32_the_window_is_300_seconds_on_both_sides() {
    let header = format!("t={AT},v1={SIGNED}");
    for (offset, expected) in [
        (0, Ok(())),
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(SignatureError::Stale)),
        (-301, Err(SignatureError::Stale)),
        (-AT, Err(SignatureError::Stale)),
    ] {
        assert_eq!(verify_with(&header, BODY, &[SECRET], AT + offset), expected, "{offset}");
    }
}

#[test]
fn f32_an_impossible_time_is_malformed() {
    for time in ["-1", "+1772000000", "1e9", "1772000000.5", " ", "18446744073709551615", "٣"] {
        assert_eq!(verify(&format!("t={time},v1={SIGNED}")), Err(SignatureError::Malformed), "{time}");
    }
}

#[test]
fn o19_without_a_secret_nothing_is_believed_not_even_the_empty_key_s_signature() {
    for signature in [SIGNED, SIGNED_EMPTY_KEY] {
        let header = format!("t={AT},v1={signature}");
        assert_eq!(verify_with(&header, BODY, &[], AT), Err(SignatureError::NoSecret));
    }
    let header = format!("t={AT},v1={SIGNED_EMPTY_KEY}");
    assert_eq!(verify_with(&header, BODY, &[SECRET], AT), Err(SignatureError::Mismatch));
}

#[test]
fn o19_the_work_for_a_forged_request_is_bounded() {
    let header = format!("t={AT},v1={SIGNED}");
    let mut secrets = vec![OLD_SECRET; MAX_SECRETS];
    secrets[MAX_SECRETS - 1] = SECRET;
    assert_eq!(verify_with(&header, BODY, &secrets, AT), Ok(()));
    secrets.push(SECRET);
    assert_eq!(verify_with(&header, BODY, &secrets, AT), Err(SignatureError::TooManySecrets));
}

#[test]
fn o19_what_sign_makes_is_the_known_answer() {
    let stripe = by_name("stripe").expect("stripe is a source");
    let secret = Secret::parse(SECRET).expect("not empty");
    let at = Timestamp::from_second(AT).expect("in range");
    let headers = stripe.sign(BODY, &secret, at, "").expect("symmetric").headers;
    assert_eq!(headers["stripe-signature"], format!("t={AT},v1={SIGNED}"));
}

#[test]
fn i11_nothing_of_the_request_shows_in_debug_or_in_an_error() {
    let stripe = by_name("stripe").expect("stripe is a source");
    let secret = Secret::parse(SECRET).expect("not empty");
    let at = Timestamp::from_second(AT).expect("in range");
    let body = b"{\"id\":\"evt_seeded\"";
    let headers = stripe.sign(body, &secret, at, "").expect("symmetric").headers;
    let request = Unverified::new(&headers, body);
    let verified = stripe.verify(request, &[secret], at).expect("just signed");
    let error = stripe.normalise(&verified).expect_err("truncated");
    let shown = format!("{request:?} {verified:?} {error:?} {error} {}", SignatureError::Mismatch);
    assert!(!shown.contains("seeded") && !shown.contains("v1="), "{shown}");
}
