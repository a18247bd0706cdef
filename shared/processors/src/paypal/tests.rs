//! The path of production from the headers to the verdict, with another root in the place of `DigiCert`'s: the certificates
//! and deliveries under `fixtures/paypal/certificates` were made by another implementation than ours.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rustls_pki_types::TrustAnchor;

use super::chain::{self, Trust};
use super::signature;
use crate::{SignatureError, Unverified};

const NOW: i64 = 1_772_000_000;
const WEBHOOK: &str = "5GP028458E2496506";
const LIVE: &str = "messageverificationcerts.paypal.com";
const SANDBOX: &str = "messageverificationcerts.sandbox.paypal.com";

fn file(name: &str) -> Vec<u8> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/paypal/certificates");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Calls back with the root that signed for the good certificates.
fn with_root<T>(then: impl FnOnce(Trust<'_>) -> T) -> T {
    let root = chain::certificates(&file("root.pem")).expect("a certificate");
    let anchor: TrustAnchor<'_> = webpki::anchor_from_trusted_cert(&root[0]).expect("an authority");
    then(Trust::Roots(&[anchor]))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("in range")
}

/// Whether a file holds a certificate for this name that is good now.
fn judge(
    name: &str,
    made_out_to: &'static str,
    now: Timestamp,
    trust: Trust<'_>,
) -> Result<(), SignatureError> {
    chain::leaf(&chain::certificates(&file(name))?, made_out_to, now, trust).map(drop)
}

#[test]
fn o19_a_certificate_is_followed_to_the_root_by_name_days_and_purpose() {
    let untrusted = Err(SignatureError::Untrusted);
    with_root(|trust| {
        for name in ["good.pem", "good.with-root.pem", "good.shuffled.pem"] {
            assert_eq!(judge(name, LIVE, at(NOW), trust), Ok(()), "{name}");
            assert_eq!(judge(name, SANDBOX, at(NOW), trust), untrusted, "{name} is of the other world");
        }
        assert_eq!(judge("good.sandbox.pem", SANDBOX, at(NOW), trust), Ok(()));
        assert_eq!(judge("good.sandbox.pem", LIVE, at(NOW), trust), untrusted);
        for name in [
            "bad.no-authority.pem",
            "bad.old-authority.pem",
            "bad.name.pem",
            "bad.common-name-only.pem",
            "bad.subdomain.pem",
            "bad.expired.pem",
            "bad.not-yet.pem",
            "bad.purpose.pem",
            "bad.self-signed.pem",
            "bad.other-root.pem",
            "bad.issued-by-a-leaf.pem",
            "bad.root-alone.pem",
            "bad.nine-certificates.pem",
        ] {
            assert_eq!(judge(name, LIVE, at(NOW), trust), untrusted, "{name}");
        }
        // The same file on the days when it was good: it is the day that was wrong above.
        assert_eq!(judge("bad.expired.pem", LIVE, at(1_720_000_000), trust), Ok(()));
        assert_eq!(judge("bad.old-authority.pem", LIVE, at(1_600_000_000), trust), Ok(()));
        assert_eq!(judge("good.pem", LIVE, at(-1), trust), untrusted);
    });
}

#[test]
fn o19_production_trusts_the_roots_of_digicert_and_nothing_else() {
    let Trust::Roots(roots) = Trust::digicert() else { panic!("production trusts roots") };
    assert!((4..=12).contains(&roots.len()), "{} roots", roots.len());
    for root in roots {
        let subject = String::from_utf8_lossy(root.subject.as_ref()).into_owned();
        assert!(subject.contains("DigiCert"), "{subject}");
    }
    for name in ["good.pem", "good.with-root.pem", "bad.self-signed.pem", "root.pem"] {
        assert_eq!(judge(name, LIVE, at(NOW), Trust::digicert()), Err(SignatureError::Untrusted), "{name}");
    }
}

#[test]
fn o19_a_delivery_is_believed_from_its_headers_to_its_root() {
    let deliveries: serde_json::Value = serde_json::from_slice(&file("delivery.json")).expect("JSON");
    let read = |world: &str| {
        let headers = deliveries[world]["headers"].as_object().expect("headers");
        let pair = |(name, value): (&String, &serde_json::Value)| {
            let value = HeaderValue::from_str(value.as_str().expect("text")).expect("a value");
            (HeaderName::try_from(name.as_str()).expect("a name"), value)
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        (headers, deliveries[world]["body"].as_str().expect("text").to_owned())
    };
    let verify = |headers: &HeaderMap, body: &str, pem: &str, webhooks: &[&str], trust: Trust<'_>| {
        let pem = file(pem);
        let request = Unverified { certificates: Some(&pem), ..Unverified::new(headers, body.as_bytes()) };
        signature::verify(request, webhooks, at(NOW), trust)
    };
    let ((live, body), (sandbox, boxed)) = (read("live"), read("sandbox"));
    with_root(|trust| {
        assert_eq!(verify(&live, &body, "good.pem", &[WEBHOOK], trust), Ok(()));
        assert_eq!(verify(&live, &body, "good.shuffled.pem", &["1JE4291016473214C", WEBHOOK], trust), Ok(()));
        assert_eq!(verify(&sandbox, &boxed, "good.sandbox.pem", &[WEBHOOK], trust), Ok(()));
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(verify(&live, "{}", "good.pem", &[WEBHOOK], trust), mismatch);
        assert_eq!(verify(&live, &body, "good.pem", &["1JE4291016473214C"], trust), mismatch);
        let untrusted = Err(SignatureError::Untrusted);
        assert_eq!(verify(&live, &body, "good.sandbox.pem", &[WEBHOOK], trust), untrusted);
        assert_eq!(verify(&sandbox, &boxed, "good.pem", &[WEBHOOK], trust), untrusted);
        assert_eq!(verify(&live, &body, "bad.self-signed.pem", &[WEBHOOK], trust), untrusted);
    });
    assert_eq!(
        verify(&live, &body, "good.pem", &[WEBHOOK], Trust::digicert()),
        Err(SignatureError::Untrusted),
        "the test's root is none of production's"
    );
}
