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
use recoup_processors::{Status, Verified, by_name};
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
                let kinds: Vec<_> = normalised.events.iter().map(|event| event.fact.kind()).collect();
                kinds.join(", ")
            }
        },
    }
}
