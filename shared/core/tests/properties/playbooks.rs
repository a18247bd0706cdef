//! When the steps of a playbook come, for playbooks that are made up and over every change of the clocks.

use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use recoup_core::{Library, MalformedPlaybook, Playbook, StepIndex, Zones};

const ZONES: [&str; 7] = [
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Pacific/Kiritimati",
];

fn step(day: i64, expires: i64, category: &str) -> String {
    format!(
        "[[step]]\nday = {day}\nchannel = \"whatsapp\"\nfallback = \"sms\"\ncategory = \"{category}\"\n\
         template = \"t\"\nexpires_hours = {expires}\nttl_minutes = 60\n"
    )
}

fn parse(steps: &str) -> Result<Playbook, MalformedPlaybook> {
    Playbook::parse(&format!("name = \"p\"\nlane = \"p\"\n{steps}"))
}

/// A playbook that keeps the rules: days in order, each step over within half the time to the next.
fn playbooks() -> impl Strategy<Value = Playbook> {
    let made = prop::collection::vec((1_i64..20, 1_i64..=100), 1..=16).prop_map(|gaps| {
        let mut text = String::new();
        let mut day = gaps[0].0 - 1;
        for (index, (_, share)) in gaps.iter().enumerate() {
            let gap = gaps.get(index + 1).map_or(30, |(gap, _)| *gap);
            write!(text, "{}", step(day, (gap * 12 * share / 100).max(1), "marketing"))
                .expect("a string grows");
            day += gap;
        }
        parse(&text).expect("it keeps the rules")
    });
    let shipped = Library::playbook_text("payment_failed").expect("shipped");
    prop_oneof![made, Just(Playbook::parse(shipped).expect("well formed"))]
}

fn anchors() -> impl Strategy<Value = (Timestamp, Zones)> {
    let second = 1_325_376_000_i64..2_114_380_800;
    (second, any::<bool>(), -10_800_i64..10_800, prop::sample::select(ZONES.to_vec())).prop_map(
        |(second, near, off, name)| {
            let at = Timestamp::from_second(second).expect("in range");
            let zones = Zones::of(Some(name), None);
            let change =
                zones.calendar().following(at).next().filter(|_| near).map(|change| change.timestamp());
            (change.and_then(|change| change.checked_add(off.seconds()).ok()).unwrap_or(at), zones)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn r9_steps_come_in_order_never_before_the_failure_and_one_at_a_time(
        playbook in playbooks(),
        (anchor, zones) in anchors(),
    ) {
        let mut over = anchor;
        for (index, step) in (0..).map(StepIndex).zip(&playbook.steps) {
            let (due, expiry) = (playbook.due(index, anchor, &zones), playbook.expiry(index, anchor, &zones));
            prop_assert!(due >= over, "step {index} is due at {due}, before {over}");
            prop_assert!(due < expiry, "step {index} is over before it is due");
            let local = |at: Timestamp| at.to_zoned(zones.calendar());
            let days = local(anchor).date().until(local(due).date()).expect("in range").get_days();
            prop_assert_eq!(days, step.day, "days are counted on the buyer's calendar");
            over = expiry;
        }
        let end = StepIndex(u8::try_from(playbook.steps.len()).expect("at most 16"));
        prop_assert!(playbook.is_end(end) && playbook.due(end, anchor, &zones) == over);
    }

    #[test]
    fn r9_a_playbook_is_taken_or_refused_whatever_its_numbers(
        days in prop::collection::vec(prop_oneof![any::<i32>(), -2_i32..40], 1..4),
        expires in prop_oneof![any::<i64>(), 1_i64..100],
    ) {
        let text: String = days.iter().map(|day| step(i64::from(*day), expires, "marketing")).collect();
        if let Ok(playbook) = parse(&text) {
            let anchor = Timestamp::from_second(1_795_356_000).expect("in range");
            let zones = Zones::of(Some("Europe/London"), None);
            let last = StepIndex(u8::try_from(days.len() - 1).expect("at most 3"));
            prop_assert!(playbook.expiry(last, anchor, &zones) > playbook.due(last, anchor, &zones));
        }
    }
}

#[test]
fn r9_a_step_beyond_any_calendar_is_refused_by_its_rule() {
    let far = i64::from(i32::MAX);
    for steps in [
        step(far, 12, "utility"),
        step(8_000_000, 12, "utility"),
        step(0, i64::MAX, "utility"),
        step(0, 400_000_000_000, "utility"),
        step(i64::from(i32::MIN), 12, "utility") + &step(far, 12, "utility"),
        step(0, 12, "utility") + &step(far - 3, 12, "utility"),
    ] {
        let error = parse(&steps).expect_err("beyond a year").to_string();
        assert!(error.contains("step 0") || error.contains("step 1"), "{error}");
    }
}
