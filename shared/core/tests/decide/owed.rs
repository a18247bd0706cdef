//! What a state owes, and what the daily sweep makes of it.

use recoup_core::{Channel, Decision, Effect, Reason, owed};

use crate::scene::Scene;
use crate::script::{check, play};

fn armed(effects: &[Effect]) -> Vec<(u8, Channel, u32)> {
    let timer = |effect: &Effect| match effect {
        Effect::Arm(timer) => Some((timer.step.0, timer.channel, timer.generation)),
        Effect::Disarm { .. }
        | Effect::Send(_)
        | Effect::Redeliver { .. }
        | Effect::Park
        | Effect::HandOff(_)
        | Effect::Answer { .. }
        | Effect::Tell(_)
        | Effect::Heed(_)
        | Effect::Silence { .. } => None,
    };
    effects.iter().filter_map(timer).collect()
}

fn owes(script: &str) -> Vec<(u8, Channel, u32)> {
    let scene = play(Scene::new(), script);
    let mut effects = owed(scene.case("in_1"), scene.now);
    assert_eq!(effects, owed(scene.case("in_1"), scene.now), "asking changes nothing");
    effects.retain(|effect| !matches!(effect, Effect::Tell(_)));
    assert_eq!(armed(&effects).len(), effects.len(), "a state owes timers, and word of its end");
    armed(&effects)
}

#[test]
fn i5_an_open_case_owes_its_next_step_and_after_a_failure_the_other_channel() {
    use Channel::{Sms, Whatsapp};
    for (script, expected) in [
        ("failed 1", vec![(0, Whatsapp, 1)]),
        ("failed 1; due", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; accepted", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; unknown", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; not_sent", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; refused hold", vec![(0, Whatsapp, 3)]),
        ("failed 1; due; refused drop", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; refused fall_back", vec![(1, Whatsapp, 2), (0, Sms, 2)]),
        ("failed 1; due; accepted; status failed", vec![(1, Whatsapp, 2), (0, Sms, 2)]),
        ("failed 1; due; accepted; status failed; status read", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; refused fall_back; due", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; refused fall_back; due; refused fall_back", vec![(1, Whatsapp, 2)]),
        ("failed 1; due; refused fall_back; due; refused hold", vec![(0, Sms, 3)]),
        ("failed 1; due; refused fall_back; +11h; due", vec![(0, Sms, 3)]),
        ("failed 1; due; accepted; due; accepted; status failed", vec![(2, Whatsapp, 3)]),
    ] {
        assert_eq!(owes(script), expected, "{script}");
    }
}

#[test]
fn i3_a_case_that_is_over_owes_nothing() {
    for over in [
        "paid",
        "voided",
        "uncollectible",
        "cancelled",
        "refunded",
        "dispute",
        "won",
        "lost",
        "stop all",
        "run",
    ] {
        for before in [
            "failed 1; due; accepted",
            "failed 1; due; refused fall_back; due; accepted",
            "failed 1; due; refused hold; due; accepted",
        ] {
            assert_eq!(owes(&format!("{before}; {over}")), [], "{before}; {over}");
        }
    }
    assert_eq!(owes("paid; failed 1"), [], "a tombstone owes nothing");
    assert_eq!(owes("paid"), []);
}

#[test]
fn i5_doing_again_what_is_owed_never_claims_twice() {
    for script in [
        "failed 1",
        "failed 1; due",
        "failed 1; due; accepted",
        "failed 1; due; crash",
        "failed 1; due; refused hold",
        "failed 1; due; refused fall_back",
        "failed 1; due; refused fall_back; due",
        "failed 1; due; accepted; status failed; due; accepted",
    ] {
        let scene = play(Scene::new(), script);
        let once = play(scene.clone(), "run");
        let mut again = scene.clone();
        for _ in 0..3 {
            let effects = owed(again.case("in_1"), again.now);
            again.perform(&effects);
        }
        while !again.wire.is_empty() {
            again = play(again, "accepted");
        }
        let again = play(again, "run");
        assert_eq!(again.sends.len(), once.sends.len(), "{script}");
        assert_eq!(again.state("in_1"), once.state("in_1"), "{script}");
    }
}

#[test]
fn f13_a_timer_that_was_never_set_is_set_by_the_next_delivery_of_the_event() {
    check(
        "failed 1; lose; |; again; under_way",
        "
        22 10:00 in_1 failed 1: duplicate; whatsapp 0 at 22 10:02 g1
        under way: in_1 whatsapp 0 at 22 10:02
        ",
    );
    check(
        "failed 1; due; accepted; lose; |; failed 2; under_way",
        "
        22 10:02 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

fn swept(script: &str) -> Decision {
    let mut scene = play(Scene::new(), script);
    scene.swept("in_1")
}

#[test]
fn f15_the_sweep_sets_a_lost_timer_again() {
    check(
        "failed 1; lose; +32m; |; sweep; under_way; due; accepted; sweep; under_way",
        "
        22 10:32 in_1 sweep: repaired; whatsapp 0 at 22 10:02 g1
        under way: in_1 whatsapp 0 at 22 10:32
        22 10:32 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:32 in_1 accepted: sent
        22 10:32 in_1 sweep: nothing_owed
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn f46_the_sweep_leaves_a_timer_alone_that_is_not_late_enough() {
    assert_eq!(swept("failed 1; lose; +31m+59s").reason, Reason::NothingOwed);
    assert_eq!(swept("failed 1; lose; +32m").reason, Reason::Repaired);
    assert_eq!(swept("failed 1; due; accepted; lose; +70h").reason, Reason::NothingOwed);
    assert_eq!(swept("failed 1; due; accepted; lose; +73h").reason, Reason::Repaired);
}

#[test]
fn f46_the_sweep_repairs_without_a_write_and_twice_is_harmless() {
    let scene = play(Scene::new(), "failed 1; lose; +1h; sweep; sweep; sweep");
    assert_eq!(scene.cases[&crate::make::case_id("in_1")].version, 1);
    let scene = play(scene, "run");
    assert_eq!(scene.sends.len(), 4);
}

#[test]
fn f46_the_sweep_finds_nothing_in_fresh_and_closed_cases() {
    for (script, reason) in [
        ("failed 1", Reason::NothingOwed),
        ("failed 1; due; accepted", Reason::NothingOwed),
        ("failed 1; due; refused fall_back", Reason::NothingOwed),
        ("failed 1; paid; +9d", Reason::AlreadyClosed),
        ("paid", Reason::AlreadyClosed),
        ("failed 1; dispute; +9d", Reason::AlreadyClosed),
        ("failed 1; run; +9d", Reason::AlreadyClosed),
    ] {
        let decision = swept(script);
        assert_eq!(decision.reason, reason, "{script}");
        assert!(decision.case.is_none() && decision.effects.is_empty(), "{script}");
    }
}

#[test]
fn r12_the_sweep_makes_old_claims_unknown() {
    assert_eq!(swept("failed 1; due; unknown; +59m+59s").reason, Reason::NothingOwed);
    check(
        "failed 1; due; unknown; +60m; |; sweep; ledger; sweep; ledger",
        "
        22 11:02 in_1 sweep: outcome_unknown; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 unknown after 1
        22 11:02 in_1 sweep: nothing_owed
        in_1 ledger: whatsapp 0 unknown after 1
        ",
    );
    check(
        "failed 1; due; refused fall_back; due; unknown; +61m; |; sweep; ledger",
        "
        22 11:03 in_1 sweep: outcome_unknown; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 failed after 1, sms 0 unknown after 1
        ",
    );
}

#[test]
fn f13_a_text_message_that_was_never_queued_is_found_by_the_sweep() {
    check(
        "failed 1; due; accepted; status failed; lose; +29m; |; sweep; +1m; sweep; due; accepted; ledger",
        "
        22 10:31 in_1 sweep: nothing_owed
        22 10:32 in_1 sweep: repaired; whatsapp 1 at 25 10:00 g2; sms 0 at 22 10:32 g2
        22 10:32 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 10:32 in_1 accepted: sent
        in_1 ledger: whatsapp 0 failed after 1, sms 0 sent after 1
        ",
    );
    check(
        "failed 1; due; refused fall_back; lose; +37h; |; sweep; due; sweep; ledger",
        "
        23 23:02 in_1 sweep: repaired; whatsapp 1 at 25 10:00 g2; sms 0 at 23 23:02 g2
        23 23:02 in_1 sms 0: stale; whatsapp 1 at 25 10:00 g2
        23 23:02 in_1 sweep: nothing_owed
        in_1 ledger: whatsapp 0 dropped after 1
        ",
    );
}

#[test]
fn i5_a_case_that_lost_everything_still_reaches_its_end_by_daily_sweeps() {
    let mut scene = play(Scene::new(), "failed 1; lose");
    let mut days = 0;
    while scene.case("in_1").is_open() {
        assert!(days < 40, "{}", scene.lines.join("\n"));
        days += 1;
        scene = play(scene, "+1d; sweep");
        scene.queue.retain(|queued| !queued.schedule);
        while !scene.queue.is_empty() {
            scene = play(scene, "due");
            scene.queue.retain(|queued| !queued.schedule);
        }
        while !scene.wire.is_empty() {
            scene = play(scene, "accepted");
        }
    }
    assert_eq!(scene.state("in_1").as_str(), "exhausted");
}
