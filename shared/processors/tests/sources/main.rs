//! What every source must show, and what its fixtures must hold. A source that lacks one of these fails here.
//!
//! `fixtures/SOURCE/` holds, all written by this project:
//! - bodies (`NAME.json`, `NAME.xml` or `NAME.form`), each with its golden `NAME.event` beside it (`UPDATE_EXPECT=1`
//!   writes it), and with `NAME.headers` (`Name: value` lines) where the source says something in headers;
//! - what the source's API answers, `NAME.answer1.json` and so on, where a body asks back;
//! - `signatures.json`: known answers made by another implementation than ours, at least one of each [`Kind`] that the
//!   scheme can have;
//! - `story.json`: which bodies are a failure (or an abandoned cart, or a refused check), the same told twice, and what
//!   ends it.

mod lines;
mod one_time;
mod push;
mod shared;
mod signatures;
mod story;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use recoup_core::Secret;
use recoup_processors::{Normalised, Processor, Status, Verified, all};

fn folder(source: &dyn Processor) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source.name())
}

/// The bodies of a source, in the order of their names.
fn bodies(source: &dyn Processor) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder(source)).unwrap_or_else(|_| panic!("{} has no fixtures", source.name()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| {
        let named =
            |names: &[&str]| path.file_name().is_some_and(|name| names.iter().any(|known| name == *known));
        let body = path.extension().is_some_and(|end| end == "json" || end == "xml" || end == "form");
        let answer = path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains(".answer"));
        body && !answer && !named(&["signatures.json", "story.json"])
    });
    paths.sort();
    paths
}

/// The headers beside a body.
fn headers(body: &Path) -> HeaderMap {
    let text = fs::read_to_string(body.with_extension("headers")).unwrap_or_default();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line}"));
        (HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"))
    };
    text.lines().map(pair).collect()
}

/// What a source makes of one of its bodies, and of the answers beside it.
fn read(source: &dyn Processor, body: &Path) -> Normalised {
    read_as(source, body, |bytes| bytes)
}

/// The same with one text in the place of another, which stands in the body or in one of its answers.
fn read_edited(source: &dyn Processor, body: &str, from: &str, to: &str) -> Normalised {
    let found = Cell::new(0);
    let edited = read_as(source, &folder(source).join(body), |bytes| {
        let text = String::from_utf8(bytes).expect("text");
        found.set(found.get() + text.matches(from).count());
        text.replace(from, to).into_bytes()
    });
    assert_eq!(found.get(), 1, "{} {body}: {from}", source.name());
    edited
}

/// The same of what `edit` makes of the body and of each answer.
fn read_as(source: &dyn Processor, body: &Path, edit: impl Fn(Vec<u8>) -> Vec<u8>) -> Normalised {
    let (headers, bytes) = (headers(body), edit(fs::read(body).expect("readable")));
    let normalised = source.normalise(&Verified::recorded(&headers, &bytes));
    let mut normalised = normalised.unwrap_or_else(|error| panic!("{}: {error}", body.display()));
    for nth in 1.. {
        let Ok(answer) = fs::read(body.with_extension(format!("answer{nth}.json"))) else { break };
        let lookup = normalised.asks.first().unwrap_or_else(|| panic!("{}: asks less", body.display()));
        let key = Secret::parse("a key").expect("not empty");
        let request = source.request("https://api.example.com", lookup, &key);
        assert!(request.is_some(), "{}: {lookup:?} cannot be asked", body.display());
        let answered = source.complete(normalised, &Response::new(Bytes::from(edit(answer))));
        normalised = answered.unwrap_or_else(|error| panic!("{}: {error}", body.display()));
    }
    normalised
}

#[test]
fn o20_every_fixture_of_every_source_gives_its_golden_events() {
    for source in all() {
        let paths = bodies(source);
        for path in &paths {
            let normalised = read(source, path);
            let (none, asks) = (normalised.events.is_empty(), !normalised.asks.is_empty());
            let fits = match normalised.status {
                Status::Recognised => !none,
                Status::Ignored(_) => none && !asks,
                Status::Asks => none && asks,
            };
            assert!(fits, "{}: {:?}", path.display(), normalised.status);
            expect_test::expect_file![path.with_extension("event")].assert_eq(&lines::lines(&normalised));
        }
        assert!(paths.len() >= 4, "{}: {} fixtures", source.name(), paths.len());
    }
}

#[test]
fn o20_every_golden_has_its_fixture() {
    for source in all() {
        let bodies = bodies(source);
        for entry in fs::read_dir(folder(source)).expect("readable") {
            let path = entry.expect("readable").path();
            let beside = |end: &str| path.extension().is_some_and(|found| found == end);
            let of_body = bodies.iter().any(|body| body.with_extension("") == path.with_extension(""));
            assert!(of_body || !(beside("event") || beside("headers")), "{}", path.display());
        }
    }
}

#[test]
fn o20_what_is_not_of_the_source_s_form_is_an_error_and_never_a_panic() {
    let odd: [&[u8]; 9] =
        [b"", b" ", b"null", b"[]", b"{}", b"\xff\xfe", b"<a>", b"a=b&c", b"{\"type\":1,\"data\":[]}"];
    for source in all() {
        for body in odd {
            let headers = HeaderMap::new();
            let normalised = source.normalise(&Verified::recorded(&headers, body));
            let nothing = normalised.as_ref().is_ok_and(|normalised| normalised.events.is_empty());
            assert!(normalised.is_err() || nothing, "{}: {}", source.name(), String::from_utf8_lossy(body));
        }
        for path in bodies(source) {
            let (headers, bytes) = (headers(&path), fs::read(&path).expect("readable"));
            for cut in (0..bytes.len()).step_by(bytes.len() / 64 + 1) {
                let _ = source.normalise(&Verified::recorded(&headers, &bytes[..cut]));
            }
        }
    }
}
