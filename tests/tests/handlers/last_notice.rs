//! design.md section 3, rule 7: before a final notice the invoice is read again, whatever day it is.

use jiff::SignedDuration;
use recoup_tests::{Stack, stripe};
use serde_json::json;

#[test]
fn o15_verify_before_send_asks_before_a_final_notice_on_day_0_too() {
    let mut stack = Stack::default();
    let third = stripe::with(stripe::invoice("in_1"), "/attempt_count", json!(3));
    assert_eq!(stack.post_stripe(&stripe::event("evt_1", "invoice.payment_failed", third)).status, 200);
    let paid = stripe::with(stripe::invoice("in_1"), "/status", json!("paid"));
    stack.memory.put_stripe_object("/v1/invoices/in_1", paid);
    stack.advance(SignedDuration::from_hours(1));
    assert_eq!(stack.whatsapp_sends().len(), 0, "the money had arrived");
}
