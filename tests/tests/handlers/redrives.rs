//! A person puts back what was parked: too late, twice, or in the night.

use recoup_app::ports::{Queue, TextApiError};
use recoup_tests::{Call, Fault, Reply, meta, seeds};

use crate::scene::{Scene, days, hours, minutes, paid, scene};

/// A first step that is parked because its template is wrong.
fn parked_step(scene: &mut Scene) {
    scene.fail_invoice("in_1");
    scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 100)]);
    scene.advance(minutes(10));
    assert_eq!(scene.parked(), ["malformed_request"]);
}

fn stop(scene: &Scene) {
    let said = meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second());
    assert_eq!(scene.post_meta(&said).status, 200);
}

/// What happened before the redrive, and the ledger a day after it.
type Row = (&'static str, fn(&mut Scene), &'static [&'static str]);

#[test]
fn f29_a_step_that_is_put_back_goes_once_if_it_may_and_not_at_all_if_it_is_overtaken() {
    let rows: [Row; 8] = [
        ("at once", |_| {}, &["0 whatsapp sent"]),
        (
            "after the payment",
            |scene| assert_eq!(scene.post_stripe(&paid("in_1")).status, 200),
            &["0 whatsapp retryable"],
        ),
        ("after a stop", |scene| stop(scene), &["0 whatsapp retryable"]),
        ("after the next step", |scene| scene.advance(days(4)), &["0 whatsapp retryable", "1 whatsapp sent"]),
        ("after its own time", |scene| scene.advance(hours(40)), &["0 whatsapp dropped"]),
        (
            "after ten days",
            |scene| scene.advance(days(10)),
            &["0 whatsapp retryable", "1 whatsapp sent", "2 whatsapp sent"],
        ),
        (
            "after the end",
            |scene| scene.advance(days(30)),
            &["0 whatsapp retryable", "1 whatsapp sent", "2 whatsapp sent", "3 whatsapp sent"],
        ),
        ("at night", |scene| scene.advance(hours(12)), &["0 whatsapp sent"]),
    ];
    for (what, before, ledger) in rows {
        for times in [1, 2, 3] {
            scene(|scene| {
                parked_step(scene);
                let body = scene.memory.waiting(Queue::Parked)[0].body.clone();
                before(scene);
                for _ in 1..times {
                    scene.memory.drop_into(Queue::Parked, &body);
                }
                scene.memory.redrive_parked();
                let put_back = scene.memory.time();
                scene.advance(hours(20));
                assert_eq!(scene.ledger("in_1"), ledger, "{what}, {times} times");
                assert_eq!(scene.parked(), Vec::<String>::new(), "{what}, {times} times");
                assert_eq!(scene.memory.texts(), [], "{what}, {times} times");
                let went = scene.whatsapp_sends().into_iter().find(|asked| asked.at >= put_back);
                let hour = went.map(|asked| asked.at.to_zoned(jiff::tz::TimeZone::UTC).hour());
                assert!(hour.is_none_or(|hour| (9..20).contains(&hour)), "{what}, {times} times: {hour:?}");
                scene.memory.redrive_parked();
                scene.advance(hours(1));
                assert_eq!(scene.ledger("in_1"), ledger, "an empty queue put back: {what}");
            });
        }
    }
}

#[test]
fn f29_a_send_nobody_knows_of_is_parked_again_and_a_text_message_goes_once() {
    scene(|scene| {
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
        scene.memory.fail_next(Call::SendText, Fault::DieAfter);
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.parked(), ["outcome_unknown"]);
        for _ in 0..3 {
            scene.memory.redrive_parked();
            scene.advance(hours(1));
            assert_eq!(scene.parked(), ["outcome_unknown"], "it does not multiply");
        }
        assert_eq!(scene.memory.texts().len(), 1, "what went before the death, and no more");
    });
    scene(|scene| {
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
        scene.memory.answer_text(vec![Err(TextApiError::NotSent); 5]);
        scene.fail_invoice("in_1");
        scene.advance(hours(2));
        assert_eq!(scene.parked(), ["retrying"]);
        scene.memory.redrive_parked();
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
        assert_eq!((scene.memory.texts().len(), scene.parked().len()), (1, 0));
    });
}

#[test]
fn f29_a_webhook_that_cannot_be_read_is_parked_again_each_time_and_one_that_can_is_applied_once() {
    scene(|scene| {
        assert_eq!(scene.try_post(&scene.stripe_request("no JSON")).map(|answer| answer.status), Some(200));
        for _ in 0..3 {
            scene.memory.redrive_parked();
            scene.advance(hours(1));
            assert_eq!(scene.parked(), ["unreadable_webhook"]);
        }
        scene.memory.take_store_down();
        scene.fail_invoice("in_1");
        let kept = scene.memory.waiting(Queue::Spill)[0].body.clone();
        scene.memory.heal();
        for _ in 0..2 {
            scene.memory.drop_into(Queue::Parked, &kept);
        }
        scene.memory.redrive_parked();
        scene.advance(hours(6));
        assert_eq!(scene.trail("in_1")[0], "opened");
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        assert_eq!(scene.parked(), ["unreadable_webhook"]);
    });
}
