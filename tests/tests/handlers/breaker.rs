//! An account that cannot send: found once, told once, and nothing is used up while it lasts.

use recoup_app::ports::{Queue, SecretName};
use recoup_core::Policy;
use recoup_tests::{Reply, Settings, Sms, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

/// Failures of ten debts of ten buyers.
fn fail_ten(scene: &Scene) {
    for nth in 0..10 {
        let phone = json!(format!("+4420794609{nth:02}"));
        let invoice = stripe::with(stripe::invoice(&format!("in_{nth}")), "/customer_phone", phone);
        let event = stripe::event(&format!("evt_{nth}"), "invoice.payment_failed", invoice);
        assert_eq!(scene.post_stripe(&event).status, 200);
    }
}

fn expired() -> Reply {
    Reply::graph_error(401, 190)
}

#[test]
fn r16_an_expired_token_is_found_by_one_call_alarms_once_and_resumes_with_a_new_one() {
    scene(|scene| {
        fail_ten(scene);
        scene.memory.answer_always("graph.facebook.com", expired());
        scene.advance(minutes(2));
        assert_eq!(scene.whatsapp_sends().len(), 1, "one call for ten due messages");
        assert_eq!(scene.alarms(), ["account_held"], "one alarm");
        for nth in 0..10 {
            let outreach = scene.case(&format!("in_{nth}")).outreach.expect("opened");
            let entry = &outreach.ledger[0];
            assert_eq!((entry.state.as_str(), entry.attempt), ("retryable", 0), "no attempt is used up");
            assert!(scene.memory.waiting(Queue::Whatsapp).iter().all(|waiting| waiting.receives == 0));
        }
        scene.advance(minutes(120));
        assert!(scene.whatsapp_sends().len() <= 10, "a probe now and then: {}", scene.whatsapp_sends().len());
        assert_eq!(scene.alarms().len(), 1, "and still one alarm");
        assert_eq!(scene.memory.texts(), [], "an outage of ours is no flood of text messages");
        scene.memory.answer_as_usual();
        scene.memory.set_secret(SecretName::Meta, &seeds::meta_secret("EAAB_seeded_next"));
        let before = scene.whatsapp_sends().len();
        scene.advance(minutes(30));
        let after = &scene.whatsapp_sends()[before..];
        assert_eq!(after.len(), 10, "every message went, once");
        assert!(after.iter().all(|asked| asked.authorization == "Bearer EAAB_seeded_next"));
        for nth in 0..10 {
            assert_eq!(scene.ledger(&format!("in_{nth}")), ["0 whatsapp sent"]);
        }
    });
}

#[test]
fn r16_a_step_that_waited_for_the_account_until_it_was_stale_is_left_out_with_a_reason() {
    let always = Policy { window: None, ..Policy::standard("Acme") };
    scene_with(Settings { policy: always, ..Settings::default() }, |scene| {
        scene.fail_invoice("in_1");
        scene.memory.answer_always("graph.facebook.com", expired());
        scene.advance(hours(40));
        assert_eq!(scene.trail("in_1").last().map(String::as_str), Some("stale 0"));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp dropped"]);
        scene.memory.answer_as_usual();
        scene.advance(days(2));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp dropped", "1 whatsapp sent"]);
    });
}

#[test]
fn r16_a_secret_that_cannot_send_holds_too_and_nothing_leaves() {
    for text in ["{}", r#"{"app_secret":"a","verify_token":"b","access_token":""}"#] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.set_secret(SecretName::Meta, text);
            scene.advance(hours(1));
            assert_eq!(scene.whatsapp_sends().len(), 0);
            assert_eq!(scene.alarms(), ["account_held"]);
            scene.memory.set_secret(SecretName::Meta, &seeds::secret_text(SecretName::Meta));
            scene.advance(hours(1));
            assert_eq!(scene.templates(), ["payment_failed_first"]);
        });
    }
}

#[test]
fn r16_the_text_provider_s_account_holds_the_same_way() {
    scene_with(Settings { sms: Sms::Twilio, ..Settings::default() }, |scene| {
        fail_ten(scene);
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
        scene.memory.answer_always("api.twilio.com", Reply::twilio_error(401, 20_003));
        scene.advance(minutes(3));
        assert_eq!(scene.memory.asked("api.twilio.com").len(), 1);
        assert_eq!(scene.alarms(), ["account_held"]);
        scene.memory.answer_as_usual();
        scene.advance(minutes(30));
        assert_eq!(scene.memory.asked("api.twilio.com").len(), 11);
        for nth in 0..10 {
            assert_eq!(scene.ledger(&format!("in_{nth}")), ["0 whatsapp failed", "0 sms sent"]);
        }
    });
}

#[test]
fn a_wrong_template_is_parked_with_its_reason_and_goes_after_a_redrive() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 100)]);
        scene.advance(minutes(10));
        assert_eq!(scene.parked(), ["malformed_request"]);
        assert_eq!(scene.alarms(), ["malformed_request"]);
        let attributes = scene.memory.waiting(Queue::Parked)[0].attributes.clone();
        let of = |name: &str| attributes.get(name).map(String::as_str);
        assert_eq!(
            [of("case"), of("step"), of("channel"), of("attempt"), of("action"), of("error_code")],
            [
                Some("main/stripe/in_1"),
                Some("0"),
                Some("whatsapp"),
                Some("1"),
                Some("redrive"),
                Some("step_parked")
            ]
        );
        assert!(attributes.len() <= 10);
        assert_eq!(scene.memory.texts(), [], "our own mistake is not repeated by text message");
        let body = scene.memory.waiting(Queue::Parked)[0].body.clone();
        scene.memory.drop_into(Queue::Whatsapp, &body);
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        scene.memory.drop_into(Queue::Whatsapp, &body);
        scene.memory.drop_into(Queue::Sms, &body);
        scene.advance(days(1));
        assert_eq!(
            (scene.templates().len(), scene.memory.texts().len()),
            (2, 0),
            "redriven twice, sent once"
        );
    });
}

#[test]
fn o47_each_kind_of_answer_meets_its_reaction() {
    let rows: [(&str, Vec<Reply>, &[&str], usize); 9] = [
        ("rate", vec![Reply::graph_error(400, 130_429)], &["0 whatsapp sent"], 0),
        ("pair rate", vec![Reply::graph_error(400, 131_056)], &["0 whatsapp sent"], 0),
        ("trouble at Meta", vec![Reply::graph_error(500, 131_000)], &["0 whatsapp sent"], 0),
        ("refused connection", vec![Reply::NotSent, Reply::NotSent], &["0 whatsapp sent"], 0),
        ("not on WhatsApp", vec![Reply::graph_error(400, 131_026)], &["0 whatsapp failed", "0 sms sent"], 1),
        ("a page of a proxy", vec![Reply::Text(502, "<html>")], &["0 whatsapp claimed"], 0),
        ("a time-out", vec![Reply::Lost], &["0 whatsapp claimed"], 0),
        ("a yes without an id", vec![Reply::Json(200, Value::Null)], &["0 whatsapp sent"], 0),
        ("no to marketing", vec![Reply::graph_error(400, 131_050)], &["0 whatsapp dropped"], 0),
    ];
    for (what, replies, ledger, texts) in rows {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.answer("graph.facebook.com", replies);
            scene.advance(hours(2));
            assert_eq!(scene.ledger("in_1"), ledger, "{what}");
            assert_eq!(scene.memory.texts().len(), texts, "{what}");
            assert!(scene.memory.waiting(Queue::Whatsapp).is_empty(), "{what}");
        });
    }
}
