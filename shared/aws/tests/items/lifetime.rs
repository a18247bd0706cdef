//! When DynamoDB may delete what.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use recoup_aws::table::items::{
    CLOSED_DAYS, LONGEST_PLAYBOOK_DAYS, OPEN_DAYS, RECIPIENT_DAYS, TOMBSTONE_DAYS, encode_case,
    encode_recipient,
};
use recoup_aws::table::keys;
use recoup_core::{Case, Outreach, Playbook, Reason, Recipient, TrailEntry};

use crate::run;
use crate::sample::{self, at, brand, case_id, recipient_id, token};

const DAY: i64 = 86_400;

fn seconds(at: i64) -> i64 {
    at.div_euclid(1_000)
}

fn ttl_of(case: &Case) -> Option<i64> {
    let item = encode_case(case, 1, &token(1));
    item.get(keys::TTL).map(|ttl| ttl.as_n().expect("a number").parse().expect("whole"))
}

fn ttl_of_buyer(buyer: &Recipient) -> Option<i64> {
    let item = encode_recipient(&brand("main"), buyer, 1, &token(1));
    item.get(keys::TTL).map(|ttl| ttl.as_n().expect("a number").parse().expect("whole"))
}

#[test]
fn f05_a_case_is_kept_for_days_that_depend_on_how_it_ended() {
    let run = run::run(token);
    let start = seconds(sample::START);
    assert_eq!(ttl_of(&run.opened), Some(start + OPEN_DAYS * DAY));
    assert_eq!(ttl_of(&run.sent), Some(start + OPEN_DAYS * DAY), "counted from the first failure");
    let closed = Case { closed_at: Some(at(sample::START + 1_000)), ..run.sent };
    assert_eq!(ttl_of(&closed), Some(start + 1 + CLOSED_DAYS * DAY));
    assert_eq!(ttl_of(&run.tombstone), Some(start + TOMBSTONE_DAYS * DAY));
    let noted = TrailEntry { at: at(sample::START), reason: Reason::RefundedInPart, step: None };
    let only_noted = Case { trail: vec![noted], ..Case::new(case_id("in_1")) };
    assert_eq!(ttl_of(&only_noted), Some(start + TOMBSTONE_DAYS * DAY));
    assert_eq!(ttl_of(&Case::new(case_id("in_1"))), None, "no time to count from");
}

#[test]
fn f05_a_time_at_the_end_of_the_calendar_is_no_overflow() {
    let outreach = run::run(token).opened.outreach.expect("opened");
    let late = Outreach { anchor: Timestamp::MAX, ..outreach };
    let case = Case { outreach: Some(late), ..Case::new(case_id("in_1")) };
    assert_eq!(ttl_of(&case), Some(Timestamp::MAX.as_second()));
}

#[test]
fn f05_a_buyer_who_opted_out_of_anything_is_never_forgotten() {
    let run = run::run(token);
    let last = run.buyer.touches.last().expect("touched").at.as_second();
    assert_eq!(ttl_of_buyer(&run.buyer), Some(last + RECIPIENT_DAYS * DAY));
    let told = Some(at(sample::START));
    for silent in [
        Recipient { opted_out: told, ..run.buyer.clone() },
        Recipient { opted_out_marketing: told, ..run.buyer.clone() },
        Recipient { opted_out_sms: told, ..run.buyer.clone() },
        Recipient { opted_out_email: told, ..run.buyer.clone() },
    ] {
        assert_eq!(ttl_of_buyer(&silent), None);
    }
    let agreed = Recipient { marketing_consent: told, ..Recipient::new(recipient_id("+14155550123")) };
    assert_eq!(ttl_of_buyer(&agreed), Some(seconds(sample::START) + RECIPIENT_DAYS * DAY));
}

#[test]
fn an_open_case_outlives_every_playbook_by_60_days() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/playbooks");
    let days = |text: &str| {
        let playbook = Playbook::parse(text).expect("a playbook");
        playbook.steps.iter().map(|step| i64::from(step.day) + (step.expires_hours + 23) / 24).max()
    };
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("readable").path());
    let longest = files.filter_map(|file| days(&fs::read_to_string(file).expect("readable"))).max();
    assert_eq!(longest, Some(LONGEST_PLAYBOOK_DAYS));
    assert_eq!(OPEN_DAYS, LONGEST_PLAYBOOK_DAYS + 60);
}
