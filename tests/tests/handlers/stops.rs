//! What stops a message: the money, a dispute, the buyer.

use recoup_app::classifier::Rules;
use recoup_app::ports::Clock;
use recoup_app::{channel_webhook, payment_webhook};
use recoup_tests::webhooks;
use recoup_tests::{Call, Memory, Stack, meta, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, paid, scene};

/// Posts the event from another process just before the sender's next such call.
pub(crate) fn meanwhile(scene: &Scene, call: Call, event: &Value) {
    let (engine, body) = (scene.engine.clone(), event.to_string());
    scene.memory.before(call, move |memory: Memory| async move {
        let headers = stripe::sign(body.as_bytes(), seeds::SIGNING_SECRET, memory.wall());
        let answer =
            webhooks(engine).handle(payment_webhook::FRONT, &Stack::request("stripe", headers, body)).await;
        assert_eq!(answer.status, 200);
    });
}

/// The same for what a buyer says to Meta.
pub(crate) fn meanwhile_said(scene: &Scene, call: Call, body: &Value) {
    let (engine, request) = (scene.engine.clone(), Stack::meta_request(body.to_string()));
    scene.memory.before(call, move |_| async move {
        assert_eq!(channel_webhook::handle(&engine, &Rules, None, &request).await.status, 200);
    });
}

fn stop(scene: &Scene) -> Value {
    meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second())
}

#[test]
fn o15_a_payment_at_any_moment_before_the_claim_stops_the_message() {
    let moments = [Call::LoadCase, Call::LoadRecipient, Call::CommitRecipient, Call::CommitCase];
    for interleaved in [false, true] {
        for call in moments {
            scene(|scene| {
                if interleaved {
                    scene.memory.interleave();
                }
                scene.fail_invoice("in_1");
                meanwhile(scene, call, &paid("in_1"));
                scene.advance(days(20));
                assert_eq!(scene.whatsapp_sends().len(), 0, "paid before {call}");
                assert_eq!(scene.memory.texts(), [], "paid before {call}");
                assert_eq!(scene.case("in_1").state().as_str(), "recovered");
            });
        }
    }
}

#[test]
fn o15_a_payment_while_the_message_is_on_the_wire_is_the_last_message() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        meanwhile(scene, Call::Perform, &paid("in_1"));
        scene.advance(days(20));
        assert_eq!(scene.templates(), ["payment_failed_first"], "the documented rest of the race");
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "and the ledger knows it");
        assert_eq!(scene.case("in_1").state().as_str(), "recovered");
    });
}

#[test]
fn o15_whatever_settles_the_debt_ends_the_messages() {
    let intent = |status: &str| json!({"id": "pi_1", "object": "payment_intent", "status": status});
    let subscription = json!({"id": "sub_1", "object": "subscription", "latest_invoice": "in_1"});
    let charge = json!({
        "id": "ch_1", "object": "charge", "amount": 4900, "amount_refunded": 4900, "refunded": true,
        "payment_intent": "pi_1"
    });
    let rows = [
        ("invoice.paid", stripe::invoice("in_1"), "recovered"),
        ("invoice.payment_succeeded", stripe::invoice("in_1"), "recovered"),
        ("invoice.voided", stripe::invoice("in_1"), "voided"),
        ("invoice.marked_uncollectible", stripe::invoice("in_1"), "voided"),
        ("payment_intent.succeeded", intent("succeeded"), "recovered"),
        ("customer.subscription.deleted", subscription, "voided"),
        ("charge.refunded", charge, "voided"),
    ];
    for (kind, object, state) in rows {
        scene(|scene| {
            let linked = stripe::with(stripe::invoice("in_1"), "/payment_intent", json!("pi_1"));
            let failed = stripe::event("evt_1", "invoice.payment_failed", linked);
            assert_eq!(scene.post_stripe(&failed).status, 200);
            scene.advance(hours(1));
            assert_eq!(scene.post_stripe(&stripe::event("evt_2", kind, object)).status, 200);
            scene.advance(days(20));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{kind}");
            assert_eq!(scene.case("in_1").state().as_str(), state, "{kind}");
        });
    }
}

#[test]
fn o42_a_dispute_freezes_the_debt_and_its_end_does_not_thaw_it() {
    let dispute = |status: &str| json!({"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "status": status});
    for (closed, state) in [(None, "disputed"), (Some("lost"), "voided"), (Some("won"), "recovered")] {
        scene(|scene| {
            let linked = stripe::with(stripe::invoice("in_1"), "/payment_intent", json!("pi_1"));
            let failed = stripe::event("evt_1", "invoice.payment_failed", linked);
            assert_eq!(scene.post_stripe(&failed).status, 200);
            scene.advance(hours(1));
            let opened = stripe::event("evt_2", "charge.dispute.created", dispute("needs_response"));
            assert_eq!(scene.post_stripe(&opened).status, 200);
            if let Some(status) = closed {
                let event = stripe::event("evt_3", "charge.dispute.closed", dispute(status));
                assert_eq!(scene.post_stripe(&event).status, 200);
            }
            scene.advance(days(20));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{closed:?}");
            assert_eq!(scene.case("pi_1").state().as_str(), state, "{closed:?}");
            assert_eq!(scene.case("in_1").state().as_str(), state, "{closed:?}");
        });
    }
}

#[test]
fn o42_a_part_that_went_back_changes_nothing() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        let charge = json!({
            "id": "ch_1", "object": "charge", "amount": 4900, "amount_refunded": 100, "refunded": false, "invoice": "in_1"
        });
        assert_eq!(scene.post_stripe(&stripe::event("evt_2", "charge.refunded", charge)).status, 200);
        scene.advance(hours(1));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
    });
}

#[test]
fn o28_a_stop_silences_every_case_of_the_buyer() {
    for word in ["STOP", "stop.", "Unsubscribe", "BAJA", "arrêt"] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            scene.fail_invoice("in_2");
            scene.advance(hours(4));
            assert_eq!(scene.templates().len(), 2);
            scene.fail_invoice("in_3");
            let said = meta::text(seeds::PHONE, word, scene.memory.time().as_second());
            assert_eq!(scene.post_meta(&said).status, 200);
            for id in ["in_1", "in_2"] {
                assert_eq!(scene.case(id).state().as_str(), "suppressed", "{word}");
                assert_eq!(scene.trail(id).last().map(String::as_str), Some("opted_out"), "{word}");
            }
            scene.advance(days(20));
            assert_eq!(scene.templates().len(), 2, "{word}");
            assert_eq!(scene.answers().len(), 1, "one confirmation, then silence: {word}");
            assert_eq!(scene.trail("in_3"), ["opened", "opted_out 0"], "a case that had not written yet");
            assert_eq!(scene.memory.texts(), []);
        });
    }
}

#[test]
fn o28_the_stop_button_of_our_own_template_works_and_help_is_no_stop() {
    for (payload, sent, answer) in
        [("STOP", 1, "You will get no more messages"), ("HELP", 2, "A person of ours will answer you here")]
    {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            let at = scene.memory.time().as_second();
            assert_eq!(scene.post_meta(&meta::button(seeds::PHONE, payload, at)).status, 200);
            scene.advance(days(4));
            assert_eq!(scene.templates().len(), sent, "{payload}");
            let answers = scene.answers();
            assert!(answers.len() == 1 && answers[0].contains(answer), "{answers:?}");
        });
    }
}

#[test]
fn o28_a_stop_whose_silence_failed_is_finished_by_its_redelivery() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        scene.memory.fail_next(Call::LoadCase, recoup_tests::Fault::Refuse);
        let said = stop(scene);
        assert_eq!(scene.post_meta(&said).status, 200, "it waits in the spill queue");
        assert_eq!(scene.case("in_1").state().as_str(), "open");
        scene.advance(minutes(1));
        assert_eq!(scene.case("in_1").state().as_str(), "suppressed");
    });
}

#[test]
fn f18_a_stop_at_any_moment_before_the_claim_stops_the_message() {
    for call in [Call::LoadCase, Call::LoadRecipient, Call::CommitRecipient, Call::CommitCase] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            let said = stop(scene);
            meanwhile_said(scene, call, &said);
            scene.advance(days(20));
            assert_eq!(scene.whatsapp_sends().len(), 0, "before {call}");
            assert_eq!(scene.case("in_1").state().as_str(), "suppressed", "before {call}");
        });
    }
}

#[test]
fn o28_only_the_buyer_who_said_so_is_silenced_until_they_come_back() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        let other = stripe::with(stripe::invoice("in_2"), "/customer_phone", json!(seeds::OTHER_PHONE));
        let failed = stripe::event("evt_2", "invoice.payment_failed", other);
        assert_eq!(scene.post_stripe(&failed).status, 200);
        let said = stop(scene);
        assert_eq!(scene.post_meta(&said).status, 200);
        scene.advance(hours(1));
        assert_eq!(scene.whatsapp_sends().len(), 1);
        assert_eq!(scene.whatsapp_sends()[0].json()["to"], seeds::OTHER_PHONE);
        let back = meta::text(seeds::PHONE, "START", scene.memory.time().as_second());
        assert_eq!(scene.post_meta(&back).status, 200);
        scene.fail_invoice("in_3");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_3"), ["0 whatsapp sent"]);
    });
}

#[test]
fn o4_a_no_to_marketing_leaves_the_notices_and_takes_the_offer() {
    scene(|scene| {
        let at = scene.memory.time().as_second();
        for (seconds, value) in [(0, "resume"), (60, "stop")] {
            let choice = meta::preference(seeds::PHONE, value, at + seconds);
            assert_eq!(scene.post_meta(&choice).status, 200);
        }
        scene.fail_invoice("in_1");
        scene.advance(days(20));
        let expected =
            ["payment_failed_first", "payment_failed_second", "payment_failed_final", "account_suspended"];
        assert_eq!(scene.templates(), expected);
    });
}
