//! What AWS publishes: statuses of text messages and of WhatsApp, and what buyers write back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use recoup_app::ports::Queue;
use recoup_core::Phone;
use recoup_tests::{Asked, Call, Fault, Reply, Settings, Whatsapp, meta, seeds};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

/// A debt that WhatsApp could not tell of, so that a text message went.
fn texted(scene: &mut Scene) {
    scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
    scene.fail_invoice("in_1");
    scene.advance(hours(1));
    assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
}

/// A debt whose first message went by WhatsApp.
fn sent(scene: &mut Scene) {
    scene.fail_invoice("in_1");
    scene.advance(hours(1));
    assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
}

fn publish(scene: &Scene, body: &Value) {
    scene.memory.drop_into(Queue::ChannelEvents, &body.to_string());
}

/// What AWS says of the first text message, which it was given with this context.
fn of_text(scene: &Scene, kind: &str) -> Value {
    let context = &scene.memory.texts()[0].1.context[0];
    json!({
        "eventType": kind, "eventVersion": "1.0", "eventTimestamp": 1_795_428_000_000_i64, "isFinal": true,
        "originationPhoneNumber": "+447700900123", "destinationPhoneNumber": seeds::PHONE,
        "messageId": "862a8790-60c0-4430-9b2b-658bdexample", "messageType": "TRANSACTIONAL",
        "messageStatus": kind.trim_start_matches("TEXT_"), "context": {&context.0: &context.1},
        "totalMessageParts": 2, "totalMessagePrice": 0.09582, "totalCarrierFee": 0.0
    })
}

/// A text message of a buyer's, as AWS hands it on (sms-voice user guide, "two-way SMS message payload").
fn by_text(words: &str, id: &str) -> Value {
    json!({
        "originationNumber": seeds::PHONE, "destinationNumber": "+447700900123", "messageKeyword": "KEYWORD",
        "messageBody": words, "inboundMessageId": id, "previousPublishedMessageId": "sms-1"
    })
}

/// What Meta would post, as AWS publishes it.
fn by_social(webhook: &Value) -> Value {
    json!({
        "context": {"MetaWabaIds": [{"wabaId": "102290129340398"}]},
        "whatsAppWebhookEntry": webhook["entry"][0].to_string(),
        "aws_account_id": "123456789012", "message_timestamp": "2026-11-23T10:00:00.271279391Z", "messageId": "6d69"
    })
}

#[test]
fn r14_what_aws_says_of_a_text_message_moves_its_ledger() {
    scene(|scene| {
        texted(scene);
        for (kind, entry) in [("TEXT_SUCCESSFUL", "0 sms sent"), ("TEXT_DELIVERED", "0 sms delivered")] {
            let event = of_text(scene, kind);
            publish(scene, &event);
            scene.advance(minutes(1));
            assert_eq!(scene.ledger("in_1")[1], entry);
        }
        let line =
            scene.lines().into_iter().rfind(|line| line.get("fn") == "channel_events").expect("logged");
        assert_eq!((line.get("outcome"), line.get("kind")), ("applied", "aws_sms"));
    });
}

#[test]
fn f25_events_of_aws_twice_and_in_any_order_lead_to_the_furthest_one() {
    for order in [["TEXT_DELIVERED", "TEXT_SUCCESSFUL"], ["TEXT_SUCCESSFUL", "TEXT_DELIVERED"]] {
        scene(|scene| {
            texted(scene);
            for kind in order {
                let event = of_text(scene, kind);
                publish(scene, &event);
                publish(scene, &event);
            }
            scene.advance(minutes(1));
            let late = of_text(scene, "TEXT_UNREACHABLE");
            publish(scene, &late);
            scene.advance(minutes(1));
            assert_eq!(scene.ledger("in_1")[1], "0 sms delivered", "{order:?}");
            assert_eq!(scene.memory.texts().len(), 1, "{order:?}");
            assert!(scene.memory.waiting(Queue::ChannelEvents).is_empty(), "{order:?}");
        });
    }
}

#[test]
fn f24_a_text_message_that_failed_after_all_is_recorded_as_its_type_says() {
    for (kind, entry, alarm) in [
        ("TEXT_INVALID", "0 sms failed", false),
        ("TEXT_CARRIER_UNREACHABLE", "0 sms failed", false),
        ("TEXT_TTL_EXPIRED", "0 sms dropped", false),
        ("TEXT_PROTECT_BLOCKED", "0 sms dropped", true),
        ("TEXT_SPAM", "0 sms dropped", true),
        ("TEXT_QUEUED", "0 sms sent", false),
        ("TEXT_OF_NEXT_YEAR", "0 sms sent", false),
    ] {
        scene(|scene| {
            texted(scene);
            let before = scene.alarms().len();
            let event = of_text(scene, kind);
            publish(scene, &event);
            scene.advance(minutes(1));
            assert_eq!(scene.ledger("in_1")[1], entry, "{kind}");
            assert_eq!(scene.alarms().len() > before, alarm, "{kind}");
            scene.memory.answer_as_usual();
            scene.advance(days(3));
            assert_eq!(scene.ledger("in_1").last().map(String::as_str), Some("1 whatsapp sent"), "{kind}");
        });
    }
}

#[test]
fn f25_statuses_of_whatsapp_by_aws_are_metas_own() {
    for (reached, error, ledger) in [
        ("delivered", None, &["0 whatsapp delivered"][..]),
        ("read", None, &["0 whatsapp read"]),
        ("failed", Some(131_026), &["0 whatsapp failed", "0 sms sent"]),
        ("failed", Some(131_050), &["0 whatsapp dropped"]),
    ] {
        scene(|scene| {
            sent(scene);
            let status = meta::status_of(&scene.whatsapp_sends()[0], reached, error);
            for _ in 0..2 {
                publish(scene, &by_social(&meta::statuses(std::slice::from_ref(&status))));
            }
            scene.advance(minutes(5));
            assert_eq!(scene.ledger("in_1"), ledger, "{reached} {error:?}");
        });
    }
}

/// The message of Meta's in a request to AWS.
fn inside(asked: &Asked) -> Value {
    let message = asked.json()["message"].as_str().and_then(|text| STANDARD.decode(text).ok());
    serde_json::from_slice(&message.expect("base64")).expect("json")
}

#[test]
fn r14_whatsapp_by_aws_takes_the_same_message_and_its_status_comes_by_the_topic() {
    scene_with(Settings { whatsapp: Whatsapp::Aws, ..Settings::default() }, |scene| {
        sent(scene);
        let asked = scene.memory.asked("social-messaging");
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].url, "https://social-messaging.eu-west-1.amazonaws.com/v1/whatsapp/send");
        let message = inside(&asked[0]);
        assert_eq!(
            (message["to"].as_str(), message["type"].as_str()),
            (Some(seeds::PHONE), Some("template"))
        );
        let correlation = message["biz_opaque_callback_data"].as_str().expect("comes back in statuses");
        publish(scene, &by_social(&meta::statuses(&[meta::status(correlation, "read", None)])));
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp read"]);
        assert_eq!(scene.memory.asked("graph.facebook.com").len(), 0);
    });
}

#[test]
fn f20_what_aws_refuses_for_whatsapp_is_judged_by_its_exception() {
    let refused =
        |status, exception: &str| Reply::Json(status, json!({"__type": exception, "message": "no"}));
    for (reply, ledger) in [
        (refused(429, "ThrottledRequestException"), "0 whatsapp sent"),
        (refused(502, "DependencyException"), "0 whatsapp claimed"),
        (Reply::Lost, "0 whatsapp claimed"),
        (Reply::NotSent, "0 whatsapp sent"),
    ] {
        scene_with(Settings { whatsapp: Whatsapp::Aws, ..Settings::default() }, |scene| {
            scene.memory.answer("social-messaging", [reply.clone()]);
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            assert_eq!(scene.ledger("in_1"), [ledger], "{reply:?}");
            let taken = scene.memory.asked("social-messaging").iter().filter(|asked| asked.taken).count();
            assert!(taken <= 1, "{reply:?}: never twice");
        });
    }
}

#[test]
fn o28_stop_by_text_message_or_by_whatsapp_at_aws_silences_every_lane() {
    let by_whatsapp =
        |scene: &Scene| by_social(&meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second()));
    let stops: [fn(&Scene) -> Value; 2] = [|_| by_text("Stop", "cae173d2"), by_whatsapp];
    for stop in stops {
        scene(|scene| {
            texted(scene);
            scene.memory.answer_as_usual();
            let said = stop(scene);
            for _ in 0..2 {
                publish(scene, &said);
            }
            scene.advance(days(20));
            assert!(scene.memory.recipients()[0].opted_out.is_some());
            assert_eq!(scene.case("in_1").state().as_str(), "suppressed");
            let confirmed = scene.memory.texts().len() - 1 + scene.answers().len();
            assert_eq!(confirmed, 1, "one confirmation, nothing else");
        });
    }
}

#[test]
fn r18_a_reply_by_text_message_is_answered_where_it_was_written() {
    scene(|scene| {
        texted(scene);
        publish(scene, &by_text("how can I pay?", "cae173d2"));
        scene.advance(minutes(5));
        let texts = scene.memory.texts();
        assert_eq!(texts.len(), 2);
        assert!(texts[1].1.body.contains(seeds::LINK), "the link");
        assert_eq!(texts[1].1.destination, Phone::parse(seeds::PHONE).expect("a number"));
    });
}

#[test]
fn r18_a_reply_by_whatsapp_at_aws_freezes_the_case_until_a_person_answered() {
    scene(|scene| {
        sent(scene);
        scene.advance(days(2));
        let said = meta::text(seeds::PHONE, "hmm what is all this about", scene.memory.time().as_second());
        publish(scene, &by_social(&said));
        scene.advance(days(1));
        assert_eq!(scene.whatsapp_sends().len(), 1, "Day 3 waits");
        assert_eq!(scene.trail("in_1").last().map(String::as_str), Some("frozen 1"));
    });
}

#[test]
fn f43_an_unreadable_event_is_parked_as_it_came_and_its_batch_mates_are_done() {
    scene(|scene| {
        texted(scene);
        let poison = ["not json", "[]", r#"{"whatsAppWebhookEntry":7}"#, r#"{"whatsAppWebhookEntry":"{"}"#];
        for body in poison {
            scene.memory.drop_into(Queue::ChannelEvents, body);
        }
        let event = of_text(scene, "TEXT_DELIVERED");
        publish(scene, &event);
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1")[1], "0 sms delivered");
        assert_eq!(scene.parked(), ["unreadable_event"; 4]);
        let parked = scene.memory.waiting(Queue::Parked);
        let bodies: Vec<&str> = parked.iter().map(|waiting| waiting.body.as_str()).collect();
        assert_eq!(bodies, poison, "a redrive to the queue brings it back");
        let codes: Vec<&str> =
            parked.iter().map(|waiting| waiting.attributes["error_code"].as_str()).collect();
        let [not_json, no_envelope] = ["channel_body_not_json", "channel_body_no_envelope"];
        assert_eq!(codes, [not_json, no_envelope, no_envelope, not_json]);
        assert_eq!(parked[0].attributes["action"], "report");
    });
}

#[test]
fn f35_what_aws_says_that_is_no_event_is_counted_and_nobody_is_called() {
    for (body, kind) in [
        (
            "Successfully validated SNS topic for Amazon SES event publishing.".to_owned(),
            "ses_topic_validated",
        ),
        (json!({"hello": "world"}).to_string(), "aws_unknown_shape"),
        (json!({"eventType": null, "mail": null}).to_string(), "aws_unknown_shape"),
        (json!({"eventType": "VOICE_COMPLETED"}).to_string(), "VOICE_COMPLETED"),
        (json!({"eventType": "Open", "mail": {"messageId": "1"}}).to_string(), "ses_open"),
    ] {
        scene(|scene| {
            scene.memory.drop_into(Queue::ChannelEvents, &body);
            scene.advance(minutes(1));
            let line = scene.last_line();
            assert_eq!((line.get("outcome"), line.get("kind")), ("ignored", kind), "{body}");
            assert_eq!(scene.alarms(), Vec::<String>::new(), "{body}");
            assert!(scene.memory.waiting(Queue::ChannelEvents).is_empty(), "{body}");
        });
    }
}

#[test]
fn f44_where_the_store_fails_only_that_event_comes_again() {
    scene(|scene| {
        texted(scene);
        scene.fail_invoice("in_2");
        scene.advance(hours(2));
        assert_eq!(scene.memory.texts().len(), 2);
        let first = of_text(scene, "TEXT_DELIVERED");
        let mut second = first.clone();
        let context = scene.memory.texts()[1].1.context[0].clone();
        second["context"] = json!({context.0: context.1});
        publish(scene, &first);
        publish(scene, &second);
        scene.memory.fail_next(Call::LoadCase, Fault::Refuse);
        scene.deliver_from(Queue::ChannelEvents);
        assert_eq!(scene.memory.waiting(Queue::ChannelEvents).len(), 1, "the other is done with");
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1")[1], "0 sms delivered");
        assert_eq!(scene.ledger("in_2")[1], "0 sms delivered");
    });
}

#[test]
fn f08_an_outage_of_the_store_costs_no_opt_out() {
    scene(|scene| {
        sent(scene);
        publish(scene, &by_text("STOP", "cae173d2"));
        scene.memory.take_store_down();
        scene.advance(minutes(20));
        assert_eq!(scene.memory.waiting(Queue::ChannelEvents).len(), 1);
        scene.memory.heal();
        scene.advance(minutes(16));
        assert!(scene.memory.recipients()[0].opted_out.is_some());
        assert_eq!(scene.parked(), Vec::<String>::new());
    });
}

#[test]
fn i13_an_event_of_another_brand_or_of_nobody_changes_nothing() {
    scene(|scene| {
        texted(scene);
        let case = scene.case("in_1");
        let ours = of_text(scene, "TEXT_DELIVERED");
        let correlation = scene.memory.texts()[0].1.context[0].1.clone();
        for foreign in [
            json!({"recoup": correlation.replace("/main/", "/other/")}),
            json!({"account": "bar"}),
            json!(null),
        ] {
            let mut event = ours.clone();
            event["context"] = foreign;
            publish(scene, &event);
            scene.advance(minutes(1));
            assert_eq!(scene.case("in_1"), case);
            assert_eq!(scene.last_line().get("reason"), "foreign_status");
        }
    });
}
