//! Two who want the same thing at the same time, and the hour and the fourteen days that count from what was really sent.

use recoup_core::{Input, OptOutScope, PreferenceChange, Reason};

use crate::make;
use crate::scene::Scene;
use crate::script::{check, play};

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
fn o35_of_two_cases_that_race_for_one_buyer_one_sends() {
    let mut scene = play(Scene::new(), "failed 1; failed 1 case=in_2 amount=100USD");
    let (first, second) = (scene.take().expect("armed"), scene.take().expect("armed"));
    let inputs = (scene.step_due(&first), scene.step_due(&second));
    let (one, other) = (scene.begin(&first.case, inputs.0), scene.begin(&second.case, inputs.1));
    assert_eq!((one.decision.reason, other.decision.reason), (Reason::Claimed, Reason::Claimed));
    let one = scene.carry_out(first, one);
    let other = scene.carry_out(second, other);
    assert_eq!((one.reason, other.reason), (Reason::Claimed, Reason::TouchGap));
    assert_eq!(scene.sends.len(), 1);
}

#[test]
fn f11_two_senders_that_claim_one_step_send_once() {
    let mut scene = play(Scene::new(), "failed 1; again");
    let (first, second) = (scene.take().expect("armed"), scene.take().expect("armed"));
    let inputs = (scene.step_due(&first), scene.step_due(&second));
    let (one, other) = (scene.begin(&first.case, inputs.0), scene.begin(&second.case, inputs.1));
    let one = scene.carry_out(first, one);
    let other = scene.carry_out(second, other);
    assert_eq!((one.reason, other.reason), (Reason::Claimed, Reason::OutcomeUnknown));
    assert_eq!(scene.sends.len(), 1);
}

#[test]
fn f11_a_race_for_the_last_place_under_the_cap_has_one_winner() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted; due; accepted; +2h");
    scene = play(scene, "failed 1 case=in_2 amount=100USD id=b; failed 1 case=in_3 amount=200USD id=c");
    scene.policy.touch_gap = jiff::SignedDuration::ZERO;
    let (first, second) = (scene.take().expect("armed"), scene.take().expect("armed"));
    let inputs = (scene.step_due(&first), scene.step_due(&second));
    let (one, other) = (scene.begin(&first.case, inputs.0), scene.begin(&second.case, inputs.1));
    let reasons = (scene.carry_out(first, one).reason, scene.carry_out(second, other).reason);
    assert_eq!(reasons, (Reason::Claimed, Reason::Cap));
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
fn o35_an_hour_is_counted_anew_from_a_try_that_follows_at_once() {
    check(
        "failed 1; due; not_sent; due; accepted; |; failed 1 case=in_2 amount=100USD; +59m; due; due",
        "22 10:02:30 in_2 failed 1: opened; whatsapp 0 at 22 10:04:30 g1
         22 11:01:30 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:02:30 g2
         22 11:02:30 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:02:30 g3",
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
            said: None,
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
