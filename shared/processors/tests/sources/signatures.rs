//! Known answers of every scheme, and what must hold for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::{Processor, SignatureError, Signed, Unverified, all, recorded};
use serde::Deserialize;

use crate::{bodies, folder, headers};

/// What a vector shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// As the source sends it.
    Valid,
    /// The body or the headers were changed after signing; where only a password is sent, another one.
    Tampered,
    /// Signed under the one of two secrets that is being replaced.
    Rotated,
    /// Too old or too far ahead: only where a time is signed.
    Expired,
    /// Anything else that must be refused.
    Malformed,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Trust {
    Given,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    kind: Kind,
    secrets: Vec<String>,
    now: i64,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    body_base64: Option<String>,
    #[serde(default)]
    url: String,
    #[serde(default)]
    certificates: Option<String>,
    /// Whether the certificate is trusted as it is given: for a source whose own key nobody else has.
    #[serde(default)]
    trust: Option<Trust>,
    /// `accept`, or the code of the refusal.
    expect: String,
}

fn vectors(source: &dyn Processor) -> Vec<Vector> {
    let path = folder(source).join("signatures.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn verdict(source: &dyn Processor, vector: &Vector) -> String {
    let secrets: Vec<Secret> = vector.secrets.iter().filter_map(|text| Secret::parse(text).ok()).collect();
    let headers: HeaderMap = vector
        .headers
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            (HeaderName::try_from(name.as_str()).expect("a name"), value)
        })
        .collect();
    let decoded = vector.body_base64.as_ref().map(|text| STANDARD.decode(text).expect("base64"));
    let body = decoded.as_deref().unwrap_or(vector.body.as_bytes());
    let certificates = vector.certificates.as_ref().map(String::as_bytes);
    let request = Unverified { certificates, ..Unverified::new(&headers, body).at(&vector.url) };
    let now = Timestamp::from_second(vector.now).expect("in range");
    let allowed = source.certificate_url(request);
    let verified = allowed.and_then(|_| match vector.trust {
        None => source.verify(request, &secrets, now).map(drop),
        Some(Trust::Given) => {
            assert_eq!(source.name(), "paypal", "the only source that nobody else can sign for");
            let tried = secrets.iter().map(|secret| recorded::paypal(request, secret.expose(), now));
            tried.reduce(Result::or).unwrap_or(Err(SignatureError::NoSecret))
        }
    });
    match verified {
        Ok(()) => "accept".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

#[test]
fn o19_every_source_gives_the_known_answers_of_its_scheme() {
    for source in all() {
        let mut kinds = BTreeSet::new();
        for vector in vectors(source) {
            assert_eq!(verdict(source, &vector), vector.expect, "{} {}", source.name(), vector.id);
            let accepted = vector.expect == "accept";
            assert_eq!(accepted, matches!(vector.kind, Kind::Valid | Kind::Rotated), "{}", vector.id);
            kinds.insert(vector.kind);
        }
        let mut wanted = BTreeSet::from([Kind::Valid, Kind::Tampered, Kind::Rotated]);
        wanted.extend(source.habits().tolerance.map(|_| Kind::Expired));
        assert!(kinds.is_superset(&wanted), "{} shows only {kinds:?}", source.name());
    }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("not empty")
}

const URL: &str = "https://hooks.example.com/webhooks/source";

/// Secrets in each form that some scheme reads: any text, hexadecimal, a Standard Webhooks key, a pair.
fn forms() -> [[Secret; 2]; 4] {
    [
        ["whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", "whsec_GBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIB"].map(secret),
        ["0a0b0c0d0e0f", "0f0e0d0c0b0a"].map(|half| secret(&half.repeat(5))),
        ["user:first password", "user:second password"].map(secret),
        ["plain text of a key", "another text of a key"].map(secret),
    ]
}

/// The secrets a source takes, and what it sends with the first of them.
fn signed(source: &dyn Processor, now: Timestamp) -> Option<([Secret; 2], Signed)> {
    let path = bodies(source).into_iter().next().expect("a fixture");
    let (own, body) = (headers(&path), fs::read(path).expect("readable"));
    forms().into_iter().find_map(|secrets| {
        let mut signed = source.sign(&body, &secrets[0], now, URL)?;
        signed.headers.extend(own.clone());
        let request = Unverified::new(&signed.headers, &signed.body).at(URL);
        source.verify(request, &secrets[..1], now).is_ok().then_some((secrets, signed))
    })
}

#[test]
fn o19_what_a_source_signs_is_believed_and_no_changed_byte_other_secret_or_late_hour_is() {
    let now = Timestamp::from_second(1_772_000_000).expect("in range");
    for source in all() {
        let name = source.name();
        let habits = source.habits();
        let Some((secrets, signed)) = signed(source, now) else {
            assert!(name == "paypal" || !habits.signs_body, "{name} signs nothing that it believes");
            continue;
        };
        let verify = |body: &[u8], secrets: &[Secret], now| {
            source.verify(Unverified::new(&signed.headers, body).at(URL), secrets, now).map(drop)
        };
        assert_eq!(verify(&signed.body, &secrets, now), Ok(()), "{name}: both secrets of a rotation");
        let swapped = [secrets[1].clone(), secrets[0].clone()];
        assert_eq!(verify(&signed.body, &swapped, now), Ok(()), "{name}: in the other order");
        assert!(verify(&signed.body, &secrets[1..], now).is_err(), "{name}: another secret");
        assert_eq!(verify(&signed.body, &[], now), Err(SignatureError::NoSecret), "{name}");
        let bare = HeaderMap::new();
        if signed.body == fs::read(&bodies(source)[0]).expect("readable") {
            let refused = source.verify(Unverified::new(&bare, &signed.body).at(URL), &secrets, now);
            assert!(refused.is_err(), "{name}: without headers");
        }
        if habits.signs_body {
            for at in [0, signed.body.len() / 2, signed.body.len() - 1] {
                let mut changed = signed.body.clone();
                changed[at] ^= 1;
                assert!(verify(&changed, &secrets, now).is_err(), "{name}: byte {at} changed");
            }
        }
        let off = |seconds: i64| Timestamp::from_second(1_772_000_000 + seconds).expect("in range");
        match habits.tolerance.map(|tolerance| i64::try_from(tolerance).expect("small")) {
            Some(tolerance) => {
                for edge in [-tolerance, tolerance] {
                    assert_eq!(verify(&signed.body, &secrets, off(edge)), Ok(()), "{name}: {edge} s");
                    let beyond = off(edge + edge.signum());
                    assert_eq!(verify(&signed.body, &secrets, beyond), Err(SignatureError::Stale), "{name}");
                }
            }
            None => {
                assert_eq!(verify(&signed.body, &secrets, off(86_400)), Ok(()), "{name}: no time is signed");
            }
        }
    }
}
