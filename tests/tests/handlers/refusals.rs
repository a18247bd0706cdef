//! What a provider may answer: taken, refused, never reached, or nobody knows.

use recoup_app::ports::Queue;
use recoup_tests::{Reply, meta};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene};

/// Plays the first step's first receive against this answer.
fn first_answer(scene: &mut Scene, reply: &Reply) {
    scene.memory.answer("graph.facebook.com", [reply.clone()]);
    scene.fail_invoice("in_1");
    scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
    scene.deliver_from(Queue::Whatsapp);
}

fn tell(scene: &Scene, reached: &str, code: Option<i64>) {
    let status = meta::status_of(&scene.whatsapp_sends()[0], reached, code);
    assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
}

#[test]
fn f19_an_acceptance_that_cannot_be_read_is_an_acceptance_and_its_status_names_the_message() {
    for (what, reply, known) in [
        ("whole", Reply::Json(200, json!({"messages": [{"id": "wamid.1"}]})), Some("wamid.1")),
        ("no JSON", Reply::Text(200, "{\"messages\": ["), None),
        ("no id", Reply::Json(200, json!({"messages": [{}]})), None),
        ("no message", Reply::Json(200, json!({})), None),
        ("nothing", Reply::Text(200, ""), None),
    ] {
        scene(|scene| {
            first_answer(scene, &reply);
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "{what}");
            let detail =
                |scene: &Scene| scene.case("in_1").outreach.expect("opened").ledger[0].detail.clone();
            assert_eq!(detail(scene).as_deref(), known, "{what}");
            tell(scene, "delivered", None);
            assert_eq!(detail(scene).as_deref(), Some("wamid.status"), "{what}");
            scene.advance(days(2));
            assert_eq!((scene.whatsapp_sends().len(), scene.memory.texts().len()), (1, 0), "{what}");
        });
    }
}

/// What is refused, by which status and code, the ledger at first and at last, and what calls a person.
type Refused = (&'static str, u16, i64, &'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn f20_each_refusal_leaves_its_mark_and_leads_to_its_end() {
    let sent: &'static [&str] = &["0 whatsapp sent"];
    let by_text: &'static [&str] = &["0 whatsapp failed", "0 sms sent"];
    let rows: [Refused; 8] = [
        ("throughput", 429, 130_429, "retryable", sent, &[]),
        ("pair rate", 400, 131_056, "retryable", sent, &[]),
        ("token expired", 401, 190, "retryable", sent, &["account_held"]),
        ("permission lost", 403, 10, "retryable", sent, &["account_held"]),
        ("trouble at Meta", 500, 131_000, "retryable", sent, &[]),
        ("Meta overloaded", 503, 2, "retryable", sent, &[]),
        ("template paused", 400, 132_015, "failed", by_text, &["failed"]),
        ("not on WhatsApp", 400, 131_026, "failed", by_text, &[]),
    ];
    for (what, status, code, at_first, ledger, alarms) in rows {
        scene(|scene| {
            first_answer(scene, &Reply::graph_error(status, code));
            assert_eq!(scene.ledger("in_1"), [format!("0 whatsapp {at_first}")], "{what}");
            scene.advance(hours(2));
            assert_eq!(scene.ledger("in_1"), ledger, "{what}");
            assert_eq!(scene.alarms(), alarms, "{what}");
            assert_eq!(scene.parked(), Vec::<String>::new(), "{what}");
        });
    }
}

#[test]
fn f21_an_unknown_outcome_waits_for_a_status_and_is_never_sent_again() {
    let replies = [
        Reply::Lost,
        Reply::Text(502, "<html>bad gateway</html>"),
        Reply::Text(504, "<html>gateway time-out</html>"),
        Reply::Text(500, ""),
        Reply::Json(503, json!({"message": "Service Unavailable"})),
    ];
    let ends: [(&str, Option<i64>, &[&str], usize); 4] = [
        ("sent", None, &["0 whatsapp sent", "1 whatsapp sent"], 0),
        ("read", None, &["0 whatsapp read", "1 whatsapp sent"], 0),
        ("failed", Some(131_026), &["0 whatsapp failed", "0 sms sent", "1 whatsapp sent"], 1),
        ("", None, &["0 whatsapp unknown", "1 whatsapp sent"], 0),
    ];
    for reply in replies {
        for (reached, code, ledger, texts) in ends {
            scene(|scene| {
                first_answer(scene, &reply);
                assert_eq!(scene.ledger("in_1"), ["0 whatsapp claimed"], "{reply:?}");
                scene.advance(hours(3));
                if !reached.is_empty() {
                    tell(scene, reached, code);
                }
                scene.advance(days(4));
                assert_eq!(scene.ledger("in_1"), ledger, "{reply:?}, {reached}");
                assert_eq!(scene.whatsapp_sends().len(), 2, "{reply:?}, {reached}");
                assert_eq!(scene.memory.texts().len(), texts, "{reply:?}, {reached}");
            });
        }
    }
}

#[test]
fn f22_what_never_left_is_tried_again_until_it_goes_once() {
    for refusals in 1..=7 {
        scene(|scene| {
            scene.memory.answer("graph.facebook.com", vec![Reply::NotSent; refusals]);
            scene.fail_invoice("in_1");
            scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
            scene.deliver_from(Queue::Whatsapp);
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp retryable"], "{refusals}");
            scene.advance(hours(6));
            assert_eq!(scene.memory.asked("graph.facebook.com").len(), refusals + 1, "{refusals}");
            assert_eq!(scene.whatsapp_sends().len(), 1, "{refusals}");
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"], "{refusals}");
            assert_eq!((scene.memory.texts().len(), scene.parked().len()), (0, 0), "{refusals}");
        });
    }
}

#[test]
fn f25_a_status_with_a_wrong_token_or_of_another_tenant_s_case_is_nobody_s() {
    scene(|scene| {
        first_answer(scene, &Reply::Lost);
        let ours = meta::status_of(&scene.whatsapp_sends()[0], "read", None);
        let text = ours["biz_opaque_callback_data"].as_str().expect("a text").to_owned();
        let case = scene.case("in_1");
        for foreign in
            [format!("{text}x"), text.replace("/main/", "/other/"), text.replace("/in_1/", "/in_2/")]
        {
            for (reached, code) in [("read", None), ("failed", Some(131_026))] {
                let status: Value = meta::status(&foreign, reached, code);
                assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
                assert_eq!(scene.case("in_1"), case, "{reached}");
            }
        }
        assert_eq!((scene.memory.cases().len(), scene.memory.texts().len()), (1, 0));
    });
}
