//! Requests that nobody signed, or that were signed for somebody else; bodies of every size and form; secrets that are none.

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_app::http::{Answer, Request};
use recoup_app::ports::{Clock as _, Queue, SecretName};
use recoup_app::{channel_webhook, webhook};
use recoup_tests::{Stack, meta, seeds, stripe};
use serde_json::json;

use crate::scene::{Scene, scene};

fn failure() -> Vec<u8> {
    stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1")).to_string().into_bytes()
}

fn said() -> Vec<u8> {
    meta::text(seeds::PHONE, "STOP", 1).to_string().into_bytes()
}

fn header(name: &'static str, value: &str) -> HeaderMap {
    let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
    HeaderMap::from_iter([(HeaderName::from_static(name), value)])
}

/// The two parts of a genuine Stripe signature over [`failure`].
fn signature(scene: &Scene) -> (String, String) {
    let headers = stripe::sign(&failure(), seeds::SIGNING_SECRET, scene.memory.wall());
    let text = headers["stripe-signature"].to_str().expect("ASCII").to_owned();
    let (time, hex) = text.split_once(",v1=").expect("two parts");
    (time.trim_start_matches("t=").to_owned(), hex.to_owned())
}

/// Everything was answered alike, nothing was asked of the world, and no line repeats the body.
#[track_caller]
fn assert_unknown(scene: &mut Scene, what: &str, post: impl FnOnce(&Scene) -> Option<Answer>) {
    let mut answer = None;
    let cost = scene.cost(|scene| answer = post(scene));
    assert_eq!((answer, cost.as_str()), (Some(Answer::of(401)), ""), "{what}");
    assert!(scene.memory.cases().is_empty() && scene.memory.recipients().is_empty(), "{what}");
    assert_eq!(scene.memory.queued_texts(), Vec::<String>::new(), "{what}");
}

#[test]
fn f30_a_signature_that_proves_nothing_moves_nothing_and_every_one_is_answered_alike() {
    scene(|scene| {
        let (time, hex) = signature(scene);
        let wrong = "ab".repeat(32);
        let many = format!(",v1={wrong}").repeat(64);
        let of_other = |secret: &str| stripe::sign(&failure(), secret, scene.memory.wall());
        let stripe = |value: String| header("stripe-signature", &value);
        let rows = [
            ("missing", HeaderMap::new()),
            ("empty", stripe(String::new())),
            ("wrong", stripe(format!("t={time},v1={wrong}"))),
            ("truncated", stripe(format!("t={time},v1={}", &hex[..63]))),
            ("upper-case", stripe(format!("t={time},v1={}", hex.to_uppercase()))),
            ("not hexadecimal", stripe(format!("t={time},v1={}", "zz".repeat(32)))),
            ("65 entries, the last one good", stripe(format!("t={time}{many},v1={hex}"))),
            ("v0 only", stripe(format!("t={time},v0={hex}"))),
            ("another endpoint's secret", of_other("whsec_of_another_endpoint")),
            ("the test mode's secret", of_other("whsec_test_mode")),
            ("Meta's, in Meta's header", meta::sign(&failure(), seeds::APP_SECRET)),
            ("Meta's, in Stripe's header", {
                let value = meta::sign(&failure(), seeds::APP_SECRET)["x-hub-signature-256"].clone();
                stripe(value.to_str().expect("ASCII").to_owned())
            }),
        ];
        for (what, headers) in rows {
            let request = Stack::request("stripe", headers, failure());
            assert_unknown(scene, what, |scene| scene.try_post(&request));
        }
        let genuine = Stack::request("stripe", stripe(format!("t={time},v1={hex}")), failure());
        assert_eq!(scene.try_post(&genuine).map(|answer| answer.status), Some(200));
    });
    scene(|scene| {
        let digits = meta::sign(&said(), seeds::APP_SECRET)["x-hub-signature-256"]
            .to_str()
            .expect("ASCII")
            .trim_start_matches("sha256=")
            .to_owned();
        let meta_header = |value: String| header("x-hub-signature-256", &value);
        let rows = [
            ("empty", meta_header(String::new())),
            ("wrong", meta_header(format!("sha256={}", "ab".repeat(32)))),
            ("truncated", meta_header(format!("sha256={}", &digits[..63]))),
            ("not hexadecimal", meta_header(format!("sha256={}", "zz".repeat(32)))),
            ("another algorithm's name", meta_header(format!("sha1={digits}"))),
            ("another app's secret", meta::sign(&said(), "another_app")),
            ("Stripe's", stripe::sign(&said(), seeds::SIGNING_SECRET, scene.memory.wall())),
        ];
        for (what, headers) in rows {
            let request = Stack::request("meta", headers, said());
            assert_unknown(scene, what, |scene| scene.try_post_channel(&request));
        }
    });
}

#[test]
fn f32_a_time_outside_five_minutes_or_outside_all_reason_is_refused() {
    scene(|scene| {
        let now = scene.memory.wall().as_second();
        let hex = signature(scene).1;
        let of = |seconds: i64| {
            let at = jiff::Timestamp::from_second(now + seconds).expect("in range");
            stripe::sign(&failure(), seeds::SIGNING_SECRET, at)
        };
        let absent = header("stripe-signature", &format!("v1={hex}"));
        let said = |time: &str| header("stripe-signature", &format!("t={time},v1={hex}"));
        let rows = [
            ("301 s old", of(-301)),
            ("301 s ahead", of(301)),
            ("at the epoch", of(-now)),
            ("negative", said("-1")),
            ("2^64 - 1", said("18446744073709551615")),
            ("absent", absent),
        ];
        for (what, headers) in rows {
            let request = Stack::request("stripe", headers, failure());
            assert_unknown(scene, what, |scene| scene.try_post(&request));
        }
        for seconds in [-300, 300] {
            let request = Stack::request("stripe", of(seconds), failure());
            assert_eq!(scene.try_post(&request).map(|answer| answer.status), Some(200), "{seconds}");
        }
    });
}

#[test]
fn f31_a_secret_that_is_empty_blank_or_no_list_answers_503_and_verifies_nothing() {
    let stripe_texts = [
        json!({"signing_secrets": [], "api_key": ""}),
        json!({"signing_secrets": [""], "api_key": ""}),
        json!({"signing_secrets": ["  \n"], "api_key": ""}),
        json!({"signing_secrets": [seeds::SIGNING_SECRET, ""], "api_key": ""}),
        json!({"signing_secrets": null, "api_key": ""}),
        json!({"api_key": ""}),
    ]
    .map(|text| text.to_string());
    let meta_texts = [json!({"app_secret": "", "verify_token": "a", "access_token": "b"}), json!({})];
    let rows = stripe_texts
        .into_iter()
        .chain([String::new(), " ".to_owned()])
        .map(|text| (SecretName::Source("stripe"), text))
        .chain(meta_texts.map(|text| (SecretName::Meta, text.to_string())));
    for (name, text) in rows {
        scene(|scene| {
            scene.memory.set_secret(name, &text);
            let answers = [
                scene.try_post(&scene.stripe_request(failure())),
                scene.try_post_channel(&Stack::meta_request(said())),
            ];
            let of_this = usize::from(name == SecretName::Meta);
            assert_eq!(answers[of_this], Some(Answer::of(503)), "{text}");
            assert_eq!(answers[1 - of_this], Some(Answer::of(200)), "the other one has its own: {text}");
        });
    }
}

/// A front door: how a body of its sender is signed, and how it is posted.
type Door = (fn(&Scene, Vec<u8>) -> Request, fn(&Scene, &Request) -> Option<Answer>, usize);

#[test]
fn f35_a_body_of_any_size_and_form_gets_an_answer_and_a_signed_one_is_never_lost() {
    let doors: [Door; 2] = [
        (
            |scene, body| scene.stripe_request(body),
            |scene, request| scene.try_post(request),
            webhook::BODY_LIMIT,
        ),
        (
            |_, body| Stack::meta_request(body),
            |scene, request| scene.try_post_channel(request),
            channel_webhook::BODY_LIMIT,
        ),
    ];
    for (sign, post, limit) in doors {
        let small: [(&str, &[u8]); 6] = [
            ("empty", b""),
            ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00"),
            ("not UTF-8", b"{\"id\": \"\xff\xfe\"}x"),
            ("a byte-order mark", b"\xef\xbb\xbf{}"),
            ("base64 of JSON", b"eyJpZCI6ImV2dF8xIn0="),
            ("NUL", b"\0"),
        ];
        for (what, body) in small {
            scene(|scene| {
                assert_eq!(post(scene, &sign(scene, body.to_vec())), Some(Answer::of(200)), "{what}");
                assert_eq!(scene.parked(), ["unreadable_webhook"], "{what}");
                let unsigned = Request { headers: HeaderMap::new(), ..sign(scene, body.to_vec()) };
                assert_eq!(post(scene, &unsigned), Some(Answer::of(400)), "{what}");
                assert_eq!(scene.parked().len(), 1, "{what}");
            });
        }
        for (size, status) in [(limit + 1, 413), (6 * 1024 * 1024, 413)] {
            scene(|scene| {
                assert_eq!(post(scene, &sign(scene, vec![b' '; size])), Some(Answer::of(status)), "{size}");
                assert!(scene.memory.waiting(Queue::Parked).is_empty());
            });
        }
    }
    scene(|scene| {
        let whole = [vec![b' '; webhook::BODY_LIMIT - failure().len()], failure()].concat();
        assert_eq!(scene.try_post(&scene.stripe_request(whole)), Some(Answer::of(200)));
        assert_eq!(scene.trail("in_1"), ["opened"], "the largest body is read");
        let whole = [vec![b' '; channel_webhook::BODY_LIMIT - said().len()], said()].concat();
        assert_eq!(scene.try_post_channel(&Stack::meta_request(whole)), Some(Answer::of(200)));
        assert!(scene.memory.opted_out(seeds::PHONE));
    });
    scene(|scene| {
        let unreadable = vec![b'x'; channel_webhook::BODY_LIMIT];
        let answer = scene.try_post_channel(&Stack::meta_request(unreadable));
        assert_eq!(answer, Some(Answer::of(503)), "what no queue can hold stays with Meta");
    });
}
