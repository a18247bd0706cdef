//! Holds the crates to the table of allowed edges in ARCHITECTURE.md: a boundary is worth its folder only if it forbids
//! something.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every package of the workspace and the packages of ours it may name outside its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("recoup-core", &[]),
    ("recoup-processors", &["recoup-core"]),
    ("recoup-channels", &["recoup-core"]),
    ("recoup-app", &["recoup-core", "recoup-processors", "recoup-channels"]),
    ("recoup-transport", &["recoup-app"]),
    ("recoup-aws", &["recoup-app", "recoup-core"]),
    ("payment-webhook", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("cart-webhook", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("kyc-webhook", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("merchant-webhook", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("channel-events", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("channel-webhook", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("whatsapp-sender", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("push-sender", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("email-sender", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("sms-fallback", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("handoff", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("sweep", &["recoup-app", "recoup-aws", "recoup-transport"]),
    ("recoup-local", &[]),
    ("recoup-ops", &["recoup-app", "recoup-aws", "recoup-core", "recoup-processors", "recoup-transport"]),
    ("recoup-tests", &["recoup-app", "recoup-channels", "recoup-core", "recoup-processors"]),
];

/// Crates that would bring I/O, async or a clock into the pure ones.
const IMPURE: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "tracing",
    "aws-sdk-dynamodb",
    "aws-sdk-sqs",
    "lambda_runtime",
    "lambda_http",
    "rand",
];
const PURE: &[&str] = &["recoup-core", "recoup-processors", "recoup-channels"];

type Edges = BTreeMap<String, BTreeSet<String>>;

fn edges() -> Edges {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(vec!["--locked".to_owned(), "--offline".to_owned()])
        .no_deps()
        .exec()
        .expect("cargo metadata reads the workspace");
    let named = |package: &cargo_metadata::Package| {
        let shipped =
            package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        shipped.map(|dependency| dependency.name.clone()).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), named(package))).collect()
}

fn problems(edges: &Edges) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut found = Vec::new();
    for (package, named) in edges {
        let Some(allowed) = allowed.get(package.as_str()) else {
            found.push(format!("{package} has no row in the table of allowed edges"));
            continue;
        };
        for other in
            named.iter().filter(|other| edges.contains_key(*other) && !allowed.contains(&other.as_str()))
        {
            found.push(format!("{package} names {other}, which the table does not allow"));
        }
        if PURE.contains(&package.as_str()) {
            let impure = named.iter().filter(|other| IMPURE.contains(&other.as_str()));
            found.extend(impure.map(|other| format!("{package} is pure and names {other}")));
        }
    }
    let missing = ALLOWED.iter().filter(|(package, _)| !edges.contains_key(*package));
    found.extend(missing.map(|(package, _)| format!("{package} has a row and no folder")));
    found
}

#[test]
fn every_edge_between_crates_is_in_the_table() {
    assert_eq!(problems(&edges()), Vec::<String>::new());
}

/// Who may take a body for signed that is not: tools and tests.
const RECORDED: &str = "recorded";

#[test]
fn no_function_can_take_an_unsigned_body_for_signed() {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(vec!["--locked".to_owned(), "--offline".to_owned()])
        .no_deps()
        .exec()
        .expect("cargo metadata reads the workspace");
    let shipped = metadata.packages.iter().filter(|package| {
        let asks = |dependency: &cargo_metadata::Dependency| {
            dependency.kind == DependencyKind::Normal
                && dependency.features.iter().any(|feature| feature == RECORDED)
        };
        package.dependencies.iter().any(asks)
    });
    let names: Vec<_> = shipped.map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["recoup-ops"]);
}

#[test]
fn an_edge_that_the_table_does_not_allow_is_refused() {
    for (package, other) in [
        ("recoup-core", "recoup-app"),
        ("recoup-core", "tokio"),
        ("recoup-aws", "recoup-channels"),
        ("new", "recoup-core"),
    ] {
        let mut planted = edges();
        planted.entry(package.to_owned()).or_default().insert(other.to_owned());
        assert!(!problems(&planted).is_empty(), "{package} -> {other}");
    }
}
