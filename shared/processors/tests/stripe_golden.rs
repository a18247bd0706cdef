//! What Stripe's fixtures say, by promise; their goldens are held by `sources`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use recoup_core::{Event, Fact, PaymentFailed, Phone, Secret};
use recoup_processors::{Normalised, Unverified, by_name};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stripe")
}

/// Sends a body through the whole path: signed, verified, normalised.
fn normalise(body: &[u8]) -> Normalised {
    let stripe = by_name("stripe").expect("stripe is a source");
    let (secret, now) = (Secret::parse("whsec_golden").expect("not empty"), Timestamp::UNIX_EPOCH);
    let headers = stripe.sign(body, &secret, now, "").expect("stripe's signature is symmetric").headers;
    let verified = stripe.verify(Unverified::new(&headers, body), &[secret], now).expect("just signed");
    stripe.normalise(&verified).expect("the fixture is well formed")
}

fn fixture(name: &str) -> Normalised {
    normalise(&fs::read(fixtures().join(format!("{name}.json"))).expect("the fixture is there"))
}

fn only(normalised: Normalised) -> Event {
    assert_eq!(normalised.events.len(), 1);
    normalised.events.into_iter().next().expect("counted")
}

fn failed(name: &str) -> PaymentFailed {
    let Fact::PaymentFailed(failed) = only(fixture(name)).fact else { panic!("{name} is no failure") };
    *failed
}

#[test]
fn r3_before_basil_an_invoice_and_its_payment_intent_are_one_obligation() {
    let invoice = only(fixture("invoice.payment_failed.first.2020-08-27"));
    for name in ["linked", "linked-expanded"] {
        let intent = only(fixture(&format!("payment_intent.payment_failed.{name}.2020-08-27")));
        assert_eq!(intent.obligation, invoice.obligation);
        assert_ne!(intent.id, invoice.id);
    }
    assert!(!failed("payment_intent.payment_failed.linked.2020-08-27").unlinked);
}

#[test]
fn r3_since_basil_a_payment_intent_says_that_it_may_be_an_invoice_s() {
    let unlinked = |name: &str| failed(&format!("payment_intent.payment_failed.{name}")).unlinked;
    assert!(unlinked("unlinked.2025-03-31.basil"));
    assert!(!unlinked("order.2025-03-31.basil"), "an order of the merchant's is named");
    assert!(!unlinked("guest.2025-03-31.basil"), "an invoice always has a customer");
    assert!(!unlinked("order-reference.2025-03-31.basil"), "the invoice is named");
    assert!(!unlinked("no-invoice.2020-08-27"), "the invoice is null, not absent");
    let linked = only(fixture("payment_intent.payment_failed.order-reference.2025-03-31.basil"));
    assert_eq!(linked.obligation.as_str(), "in_1RexampleInv01");
}

#[test]
fn r3_both_names_of_a_payment_give_paid_on_the_same_obligation() {
    for name in ["invoice.paid.2025-03-31.basil", "invoice.payment_succeeded.2020-08-27"] {
        let event = only(fixture(name));
        assert_eq!((event.obligation.as_str(), event.fact), ("in_1RexampleInv01", Fact::Paid));
    }
}

#[test]
fn r5_the_phone_comes_from_the_first_place_that_reads() {
    for (name, phone) in [
        ("invoice.payment_failed.first.2020-08-27", Some("+14155550123")),
        ("invoice.payment_failed.retry.2025-02-24.acacia", Some("+442079460958")),
        ("invoice.payment_failed.final.2025-03-31.basil", Some("+14155550124")),
        ("invoice.payment_failed.expanded.2020-08-27", Some("+14155550125")),
        ("payment_intent.payment_failed.order.2025-03-31.basil", Some("+14155550127")),
        ("payment_intent.payment_failed.guest.2025-03-31.basil", Some("+14155550128")),
        ("invoice.payment_failed.no-phone.2025-03-31.basil", None),
        ("invoice.payment_failed.deleted-customer.2020-08-27", None),
    ] {
        assert_eq!(failed(name).buyer.phone.as_ref().map(Phone::expose), phone, "{name}");
    }
}

#[test]
fn f38_national_numbers_are_passed_over_not_guessed() {
    let buyer = failed("invoice.payment_failed.national-phone.2025-03-31.basil").buyer;
    assert_eq!(buyer.phone.as_ref().map(Phone::expose), Some("+442079460958"));
}

#[test]
fn f37_a_hostile_name_is_shown_clean_and_a_bad_link_not_at_all() {
    let buyer = failed("invoice.payment_failed.name-emoji-rtl.2025-03-31.basil").buyer;
    assert_eq!(buyer.name.as_ref().map(recoup_core::PersonName::expose), Some("مشترٍ EVIL 🎉 Example"));
    let link = failed("payment_intent.payment_failed.order.2025-03-31.basil").pay_link;
    assert_eq!(link.as_ref().map(recoup_core::Link::expose), Some("https://shop.example/checkout/A-1002"));
}

#[test]
fn r7_amounts_are_what_remains_in_the_currency_s_minor_unit() {
    for (name, shown) in [
        ("first", "49.00 USD"),
        ("partly-paid", "19.00 USD"),
        ("jpy", "1500 JPY"),
        ("kwd", "1.500 KWD"),
        ("isk", "1500 ISK"),
    ] {
        let amount = failed(&format!("invoice.payment_failed.{name}.2025-03-31.basil")).amount;
        assert_eq!(amount.map(|money| money.to_string()).as_deref(), Some(shown), "{name}");
    }
}

#[test]
fn r6_the_attempt_is_stripe_s_counter_and_none_before_it_counts() {
    for (name, attempt, retries) in [
        ("invoice.payment_failed.first.2020-08-27", Some(1), true),
        ("invoice.payment_failed.retry.2025-02-24.acacia", Some(2), true),
        ("invoice.payment_failed.final.2025-03-31.basil", Some(4), false),
        ("invoice.payment_action_required.2025-03-31.basil", None, false),
        ("payment_intent.payment_failed.unlinked.2025-03-31.basil", None, false),
    ] {
        let failed = failed(name);
        assert_eq!((failed.attempt, failed.next_retry.is_some()), (attempt, retries), "{name}");
    }
}

#[test]
fn the_mode_and_the_type_are_handed_on() {
    let live = fixture("invoice.payment_failed.final.2025-03-31.basil");
    assert_eq!((live.livemode, live.kind.as_str()), (Some(true), "invoice.payment_failed"));
    let thin = fixture("v2.core.event");
    assert_eq!((thin.livemode, thin.kind.as_str()), (Some(false), "v1.billing.meter.error_report_triggered"));
}
