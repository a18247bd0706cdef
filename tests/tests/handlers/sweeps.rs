//! What the daily sweep repairs, and what becomes of webhooks that waited.

use jiff::SignedDuration;
use recoup_app::ports::{Clock as _, Queue, SecretName};
use recoup_core::CaseId;
use recoup_tests::{Call, Fault, meta, seeds, stripe};
use serde_json::json;

use crate::scene::{days, hours, minutes, scene};

#[test]
fn f13_a_timer_that_was_never_set_is_set_by_the_sweep() {
    scene(|scene| {
        scene.memory.fail_next(Call::Push(Queue::Whatsapp), Fault::Refuse);
        let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"));
        assert_eq!(scene.post_stripe(&event).status, 503);
        scene.advance(hours(2));
        assert_eq!(scene.whatsapp_sends().len(), 0, "and Stripe never delivers again");
        let swept = scene.sweep().expect("scans");
        assert_eq!((swept.cases, swept.repaired, swept.failed), (1, 1, 0));
        assert!(
            scene.alarms().contains(&String::new()) || !scene.alarms().is_empty(),
            "a repair calls a person"
        );
        scene.advance(minutes(1));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        let swept = scene.sweep().expect("scans");
        assert_eq!(swept.repaired, 0, "once");
    });
}

#[test]
fn r11_a_step_is_due_from_its_time_on_however_late_it_is_found() {
    for (late, reason) in [(hours(1), "sent 1"), (hours(47), "sent 1"), (hours(49), "stale 1")] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            scene.memory.lose_schedules();
            scene.advance(days(3) - hours(1) + late);
            assert_eq!(scene.templates().len(), 1);
            assert_eq!(scene.sweep().expect("scans").repaired, 1, "{late}");
            scene.advance(minutes(1));
            assert_eq!(scene.trail("in_1").last().map(String::as_str), Some(reason), "{late}");
            assert_eq!(scene.memory.schedules().len(), 1, "and the next step is planned: {late}");
        });
    }
}

#[test]
fn r11_a_timer_before_its_time_sends_nothing() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let early = scene.memory.schedules()[0].1.body.clone();
        scene.memory.drop_into(Queue::Whatsapp, &early);
        scene.advance(hours(1));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        scene.advance(days(4));
        scene.memory.drop_into(Queue::Whatsapp, &early);
        scene.advance(hours(1));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"], "nor twice");
    });
}

#[test]
fn f24_the_sweep_finds_a_text_message_that_was_owed() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let failed = meta::status_of(&scene.whatsapp_sends()[0], "failed", Some(131_026));
        scene.memory.fail_next(Call::Push(Queue::Sms), Fault::Refuse);
        assert_eq!(scene.post_meta(&meta::statuses(&[failed])).status, 503);
        scene.advance(hours(1));
        assert_eq!(scene.memory.texts(), []);
        assert_eq!(scene.sweep().expect("scans").repaired, 1);
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
    });
}

#[test]
fn f46_a_sweep_changes_nothing_where_nothing_is_wrong_and_passes_over_what_it_cannot_read() {
    scene(|scene| {
        for id in ["in_1", "in_2", "in_3", "in_4", "in_5"] {
            scene.fail_invoice(id);
        }
        scene.pay_invoice("in_2");
        scene.memory.lose_messages(Queue::Whatsapp);
        scene.advance(hours(1));
        scene.memory.spoil_case(&CaseId::parse("main/stripe/in_3").expect("well formed"));
        let swept = scene.sweep().expect("scans");
        assert_eq!((swept.cases, swept.repaired, swept.failed), (5, 3, 1));
        let bodies: Vec<_> =
            scene.memory.waiting(Queue::Whatsapp).into_iter().map(|waiting| waiting.body).collect();
        assert_eq!(bodies.len(), 3, "{bodies:?}");
    });
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let before = (scene.case("in_1"), scene.memory.schedules());
        let cost = scene.cost(|scene| {
            let swept = scene.sweep().expect("scans");
            assert_eq!((swept.cases, swept.repaired, swept.failed), (1, 0, 0));
        });
        assert_eq!(cost, "1 scan_cases");
        assert_eq!((scene.case("in_1"), scene.memory.schedules()), before);
        scene.memory.take_store_down();
        assert!(scene.sweep().is_none(), "a scan that fails is tried again by Lambda");
    });
}

#[test]
fn f08_a_spilled_webhook_is_applied_long_after_its_signature_grew_old() {
    scene(|scene| {
        scene.memory.take_store_down();
        scene.fail_invoice("in_1");
        scene.advance(hours(3));
        assert!(scene.memory.cases().is_empty(), "it stays while the store is down");
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 1);
        scene.memory.heal();
        scene.advance(hours(1));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        assert!(scene.memory.waiting(Queue::Spill).is_empty());
    });
}

#[test]
fn f33_a_spilled_webhook_is_judged_again_by_the_clock_that_found_it_good() {
    for by_the_wall in [true, false] {
        scene(|scene| {
            let wall = scene.memory.wall();
            scene.advance(hours(24 * 9));
            scene.memory.set_wall(wall);
            let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1")).to_string();
            let signed_at = if by_the_wall { wall } else { scene.memory.time() };
            let headers = stripe::sign(event.as_bytes(), seeds::SIGNING_SECRET, signed_at);
            scene.memory.take_store_down();
            let answer = scene.try_post(&recoup_tests::Stack::request("stripe", headers, event));
            assert_eq!(answer.map(|answer| answer.status), Some(200));
            scene.memory.heal();
            scene.advance(hours(1));
            assert_eq!(scene.templates(), ["payment_failed_first"], "by the wall: {by_the_wall}");
        });
    }
}

#[test]
fn f29_what_cannot_be_replayed_is_parked_with_its_reason() {
    let foreign = json!({"v": 1, "entrance": "webhook", "name": "stripe", "received_at": 1, "headers": [], "body": "e30="});
    let texts = [
        "not json".to_owned(),
        "{}".to_owned(),
        foreign.to_string(),
        stripe::with(foreign.clone(), "/name", json!("unknown")).to_string(),
        stripe::with(foreign.clone(), "/body", json!("not base64!")).to_string(),
        stripe::with(foreign.clone(), "/entrance", json!("channel")).to_string(),
        stripe::with(foreign, "/v", json!(2)).to_string(),
    ];
    for text in texts {
        scene(|scene| {
            scene.memory.drop_into(Queue::Spill, &text);
            scene.fail_invoice("in_1");
            scene.advance(minutes(1));
            assert_eq!(scene.parked(), ["unreadable_webhook"], "{text}");
            assert_eq!(scene.memory.waiting(Queue::Parked)[0].attributes["error_code"], "spill_unreadable");
            assert_eq!(scene.memory.cases().len(), 1, "its batch-mates are not touched");
            assert!(scene.memory.waiting(Queue::Spill).is_empty(), "{text}");
        });
    }
}

#[test]
fn f34_a_spilled_webhook_waits_for_the_secret_and_is_parked_when_that_was_replaced() {
    scene(|scene| {
        scene.memory.take_store_down();
        scene.fail_invoice("in_1");
        assert_eq!(scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1)).status, 200);
        scene.memory.heal();
        scene.memory.fail_always(Call::Secret(SecretName::Source("stripe")), Fault::Refuse);
        scene.advance(hours(1));
        assert!(scene.memory.cases().is_empty());
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 1, "the other one went");
        scene.memory.heal();
        let other = json!({"signing_secrets": ["whsec_of_another_endpoint"], "api_key": ""}).to_string();
        scene.memory.set_secret(SecretName::Source("stripe"), &other);
        scene.advance(hours(1));
        assert_eq!(scene.parked(), ["unreadable_webhook"]);
    });
}

#[test]
fn f12_a_message_older_than_its_case_s_plans_changes_nothing() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        let first = scene.memory.waiting(Queue::Whatsapp)[0].body.clone();
        scene.advance(days(4));
        for _ in 0..3 {
            scene.memory.drop_into(Queue::Whatsapp, &first);
            scene.memory.drop_into(Queue::Sms, &first);
        }
        scene.advance(SignedDuration::from_hours(6));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
        assert_eq!(scene.memory.texts(), []);
    });
}
