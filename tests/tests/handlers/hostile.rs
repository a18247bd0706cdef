//! What a buyer or a merchant may have typed as number and payment page.

use recoup_tests::{seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, scene};

fn fail_with(scene: &Scene, id: &str, member: &str, value: Value) {
    let invoice = stripe::with(stripe::invoice(id), member, value);
    let event = stripe::event(&format!("evt_{id}"), "invoice.payment_failed", invoice);
    assert_eq!(scene.post_stripe(&event).status, 200);
}

#[test]
fn f38_a_number_is_dialled_as_e164_or_the_step_says_that_there_is_none() {
    for written in [seeds::PHONE, "+44 20 7946 0958", "0044 20 7946 0958", "+44 (20) 7946-0958"] {
        scene(|scene| {
            fail_with(scene, "in_1", "/customer_phone", json!(written));
            scene.advance(hours(1));
            assert_eq!(scene.whatsapp_sends()[0].json()["to"], seeds::PHONE, "{written}");
        });
    }
    for unfit in ["020 7946 0958", "+442079", "+4420794609581234", "+44 20 CALL ME", "12345", "+", ""] {
        scene(|scene| {
            fail_with(scene, "in_1", "/customer_phone", json!(unfit));
            scene.advance(days(1));
            assert_eq!(scene.whatsapp_sends().len() + scene.memory.texts().len(), 0, "{unfit}");
            assert_eq!(scene.trail("in_1"), ["opened", "no_phone 0"], "{unfit}");
            assert_eq!(scene.memory.recipients(), [], "{unfit}");
        });
    }
}

#[test]
fn f38_two_customers_with_one_number_are_one_buyer_with_one_hour_and_one_cap() {
    scene(|scene| {
        fail_with(scene, "in_1", "/customer_phone", json!("+44 20 7946 0958"));
        fail_with(scene, "in_2", "/customer_phone", json!("0044 20 7946 0958"));
        scene.advance(days(13));
        assert_eq!(scene.memory.recipients().len(), 1);
        let at: Vec<_> = scene.whatsapp_sends().iter().map(|asked| asked.at).collect();
        assert_eq!(at.len(), 3, "the cap is the buyer's");
        assert!(at.windows(2).all(|two| two[1].duration_since(two[0]) >= hours(1)), "{at:?}");
        let trails = [scene.trail("in_1"), scene.trail("in_2")].concat();
        assert!(trails.iter().any(|reason| reason.starts_with("cap ")), "{trails:?}");
    });
}

#[test]
fn f39_a_payment_page_that_is_not_the_approved_one_is_neither_shown_nor_fetched() {
    for link in [
        "http://invoice.stripe.com/i/seeded",
        "javascript:alert(1)",
        "data:text/html,seeded",
        "https://invoice.stripe.com@evil.example/seeded",
        "https://user:password@invoice.stripe.com/seeded",
        "https://xn--invice-stripe-bdb.com/seeded",
        "https://invo\u{456}ce.stripe.com/seeded",
        "https://invoice.stripe.com.evil.example/seeded",
        "https://invoice.stripe.com:8443/seeded",
        "https://169.254.169.254/latest/meta-data/seeded",
        "https://pay.example.com/seeded",
        "https://invoice.stripe.com/../../seeded\u{202e}",
        &format!("https://invoice.stripe.com/{}", "s".repeat(2_048)),
    ] {
        scene(|scene| {
            fail_with(scene, "in_1", "/hosted_invoice_url", json!(link));
            scene.advance(days(1));
            assert_eq!(scene.whatsapp_sends().len() + scene.memory.texts().len(), 0, "{link}");
            assert_eq!(scene.trail("in_1"), ["opened", "no_link 0"], "{link}");
            assert_eq!(scene.memory.asked("").len(), 0, "nothing is fetched: {link}");
        });
    }
}
