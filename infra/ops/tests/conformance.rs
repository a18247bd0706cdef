//! The verifier and the normaliser against known answers that were made elsewhere.
//!
//! Walks the folder in `RECOUP_FIXTURES`, else `../shared/fixtures` beside the workspace; without either only the
//! project's own fixtures are walked, and the test says so.

#![expect(clippy::print_stderr, reason = "a test that skips says what it skipped")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recoup_ops::webhook::EventLine;
use recoup_ops::webhook::conformance::{PayloadStatus, VectorVerdict, payloads, vectors};
use serde_json::Value;

/// Schemes of message providers, whose crate holds their vectors.
const OF_PROVIDERS: [&str; 2] = ["meta_whatsapp", "twilio"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Fixtures {
    dir: PathBuf,
    /// Whether it is the folder that the golden was written for, and not one that somebody chose.
    listed: bool,
}

/// The folder of known answers, if there is one here.
#[expect(
    clippy::disallowed_methods,
    reason = "the variable chooses what a test reads, nothing a function does"
)]
fn shared_fixtures() -> Option<Fixtures> {
    if let Some(given) = std::env::var_os("RECOUP_FIXTURES") {
        let dir = PathBuf::from(given);
        assert!(dir.is_dir(), "RECOUP_FIXTURES is not a folder: {}", dir.display());
        return Some(Fixtures { dir, listed: false });
    }
    let dir = workspace().join("../shared/fixtures");
    if !dir.is_dir() {
        eprintln!(
            "skipped: no RECOUP_FIXTURES and no ../shared/fixtures, so only the project's own fixtures"
        );
        return None;
    }
    Some(Fixtures { dir, listed: true })
}

#[test]
fn o19_every_signature_vector_gets_its_verdict() {
    let Some(Fixtures { dir, .. }) = shared_fixtures() else { return };
    let path = dir.join("signatures.json");
    let file: Value = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
    let expected: BTreeMap<&str, (&str, &str)> = file["vectors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|vector| {
            let text = |member: &str| vector[member].as_str().expect("text");
            (text("id"), (text("scheme"), text("expect")))
        })
        .collect();
    let mut checked = 0;
    for line in vectors(&path).expect("a file of vectors") {
        let (scheme, expect) = expected[line.id.as_str()];
        let verdict = match line.verdict {
            VectorVerdict::Accept => "accept",
            VectorVerdict::Reject => "reject",
            VectorVerdict::Unsupported => {
                assert!(OF_PROVIDERS.contains(&scheme), "{} has a scheme that nobody reads", line.id);
                continue;
            }
        };
        assert_eq!(verdict, expect, "{} {:?}", line.id, line.reason);
        assert_eq!(line.reason.is_some(), expect == "reject", "{}", line.id);
        checked += 1;
    }
    let ours = expected.values().filter(|(scheme, _)| !OF_PROVIDERS.contains(scheme)).count();
    assert_eq!(checked, ours, "every vector has a line");
}

#[test]
fn o20_every_payload_is_recognised_or_ignored_on_purpose() {
    let Some(Fixtures { dir, listed }) = shared_fixtures() else { return };
    let golden = workspace().join("shared/processors/tests/sources/shared.golden");
    let golden = fs::read_to_string(golden).expect("readable");
    let table: BTreeMap<&str, &str> = golden.lines().filter_map(|line| line.split_once(": ")).collect();
    let mut checked = 0;
    for line in payloads(&dir.join("webhooks")).expect("a folder of payloads") {
        let settled = !matches!(line.status, PayloadStatus::Refused | PayloadStatus::Unsupported);
        assert!(settled, "{} {:?}", line.file, line.reason);
        let kind = |event: &EventLine| {
            let of_one_order = if event.one_time { " of one order" } else { "" };
            format!("{}{of_one_order}", event.kind)
        };
        let kinds: Vec<String> = line.events.iter().map(kind).collect();
        let Some(expected) = table.get(line.file.as_str()) else {
            assert!(!listed, "{} is not in the golden", line.file);
            continue;
        };
        let none = expected.starts_with("ignored") || expected.starts_with("asks");
        let expected = if none { "" } else { expected };
        assert_eq!(kinds.join(", "), expected, "{}", line.file);
        checked += 1;
    }
    assert!(!listed || checked > 180, "{checked} listed payloads");
}

#[test]
fn o20_the_project_s_own_payloads_walk_without_a_refusal() {
    let lines = payloads(&workspace().join("shared/processors/fixtures")).expect("a folder of payloads");
    assert!(lines.len() >= 40, "{}", lines.len());
    for line in lines {
        let settled = matches!(line.status, PayloadStatus::Recognised | PayloadStatus::Ignored);
        assert!(settled, "{} {:?}", line.file, line.reason);
    }
}
