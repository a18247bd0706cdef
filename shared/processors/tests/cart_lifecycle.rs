//! Stores: one purchase under many names, many deliveries and many topics.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_core::{CustomerId, Event, EventKey, Fact, Settlement};
use recoup_processors::{Ignored, Normalised, Status, Verified, by_name};
use serde_json::{Value, json};

fn fixture(source: &str, name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source).join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("the fixture is there")).expect("JSON")
}

fn with(mut body: Value, changes: &[(&str, Value)]) -> Value {
    for (member, value) in changes {
        body[*member] = value.clone();
    }
    body
}

fn read(source: &str, headers: &[(&str, &str)], body: &Value) -> Normalised {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"))
    };
    let headers: HeaderMap = headers.iter().map(pair).collect();
    let source = by_name(source).expect("a source");
    source.normalise(&Verified::recorded(&headers, body.to_string().as_bytes())).expect("well formed")
}

fn shopify(topic: &str, event: &str, body: &Value) -> Normalised {
    read("shopify", &[("x-shopify-topic", topic), ("x-shopify-event-id", event)], body)
}

fn woocommerce(topic: &str, body: &Value) -> Normalised {
    read("woocommerce", &[("x-wc-webhook-topic", topic)], body)
}

/// The obligations that these events end.
fn ended(events: &[Event]) -> BTreeSet<&str> {
    let ends = events.iter().filter(|event| !Settlement::of(&event.fact).is_empty());
    ends.map(|event| event.obligation.as_str()).collect()
}

fn names(event: &Event) -> BTreeSet<&str> {
    let links = if let Fact::CheckoutCreated(checkout) | Fact::CheckoutUpdated(checkout) = &event.fact {
        checkout.links.as_slice()
    } else if let Fact::PaymentFailed(failed) = &event.fact {
        failed.links.as_slice()
    } else {
        &[]
    };
    links.iter().map(recoup_core::Obligation::as_str).chain([event.obligation.as_str()]).collect()
}

#[test]
fn o21_a_storm_of_updates_keeps_one_obligation_and_every_update_is_an_event_of_its_own() {
    let mut obligations = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for nth in 0..200 {
        let changes = [("total_price", json!(format!("{}.50", 10 + nth)))];
        let read = shopify(
            "checkouts/update",
            &format!("event-{nth}"),
            &with(fixture("shopify", "checkouts.update"), &changes),
        );
        let [event] = read.events.as_slice() else { panic!("one checkout") };
        obligations.insert(event.obligation.clone());
        keys.insert(EventKey::of(event));
    }
    assert_eq!((obligations.len(), keys.len()), (1, 200));
    let body = fixture("shopify", "checkouts.update");
    let [one, again] = ["event-1", "event-1"].map(|event| shopify("checkouts/update", event, &body).events);
    assert_eq!(one, again, "a redelivery is the same event");
}

#[test]
fn o21_two_topics_of_one_event_do_not_hide_each_other() {
    let order = fixture("shopify", "orders.paid");
    let key = |topic: &str| {
        let read = shopify(topic, "the-same-event", &order);
        let own = read.events.iter().find(|event| event.obligation.as_str() == "5778000000001");
        EventKey::of(own.expect("the order is named"))
    };
    assert_ne!(key("orders/create"), key("orders/paid"));
    let changes = [("status", json!("failed"))];
    let failed = with(fixture("woocommerce", "order.updated.pending"), &changes);
    let paid = with(failed.clone(), &[("status", json!("processing"))]);
    let key = |body: &Value| EventKey::of(&woocommerce("order.updated", body).events[0]);
    assert_ne!(key(&failed), key(&paid), "two changes in one second");
}

#[test]
fn o21_no_body_tells_two_facts_of_one_obligation_under_one_event() {
    for source in ["shopify", "woocommerce"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source);
        let mut seen = 0;
        for entry in fs::read_dir(&folder).expect("fixtures") {
            let path = entry.expect("readable").path();
            let Ok(headers) = fs::read_to_string(path.with_extension("headers")) else { continue };
            let headers: Vec<_> = headers.lines().filter_map(|line| line.split_once(": ")).collect();
            let name = path.with_extension("");
            let events = read(
                source,
                &headers,
                &fixture(source, &name.file_name().expect("a name").to_string_lossy()),
            )
            .events;
            let keys: BTreeSet<_> =
                events.iter().map(|event| (&event.obligation, EventKey::of(event))).collect();
            assert_eq!(keys.len(), events.len(), "{}", path.display());
            seen += events.len();
        }
        assert!(seen > 40, "{source}: {seen} events");
    }
}

#[test]
fn r2_an_order_completes_the_checkout_it_came_from_by_any_of_its_names() {
    let opened = shopify("checkouts/update", "event-1", &fixture("shopify", "checkouts.update"));
    let old = with(fixture("shopify", "checkouts.update"), &[("id", json!(36_110_000_000_001_u64))]);
    let old = shopify("checkouts/update", "event-2", &old);
    let order = fixture("shopify", "orders.create");
    let (gone, other) = (Value::Null, json!("another"));
    for (opened, changes, completes) in [
        (&opened, vec![], true),
        (&opened, vec![("checkout_token", gone.clone())], true),
        // The buyer went back to the cart, and bought in a second checkout.
        (&opened, vec![("checkout_token", other.clone())], true),
        (&opened, vec![("cart_token", gone.clone())], true),
        (&opened, vec![("cart_token", other.clone()), ("checkout_token", other.clone())], false),
        (&old, vec![("cart_token", other.clone()), ("checkout_token", other.clone())], true),
        (&old, vec![("cart_token", other.clone()), ("checkout_token", other), ("checkout_id", gone)], false),
    ] {
        let placed = shopify("orders/create", "event-3", &with(order.clone(), &changes));
        let met = ended(&placed.events).intersection(&names(&opened.events[0])).count() > 0;
        assert_eq!(met, completes, "{changes:?}");
    }
}

#[test]
fn r2_what_the_signed_body_says_outweighs_the_topic_beside_it() {
    let order = fixture("shopify", "orders.create");
    for (status, pays) in [
        ("paid", true),
        ("partially_refunded", true),
        ("refunded", true),
        ("pending", false),
        ("authorized", false),
        ("partially_paid", false),
        ("expired", false),
    ] {
        let body = with(order.clone(), &[("financial_status", json!(status))]);
        let read = shopify("orders/paid", "event-1", &body);
        assert_eq!(read.events.iter().any(|event| event.fact == Fact::Paid), pays, "{status}");
        assert_eq!(
            ended(&read.events).len(),
            3 + usize::from(pays),
            "{status}: the checkout is completed all the same"
        );
    }
    let live = shopify("orders/cancelled", "event-1", &order);
    assert_eq!(live.status, Status::Ignored(Ignored::InProgress));
    let contract = fixture("shopify", "subscription_contracts.update");
    let active = shopify("subscription_contracts/cancel", "event-1", &contract);
    assert_eq!(active.status, Status::Ignored(Ignored::InProgress));
    let cancelled = with(contract, &[("status", json!("cancelled"))]);
    let read = shopify("subscription_contracts/update", "event-1", &cancelled);
    assert_eq!(read.events[0].fact, Fact::SubscriptionCancelled);
}

#[test]
fn o20_ids_beyond_what_a_float_holds_keep_every_digit() {
    let id = 9_007_199_254_740_993_u64;
    let float: f64 = id.to_string().parse().expect("a number");
    assert_ne!(format!("{float:.0}"), id.to_string(), "a float would lose it");
    let changes = [("id", json!(id)), ("checkout_id", json!(id + 2))];
    let read = shopify("orders/create", "event-1", &with(fixture("shopify", "orders.create"), &changes));
    let named: Vec<_> = read.events.iter().map(|event| event.obligation.as_str()).collect();
    assert_eq!((named[0], named[3]), ("9007199254740993", "9007199254740995"));
    let in_quotes = with(fixture("shopify", "orders.create"), &[("id", json!(id.to_string()))]);
    let read = shopify("orders/create", "event-1", &in_quotes);
    assert_eq!(read.events[0].obligation.as_str(), "9007199254740993");
    let read = shopify(
        "customers/update",
        "event-1",
        &with(fixture("shopify", "customers.update"), &[("id", json!(id))]),
    );
    let Fact::CustomerUpdated(facts) = &read.events[0].fact else { panic!("a customer") };
    assert_eq!(facts.customer.as_ref().map(CustomerId::as_str), Some("9007199254740993"));
    let read = woocommerce(
        "order.updated",
        &with(fixture("woocommerce", "order.updated.failed"), &[("id", json!(id))]),
    );
    assert_eq!(read.events[0].obligation.as_str(), "9007199254740993");
}

#[test]
fn r2_a_contract_s_number_is_no_order_s_number() {
    let failed = shopify(
        "subscription_billing_attempts/failure",
        "event-1",
        &fixture("shopify", "subscription_billing_attempts.failure"),
    );
    let order = with(fixture("shopify", "orders.paid"), &[("id", json!(9_264_000_001_u64))]);
    let paid = shopify("orders/paid", "event-2", &order);
    assert!(ended(&paid.events).intersection(&names(&failed.events[0])).next().is_none());
    let success = shopify(
        "subscription_billing_attempts/success",
        "event-3",
        &fixture("shopify", "subscription_billing_attempts.success"),
    );
    let recovered = success.events.iter().find(|event| event.fact == Fact::Recovered).expect("it recovers");
    assert_eq!(recovered.obligation, failed.events[0].obligation);
    assert!(
        !ended(&success.events).contains(failed.events[0].obligation.as_str()),
        "next month may fail again"
    );
}

#[test]
fn o20_a_test_order_says_so_and_a_checkout_says_nothing() {
    for (test, expected) in [(json!(true), Some(false)), (json!(false), Some(true)), (Value::Null, None)] {
        let body = with(fixture("shopify", "orders.paid"), &[("test", test)]);
        assert_eq!(shopify("orders/paid", "event-1", &body).livemode, expected);
    }
    assert_eq!(
        shopify("checkouts/update", "event-1", &fixture("shopify", "checkouts.update")).livemode,
        None
    );
}

#[test]
fn o42_the_statuses_of_an_order_come_to_what_they_mean() {
    let unpaid = fixture("woocommerce", "order.updated.pending");
    let paid = fixture("woocommerce", "order.updated.processing");
    for (status, without_payment, with_payment) in [
        ("pending", "checkout_updated", "paid"),
        ("checkout-draft", "checkout_updated", "paid"),
        ("failed", "payment_failed", "paid"),
        ("on-hold", "in_progress", "paid"),
        ("processing", "paid", "paid"),
        ("completed", "paid", "paid"),
        ("cancelled", "voided", "voided"),
        ("trash", "voided", "voided"),
        ("refunded", "refunded", "refunded"),
        ("draft", "draft", "draft"),
        ("auto-draft", "draft", "draft"),
        ("a-plug-in-s-own", "unknown_type", "paid"),
    ] {
        for (body, expected) in [(&unpaid, without_payment), (&paid, with_payment)] {
            let read = woocommerce("order.updated", &with(body.clone(), &[("status", json!(status))]));
            let said = match (read.status, read.events.as_slice()) {
                (Status::Ignored(why), []) => why.code(),
                (Status::Recognised, [event]) => event.fact.kind(),
                other => panic!("{status}: {other:?}"),
            };
            assert_eq!(said, expected, "{status}");
        }
    }
}
