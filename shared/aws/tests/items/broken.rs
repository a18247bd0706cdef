//! Items that are not what they should be: the attribute is named, its value is not.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use recoup_app::ports::StoreError;
use recoup_aws::table::items::{
    Item, SCHEMA, decode_case, decode_feed, decode_recipient, decode_standing, encode_case, encode_feed,
    encode_recipient, encode_standing,
};
use recoup_aws::table::keys::{self, Attribute};
use recoup_core::{Reason, StepIndex};

use crate::sample::{self, brand, case_id, recipient_id, token};

/// What no attribute takes, and no error may repeat.
const SEEDED: &str = "seeded +14155550123";

fn full_case() -> Item {
    encode_case(&sample::case(case_id("in_1"), u32::MAX), 1, &token(1))
}

fn full_feed() -> Item {
    encode_feed(&brand("main"), &sample::feed(u32::MAX), 1, &token(1))
}

fn full_standing() -> Item {
    encode_standing(&brand("main"), &sample::standing(u32::MAX), 1, &token(1))
}

fn full_recipient() -> Item {
    let buyer = sample::recipient(recipient_id("+14155550123"), u32::MAX);
    encode_recipient(&brand("main"), &buyer, 1, &token(1))
}

fn with(item: &Item, name: &str, value: AttributeValue) -> Item {
    let mut changed = item.clone();
    changed.insert(name.to_owned(), value);
    changed
}

fn without(item: &Item, name: &str) -> Item {
    let mut changed = item.clone();
    changed.remove(name);
    changed
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.to_owned())
}

fn error_of(item: &Item) -> Option<StoreError> {
    if item.contains_key(keys::STATE) || !item.contains_key(keys::OPTED_OUT) {
        decode_case(item).err()
    } else {
        decode_recipient(item).err()
    }
}

fn named(attribute: &str) -> StoreError {
    let item = if attribute == keys::PK { String::new() } else { " of c#main#stripe#in_1".to_owned() };
    StoreError::Malformed(format!("attribute {attribute}{item}"))
}

#[test]
fn f10_a_case_without_what_it_cannot_be_without_is_refused() {
    let item = full_case();
    for essential in [
        keys::PK,
        keys::SCHEMA,
        keys::VERSION,
        keys::STATE,
        keys::ANCHOR,
        keys::PLAYBOOK,
        keys::ATTEMPT,
        keys::CURRENCY,
        keys::NEXT_AT,
        keys::NEXT_CHANNEL,
        keys::NEXT_GENERATION,
    ] {
        assert_eq!(error_of(&without(&item, essential)), Some(named(essential)));
    }
}

#[test]
fn f10_a_case_without_anything_else_is_read() {
    let item = full_case();
    for optional in keys::COMMON.iter().chain(keys::CASE).map(|attribute| attribute.name) {
        if error_of(&without(&item, optional)) != Some(named(optional)) {
            assert_eq!(error_of(&without(&item, optional)), None, "{optional}");
        }
    }
}

/// An item, the attributes of its kind, and how its fault is found.
type Kind = (Item, &'static [Attribute], fn(&Item) -> Option<StoreError>);

fn readers() -> [Kind; 4] {
    [
        (full_case(), keys::CASE, |item| decode_case(item).err()),
        (full_recipient(), keys::RECIPIENT, |item| decode_recipient(item).err()),
        (full_feed(), keys::FEED, |item| decode_feed(item).err()),
        (full_standing(), keys::STANDING, |item| decode_standing(item).err()),
    ]
}

#[test]
fn f10_every_attribute_of_the_wrong_type_is_named() {
    let wrong = [AttributeValue::Null(true), AttributeValue::L(vec![AttributeValue::Null(true)])];
    for (item, own, error_of) in readers() {
        let unread = [keys::SK, keys::TOKEN, keys::TTL];
        let listed = keys::COMMON.iter().chain(own).map(|attribute| attribute.name);
        for name in listed.filter(|name| !unread.contains(name) && item.contains_key(*name)) {
            for value in &wrong {
                let broken = with(&item, name, value.clone());
                let error = error_of(&broken).unwrap_or_else(|| panic!("{name} was taken"));
                assert!(error.to_string().contains(&format!("attribute {name}")), "{error}");
            }
        }
    }
}

#[test]
fn i11_an_unfit_value_is_not_repeated() {
    let item = full_case();
    let lines = |line: &str| AttributeValue::L(vec![text(line)]);
    for (name, value) in [
        (keys::PK, text(SEEDED)),
        (keys::PK, text("c#main#stripe#seeded +1")),
        (keys::VERSION, number("-1")),
        (keys::MONEY, number("65536")),
        (keys::MONEY, number("1.5")),
        (keys::CLOSED, number("1e30")),
        (keys::CLOSED, number("9223372036854775807")),
        (keys::SEEN, AttributeValue::B(Blob::new(SEEDED))),
        (keys::TRAIL, text(SEEDED)),
        (keys::TRAIL, text("1793636130opened 5")),
        (keys::TRAIL, text("1793636130opened  5M")),
        (keys::TRAIL, text("1793636130opened/256")),
        (keys::TRAIL, text("17936-36130opened")),
        (keys::TRAIL, text("9223372036854775807opened")),
        (keys::TRAIL, text("1opened 9223372036854775807S")),
        (keys::PLAYBOOK, text(SEEDED)),
        (keys::DECLINE, text(SEEDED)),
        (keys::CURRENCY, text("ZZZ")),
        (keys::LINK, text(SEEDED)),
        (keys::CUSTOMER, text(SEEDED)),
        (keys::PHONE, text(SEEDED)),
        (keys::LINKS, text("pi_1  pi_2")),
        (keys::LEDGER, lines(SEEDED)),
        (keys::LEDGER, lines("0wS1 5 tok")),
        (keys::LEDGER, lines("0fS1 5 tok 0+a")),
        (keys::LEDGER, lines("0wZ1 5 tok 0+a")),
        (keys::LEDGER, lines("0wé1 5 tok 0+a")),
        (keys::LEDGER, lines("0w")),
        (keys::LEDGER, lines("256wS1 5 tok 0+a")),
        (keys::LEDGER, lines("0wS256 5 tok 0+a")),
        (keys::LEDGER, lines("0wS1 9223372036854775807 tok 0+a")),
        (keys::LEDGER, lines("0wS1 5 to-k 0+a")),
        (keys::LEDGER, lines("0wS1 5 tok a")),
        (keys::LEDGER, lines("0wS1 5 tok 99+a")),
        (keys::LEDGER, lines("0wS1 5 tok 0+A")),
        (keys::LEDGER, lines("0wS1 5 tok 0+a wamid.seeded")),
        (keys::NEXT_STEP, number("256")),
        (keys::NEXT_CHANNEL, text("f")),
        (keys::ENDED, text("open")),
    ] {
        let error = error_of(&with(&item, name, value));
        assert_eq!(error, Some(named(name)));
        assert!(!error.is_some_and(|error| error.to_string().contains("seeded")));
    }
    let buyer = full_recipient();
    for (name, line) in [
        (keys::TOUCHES, SEEDED),
        (keys::TOUCHES, "1 payment_failed 0 main/stripe"),
        (keys::CASES, SEEDED),
        (keys::CASES, "main/stripe/in_1 1 linked -"),
        (keys::CASES, "main/stripe/in_1 1 - 49.00 USD"),
        (keys::CASES, "main/stripe/in_1 1 - 4900"),
    ] {
        let error = decode_recipient(&with(&buyer, name, lines(line))).expect_err(line).to_string();
        assert!(error.contains(&format!("attribute {name} of r#main#")), "{error}");
        assert!(!error.contains("seeded"), "{error}");
    }
}

#[test]
fn f10_only_schemas_this_build_knows_are_read() {
    for (schema, known) in [(0, false), (1, true), (SCHEMA, true), (SCHEMA + 1, false)] {
        let read = decode_case(&with(&full_case(), keys::SCHEMA, number(&schema.to_string())));
        assert_eq!(read.is_ok(), known, "{schema}");
        let read = decode_recipient(&with(&full_recipient(), keys::SCHEMA, number(&schema.to_string())));
        assert_eq!(read.is_ok(), known, "{schema}");
    }
}

#[test]
fn f10_a_reason_of_a_later_build_leaves_a_gap_in_the_trail_and_nothing_else() {
    let trail = text("1793636130opened 120invented_later/0 1S");
    let case = decode_case(&with(&full_case(), keys::TRAIL, trail)).expect("readable").item;
    let reasons: Vec<_> =
        case.trail.iter().map(|entry| (entry.at.as_second(), entry.reason, entry.step)).collect();
    let step = Some(StepIndex(0));
    assert_eq!(reasons, [(1_793_636_130, Reason::Opened, None), (1_793_636_251, Reason::Sent, step)]);
}

#[test]
fn f37_a_name_that_a_stricter_rule_leaves_nothing_of_is_no_name() {
    let case =
        decode_case(&with(&full_case(), keys::NAME, text("https://seeded.example"))).expect("readable");
    assert_eq!(case.item.outreach.expect("in the shape").matter.buyer.name, None);
}
