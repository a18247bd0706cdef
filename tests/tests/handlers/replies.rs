//! A buyer writes: who is told, what is answered, and how long the messages wait.

use recoup_app::engine::Outlets;
use recoup_app::ports::Queue;
use recoup_core::{Fact, Policy};
use recoup_tests::{Call, Fault, Reply, Settings, meta, seeds};
use serde_json::Value;

use crate::scene::{Scene, days, hours, minutes, scene_with};

/// A deployment that tells everybody.
fn told<T>(test: impl FnOnce(&mut Scene) -> T) -> T {
    let outlets = Outlets { slack: true, help_desk: true, ends: true, case_page: None };
    scene_with(Settings { outlets, policy: Policy::standard("Acme"), ..Settings::default() }, test)
}

/// A debt whose first message went an hour ago.
fn reminded(scene: &mut Scene) {
    scene.fail_invoice("in_1");
    scene.advance(hours(1));
    assert_eq!(scene.whatsapp_sends().len(), 1);
}

fn says(scene: &mut Scene, words: &str) {
    let said = meta::text(seeds::PHONE, words, scene.memory.time().as_second());
    assert_eq!(scene.post_meta(&said).status, 200);
    scene.advance(minutes(1));
}

fn at(scene: &Scene, url: &str) -> Vec<Value> {
    scene.memory.asked(url).iter().map(recoup_tests::Asked::json).collect()
}

#[test]
fn r17_o56_a_reply_reaches_slack_and_the_help_desk_with_all_a_person_needs() {
    told(|scene| {
        reminded(scene);
        says(scene, "I want to talk to a real person about this bill please");
        let slack = at(scene, seeds::SLACK_URL);
        assert_eq!(slack.len(), 1, "once");
        let text = slack[0].to_string();
        for part in ["49.00 USD", "talk to a real person", "payment_failed_first", "main/stripe/in_1", "+44"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains(seeds::PHONE), "the number is masked");
        let desk = at(scene, seeds::HELP_DESK_URL);
        assert_eq!(desk.len(), 1);
        let data = &desk[0]["data"];
        assert_eq!(
            (desk[0]["type"].as_str(), data["case"].as_str()),
            (Some("handoff.opened"), Some("main/stripe/in_1"))
        );
        assert_eq!(data["owed"]["amount_minor"], 4900);
        assert_eq!(data["tried"][0]["template"], "payment_failed_first");
        assert_eq!(data["intent"], "help");
        assert!(
            data["frozen_until"].is_string() && data["consent"].is_object() && data["pay_url"].is_string()
        );
        assert_eq!(scene.answers().len(), 1, "and the buyer hears that a person answers");
    });
}

#[test]
fn r17_dunning_waits_for_a_person_or_a_timeout() {
    told(|scene| {
        reminded(scene);
        scene.advance(days(2));
        says(scene, "hmm what is all this about then");
        scene.advance(days(1));
        assert_eq!(scene.whatsapp_sends().len(), 1, "Day 3 is frozen");
        scene.advance(days(2));
        assert_eq!(
            scene.templates(),
            ["payment_failed_first", "payment_failed_second"],
            "the timeout is over"
        );
    });
}

#[test]
fn r17_a_person_who_settles_it_lets_dunning_go_on_at_once() {
    told(|scene| {
        reminded(scene);
        scene.advance(days(2));
        says(scene, "hmm what is all this about then");
        scene.advance(days(1));
        let source = recoup_core::Source::parse("stripe").expect("well formed");
        scene.say("in_1", Fact::HandOffResolved { source });
        scene.advance(hours(1));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
    });
}

#[test]
fn o11_words_of_distress_end_every_message_and_reach_a_person_in_one_step() {
    told(|scene| {
        reminded(scene);
        says(scene, "I just lost my husband, I can't do this anymore");
        assert_eq!(scene.case("in_1").state().as_str(), "suppressed");
        assert_eq!(at(scene, seeds::HELP_DESK_URL)[0]["data"]["intent"], "distress");
        scene.advance(days(20));
        assert_eq!(scene.whatsapp_sends().len(), 1);
        assert_eq!(scene.answers(), Vec::<String>::new(), "no machine answers");
    });
}

#[test]
fn o18_who_asks_how_to_pay_gets_the_link_and_dunning_goes_on() {
    told(|scene| {
        reminded(scene);
        says(scene, "where can I pay?");
        assert!(scene.answers()[0].contains(seeds::LINK), "{:?}", scene.answers());
        assert_eq!(at(scene, seeds::SLACK_URL), Vec::<Value>::new(), "nobody is bothered");
        scene.advance(days(4));
        assert_eq!(scene.templates().len(), 2);
    });
}

#[test]
fn o18_a_day_that_the_buyer_names_is_when_they_are_reminded() {
    told(|scene| {
        reminded(scene);
        scene.advance(days(2));
        says(scene, "I will pay on friday");
        assert_eq!(scene.trail("in_1").last().map(String::as_str), Some("put_off"));
        scene.advance(hours(26));
        assert_eq!(scene.whatsapp_sends().len(), 1, "Thursday is Day 3, and nothing goes");
        scene.advance(days(1));
        assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"], "Friday");
        assert_eq!(at(scene, seeds::SLACK_URL), Vec::<Value>::new());
    });
}

#[test]
fn r17_paid_already_asks_the_processor_and_a_payment_it_knows_ends_the_case() {
    told(|scene| {
        reminded(scene);
        let invoice =
            recoup_tests::stripe::with(recoup_tests::stripe::invoice("in_1"), "/status", Value::from("paid"));
        scene.memory.put_stripe_object("/v1/invoices/in_1", invoice);
        says(scene, "I already paid this yesterday");
        assert_eq!(scene.case("in_1").state().as_str(), "recovered");
        assert_eq!(at(scene, seeds::SLACK_URL).len(), 1, "and billing knows what the buyer said");
    });
}

#[test]
fn o18_a_wrong_person_is_never_written_to_again_whatever_the_source_says_later() {
    told(|scene| {
        reminded(scene);
        says(scene, "wrong number, I am not Ana");
        scene.advance(days(20));
        scene.fail_invoice("in_9");
        scene.advance(days(20));
        assert_eq!(scene.whatsapp_sends().len(), 1);
        assert_eq!(scene.memory.texts(), []);
    });
}

#[test]
fn r20_how_a_case_ends_is_told_once_however_often_it_is_heard() {
    told(|scene| {
        reminded(scene);
        for _ in 0..4 {
            scene.pay_invoice("in_1");
            scene.advance(minutes(1));
        }
        let ends = at(scene, seeds::ENDS_URL);
        assert_eq!(ends.len(), 1);
        assert_eq!(ends[0]["type"], "case.ended");
        assert_eq!(
            (&ends[0]["data"]["state"], &ends[0]["data"]["sent"]),
            (&Value::from("recovered"), &Value::from(1))
        );
        scene.advance(days(30));
        assert_eq!(at(scene, seeds::ENDS_URL).len(), 1);
    });
}

#[test]
fn r20_a_case_that_nobody_paid_tells_of_its_own_end() {
    told(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(days(30));
        let states: Vec<_> =
            at(scene, seeds::ENDS_URL).iter().map(|end| end["data"]["state"].clone()).collect();
        assert_eq!(states, ["exhausted"]);
    });
}

#[test]
fn r20_an_end_that_could_not_be_told_is_told_later_and_its_id_is_the_same() {
    told(|scene| {
        scene.memory.answer(seeds::ENDS_URL, [Reply::NotSent, Reply::Lost, Reply::Json(503, Value::Null)]);
        reminded(scene);
        scene.pay_invoice("in_1");
        scene.advance(hours(2));
        let ends = at(scene, seeds::ENDS_URL);
        let ids: std::collections::BTreeSet<_> =
            ends.iter().map(|end| end["data"]["id"].to_string()).collect();
        assert_eq!((ends.len(), ids.len()), (4, 1), "three failures, then it is taken");
        scene.advance(days(3));
        assert_eq!(at(scene, seeds::ENDS_URL).len(), 4);
    });
}

#[test]
fn what_no_receiver_ever_takes_goes_to_its_own_dead_letters_with_its_reason() {
    told(|scene| {
        scene.memory.answer_always(seeds::SLACK_URL, Reply::Text(404, "no_service"));
        reminded(scene);
        says(scene, "hmm what is all this about then");
        let dead = scene.memory.waiting(Queue::HandOffDead);
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0].attributes.get("error_code").map(String::as_str), Some("no_service"));
        assert!(scene.alarms().contains(&"note_refused".to_owned()));
        assert_eq!(at(scene, seeds::HELP_DESK_URL).len(), 1, "the others are told all the same");
    });
}

#[test]
fn a_store_that_fails_while_a_buyer_writes_loses_no_reply() {
    told(|scene| {
        reminded(scene);
        scene.memory.fail_always(Call::CommitCase, Fault::Refuse);
        let said = meta::text(seeds::PHONE, "please call me", scene.memory.time().as_second());
        assert_eq!(scene.post_meta(&said).status, 200, "kept until the store is back");
        scene.memory.heal();
        scene.advance(hours(2));
        assert_eq!(at(scene, seeds::SLACK_URL).len(), 1);
    });
}

#[test]
fn a_reply_of_somebody_nobody_wrote_to_reaches_a_person_without_a_case() {
    told(|scene| {
        let said = meta::text("447700900999", "hello, who is this?", scene.memory.time().as_second());
        assert_eq!(scene.post_meta(&said).status, 200);
        scene.advance(minutes(1));
        assert_eq!(at(scene, seeds::HELP_DESK_URL)[0]["data"]["case"], Value::Null);
    });
}
