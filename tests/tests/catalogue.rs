//! Holds the fault catalogue against the code: every fault has its row, every test it names exists where it says, and every
//! test that carries a fault's id is in that fault's row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How a row says that there is nothing to test yet.
const NOT_BUILT: &str = "Not built yet:";

/// Where the page looks for tests.
const FOLDERS: [&str; 4] = ["shared", "functions", "infra", "tests"];

/// The promises that the tests of the faults keep, in the order of the page.
const PROMISES: [&str; 7] = ["O13", "O46", "O47", "O53", "O57", "R8", "R12"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("tests/CATALOGUE.md")).expect("the catalogue")
}

/// A row of a table: a fault, or a promise.
#[derive(Debug)]
struct Row {
    id: String,
    fault: String,
    holds: String,
    shown: String,
}

impl Row {
    /// The tests it names, each as file and name: a file is followed by its tests.
    fn tests(&self) -> Vec<(&str, &str)> {
        let mut tests = Vec::new();
        let mut file = "";
        for quoted in self.shown.split('`').skip(1).step_by(2) {
            if Path::new(quoted).extension().is_some_and(|extension| extension == "rs") {
                file = quoted;
            } else {
                tests.push((file, quoted));
            }
        }
        tests
    }
}

fn rows(page: &str) -> Vec<Row> {
    let cells = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ").map(str::trim);
        let [id, fault, holds] = [cells.next()?, cells.next()?, cells.next()?];
        let shown = cells.next()?.trim_end_matches('|').trim();
        let named = id.starts_with(['F', 'O', 'R']) && id[1..].bytes().all(|byte| byte.is_ascii_digit());
        let [id, fault, holds, shown] = [id, fault, holds, shown].map(str::to_owned);
        named.then_some(Row { id, fault, holds, shown })
    };
    page.lines().filter_map(cells).collect()
}

/// The functions of every file of Rust under a folder, by the file's path from the root.
fn functions(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in
            fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path())
        {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(text) =
                path.extension().filter(|end| *end == "rs").and_then(|_| fs::read_to_string(&path).ok())
            else {
                continue;
            };
            let shown = path.strip_prefix(root()).expect("under the root").to_string_lossy().into_owned();
            found.insert(shown, names(&text));
        }
    }
    found
}

/// The names of the functions that a text of Rust declares.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let declared = text.lines().filter_map(|line| {
        let (before, after) = line.split_once("fn ")?;
        let plain = before.split_whitespace().all(|word| word.starts_with("pub") || word == "async");
        let name: String = after.chars().take_while(|c| is_name(*c)).collect();
        (plain && !name.is_empty()).then_some(name)
    });
    declared.collect()
}

/// The ids in a test's name: `f17_f18_..` carries two.
fn ids(name: &str) -> impl Iterator<Item = String> {
    let is_id = |part: &&str| {
        let digits = part.strip_prefix('f').unwrap_or_default();
        digits.len() == 2 && digits.parse().is_ok_and(|number: u8| (1..=50).contains(&number))
    };
    name.split('_')
        .take_while(move |part| is_promise(part) || is_id(part))
        .filter(is_id)
        .map(str::to_uppercase)
}

/// Whether a part of a name is the id of a promise or an invariant.
fn is_promise(part: &str) -> bool {
    let digits = part.strip_prefix(['i', 'o', 'r']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Every function of the workspace by its file.
fn workspace() -> BTreeMap<String, BTreeSet<String>> {
    FOLDERS.into_iter().flat_map(functions).collect()
}

/// Every way in which the page and the code differ, in words.
fn problems(page: &str, code: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let rows = rows(page);
    let mut found = Vec::new();
    let faults = (1..=50).map(|number| format!("F{number:02}"));
    let expected: Vec<String> = faults.chain(PROMISES.map(str::to_owned)).collect();
    let there: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if there != expected {
        found.push(format!("the rows are {there:?}"));
    }
    for row in &rows {
        let tests = row.tests();
        if row.fault.is_empty() || row.holds.is_empty() {
            found.push(format!("{} does not say what happens and what must hold", row.id));
        }
        let carried = |(_, name): &(&str, &str)| name.split('_').any(|part| part == row.id.to_lowercase());
        if PROMISES.contains(&row.id.as_str()) && !tests.iter().any(carried) {
            found.push(format!("no test of {} carries its id", row.id));
        }
        if tests.is_empty() && !row.shown.starts_with(NOT_BUILT) {
            found.push(format!("{} names no test and does not say that it is not built", row.id));
        }
        for (file, name) in tests {
            if !code.get(file).is_some_and(|names| names.contains(name)) {
                found.push(format!("{}: {name} is not in {file}", row.id));
            }
        }
    }
    for (file, name) in code.iter().flat_map(|(file, names)| names.iter().map(move |name| (file, name))) {
        for id in ids(name) {
            let row = rows.iter().find(|row| row.id == id);
            if !row.is_some_and(|row| row.tests().contains(&(file.as_str(), name.as_str()))) {
                found.push(format!("{name} of {file} is not in the row of {id}"));
            }
        }
    }
    found
}

#[test]
fn the_catalogue_and_the_tests_name_each_other() {
    assert_eq!(problems(&page(), &workspace()), Vec::<String>::new());
}

#[test]
fn what_the_catalogue_gets_wrong_is_found() {
    let (page, code) = (page(), workspace());
    let first = rows(&page).into_iter().next().expect("a row");
    let (file, name) = first.tests()[0];
    let mut renamed = code.clone();
    renamed.get_mut(file).expect("there").remove(name);
    assert_eq!(problems(&page, &renamed), [format!("F01: {name} is not in {file}")]);
    let mut added = code.clone();
    added.entry("tests/tests/new.rs".to_owned()).or_default().insert("o46_f50_new".to_owned());
    assert_eq!(problems(&page, &added), ["o46_f50_new of tests/tests/new.rs is not in the row of F50"]);
    let without =
        |part: &str| page.lines().filter(|line| !line.starts_with(part)).collect::<Vec<_>>().join("\n");
    assert!(!problems(&without("| F33 "), &code).is_empty(), "a row is missing");
    let unnamed = page.replace("`o57_", "`");
    assert!(problems(&unnamed, &code).contains(&"no test of O57 carries its id".to_owned()));
    for (shown, missed) in [("", true), ("Later.", true), ("Not built yet: its lane.", false)] {
        let with = |line: &str| match line.strip_prefix("| F16 | ") {
            Some(_) => format!("| F16 | a fault | a rule | {shown} |\n"),
            None => format!("{line}\n"),
        };
        let page: String = page.lines().map(with).collect();
        let what = "F16 names no test and does not say that it is not built".to_owned();
        assert_eq!(problems(&page, &code).contains(&what), missed, "{shown}");
    }
}
