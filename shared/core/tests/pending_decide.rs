//! Promises that `decide` does not keep yet. Each test moves into `decide/` when it passes.

#![expect(dead_code, reason = "the harness is larger than what is pending")]

#[path = "decide/make.rs"]
mod make;
#[path = "decide/queues.rs"]
mod queues;
#[path = "decide/scene.rs"]
mod scene;
#[path = "decide/script.rs"]
mod script;
#[path = "decide/walk.rs"]
mod walk;
#[path = "decide/watch.rs"]
mod watch;

use proptest::prelude::*;
use recoup_core::{Answer, Fact, Input, Lookup, OptOutScope, PreferenceChange, Reason, StepDue};
use scene::Scene;
use script::{check, play};
use walk::{choices, config, drains, ends, walk};

/// A text message waits for the morning while WhatsApp reaches another device after all.
#[test]
fn i9_a_delivery_while_the_text_message_waits_for_the_morning_does_not_loop() {
    let scene =
        play(Scene::new(), "failed 1; due; accepted; +11h; status failed; due; status delivered; run");
    assert_eq!(scene.state("in_1").as_str(), "exhausted");
    assert_eq!(scene.sends.len(), 4, "and the later steps still come");
}

#[test]
fn i9_a_status_while_the_step_is_held_does_not_loop() {
    for status in ["sent", "read", "failed", "failed_drop"] {
        let scene = play(Scene::new(), &format!("failed 1; due; refused hold; status {status}; run"));
        assert_eq!(scene.state("in_1").as_str(), "exhausted", "{status}");
    }
}

#[test]
fn i9_a_look_up_that_settles_nothing_does_not_loop() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted");
    let queued = scene.take().expect("armed");
    let due = StepDue {
        step: queued.step,
        generation: queued.generation,
        channel: queued.channel,
        buyer: Answer::NotAsked,
        settlement: Answer::Found(Fact::Refunded { full: false }),
    };
    let decision = scene.apply(&queued.case, Input::StepDue(due), "due");
    assert_eq!(decision.reason, Reason::Claimed, "the money is still owed");
}

#[test]
fn o35_an_hour_is_counted_from_the_message_that_reached_the_buyer() {
    check(
        "failed 1; due; accepted; +2h; status failed; due; accepted; |; failed 1 case=in_2 amount=100USD; due",
        "22 12:02 in_2 failed 1: opened; whatsapp 0 at 22 12:04 g1
         22 12:04 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 13:02 g2",
    );
}

#[test]
fn o35_an_hour_is_counted_from_the_attempt_that_was_taken() {
    let held = "due; refused hold; ".repeat(4);
    check(
        &format!("failed 1; {held} due; accepted; |; failed 1 case=in_2 amount=100USD; due"),
        "22 11:02 in_2 failed 1: opened; whatsapp 0 at 22 11:04 g1
         22 11:04 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 12:02 g2",
    );
}

#[test]
fn r19_fourteen_days_are_counted_from_the_message_that_reached_the_buyer() {
    let scene = play(Scene::new(), "failed 1; due; accepted; +8h; status failed; run");
    let reached: Vec<_> = scene.sends.iter().filter(|sent| !sent.failed).collect();
    for window in reached.windows(4) {
        let days = window[3].at.duration_since(window[0].at);
        assert!(days >= scene.policy.cap_window, "four messages within {} h", days.as_hours());
    }
}

/// A second claim of a step (another try, or the text message) is decided, then `meanwhile` is stored, then the claim.
fn between_decision_and_second_claim(meanwhile: impl FnOnce(&mut Scene)) -> Reason {
    let mut scene = play(Scene::new(), "failed 1; due; refused fall_back; +2h");
    let queued = scene.take().expect("the text message");
    let input = scene.step_due(&queued);
    let draft = scene.begin(&queued.case, input);
    assert_eq!(draft.decision.reason, Reason::Claimed);
    meanwhile(&mut scene);
    scene.finish(draft).reason
}

#[test]
fn f18_a_stop_of_text_messages_meets_a_second_claim_when_it_is_stored() {
    let reason = between_decision_and_second_claim(|scene| *scene = play(scene.clone(), "stop sms"));
    assert_eq!(reason, Reason::OptedOut);
}

#[test]
fn f18_a_stop_meets_a_second_claim_before_its_cases_are_told() {
    let reason = between_decision_and_second_claim(|scene| {
        let stop = Input::Preference {
            recipient: Scene::buyer_id(make::PHONE),
            change: PreferenceChange::OptOut,
            scope: OptOutScope::All,
            at: scene.now,
        };
        let stored_only = scene.begin(&make::case_id("none"), stop);
        scene.finish(stored_only);
    });
    assert_eq!(reason, Reason::OptedOut);
}

#[test]
fn o35_a_second_claim_meets_the_message_of_another_case() {
    let reason = between_decision_and_second_claim(|scene| {
        *scene = play(scene.clone(), "failed 1 case=in_2 amount=100USD; due");
        assert_eq!(scene.sends.last().expect("went").message.correlation.case, make::case_id("in_2"));
    });
    assert_eq!(reason, Reason::TouchGap);
}

#[test]
fn r3_a_payment_intent_that_spoke_first_ends_when_it_meets_its_invoice() {
    let scene = play(Scene::new(), "failed - case=pi_1 unlinked; due; accepted; failed 1; due; run");
    assert_eq!(scene.state("pi_1").as_str(), "suppressed", "{}", scene.lines.join("\n"));
    assert!(scene.trail("pi_1").contains(&"same_debt"));
    assert_eq!(scene.sends.len(), 4, "one message for each step");
}

#[test]
fn o15_the_intent_of_an_invoice_that_was_paid_otherwise_is_silent() {
    let scene =
        play(Scene::new(), "failed - case=pi_1 unlinked; due; accepted; failed 1; due; +1d; paid; run");
    assert_eq!(scene.sends.len(), 1, "{}", scene.lines.join("\n"));
}

#[test]
fn f13_a_status_told_again_brings_the_text_message_that_was_lost() {
    check(
        "failed 1; due; accepted; status failed; lose; |; status failed; under_way",
        "22 10:02 in_1 whatsapp 0 is failed: old_status; sms 0 at 22 10:02 g2
         under way: in_1 sms 0 at 22 10:02",
    );
}

#[test]
fn i4_two_reports_of_one_attempt_make_one_debt_in_either_order() {
    let (invoice, intent) =
        ("failed 1 id=a amount=4900USD", "failed - id=b amount=5000USD phone=+442079460999");
    let one = play(Scene::new(), &format!("{invoice}; {intent}"));
    let other = play(Scene::new(), &format!("{intent}; {invoice}"));
    let debt = |scene: &Scene| scene.case("in_1").dunning.as_ref().expect("opened").debt.clone();
    assert_eq!(debt(&one), debt(&other));
}

#[test]
fn o15_a_processor_that_is_away_for_an_hour_delays_the_step_and_does_not_move_it_to_another_channel() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted; processor settled=unreachable; due");
    let since = scene.now;
    while scene.now.duration_since(since).as_hours() < 1 {
        assert!(!scene.queue.is_empty(), "parked: {}\n{}", scene.parked.len(), scene.lines.join("\n"));
        scene.due();
    }
    assert!(scene.trail("in_1").contains(&"unverified_debt"), "i8: the trail says why nothing went");
    let scene = play(scene, "processor settled=nothing; due");
    assert_eq!(scene.sends.last().expect("went").message.correlation.channel, recoup_core::Channel::Whatsapp);
}

#[test]
fn o15_a_final_notice_is_verified_whatever_its_day() {
    let scene = play(Scene::new(), "failed 3; due");
    assert_eq!(scene.sends[0].template, "payment_failed_final");
    assert!(
        scene.processor.asked.contains(&Lookup::Obligation),
        "design: before a final notice, or from Day 3"
    );
}

/// Two messages to one buyer within the hour, or a fourth of one lane within fourteen days, among those that may have
/// reached the buyer.
fn crowded(scene: &Scene) -> Option<String> {
    let reached: Vec<_> = scene.sends.iter().filter(|sent| !sent.failed).collect();
    for (index, sent) in reached.iter().enumerate() {
        let to_same = |other: &&&scene::Sent| other.message.to == sent.message.to;
        let within = |window| move |other: &&&scene::Sent| sent.at.duration_since(other.at) < window;
        let before = || reached[..index].iter().filter(to_same);
        let of_lane = |other: &&&scene::Sent| other.message.category == sent.message.category;
        if before().any(|other| within(scene.policy.touch_gap)(&other)) {
            return Some(format!("two within the hour before {}", sent.at));
        }
        if before().filter(within(scene.policy.cap_window)).filter(of_lane).count()
            >= scene.policy.cap_messages
        {
            return Some(format!("a fourth within 14 days at {}", sent.at));
        }
    }
    None
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn o35_no_order_of_events_crowds_a_buyer(choices in choices(40)) {
        let (scene, script) = walk(&choices, false);
        let scene = drains(scene, "accepted").unwrap_or_else(|why| panic!("{script}: {why}"));
        prop_assert_eq!(crowded(&scene), None, "{}", script);
    }

    #[test]
    fn i9_statuses_at_any_time_let_everything_come_to_rest(
        choices in choices(30),
        outcome in prop::sample::select(vec!["accepted", "not_sent", "crash", "hold", "fall_back", "retry", "park"]),
    ) {
        let (scene, script) = walk(&choices, true);
        if let Err(why) = drains(scene.clone(), outcome).and_then(|_| ends(scene)) {
            prop_assert!(false, "{script}; then every send ends as {outcome}: {why}");
        }
    }
}
