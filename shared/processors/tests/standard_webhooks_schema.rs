//! The public event schema and its reader say the same, and go on reading what they read on the day it was published.

#[path = "sources/lines.rs"]
mod lines;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use jsonschema::Validator;
use recoup_core::Fact;
use recoup_processors::{Ignored, NormaliseError, Normalised, Processor, Status, Verified, by_name};
use serde_json::{Value, json};

fn source() -> &'static dyn Processor {
    by_name("standard_webhooks").expect("in this build")
}

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    let text = fs::read_to_string(crate_dir().join("schema/events.v1.json")).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::meta::validate(schema).expect("a schema of draft 2020-12");
    jsonschema::draft202012::new(schema).expect("a schema")
}

/// The bodies of a folder, by name.
fn bodies(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = crate_dir().join("fixtures/standard_webhooks").join(folder);
    let paths = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let named = |path: PathBuf| (path.file_name().expect("named").to_string_lossy().into_owned(), path);
    let mut bodies: Vec<_> = paths.map(named).collect();
    let other = ["signatures.json", "story.json"];
    let json = |path: &Path| path.extension().is_some_and(|end| end == "json");
    bodies.retain(|(name, path)| json(path) && !other.contains(&name.as_str()));
    bodies.sort();
    bodies
}

fn body(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON")
}

fn read(body: &Value) -> Result<Normalised, NormaliseError> {
    let id = (HeaderName::from_static("webhook-id"), HeaderValue::from_static("msg_1"));
    let (headers, bytes) = (HeaderMap::from_iter([id]), serde_json::to_vec(body).expect("JSON"));
    source().normalise(&Verified::recorded(&headers, &bytes))
}

/// Whether the reader takes a body for an event of the schema.
fn is_read(body: &Value) -> bool {
    let known = |normalised: Normalised| match normalised.status {
        Status::Recognised => !normalised.events.is_empty(),
        Status::Ignored(why) => why == Ignored::NothingOwed,
        Status::Asks => false,
    };
    read(body).is_ok_and(known)
}

/// The types that the schema names, from its list and from its parts.
fn kinds(schema: &Value) -> BTreeSet<String> {
    let listed = schema["properties"]["type"]["enum"].as_array().expect("a list");
    let listed: BTreeSet<String> =
        listed.iter().map(|kind| kind.as_str().expect("a name").to_owned()).collect();
    let parts = definitions(schema)
        .map(|part| part["properties"]["type"]["const"].as_str().expect("a name").to_owned());
    assert_eq!(parts.collect::<BTreeSet<_>>(), listed, "the list and the parts differ");
    listed
}

/// The definitions of the events.
fn definitions(schema: &Value) -> impl Iterator<Item = &Value> {
    let parts = schema["oneOf"].as_array().expect("a list").iter();
    parts.map(|part| {
        let pointer = part["$ref"].as_str().and_then(|path| path.strip_prefix('#')).expect("a reference");
        schema.pointer(pointer).expect("a definition")
    })
}

/// Every path of object members in a value, from the outside in.
fn paths(value: &Value) -> Vec<Vec<String>> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let below = members.iter().flat_map(|(name, inner)| {
        let deeper = paths(inner).into_iter().map(|path| [vec![name.clone()], path].concat());
        std::iter::once(vec![name.clone()]).chain(deeper).collect::<Vec<_>>()
    });
    below.collect()
}

fn without(body: &Value, path: &[String]) -> Value {
    let mut body = body.clone();
    let (last, parents) = path.split_last().expect("a path");
    let parent = parents.iter().fold(&mut body, |value, name| &mut value[name]);
    parent.as_object_mut().expect("an object").remove(last);
    body
}

#[test]
fn o25_every_body_of_version_1_is_read_as_on_the_day_it_was_frozen() {
    let (schema, mut kinds_frozen) = (schema(), BTreeSet::new());
    let validator = validator(&schema);
    for (name, path) in bodies("v1") {
        let body = body(&path);
        assert!(validator.is_valid(&body), "{name} is no event of the schema");
        let normalised = read(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        let golden = path.with_extension("event");
        let frozen =
            fs::read_to_string(&golden).unwrap_or_else(|_| panic!("{} is missing", golden.display()));
        assert_eq!(lines::lines(&normalised), frozen, "{name}");
        kinds_frozen.insert(normalised.kind);
    }
    assert_eq!(kinds_frozen, kinds(&schema), "a type has no frozen body");
}

#[test]
fn o25_a_body_without_a_version_is_of_version_1() {
    for (name, path) in bodies("v1") {
        let body = body(&path);
        let old = without(&body, &["version".to_owned()]);
        assert_eq!(read(&old), read(&body), "{name}");
    }
}

#[test]
fn o25_every_example_of_the_schema_is_valid_and_read() {
    let schema = schema();
    let validator = validator(&schema);
    for definition in definitions(&schema) {
        let examples = definition["examples"].as_array().expect("a list");
        assert!(!examples.is_empty(), "{}", definition["description"]);
        for example in examples {
            assert!(validator.is_valid(example), "{example}");
            assert!(is_read(example), "{example}");
        }
    }
}

#[test]
fn o25_every_fixture_is_valid_exactly_when_its_type_is_of_the_schema() {
    let schema = schema();
    let (validator, kinds) = (validator(&schema), kinds(&schema));
    for (name, path) in bodies("") {
        let body = body(&path);
        // What a merchant got wrong in members that only decorate: read, but not valid.
        let sloppy =
            ["national-phone", "unreadable-decoration", "no-proof"].iter().any(|part| name.contains(part));
        let known = body["type"].as_str().is_some_and(|kind| kinds.contains(kind));
        assert_eq!(validator.is_valid(&body), known && !sloppy, "{name}");
        assert_eq!(is_read(&body), known, "{name}");
    }
}

#[test]
fn o25_the_absence_of_every_required_member_is_refused_by_both_and_of_no_other() {
    let validator = validator(&schema());
    let (mut refused, mut taken) = (0, 0);
    for (name, path) in bodies("v1") {
        let body = body(&path);
        for path in paths(&body) {
            let less = without(&body, &path);
            let valid = validator.is_valid(&less);
            assert_eq!(is_read(&less), valid, "{name} without {}", path.join("."));
            *(if valid { &mut taken } else { &mut refused }) += 1;
            if !valid {
                let error = read(&less).expect_err("refused");
                let named =
                    matches!(error, NormaliseError::Missing { .. } | NormaliseError::Malformed { .. });
                assert!(named, "{name} without {}: {error}", path.join("."));
            }
        }
    }
    assert!(refused > 100 && taken > 100, "{refused} refused, {taken} taken");
}

#[test]
fn o25_members_of_a_later_minor_version_change_nothing() {
    let validator = validator(&schema());
    for (name, path) in bodies("v1") {
        let body = body(&path);
        let mut later = body.clone();
        later["note"] = json!({ "deep": [1, null, "x"] });
        later["data"]["a_member_of_next_year"] = json!([{ "obligation_id": "other" }]);
        assert!(validator.is_valid(&later), "{name}");
        assert_eq!(read(&later), read(&body), "{name}");
    }
}

#[test]
fn o25_a_larger_version_is_refused_and_never_read_as_this_one() {
    let validator = validator(&schema());
    let malformed = Err(NormaliseError::Malformed { member: "version" });
    for (name, path) in bodies("v1") {
        for version in [json!(2), json!(0), json!(-1), json!("1"), json!(1.5), json!(u64::MAX), json!([1])] {
            let mut body = body(&path);
            body["version"] = version.clone();
            assert!(!validator.is_valid(&body), "{name} {version}");
            assert_eq!(read(&body), malformed, "{name} {version}");
        }
    }
}

#[test]
fn o25_both_take_the_same_ids() {
    let validator = validator(&schema());
    let members = [
        ("payment.failed", "obligation_id"),
        ("subscription.cancelled", "subscription_id"),
        ("checkout.completed", "checkout_id"),
        ("kyc.approved", "case_id"),
    ];
    let ids = [
        json!("1"),
        json!("inv_1001"),
        json!("gid://shop/Order/1"),
        json!("#1031"),
        json!("x".repeat(110)),
        json!(":".repeat(38)),
        json!("..a"),
        json!(""),
        json!(".."),
        json!("a b"),
        json!("é"),
        json!("x".repeat(200)),
        json!(":".repeat(50)),
        json!(1001),
        json!(true),
        json!(null),
        json!(["inv_1"]),
        json!({ "id": "inv_1" }),
    ];
    for (kind, member) in members {
        for id in &ids {
            let body = json!({ "type": kind, "timestamp": "2026-03-02T14:00:00Z", "data": { member: id } });
            assert_eq!(is_read(&body), validator.is_valid(&body), "{kind} {member} {id}");
        }
    }
}

#[test]
fn o25_a_member_that_decides_and_is_no_truth_value_is_refused_by_both() {
    let validator = validator(&schema());
    for (kind, member) in [
        ("payment.refunded", "full"),
        ("dispute.closed", "won"),
        ("kyc.rejected", "may_retry"),
        ("consent.changed", "granted"),
    ] {
        for value in [json!("true"), json!(1), json!(null), json!({})] {
            let mut body = body(&crate_dir().join(format!("fixtures/standard_webhooks/v1/{kind}.json")));
            body["data"][member] = value.clone();
            assert!(!validator.is_valid(&body) && !is_read(&body), "{kind} {member} {value}");
        }
    }
}

#[test]
fn o25_both_take_the_same_cases_and_messages() {
    let validator = validator(&schema());
    let (long, token) = ("x".repeat(128), "k".repeat(32));
    let cases = [
        (json!("main/stripe/in_1"), true),
        (json!("a brand of theirs/stripe/in_1"), true),
        (json!("main/standard_webhooks/kyc.42"), true),
        (json!(format!("main/stripe/{long}")), true),
        (json!(format!("main/stripe/{long}x")), false),
        (json!("/stripe/in_1"), false),
        (json!("stripe/in_1"), false),
        (json!("main/Stripe/in_1"), false),
        (json!("main//in_1"), false),
        (json!("main/stripe/"), false),
        (json!("main/stripe/in 1"), false),
        (json!("main/stripe/in/1"), false),
        (json!(""), false),
        (json!(7), false),
        (json!(null), false),
        (json!({ "source": "stripe" }), false),
    ];
    let messages = [
        (json!("rcp1/main/stripe/in_1/0/push/k3Tf"), true),
        (json!(format!("rcp1/main/stripe/{long}/255/whatsapp/{token}")), true),
        (json!(format!("rcp1/main/stripe/in_1/0/push/{token}k")), false),
        (json!("rcp1/main/stripe/in_1/256/push/k3Tf"), false),
        (json!("rcp1/main/stripe/in_1/+1/push/k3Tf"), false),
        (json!("rcp1/main/stripe/in_1/01/push/k3Tf"), false),
        (json!("rcp1/main/stripe/in_1/-1/push/k3Tf"), false),
        (json!("rcp1/main/stripe/in_1/0/fax/k3Tf"), false),
        (json!("rcp1/main/stripe/in_1/0/push/"), false),
        (json!("rcp1/main/stripe/in_1/0/push/k3Tf/x"), false),
        (json!("rcp1/Main/stripe/in_1/0/push/k3Tf"), false),
        (json!("rcp2/main/stripe/in_1/0/push/k3Tf"), false),
        (json!(" rcp1/main/stripe/in_1/0/push/k3Tf"), false),
        (json!(""), false),
        (json!(7), false),
        (json!(null), false),
    ];
    let of = |kind: &str, member: &str, values: &[(Value, bool)]| {
        for (value, expected) in values {
            let body =
                json!({ "type": kind, "timestamp": "2026-03-02T14:00:00Z", "data": { member: value } });
            assert_eq!(is_read(&body), *expected, "{kind} {value}");
            assert_eq!(validator.is_valid(&body), *expected, "{kind} {value}");
        }
    };
    of("handoff.answered", "case", &cases);
    of("handoff.resolved", "case", &cases);
    of("message.opened", "message", &messages);
}

#[test]
fn o25_the_case_that_a_notice_named_is_the_case_that_its_answer_names() {
    let path = crate_dir().join("../channels/schema/outgoing.v1.json");
    let outgoing: Value = serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON");
    let examples = outgoing["$defs"]["handoff_opened"]["examples"].as_array().expect("a list");
    let mut cases = examples.iter().filter_map(|example| example["data"]["case"].as_str());
    let case = cases.next().expect("a notice about a case");
    let body =
        json!({ "type": "handoff.resolved", "timestamp": "2026-03-02T14:00:00Z", "data": { "case": case } });
    let event = &read(&body).expect("read").events[0];
    let Fact::HandOffResolved { source } = &event.fact else { panic!("{:?}", event.fact) };
    assert!(case.ends_with(&format!("/{source}/{}", event.obligation)), "{case}");
}

#[test]
fn o25_both_take_the_same_push_tokens() {
    let validator = validator(&schema());
    for token in [
        json!("bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"),
        json!("u_8812"),
        json!("x".repeat(512)),
        json!("x".repeat(513)),
        json!(""),
        json!("two words"),
        json!("é"),
        json!(8812),
        json!(null),
    ] {
        let customer = json!({ "id": "u_8812", "push_token": token });
        let body = json!({ "type": "customer.updated", "timestamp": "2026-03-02T14:00:00Z", "data": { "customer": customer } });
        let events = read(&body).expect("read").events;
        let Fact::CustomerUpdated(buyer) = &events[0].fact else { panic!("no buyer") };
        assert_eq!(buyer.push.is_some(), validator.is_valid(&body), "{token}");
    }
}

#[test]
fn o25_both_take_the_same_times() {
    let validator = validator(&schema());
    for time in [
        json!("2026-03-02T14:00:00Z"),
        json!("2026-03-02T14:00:00.123456Z"),
        json!("2026-03-02T19:30:00+05:30"),
        json!("2026-03-02 14:00:00Z"),
        json!("2026-03-02T14:00:00"),
        json!("2026-03-02"),
        json!("1772460000"),
        json!(1_772_460_000),
        json!(""),
        json!(null),
    ] {
        let body = json!({ "type": "payment.paid", "timestamp": time, "data": { "obligation_id": "inv_1" } });
        assert_eq!(is_read(&body), validator.is_valid(&body), "{time}");
    }
}
