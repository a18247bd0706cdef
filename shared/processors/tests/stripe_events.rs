//! What Stripe's types of event come to beyond invoices: sessions, subscriptions, disputes, customers.

use std::fs;
use std::path::Path;

use http::HeaderMap;
use recoup_core::{Checkout, Event, Fact, Link, PaymentFailed};
use recoup_processors::{NormaliseError, Normalised, Status, Verified, by_name};

fn normalise(body: &str) -> Result<Normalised, NormaliseError> {
    let stripe = by_name("stripe").expect("stripe is a source");
    stripe.normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

fn fixture(name: &str) -> Vec<Event> {
    let path = format!("fixtures/stripe/{name}.2025-03-31.basil.json");
    let body =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the fixture is there");
    normalise(&body).expect("the fixture is well formed").events
}

/// A body of this type about this object, changed from `before`.
fn body(kind: &str, object: &str, before: &str) -> String {
    format!(
        r#"{{"id":"evt_1","object":"event","created":1772000000,"type":"{kind}",
        "data":{{"object":{object},"previous_attributes":{before}}}}}"#
    )
}

/// What a body came to: the kinds of its events, or why there is none.
fn came_to(body: &str) -> String {
    match normalise(body) {
        Err(error) => error.code().to_owned(),
        Ok(Normalised { status: Status::Ignored(why), .. }) => why.code().to_owned(),
        Ok(normalised) => {
            let said = |event: &Event| format!("{} {}", event.fact.kind(), event.obligation);
            normalised.events.iter().map(said).collect::<Vec<_>>().join(", ")
        }
    }
}

fn failure(mut events: Vec<Event>) -> (String, PaymentFailed) {
    assert_eq!(events.len(), 1);
    let event = events.remove(0);
    let Fact::PaymentFailed(failed) = event.fact else { panic!("{} is no failure", event.fact.kind()) };
    (event.obligation.to_string(), *failed)
}

fn left(body: &str) -> Checkout {
    let events = normalise(body).expect("well formed").events;
    match events.into_iter().next().map(|event| event.fact) {
        Some(Fact::CheckoutAbandoned(left)) => *left,
        other => panic!("no cart was left: {other:?}"),
    }
}

/// An expired session with `member` set to the JSON text `value`.
fn expired(member: &str, value: &str) -> String {
    let members = [("id", r#""cs_1""#), ("amount_total", "4900"), ("currency", r#""usd""#)];
    let others = members.iter().filter(|(name, _)| *name != member);
    let mut object: Vec<String> = others.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    object.push(format!("\"{member}\":{value}"));
    body("checkout.session.expired", &format!("{{{}}}", object.join(",")), "null")
}

#[test]
fn r3_a_delayed_payment_fails_under_the_name_that_its_payment_intent_has() {
    let (session, failed) = failure(fixture("checkout.session.async_payment_failed"));
    let (intent, _) = failure(fixture("payment_intent.payment_failed.unlinked"));
    assert_eq!((session.as_str(), intent.as_str()), ("pi_3RexamplePi01", "pi_3RexamplePi01"));
    assert!(!failed.unlinked, "a session is no invoice's");
    let paid = fixture("checkout.session.async_payment_succeeded");
    assert!(paid.iter().any(|event| event.obligation.as_str() == session && event.fact == Fact::Paid));
}

#[test]
fn r3_the_session_that_was_completed_settles_nothing_that_failed_after_it() {
    let completed = fixture("checkout.session.completed.unpaid");
    let kinds: Vec<_> = completed.iter().map(|event| event.fact.kind()).collect();
    assert_eq!(kinds, ["checkout_completed"], "the money is on its way, and may not come");
    for name in ["async_payment_failed", "async_payment_failed.subscription"] {
        let (obligation, failed) = failure(fixture(&format!("checkout.session.{name}")));
        let names_session = failed.links.iter().any(|link| link.as_str().starts_with("cs_"));
        assert!(!obligation.starts_with("cs_") && !names_session, "{name}");
    }
}

#[test]
fn r3_a_cart_keeps_its_name_however_often_it_is_taken_up_again() {
    let first = &fixture("checkout.session.expired.recovery")[0];
    let again = &fixture("checkout.session.expired.again")[0];
    assert_eq!(first.obligation, again.obligation);
    assert_ne!(first.id, again.id);
    let later = fixture("checkout.session.completed.recovered");
    let ends = |event: &Event| event.obligation == first.obligation && event.fact == Fact::CheckoutCompleted;
    assert!(later.iter().any(ends));
}

#[test]
fn r3_a_part_of_an_invoice_is_not_the_invoice() {
    let paid = fixture("invoice_payment.paid.part");
    assert!(paid.iter().all(|event| event.obligation.as_str().starts_with("pi_")));
}

#[test]
fn r6_an_invoice_that_waits_for_the_buyer_was_not_tried_for_the_last_time() {
    for collection in ["charge_automatically", "send_invoice"] {
        let object = format!(
            r#"{{"id":"in_1","status":"open","amount_remaining":4900,"attempt_count":1,
            "next_payment_attempt":null,"collection_method":"{collection}"}}"#
        );
        let last = |kind: &str| {
            failure(normalise(&body(kind, &object, "null")).expect("well formed").events).1.last_attempt
        };
        assert!(!last("invoice.payment_action_required"), "{collection}");
        assert_eq!(last("invoice.payment_failed"), collection == "charge_automatically");
    }
}

#[test]
fn r3_a_subscription_says_something_when_its_status_changes() {
    for (before, now, expected) in [
        ("active", "past_due", "subscription_past_due sub_1"),
        ("past_due", "unpaid", "subscription_halted sub_1"),
        ("trialing", "paused", "subscription_halted sub_1"),
        ("past_due", "active", "recovered sub_1"),
        ("unpaid", "active", "recovered sub_1"),
        ("incomplete", "active", "recovered sub_1"),
        ("trialing", "active", "unknown_type"),
        ("paused", "active", "unknown_type"),
        ("incomplete", "trialing", "unknown_type"),
        ("past_due", "canceled", "subscription_cancelled sub_1"),
        ("incomplete", "incomplete_expired", "subscription_cancelled sub_1"),
        ("active", "a_status_of_next_year", "unknown_type"),
    ] {
        let object = format!(r#"{{"id":"sub_1","status":"{now}"}}"#);
        let changed = body("customer.subscription.updated", &object, &format!(r#"{{"status":"{before}"}}"#));
        assert_eq!(came_to(&changed), expected, "{before} {now}");
    }
}

#[test]
fn r3_an_update_that_does_not_say_what_was_before_ends_nothing_but_what_is_over() {
    for before in ["null", "{}", "[]", "42", r#"{"metadata":{}}"#, r#"{"status":null}"#, r#"{"status":7}"#] {
        for (now, expected) in [
            ("active", "unknown_type"),
            ("past_due", "unknown_type"),
            ("unpaid", "unknown_type"),
            ("canceled", "subscription_cancelled sub_1"),
        ] {
            let object = format!(r#"{{"id":"sub_1","status":"{now}"}}"#);
            let changed = body("customer.subscription.updated", &object, before);
            assert_eq!(came_to(&changed), expected, "{before} {now}");
        }
    }
}

#[test]
fn r3_a_dispute_is_won_when_the_merchant_keeps_the_money() {
    for (kind, status, won) in [
        ("closed", "won", true),
        ("closed", "warning_closed", true),
        ("closed", "lost", false),
        ("closed", "prevented", false),
        ("funds_reinstated", "won", true),
        ("funds_reinstated", "needs_response", true),
        ("funds_reinstated", "lost", false),
    ] {
        let object =
            format!(r#"{{"id":"du_1","charge":"ch_1","payment_intent":"pi_1","status":"{status}"}}"#);
        let said = normalise(&body(&format!("charge.dispute.{kind}"), &object, "null")).expect("well formed");
        assert_eq!(said.events[0].fact, Fact::DisputeClosed { won }, "{kind} {status}");
    }
}

#[test]
fn o20_what_another_type_tells_better_is_left_to_it() {
    let object = r#"{"id":"x_1","payment_intent":"pi_1","customer":"cus_1","amount":4900,"status":"failed"}"#;
    for kind in [
        "charge.failed",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
        "payment_intent.requires_action",
        "payment_intent.processing",
    ] {
        assert_eq!(came_to(&body(kind, object, "null")), "in_progress", "{kind}");
    }
    for kind in ["invoice.finalized", "invoice.finalization_failed", "invoice.upcoming", "invoice.overdue"] {
        assert_eq!(came_to(&body(kind, object, "null")), "unknown_type", "{kind}");
    }
}

#[test]
fn r4_a_session_without_its_name_or_with_a_broken_one_is_refused() {
    for (member, value, expected) in [
        ("id", "null", "body_member_missing"),
        ("id", r#""cs 1""#, "body_member_malformed"),
        ("recovered_from", r#""cs/../1""#, "body_member_malformed"),
        ("amount_total", "49.5", "body_member_malformed"),
        ("amount_total", r#""4900""#, "body_member_malformed"),
        ("amount_total", "null", "nothing_owed"),
        ("amount_total", "0", "nothing_owed"),
        ("amount_total", "-1", "nothing_owed"),
    ] {
        assert_eq!(came_to(&expired(member, value)), expected, "{member} {value}");
    }
    for member in ["payment_intent", "invoice", "recovered_from"] {
        let object = format!(r#"{{"id":"cs_1","payment_status":"paid","{member}":"a b"}}"#);
        let completed = body("checkout.session.completed", &object, "null");
        assert_eq!(came_to(&completed), "body_member_malformed", "{member}");
    }
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_in_a_cart_not_a_failure() {
    for member in [
        "customer",
        "customer_details",
        "customer_email",
        "collected_information",
        "shipping_details",
        "after_expiration",
        "consent",
        "metadata",
        "locale",
        "currency",
    ] {
        for value in ["null", "42", "true", "\"\"", "[]", "[null,[{}]]", "{}", "{\"recovery\":[]}", "[{}]"] {
            let cart = left(&expired(member, value));
            assert_eq!((cart.buyer.phone, cart.resume_link), (None, None), "{member} {value}");
        }
    }
}

#[test]
fn r7_the_total_of_a_cart_is_exact_or_not_there() {
    for (currency, expected) in [
        ("usd", Some("49.00 USD")),
        ("jpy", Some("4900 JPY")),
        ("kwd", Some("4.900 KWD")),
        ("isk", Some("49 ISK")),
        ("zzz", None),
        ("", None),
    ] {
        let amount = left(&expired("currency", &format!("\"{currency}\""))).amount;
        assert_eq!(amount.map(|money| money.to_string()).as_deref(), expected, "{currency}");
    }
}

#[test]
fn r5_a_link_that_is_no_plain_page_is_not_handed_on() {
    for url in
        ["javascript:alert(1)", "http://buy.stripe.com/r/1", "https://user@evil.example/", "https://[::1]/"]
    {
        let member = format!(r#"{{"recovery":{{"url":"{url}"}}}}"#);
        assert_eq!(left(&expired("after_expiration", &member)).resume_link, None, "{url}");
    }
    let good = r#"{"recovery":{"url":"https://buy.stripe.com/r/test_1"}}"#;
    let link = left(&expired("after_expiration", good)).resume_link;
    assert_eq!(link.as_ref().map(Link::expose), Some("https://buy.stripe.com/r/test_1"));
}

#[test]
fn r5_a_name_typed_into_a_checkout_is_shown_clean() {
    let details =
        r#"{"name":"\u202eEvil https://evil.example {{1}}\n","phone":"call me","email":"<a@b.co>"}"#;
    let buyer = left(&expired("customer_details", details)).buyer;
    assert_eq!(buyer.name.as_ref().map(recoup_core::PersonName::expose), Some("Evil"));
    assert!(buyer.phone.is_none() && buyer.email.is_none());
}
