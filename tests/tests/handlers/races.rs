//! Two at once: two senders, a payment or a STOP at each point of a send, a sweep in the middle of anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join;
use recoup_app::ports::Queue;
use recoup_app::queue::Received;
use recoup_app::sweep;
use recoup_core::Policy;
use recoup_tests::run::run;
use recoup_tests::{Call, Moment, Reply, Settings, Stack, meta, seeds};
use serde_json::Value;

use crate::scene::{Scene, days, hours, minutes, paid, scene, scene_with};
use crate::stops::{meanwhile, meanwhile_said};

/// The calls of a sender, the secrets left out.
const CALLS: [Call; 6] = [
    Call::LoadCase,
    Call::LoadRecipient,
    Call::CommitRecipient,
    Call::CommitCase,
    Call::CreateSchedule,
    Call::Perform,
];

/// The points of a send: before the reservation, between it and the claim, between that and the wire, and before the
/// record; and whether the message has gone by then.
const POINTS: [(&str, Call, usize, bool); 4] = [
    ("before the reservation", Call::CommitRecipient, 0, false),
    ("between reservation and claim", Call::CommitCase, 0, false),
    ("between claim and wire", Call::Perform, 0, true),
    ("between wire and record", Call::CommitCase, 1, true),
];

fn pass(scene: &Scene, minutes_passed: i64) {
    let now = scene.memory.time().checked_add(minutes(minutes_passed)).expect("in range");
    scene.memory.set_now(now);
}

/// Lets another process work on a batch just before the next such call, and says later whether it did.
fn at_the_same_time(scene: &Scene, policy: &Policy, call: Call, batch: Vec<Received>) -> Arc<AtomicBool> {
    let settings = Settings { policy: policy.clone(), ..Settings::default() };
    let other = Stack::over(scene.memory.clone(), settings);
    let done = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&done);
    scene.memory.before(call, move |_| async move {
        other.taking(Queue::Whatsapp, batch).await;
        mark.store(true, Ordering::Relaxed);
    });
    done
}

#[test]
fn f11_two_processes_with_one_message_send_once_wherever_the_second_overtakes_the_first() {
    for call in CALLS {
        scene(|scene| {
            scene.fail_invoice("in_1");
            pass(scene, 2);
            let batch = scene.memory.receive(Queue::Whatsapp);
            let done = at_the_same_time(scene, &Policy::standard("Acme"), call, batch.clone());
            scene.take(Queue::Whatsapp, batch).expect("lives");
            assert!(done.load(Ordering::Relaxed), "before {call}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "before {call}");
            scene.advance(days(2));
            assert_eq!(scene.templates(), ["payment_failed_first"], "before {call}");
            assert_eq!(scene.memory.recipients()[0].touches.len(), 1, "before {call}");
            assert_eq!((scene.memory.texts().len(), scene.parked().len()), (0, 0), "before {call}");
        });
    }
}

#[test]
fn f11_of_two_debts_that_race_for_the_last_place_under_the_cap_one_sends() {
    let policy = Policy { touch_gap: minutes(0), ..Policy::standard("Acme") };
    let settings = Settings { policy: policy.clone(), ..Settings::default() };
    for call in CALLS {
        scene_with(settings.clone(), |scene| {
            scene.fail_invoice("in_1");
            scene.advance(days(4));
            assert_eq!(scene.whatsapp_sends().len(), 2, "one place is left");
            scene.fail_invoice("in_2");
            scene.fail_invoice("in_3");
            pass(scene, 2);
            let both = scene.memory.receive(Queue::Whatsapp);
            let (one, other) = (both[..1].to_vec(), both[1..].to_vec());
            let done = at_the_same_time(scene, &policy, call, other);
            scene.take(Queue::Whatsapp, one).expect("lives");
            assert!(done.load(Ordering::Relaxed), "before {call}");
            scene.advance(hours(12));
            assert_eq!(scene.whatsapp_sends().len(), 3, "before {call}");
            let capped =
                ["in_2", "in_3"].into_iter().filter(|id| scene.trail(id).contains(&"cap 0".to_owned()));
            assert_eq!(capped.count(), 1, "before {call}");
        });
    }
}

#[test]
fn f12_two_workers_that_receive_the_same_batch_twice_and_in_another_order_send_each_step_once() {
    scene(|scene| {
        scene.memory.interleave();
        for nth in 0..5 {
            scene.fail_invoice_of(&format!("in_{nth}"), &format!("+4420794609{nth:02}"));
        }
        for waiting in scene.memory.waiting(Queue::Whatsapp) {
            scene.memory.drop_into(Queue::Whatsapp, &waiting.body);
        }
        pass(scene, 2);
        let batch = scene.memory.receive(Queue::Whatsapp);
        assert_eq!(batch.len(), 10);
        let backwards: Vec<_> = batch.iter().rev().cloned().collect();
        let other = Stack::over(scene.memory.clone(), Settings::default());
        let both = join(scene.taking(Queue::Whatsapp, batch), other.taking(Queue::Whatsapp, backwards));
        run(both).expect("both live");
        scene.advance(days(2));
        assert_eq!(scene.whatsapp_sends().len(), 5);
        for nth in 0..5 {
            assert_eq!(scene.ledger(&format!("in_{nth}")), ["0 whatsapp sent"]);
        }
        assert_eq!(scene.parked(), Vec::<String>::new());
    });
}

/// Plans what happens at a point of the send that comes next.
fn at_point(scene: &Scene, (call, passes): (Call, usize), plan: impl FnOnce(&Scene, Call)) {
    for _ in 0..passes {
        scene.memory.before(call, |_| async {});
    }
    plan(scene, call);
}

#[test]
fn f17_a_payment_at_each_of_the_four_points_stops_the_message_or_finds_it_on_record() {
    for (point, call, passes, gone) in POINTS {
        scene(|scene| {
            scene.fail_invoice("in_1");
            at_point(scene, (call, passes), |scene, call| meanwhile(scene, call, &paid("in_1")));
            scene.advance(days(20));
            let expected = if gone { &["0 whatsapp sent"][..] } else { &[] };
            assert_eq!(scene.ledger("in_1"), expected, "{point}");
            assert_eq!(scene.whatsapp_sends().len(), usize::from(gone), "{point}");
            assert_eq!(scene.case("in_1").state().as_str(), "recovered", "{point}");
            assert!(scene.memory.schedules().is_empty(), "{point}");
        });
    }
}

#[test]
fn f18_a_stop_at_each_of_the_four_points_stops_the_message_or_is_the_last_word() {
    for (point, call, passes, gone) in POINTS {
        scene(|scene| {
            scene.fail_invoice("in_1");
            let said = meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second());
            at_point(scene, (call, passes), |scene, call| meanwhile_said(scene, call, &said));
            scene.advance(days(20));
            assert_eq!(scene.whatsapp_sends().len(), usize::from(gone), "{point}");
            assert_eq!(scene.case("in_1").state().as_str(), "suppressed", "{point}");
            assert!(scene.memory.opted_out(seeds::PHONE), "{point}");
        });
    }
}

/// What tells the use cases that the text message must not go.
fn ends(scene: &Scene, call: Call, end: &str) {
    if end == "paid" {
        return meanwhile(scene, call, &paid("in_1"));
    }
    let said: Value = meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second());
    meanwhile_said(scene, call, &said);
}

#[test]
fn f17_f18_the_same_points_of_a_text_message() {
    for (point, call, passes, gone) in POINTS {
        let call = if call == Call::Perform { Call::SendText } else { call };
        for (end, state) in [("paid", "recovered"), ("stop", "suppressed")] {
            scene(|scene| {
                scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
                scene.fail_invoice("in_1");
                pass(scene, 2);
                scene.deliver_from(Queue::Whatsapp);
                assert_eq!(scene.memory.waiting(Queue::Sms).len(), 1, "the text message waits");
                pass(scene, 1);
                at_point(scene, (call, passes), |scene, call| ends(scene, call, end));
                scene.advance(days(20));
                assert_eq!(scene.memory.texts().len(), usize::from(gone), "{end} {point}");
                assert_eq!(scene.whatsapp_sends().len(), 1, "{end} {point}");
                assert_eq!(scene.case("in_1").state().as_str(), state, "{end} {point}");
            });
        }
    }
}

/// Five debts of five buyers whose queued steps were lost.
fn lost_steps(scene: &mut Scene) {
    for nth in 0..5 {
        scene.fail_invoice_of(&format!("in_{nth}"), &format!("+4420794609{nth:02}"));
    }
    scene.memory.lose_messages(Queue::Whatsapp);
    scene.advance(hours(1));
}

#[track_caller]
fn assert_each_went_once(scene: &Scene, what: &str) {
    assert_eq!(scene.whatsapp_sends().len(), 5, "{what}");
    for nth in 0..5 {
        assert_eq!(scene.ledger(&format!("in_{nth}")), ["0 whatsapp sent"], "{what}");
    }
}

#[test]
fn f46_two_sweeps_at_once_repair_what_is_lost_and_nothing_goes_twice() {
    scene(|scene| {
        scene.memory.interleave();
        lost_steps(scene);
        let both = join(sweep::sweep(&scene.engine), sweep::sweep(&scene.engine));
        let (one, other) = run(both).expect("both live");
        assert_eq!(one.expect("scans").repaired, 5);
        assert_eq!(other.expect("scans").repaired, 5, "neither writes, so neither knows of the other");
        scene.advance(hours(1));
        assert_each_went_once(scene, "overlapping");
    });
}

#[test]
fn f46_a_sweep_that_dies_at_any_call_is_finished_by_the_next_one() {
    let swept = |death: Option<(u64, Moment)>| {
        scene(|scene| {
            lost_steps(scene);
            let before = scene.memory.calls().total();
            if let Some((nth, moment)) = death {
                scene.memory.die_at(before + nth, moment);
                assert!(scene.sweep().is_none(), "died at {nth}");
                scene.restart();
            }
            scene.sweep().expect("scans");
            let calls = scene.memory.calls().total() - before;
            scene.advance(hours(1));
            assert_each_went_once(scene, &format!("{death:?}"));
            calls
        })
    };
    let calls = swept(None);
    assert!(calls >= 8, "{calls}");
    for nth in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            swept(Some((nth, moment)));
        }
    }
}

#[test]
fn f46_a_sweep_in_the_middle_of_a_webhook_or_a_send_changes_nothing() {
    // The webhook commits once and pushes once, each of two steps commits twice; Day 3 makes the second of the others.
    let webhook = [(Call::Push(Queue::Whatsapp), 0), (Call::CommitCase, 0)];
    let sends = CALLS.into_iter().flat_map(|call| [(call, 0), (call, 1)]);
    let commits = [(Call::CommitCase, 2), (Call::CommitCase, 3), (Call::CommitCase, 4)];
    for (call, passes) in webhook.into_iter().chain(sends).chain(commits) {
        scene(|scene| {
            let swept = Arc::new(AtomicBool::new(false));
            let (engine, mark) = (scene.engine.clone(), Arc::clone(&swept));
            at_point(scene, (call, passes), |scene, call| {
                scene.memory.before(call, move |_| async move {
                    assert_eq!(sweep::sweep(&engine).await.expect("scans").failed, 0);
                    mark.store(true, Ordering::Relaxed);
                });
            });
            scene.fail_invoice("in_1");
            scene.advance(days(4));
            let ledger = ["0 whatsapp sent", "1 whatsapp sent"];
            assert_eq!(scene.ledger("in_1"), ledger, "before {call}, {passes}");
            assert_eq!(scene.whatsapp_sends().len(), 2, "before {call}, {passes}");
            assert!(swept.load(Ordering::Relaxed), "before {call}, {passes}");
        });
    }
}
