//! The store's contract on DynamoDB, and what only DynamoDB can do wrong.

mod contract;
mod dynamo;
mod run;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::sample::{self, at, brand, case_id, recipient_id, token};
use dynamo::{Dynamo, TRIES, Wire, unreachable_table};
use futures_util::future::join;
use recoup_app::ports::{Commit, Expected, Scan, Store, StoreError, Versioned};
use recoup_aws::table::items::{Item, SCHEMA, encode_case, encode_recipient};
use recoup_aws::table::keys;
use recoup_core::{Case, Fact, Recipient, Settlement};

macro_rules! on_dynamodb {
    ($($case:ident,)*) => {
        $(#[tokio::test]
        async fn $case() {
            contract::$case(&Dynamo::start().await.table()).await;
        })*
    };
}
contract::for_each_case!(on_dynamodb);

fn open_case() -> Case {
    run::run(token).opened
}

fn paid() -> Case {
    Case { settlement: Settlement::of(&Fact::Paid), ..Case::new(case_id("in_1")) }
}

#[tokio::test]
async fn a_new_case_costs_one_write_and_no_read() {
    let dynamo = Dynamo::start().await;
    let wire = Wire::passing(&dynamo).await;
    let written = wire.table().commit_case(&open_case(), Expected::Absent, &token(1)).await;
    assert_eq!(written, Ok(Commit::Written));
    let refused = wire.table().commit_case(&paid(), Expected::Version(1), &token(2)).await;
    assert_eq!(refused, Ok(Commit::Conflict(None)));
    let requests = wire.requests();
    assert_eq!(requests.len(), 2, "a refusal brings the item along");
    for request in requests {
        assert!(request.contains("DynamoDB_20120810.PutItem"), "{request}");
        assert!(request.contains(r#""ReturnValuesOnConditionCheckFailure":"ALL_OLD""#), "{request}");
    }
}

#[tokio::test]
async fn o21_reads_are_strongly_consistent() {
    let dynamo = Dynamo::start().await;
    let wire = Wire::passing(&dynamo).await;
    assert_eq!(wire.table().load_case(&case_id("in_1")).await, Ok(None));
    let id = recipient_id("+14155550123");
    assert_eq!(wire.table().load_recipient(&brand("main"), &id).await, Ok(None));
    let requests = wire.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert!(request.contains("DynamoDB_20120810.GetItem"), "{request}");
        assert!(request.contains(r#""ConsistentRead":true"#), "{request}");
    }
}

#[tokio::test]
async fn f09_a_first_write_whose_answer_is_lost_is_known_by_its_token() {
    let dynamo = Dynamo::start().await;
    let wire = Wire::losing_first_answer(&dynamo).await;
    wire.go_on();
    let case = open_case();
    let outcome = wire.table().commit_case(&case, Expected::Absent, &token(1)).await;
    assert_eq!(outcome, Ok(Commit::Written));
    assert_eq!(wire.tries(), 2, "the client itself tried again");
    let known = dynamo.table().load_case(&case.id).await.expect("answered").expect("written");
    assert_eq!(known.version, 1);
}

#[tokio::test]
async fn f09_a_claim_whose_answer_is_lost_is_known_by_its_token() {
    let dynamo = Dynamo::start().await;
    let run = run::run(token);
    let before = dynamo.table().commit_case(&run.opened, Expected::Absent, &token(1)).await;
    assert_eq!(before, Ok(Commit::Written));
    let wire = Wire::losing_first_answer(&dynamo).await;
    wire.go_on();
    let claim = wire.table().commit_case(&run.sent, Expected::Version(1), &token(2)).await;
    assert_eq!(claim, Ok(Commit::Written));
    assert_eq!(wire.tries(), 2);
}

#[tokio::test]
async fn f09_a_reservation_whose_answer_is_lost_is_known_by_its_token() {
    let dynamo = Dynamo::start().await;
    let wire = Wire::losing_first_answer(&dynamo).await;
    wire.go_on();
    let buyer = run::run(token).buyer;
    let outcome = wire.table().commit_recipient(&brand("main"), &buyer, Expected::Absent, &token(1)).await;
    assert_eq!(outcome, Ok(Commit::Written));
    assert_eq!(wire.tries(), 2);
}

#[tokio::test]
async fn f09_a_write_overtaken_while_its_answer_was_lost_meets_the_newer_item() {
    let dynamo = Dynamo::start().await;
    let wire = Wire::losing_first_answer(&dynamo).await;
    let (lost, table) = (wire.table(), dynamo.table());
    let (mine, theirs) = (paid(), Case { closed_at: Some(at(1)), ..paid() });
    let overtake = async {
        wire.swallowed().await;
        let outcome = table.commit_case(&theirs, Expected::Version(1), &token(2)).await;
        wire.go_on();
        outcome
    };
    let (first, second) = (token(1), Expected::Absent);
    let (outcome, overtaken) = join(lost.commit_case(&mine, second, &first), overtake).await;
    assert_eq!(overtaken, Ok(Commit::Written));
    assert_eq!(outcome, Ok(Commit::Conflict(Some(Versioned { item: theirs.clone(), version: 2 }))));
}

#[tokio::test]
async fn f08_every_failure_of_the_service_is_a_code_and_nothing_else() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"about in_1"}"#;
    let limited = r#"{"__type":"com.amazon.coral.availability#ThrottlingException","message":"about in_1"}"#;
    let broken =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"about in_1"}"#;
    let denied = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"about in_1"}"#;
    for (status, body, code, tries) in [
        (400, throttled, "ProvisionedThroughputExceededException", TRIES),
        (400, limited, "ThrottlingException", TRIES),
        (500, broken, "InternalServerError", TRIES),
        (400, denied, "AccessDeniedException", 1),
        (502, "<html>", "unknown_service_error", TRIES),
        (200, "<html>", "unknown_service_error", 1),
    ] {
        let wire = Wire::answering(status, body).await;
        let outcome = wire.table().commit_case(&paid(), Expected::Absent, &token(1)).await;
        assert_eq!(outcome, Err(StoreError::Unavailable(code.to_owned())));
        assert_eq!(wire.tries(), tries, "{code}");
    }
}

#[tokio::test]
async fn f08_reads_and_scans_fail_with_the_same_codes() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#;
    let table = Wire::answering(400, throttled).await.table();
    let code = StoreError::Unavailable("ProvisionedThroughputExceededException".to_owned());
    assert_eq!(table.load_case(&case_id("in_1")).await, Err(code.clone()));
    let loaded = table.load_recipient(&brand("main"), &recipient_id("+14155550123")).await;
    assert_eq!(loaded, Err(code.clone()));
    assert_eq!(table.scan_cases(None).await.err(), Some(code));
}

#[tokio::test]
async fn f08_no_answer_and_half_an_answer_are_codes() {
    let outcome = unreachable_table().await.load_case(&case_id("in_1")).await;
    assert_eq!(outcome, Err(StoreError::Unavailable("not_reached".to_owned())));
    let broken = Wire::breaking_off("{").await;
    let outcome = broken.table().load_case(&case_id("in_1")).await;
    assert_eq!(outcome, Err(StoreError::Unavailable("unreadable_answer".to_owned())));
    let silent = Wire::silent().await;
    let outcome = silent.table().load_case(&case_id("in_1")).await;
    assert_eq!(outcome, Err(StoreError::Unavailable("timeout".to_owned())));
    assert_eq!(silent.tries(), TRIES);
}

/// The item with one attribute changed or, without a value, removed.
fn with(item: &Item, name: &str, value: Option<AttributeValue>) -> Item {
    let mut changed = item.clone();
    changed.remove(name);
    changed.extend(value.map(|value| (name.to_owned(), value)));
    changed
}

fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[tokio::test]
async fn f10_attributes_of_a_later_build_are_passed_over() {
    let dynamo = Dynamo::start().await;
    let run = run::run(token);
    let later = [
        ("zz", AttributeValue::S("text".to_owned())),
        ("zm", AttributeValue::M(Item::from([("a".to_owned(), number(1))]))),
        ("zn", AttributeValue::Null(true)),
    ];
    let case = encode_case(&run.opened, 1, &token(1));
    let buyer = encode_recipient(&brand("main"), &run.buyer, 1, &token(1));
    for item in [case, buyer] {
        let extended = later.iter().fold(item, |item, (name, value)| with(&item, name, Some(value.clone())));
        dynamo.put(extended).await;
    }
    let table = dynamo.table();
    let known = table.load_case(&run.opened.id).await.expect("readable").expect("stored");
    assert_eq!(known.item.outreach, run.opened.outreach);
    let refused = table.commit_case(&run.tombstone, Expected::Absent, &token(2)).await;
    assert_eq!(refused, Ok(Commit::Conflict(Some(known))));
    let written = table.commit_case(&run.opened, Expected::Version(1), &token(3)).await;
    assert_eq!(written, Ok(Commit::Written));
    let buyer = table.load_recipient(&brand("main"), &run.buyer.id).await;
    assert_eq!(buyer, Ok(Some(Versioned { item: run.buyer, version: 1 })));
}

#[tokio::test]
async fn f10_an_item_of_a_newer_schema_is_refused_and_left_alone() {
    let dynamo = Dynamo::start().await;
    let case = open_case();
    let newer = with(&encode_case(&case, 7, &token(1)), keys::SCHEMA, Some(number(SCHEMA + 1)));
    dynamo.put(newer.clone()).await;
    let table = dynamo.table();
    let refused = StoreError::Malformed(format!("attribute sv of {}", keys::case(&case.id)));
    assert_eq!(table.load_case(&case.id).await, Err(refused.clone()));
    assert_eq!(table.commit_case(&case, Expected::Absent, &token(2)).await, Err(refused.clone()));
    let page = table.scan_cases(None).await.expect("answered");
    assert_eq!(page.cases, [Err(refused)], "the sweep reports it");
    assert_eq!(dynamo.item(&keys::case(&case.id)).await, newer);
}

#[tokio::test]
async fn f10_a_broken_item_names_its_attribute_in_every_answer() {
    let dynamo = Dynamo::start().await;
    let case = open_case();
    dynamo.put(with(&encode_case(&case, 1, &token(1)), keys::STATE, None)).await;
    let table = dynamo.table();
    let broken = StoreError::Malformed(format!("attribute st of {}", keys::case(&case.id)));
    assert_eq!(table.load_case(&case.id).await, Err(broken.clone()));
    assert_eq!(table.commit_case(&case, Expected::Absent, &token(2)).await, Err(broken.clone()));
    assert_eq!(table.scan_cases(None).await.expect("answered").cases, [Err(broken)]);
    let mine = table.commit_case(&case, Expected::Absent, &token(1)).await;
    assert_eq!(mine, Ok(Commit::Written), "one's own write is known without reading the item");
    let main = brand("main");
    let buyer = Recipient::new(recipient_id("+14155550123"));
    let item = encode_recipient(&main, &buyer, 1, &token(1));
    dynamo.put(with(&item, keys::OPTED_OUT, Some(AttributeValue::S("soon".to_owned())))).await;
    let broken = StoreError::Malformed(format!("attribute oo of {}", keys::recipient(&main, &buyer.id)));
    assert_eq!(table.load_recipient(&main, &buyer.id).await, Err(broken));
}

#[tokio::test]
async fn f46_a_scan_goes_on_where_it_was_told_and_refuses_what_it_never_said() {
    let dynamo = Dynamo::start().await;
    let table = dynamo.table();
    for cursor in ["", "s", "c#main#stripe#in_1"] {
        let malformed = StoreError::Malformed("cursor of a scan".to_owned());
        assert_eq!(table.scan_cases(Some(cursor.to_owned())).await.err(), Some(malformed));
    }
    let cases: Vec<_> = (0..260).map(|number| sample::case(case_id(&format!("in_{number}")), 1)).collect();
    contract::write_all(&table, &cases).await;
    let first = table.scan_cases(None).await.expect("answered");
    assert_eq!(first.cases.len(), 250);
    let second = table.scan_cases(first.next).await.expect("answered");
    assert_eq!((second.cases.len(), second.next), (10, None));
}
