//! Paddle's transactions, adjustments and customers: what each says, and what a body that is odd costs.

use http::HeaderMap;
use recoup_core::{Checkout, Event, Fact, Link, PaymentFailed};
use recoup_processors::{NormaliseError, Normalised, Status, Verified, by_name};

fn normalise(body: &str) -> Result<Normalised, NormaliseError> {
    let paddle = by_name("paddle").expect("paddle is a source");
    paddle.normalise(&Verified::recorded(&HeaderMap::new(), body.as_bytes()))
}

fn body(kind: &str, data: &str) -> String {
    format!(
        r#"{{"event_id":"evt_1","event_type":"{kind}","occurred_at":"2026-02-25T06:13:20.1Z","notification_id":"ntf_1","data":{data}}}"#
    )
}

/// A transaction with these members changed or added, each as JSON text.
fn transaction(changes: &[(&str, &str)]) -> String {
    let mut members = vec![
        ("id", r#""txn_1""#),
        ("status", r#""past_due""#),
        ("origin", r#""subscription_recurring""#),
        ("collection_mode", r#""automatic""#),
        ("currency_code", r#""USD""#),
        ("details", r#"{"totals":{"balance":"4900","grand_total":"4900"}}"#),
    ];
    members.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    members.extend(changes);
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn failed_with(changes: &[(&str, &str)]) -> String {
    body("transaction.payment_failed", &transaction(changes))
}

/// What a body came to: the kinds of its events and what they are about, or why there is none.
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

fn only(body: &str) -> Fact {
    let mut events = normalise(body).unwrap_or_else(|error| panic!("{error}: {body}")).events;
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0).fact
}

fn failure(body: &str) -> PaymentFailed {
    let Fact::PaymentFailed(failed) = only(body) else { panic!("no failure: {body}") };
    *failed
}

fn cart(body: &str) -> Checkout {
    let Fact::CheckoutAbandoned(cart) = only(body) else { panic!("no cart was left: {body}") };
    *cart
}

#[test]
fn r3_what_paddle_collects_is_owed_and_what_a_buyer_has_open_is_a_cart() {
    for (origin, status, collection, expected) in [
        ("subscription_recurring", "past_due", "automatic", "payment_failed txn_1"),
        ("subscription_recurring", "billed", "automatic", "payment_failed txn_1"),
        ("subscription_charge", "past_due", "automatic", "payment_failed txn_1"),
        ("subscription_update", "past_due", "automatic", "payment_failed txn_1"),
        ("api", "past_due", "manual", "payment_failed txn_1"),
        ("web", "ready", "automatic", "checkout_abandoned txn_1"),
        ("web", "draft", "automatic", "checkout_abandoned txn_1"),
        ("api", "ready", "automatic", "checkout_abandoned txn_1"),
        ("api", "ready", "manual", "in_progress"),
        ("api", "billed", "manual", "in_progress"),
        ("web", "completed", "automatic", "in_progress"),
        ("subscription_charge", "ready", "automatic", "in_progress"),
        ("subscription_payment_method_change", "ready", "automatic", "in_progress"),
        ("an_origin_of_next_year", "ready", "automatic", "in_progress"),
    ] {
        let quoted = |text: &str| format!("\"{text}\"");
        let (origin, status, collection) = (quoted(origin), quoted(status), quoted(collection));
        let changes = [("origin", &*origin), ("status", &*status), ("collection_mode", &*collection)];
        assert_eq!(came_to(&failed_with(&changes)), expected, "{changes:?}");
    }
}

#[test]
fn r3_a_debt_and_a_cart_end_under_the_name_they_began_with() {
    let debt = transaction(&[]);
    let left = transaction(&[("origin", r#""web""#), ("status", r#""ready""#)]);
    for data in [&debt, &left] {
        for (kind, expected) in [
            ("transaction.paid", "paid txn_1"),
            ("transaction.completed", "paid txn_1"),
            ("transaction.canceled", "voided txn_1"),
        ] {
            assert_eq!(came_to(&body(kind, data)), expected, "{kind}");
        }
    }
}

#[test]
fn r3_an_invoice_that_waits_for_a_transfer_has_not_failed() {
    let manual = |payments: &str| {
        body(
            "transaction.past_due",
            &transaction(&[("collection_mode", r#""manual""#), ("payments", payments)]),
        )
    };
    for waiting in ["[]", "null", r#"[{"status":"pending_no_action_required"}]"#] {
        assert_eq!(came_to(&manual(waiting)), "in_progress", "{waiting}");
    }
    assert_eq!(came_to(&manual(r#"[{"status":"error","error_code":"declined"}]"#)), "payment_failed txn_1");
    assert_eq!(came_to(&body("transaction.past_due", &transaction(&[]))), "payment_failed txn_1");
}

#[test]
fn r3_a_subscription_that_is_resumed_has_not_paid_yet() {
    for (kind, expected) in [
        ("activated", "recovered sub_1"),
        ("resumed", "in_progress"),
        ("past_due", "subscription_past_due sub_1"),
        ("paused", "subscription_halted sub_1"),
        ("canceled", "subscription_cancelled sub_1"),
        ("created", "unknown_type"),
        ("trialing", "unknown_type"),
        ("updated", "unknown_type"),
    ] {
        let data = r#"{"id":"sub_1","status":"active","scheduled_change":{"action":"cancel"}}"#;
        assert_eq!(came_to(&body(&format!("subscription.{kind}"), data)), expected, "{kind}");
    }
}

#[test]
fn r6_the_attempt_is_the_number_of_refusals_and_the_reason_the_newest() {
    for (payments, attempt, decline) in [
        ("[]", None, None),
        (r#"[{"status":"error","error_code":"expired_card"}]"#, Some(1), Some("new_method_needed")),
        (
            r#"[{"status":"error","error_code":"fraud"},{"status":"error","error_code":"declined"}]"#,
            Some(2),
            Some("hard"),
        ),
        (
            r#"[{"status":"created"},{"status":"error","error_code":"authentication_failed"},{"status":"canceled"}]"#,
            Some(1),
            Some("action_required"),
        ),
        (r#"[{"status":"error","error_code":null},{"status":"error","error_code":"fraud"}]"#, Some(2), None),
        (r#"[null,7,{"status":8},"error"]"#, None, None),
        (r#"{"status":"error"}"#, None, None),
    ] {
        let failed = failure(&failed_with(&[("payments", payments)]));
        let class = failed.decline.map(recoup_core::DeclineClass::as_str);
        assert_eq!((failed.attempt, class), (attempt, decline), "{payments}");
        assert!(!failed.last_attempt, "paddle does not say which is the last");
    }
}

#[test]
fn r7_what_is_owed_is_the_balance_exactly_or_nothing_is_said() {
    let owed = |totals: &str, currency: &str| {
        let details = format!(r#"{{"line_items":[{{"totals":{{"total":"1"}}}}],"totals":{totals}}}"#);
        let currency = format!("\"{currency}\"");
        failed_with(&[("details", &details), ("currency_code", &currency)])
    };
    for (totals, currency, expected) in [
        (r#"{"balance":"4900","grand_total":"9900"}"#, "USD", Some("49.00 USD")),
        (r#"{"grand_total":"9900"}"#, "USD", Some("99.00 USD")),
        (r#"{"balance":null,"grand_total":"9900"}"#, "USD", Some("99.00 USD")),
        (r#"{"balance":"1500"}"#, "JPY", Some("1500 JPY")),
        (r#"{"balance":"1500"}"#, "KWD", Some("1.500 KWD")),
        (r#"{"balance":"9223372036854775807"}"#, "USD", Some("92233720368547758.07 USD")),
        (r#"{"balance":"9223372036854775808"}"#, "USD", None),
        (r#"{"balance":"49.00"}"#, "USD", None),
        (r#"{"balance":"1e3"}"#, "USD", None),
        (r#"{"balance":""}"#, "USD", None),
        (r#"{"balance":"4900"}"#, "ZZZ", None),
        ("{}", "USD", None),
        ("[]", "USD", None),
    ] {
        let amount = failure(&owed(totals, currency)).amount.map(|money| money.to_string());
        assert_eq!(amount.as_deref(), expected, "{totals} {currency}");
    }
    for totals in [r#"{"balance":"0","grand_total":"4900"}"#, r#"{"balance":"-1"}"#, r#"{"grand_total":"0"}"#]
    {
        assert_eq!(came_to(&owed(totals, "USD")), "nothing_owed", "{totals}");
    }
}

#[test]
fn r3_money_that_went_back_or_is_disputed_is_told_of_its_transaction() {
    for (action, status, kind, expected) in [
        ("refund", "approved", "full", Some(Fact::Refunded { full: true })),
        ("refund", "approved", "partial", Some(Fact::Refunded { full: false })),
        ("refund", "approved", "", Some(Fact::Refunded { full: false })),
        ("refund", "pending_approval", "full", None),
        ("refund", "rejected", "full", None),
        ("credit", "approved", "full", None),
        ("credit_reverse", "approved", "full", None),
        ("chargeback", "approved", "full", Some(Fact::DisputeOpened)),
        ("chargeback", "reversed", "full", Some(Fact::DisputeClosed { won: true })),
        ("chargeback_warning", "approved", "full", Some(Fact::DisputeOpened)),
        ("chargeback_warning", "reversed", "full", Some(Fact::DisputeClosed { won: true })),
        ("chargeback_reverse", "approved", "full", Some(Fact::DisputeClosed { won: true })),
        ("chargeback_warning_reverse", "approved", "full", Some(Fact::DisputeClosed { won: true })),
        ("an_action_of_next_year", "approved", "full", None),
    ] {
        let data = format!(
            r#"{{"id":"adj_1","action":"{action}","status":"{status}","type":"{kind}","transaction_id":"txn_1"}}"#
        );
        for event in ["adjustment.created", "adjustment.updated"] {
            let events = normalise(&body(event, &data)).expect("well formed").events;
            let said = events.into_iter().next().map(|event| (event.obligation.to_string(), event.fact));
            let expected = expected.clone().map(|fact| ("txn_1".to_owned(), fact));
            assert_eq!(said, expected, "{action} {status} {kind}");
        }
    }
    let nameless = r#"{"id":"adj_1","action":"refund","status":"approved","type":"full"}"#;
    assert_eq!(came_to(&body("adjustment.created", nameless)), "body_member_missing");
}

#[test]
fn o20_what_the_simulator_sends_moves_nothing_whatever_it_is() {
    for (event, notification) in
        [("ntfsimevt_1", "ntfsimntf_1"), ("evt_1", "ntfsimntf_1"), ("ntfsimevt_1", "ntf_1")]
    {
        for kind in ["transaction.payment_failed", "transaction.paid", "subscription.canceled", "a.type"] {
            let body = format!(
                r#"{{"event_id":"{event}","event_type":"{kind}","notification_id":"{notification}","data":{}}}"#,
                transaction(&[])
            );
            assert_eq!(came_to(&body), "test", "{kind} {event}");
        }
    }
}

#[test]
fn o20_the_data_may_stand_before_the_type() {
    let body = format!(
        r#"{{"data":{},"event_type":"transaction.payment_failed","event_id":"evt_1"}}"#,
        transaction(&[])
    );
    let event = normalise(&body).expect("well formed").events.remove(0);
    assert_eq!((event.obligation.as_str(), event.occurred_at), ("txn_1", None));
}

#[test]
fn r4_what_decides_is_there_and_well_formed_or_the_body_is_refused() {
    for (changed, value, expected) in [
        ("id", "null", "body_member_missing"),
        ("id", "7", "body_member_missing"),
        ("id", r#""txn 1""#, "body_member_malformed"),
        ("id", r#""""#, "body_member_missing"),
    ] {
        assert_eq!(came_to(&failed_with(&[(changed, value)])), expected, "{changed} {value}");
    }
    let data = transaction(&[]);
    for (body, expected) in [
        (format!(r#"{{"event_type":"transaction.paid","data":{data}}}"#), "body_member_missing"),
        (
            format!(r#"{{"event_id":"evt 1","event_type":"transaction.paid","data":{data}}}"#),
            "body_member_malformed",
        ),
        (format!(r#"{{"event_id":"evt_1","data":{data}}}"#), "body_member_missing"),
        (
            format!(r#"{{"event_id":"evt_1","event_type":"Transaction paid","data":{data}}}"#),
            "body_member_malformed",
        ),
        (r#"{"event_id":"evt_1","event_type":"transaction.paid","data":null}"#.into(), "body_member_missing"),
        (r#"{"event_id":"evt_1","event_type":"transaction.paid","data":"txn_1"}"#.into(), "body_not_event"),
        (
            r#"{"event_id":"evt_1","event_type":"transaction.paid","data":{"id":"txn_1","id":"txn_2"}}"#
                .into(),
            "body_not_event",
        ),
        ("\u{feff}{}".into(), "body_not_json"),
    ] {
        assert_eq!(came_to(&body), expected, "{body}");
    }
}

#[test]
fn r5_decorations_of_every_wrong_type_leave_a_gap_not_a_failure() {
    for member in [
        "customer_id",
        "custom_data",
        "checkout",
        "currency_code",
        "details",
        "payments",
        "invoice_number",
        "subscription_id",
        "collection_mode",
    ] {
        for value in ["null", "42", "true", "\"\"", "[]", "[null,[{}]]", "{}", "{\"url\":[]}", "[{}]"] {
            let failed = failure(&failed_with(&[(member, value)]));
            assert_eq!((failed.buyer.phone, failed.pay_link), (None, None), "{member} {value}");
        }
    }
}

#[test]
fn r5_the_phone_is_the_merchant_s_own_and_international() {
    for (custom, expected) in [
        (r#"{"whatsapp_phone":"+1 (415) 555-0123"}"#, Some("+14155550123")),
        (r#"{"whatsapp_phone":"020 7946 0958"}"#, None),
        (r#"{"whatsapp_phone":14155550123}"#, None),
        (r#"{"phone":"+14155550123"}"#, None),
        ("null", None),
        ("[]", None),
    ] {
        let phone = failure(&failed_with(&[("custom_data", custom)])).buyer.phone;
        assert_eq!(phone.as_ref().map(recoup_core::Phone::expose), expected, "{custom}");
    }
}

#[test]
fn r5_a_page_that_is_no_plain_one_is_not_handed_on() {
    let web = [("origin", r#""web""#), ("status", r#""ready""#)];
    for (url, expected) in [
        ("https://shop.example/pay?_ptxn=txn_1", true),
        ("http://shop.example/pay?_ptxn=txn_1", false),
        ("https://localhost/pay", false),
        ("javascript:alert(1)", false),
        ("", false),
    ] {
        let page = format!(r#"{{"url":"{url}"}}"#);
        let left = cart(&failed_with(&[web[0], web[1], ("checkout", &page)])).resume_link;
        let owed = failure(&failed_with(&[("checkout", &page)])).pay_link;
        let link = expected.then_some(url);
        assert_eq!(left.as_ref().map(Link::expose), link, "{url}");
        assert_eq!(owed.as_ref().map(Link::expose), link, "{url}");
    }
}
