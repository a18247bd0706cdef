//! R16 when sends overlap, as they do when calls take time: an account-wide refusal is one alarm.

use recoup_tests::{Reply, stripe};
use serde_json::json;

use crate::scene::{minutes, scene};

#[test]
fn r16_ten_sends_at_once_under_an_expired_token_call_a_person_once() {
    scene(|scene| {
        scene.memory.interleave();
        for nth in 0..10 {
            let phone = json!(format!("+4420794609{nth:02}"));
            let invoice = stripe::with(stripe::invoice(&format!("in_{nth}")), "/customer_phone", phone);
            let event = stripe::event(&format!("evt_{nth}"), "invoice.payment_failed", invoice);
            assert_eq!(scene.post_stripe(&event).status, 200);
        }
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(401, 190));
        scene.advance(minutes(2));
        assert_eq!(scene.alarms(), ["account_held"]);
    });
}
