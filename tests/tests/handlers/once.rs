//! One debt, one message: however often, in whatever order and under whichever name it is reported.

use jiff::SignedDuration;
use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, Settings, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, paid, scene, scene_with};

fn failed(id: &str, invoice: Value) -> Value {
    stripe::event(id, "invoice.payment_failed", invoice)
}

fn intent_failed(id: &str, intent: Value) -> Value {
    stripe::event(id, "payment_intent.payment_failed", intent)
}

/// A payment intent that could send its buyer somewhere by itself.
fn with_page(intent: Value) -> Value {
    let page = "https://invoice.stripe.com/o/acct_1/seeded_page";
    stripe::with(intent, "/metadata", json!({"pay_url": page, "time_zone": "Europe/London"}))
}

fn post(scene: &Scene, event: &Value) {
    assert_eq!(scene.post_stripe(event).status, 200);
}

#[test]
fn r1_a_failed_subscription_invoice_and_order_each_bring_one_message() {
    let one_off = stripe::with(stripe::invoice("in_2"), "/parent", Value::Null);
    let order = json!({
        "order_id": "1001",
        "pay_url": "https://invoice.stripe.com/o/acct_1/seeded_order",
        "time_zone": "Europe/London"
    });
    let order = stripe::with(stripe::payment_intent("pi_1"), "/metadata", order);
    for (obligation, event, template, ledger) in [
        ("in_1", failed("evt_1", stripe::invoice("in_1")), "payment_failed_first", "0 whatsapp sent"),
        ("in_2", failed("evt_1", one_off), "payment_failed_first", "0 whatsapp sent"),
        ("pi_1", intent_failed("evt_1", order), "order_payment_failed", "1 whatsapp sent"),
    ] {
        scene(|scene| {
            post(scene, &event);
            scene.advance(hours(1));
            assert_eq!(scene.templates(), [template], "{obligation}");
            assert_eq!(scene.ledger(obligation), [ledger]);
        });
    }
}

#[test]
fn r3_the_invoice_and_its_payment_intent_are_one_obligation_and_one_message() {
    let invoice = || failed("evt_in", stripe::invoice("in_1"));
    let named = || {
        let intent = stripe::with(stripe::payment_intent("pi_1"), "/invoice", json!("in_1"));
        intent_failed("evt_pi", intent)
    };
    let unnamed = || intent_failed("evt_pi", with_page(stripe::payment_intent("pi_1")));
    let both = [invoice(), named()];
    let unlinked = [invoice(), unnamed()];
    for (what, events, cases) in [("before basil", both, 1), ("since basil", unlinked, 2)] {
        for order in [[0, 1, 1, 0], [1, 0, 0, 1], [1, 1, 0, 0]] {
            scene(|scene| {
                for nth in order {
                    post(scene, &events[nth]);
                    scene.advance(SignedDuration::from_secs(20));
                }
                scene.advance(days(2));
                assert_eq!(scene.templates(), ["payment_failed_first"], "{what}, {order:?}");
                assert_eq!(scene.memory.cases().len(), cases, "{what}");
                assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "the invoice speaks: {what}");
            });
        }
    }
}

#[test]
fn r3_a_late_invoice_does_not_repeat_what_its_payment_intent_told() {
    scene(|scene| {
        post(scene, &intent_failed("evt_pi", with_page(stripe::payment_intent("pi_1"))));
        scene.advance(minutes(30));
        assert_eq!(scene.ledger("pi_1"), ["0 whatsapp sent"]);
        scene.fail_invoice("in_1");
        scene.advance(days(2));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        assert_eq!(scene.trail("in_1"), ["opened", "same_debt 0"]);
        scene.advance(days(2));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
    });
}

#[test]
fn o21_one_failure_delivered_often_and_under_two_ids_is_one_message() {
    for between in [minutes(0), minutes(1), minutes(20)] {
        scene(|scene| {
            for id in ["evt_1", "evt_2", "evt_1", "evt_1", "evt_2"] {
                post(scene, &failed(id, stripe::invoice("in_1")));
                scene.advance(between);
            }
            scene.advance(days(1));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{between} between them");
            assert!(scene.memory.waiting(Queue::Whatsapp).is_empty());
        });
    }
}

#[test]
fn r8_one_timer_for_each_step_and_a_redelivery_makes_no_second() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        for _ in 0..3 {
            scene.fail_invoice("in_1");
            scene.advance(minutes(20));
        }
        let schedules = scene.memory.schedules();
        assert_eq!(schedules.len(), 1, "one outstanding timer");
        let outreach = scene.case("in_1").outreach.expect("opened");
        assert_eq!(schedules[0].1.at, outreach.next.expect("planned").at);
        assert!(schedules[0].0.ends_with("-s1-g2"), "named by step and generation: {}", schedules[0].0);
        scene.advance(days(4));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
        assert_eq!(scene.memory.schedules().len(), 1);
    });
}

#[test]
fn f14_a_timer_whose_creation_failed_is_set_when_its_step_comes_again() {
    for fault in [Fault::Refuse, Fault::LoseAnswer, Fault::LoseEveryAnswer] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.fail_next(Call::CreateSchedule, fault);
            scene.advance(hours(1));
            assert_eq!(scene.templates(), ["payment_failed_first"]);
            assert_eq!(scene.memory.schedules().len(), 1, "{fault:?}");
            scene.advance(days(4));
            assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
        });
    }
}

#[test]
fn f11_the_same_step_in_one_batch_twice_goes_once() {
    for interleaved in [false, true] {
        scene(|scene| {
            if interleaved {
                scene.memory.interleave();
            }
            scene.fail_invoice("in_1");
            let step = scene.memory.waiting(Queue::Whatsapp)[0].body.clone();
            for _ in 0..4 {
                scene.memory.drop_into(Queue::Whatsapp, &step);
            }
            scene.advance(hours(1));
            assert_eq!(scene.templates(), ["payment_failed_first"], "interleaved: {interleaved}");
        });
    }
}

#[test]
fn r19_the_fourth_message_in_14_days_is_not_sent_and_says_why() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(days(8));
        assert_eq!(scene.templates().len(), 3);
        scene.fail_invoice("in_2");
        scene.advance(days(2));
        assert_eq!(scene.templates().len(), 3, "another debt, the same buyer");
        assert_eq!(scene.trail("in_2"), ["opened", "cap 0"]);
        scene.advance(days(30));
        let at: Vec<_> = scene.whatsapp_sends().iter().map(|asked| asked.at).collect();
        for window in at.windows(4) {
            assert!(window[3].duration_since(window[0]) >= days(14), "{window:?}");
        }
        assert_eq!(scene.memory.texts(), []);
    });
}

#[test]
fn o35_two_debts_of_one_buyer_do_not_message_within_the_hour() {
    for interleaved in [false, true] {
        let settings = Settings::default();
        scene_with(settings, |scene| {
            if interleaved {
                scene.memory.interleave();
            }
            scene.fail_invoice("in_1");
            let other = stripe::with(stripe::invoice("in_2"), "/amount_remaining", json!(1200));
            post(scene, &failed("evt_2", other));
            scene.advance(hours(6));
            let at: Vec<_> = scene.whatsapp_sends().iter().map(|asked| asked.at).collect();
            assert_eq!(at.len(), 2, "interleaved: {interleaved}");
            assert!(at[1].duration_since(at[0]) >= hours(1), "{at:?}");
        });
    }
}

#[test]
fn f04_a_payment_that_came_first_is_a_tombstone() {
    scene(|scene| {
        scene.pay_invoice("in_1");
        scene.advance(days(3));
        scene.fail_invoice("in_1");
        scene.advance(days(20));
        assert_eq!(scene.templates(), Vec::<String>::new());
        assert_eq!(scene.case("in_1").state().as_str(), "recovered");
        assert_eq!(scene.post_stripe(&paid("in_1")).status, 200);
    });
}
