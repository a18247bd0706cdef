//! What a request and a step cost, counted call by call.

use recoup_tests::{meta, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, minutes, paid, scene};

fn event(kind: &str, object: Value) -> Value {
    stripe::event(&format!("evt_{kind}"), kind, object)
}

/// A failure that names nothing else, so that a step reads one case.
fn failure(id: &str) -> Value {
    event("invoice.payment_failed", stripe::with(stripe::invoice(id), "/parent", Value::Null))
}

#[test]
fn a_webhook_for_a_new_case_costs_one_write_and_one_queue_call_and_no_read() {
    let unlinked = stripe::payment_intent("pi_1");
    for event in [failure("in_1"), event("payment_intent.payment_failed", unlinked)] {
        scene(|scene| {
            let cost = scene.cost(|scene| assert_eq!(scene.post_stripe(&event).status, 200));
            assert_eq!(cost, "1 commit_case, 1 push whatsapp");
        });
    }
}

/// What was told before, what is told now, and what that costs.
type Row = (&'static str, fn(&mut Scene), fn(&mut Scene), &'static str);

fn assert_costs(rows: &[Row]) {
    for (what, before, post, expected) in rows {
        scene(|scene| {
            before(scene);
            assert_eq!(scene.cost(post), *expected, "{what}");
        });
    }
}

#[test]
fn o21_a_payment_webhook_costs_what_it_must() {
    let fail = |scene: &mut Scene| assert_eq!(scene.post_stripe(&failure("in_1")).status, 200);
    let pay = |scene: &mut Scene| scene.pay_invoice("in_1");
    let pay_other = |scene: &mut Scene| scene.pay_invoice("in_0");
    let fail_after_pay = |scene: &mut Scene| {
        scene.pay_invoice("in_0");
        assert_eq!(scene.post_stripe(&failure("in_1")).status, 200);
    };
    let other = |scene: &mut Scene| {
        let created = event("customer.created", json!({"id": "cus_1"}));
        assert_eq!(scene.post_stripe(&created).status, 200);
    };
    assert_costs(&[
        ("a duplicate", fail, fail, "1 commit_case, 1 push whatsapp"),
        ("a payment of which no failure was seen", pay_other, pay, "1 commit_case"),
        ("a payment that was told before", pay, pay, "1 commit_case"),
        ("a payment of an open debt", fail_after_pay, pay, "2 commit_case, 1 delete_schedule"),
        ("the first success of the hour", |_| {}, pay, "1 load_feed, 1 commit_case, 1 commit_feed"),
        ("a failure of a debt that was paid", pay, fail, "2 commit_case"),
        ("a kind that starts and stops nothing", |_| {}, other, ""),
    ]);
}

#[test]
fn a_channel_webhook_costs_what_it_must() {
    let stop = |scene: &mut Scene| {
        assert_eq!(scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1)).status, 200);
    };
    let foreign = |scene: &mut Scene| {
        let status = meta::status("rcp1/other/stripe/in_1/0/whatsapp/t1", "delivered", None);
        assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
    };
    assert_costs(&[
        ("a stop of a buyer nobody has written to", |_| {}, stop, "1 load_recipient, 1 commit_recipient"),
        ("a stop that was told before", stop, stop, "1 load_recipient"),
        ("a status of another brand's message", |_| {}, foreign, ""),
    ]);
}

#[test]
fn a_step_costs_four_reads_three_writes_one_request_and_its_successor_s_timer() {
    scene(|scene| {
        scene.pay_invoice("in_0");
        scene.post_stripe(&failure("in_1"));
        let sent = scene.cost(|scene| scene.advance(minutes(5)));
        assert_eq!(
            sent,
            "1 load_case, 1 load_recipient, 1 load_feed, 2 commit_case, 1 commit_recipient, 1 load_standing, 1 create_schedule, 1 perform"
        );
        let status = meta::status_of(&scene.whatsapp_sends()[0], "delivered", None);
        let told = scene.cost(|scene| assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200));
        assert_eq!(told, "1 load_case, 1 commit_case");
        let stopped = scene.cost(|scene| assert_eq!(scene.post_stripe(&paid("in_1")).status, 200));
        assert_eq!(stopped, "2 commit_case, 1 delete_schedule");
        assert!(scene.memory.schedules().is_empty());
    });
}

#[test]
fn between_the_claim_and_the_wire_nothing_is_asked_of_the_store() {
    scene(|scene| {
        scene.pay_invoice("in_0");
        scene.post_stripe(&failure("in_1"));
        let claimed = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let seen = std::sync::Arc::clone(&claimed);
        let before = scene.memory.calls();
        scene.memory.before(recoup_tests::Call::Perform, move |memory| async move {
            let calls = memory.calls().since(&before).remote();
            let ledger =
                memory.cases()[1].outreach.as_ref().map(|outreach| outreach.ledger[0].state.as_str());
            *seen.lock().expect("one thread") = format!("{}: {calls}", ledger.unwrap_or("no entry"));
        });
        scene.advance(minutes(5));
        assert_eq!(
            *claimed.lock().expect("one thread"),
            "claimed: 1 load_case, 1 load_recipient, 1 load_feed, 1 commit_case, 1 commit_recipient, 1 load_standing, 1 create_schedule"
        );
    });
}
