//! The payment of an order fails: one notice climbs from the app to WhatsApp to a text message.

use recoup_core::{BuyerFacts, Currency, Fact, Link, Money, PaymentFailed, PersonName, Phone, PushToken};
use recoup_tests::{Reply, meta, seeds};
use serde_json::{Value, json};

use crate::scene::{Scene, hours, minutes, paid, scene};

/// The failure of an order's payment, as a source that knows it for one tells it.
fn order_failed() -> Fact {
    let currency = Currency::parse("USD").expect("known");
    Fact::PaymentFailed(Box::new(PaymentFailed {
        one_time: true,
        amount: Some(Money { minor: 4900, currency }),
        pay_link: Link::parse(seeds::LINK).ok(),
        buyer: BuyerFacts {
            phone: Phone::parse(seeds::PHONE).ok(),
            push: PushToken::parse("buyer_42"),
            name: PersonName::clean("Ana"),
            zone: Some("Europe/London".to_owned()),
            ..BuyerFacts::default()
        },
        ..PaymentFailed::default()
    }))
}

/// What reached the push service, WhatsApp and the carrier so far.
fn sent(scene: &Scene) -> [usize; 3] {
    let pushed = scene.memory.asked("api.onesignal.com").len();
    [pushed, scene.whatsapp_sends().len(), scene.memory.texts().len()]
}

#[test]
fn t1_t2_each_channel_has_its_minute_and_none_comes_early() {
    scene(|scene| {
        scene.say("ord_1", order_failed());
        let mut seen = Vec::new();
        for minute in 1..=180 {
            scene.advance(minutes(1));
            if seen.last().is_none_or(|(_, counts)| *counts != sent(scene)) {
                seen.push((minute, sent(scene)));
            }
        }
        let [first, second, third] = seen[..] else { panic!("{seen:?}") };
        assert_eq!([first.1, second.1, third.1], [[1, 0, 0], [1, 1, 0], [1, 1, 1]]);
        assert!(first.0 <= 2 && (15..=16).contains(&second.0) && (120..=121).contains(&third.0), "{seen:?}");
        let push = scene.memory.asked("api.onesignal.com")[0].json();
        assert_eq!(push["include_aliases"], json!({"external_id": ["buyer_42"]}));
        assert!(push.to_string().contains("rcp1/main/stripe/ord_1/0/push/"), "{push}");
        let text = &scene.memory.texts()[0].1.body;
        assert!(text.starts_with("Acme:") && text.contains(seeds::LINK), "{text}");
    });
}

#[test]
fn t2_a_read_message_spares_the_text_message_and_a_delivered_one_does_not() {
    for (reached, texts) in [("read", 0), ("delivered", 1)] {
        scene(|scene| {
            scene.say("ord_1", order_failed());
            scene.advance(minutes(20));
            let status = meta::status_of(&scene.whatsapp_sends()[0], reached, None);
            assert_eq!(scene.post_meta(&meta::statuses(&[status])).status, 200);
            scene.advance(hours(3));
            assert_eq!(sent(scene), [1, 1, texts], "{reached}");
        });
    }
}

#[test]
fn t2_an_opened_notification_spares_every_other_channel() {
    scene(|scene| {
        scene.say("ord_1", order_failed());
        scene.advance(minutes(2));
        let push = scene.memory.asked("api.onesignal.com")[0].json();
        let correlation = push["data"]["recoup"].as_str().and_then(recoup_core::Correlation::parse);
        scene.opened(correlation.expect("the notification names itself"));
        scene.advance(hours(3));
        assert_eq!(sent(scene), [1, 0, 0]);
    });
}

#[test]
fn o15_t2_a_payment_after_the_notification_ends_the_climb() {
    scene(|scene| {
        scene.say("in_1", order_failed());
        scene.advance(minutes(2));
        assert_eq!(scene.post_stripe(&paid("in_1")).status, 200);
        scene.advance(hours(3));
        assert_eq!(sent(scene), [1, 0, 0]);
    });
}

#[test]
fn t2_a_push_service_that_is_down_or_missing_keeps_no_other_channel_waiting() {
    for missing in [false, true] {
        scene(|scene| {
            if missing {
                scene.memory.forget_secret(recoup_app::ports::SecretName::Push);
            } else {
                scene.memory.answer_always("api.onesignal.com", Reply::Json(503, Value::Null));
            }
            scene.say("ord_1", order_failed());
            scene.advance(minutes(20));
            assert_eq!(sent(scene)[1], 1, "WhatsApp goes at its minute");
            assert_eq!(scene.parked(), Vec::<String>::new());
        });
    }
}
