//! The public schema of notices and what is written say the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use recoup_channels::handoff::webhook::Notice;
use recoup_core::{Channel, HandOff, Intent, Outcome, SendState, State, Tried, Words};
use serde_json::{Value, json};

use crate::handoff::{bare, ended, full};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/outgoing.v1.json");
    serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("JSON")
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::meta::validate(schema).expect("a schema of draft 2020-12");
    jsonschema::draft202012::new(schema).expect("a schema")
}

fn body(notice: &Notice) -> Value {
    serde_json::from_slice(&notice.body).expect("JSON")
}

const STATES: [State; 6] = [
    State::Open,
    State::Disputed,
    State::Closed(Outcome::Recovered),
    State::Closed(Outcome::Voided),
    State::Closed(Outcome::Exhausted),
    State::Closed(Outcome::Suppressed),
];

/// Notices with every word that a list of the schema holds.
fn notices() -> Vec<Value> {
    let opened = |handoff: &HandOff| body(&Notice::opened(handoff));
    let mut notices = vec![opened(&full()), opened(&bare())];
    notices.push(opened(&HandOff { said: Words::of(&"🎉".repeat(2000)), ..full() }));
    notices.push(opened(&HandOff { phone: "+14155550123".to_owned(), ..full() }));
    notices.extend(Intent::ALL.map(|intent| opened(&HandOff { intent, ..full() })));
    notices.extend(STATES.map(|state| opened(&HandOff { state: Some(state), ..full() })));
    for channel in Channel::ALL {
        for state in SendState::ALL {
            let tried = vec![Tried { channel, state, ..full().tried.remove(0) }];
            notices.push(opened(&HandOff { tried, ..full() }));
        }
    }
    let ends = STATES.into_iter().filter(|state| *state != State::Open);
    notices.extend(ends.map(|state| body(&Notice::ended(&ended(state, 1)))));
    let unknown = recoup_core::Ended { owed: None, ..ended(State::Disputed, 0) };
    notices.push(body(&Notice::ended(&unknown)));
    notices
}

/// The definitions of the events.
fn definitions(schema: &Value) -> impl Iterator<Item = &Value> {
    let parts = schema["oneOf"].as_array().expect("a list").iter();
    parts.map(|part| {
        let pointer = part["$ref"].as_str().and_then(|path| path.strip_prefix('#')).expect("a reference");
        schema.pointer(pointer).expect("a definition")
    })
}

#[test]
fn o56_r20_every_notice_is_valid_and_every_type_is_written() {
    let schema = schema();
    let validator = validator(&schema);
    let mut written = BTreeSet::new();
    for notice in notices() {
        assert!(validator.is_valid(&notice), "{notice}");
        written.insert(notice["type"].as_str().expect("text").to_owned());
    }
    let listed: BTreeSet<String> =
        serde_json::from_value(schema["properties"]["type"]["enum"].clone()).expect("a list of names");
    assert_eq!(written, listed);
    let defined: BTreeSet<String> = definitions(&schema)
        .map(|part| part["properties"]["type"]["const"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(defined, listed);
}

#[test]
fn every_example_of_the_schema_is_valid_and_has_the_members_that_are_written() {
    let schema = schema();
    let validator = validator(&schema);
    let names = |value: &Value| value["data"].as_object().expect("an object").keys().cloned().collect();
    let ours: Vec<(Value, BTreeSet<String>)> =
        notices().iter().map(|notice| (notice["type"].clone(), names(notice))).collect();
    for example in definitions(&schema).flat_map(|part| part["examples"].as_array().expect("a list")) {
        assert!(validator.is_valid(example), "{example}");
        assert!(ours.contains(&(example["type"].clone(), names(example))), "{example}");
    }
}

#[test]
fn every_member_of_the_data_is_always_there_and_the_number_is_never_whole() {
    let validator = validator(&schema());
    for notice in notices() {
        for name in notice["data"].as_object().expect("an object").keys() {
            let mut less = notice.clone();
            less["data"].as_object_mut().expect("an object").remove(name);
            assert!(!validator.is_valid(&less), "{} without {name}", notice["type"]);
        }
    }
    let mut whole = body(&Notice::opened(&full()));
    for phone in ["+14155550123", "14155550123", "+1 415 555 01 23"] {
        whole["data"]["phone_masked"] = json!(phone);
        assert!(!validator.is_valid(&whole), "{phone}");
    }
}
