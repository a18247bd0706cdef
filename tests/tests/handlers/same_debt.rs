//! One debt under two names: which of them speaks, and when both fall silent.

use jiff::SignedDuration;
use recoup_app::ports::SecretName;
use recoup_tests::{Stack, seeds, stripe};
use serde_json::{Value, json};

fn post(stack: &Stack, id: &str, kind: &str, object: Value) {
    assert_eq!(stack.post_stripe(&stripe::event(id, kind, object)).status, 200);
}

/// The payment intent spoke first, because the invoice's event came late. From then on the invoice is the one that knows
/// of its payment.
#[test]
fn o15_a_paid_invoice_silences_the_payment_intent_that_told_of_the_same_debt() {
    let mut stack = Stack::default();
    let no_key = json!({"signing_secrets": [seeds::SIGNING_SECRET], "api_key": ""}).to_string();
    stack.memory.set_secret(SecretName::Source("stripe"), &no_key);
    let page = json!({"pay_url": "https://invoice.stripe.com/o/acct_1/page", "time_zone": "Europe/London"});
    let intent = stripe::with(stripe::payment_intent("pi_1"), "/metadata", page);
    post(&stack, "evt_1", "payment_intent.payment_failed", intent);
    stack.advance(SignedDuration::from_mins(30));
    post(&stack, "evt_2", "invoice.payment_failed", stripe::invoice("in_1"));
    stack.advance(SignedDuration::from_hours(24));
    assert_eq!(stack.whatsapp_sends().len(), 1);
    post(&stack, "evt_3", "invoice.paid", stripe::invoice("in_1"));
    stack.advance(SignedDuration::from_hours(24 * 20));
    assert_eq!(stack.whatsapp_sends().len(), 1, "nothing goes after the money");
}

/// Before basil the payment intent names its invoice, so both open one case; the payment page stands in the invoice only.
#[test]
fn r3_an_invoice_that_comes_minutes_after_its_payment_intent_still_brings_the_first_notice() {
    let mut stack = Stack::default();
    let intent = stripe::with(stripe::payment_intent("pi_1"), "/invoice", json!("in_1"));
    post(&stack, "evt_1", "payment_intent.payment_failed", intent);
    stack.advance(SignedDuration::from_mins(5));
    post(&stack, "evt_2", "invoice.payment_failed", stripe::invoice("in_1"));
    stack.advance(SignedDuration::from_hours(24));
    assert_eq!(stack.whatsapp_sends().len(), 1, "trail: {:?}", stack.trail("in_1"));
}
