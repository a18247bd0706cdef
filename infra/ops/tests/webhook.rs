//! `recoup webhook`, run as a person runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors::by_name;
use serde_json::{Value, json};

const SECRET: &str = "whsec_of_the_test";
const AT: i64 = 1_772_000_000;

/// A folder of one test's own, emptied first.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a writable target folder");
    dir
}

fn fixture(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/processors/fixtures/stripe");
    fs::read(dir.join(name)).expect("the fixture is there")
}

fn signature(body: &[u8]) -> String {
    let secret = Secret::parse(SECRET).expect("not empty");
    let at = Timestamp::from_second(AT).expect("in range");
    let headers =
        by_name("stripe").and_then(|stripe| stripe.sign(body, &secret, at, "")).expect("symmetric").headers;
    headers["stripe-signature"].to_str().expect("ASCII").to_owned()
}

fn recoup(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_recoup")).args(args).output().expect("the binary runs")
}

fn check(dir: &Path, headers: &Value, body: &[u8], more: &[&str]) -> (Option<i32>, Value) {
    let (headers_path, body_path) = (dir.join("h.json"), dir.join("b.json"));
    fs::write(&headers_path, headers.to_string()).expect("writable");
    fs::write(&body_path, body).expect("writable");
    let paths = [headers_path.to_str().expect("UTF-8"), body_path.to_str().expect("UTF-8")];
    let given = ["webhook", "check", "--source", "stripe", "--headers", paths[0], "--body", paths[1]];
    let output = recoup(&[&given, more].concat());
    assert!(!String::from_utf8_lossy(&output.stderr).contains(SECRET));
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn o19_check_accepts_what_the_source_signed_and_shows_its_events() {
    let body = fixture("invoice.payment_failed.first.2020-08-27.json");
    let headers = json!({ "STRIPE-Signature": signature(&body), "Content-Type": "application/json" });
    let dir = folder("check_accepts");
    for now in [AT.to_string(), "2026-02-25T06:13:20Z".to_owned(), "2026-02-25T11:43:20+05:30".to_owned()] {
        let more = ["--secret", "whsec_other", "--secret", SECRET, "--now", &now, "--json"];
        let (code, answer) = check(&dir, &headers, &body, &more);
        let expected = json!({
            "verified": true,
            "reason": null,
            "events": [{
                "kind": "payment_failed",
                "event_id": "evt_1RexampleEvt01",
                "obligation": "in_1RexampleInv01",
                "amount_minor": 4900,
                "currency": "USD",
                "exponent": 2,
                "phone": "+14155550123",
                "decline_class": null,
                "attempt": 1,
                "next_attempt": "2026-02-28T06:13:20Z",
                "url": "https://invoice.stripe.com/i/acct_1RexampleAcct/test_YWNjdA01?s=ap",
            }],
        });
        assert_eq!((code, answer), (Some(0), expected));
    }
}

#[test]
fn o19_check_refuses_with_the_function_s_own_reason() {
    let body = fixture("invoice.paid.2025-03-31.basil.json");
    let good = json!({ "stripe-signature": [signature(&body)] });
    let now = AT.to_string();
    let dir = folder("check_refuses");
    let tampered = [&body[..], b" "].concat();
    let garbage = b"{\"id\":";
    let signed_garbage = json!({ "stripe-signature": signature(garbage) });
    for (headers, body, secret, now, verified, reason) in [
        (&good, &body[..], "whsec_other", now.as_str(), false, "signature_mismatch"),
        (&good, &tampered, SECRET, &now, false, "signature_mismatch"),
        (&json!({}), &body, SECRET, &now, false, "signature_missing"),
        (&json!({ "stripe-signature": "garbage" }), &body, SECRET, &now, false, "signature_malformed"),
        (&good, &body, SECRET, "1772000301", false, "signature_stale"),
        (&good, &body, SECRET, "1771999699", false, "signature_stale"),
        (&good, &body, "", &now, false, "secret_empty"),
        (&good, &body, "changeme", &now, false, "secret_placeholder"),
        (&signed_garbage, garbage, SECRET, &now, true, "body_not_json"),
    ] {
        let (code, answer) = check(&dir, headers, body, &["--secret", secret, "--now", now]);
        assert_eq!((code, &answer["reason"]), (Some(1), &json!(reason)));
        assert_eq!((&answer["verified"], &answer["events"]), (&json!(verified), &json!([])), "{reason}");
    }
}

#[test]
fn check_accepts_what_is_ignored_on_purpose_and_says_why() {
    let body = fixture("v2.core.event.json");
    let headers = json!({ "stripe-signature": signature(&body) });
    let more = ["--secret", SECRET, "--now", &AT.to_string()];
    let (code, answer) = check(&folder("check_ignores"), &headers, &body, &more);
    assert_eq!((code, answer), (Some(0), json!({ "verified": true, "reason": "thin_event", "events": [] })));
}

#[test]
fn wrong_usage_is_exit_code_2_and_prints_no_answer() {
    let dir = folder("usage");
    let (headers, body, list) = (dir.join("h.json"), dir.join("b.json"), dir.join("list.json"));
    fs::write(&headers, "{}").expect("writable");
    fs::write(&body, "{}").expect("writable");
    fs::write(&list, "[1]").expect("writable");
    let [headers, body, list] = [&headers, &body, &list].map(|path| path.to_str().expect("UTF-8"));
    let missing = dir.join("missing.json");
    let missing = missing.to_str().expect("UTF-8");
    let check = |source, now, headers, body| {
        let secret = ["--secret", SECRET];
        let first = ["webhook", "check", "--source", source, "--now", now];
        recoup(&[&first[..], &secret, &["--headers", headers, "--body", body]].concat())
    };
    for (output, said) in [
        (check("paypall", "1", headers, body), "unknown source paypall; known: adyen, braintree"),
        (check("stripe", "yesterday", headers, body), "neither an RFC 3339 time nor Unix seconds"),
        (check("stripe", "1", missing, body), "cannot read"),
        (check("stripe", "1", headers, missing), "cannot read"),
        (check("stripe", "1", list, body), "is not a JSON object of header names to values"),
        (
            recoup(&["webhook", "check", "--source", "stripe", "--headers", headers, "--body", body]),
            "--secret",
        ),
        (recoup(&["webhook", "conformance", missing]), "is not a folder with signatures.json or webhooks/"),
        (recoup(&["webhook"]), "Usage"),
        (recoup(&["what"]), "Usage"),
    ] {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{stderr}");
        assert!(stderr.contains(said) && !stderr.contains(SECRET), "{stderr}");
    }
}

/// Vectors around one good request: what is around it decides.
fn vectors(body: &[u8]) -> Value {
    let encoded = STANDARD.encode(body);
    let text = std::str::from_utf8(body).expect("UTF-8");
    let headers = json!({ "Stripe-Signature": signature(body) });
    let multi = json!({ "Stripe-Signature": [signature(body)] });
    let event = |body: &str, flag: bool| json!({ "headers": headers, "body": body, "isBase64Encoded": flag });
    let vector = |id: &str, more: &Value| {
        let mut vector = json!({
            "id": id, "scheme": "stripe", "secret": SECRET, "now": AT, "headers": headers, "body_base64": encoded,
        });
        let more = more.as_object().expect("an object").clone();
        vector.as_object_mut().expect("an object").extend(more);
        vector
    };
    json!({ "vectors": [
        vector("plain", &json!({})),
        vector("rotated", &json!({ "secret": null, "secrets": ["whsec_new", SECRET] })),
        vector("empty-secret", &json!({ "secret": "" })),
        vector("v2", &json!({ "apigw_event": event(&encoded, true) })),
        vector("v1", &json!({ "apigw_event": { "headers": {}, "multiValueHeaders": multi, "body": text } })),
        vector("flag-lost", &json!({ "apigw_event": event(&encoded, false) })),
        vector("not-base64", &json!({ "apigw_event": event("%%%", true) })),
        vector("other", &json!({ "scheme": "carrier_pigeon" })),
    ] })
}

fn text<'a>(line: &'a Value, members: [&str; 3]) -> [&'a str; 3] {
    members.map(|member| line[member].as_str().unwrap_or("-"))
}

#[test]
fn o19_conformance_undoes_the_front_door_s_encoding_before_it_verifies() {
    let dir = folder("conformance");
    let body = fixture("invoice.voided.2025-03-31.basil.json");
    fs::write(dir.join("signatures.json"), vectors(&body).to_string()).expect("writable");
    for (folder, bytes) in [("stripe", &body[..]), ("pigeon", b"coo")] {
        let folder = dir.join("webhooks").join(folder);
        fs::create_dir_all(&folder).expect("writable");
        fs::write(folder.join("one.json"), bytes).expect("writable");
        fs::write(folder.join("two.json"), b"{").expect("writable");
        fs::write(folder.join("notes.txt"), b"not a payload").expect("writable");
    }
    let output = recoup(&["webhook", "conformance", dir.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(0));
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).expect("one JSON value a line")).collect();
    let (vectors, payloads) = lines.split_at(8);
    let verdicts: Vec<[&str; 3]> =
        vectors.iter().map(|line| text(line, ["id", "verdict", "reason"])).collect();
    assert_eq!(
        verdicts,
        [
            ["plain", "accept", "-"],
            ["rotated", "accept", "-"],
            ["empty-secret", "reject", "signature_no_secret"],
            ["v2", "accept", "-"],
            ["v1", "accept", "-"],
            ["flag-lost", "reject", "signature_mismatch"],
            ["not-base64", "reject", "body_not_base64"],
            ["other", "unsupported", "-"],
        ]
    );
    let statuses: Vec<[&str; 3]> =
        payloads.iter().map(|line| text(line, ["file", "status", "reason"])).collect();
    assert_eq!(
        statuses,
        [
            ["pigeon/one.json", "unsupported", "-"],
            ["pigeon/two.json", "unsupported", "-"],
            ["stripe/one.json", "recognised", "-"],
            ["stripe/two.json", "refused", "body_not_json"],
        ]
    );
    assert_eq!(payloads[2]["events"][0]["kind"], "voided");
}
