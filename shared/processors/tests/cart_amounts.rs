//! Amounts of stores: decimal texts, in the buyer's currency or in the shop's.

use http::{HeaderMap, HeaderValue};
use recoup_core::{Fact, Money};
use recoup_processors::{Ignored, Normalised, Status, Verified, by_name};

fn read(source: &str, header: &'static str, topic: &'static str, body: &str) -> Normalised {
    let headers = HeaderMap::from_iter([(header.parse().expect("a name"), HeaderValue::from_static(topic))]);
    let source = by_name(source).expect("a source");
    source.normalise(&Verified::recorded(&headers, body.as_bytes())).expect("well formed")
}

/// What a body comes to, else why it comes to nothing; an amount that cannot be read is `none`.
fn told(read: &Normalised) -> String {
    if let Status::Ignored(why) = read.status {
        return why.code().to_owned();
    }
    let fact = &read.events[0].fact;
    let amount: Option<Money> = if let Fact::CheckoutUpdated(checkout) = fact {
        checkout.amount
    } else if let Fact::PaymentFailed(failed) = fact {
        failed.amount
    } else if let Fact::OrderPlaced(order) = fact {
        order.amount
    } else {
        panic!("{fact:?} has no amount")
    };
    amount.map_or_else(|| "none".to_owned(), |amount| amount.to_string())
}

fn checkout(total: &str, currencies: &str) -> String {
    let body =
        format!(r#"{{"token":"t1","updated_at":"2026-02-25T06:13:20Z","total_price":{total},{currencies}}}"#);
    told(&read("shopify", "x-shopify-topic", "checkouts/update", &body))
}

fn transaction(amount: &str, currency: &str) -> String {
    let body = format!(
        r#"{{"id":1,"order_id":2,"kind":"sale","status":"failure","created_at":"2026-02-25T06:13:20Z","amount":{amount},"currency":"{currency}"}}"#
    );
    told(&read("shopify", "x-shopify-topic", "order_transactions/create", &body))
}

fn order(total: &str, currency: &str) -> String {
    let body = format!(r#"{{"id":727,"status":"failed","total":{total},"currency":"{currency}"}}"#);
    told(&read("woocommerce", "x-wc-webhook-topic", "order.updated", &body))
}

#[test]
fn r7_a_decimal_text_becomes_minor_units_exactly_or_not_at_all() {
    let long = format!("\"1{}\"", "0".repeat(400));
    for (total, currency, expected) in [
        (r#""54.95""#, "USD", "54.95 USD"),
        (r#""54.9""#, "USD", "54.90 USD"),
        (r#""54""#, "USD", "54.00 USD"),
        ("54.95", "USD", "54.95 USD"),
        ("54", "USD", "54.00 USD"),
        (r#""4980.00""#, "JPY", "4980 JPY"),
        (r#""4980""#, "JPY", "4980 JPY"),
        (r#""4980.50""#, "JPY", "none"),
        (r#""12.500""#, "KWD", "12.500 KWD"),
        (r#""12.5""#, "KWD", "12.500 KWD"),
        (r#""12.5005""#, "KWD", "none"),
        (r#""0.001""#, "KWD", "0.001 KWD"),
        (r#""54.950""#, "USD", "54.95 USD"),
        (r#""54.955""#, "USD", "none"),
        (r#""0.00""#, "USD", "nothing_owed"),
        (r#""0""#, "JPY", "nothing_owed"),
        ("0.0", "KWD", "nothing_owed"),
        (r#""-1.00""#, "USD", "nothing_owed"),
        (r#""0.00""#, "XQX", "nothing_owed"),
        (r#""54.95""#, "XQX", "none"),
        (r#""54,95""#, "EUR", "none"),
        (r#""1,054.95""#, "USD", "none"),
        (r#""$54.95""#, "USD", "none"),
        (r#""1e3""#, "USD", "none"),
        ("1e3", "USD", "none"),
        (r#""""#, "USD", "none"),
        (r#"".""#, "USD", "none"),
        (r#""-""#, "USD", "none"),
        ("null", "USD", "none"),
        ("[]", "USD", "none"),
        (long.as_str(), "USD", "none"),
    ] {
        for shown in [
            checkout(total, &format!(r#""currency":"{currency}""#)),
            transaction(total, currency),
            order(total, currency),
        ] {
            assert_eq!(shown, expected, "{} {currency}", &total[..total.len().min(20)]);
        }
    }
}

#[test]
fn r7_a_checkout_is_in_the_currency_its_buyer_sees() {
    for (currencies, expected) in [
        (r#""currency":"USD","presentment_currency":"JPY""#, "4980 JPY"),
        (r#""currency":"JPY","presentment_currency":"USD""#, "4980.00 USD"),
        (r#""currency":"USD","presentment_currency":null"#, "4980.00 USD"),
        (r#""currency":"USD","presentment_currency":"""#, "4980.00 USD"),
        (r#""presentment_currency":"EUR""#, "4980.00 EUR"),
        // The shop's currency is not that of the amount, so it does not stand in for one that is not known.
        (r#""currency":"USD","presentment_currency":"XQX""#, "none"),
        (r#""currency":"XQX""#, "none"),
    ] {
        assert_eq!(checkout(r#""4980.00""#, currencies), expected, "{currencies}");
    }
}

#[test]
fn r7_an_order_is_in_the_currency_its_amount_stands_beside() {
    let placed = |members: &str| {
        let body = format!(r#"{{"id":5,"created_at":"2026-02-25T06:13:20Z",{members}}}"#);
        told(&read("shopify", "x-shopify-topic", "orders/create", &body))
    };
    let set = r#""total_price_set":{"shop_money":{"amount":"33.12","currency_code":"USD"},"presentment_money":{"amount":"4980.00","currency_code":"JPY"}}"#;
    for (members, expected) in [
        (format!(r#""total_price":"33.12","currency":"USD","presentment_currency":"JPY",{set}"#), "4980 JPY"),
        // Without the set only the shop's amount is known, and it is never shown in the buyer's currency.
        (r#""total_price":"33.12","currency":"USD","presentment_currency":"JPY""#.to_owned(), "33.12 USD"),
        (r#""total_price":"33.12","presentment_currency":"USD""#.to_owned(), "none"),
        (r#""total_price":"33.12","currency":"USD","total_price_set":null"#.to_owned(), "33.12 USD"),
        (r#""total_price":"33.12","currency":"USD","total_price_set":[1]"#.to_owned(), "33.12 USD"),
    ] {
        assert_eq!(placed(&members), expected, "{members}");
    }
}

#[test]
fn r7_a_refund_is_full_only_when_its_parts_cover_the_order_to_the_last_unit() {
    let full = |total: &str, currency: &str, refunds: &str| {
        let body = format!(
            r#"{{"id":727,"status":"completed","date_paid_gmt":"2026-02-25T06:13:20","total":"{total}","currency":"{currency}","refunds":{refunds}}}"#
        );
        let read = read("woocommerce", "x-wc-webhook-topic", "order.updated", &body);
        let paid = read.events.iter().any(|event| event.fact == Fact::Paid);
        let full = read.events.iter().any(|event| event.fact == Fact::Refunded { full: true });
        assert_ne!(paid, full, "{refunds}: either all went back, or it is paid");
        full
    };
    for (total, currency, refunds, expected) in [
        ("29.35", "USD", r#"[{"total":"-29.35"}]"#, true),
        ("29.35", "USD", r#"[{"total":"29.35"}]"#, true),
        ("29.35", "USD", r#"[{"total":"-29.34"}]"#, false),
        ("0.30", "USD", r#"[{"total":"-0.10"},{"total":"-0.20"}]"#, true),
        ("4980.00", "JPY", r#"[{"total":"-4980"}]"#, true),
        ("1.500", "KWD", r#"[{"total":"-1.499"}]"#, false),
        ("29.35", "USD", r#"[{"total":"-29.35"},{"total":"many"}]"#, false),
        ("29.35", "USD", r#"[{"total":null}]"#, false),
        ("29.35", "USD", "[7]", false),
        ("29.35", "XQX", r#"[{"total":"-29.35"}]"#, false),
        ("0.00", "USD", r#"[{"total":"0.00"}]"#, false),
        ("29.35", "USD", "[]", false),
        ("29.35", "USD", "null", false),
    ] {
        assert_eq!(full(total, currency, refunds), expected, "{total} {currency} {refunds}");
    }
}

#[test]
fn r7_a_failure_to_collect_nothing_is_none() {
    let body = r#"{"id":727,"status":"failed","total":"29.35","currency":"USD","needs_payment":false}"#;
    let read = read("woocommerce", "x-wc-webhook-topic", "order.updated", body);
    assert_eq!(read.status, Status::Ignored(Ignored::NothingOwed));
}
