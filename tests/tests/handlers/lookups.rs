//! What is asked of the processor before a step goes: the buyer's number, and whether the money is still owed.

use recoup_app::ports::SecretName;
use recoup_core::Policy;
use recoup_tests::{Reply, Settings, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

const CUSTOMER: &str = "/v1/customers/cus_1";
const INVOICE: &str = "/v1/invoices/in_1";

/// An invoice that says nothing of its buyer but the customer's id.
fn fail_anonymously(scene: &Scene, changes: &[(&str, Value)]) {
    let bare = ["/customer_phone", "/customer_name", "/metadata"];
    let invoice = bare
        .iter()
        .fold(stripe::invoice("in_1"), |invoice, member| stripe::with(invoice, member, Value::Null));
    let invoice =
        changes.iter().fold(invoice, |invoice, (at, value)| stripe::with(invoice, at, value.clone()));
    let event = stripe::event("evt_1", "invoice.payment_failed", invoice);
    assert_eq!(scene.post_stripe(&event).status, 200);
}

fn customer(changes: &Value) -> Value {
    let mut customer =
        json!({"id": "cus_1", "object": "customer", "metadata": {"time_zone": "Europe/London"}});
    for (name, value) in changes.as_object().expect("an object") {
        customer[name] = value.clone();
    }
    customer
}

#[test]
fn r5_the_number_is_found_wherever_the_event_or_the_customer_has_it() {
    let from_event: [&[(&str, Value)]; 3] = [
        &[("/metadata", json!({"whatsapp_phone": seeds::PHONE}))],
        &[("/customer_phone", json!(seeds::PHONE))],
        &[("/customer_shipping", json!({"name": seeds::NAME, "phone": seeds::PHONE}))],
    ];
    for changes in from_event {
        scene(|scene| {
            fail_anonymously(scene, changes);
            scene.advance(hours(1));
            assert_eq!(scene.whatsapp_sends()[0].json()["to"], seeds::PHONE, "{}", changes[0].0);
            assert_eq!(scene.memory.asked("/v1/customers").len(), 0, "nothing is asked that is known");
        });
    }
    for found in [
        json!({"phone": seeds::PHONE, "name": seeds::NAME}),
        json!({"metadata": {"whatsapp_phone": seeds::PHONE, "time_zone": "Europe/London"}}),
        json!({"shipping": {"name": seeds::NAME, "phone": seeds::PHONE}}),
    ] {
        scene(|scene| {
            fail_anonymously(scene, &[]);
            assert_eq!(scene.memory.asked("/v1/").len(), 0, "never inside the webhook");
            scene.memory.put_stripe_object(CUSTOMER, customer(&found));
            scene.advance(hours(1));
            assert_eq!(scene.whatsapp_sends()[0].json()["to"], seeds::PHONE);
            let asked = &scene.memory.asked("/v1/customers")[0];
            assert_eq!(asked.url, "https://api.stripe.com/v1/customers/cus_1");
            assert_eq!(asked.authorization, format!("Bearer {}", seeds::API_KEY));
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        });
    }
}

#[test]
fn r5_without_a_number_the_gap_is_recorded_and_the_case_goes_on() {
    let no_key = json!({"signing_secrets": [seeds::SIGNING_SECRET], "api_key": ""}).to_string();
    let rows: [(&str, Option<Value>, bool); 6] = [
        ("the customer has none", Some(customer(&json!({}))), true),
        ("a number without a country", Some(customer(&json!({"phone": "98765 43210"}))), true),
        ("a deleted customer", Some(json!({"id": "cus_1", "deleted": true})), true),
        ("no such customer", None, true),
        ("no API key", Some(customer(&json!({"phone": seeds::PHONE}))), false),
        ("no customer", None, false),
    ];
    for (what, object, key) in rows {
        scene(|scene| {
            if let Some(object) = object {
                scene.memory.put_stripe_object(CUSTOMER, object);
            }
            if !key {
                scene.memory.set_secret(SecretName::Source("stripe"), &no_key);
            }
            let without = [("/customer", Value::Null)];
            fail_anonymously(scene, if what == "no customer" { &without } else { &[] });
            scene.advance(days(20));
            assert_eq!(
                scene.trail("in_1"),
                ["opened", "no_phone 0", "no_phone 1", "no_phone 2", "no_phone 3", "exhausted"],
                "{what}"
            );
            assert_eq!(scene.whatsapp_sends().len(), 0, "{what}");
            assert_eq!(scene.parked(), Vec::<String>::new(), "{what}");
            assert_eq!(scene.memory.recipients(), [], "{what}");
        });
    }
}

#[test]
fn r5_while_the_processor_cannot_be_asked_the_step_waits_a_quarter_of_an_hour() {
    for reply in [
        Reply::NotSent,
        Reply::Lost,
        Reply::Text(503, "busy"),
        Reply::Json(429, json!({})),
        Reply::Json(401, json!({})),
    ] {
        scene(|scene| {
            fail_anonymously(scene, &[]);
            scene.memory.put_stripe_object(CUSTOMER, customer(&json!({"phone": seeds::PHONE})));
            scene.memory.answer("/v1/customers", [reply.clone(), reply.clone()]);
            scene.advance(minutes(2));
            assert_eq!(scene.trail("in_1"), ["opened", "buyer_unreachable 0"], "{reply:?}");
            assert_eq!(scene.last_line().get("reason"), "buyer_unreachable", "{reply:?}");
            scene.advance(minutes(31));
            assert_eq!(scene.templates(), ["payment_failed_first"], "{reply:?}");
        });
    }
}

#[test]
fn r5_a_processor_that_stays_away_leaves_the_step_out_with_its_reason() {
    scene(|scene| {
        fail_anonymously(scene, &[]);
        scene.memory.answer_always("/v1/customers", Reply::NotSent);
        scene.advance(hours(40));
        assert_eq!(
            scene.whatsapp_sends().len() + scene.memory.texts().len(),
            0,
            "no other channel goes instead"
        );
        assert_eq!(
            scene.trail("in_1"),
            ["opened", "buyer_unreachable 0"],
            "the wait does not crowd the trail"
        );
        assert_eq!(scene.parked(), Vec::<String>::new());
        assert_eq!(scene.case("in_1").state().as_str(), "open", "and the next step is tried");
    });
}

#[test]
fn o15_verify_before_send_from_day_3_on_asks_whether_the_money_is_still_owed() {
    let invoice = |status: &str| stripe::with(stripe::invoice("in_1"), "/status", json!(status));
    let rows = [
        ("still open", Some(invoice("open")), "1 whatsapp sent", "open"),
        ("not known there", None, "1 whatsapp sent", "open"),
        ("paid and nobody told us", Some(invoice("paid")), "", "recovered"),
        ("void", Some(invoice("void")), "", "voided"),
        ("written off", Some(invoice("uncollectible")), "", "voided"),
        (
            "open with nothing left",
            Some(stripe::with(invoice("open"), "/amount_remaining", json!(0))),
            "",
            "recovered",
        ),
    ];
    for (what, object, entry, state) in rows {
        scene(|scene| {
            scene.fail_invoice("in_1");
            scene.advance(hours(1));
            assert_eq!(scene.memory.asked("/v1/invoices").len(), 0, "Day 0 asks nothing: {what}");
            if let Some(object) = object {
                scene.memory.put_stripe_object(INVOICE, object);
            }
            scene.advance(days(3));
            assert_eq!(scene.memory.asked("/v1/invoices").len(), 1, "{what}");
            let expected: Vec<_> =
                ["0 whatsapp sent", entry].into_iter().filter(|entry| !entry.is_empty()).collect();
            assert_eq!(scene.ledger("in_1"), expected, "{what}");
            assert_eq!(scene.case("in_1").state().as_str(), state, "{what}");
        });
    }
}

#[test]
fn o15_verify_before_send_holds_the_step_while_the_answer_is_missing() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        scene.memory.put_stripe_object(INVOICE, stripe::invoice("in_1"));
        scene.memory.answer("/v1/invoices", [Reply::NotSent, Reply::Lost, Reply::Text(500, "")]);
        scene.advance(days(3) - hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        assert_eq!(scene.last_line().get("reason"), "unverified_debt");
        scene.advance(minutes(46));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent", "1 whatsapp sent"]);
        assert_eq!(scene.memory.asked("/v1/invoices").len(), 4);
    });
}

#[test]
fn o15_verify_before_send_needs_a_key_and_can_be_switched_off() {
    let off = Policy { verify_before_send: false, ..Policy::standard("Acme") };
    let no_key = json!({"signing_secrets": [seeds::SIGNING_SECRET], "api_key": ""}).to_string();
    for (policy, secret) in [(off, None), (Policy::standard("Acme"), Some(no_key))] {
        scene_with(Settings { policy, ..Settings::default() }, |scene| {
            if let Some(secret) = secret {
                scene.memory.set_secret(SecretName::Source("stripe"), &secret);
            }
            scene.memory.answer_always("/v1/invoices", Reply::NotSent);
            scene.fail_invoice("in_1");
            scene.advance(days(4));
            assert_eq!(scene.templates(), ["payment_failed_first", "payment_failed_second"]);
            assert_eq!(scene.memory.asked("/v1/invoices").len(), 0);
        });
    }
}
