//! A buyer whose `wa_id` differs from the dialled number, as in Mexico and Brazil (facts: messaging-providers 1.10).

use jiff::SignedDuration;
use recoup_tests::{Reply, Stack, meta, stripe};
use serde_json::json;

#[test]
fn o28_a_stop_counts_under_the_id_whatsapp_gave_the_number() {
    for (dialled, wa_id) in [("+525512345678", "5215512345678"), ("+5511987654321", "551187654321")] {
        let mut stack = Stack::default();
        let invoice = stripe::with(stripe::invoice("in_1"), "/customer_phone", json!(dialled));
        assert_eq!(stack.post_stripe(&stripe::event("evt_1", "invoice.payment_failed", invoice)).status, 200);
        let accepted = json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": dialled, "wa_id": wa_id}],
            "messages": [{"id": "wamid.1"}]
        });
        stack.memory.answer("graph.facebook.com", [Reply::Json(200, accepted)]);
        stack.advance(SignedDuration::from_hours(24));
        assert_eq!(stack.whatsapp_sends().len(), 1);
        let stop = meta::text(wa_id, "STOP", stack.memory.time().as_second());
        assert_eq!(stack.post_meta(&stop).status, 200);
        stack.advance(SignedDuration::from_hours(24 * 20));
        assert_eq!(stack.whatsapp_sends().len(), 1, "{wa_id} said stop");
    }
}
