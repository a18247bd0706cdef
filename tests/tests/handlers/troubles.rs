//! A store that fails at one call or for an hour, and batches of which all, some or none can be done.

use recoup_app::ports::Queue;
use recoup_app::queue::Received;
use recoup_tests::{Call, Fault, meta};

use crate::scene::{Scene, days, hours, minutes, scene};

fn pass(scene: &Scene, minutes_passed: i64) {
    let now = scene.memory.time().checked_add(minutes(minutes_passed)).expect("in range");
    scene.memory.set_now(now);
}

/// A debt that fails, is sent, is told delivered, and goes on for ten days of sweeps, with trouble at a time.
fn ten_days(scene: &mut Scene, trouble: impl Fn(&Scene, &str)) {
    trouble(scene, "webhook");
    scene.fail_invoice("in_1");
    trouble(scene, "step");
    scene.advance(hours(3));
    trouble(scene, "status");
    if let Some(sent) = scene.whatsapp_sends().first() {
        let told = meta::statuses(&[meta::status_of(sent, "delivered", None)]);
        assert_eq!(scene.post_meta(&told).status, 200);
    }
    scene.advance(hours(3));
    for _ in 0..10 {
        trouble(scene, "sweep");
        scene.sweep();
        scene.memory.heal();
        scene.advance(days(1));
    }
}

#[test]
fn f08_a_store_call_that_fails_once_or_thrice_anywhere_loses_and_doubles_nothing() {
    for call in Call::STORE {
        for when in ["webhook", "step", "status", "sweep"] {
            for times in [1, 3] {
                scene(|scene| {
                    ten_days(scene, |scene, now| {
                        for _ in (0..times).filter(|_| now == when) {
                            scene.memory.fail_next(call, Fault::Refuse);
                        }
                    });
                    let what = format!("{call} at the {when}, {times} times");
                    assert_eq!(
                        scene.templates(),
                        ["payment_failed_first", "payment_failed_second", "payment_failed_final"],
                        "{what}"
                    );
                    assert_eq!(scene.ledger("in_1")[1..], ["1 whatsapp sent", "2 whatsapp sent"], "{what}");
                    assert_eq!((scene.memory.texts().len(), scene.parked().len()), (0, 0), "{what}");
                });
            }
        }
    }
}

/// After an hour the eight receives of a queued step are used up, and a step that nobody claimed goes by text message.
#[test]
fn f08_an_hour_without_one_call_of_the_store_is_one_message_a_step_on_either_channel() {
    for call in Call::STORE {
        for outage in [minutes(40), minutes(70)] {
            for told_in_it in [false, true] {
                scene(|scene| {
                    if told_in_it {
                        scene.memory.fail_always(call, Fault::Refuse);
                    }
                    scene.fail_invoice("in_1");
                    scene.memory.fail_always(call, Fault::Refuse);
                    scene.advance(outage);
                    scene.memory.heal();
                    for _ in 0..5 {
                        scene.advance(days(1));
                        scene.sweep().expect("scans");
                    }
                    let what = format!("{call} for {outage:#}, told in it: {told_in_it}");
                    assert_eq!(scene.whatsapp_sends().len() + scene.memory.texts().len(), 2, "{what}");
                    assert!(outage > minutes(60) || scene.memory.texts().is_empty(), "{what}");
                    let ledger = scene.ledger("in_1");
                    assert!(["0 whatsapp sent", "0 sms sent"].contains(&ledger[0].as_str()), "{what}");
                    assert_eq!(ledger[1..], ["1 whatsapp sent"], "{what}");
                    // Where the text function's receives are used up too, the queue parks the message and the sweep
                    // brings the step.
                    assert!(outage > minutes(60) || scene.parked().is_empty(), "{what}");
                    assert!(scene.parked().len() <= 1, "{what}");
                });
            }
        }
    }
}

fn three(scene: &Scene) {
    for (id, phone) in [("in_1", "+442079460901"), ("in_2", "+442079460902"), ("in_3", "+442079460903")] {
        scene.fail_invoice_of(id, phone);
    }
    pass(scene, 2);
}

fn ids(batch: &[Received]) -> Vec<String> {
    batch.iter().map(|received| received.id.clone()).collect()
}

#[test]
fn f44_a_batch_says_of_each_message_whether_it_must_come_again() {
    scene(|scene| {
        three(scene);
        let batch = scene.memory.receive(Queue::Whatsapp);
        assert_eq!(scene.take(Queue::Whatsapp, batch), Some(Vec::new()), "all done");
        assert_eq!(scene.whatsapp_sends().len(), 3);
    });
    scene(|scene| {
        three(scene);
        scene.memory.take_store_down();
        let batch = scene.memory.receive(Queue::Whatsapp);
        assert_eq!(scene.take(Queue::Whatsapp, batch.clone()), Some(ids(&batch)), "none done");
        scene.memory.heal();
        assert_eq!(scene.take(Queue::Whatsapp, batch), Some(Vec::new()));
        assert_eq!(scene.whatsapp_sends().len(), 3);
    });
    for fault in [Fault::Refuse, Fault::Panic] {
        scene(|scene| {
            three(scene);
            scene.memory.fail_next(Call::LoadRecipient, Fault::Pass);
            scene.memory.fail_next(Call::LoadRecipient, fault);
            let batch = scene.memory.receive(Queue::Whatsapp);
            let again = scene.take(Queue::Whatsapp, batch.clone());
            assert_eq!(again, Some(vec![batch[1].id.clone()]), "only the one that failed: {fault:?}");
            assert_eq!(scene.whatsapp_sends().len(), 2, "{fault:?}");
        });
    }
}

#[test]
fn f43_poison_in_a_batch_of_ten_is_parked_and_the_nine_others_go() {
    let poison = [
        " ",
        "null",
        "[]",
        "{}",
        "\u{feff}{}",
        r#"{"v":2,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"whatsapp"}"#,
        r#"{"v":1,"case":"main/stripe/in_1","step":0,"gen":1,"channel":"pigeon"}"#,
        r#"{"v":1,"case":"main/stripe/in_1","step":-1,"gen":1,"channel":"whatsapp"}"#,
        r#"{"v":1,"case":"main/stripe/../in_1","step":0,"gen":1,"channel":"whatsapp"}"#,
    ];
    for body in poison {
        scene(|scene| {
            for nth in 0..4 {
                scene.fail_invoice_of(&format!("in_{nth}"), &format!("+4420794609{nth:02}"));
            }
            scene.memory.drop_into(Queue::Whatsapp, body);
            for nth in 4..9 {
                scene.fail_invoice_of(&format!("in_{nth}"), &format!("+4420794609{nth:02}"));
            }
            scene.memory.drop_into(Queue::Sms, body);
            pass(scene, 2);
            assert_eq!(scene.deliver_from(Queue::Whatsapp), 10, "one batch");
            assert_eq!(scene.whatsapp_sends().len(), 9, "{body}");
            scene.advance(hours(1));
            assert_eq!(scene.parked(), ["unreadable_message", "unreadable_message"], "{body}");
            for waiting in scene.memory.waiting(Queue::Parked) {
                assert_eq!((waiting.body.as_str(), waiting.receives), (body, 0), "kept as it came");
                assert_eq!(waiting.attributes["error_code"], "message_malformed", "{body}");
            }
        });
    }
}
