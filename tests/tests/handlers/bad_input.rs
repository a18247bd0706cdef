//! What a request that is wrong, forged or unlucky is answered, and what it leaves behind.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;
use recoup_app::http::{Answer, Request};
use recoup_app::ports::{Clock, Queue, SecretName};
use recoup_app::{channel_webhook, webhook};
use recoup_tests::{Call, Fault, Stack, meta, seeds, stripe, twilio};
use serde_json::{Value, json};

use crate::scene::{Scene, minutes, scene};

fn failure() -> Value {
    stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"))
}

/// A failure signed with this secret, some seconds from now.
fn signed(scene: &Scene, secret: &str, seconds: i64) -> Request {
    let body = failure().to_string();
    let at = scene.memory.wall().checked_add(SignedDuration::from_secs(seconds)).expect("in range");
    Stack::request("stripe", stripe::sign(body.as_bytes(), secret, at), body)
}

fn genuine(scene: &Scene) -> Request {
    signed(scene, seeds::SIGNING_SECRET, 0)
}

fn unsigned(name: &str, body: impl Into<Bytes>) -> Request {
    Stack::request(name, HeaderMap::new(), body)
}

/// The request with another body than was signed.
fn altered(request: Request) -> Request {
    Request { body: String::from_utf8_lossy(&request.body).replace("4900", "4901").into(), ..request }
}

fn with_header(request: Request, header: &'static str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", HeaderValue::from_static(header));
    Request { headers, ..request }
}

/// Makes the request of a row.
type Make = fn(&Scene) -> Request;

/// Nothing was stored, queued or asked, and the line names the reason and no more.
#[track_caller]
fn assert_refused(scene: &mut Scene, what: &str, status: u16, post: impl FnOnce(&Scene) -> Answer) {
    let mut answer = None;
    let cost = scene.cost(|scene| answer = Some(post(scene)));
    let answer = answer.expect("answered");
    assert_eq!((answer.status, cost.as_str()), (status, ""), "{what}");
    assert!(scene.memory.cases().is_empty(), "{what}");
    assert_eq!(answer, Answer::of(status), "the answer says no more than its status: {what}");
    let line = scene.last_line();
    assert_eq!(line.get("outcome"), "refused", "{what}");
    assert!(!line.get("reason").is_empty(), "{what}");
}

#[test]
fn r4_a_request_that_stripe_did_not_sign_is_refused_and_leaves_nothing() {
    let rows: [(&str, u16, Make); 13] = [
        ("no signature", 401, |scene| unsigned("stripe", genuine(scene).body)),
        ("empty signature", 401, |scene| with_header(genuine(scene), "")),
        ("malformed signature", 401, |scene| with_header(genuine(scene), "t=1,v1=zz")),
        ("another scheme", 401, |scene| with_header(genuine(scene), "t=1,v0=00")),
        ("another secret", 401, |scene| signed(scene, "whsec_of_somebody_else", 0)),
        ("another body", 401, |scene| altered(genuine(scene))),
        ("301 s old", 401, |scene| signed(scene, seeds::SIGNING_SECRET, -301)),
        ("301 s ahead", 401, |scene| signed(scene, seeds::SIGNING_SECRET, 301)),
        ("unsigned garbage", 400, |_| unsigned("stripe", "name=value&other=1")),
        ("unsigned and empty", 400, |_| unsigned("stripe", "")),
        ("unknown source", 404, |scene| Request { name: "strype".to_owned(), ..genuine(scene) }),
        ("no source", 404, |scene| Request { name: String::new(), ..genuine(scene) }),
        ("too large, though signed", 413, |scene| scene.stripe_request(vec![b' '; webhook::BODY_LIMIT + 1])),
    ];
    for (what, status, make) in rows {
        scene(|scene| {
            let request = make(scene);
            assert_refused(scene, what, status, |scene| scene.try_post(&request).expect("lives"));
        });
    }
    scene(|scene| {
        for (nth, seconds) in [-300, 300].into_iter().enumerate() {
            let request = signed(scene, seeds::SIGNING_SECRET, seconds);
            assert_eq!(scene.try_post(&request).expect("lives").status, 200, "{nth}: {seconds} s is inside");
        }
    });
}

#[test]
fn r4_a_request_that_meta_did_not_sign_is_refused_and_leaves_nothing() {
    let body = || meta::text(seeds::PHONE, "STOP", 1).to_string();
    let sha1 = || {
        let mut headers = HeaderMap::new();
        headers.insert("x-hub-signature", HeaderValue::from_static("sha1=00"));
        headers
    };
    let rows = [
        ("no signature", 401, unsigned("meta", body())),
        ("another scheme", 401, Stack::request("meta", sha1(), body())),
        ("another secret", 401, Stack::request("meta", meta::sign(body().as_bytes(), "not_ours"), body())),
        ("another body", 401, Stack::request("meta", meta::sign(b"{}", seeds::APP_SECRET), body())),
        ("unknown provider", 404, Request { name: "mita".to_owned(), ..Stack::meta_request(body()) }),
        ("too large", 413, Stack::meta_request(vec![b' '; channel_webhook::BODY_LIMIT + 1])),
    ];
    for (what, status, request) in rows {
        scene(|scene| {
            assert_refused(scene, what, status, |scene| scene.try_post_channel(&request).expect("lives"));
        });
    }
}

#[test]
fn o19_while_a_secret_is_rotated_both_sign_and_then_only_the_new_one() {
    let both = [seeds::SIGNING_SECRET, seeds::OLD_SIGNING_SECRET];
    for (secrets, by_new, by_old) in [(&both[1..], 401, 200), (&both[..], 200, 200), (&both[..1], 200, 401)] {
        for (signer, expected) in [(seeds::SIGNING_SECRET, by_new), (seeds::OLD_SIGNING_SECRET, by_old)] {
            scene(|scene| {
                let text = json!({"signing_secrets": secrets, "api_key": ""}).to_string();
                scene.memory.set_secret(SecretName::Source("stripe"), &text);
                let answer = scene.try_post(&signed(scene, signer, 0)).expect("lives");
                assert_eq!(answer.status, expected, "{} secrets", secrets.len());
                assert_eq!(scene.memory.cases().len(), usize::from(expected == 200));
            });
        }
    }
}

#[test]
fn o19_a_signed_request_that_is_used_again_changes_nothing() {
    scene(|scene| {
        let request = signed(scene, seeds::SIGNING_SECRET, 0);
        assert_eq!(scene.try_post(&request).expect("lives").status, 200);
        let case = scene.case("in_1");
        assert_eq!(scene.try_post(&request).expect("lives").status, 200);
        assert_eq!(scene.case("in_1"), case);
        assert_eq!(scene.last_line().get("outcome"), "duplicate");
    });
}

#[test]
fn f34_without_its_secret_a_webhook_is_answered_503_and_nothing_is_verified_without_one() {
    let stripe = json!({"signing_secrets": [""], "api_key": ""}).to_string();
    let cases = [
        ("unavailable", SecretName::Source("stripe"), None, "secret_unavailable"),
        ("empty", SecretName::Source("stripe"), Some(stripe.as_str()), "secret_unfit"),
        ("not the object", SecretName::Source("stripe"), Some("whsec_bare"), "secret_unfit"),
        ("unavailable", SecretName::Meta, None, "secret_unavailable"),
        ("unavailable", SecretName::Twilio, None, "secret_unavailable"),
        ("no token", SecretName::Twilio, Some(r#"{"account_sid":"AC1"}"#), "secret_unfit"),
        ("a placeholder", SecretName::Meta, Some(r#"{"app_secret":"changeme"}"#), "secret_unfit"),
    ];
    let said = [("MessageSid", "SM1"), ("From", seeds::PHONE), ("Body", "STOP")];
    for (what, name, text, reason) in cases {
        scene(|scene| {
            match text {
                Some(text) => scene.memory.set_secret(name, text),
                None => scene.memory.fail_always(Call::Secret(name), Fault::Refuse),
            }
            let post = |scene: &Scene| match name {
                SecretName::Source(_) => scene.post_stripe(&failure()),
                SecretName::Twilio => scene.post_twilio(twilio::INBOUND, &said),
                SecretName::Pepper
                | SecretName::Meta
                | SecretName::Msg91
                | SecretName::Rapiwa
                | SecretName::Push
                | SecretName::Outlets => scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1)),
            };
            assert_eq!(post(scene).status, 503, "{what}");
            assert_eq!(scene.last_line().get("reason"), reason, "{what}");
            assert!(scene.memory.cases().is_empty() && scene.memory.recipients().is_empty());
            scene.memory.heal();
            scene.memory.set_secret(name, &seeds::secret_text(name));
            assert_eq!(post(scene).status, 200, "the redelivery is taken: {what}");
        });
    }
}

#[test]
fn f34_a_stop_waits_for_the_pepper_and_is_not_lost() {
    scene(|scene| {
        let stop = meta::text(seeds::PHONE, "STOP", 1);
        scene.memory.fail_next(Call::Secret(SecretName::Pepper), Fault::Refuse);
        assert_eq!(scene.post_meta(&stop).status, 503);
        assert!(scene.memory.recipients().is_empty());
        assert_eq!(scene.post_meta(&stop).status, 200);
        assert!(scene.memory.recipients()[0].opted_out.is_some());
    });
}

/// The parked message of a webhook that could not be read, by its attributes.
#[track_caller]
fn assert_parked(scene: &Scene, error_code: &str) {
    let parked = scene.memory.waiting(Queue::Parked);
    assert_eq!(parked.len(), 1, "{error_code}");
    let attributes = &parked[0].attributes;
    let names: BTreeSet<&str> = attributes.keys().copied().collect();
    let expected = ["action", "attempt", "error_code", "first_seen", "reason", "trace_id"];
    assert_eq!(names, BTreeSet::from(expected), "{error_code}");
    assert_eq!(attributes["reason"], "unreadable_webhook");
    assert_eq!(attributes["error_code"], error_code);
    assert!(scene.memory.cases().is_empty());
}

#[test]
fn f36_a_verified_body_that_cannot_be_read_is_parked_with_its_reason_and_answered_200() {
    let invoice = |member: &str, value: Value| {
        let object = stripe::with(stripe::invoice("in_1"), member, value);
        stripe::event("evt_1", "invoice.payment_failed", object).to_string().into_bytes()
    };
    let rows: [(&str, Vec<u8>); 10] = [
        ("body_not_json", b"".to_vec()),
        ("body_not_json", b"payment failed".to_vec()),
        ("body_not_json", br#"{"type":"invoice.paid""#.to_vec()),
        ("body_not_event", b"3".to_vec()),
        ("body_not_event", br#"{"type":"a","type":"b"}"#.to_vec()),
        ("body_not_utf8", b"{\"type\":\"\xff\"}".to_vec()),
        ("body_member_missing", b"{}".to_vec()),
        ("body_member_missing", invoice("/id", Value::Null)),
        ("body_member_malformed", invoice("/amount_remaining", json!(49.99))),
        ("body_member_malformed", invoice("/id", json!("in 1/../x"))),
    ];
    for (error_code, body) in rows {
        scene(|scene| {
            let answer = scene.try_post(&scene.stripe_request(body)).expect("lives");
            assert_eq!(answer, Answer::of(200), "{error_code}");
            assert_parked(scene, error_code);
            assert_eq!(scene.alarms(), [error_code]);
        });
    }
    scene(|scene| {
        let deep = ["[".repeat(200_000), "]".repeat(200_000)].concat();
        assert_eq!(scene.try_post(&scene.stripe_request(deep)).expect("lives").status, 200);
        assert_eq!(scene.parked(), ["unreadable_webhook"]);
    });
    scene(|scene| {
        let largest = vec![b'x'; webhook::BODY_LIMIT];
        assert_eq!(scene.try_post(&scene.stripe_request(largest)).expect("lives").status, 200);
        assert_eq!(scene.parked(), ["unreadable_webhook"], "the largest body still fits a queue");
    });
    for (error_code, body) in [("channel_body_not_json", "delivered"), ("channel_body_no_envelope", "{}")] {
        scene(|scene| {
            let answer = scene.try_post_channel(&Stack::meta_request(body)).expect("lives");
            assert_eq!(answer, Answer::of(200), "{error_code}");
            assert_parked(scene, error_code);
        });
    }
}

#[test]
fn f36_a_webhook_that_can_be_neither_read_nor_parked_is_answered_503() {
    scene(|scene| {
        scene.memory.fail_always(Call::Push(Queue::Parked), Fault::Refuse);
        assert_eq!(scene.try_post(&scene.stripe_request("x")).expect("lives").status, 503);
        assert_eq!(scene.try_post_channel(&Stack::meta_request("x")).expect("lives").status, 503);
        scene.memory.heal();
        assert_eq!(scene.try_post(&scene.stripe_request("x")).expect("lives").status, 200);
        assert_eq!(scene.parked().len(), 1);
    });
}

#[test]
fn f08_while_the_store_is_down_a_verified_webhook_waits_in_the_spill_queue() {
    scene(|scene| {
        scene.memory.take_store_down();
        assert_eq!(scene.post_stripe(&failure()), Answer::of(200));
        assert_eq!(scene.last_line().get("outcome"), "spilled");
        assert_eq!(scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1)), Answer::of(200));
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 2);
        let large = vec![b' '; 800 * 1024];
        let body = [large, meta::text(seeds::PHONE, "STOP", 1).to_string().into_bytes()].concat();
        let answer = scene.try_post_channel(&Stack::meta_request(body)).expect("lives");
        assert_eq!(answer.status, 503, "what no queue can hold is delivered again");
        scene.memory.fail_always(Call::Push(Queue::Spill), Fault::Refuse);
        assert_eq!(scene.post_stripe(&failure()).status, 503);
        assert_eq!(scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1)).status, 503);
        scene.memory.heal();
        scene.advance(minutes(1));
        assert_eq!(scene.trail("in_1"), ["opened"]);
        assert!(scene.memory.recipients()[0].opted_out.is_some());
        assert!(scene.memory.waiting(Queue::Spill).is_empty());
    });
}

#[test]
fn f09_a_write_whose_answers_are_lost_is_spilled_and_applied_once() {
    for fault in [Fault::LoseAnswer, Fault::LoseEveryAnswer] {
        scene(|scene| {
            scene.memory.fail_next(Call::CommitCase, fault);
            assert_eq!(scene.post_stripe(&failure()).status, 200);
            let spilled = usize::from(fault == Fault::LoseEveryAnswer);
            assert_eq!(scene.memory.waiting(Queue::Spill).len(), spilled);
            scene.advance(minutes(30));
            assert_eq!(scene.trail("in_1")[0], "opened");
            assert_eq!(scene.templates(), ["payment_failed_first"]);
        });
    }
}

#[test]
fn f13_when_the_queue_fails_after_the_write_the_redelivery_performs_what_is_owed() {
    for fault in [Fault::Refuse, Fault::LoseEveryAnswer] {
        scene(|scene| {
            scene.memory.fail_next(Call::Push(Queue::Whatsapp), fault);
            assert_eq!(scene.post_stripe(&failure()).status, 503);
            assert_eq!(scene.last_line().get("reason"), "queue_unavailable");
            assert_eq!(scene.trail("in_1"), ["opened"], "the write stands");
            assert_eq!(scene.post_stripe(&failure()).status, 200);
            assert_eq!(scene.last_line().get("outcome"), "duplicate");
            scene.advance(minutes(10));
            assert_eq!(scene.templates(), ["payment_failed_first"]);
        });
    }
}

#[test]
fn f33_a_signature_is_judged_by_the_wall_where_the_deciding_clock_was_moved() {
    scene(|scene| {
        let wall = scene.memory.wall();
        scene.advance(SignedDuration::from_hours(24 * 9));
        scene.memory.set_wall(wall);
        scene.fail_invoice("in_1");
        let outreach = scene.case("in_1").outreach.expect("opened");
        assert_eq!(outreach.anchor, scene.memory.time());
    });
}
