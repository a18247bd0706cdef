//! A status whose effects failed is performed by its redelivery, as every other duplicate is.

use jiff::SignedDuration;
use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, Stack, meta, stripe};

#[test]
fn f24_a_failed_status_answered_503_brings_its_text_message_when_it_is_delivered_again() {
    let mut stack = Stack::default();
    let event = stripe::event("evt_1", "invoice.payment_failed", stripe::invoice("in_1"));
    assert_eq!(stack.post_stripe(&event).status, 200);
    stack.advance(SignedDuration::from_hours(1));
    let failed = meta::statuses(&[meta::status_of(&stack.whatsapp_sends()[0], "failed", Some(131_026))]);
    stack.memory.fail_next(Call::Push(Queue::Sms), Fault::Refuse);
    assert_eq!(stack.post_meta(&failed).status, 503);
    assert_eq!(stack.post_meta(&failed).status, 200);
    stack.advance(SignedDuration::from_hours(1));
    assert_eq!(stack.memory.texts().len(), 1);
}
