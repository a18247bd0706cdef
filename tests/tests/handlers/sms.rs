//! The text message: only where WhatsApp definitely did not go, and never twice.

use recoup_app::ports::{Queue, TextApiError};
use recoup_tests::{Call, Fault, Reply, Settings, Sms, meta, seeds};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

fn refuse_whatsapp(scene: &Scene) {
    scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
}

#[test]
fn a_number_without_whatsapp_gets_exactly_one_text_message() {
    scene(|scene| {
        refuse_whatsapp(scene);
        scene.fail_invoice("in_1");
        scene.advance(hours(12));
        let texts = scene.memory.texts();
        assert_eq!(texts.len(), 1);
        let text = &texts[0].1;
        assert_eq!(text.destination.expose(), seeds::PHONE);
        assert_eq!(
            text.body,
            format!(
                "Acme: Hi Ana Maria, your payment of 49.00 USD did not go through. Pay here: {} Reply HELP for help, STOP to end.",
                seeds::LINK
            )
        );
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
        assert_eq!(scene.whatsapp_sends().len(), 1, "a definite no is not asked again");
        scene.fail_invoice("in_1");
        scene.sweep();
        scene.advance(days(1));
        assert_eq!(scene.memory.texts().len(), 1);
    });
}

#[test]
fn twilio_takes_the_text_message_where_it_is_the_provider() {
    scene_with(Settings { sms: Sms::Twilio, ..Settings::default() }, |scene| {
        refuse_whatsapp(scene);
        scene.fail_invoice("in_1");
        scene.advance(hours(12));
        let asked = scene.memory.asked("api.twilio.com");
        assert_eq!(asked.len(), 1);
        assert!(asked[0].url.ends_with("/Messages.json"));
        let body = asked[0].text();
        assert!(
            body.contains("To=%2B442079460958&From=%2B15017122661&Body=Acme%3A+Hi+Ana"),
            "the form is whole"
        );
        assert!(body.contains("ValidityPeriod="));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
    });
}

#[test]
fn an_outage_of_meta_is_retried_until_the_receives_are_used_up_and_then_goes_by_text() {
    for reply in [Reply::NotSent, Reply::graph_error(500, 131_000), Reply::graph_error(400, 130_429)] {
        scene(|scene| {
            scene.memory.answer_always("graph.facebook.com", reply.clone());
            scene.fail_invoice("in_1");
            scene.advance(hours(12));
            assert_eq!(scene.memory.asked("graph.facebook.com").len(), 8, "{reply:?}");
            assert_eq!(scene.memory.texts().len(), 1, "{reply:?}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"], "{reply:?}");
            scene.memory.answer_as_usual();
            scene.advance(days(3));
            assert_eq!(scene.ledger("in_1").last().map(String::as_str), Some("1 whatsapp sent"), "{reply:?}");
        });
    }
}

#[test]
fn an_outage_that_ends_in_time_needs_no_text_message() {
    scene(|scene| {
        scene.memory.answer("graph.facebook.com", vec![Reply::NotSent; 7]);
        scene.fail_invoice("in_1");
        scene.advance(hours(12));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        assert_eq!(scene.memory.texts(), []);
    });
}

#[test]
fn f26_an_unknown_outcome_never_becomes_a_text_message_and_is_parked_with_its_reason() {
    scene(|scene| {
        scene.memory.answer("graph.facebook.com", vec![Reply::NotSent; 7]);
        scene.memory.answer("graph.facebook.com", [Reply::Lost]);
        scene.fail_invoice("in_1");
        scene.advance(minutes(5));
        let step = scene.memory.waiting(Queue::Whatsapp)[0].body.clone();
        scene.advance(hours(2));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp claimed"]);
        scene.memory.drop_into(Queue::Sms, &step);
        scene.advance(hours(2));
        assert_eq!(scene.memory.texts(), [], "nobody gets both");
        assert_eq!(scene.parked(), ["outcome_unknown"]);
        let parked = &scene.memory.waiting(Queue::Parked)[0];
        assert_eq!(parked.attributes["case"], "main/stripe/in_1");
        assert_eq!(parked.attributes["channel"], "whatsapp");
    });
}

#[test]
fn f26_a_crash_at_the_last_receive_reaches_the_text_function_and_stops_there() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        for _ in 0..7 {
            scene.memory.fail_next(Call::LoadCase, Fault::Refuse);
        }
        scene.memory.fail_next(Call::Perform, Fault::DieAfter);
        scene.advance(hours(12));
        assert_eq!(scene.whatsapp_sends().len(), 1);
        assert_eq!(scene.memory.texts(), []);
        assert_eq!(scene.parked(), ["outcome_unknown"]);
    });
}

#[test]
fn f27_the_text_function_s_own_unknown_outcome_is_parked_and_not_repeated() {
    for fault in [Fault::LoseAnswer, Fault::DieAfter, Fault::DieBefore, Fault::Panic] {
        scene(|scene| {
            refuse_whatsapp(scene);
            scene.memory.fail_next(Call::SendText, fault);
            scene.fail_invoice("in_1");
            scene.advance(days(1));
            assert!(scene.memory.texts().len() <= 1, "{fault:?}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms claimed"], "{fault:?}");
            let parked = if fault == Fault::LoseAnswer { &[][..] } else { &["outcome_unknown"] };
            assert_eq!(scene.parked(), parked, "{fault:?}");
        });
    }
}

#[test]
fn f27_a_text_provider_that_stays_away_is_asked_five_times_and_the_step_is_parked() {
    scene(|scene| {
        refuse_whatsapp(scene);
        scene.memory.answer_text(vec![Err(TextApiError::NotSent); 9]);
        scene.fail_invoice("in_1");
        scene.advance(days(1));
        assert_eq!(scene.memory.calls().of(Call::SendText), 5);
        assert_eq!(scene.parked(), ["retrying"]);
        assert_eq!(scene.memory.waiting(Queue::Parked)[0].attributes["attempt"], "5");
        scene.advance(days(3));
        assert_eq!(
            scene.ledger("in_1")[0..2],
            ["0 whatsapp failed", "0 sms retryable"],
            "and the case goes on"
        );
    });
}

#[test]
fn f27_the_same_step_twice_in_the_text_queue_goes_once() {
    for interleaved in [false, true] {
        scene(|scene| {
            if interleaved {
                scene.memory.interleave();
            }
            refuse_whatsapp(scene);
            scene.fail_invoice("in_1");
            let step = scene.memory.waiting(Queue::Whatsapp)[0].body.clone();
            scene.advance(minutes(1));
            scene.memory.set_now(scene.memory.time().checked_add(minutes(1)).expect("in range"));
            scene.deliver_from(Queue::Whatsapp);
            scene.memory.drop_into(Queue::Sms, &step);
            scene.memory.drop_into(Queue::Sms, &step);
            scene.advance(days(1));
            assert_eq!(scene.memory.texts().len(), 1, "interleaved: {interleaved}");
        });
    }
}

#[test]
fn o15_a_payment_before_the_text_message_stops_it() {
    scene(|scene| {
        refuse_whatsapp(scene);
        scene.fail_invoice("in_1");
        scene.advance(minutes(1));
        scene.memory.set_now(scene.memory.time().checked_add(minutes(1)).expect("in range"));
        scene.deliver_from(Queue::Whatsapp);
        assert_eq!(scene.memory.waiting(Queue::Sms).len(), 1, "the text message is planned");
        scene.pay_invoice("in_1");
        scene.advance(days(1));
        assert_eq!(scene.memory.texts(), []);
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed"]);
    });
}

#[test]
fn o28_a_carrier_s_stop_ends_text_messages_and_leaves_whatsapp() {
    scene(|scene| {
        scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 131_026)]);
        scene.memory.answer_text([Err(TextApiError::Refused {
            exception: "ConflictException".to_owned(),
            reason: Some("DESTINATION_PHONE_NUMBER_OPTED_OUT".to_owned()),
        })]);
        scene.fail_invoice("in_1");
        scene.advance(days(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms dropped"]);
        scene.memory.answer(
            "graph.facebook.com",
            [Reply::Json(200, meta::change("messages", serde_json::json!({})))],
        );
        scene.advance(days(3));
        assert_eq!(scene.ledger("in_1")[2], "1 whatsapp sent");
        refuse_whatsapp(scene);
        scene.advance(days(4));
        assert_eq!(scene.memory.texts(), []);
        assert!(scene.trail("in_1").contains(&"opted_out 2".to_owned()), "{:?}", scene.trail("in_1"));
    });
}
