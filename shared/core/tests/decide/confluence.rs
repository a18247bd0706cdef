//! Order and number of deliveries do not matter: whatever was said of an obligation ends in one state.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use recoup_core::{OptOutScope, PreferenceChange, Settlement, State};

use crate::make;
use crate::scene::Scene;
use crate::script::{ENDINGS, play};

/// What can be said of one invoice, by name. `stop` is the buyer's.
const SAID: [&str; 9] =
    ["failed 1", "failed 2", "paid", "refunded", "dispute", "won", "lost", "voided", "stop"];

fn say(scene: &mut Scene, what: usize) {
    let id = format!("evt_{what}");
    match SAID[what] {
        "stop" => drop(scene.preference(make::PHONE, PreferenceChange::OptOut, OptOutScope::All, None)),
        "failed 1" => drop(scene.said(make::failed(&id, "in_1", make::failure(1)))),
        "failed 2" => drop(scene.said(make::failed(&id, "in_1", make::failure(2)))),
        name => drop(scene.said(make::event(&id, "in_1", make::fact(name).expect("a fact")))),
    }
}

/// How it ends: the state, what was said of the money, whether anything is planned, and what the newest attempt was.
type End = (State, Settlement, bool, u32);

fn end_of(mut scene: Scene) -> End {
    while let Some(queued) = scene.take() {
        scene.deliver(queued);
        if !scene.wire.is_empty() {
            break;
        }
    }
    let case = scene.case("in_1");
    let outreach = case.outreach.as_ref();
    let planned = outreach.is_some_and(|outreach| outreach.next.is_some());
    (case.state(), case.settlement, planned, outreach.map_or(0, |outreach| outreach.matter.attempt))
}

/// Every order of the events left, each as often as its count says.
fn every_order(scene: &Scene, left: &mut BTreeMap<usize, u8>, ends: &mut BTreeMap<String, u32>) {
    let mut any = false;
    for what in left.keys().copied().collect::<Vec<_>>() {
        if left[&what] == 0 {
            continue;
        }
        any = true;
        *left.get_mut(&what).expect("a key") -= 1;
        let mut next = scene.clone();
        next.lines.clear();
        say(&mut next, what);
        every_order(&next, left, ends);
        *left.get_mut(&what).expect("a key") += 1;
    }
    if !any {
        *ends.entry(format!("{:?}", end_of(scene.clone()))).or_default() += 1;
    }
}

fn one_end(said: &[(usize, u8)]) {
    let mut ends = BTreeMap::new();
    every_order(&Scene::new(), &mut said.iter().copied().collect(), &mut ends);
    let names: Vec<_> = said.iter().map(|(what, count)| format!("{} x{count}", SAID[*what])).collect();
    assert_eq!(ends.len(), 1, "{}: {ends:#?}", names.join(", "));
}

#[test]
fn i4_three_facts_and_a_duplicate_end_the_same_in_every_order() {
    for a in 0..SAID.len() {
        for b in a + 1..SAID.len() {
            for c in b + 1..SAID.len() {
                for twice in [a, b, c] {
                    if a < 2 {
                        let count = |what| if what == twice { 2 } else { 1 };
                        one_end(&[(a, count(a)), (b, count(b)), (c, count(c))]);
                    }
                }
            }
        }
    }
}

#[test]
fn f03_five_facts_end_the_same_in_every_order() {
    for others in [[2, 3, 4], [2, 4, 5], [2, 4, 6], [3, 4, 5], [2, 7, 8], [4, 5, 8], [3, 6, 8]] {
        let said = [0, 1].into_iter().chain(others).map(|what| (what, 1)).collect::<Vec<_>>();
        one_end(&said);
    }
}

#[test]
fn f03_failures_and_a_payment_each_told_twice_end_the_same_in_every_order() {
    one_end(&[(0, 2), (1, 2), (2, 2)]);
    one_end(&[(0, 2), (2, 2), (4, 2)]);
}

#[test]
fn o45_every_state_answers_every_fact_as_the_table_says() {
    let expected = "\
        open: paid recovered, voided voided, uncollectible voided, cancelled voided, refunded voided, dispute disputed, won recovered, lost voided\n\
        recovered: paid recovered, voided recovered, uncollectible recovered, cancelled recovered, refunded voided, dispute disputed, won recovered, lost voided\n\
        voided: paid recovered, voided voided, uncollectible voided, cancelled voided, refunded voided, dispute disputed, won recovered, lost voided\n\
        disputed: paid disputed, voided disputed, uncollectible disputed, cancelled disputed, refunded disputed, dispute disputed, won recovered, lost voided\n\
        suppressed: paid recovered, voided voided, uncollectible voided, cancelled voided, refunded voided, dispute disputed, won recovered, lost voided\n\
        exhausted: paid recovered, voided voided, uncollectible voided, cancelled voided, refunded voided, dispute disputed, won recovered, lost voided\n";
    let reached = [
        ("open", "failed 1"),
        ("recovered", "failed 1; paid"),
        ("voided", "failed 1; voided"),
        ("disputed", "failed 1; dispute"),
        ("suppressed", "failed 1; stop all; due"),
        ("exhausted", "failed 1; run"),
    ];
    let mut table = String::new();
    for (state, script) in reached {
        let scene = play(Scene::new(), script);
        assert_eq!(scene.state("in_1").as_str(), state);
        let cells = ENDINGS.map(|fact| {
            let after = play(scene.clone(), fact);
            format!("{fact} {}", after.state("in_1").as_str())
        });
        let _ = writeln!(table, "{state}: {}", cells.join(", "));
        for failure in ["failed 1", "failed 2", "refunded_in_part", "sweep"] {
            let after = play(scene.clone(), failure);
            assert_eq!(after.state("in_1"), scene.state("in_1"), "{failure} does not move {state}");
        }
    }
    assert_eq!(table, expected);
}

#[test]
fn o45_an_input_that_no_longer_applies_leaves_the_state_alone() {
    for over in ["paid", "voided", "dispute", "stop all"] {
        let scene = play(Scene::new(), &format!("failed 1; due; accepted; {over}"));
        let before = scene.cases.clone();
        for late in [
            "once_more 0",
            "stray 0 1",
            "stray 1 2",
            "stray 0 1 sms",
            "stray 9 9",
            "sweep",
            "+3d; sweep",
            "stop all",
        ] {
            let after = play(scene.clone(), late);
            assert_eq!(after.cases, before, "{late} after {over}");
            assert_eq!(after.sends.len(), 1, "{late} after {over}");
        }
    }
}

#[test]
fn i4_two_reports_of_one_attempt_make_one_debt_in_either_order() {
    let (invoice, intent) =
        ("failed 1 id=a amount=4900USD", "failed - id=b amount=5000USD phone=+442079460999");
    let one = play(Scene::new(), &format!("{invoice}; {intent}"));
    let other = play(Scene::new(), &format!("{intent}; {invoice}"));
    let matter = |scene: &Scene| scene.case("in_1").outreach.as_ref().expect("opened").matter.clone();
    assert_eq!(matter(&one), matter(&other));
}
