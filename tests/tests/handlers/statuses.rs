//! Delivery statuses, and the handshake with Meta.

use recoup_app::http::Answer;
use recoup_tests::{Call, Fault, meta, seeds};
use serde_json::Value;

use crate::scene::{Scene, days, hours, minutes, scene};

/// A case whose first message was sent.
fn sent(scene: &mut Scene) {
    scene.fail_invoice("in_1");
    scene.advance(hours(1));
    assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
}

fn tell(scene: &Scene, statuses: &[Value]) {
    assert_eq!(scene.post_meta(&meta::statuses(statuses)).status, 200);
}

fn of_first(scene: &Scene, reached: &str, error: Option<i64>) -> Value {
    meta::status_of(&scene.whatsapp_sends()[0], reached, error)
}

#[test]
fn f24_a_failure_after_acceptance_brings_one_text_message() {
    scene(|scene| {
        sent(scene);
        let failed = of_first(scene, "failed", Some(131_026));
        for _ in 0..3 {
            tell(scene, std::slice::from_ref(&failed));
            scene.advance(minutes(5));
        }
        assert_eq!(scene.memory.texts().len(), 1);
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
    });
}

#[test]
fn f24_a_failure_told_at_night_waits_for_the_morning_and_the_case_goes_on() {
    scene(|scene| {
        sent(scene);
        scene.advance(hours(12));
        let failed = of_first(scene, "failed", Some(131_026));
        tell(scene, &[failed]);
        scene.advance(days(1));
        let texts = scene.memory.texts();
        assert_eq!(texts.len(), 1);
        assert_eq!(texts[0].0.to_string(), "2026-11-24T09:00:00Z");
        scene.advance(days(2));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent", "1 whatsapp sent"]);
    });
}

#[test]
fn f24_some_failures_are_for_nobody_else_to_try() {
    for (code, entry, marketing) in
        [(130_403, "0 whatsapp dropped", false), (131_050, "0 whatsapp dropped", true)]
    {
        scene(|scene| {
            sent(scene);
            let failed = of_first(scene, "failed", Some(code));
            tell(scene, &[failed]);
            scene.advance(hours(12));
            assert_eq!(scene.ledger("in_1"), [entry], "{code}");
            assert_eq!(scene.memory.texts(), [], "{code}");
            assert_eq!(scene.memory.recipients()[0].opted_out_marketing.is_some(), marketing, "{code}");
        });
    }
}

#[test]
fn f25_statuses_in_any_order_lead_to_the_furthest_one() {
    let all = ["sent", "delivered", "read"];
    let orders = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0]];
    for order in orders {
        scene(|scene| {
            sent(scene);
            for nth in order {
                let status = of_first(scene, all[nth], None);
                tell(scene, &[status.clone(), status]);
            }
            let late = of_first(scene, "failed", Some(131_026));
            tell(scene, &[late]);
            scene.advance(days(1));
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp read"], "{order:?}");
            assert_eq!(scene.memory.texts(), [], "what was read did not fail: {order:?}");
        });
    }
}

#[test]
fn f25_a_status_resolves_a_claim_whose_outcome_nobody_saw() {
    for (reached, entry) in [("sent", "sent"), ("delivered", "delivered"), ("read", "read")] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.memory.fail_next(Call::Perform, Fault::DieAfter);
            scene.advance(hours(1));
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp claimed"]);
            let status = of_first(scene, reached, None);
            tell(scene, &[status]);
            assert_eq!(scene.ledger("in_1"), [format!("0 whatsapp {entry}")]);
        });
    }
}

#[test]
fn i13_a_status_that_is_not_ours_changes_nothing() {
    scene(|scene| {
        sent(scene);
        let case = scene.case("in_1");
        let ours =
            of_first(scene, "read", None)["biz_opaque_callback_data"].as_str().expect("a text").to_owned();
        let foreign = [
            ours.replace("/main/", "/other/"),
            ours.replace("/in_1/", "/in_9/"),
            ours.replace("/0/", "/1/"),
            format!("{ours}x"),
            "rcp1/main/stripe/in_1".to_owned(),
            "somebody else's".to_owned(),
            String::new(),
        ];
        for correlation in foreign {
            let status = meta::status(&correlation, "read", None);
            let before = scene.memory.calls();
            tell(scene, &[status]);
            let calls = scene.memory.calls().since(&before);
            assert_eq!(calls.of(Call::CommitCase), 0, "{correlation}");
            assert_eq!(scene.case("in_1"), case, "{correlation}");
        }
        assert_eq!(scene.memory.cases().len(), 1, "no case of another brand, none of an unknown debt");
        let failed = meta::status(&ours.replace("/main/", "/other/"), "failed", Some(131_050));
        tell(scene, &[failed]);
        assert!(scene.memory.recipients()[0].opted_out_marketing.is_none());
    });
}

#[test]
fn f25_one_unreadable_status_does_not_cost_its_neighbours() {
    scene(|scene| {
        sent(scene);
        let good = of_first(scene, "delivered", None);
        tell(scene, &[Value::from(5), Value::Null, good]);
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp delivered"]);
    });
}

#[test]
fn f08_a_status_that_the_store_cannot_take_is_applied_later() {
    scene(|scene| {
        sent(scene);
        let status = of_first(scene, "delivered", None);
        scene.memory.take_store_down();
        tell(scene, &[status]);
        scene.memory.heal();
        scene.advance(minutes(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp delivered"]);
    });
}

#[test]
fn o22_one_look_at_a_case_tells_stage_reason_and_time_of_everything() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let status = of_first(scene, "delivered", None);
        tell(scene, &[status]);
        scene.advance(days(3));
        scene.pay_invoice("in_1");
        let expected = ["opened", "claimed 0", "sent 0", "delivered 0", "claimed 1", "sent 1", "paid"];
        assert_eq!(scene.trail("in_1"), expected);
        let case = scene.case("in_1");
        assert!(case.trail.is_sorted_by_key(|entry| entry.at));
        assert_eq!(case.trail[0].at, case.outreach.as_ref().expect("opened").anchor);
        let outreach = case.outreach.expect("opened");
        assert!(!outreach.version.is_empty(), "the version of the rules it was opened with");
        assert!(outreach.trace.is_some_and(|trace| trace.starts_with("Root=")));
        assert_eq!(outreach.ledger[0].detail.as_deref(), Some("wamid.status"));
    });
}

#[test]
fn meta_s_handshake_is_answered_to_whoever_knows_the_token() {
    let token = seeds::VERIFY_TOKEN;
    let query = |mode: &str, token: &str, challenge: &str| {
        format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge={challenge}")
    };
    scene(|scene| {
        let answer = scene.get_channel("meta", &query("subscribe", token, "1158201444"));
        assert_eq!(
            (answer.status, answer.body.as_str(), answer.content_type),
            (200, "1158201444", "text/plain")
        );
        for refused in [
            query("subscribe", "guess", "1158201444"),
            query("subscribe", "", "1158201444"),
            query("unsubscribe", token, "1158201444"),
            query("subscribe", token, "<script>"),
            query("subscribe", token, ""),
            String::new(),
        ] {
            assert_eq!(scene.get_channel("meta", &refused), Answer::of(403));
        }
        assert_eq!(scene.get_channel("other", &query("subscribe", token, "1")), Answer::of(404));
        assert_eq!(scene.memory.calls().remote().total(), 0);
        scene.memory.fail_next(Call::Secret(recoup_app::ports::SecretName::Meta), Fault::Refuse);
        assert_eq!(scene.get_channel("meta", &query("subscribe", token, "1")).status, 503);
    });
}
