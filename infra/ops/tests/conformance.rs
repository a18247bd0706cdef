//! The verifier and the normaliser against known answers that were made elsewhere.
//!
//! Walks the folder in `RECOUP_FIXTURES`, else `../shared/fixtures` beside the workspace; without either only the
//! project's own fixtures are walked, and the test says so.

#![expect(clippy::print_stderr, reason = "a test that skips says what it skipped")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recoup_ops::webhook::conformance::{PayloadStatus, VectorVerdict, payloads, vectors};
use recoup_processors::by_name;
use serde_json::Value;

/// What each payload of Stripe must give.
const STRIPE: &[(&str, &[&str])] = &[
    ("charge.dispute.created.2020-08-27", &["dispute_opened"]),
    ("charge.dispute.funds_reinstated.2017-12-14", &[]),
    ("charge.failed.2020-08-27", &[]),
    ("charge.refund.updated.2025-04-30.basil", &[]),
    ("charge.refunded.2020-08-27", &["refunded"]),
    ("checkout.session.completed.2020-08-27", &[]),
    ("checkout.session.completed.2025-03-31.basil", &[]),
    ("customer.subscription.deleted.2020-08-27", &["subscription_cancelled", "subscription_cancelled"]),
    ("customer.subscription.deleted.2025-03-31.basil", &["subscription_cancelled", "subscription_cancelled"]),
    ("customer.subscription.updated.2020-08-27", &[]),
    ("customer.subscription.updated.2025-03-31.basil", &[]),
    ("customer.updated.2020-08-27", &[]),
    ("customer.updated.2025-03-31.basil", &[]),
    ("invoice.finalized.2020-08-27", &[]),
    ("invoice.paid.2020-08-27", &["paid"]),
    ("invoice.payment_action_required.2020-08-27", &["payment_failed"]),
    ("invoice.payment_action_required.2025-02-24.acacia", &["payment_failed"]),
    ("invoice.payment_failed.2020-08-27", &["payment_failed"]),
    ("invoice.payment_failed.2025-03-31.basil", &["payment_failed"]),
    ("invoice.payment_succeeded.2020-08-27", &["paid"]),
    ("invoice.upcoming.unversioned", &[]),
    ("payment_intent.canceled.2025-04-30.basil", &["voided"]),
    ("payment_intent.payment_failed.2020-08-27", &["payment_failed"]),
    ("payment_intent.payment_failed.2025-04-30.basil", &["payment_failed"]),
    ("payment_intent.requires_action.2020-08-27", &[]),
    ("payment_intent.succeeded.2020-08-27", &["paid"]),
    ("payment_method.attached.2020-08-27", &[]),
    ("payment_method.detached.2025-04-30.basil", &[]),
    ("payment_method.updated.2025-03-31.basil", &[]),
    ("setup_intent.setup_failed.2020-08-27", &[]),
    ("setup_intent.succeeded.2025-04-30.basil", &[]),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Fixtures {
    dir: PathBuf,
    /// Whether it is the folder that [`STRIPE`] was written for, and not one that somebody chose.
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

fn say_skipped(what: &str, skipped: &BTreeMap<String, usize>) {
    let list: Vec<String> = skipped.iter().map(|(name, count)| format!("{name} {count}")).collect();
    eprintln!("skipped {what} of sources this build does not read: {}", list.join(", "));
}

#[test]
fn o19_every_signature_vector_of_a_known_scheme_gets_its_verdict() {
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
    let (mut checked, mut skipped) = (0, BTreeMap::<String, usize>::new());
    for line in vectors(&path).expect("a file of vectors") {
        let (scheme, expect) = expected[line.id.as_str()];
        let verdict = match line.verdict {
            VectorVerdict::Accept => "accept",
            VectorVerdict::Reject => "reject",
            VectorVerdict::Unsupported => {
                assert!(by_name(scheme).is_none(), "{} is of a source this build reads", line.id);
                *skipped.entry(scheme.to_owned()).or_default() += 1;
                continue;
            }
        };
        assert_eq!(verdict, expect, "{} {:?}", line.id, line.reason);
        assert_eq!(line.reason.is_some(), expect == "reject", "{}", line.id);
        checked += 1;
    }
    let known = expected.values().filter(|(scheme, _)| by_name(scheme).is_some()).count();
    assert_eq!(checked, known, "every vector of a known scheme has a line");
    say_skipped("signature vectors", &skipped);
}

#[test]
fn o20_every_payload_of_a_known_source_is_recognised_or_ignored_on_purpose() {
    let Some(Fixtures { dir, listed }) = shared_fixtures() else { return };
    let table: BTreeMap<&str, &[&str]> = STRIPE.iter().copied().collect();
    let (mut checked, mut skipped) = (0, BTreeMap::<String, usize>::new());
    for line in payloads(&dir.join("webhooks")).expect("a folder of payloads") {
        let (source, name) = line.file.split_once('/').expect("source and name");
        if line.status == PayloadStatus::Unsupported {
            assert!(by_name(source).is_none(), "{} is of a source this build reads", line.file);
            *skipped.entry(source.to_owned()).or_default() += 1;
            continue;
        }
        let kinds: Vec<&str> = line.events.iter().map(|event| event.kind).collect();
        let Some(expected) = table.get(name.trim_end_matches(".json")) else {
            assert!(!listed, "{} is not in the table: look at it and list it", line.file);
            eprintln!("not in the table: {} {:?} {kinds:?}", line.file, line.status);
            continue;
        };
        assert_eq!(kinds.as_slice(), *expected, "{} {:?}", line.file, line.reason);
        let status = if kinds.is_empty() { PayloadStatus::Ignored } else { PayloadStatus::Recognised };
        assert_eq!(line.status, status, "{}", line.file);
        checked += 1;
    }
    assert!(!listed || checked == STRIPE.len(), "{checked} of {} listed payloads", STRIPE.len());
    say_skipped("payloads", &skipped);
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
