//! The known answers and payloads of the shared fixtures, where that folder is at hand.
//!
//! `RECOUP_FIXTURES` names it; without that it is looked for beside the repository. Its payloads are read from there and
//! never copied: what is kept is only what they come to (`shared.golden`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Fact, Secret};
use recoup_processors::{Status, Unverified, Verified, by_name, standard_webhooks};
use serde_json::Value;

/// The folder; `None`, said aloud, when it is not there.
fn fixtures() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let dir = option_env!("RECOUP_FIXTURES").map_or(beside, PathBuf::from);
    if dir.join("webhooks").is_dir() {
        return Some(dir);
    }
    #[expect(clippy::print_stderr, reason = "a test says what it skips")]
    {
        eprintln!("skipped: the shared fixtures are not at {}", dir.display());
    }
    None
}

fn header_map(headers: &Value) -> HeaderMap {
    let pair = |(name, value): (&String, &Value)| {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_str()?.as_bytes()).ok()?))
    };
    headers.as_object().into_iter().flatten().filter_map(pair).collect()
}

#[test]
fn o50_every_shared_payload_is_normalised_or_ignored_on_purpose() {
    let Some(dir) = fixtures() else { return };
    let text = fs::read_to_string(dir.join("webhooks/HEADERS.json")).expect("readable");
    let sent: Value = serde_json::from_str(&text).expect("JSON");
    let mut golden = BTreeMap::new();
    for folder in
        fs::read_dir(dir.join("webhooks")).expect("readable").map(|entry| entry.expect("readable").path())
    {
        let name = folder.file_name().expect("named").to_string_lossy().into_owned();
        let Some(source) = by_name(&name).filter(|_| folder.is_dir()) else { continue };
        for path in fs::read_dir(&folder).expect("readable").map(|entry| entry.expect("readable").path()) {
            let file = format!("{name}/{}", path.file_name().expect("named").to_string_lossy());
            // Answers of an API and requests to one, not webhooks.
            let webhook = !["fetchback.", "rest.", "verify-webhook"].iter().any(|other| file.contains(other));
            let headers = header_map(&sent["headers"][&file]);
            let body = carried(fs::read(&path).expect("readable"));
            if webhook {
                golden.insert(file, came_to(source.normalise(&Verified::recorded(&headers, &body))));
            }
        }
    }
    let lines = golden.iter().fold(String::new(), |mut lines, (file, line)| {
        writeln!(lines, "{file}: {line}").expect("a string");
        lines
    });
    expect_test::expect_file!["shared.golden"].assert_eq(&lines);
    assert!(!lines.contains(": error"), "a payload that cannot be read");
}

/// Braintree's are kept as the form that was posted; what is normalised is the notification inside.
fn carried(file: Vec<u8>) -> Vec<u8> {
    let form: Value = serde_json::from_slice(&file).unwrap_or_default();
    match form["bt_payload"].as_str() {
        Some(payload) => STANDARD.decode(payload.replace('\n', "")).expect("base64"),
        None => file,
    }
}

fn came_to(read: Result<recoup_processors::Normalised, recoup_processors::NormaliseError>) -> String {
    match read {
        Err(error) => format!("error {}", error.code()),
        Ok(normalised) => match normalised.status {
            Status::Ignored(why) => format!("ignored, {}", why.code()),
            Status::Asks => format!("asks {}", normalised.asks.len()),
            Status::Recognised => {
                let kinds = normalised.events.iter().map(|event| kind(&event.fact));
                kinds.collect::<Vec<_>>().join(", ")
            }
        },
    }
}

fn kind(fact: &Fact) -> &'static str {
    let one_time = matches!(fact, Fact::PaymentFailed(failed) if failed.one_time);
    if one_time { "payment_failed of one order" } else { fact.kind() }
}

/// The vectors of Standard Webhooks that are to be accepted and were signed with one shared key.
fn vectors_of_standard_webhooks(all: &Value) -> Vec<&Value> {
    let vectors = all["vectors"].as_array().expect("a list").iter();
    let ours = |vector: &&Value| {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        vector["scheme"] == "standard_webhooks"
            && vector["expect"] == "accept"
            && names.iter().all(|name| vector["headers"][name].is_string())
    };
    vectors.filter(ours).collect()
}

#[test]
fn o19_what_is_signed_here_is_what_the_official_library_signs() {
    let Some(dir) = fixtures() else { return };
    let text = fs::read_to_string(dir.join("signatures.json")).expect("readable");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let vectors = vectors_of_standard_webhooks(&all);
    assert!(vectors.len() >= 4, "{}", vectors.len());
    for vector in vectors {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let header = |name: &str| text(&vector["headers"][name]);
        let secret = Secret::parse(&text(&vector["secret"])).expect("not empty");
        let second = header("webhook-timestamp").parse().expect("seconds");
        let at = Timestamp::from_second(second).expect("in range");
        let body = STANDARD.decode(text(&vector["body_base64"])).expect("base64");
        let signed = standard_webhooks::sign(&secret, &header("webhook-id"), at, &body).expect("signs");
        assert_eq!(signed["webhook-id"], header("webhook-id"));
        assert_eq!(signed["webhook-timestamp"], header("webhook-timestamp"));
        let ours = signed["webhook-signature"].to_str().expect("plain");
        // In rotation a sender signs under each of its secrets.
        assert!(header("webhook-signature").split(' ').any(|theirs| theirs == ours), "{}", vector["id"]);
        let request = Unverified::new(&signed, &body);
        let source = by_name("standard_webhooks").expect("in this build");
        assert!(source.verify(request, &[secret], at).is_ok(), "{}", vector["id"]);
    }
}

#[test]
fn f31_what_cannot_sign_signs_nothing() {
    let at = Timestamp::from_second(1_772_000_000).expect("in range");
    let sign = |secret: &str, id: &str| {
        standard_webhooks::sign(&Secret::parse(secret).expect("not empty"), id, at, b"{}").is_some()
    };
    let good = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
    assert!(sign(good, "end_1"));
    for secret in
        ["whpk_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", "whsec_AQID", "whsk_AQID", "not base64"]
    {
        assert!(!sign(secret, "end_1"), "{secret}");
    }
    for id in ["", "two words", "line\nbreak", "é", &"x".repeat(129)] {
        assert!(!sign(good, id), "{id}");
    }
}
