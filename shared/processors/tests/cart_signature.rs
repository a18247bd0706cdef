//! Signatures of stores: two families of header names, secrets that were typed into a form, and a question that is unsigned.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::{Habits, MAX_SECRETS, Processor, SignatureError, Unverified, by_name};

fn source(name: &str) -> &'static dyn Processor {
    by_name(name).expect("a source")
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("fit")
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let (name, value) = (HeaderName::try_from(*name), HeaderValue::try_from(*value));
        headers.append(name.expect("a name"), value.expect("a value"));
    }
    headers
}

fn verify(name: &str, headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> Result<(), SignatureError> {
    source(name).verify(Unverified::new(headers, body), secrets, Timestamp::UNIX_EPOCH).map(drop)
}

/// What the source sends in its header for a body.
fn mac(name: &str, body: &[u8], key: &str) -> String {
    let signed = source(name).sign(body, &secret(key), Timestamp::UNIX_EPOCH, "").expect("symmetric");
    let value = signed.headers.values().next().expect("one header");
    value.to_str().expect("base64").to_owned()
}

const BODY: &[u8] = br#"{"id":820982911946154509}"#;

#[test]
fn o19_either_family_of_names_is_believed_and_a_second_header_of_one_name_is_not() {
    let good = mac("shopify", BODY, "shpss_one");
    let secrets = [secret("shpss_one")];
    for (pairs, expected) in [
        (vec![("x-shopify-hmac-sha256", good.as_str())], Ok(())),
        (vec![("shopify-hmac-sha256", &good)], Ok(())),
        (vec![("X-Shopify-Hmac-SHA256", &good), ("shopify-hmac-sha256", "AAAA")], Ok(())),
        (
            vec![("x-shopify-hmac-sha256", "AAAA"), ("shopify-hmac-sha256", &good)],
            Err(SignatureError::Malformed),
        ),
        (
            vec![("x-shopify-hmac-sha256", &good), ("x-shopify-hmac-sha256", &good)],
            Err(SignatureError::Malformed),
        ),
        (
            vec![("shopify-hmac-sha256", &good), ("shopify-hmac-sha256", &good)],
            Err(SignatureError::Malformed),
        ),
        (vec![("x-shopify-hmac", &good)], Err(SignatureError::Missing)),
        (vec![("x-wc-webhook-signature", &good)], Err(SignatureError::Missing)),
    ] {
        assert_eq!(verify("shopify", &headers(&pairs), BODY, &secrets), expected, "{pairs:?}");
    }
}

#[test]
fn o19_a_topic_is_not_signed_and_a_changed_body_is_not_believed() {
    let good = mac("shopify", BODY, "shpss_one");
    let secrets = [secret("shpss_one")];
    for topic in ["orders/paid", "orders/cancelled"] {
        let pairs = [("x-shopify-topic", topic), ("x-shopify-hmac-sha256", good.as_str())];
        assert_eq!(verify("shopify", &headers(&pairs), BODY, &secrets), Ok(()));
        for body in [&b"{\"id\":820982911946154500}"[..], b"", b" ", &BODY[..BODY.len() - 1]] {
            assert_eq!(verify("shopify", &headers(&pairs), body, &secrets), Err(SignatureError::Mismatch));
        }
    }
}

#[test]
fn o19_without_a_secret_nothing_is_believed_and_with_too_many_neither() {
    for (name, header) in [("shopify", "x-shopify-hmac-sha256"), ("woocommerce", "x-wc-webhook-signature")] {
        let headers = headers(&[(header, &mac(name, BODY, "one"))]);
        assert_eq!(verify(name, &headers, BODY, &[]), Err(SignatureError::NoSecret), "{name}");
        let mut many = vec![secret("another"); MAX_SECRETS - 1];
        many.push(secret("one"));
        assert_eq!(verify(name, &headers, BODY, &many), Ok(()), "{name}");
        many.insert(0, secret("another"));
        assert_eq!(verify(name, &headers, BODY, &many), Err(SignatureError::TooManySecrets), "{name}");
    }
}

#[test]
fn o19_a_store_s_secret_is_good_as_it_was_typed_and_as_it_is_kept() {
    for (typed, kept) in [
        ("a&b", "a&amp;b"),
        ("<-tag->", "&lt;-tag-&gt;"),
        ("\"quoted\"", "&quot;quoted&quot;"),
        ("it's", "it&#039;s"),
        ("plain", "plain"),
    ] {
        let headers = headers(&[("x-wc-webhook-signature", &mac("woocommerce", BODY, kept))]);
        let typed_too = if typed.starts_with('<') { None } else { Some(typed) };
        for configured in [Some(kept), typed_too].into_iter().flatten() {
            assert_eq!(verify("woocommerce", &headers, BODY, &[secret(configured)]), Ok(()), "{configured}");
        }
        let other = [secret("a&lt;b")];
        assert_eq!(verify("woocommerce", &headers, BODY, &other), Err(SignatureError::Mismatch), "{typed}");
    }
}

#[test]
fn o20_the_ping_of_a_saved_webhook_is_answered_and_nothing_else_unsigned_is() {
    let woocommerce = source("woocommerce");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let greeted = |query: &str, pairs: &[(&str, &str)], body: &[u8]| {
        let headers = headers(pairs);
        woocommerce.greet(query, Unverified::new(&headers, body), &[secret("one")]).is_some()
    };
    assert!(greeted("", &[form], b"webhook_id=4"));
    assert!(greeted(
        "",
        &[("content-type", "application/x-www-form-urlencoded; charset=UTF-8")],
        b"webhook_id=4711"
    ));
    let signature = ("x-wc-webhook-signature", "AAAA");
    for (query, pairs, body) in [
        ("", vec![], &b"webhook_id=4"[..]),
        ("", vec![("content-type", "application/json")], b"webhook_id=4"),
        ("", vec![form, signature], b"webhook_id=4"),
        ("webhook_id=4", vec![form], b"webhook_id=4"),
        ("webhook_id=4", vec![form], b""),
        ("", vec![form], b""),
        ("", vec![form], b"webhook_id="),
        ("", vec![form], b"webhook_id=4&x=1"),
        ("", vec![form], b"webhook_id=-4"),
        ("", vec![form], b"webhook_id=4\n"),
        ("", vec![form], b"webhook_id=111111111111111111111"),
        ("", vec![form], b"{\"id\":727}"),
    ] {
        assert!(!greeted(query, &pairs, body), "{query} {pairs:?} {}", String::from_utf8_lossy(body));
    }
    let headers = headers(&[form]);
    let shopify = source("shopify").greet("", Unverified::new(&headers, b"webhook_id=4"), &[secret("one")]);
    assert_eq!(shopify, None);
    assert_eq!(
        verify("woocommerce", &headers, b"webhook_id=4", &[secret("one")]),
        Err(SignatureError::Missing)
    );
}

#[test]
fn o21_what_a_store_does_with_a_failed_delivery_is_known() {
    assert_eq!(source("shopify").habits(), Habits::UNTIMED);
    assert_eq!(source("woocommerce").habits(), Habits { redelivers: false, ..Habits::UNTIMED });
}
