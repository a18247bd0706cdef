//! `infra/TABLE.md` says what the code does. `UPDATE_EXPECT=1 cargo test -p recoup-aws` writes its generated parts.

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use recoup_aws::table::items::{
    CLOSED_DAYS, FEED_DAYS, LONGEST_PLAYBOOK_DAYS, OPEN_DAYS, RECIPIENT_DAYS, SCHEMA, TOMBSTONE_DAYS,
    encode_case, encode_feed, encode_recipient, encode_standing,
};
use recoup_aws::table::keys::{self, Attribute};

use crate::sample::{self, brand, case_id, recipient_id, token};
use crate::{json, run, size};

fn entities() -> String {
    let case = keys::case(&case_id("OBLIGATION"));
    let case = case.replace("main", "BRAND").replace("stripe", "SOURCE");
    let recipient = keys::recipient(&brand("main"), &recipient_id("+14155550123"));
    let recipient = recipient.replace("main", "BRAND");
    let hash = recipient_id("+14155550123");
    let recipient = recipient.replace(hash.as_str(), "HASH");
    let feed = keys::feed(&brand("main"), &sample::feed(u32::MAX).source);
    let feed = feed.replace("main", "BRAND").replace("stripe", "SOURCE");
    let standing = keys::standing(&brand("main")).replace("main", "BRAND");
    let (pk, sk, ttl) = (keys::PK, keys::SK, keys::TTL);
    let (sort, schema, version) = (keys::SK_STATE, keys::SCHEMA, keys::VERSION);
    let rows = [
        (
            "Case",
            &case,
            format!(
                "open: first failure + {OPEN_DAYS} d (longest playbook {LONGEST_PLAYBOOK_DAYS} d + 60 d); ended: end + {CLOSED_DAYS} d"
            ),
        ),
        ("Case without a failure (tombstone)", &case, format!("settlement + {TOMBSTONE_DAYS} d")),
        (
            "Recipient",
            &recipient,
            format!(
                "last message, case or consent + {RECIPIENT_DAYS} d; never after an opt-out or a wrong number"
            ),
        ),
        ("Standing with the providers", &standing, "kept".to_owned()),
        ("Feed of a source", &feed, format!("last success or doubt + {FEED_DAYS} d")),
    ];
    let row = |(entity, key, kept): &(&str, &String, String)| {
        format!("| {entity} | `{key}` | `{sort}` | {kept} | `{schema}` = {SCHEMA} | `{version}` |")
    };
    let head =
        format!("| Entity | `{pk}` | `{sk}` | `{ttl}` | Schema | Write version |\n|---|---|---|---|---|---|");
    [head].into_iter().chain(rows.iter().map(row)).collect::<Vec<_>>().join("\n")
}

fn attributes(list: &[Attribute]) -> String {
    let row = |attribute: &Attribute| {
        let Attribute { name, kind, meaning } = attribute;
        format!("| `{name}` | {kind} | {} |", meaning.trim())
    };
    let head = "| Name | Type | Meaning |\n|---|---|---|".to_owned();
    [head].into_iter().chain(list.iter().map(row)).collect::<Vec<_>>().join("\n")
}

fn conditions() -> String {
    let (absent, version, open) = (keys::IF_ABSENT, keys::IF_VERSION, keys::OPEN_CASES);
    format!(
        "| Expects | ConditionExpression |\n|---|---|\n| no item | `{absent}` |\n| the item in a version | `{version}` |\n\n\
         FilterExpression of the scan: `{open}`"
    )
}

/// The examples: one item of each kind, with its size.
fn examples() -> Vec<(&'static str, String)> {
    let run = run::run(token);
    let example = |item, own| {
        let (size, item) = (size::of(&item), json::document(&item, &[keys::COMMON, own]));
        format!("{size} bytes.\n```json\n{item}\n```")
    };
    let buyer = encode_recipient(&brand("main"), &run.buyer, 5, &token(14));
    vec![
        ("opened", example(encode_case(&run.opened, 1, &token(1)), keys::CASE)),
        ("sent", example(encode_case(&run.sent, 20, &token(19)), keys::CASE)),
        ("tombstone", example(encode_case(&run.tombstone, 1, &token(20)), keys::CASE)),
        ("recipient", example(buyer, keys::RECIPIENT)),
        (
            "standing",
            example(
                encode_standing(&brand("main"), &sample::standing(u32::MAX), 7, &token(22)),
                keys::STANDING,
            ),
        ),
        ("feed", example(encode_feed(&brand("main"), &sample::feed(u32::MAX), 31, &token(21)), keys::FEED)),
    ]
}

#[test]
fn table_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/TABLE.md");
    let mut text = fs::read_to_string(path).expect("readable");
    let mut sections = vec![
        ("entities", entities()),
        ("common", attributes(keys::COMMON)),
        ("case", attributes(keys::CASE)),
        ("recipient-attributes", attributes(keys::RECIPIENT)),
        ("feed-attributes", attributes(keys::FEED)),
        ("standing-attributes", attributes(keys::STANDING)),
        ("conditions", conditions()),
    ];
    sections.extend(examples());
    for (name, generated) in sections {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("\n<!-- /{name} -->"));
        let start = text.find(&open).unwrap_or_else(|| panic!("no section {name}")) + open.len();
        let end = start + text[start..].find(&close).unwrap_or_else(|| panic!("section {name} is open"));
        text.replace_range(start..end, &generated);
    }
    expect_file!["../../../../infra/TABLE.md"].assert_eq(&text);
}

#[test]
fn table_md_explains_every_attribute_once() {
    let mut names: Vec<_> = [keys::COMMON, keys::CASE, keys::RECIPIENT, keys::FEED]
        .concat()
        .iter()
        .map(|attribute| attribute.name)
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(names.iter().all(|name| (1..=3).contains(&name.len())), "short names keep items small");
}
