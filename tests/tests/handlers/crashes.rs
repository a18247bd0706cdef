//! A process that dies between two calls: nothing is lost that can be known, and nothing goes twice.

use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, Moment, meta};

use crate::scene::{days, hours, minutes, scene};

#[test]
fn r12_a_crash_between_claim_and_record_never_sends_again() {
    let rows = [
        (Call::Perform, Fault::DieBefore, 0),
        (Call::Perform, Fault::DieAfter, 1),
        (Call::Perform, Fault::LoseAnswer, 1),
        (Call::Perform, Fault::Panic, 0),
    ];
    for (call, fault, arrived) in rows {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.fail_next(call, fault);
            scene.advance(days(2));
            assert_eq!(scene.whatsapp_sends().len(), arrived, "{fault:?}");
            assert_eq!(scene.memory.texts(), [], "nor by text message: {fault:?}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp claimed"], "{fault:?}");
            assert!(scene.memory.waiting(Queue::Whatsapp).is_empty(), "{fault:?}");
            scene.advance(days(2));
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp unknown", "1 whatsapp sent"], "{fault:?}");
            assert_eq!(scene.whatsapp_sends().len(), arrived + 1, "{fault:?}");
        });
    }
}

#[test]
fn r12_a_record_that_failed_leaves_the_claim_and_calls_a_person() {
    for fault in [Fault::Refuse, Fault::LoseEveryAnswer] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.fail_next(Call::CommitCase, Fault::Pass);
            scene.memory.fail_next(Call::CommitCase, fault);
            scene.advance(days(1));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{fault:?}");
            assert!(scene.lines().iter().any(|line| line.get("outcome") == "outcome_unrecorded"));
            let status = meta::status_of(&scene.whatsapp_sends()[0], "delivered", None);
            assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp delivered"], "a status resolves it");
        });
    }
}

#[test]
fn f09_a_lost_answer_at_any_write_of_a_step_neither_loses_nor_doubles_it() {
    for (call, pass) in
        [(Call::CommitRecipient, 0), (Call::CommitCase, 0), (Call::CommitCase, 1), (Call::CreateSchedule, 0)]
    {
        scene(|scene| {
            scene.fail_invoice("in_1");
            for _ in 0..pass {
                scene.memory.fail_next(call, Fault::Pass);
            }
            scene.memory.lose_answer_of_next(call);
            scene.advance(hours(6));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{call}, {pass}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "{call}, {pass}");
            assert_eq!(scene.memory.recipients()[0].touches.len(), 1, "{call}, {pass}");
        });
    }
}

#[test]
fn r12_the_sweep_gives_up_a_claim_that_nobody_concluded() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.memory.fail_next(Call::Perform, Fault::DieAfter);
        scene.advance(hours(2));
        let swept = scene.sweep().expect("scans");
        assert_eq!((swept.cases, swept.failed), (1, 0));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp unknown"]);
        assert_eq!(scene.trail("in_1").last().map(String::as_str), Some("outcome_unknown"));
    });
}

/// Counts the calls of a run, then plays it once for every call, with a death before and after it. Stripe delivers again
/// what was not answered 200.
#[test]
fn f06_a_death_at_any_call_of_a_week_costs_at_most_one_message_and_doubles_none() {
    let week = |death: Option<(u64, Moment)>| {
        scene(|scene| {
            if let Some((nth, moment)) = death {
                scene.memory.die_at(nth, moment);
            }
            let event = recoup_tests::stripe::event(
                "evt_1",
                "invoice.payment_failed",
                recoup_tests::stripe::invoice("in_1"),
            );
            while scene.try_post(&scene.stripe_request(event.to_string())).is_none() {
                scene.advance(minutes(1));
            }
            for _ in 0..8 {
                scene.advance(days(1));
                if scene.sweep().is_none() {
                    scene.restart();
                }
            }
            scene.advance(hours(12));
            (scene.templates(), scene.memory.texts().len(), scene.memory.calls().total())
        })
    };
    let (whole, texts, calls) = week(None);
    assert_eq!((whole.len(), texts), (3, 0));
    let mut lost = 0;
    for nth in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            let (templates, texts, _) = week(Some((nth, moment)));
            let mut once = templates.clone();
            once.dedup();
            assert_eq!(once, templates, "a message doubled by a death at call {nth}, {moment:?}");
            assert_eq!(texts, 0, "nobody gets both: call {nth}, {moment:?}");
            assert!(templates.len() >= 2, "call {nth}, {moment:?}: {templates:?}");
            lost += usize::from(templates.len() == 2);
        }
    }
    // A message is lost only where the claim stands and the request had not left: after each claim's write, and before
    // each request.
    assert!(lost <= 3 * 4, "{lost} messages lost");
}
