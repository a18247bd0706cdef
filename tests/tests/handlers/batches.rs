//! A batch: every message by itself.

use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, stripe};
use serde_json::json;

use crate::scene::{Scene, days, hours, minutes, scene};

fn fail(scene: &Scene, id: &str, phone: &str) {
    let invoice = stripe::with(stripe::invoice(id), "/customer_phone", json!(phone));
    let event = stripe::event(&format!("evt_{id}"), "invoice.payment_failed", invoice);
    assert_eq!(scene.post_stripe(&event).status, 200);
}

#[test]
fn i9_neither_poison_nor_a_panic_sinks_a_batch() {
    scene(|scene| {
        let poison = [
            "",
            "not json",
            "{}",
            r#"{"v":9,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"whatsapp"}"#,
            r#"{"v":1,"case":"other/stripe/in_1","step":0,"gen":1,"channel":"whatsapp"}"#,
            r#"{"v":1,"case":"main/stripe/in_404","step":0,"gen":1,"channel":"whatsapp"}"#,
        ];
        for body in poison.iter().filter(|body| !body.is_empty()) {
            scene.memory.drop_into(Queue::Whatsapp, body);
        }
        for (id, phone) in [("in_1", "+442079460901"), ("in_2", "+442079460902"), ("in_3", "+442079460903")] {
            fail(scene, id, phone);
        }
        scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
        scene.memory.fail_next(Call::Perform, Fault::Pass);
        scene.memory.fail_next(Call::Perform, Fault::Panic);
        assert_eq!(scene.deliver_from(Queue::Whatsapp), 8, "one batch");
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        assert_eq!(scene.ledger("in_2"), ["0 whatsapp claimed"], "the one that panicked");
        assert_eq!(scene.ledger("in_3"), ["0 whatsapp sent"]);
        let again: Vec<_> = scene.memory.waiting(Queue::Whatsapp);
        assert_eq!(again.len(), 1, "only the one that panicked comes again");
        assert!(again[0].body.contains("in_2"));
        assert!(scene.alarms().contains(&"panicked".to_owned()));
        let reasons = scene.parked();
        assert_eq!(reasons.iter().filter(|reason| *reason == "unreadable_message").count(), 4);
        assert_eq!(reasons.iter().filter(|reason| *reason == "unknown_case").count(), 1);
        scene.advance(hours(1));
        assert_eq!(scene.whatsapp_sends().len(), 2, "a panic after the claim is not sent again");
    });
}

#[test]
fn f44_what_failed_comes_again_and_what_was_done_does_not() {
    scene(|scene| {
        for (id, phone) in [("in_1", "+442079460901"), ("in_2", "+442079460902"), ("in_3", "+442079460903")] {
            fail(scene, id, phone);
        }
        scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
        scene.memory.fail_next(Call::LoadRecipient, Fault::Pass);
        scene.memory.fail_next(Call::LoadRecipient, Fault::Refuse);
        scene.deliver_from(Queue::Whatsapp);
        let again = scene.memory.waiting(Queue::Whatsapp);
        assert_eq!(again.len(), 1);
        assert!(again[0].body.contains("in_2"));
        assert_eq!(scene.whatsapp_sends().len(), 2);
        scene.advance(hours(1));
        assert_eq!(scene.whatsapp_sends().len(), 3);
    });
}

#[test]
fn f07_a_function_that_dies_in_the_middle_of_a_batch_keeps_what_was_claimed() {
    scene(|scene| {
        for nth in 0..10 {
            fail(scene, &format!("in_{nth}"), &format!("+4420794609{nth:02}"));
        }
        for _ in 0..3 {
            scene.memory.fail_next(Call::Perform, Fault::DieAfter);
        }
        scene.advance(hours(6));
        let claimed =
            (0..10).filter(|nth| scene.ledger(&format!("in_{nth}")) == ["0 whatsapp claimed"]).count();
        assert_eq!(claimed, 3);
        assert_eq!(scene.whatsapp_sends().len(), 10, "seven went, and three nobody saw; none twice");
        scene.advance(days(1));
        assert_eq!(scene.whatsapp_sends().len(), 10);
    });
}

#[test]
fn i9_every_message_ends_even_when_the_store_never_comes_back() {
    scene(|scene| {
        fail(scene, "in_1", "+442079460901");
        scene.memory.take_store_down();
        scene.advance(days(3));
        for queue in [Queue::Whatsapp, Queue::Sms] {
            assert!(scene.memory.waiting(queue).is_empty());
        }
        assert_eq!(scene.memory.waiting(Queue::Parked).len(), 1);
        assert_eq!(scene.whatsapp_sends().len(), 0);
    });
}

#[test]
fn a_postponement_that_fails_only_costs_time() {
    scene(|scene| {
        fail(scene, "in_1", "+442079460901");
        scene.memory.fail_always(Call::Postpone, Fault::Refuse);
        scene.memory.answer("graph.facebook.com", [recoup_tests::Reply::NotSent]);
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
    });
}
