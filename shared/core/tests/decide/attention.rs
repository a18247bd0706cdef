//! The buyer's attention: caps, the hour between messages, quiet hours, the processor's own retries, and timers that
//! were overtaken by any of them.

use recoup_core::{Reason, State};

use crate::make;
use crate::scene::Scene;
use crate::script::{check, play};

#[test]
fn r19_a_fourth_message_within_14_days_waits_for_its_place_or_is_denied_with_the_reason() {
    check(
        "failed 1; due; accepted; +1d; failed 1 case=in_2; due; accepted; due; accepted; |; due; trail case=in_2; due",
        "
        26 10:02 in_2 whatsapp 1: cap; whatsapp 2 at 30 10:02 g3
        in_2 trail: opened claimed sent cap
        29 10:00 in_1 whatsapp 2: cap; whatsapp 3 at 06 10:00 g4
        ",
    );
}

#[test]
fn r19_the_cap_counts_over_all_cases_of_a_buyer_and_every_denial_says_so() {
    let scene = play(
        Scene::new(),
        "failed 1; failed 1 case=in_2 amount=100USD; failed 1 case=in_3 amount=200USD; failed 1 case=in_4 amount=300USD; run",
    );
    for (index, sent) in scene.sends.iter().enumerate() {
        let before = |other: &&crate::scene::Sent| sent.at.duration_since(other.at) < scene.policy.cap_window;
        let in_lane = |other: &&crate::scene::Sent| other.template != "win_back_offer";
        assert!(scene.sends[..index].iter().filter(before).filter(in_lane).count() < 3, "{}", sent.at);
    }
    for name in ["in_1", "in_2", "in_3", "in_4"] {
        let denied = scene.trail(name).iter().filter(|reason| **reason == "cap").count();
        let sent = scene.trail(name).iter().filter(|reason| **reason == "sent").count();
        assert!(denied + sent >= 4, "{name}: {:?}", scene.trail(name));
        assert!(matches!(scene.state(name), State::Closed(_)));
    }
}

#[test]
fn r19_a_lane_of_its_own_has_a_cap_of_its_own() {
    check(
        "start marketing; failed 1; due; accepted; due; accepted; due; accepted; |; due; said",
        "
        06 10:00 in_1 whatsapp 3: claimed; SEND win_back_offer by whatsapp; whatsapp 4 at 09 10:00 g5
        said: win_back_offer en [name=Ana, brand=Acme] link=i/acct_1/x
        ",
    );
}

#[test]
fn o35_two_cases_of_one_buyer_keep_an_hour_apart() {
    check(
        "failed 1; +59m; failed 1 case=in_2 amount=100USD; -59m; due; accepted; due; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:59 in_2 failed 1: opened; whatsapp 0 at 22 11:01 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 11:01 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:02 g2
        22 11:02 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:59 g3
        ",
    );
    check(
        "failed 1; due; accepted; failed 1 case=in_2 amount=100USD; +59m+59s; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_2 failed 1: opened; whatsapp 0 at 22 10:04 g1
        22 11:01:59 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:02 g2
        ",
    );
    check(
        "failed 1; due; accepted; failed 1 case=in_2 amount=100USD; +60m; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_2 failed 1: opened; whatsapp 0 at 22 10:04 g1
        22 11:02 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:02 g2
        ",
    );
}

#[test]
fn o32_nothing_goes_within_six_hours_before_a_retry_that_may_cure_the_debt() {
    for (retry, goes) in [
        ("", true),
        ("retry=+6h+2m", false),
        ("retry=+6h+2m+1s", true),
        ("retry=+6h+1m+59s", false),
        ("retry=+3h", false),
        ("retry=+2m+1s", false),
        ("retry=+2m", true),
        ("retry=-1h", true),
    ] {
        let mut scene = play(Scene::new(), &format!("failed 1 {retry}"));
        let decision = scene.due();
        let expected = if goes { Reason::Claimed } else { Reason::AwaitsRetry };
        assert_eq!(decision.reason, expected, "{retry}");
        assert_eq!(scene.sends.len(), usize::from(goes), "{retry}");
    }
}

#[test]
fn o32_the_step_moves_to_half_an_hour_after_the_retry() {
    check(
        "failed 1 retry=+5h; due; due; accepted; next",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: awaits_retry; whatsapp 0 at 22 15:30 g2
        22 15:30 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g3
        22 15:30 in_1 accepted: sent
        in_1 next: whatsapp 1 at 25 10:00 g3
        ",
    );
    check(
        "failed 1 retry=+5h; due; +5h; failed 2 retry=+3d; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: awaits_retry; whatsapp 0 at 22 15:30 g2
        22 15:02 in_1 failed 2: updated; whatsapp 0 at 22 15:30 g2
        22 15:30 in_1 whatsapp 0: claimed; SEND payment_failed_second by whatsapp; whatsapp 1 at 25 10:00 g3
        ",
    );
    check(
        "failed 1 retry=+5h; due; +5h; failed 2 retry=+2h; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: awaits_retry; whatsapp 0 at 22 15:30 g2
        22 15:02 in_1 failed 2: updated; whatsapp 0 at 22 15:30 g2
        22 15:30 in_1 whatsapp 0: awaits_retry; whatsapp 0 at 22 17:32 g3
        ",
    );
    check(
        "failed 1 retry=+5h; due; +5h; |; paid; under_way",
        "
        22 15:02 in_1 paid: paid; forget 0 g2
        under way: nothing
        ",
    );
}

#[test]
fn o32_a_retry_of_an_older_attempt_holds_nothing() {
    check(
        "failed 2; failed 1 retry=+3h; due",
        "
        22 10:00 in_1 failed 2: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed 1: updated; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_second by whatsapp; whatsapp 1 at 25 10:00 g2
        ",
    );
    check(
        "failed 1 retry=+3h; failed 2; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed 2: updated; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_second by whatsapp; whatsapp 1 at 25 10:00 g2
        ",
    );
    check(
        "failed 1 retry=+3h; failed - id=intent; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed: updated; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: awaits_retry; whatsapp 0 at 22 13:30 g2
        ",
    );
}

#[test]
fn f41_quiet_hours_open_at_nine_and_close_at_eight() {
    for (at, reason) in [
        ("2026-11-22T08:59:59Z", "quiet_hours"),
        ("2026-11-22T09:00:00Z", "claimed"),
        ("2026-11-22T19:59:59Z", "claimed"),
        ("2026-11-22T20:00:00Z", "quiet_hours"),
        ("2026-11-23T00:00:00Z", "quiet_hours"),
    ] {
        let mut scene = Scene::new();
        scene.now = make::at(at).saturating_sub(scene.policy.first_delay).expect("in range");
        let mut scene = play(scene, "failed 1");
        assert_eq!(scene.due().reason.code(), reason, "{at}");
    }
}

#[test]
fn i7_a_step_in_quiet_hours_moves_to_their_end_and_keeps_one_timer() {
    check(
        "+11h; failed 1; due; under_way; due; accepted; under_way",
        "
        22 21:00 in_1 failed 1: opened; whatsapp 0 at 22 21:02 g1
        22 21:02 in_1 whatsapp 0: quiet_hours; whatsapp 0 at 23 09:00 g2
        under way: in_1 whatsapp 0 at 23 09:00
        23 09:00 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 21:00 g3
        23 09:00 in_1 accepted: sent
        under way: in_1 whatsapp 1 at 25 21:00
        ",
    );
}

#[test]
fn i7_an_unknown_zone_waits_until_it_is_day_in_the_whole_country() {
    check(
        "failed 1 phone=+14155550123 zone=none; due; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: quiet_hours; whatsapp 0 at 22 19:00 g2
        22 19:00 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g3
        ",
    );
    check(
        "failed 1 phone=+14155550123 zone=America/New_York; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: quiet_hours; whatsapp 0 at 22 14:00 g2
        ",
    );
    check(
        "failed 1 phone=+14155550123 zone=Mars/Olympus; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: quiet_hours; whatsapp 0 at 22 19:00 g2
        ",
    );
}

#[test]
fn i7_no_known_clock_means_no_message_and_says_so() {
    check(
        "failed 1 phone=+99955501234 zone=none; due; trail",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_send_window; whatsapp 1 at 25 10:00 g2
        in_1 trail: opened no_send_window
        ",
    );
    check(
        "quiet_hours off; failed 1 phone=+99955501234 zone=none; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        ",
    );
}

#[test]
fn i7_a_text_message_keeps_quiet_hours_too() {
    check(
        "failed 1; due; accepted; +11h; status failed; due; under_way; |; due; accepted; next; ledger",
        "
        23 09:00 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g4
        23 09:00 in_1 accepted: sent
        in_1 next: whatsapp 1 at 25 10:00 g4
        in_1 ledger: whatsapp 0 failed after 1, sms 0 sent after 1
        ",
    );
}

#[test]
fn f15_a_timer_before_its_time_changes_nothing() {
    let mut scene = play(Scene::new(), "failed 1");
    let queued = scene.queue[0].clone();
    let before = scene.cases.clone();
    assert_eq!(scene.deliver(queued).reason, Reason::NotYetDue);
    assert_eq!(scene.cases, before);
    assert_eq!(scene.sends.len(), 0);
}

#[test]
fn f15_a_timer_that_fires_twice_sends_once() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted");
    let queued = scene.take().expect("armed");
    assert_eq!(scene.deliver(queued.clone()).reason, Reason::Claimed);
    assert_eq!(scene.deliver(queued.clone()).reason, Reason::OutcomeUnknown);
    let scene = &mut play(scene, "accepted");
    assert_eq!(scene.deliver(queued).reason, Reason::AlreadySent);
    assert_eq!(scene.sends.len(), 2, "one for each step");
}

#[test]
fn f15_a_timer_that_was_overtaken_does_not_send() {
    let mut scene = play(Scene::new(), "+11h; failed 1");
    let old = scene.queue[0].clone();
    scene.due();
    assert_eq!(scene.deliver(old.clone()).reason, Reason::Superseded);
    scene.advance(make::duration("13h").expect("a time"));
    assert_eq!(scene.deliver(old).reason, Reason::Superseded, "also when the new time has come");
    assert_eq!(scene.sends.len(), 0);
    let scene = play(scene, "run");
    assert_eq!(scene.sends.len(), 4);
}

#[test]
fn f15_a_timer_of_a_closed_or_unknown_case_is_harmless() {
    for ending in crate::script::ENDINGS {
        let mut scene = play(Scene::new(), "failed 1; due; accepted");
        let queued = scene.take().expect("armed");
        let mut scene = play(scene, ending);
        let decision = scene.deliver(queued);
        assert!(decision.case.is_none() && decision.effects.is_empty(), "{ending}: {decision:?}");
    }
    let mut scene = play(Scene::new(), "failed 1");
    scene.cases.clear();
    let decision = scene.due();
    assert_eq!((decision.reason, decision.alarm), (Reason::UnknownCase, true), "a person is told");
    assert_eq!(scene.parked.len(), 1);
}
