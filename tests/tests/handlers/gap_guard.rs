//! A source that reports failures and no successes any more: half of its webhooks are lost, and people who paid would be
//! dunned.

use recoup_core::Policy;
use recoup_tests::{Call, Fault, Settings};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

/// Lets these many invoices fail, each of another buyer, a minute apart.
fn fail(scene: &mut Scene, ids: std::ops::Range<usize>) {
    for id in ids {
        scene.fail_invoice_of(&format!("in_{id}"), &format!("+1415555{:04}", 1_000 + id));
        scene.advance(minutes(1));
    }
    scene.advance(minutes(10));
}

fn held(scene: &Scene, ids: std::ops::Range<usize>) -> usize {
    let last = |id| scene.trail(&format!("in_{id}")).pop().unwrap_or_default();
    ids.filter(|id| last(*id).starts_with("successes_stopped")).count()
}

#[test]
fn gap_guard_ten_failures_after_two_days_without_a_success_make_every_step_of_the_source_wait() {
    scene(|scene| {
        scene.pay_invoice("in_0");
        fail(scene, 1..2);
        assert_eq!(scene.templates().len(), 1, "a source that is heard of");
        scene.advance(hours(49));
        fail(scene, 2..12);
        assert_eq!(scene.templates().len(), 10, "nine of the ten, and the one before");
        assert_eq!(held(scene, 1..12), 1);
        assert!(scene.alarms().iter().all(|reason| reason == "successes_stopped"));
        assert_eq!(scene.alarms().len(), 1, "a person is told");
        scene.advance(days(1));
        assert_eq!(
            held(scene, 1..2),
            1,
            "the second notice of a case that is older than the silence waits as well"
        );
        assert_eq!(scene.templates().len(), 10);
    });
}

#[test]
fn gap_guard_a_success_of_any_debt_lets_the_source_s_steps_go_on() {
    scene(|scene| {
        scene.pay_invoice("in_0");
        scene.advance(hours(49));
        fail(scene, 1..11);
        assert_eq!((scene.templates().len(), held(scene, 1..11)), (9, 1));
        scene.pay_invoice("in_900");
        scene.advance(hours(1));
        assert_eq!((scene.templates().len(), held(scene, 1..11)), (10, 0), "it waited for an hour at most");
        let feed = scene.memory.feed("stripe").expect("watched");
        assert_eq!((feed.is_silent(), feed.opened.len()), (false, 0));
    });
}

#[test]
fn gap_guard_a_step_that_outlives_the_silence_is_left_out_for_that_reason() {
    scene(|scene| {
        scene.pay_invoice("in_0");
        scene.advance(hours(49));
        fail(scene, 1..11);
        scene.advance(days(4));
        let trail = scene.trail("in_10");
        assert_eq!(trail.last().map(String::as_str), Some("successes_stopped 1"), "{trail:?}");
        assert_eq!(scene.ledger("in_10"), Vec::<String>::new());
    });
}

#[test]
fn gap_guard_a_quiet_source_and_one_that_never_reported_a_success_are_given_the_same_time() {
    scene(|scene| {
        fail(scene, 1..30);
        assert_eq!((scene.templates().len(), held(scene, 1..30)), (29, 0), "nothing is known of it yet");
        scene.advance(hours(47));
        fail(scene, 30..50);
        assert_eq!(held(scene, 30..50), 0);
    });
    scene(|scene| {
        scene.pay_invoice("in_0");
        scene.advance(days(20));
        fail(scene, 1..10);
        assert_eq!(
            (scene.templates().len(), held(scene, 1..10)),
            (9, 0),
            "nine failures in three weeks are no silence"
        );
    });
}

#[test]
fn gap_guard_zero_hours_switch_it_off_and_cost_nothing() {
    let policy = Policy { success_gap: hours(0), ..Policy::standard("Acme") };
    scene_with(Settings { policy, ..Settings::default() }, |scene| {
        scene.pay_invoice("in_0");
        scene.advance(days(5));
        fail(scene, 1..20);
        assert_eq!((scene.templates().len(), held(scene, 1..20)), (19, 0));
        assert_eq!(scene.memory.feed("stripe"), None);
    });
}

#[test]
fn gap_guard_a_success_that_cannot_be_remembered_does_not_fail_its_webhook() {
    for (call, key, value) in
        [(Call::LoadFeed, "reason", "unwatched"), (Call::CommitFeed, "outcome", "success_unrecorded")]
    {
        scene(|scene| {
            scene.memory.fail_always(call, Fault::Refuse);
            scene.pay_invoice("in_0");
            assert_eq!(scene.case("in_0").state().as_str(), "recovered");
            assert!(scene.lines().iter().any(|line| line.get(key) == value), "{value}");
            scene.memory.heal();
            scene.pay_invoice("in_1");
            assert!(scene.memory.feed("stripe").is_some(), "the next one is remembered");
        });
    }
}

#[test]
fn gap_guard_a_feed_that_cannot_be_read_holds_nobody_up() {
    scene(|scene| {
        scene.memory.fail_always(Call::LoadFeed, Fault::Refuse);
        fail(scene, 1..4);
        assert_eq!(scene.templates().len(), 3);
    });
}
