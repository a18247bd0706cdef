//! Webhooks that come fifty times, after their tombstone is gone, for a buyer who left, or for rules that changed.

use futures_util::future::join_all;
use recoup_app::payment_webhook;
use recoup_app::ports::{Expected, Queue, Store as _};
use recoup_core::{Case, CaseId, Policy, Token};
use recoup_tests::run::run;
use recoup_tests::{Settings, Stack, meta, seeds, stripe};
use serde_json::json;

use crate::scene::{Scene, days, hours, paid, scene};

#[test]
fn f01_one_webhook_fifty_times_in_a_row_and_at_once_is_one_message_a_step() {
    for at_once in [false, true] {
        scene(|scene| {
            let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"));
            let request = scene.stripe_request(event.to_string());
            let answers = if at_once {
                scene.memory.interleave();
                let fifty = (0..50).map(|_| scene.webhooks.handle(payment_webhook::FRONT, &request));
                run(join_all(fifty)).expect("the process lives")
            } else {
                (0..50).map(|_| scene.try_post(&request).expect("the process lives")).collect()
            };
            assert!(answers.iter().all(|answer| answer.status == 200), "at once: {at_once}");
            assert_eq!((scene.memory.cases().len(), scene.trail("in_1")), (1, vec!["opened".to_owned()]));
            scene.advance(hours(1));
            assert_eq!(scene.memory.schedules().len(), 1, "at once: {at_once}");
            scene.advance(days(20));
            let ledger = ["0 whatsapp sent", "1 whatsapp sent", "2 whatsapp sent", "3 whatsapp sent"];
            assert_eq!(scene.ledger("in_1"), ledger, "at once: {at_once}");
            assert_eq!(scene.whatsapp_sends().len(), 4, "at once: {at_once}");
            assert_eq!(scene.parked(), Vec::<String>::new());
        });
    }
}

#[test]
fn f02_two_events_of_one_attempt_are_one_attempt_and_the_next_attempt_is_no_second_first_notice() {
    scene(|scene| {
        for (id, attempt) in [("evt_1", 1), ("evt_2", 1), ("evt_3", 2), ("evt_4", 2)] {
            let invoice = stripe::with(stripe::invoice("in_1"), "/attempt_count", json!(attempt));
            assert_eq!(scene.post_stripe(&stripe::event(id, "invoice.payment_failed", invoice)).status, 200);
            scene.advance(hours(1));
        }
        scene.advance(days(2));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        assert_eq!(scene.case("in_1").outreach.expect("opened").matter.attempt, 2);
    });
}

/// DynamoDB has deleted the payment that came first, and the failure comes weeks later: the processor is asked.
#[test]
fn f05_where_the_tombstone_is_gone_the_processor_still_knows_of_the_money() {
    for (attempt, sent) in [(1, 1), (3, 0)] {
        scene(|scene| {
            let settled = stripe::with(stripe::invoice("in_1"), "/status", json!("paid"));
            scene.memory.put_stripe_object("/v1/invoices/in_1", settled);
            let invoice = stripe::with(stripe::invoice("in_1"), "/attempt_count", json!(attempt));
            assert_eq!(
                scene.post_stripe(&stripe::event("evt_1", "invoice.payment_failed", invoice)).status,
                200
            );
            scene.advance(days(20));
            assert_eq!(scene.whatsapp_sends().len(), sent, "no final notice, nothing from Day 3 on");
            assert_eq!(scene.case("in_1").state().as_str(), "recovered");
        });
    }
}

/// Whatever is told of a buyer who said stop.
fn say_everything(scene: &mut Scene, nth: usize) {
    let failed = stripe::with(stripe::invoice("in_1"), "/attempt_count", json!(nth + 1));
    let events = [
        stripe::event(&format!("evt_late_{nth}"), "invoice.payment_failed", failed),
        stripe::event(&format!("evt_other_{nth}"), "invoice.payment_failed", stripe::invoice("in_2")),
    ];
    for event in events {
        assert_eq!(scene.post_stripe(&event).status, 200);
    }
    for reached in ["delivered", "read", "failed"] {
        let status = meta::status_of(&scene.whatsapp_sends()[0], reached, Some(131_026));
        assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
    }
    scene.memory.redrive_parked();
    scene.sweep().expect("scans");
}

#[test]
fn f47_after_a_stop_no_late_failure_payment_status_or_redrive_breaks_the_silence() {
    for step_parked in [false, true] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            let step = scene.memory.pushed(Queue::Whatsapp)[0].body.clone();
            if step_parked {
                scene.memory.drop_into(Queue::Parked, &step);
            }
            let said = meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second());
            assert_eq!(scene.post_meta(&said).status, 200);
            for nth in 0..4 {
                say_everything(scene, nth);
                scene.advance(days(2));
            }
            assert_eq!(scene.post_stripe(&paid("in_1")).status, 200);
            say_everything(scene, 9);
            scene.advance(days(20));
            assert_eq!((scene.whatsapp_sends().len(), scene.memory.texts().len()), (1, 0), "only the first");
            assert!(scene.memory.opted_out(seeds::PHONE), "nothing lifts what the buyer said");
            assert_eq!(scene.case("in_1").state().as_str(), "recovered", "the money is still known");
            assert_eq!(scene.case("in_2").state().as_str(), "suppressed");
        });
    }
}

#[test]
fn f42_a_cap_that_is_lowered_in_mid_sequence_holds_from_the_next_step_on() {
    let lower = |cap| Settings {
        policy: Policy { cap_messages: cap, ..Policy::standard("Acme") },
        ..Settings::default()
    };
    for (cap, sent) in [(3, 4), (2, 2), (1, 1)] {
        let mut stack = Stack::default();
        let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"));
        assert_eq!(stack.post_stripe(&event).status, 200);
        stack.advance(hours(1));
        let mut stack = Stack::over(stack.memory.clone(), lower(cap));
        stack.advance(days(8));
        assert_eq!(stack.whatsapp_sends().len(), sent.min(3), "cap {cap}");
        let capped = stack.trail("in_1").iter().filter(|reason| reason.starts_with("cap ")).count();
        assert_eq!(capped, 3 - sent.min(3), "each silence says why: cap {cap}");
    }
}

#[test]
fn f42_a_playbook_that_was_deleted_parks_its_steps_and_calls_a_person() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        let id = CaseId::parse("main/stripe/in_1").expect("well formed");
        let there = run(scene.memory.load_case(&id)).expect("ends").expect("reads").expect("is there");
        let mut outreach = there.item.outreach.clone().expect("opened");
        outreach.version = "00000000".to_owned();
        let case = Case { outreach: Some(outreach), ..there.item };
        let token = Token::parse("edited").expect("well formed");
        let write = scene.memory.commit_case(&case, Expected::Version(there.version), &token);
        assert!(matches!(run(write), Some(Ok(recoup_app::ports::Commit::Written))));
        scene.advance(hours(1));
        assert_eq!(scene.parked(), ["unknown_template"]);
        assert_eq!(scene.alarms(), ["unknown_template"]);
        assert_eq!(scene.whatsapp_sends().len(), 0);
    });
}
