//! Holds the pages against the code: codes, reasons, links, commands.

use std::fs;
use std::path::{Path, PathBuf};

use recoup_app::classifier::Unread;
use recoup_app::engine::EngineError;
use recoup_app::ports::{QueueError, SecretError, SecretName, StoreError};
use recoup_core::Reason;
use recoup_processors::{NormaliseError, SignatureError, Unanswered};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn o22_the_runbook_explains_every_reason_of_a_decision_and_no_other() {
    let page = page("infra/RUNBOOK.md");
    let (_, reasons) = page.split_once("## Reasons of decisions").expect("the chapter");
    let rows: Vec<&str> = reasons
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code))
        .collect();
    let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(rows, codes, "one row a reason, in the order they are declared");
}

#[test]
fn the_runbook_has_a_heading_or_a_row_for_every_error_code() {
    let page = page("infra/RUNBOOK.md");
    let detail = || "detail".to_owned();
    let secret = SecretName::Source("stripe");
    let engine = [
        EngineError::Store(StoreError::Unavailable(detail())),
        EngineError::Store(StoreError::Malformed(detail())),
        EngineError::Queue(QueueError { service: "sqs", detail: detail() }),
        EngineError::Secret(SecretError::Unavailable { name: secret, detail: detail() }),
        EngineError::Secret(SecretError::Unfit { name: secret, rule: detail() }),
        EngineError::Contended,
        EngineError::Unanswered(Unanswered::Unreachable),
        EngineError::Unanswered(Unanswered::Denied),
        EngineError::Unanswered(Unanswered::Malformed(NormaliseError::NotForm)),
    ];
    for error in &engine {
        assert!(page.contains(&format!("### {}\n", error.code())), "no heading for {}", error.code());
    }
    let signatures = [
        SignatureError::Missing,
        SignatureError::Malformed,
        SignatureError::TooMany,
        SignatureError::Mismatch,
        SignatureError::Stale,
        SignatureError::NoSecret,
        SignatureError::TooManySecrets,
        SignatureError::Untrusted,
    ];
    let bodies = [
        NormaliseError::NotUtf8 { offset: 0 },
        NormaliseError::NotJson { line: 0, column: 0 },
        NormaliseError::NotXml { offset: 0 },
        NormaliseError::NotForm,
        NormaliseError::NotAnEvent { line: 0, column: 0 },
        NormaliseError::Missing { member: "" },
        NormaliseError::Malformed { member: "" },
    ];
    for unread in [Unread::Refused(detail()), Unread::Busy(detail()), Unread::Unclear] {
        assert!(page.contains(&format!("| `{}` |", unread.code())), "no row for {}", unread.code());
    }
    let codes = signatures.map(SignatureError::code).into_iter().chain(bodies.map(NormaliseError::code));
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "no row for {code}");
    }
}

/// Codes are written in the code as `reason: "..."` and `error_code: "...".to_owned()`; each must be explained.
#[test]
fn the_runbook_knows_every_code_that_the_use_cases_write() {
    let page = page("infra/RUNBOOK.md");
    let folder = root().join("shared/app/src");
    for file in fs::read_dir(folder).expect("the sources").filter_map(Result::ok) {
        let source = fs::read_to_string(file.path()).unwrap_or_default();
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for marker in ["reason: \"", "reason = \"", "error_code: \""] {
            for code in source.split(marker).skip(1).filter_map(|rest| rest.split('"').next()) {
                let known = page.contains(&format!("`{code}`")) || page.contains(&format!("### {code}\n"));
                assert!(known, "{}: `{code}` is not in the runbook", file.path().display());
            }
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "infra/RUNBOOK.md", "infra/TABLE.md"] {
        let text = page(name);
        let folder = root().join(name).parent().map(Path::to_path_buf).unwrap_or_default();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            assert!(
                path.is_empty() || path.contains("://") || folder.join(path).exists(),
                "{name}: {target}"
            );
        }
    }
}

#[test]
fn every_place_of_the_stage_table_exists() {
    let text = page("ARCHITECTURE.md");
    let (_, table) = text.split_once("| stage | where |").expect("the stage table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut places = 0;
    for row in rows {
        let place = row.split('|').nth(2).unwrap_or_default();
        for name in place.split('`').skip(1).step_by(2) {
            assert!(exists(name), "{name} of the stage table is not in the code");
            places += 1;
        }
    }
    assert!(places > 20, "the table names its places in backticks");
}

/// `functions/x` is a folder; `crate::module` is a file of that crate; `Type::method` is looked for by its method's name.
fn exists(name: &str) -> bool {
    if name.starts_with("functions/") || name.starts_with("shared/") {
        return root().join(name).exists();
    }
    let mut parts = name.split("::");
    let owner = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let source = root().join("shared").join(owner).join("src");
    if !source.exists() {
        let methods = rest.first().copied().unwrap_or_default();
        return sources(&root().join("shared")).iter().any(|text| text.contains(&format!("fn {methods}")));
    }
    let mut at = source;
    for part in &rest {
        let next = at.join(part);
        if !next.is_dir() && !next.with_extension("rs").exists() {
            return sources(&at)
                .iter()
                .chain(fs::read_to_string(at.with_extension("rs")).iter())
                .any(|text| text.contains(part));
        }
        at = next;
    }
    true
}

fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(fs::read_to_string(path));
        }
    }
    found
}
