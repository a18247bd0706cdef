//! The bodies Stripe sends.

use http::HeaderMap;
use jiff::Timestamp;
use recoup_core::Secret;
use recoup_processors as processors;
use serde_json::{Value, json};

use crate::seeds::{LINK, NAME, PHONE};

/// An invoice of a subscription whose first attempt failed, as API versions since "basil" write it.
pub fn invoice(id: &str) -> Value {
    json!({
        "id": id,
        "object": "invoice",
        "status": "open",
        "currency": "usd",
        "amount_due": 4900,
        "amount_remaining": 4900,
        "attempt_count": 1,
        "next_payment_attempt": null,
        "hosted_invoice_url": LINK,
        "number": "ACME-0001",
        "customer": "cus_1",
        "customer_name": NAME,
        "customer_phone": PHONE,
        "metadata": {"time_zone": "Europe/London", "locale": "en"},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1", "metadata": {}}}
    })
}

/// A payment intent that failed and does not say which invoice it collects, as they do since "basil".
pub fn payment_intent(id: &str) -> Value {
    json!({
        "id": id,
        "object": "payment_intent",
        "status": "requires_payment_method",
        "currency": "usd",
        "amount": 4900,
        "customer": "cus_1",
        "metadata": {"time_zone": "Europe/London"},
        "shipping": {"name": NAME, "phone": PHONE},
        "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds", "charge": "ch_1"}
    })
}

/// An event of this type about an object.
#[expect(clippy::needless_pass_by_value, reason = "an object is made in the call")]
pub fn event(id: &str, kind: &str, object: Value) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": "2025-03-31.basil",
        "created": 1_763_892_000,
        "livemode": false,
        "type": kind,
        "data": {"object": object}
    })
}

/// The value with one member set, by its JSON pointer; a null takes the member away.
///
/// # Panics
/// When the pointer's parent is no object.
pub fn with(mut value: Value, pointer: &str, member: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a JSON pointer starts with a slash");
    let parent = value.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is an object");
    if member.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), member);
    }
    value
}

/// The headers with which Stripe sends a body.
///
/// # Panics
/// When the secret is unfit.
pub fn sign(body: &[u8], secret: &str, at: Timestamp) -> HeaderMap {
    let secret = Secret::parse(secret).expect("a fit secret");
    let stripe = processors::by_name("stripe").expect("stripe is a source");
    stripe.sign(body, &secret, at, "").expect("stripe signs with a shared secret").headers
}
