//! Which failed payments are those of one order, whose buyer may still be at the checkout: these call for other messages, and
//! sooner, than an invoice or a renewal does.

use std::collections::BTreeSet;
use std::path::Path;

use recoup_core::{Fact, PaymentFailed};
use recoup_processors::{Normalised, Processor, all, by_name};

use crate::{bodies, read, read_edited};

/// What a source tells of its failures.
struct Row {
    source: &'static str,
    /// Every fixture that is of one order. Empty where the source tells of nothing but invoices, renewals and mandates.
    one_time: &'static [&'static str],
    /// A fixture that is not; every one that is not named above is none either.
    other: &'static str,
}

const TABLE: &[Row] = &[
    Row {
        source: "adyen",
        one_time: &["AUTHORISATION.failed.checkout.json"],
        other: "AUTHORISATION.failed.subscription.json",
    },
    Row {
        source: "braintree",
        one_time: &["transaction_settlement_declined.order.xml"],
        other: "subscription_charged_unsuccessfully.first.xml",
    },
    Row {
        source: "cashfree",
        one_time: &[
            "PAYMENT_FAILED_WEBHOOK.2023-08-01.json",
            "PAYMENT_FAILED_WEBHOOK.float-noise.json",
            "PAYMENT_FAILED_WEBHOOK.json",
            "PAYMENT_FAILED_WEBHOOK.jpy.json",
            "PAYMENT_FAILED_WEBHOOK.kwd.json",
            "PAYMENT_FAILED_WEBHOOK.tags.json",
            "PAYMENT_FAILED_WEBHOOK.trailing-zeros.json",
            "PAYMENT_FAILED_WEBHOOK.whole-rupees.json",
            "PAYMENT_USER_DROPPED_WEBHOOK.json",
        ],
        other: "PAYMENT_FAILED_WEBHOOK.link.json",
    },
    Row { source: "chargebee", one_time: &[], other: "payment_failed.no-invoice.json" },
    Row { source: "gocardless", one_time: &[], other: "payments.failed.one-off.json" },
    Row { source: "lemon_squeezy", one_time: &[], other: "subscription_payment_failed.first.json" },
    Row {
        source: "mollie",
        one_time: &[
            "classic.failed.form",
            "classic.failed.jpy.form",
            "classic.failed.order.form",
            "payment.failed.json",
            "payment.failed.thin.json",
            "payment.snapshot.json",
        ],
        other: "classic.failed.subscription.form",
    },
    Row { source: "paddle", one_time: &[], other: "transaction.payment_failed.first.json" },
    Row {
        source: "paypal",
        one_time: &[
            "PAYMENT.CAPTURE.DECLINED.lost-card.json",
            "PAYMENT.CAPTURE.DECLINED.month-nineteen.json",
            "PAYMENT.CAPTURE.DECLINED.order.json",
        ],
        other: "PAYMENT.CAPTURE.DENIED.no-order.json",
    },
    Row {
        source: "phonepe",
        one_time: &[
            "checkout.order.failed.bare.json",
            "checkout.order.failed.json",
            "pg.order.completed.failed.json",
        ],
        other: "paylink.order.failed.json",
    },
    Row {
        source: "razorpay",
        one_time: &[
            "payment.failed.json",
            "payment.failed.jpy.json",
            "payment.failed.kwd.json",
            "payment.failed.national-phone.json",
            "payment.failed.no-event-id.json",
        ],
        other: "payment.failed.invoice.json",
    },
    Row { source: "recurly", one_time: &[], other: "charge_invoice.past_due.first.json" },
    Row {
        source: "shopify",
        one_time: &[
            "order_transactions.create.failure.json",
            "order_transactions.create.failure.not-asked.json",
        ],
        other: "subscription_billing_attempts.failure.order.json",
    },
    Row { source: "square", one_time: &["payment.failed.json"], other: "payment.failed.no-product.json" },
    Row {
        source: "standard_webhooks",
        one_time: &["payment.failed.one-time.json"],
        other: "payment.failed.first.json",
    },
    Row {
        source: "stripe",
        one_time: &[
            "checkout.session.async_payment_failed.2025-03-31.basil.json",
            "payment_intent.payment_failed.guest.2025-03-31.basil.json",
            "payment_intent.payment_failed.order.2025-03-31.basil.json",
        ],
        other: "payment_intent.payment_failed.unlinked.2025-03-31.basil.json",
    },
    Row {
        source: "woocommerce",
        one_time: &[
            "order.updated.failed.guest-national-phone.json",
            "order.updated.failed.json",
            "order.updated.failed.jpy.json",
            "order.updated.failed.kwd.json",
            "order.updated.failed.own-form-phone.json",
        ],
        other: "order.updated.failed.renewal.json",
    },
];

/// What one member more, less or other makes of a fixture: source, fixture, text, its replacement, whether of one order.
const EDITS: &[(&str, &str, &str, &str, bool)] = &[
    // Adyen: unsaid, at a till, by telephone; a card stored for the next checkout, for a subscription, for top-ups.
    ("adyen", ADYEN, r#""shopperInteraction": "Ecommerce","#, "", false),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""POS""#, false),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""Moto""#, false),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""ContAuth""#, false),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""Ecommerce","recurringProcessingModel":"CardOnFile""#, true),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""Ecommerce","recurringProcessingModel":"Subscription""#, false),
    (
        "adyen",
        ADYEN,
        r#""Ecommerce""#,
        r#""Ecommerce","recurringProcessingModel":"UnscheduledCardOnFile""#,
        false,
    ),
    ("adyen", ADYEN, r#""Ecommerce""#, r#""Ecommerce","paymentLinkId":"PL1""#, false),
    ("adyen", ADYEN, r#""AUTHORISATION""#, r#""CAPTURE_FAILED""#, false),
    (
        "braintree",
        BRAINTREE,
        "</order-id>",
        r#"</order-id><recurring type="boolean">false</recurring>"#,
        true,
    ),
    (
        "braintree",
        BRAINTREE,
        "</order-id>",
        r#"</order-id><recurring type="boolean">true</recurring>"#,
        false,
    ),
    ("braintree", BRAINTREE, "</order-id>", "</order-id><subscription-id>sub_1</subscription-id>", false),
    ("cashfree", "PAYMENT_FAILED_WEBHOOK.tags.json", r#""whatsapp_phone""#, r#""cf_link_id""#, false),
    ("mollie", MOLLIE, r#""oneoff""#, r#""first""#, false),
    ("mollie", MOLLIE, r#""oneoff""#, r#""recurring""#, false),
    ("mollie", MOLLIE, r#""sequenceType": "oneoff","#, "", false),
    ("mollie", MOLLIE, r#""oneoff""#, r#""oneoff","subscriptionId":"sub_1""#, false),
    ("mollie", MOLLIE, r#""oneoff""#, r#""oneoff","mandateId":"mdt_1""#, false),
    ("mollie", MOLLIE, r#""oneoff""#, r#""oneoff","mandateId":null"#, true),
    ("paypal", PAYPAL, r#""final_capture": true"#, r#""billing_agreement_id": "I-1""#, false),
    ("paypal", PAYPAL, r#""order_id""#, r#""authorization_id""#, false),
    ("paypal", PAYPAL, "PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.DENIED", true),
    (
        "phonepe",
        PHONEPE,
        "\"state\": \"FAILED\",\n    \"amount\"",
        r#""state": "FAILED", "paymentFlow": {"merchantSubscriptionId": "S1"}, "amount""#,
        false,
    ),
    ("phonepe", PHONEPE, "checkout.order.failed", "subscription.setup.order.failed", false),
    ("razorpay", RAZORPAY, r#""order_id": "order_ExampleOrd01""#, r#""order_id": null"#, false),
    ("razorpay", RAZORPAY, r#""invoice_id": null"#, r#""invoice_id": "inv_1""#, false),
    ("razorpay", RAZORPAY, r#""invoice_id": null"#, r#""token_id": "token_1""#, false),
    ("razorpay", RAZORPAY, r#""invoice_id": null"#, r#""token_id": null"#, true),
    ("razorpay", RAZORPAY, r#""method": "card""#, r#""method": "emandate""#, false),
    ("razorpay", RAZORPAY, r#""method": "card""#, r#""method": "upi""#, true),
    ("razorpay", RAZORPAY, r#""description": null"#, r##""description": "#ExampleLink001""##, false),
    (
        "razorpay",
        RAZORPAY,
        r#""payload": {"#,
        r#""payload": {"subscription":{"entity":{"id":"sub_1"}},"#,
        false,
    ),
    ("shopify", SHOPIFY, r#""sale""#, r#""authorization""#, true),
    ("shopify", SHOPIFY, r#""sale""#, r#""capture""#, false),
    ("shopify", SHOPIFY, r#""web""#, r#""pos""#, false),
    ("shopify", SHOPIFY, r#""web""#, r#""subscription_contract""#, false),
    ("shopify", SHOPIFY, r#""web""#, "null", false),
    ("square", SQUARE, r#""ECOMMERCE_API""#, r#""ONLINE_STORE""#, true),
    ("square", SQUARE, r#""ECOMMERCE_API""#, r#""SQUARE_POS""#, false),
    ("square", SQUARE, r#""order_id": "ORDEREXAMPLE02","#, "", false),
    ("square", SQUARE, r#""errors": ["#, r#""entry_method": "KEYED", "errors": ["#, true),
    ("square", SQUARE, r#""errors": ["#, r#""entry_method": "ON_FILE", "errors": ["#, false),
    ("standard_webhooks", OWN, r#""one_time": true"#, r#""one_time": false"#, false),
    ("standard_webhooks", OWN, r#""one_time": true"#, r#""one_time": "true""#, false),
    // Stripe: of a customer, an order must be named, by key or reference, and nothing that goes on.
    ("stripe", STRIPE, r#""order_id": "A-1002","#, "", false),
    ("stripe", STRIPE, r#""order_id""#, r#""Cart-Number""#, true),
    ("stripe", STRIPE, r#""order_id""#, r#""invoice_id""#, false),
    ("stripe", STRIPE, r#""order_id""#, r#""subscription": "box", "order_id""#, false),
    ("stripe", STRIPE, r#""order_id""#, r#""payment_type": "recurring", "order_id""#, false),
    ("stripe", STRIPE, r#""order_id""#, r#""payment_type": "single", "order_id""#, true),
    ("stripe", STRIPE, r#""customer": "cus_"#, r#""invoice": "in_1", "customer": "cus_"#, false),
    ("stripe", STRIPE, r#""customer": "cus_"#, r#""invoice": null, "customer": "cus_"#, true),
    ("stripe", REFERENCE, "in_1RexampleInv01", "A-1002", true),
    ("stripe", REFERENCE, r#""in_1RexampleInv01""#, r#""""#, false),
    ("stripe", GUEST, r#""customer": null"#, r#""customer": null, "customer_account": "acct_1""#, false),
    ("stripe", GUEST, r#""metadata": {}"#, r#""metadata": { "lago_payable_type": "Invoice" }"#, false),
    ("stripe", SESSION, r#""mode": "payment""#, r#""mode": "subscription""#, false),
    ("stripe", SESSION, r#""invoice": null"#, r#""invoice": "in_1""#, false),
    ("stripe", SESSION, r#""mode": "payment","#, "", false),
    ("woocommerce", WOOCOMMERCE, r#""checkout""#, r#""store-api""#, true),
    ("woocommerce", WOOCOMMERCE, r#""checkout""#, r#""admin""#, false),
    ("woocommerce", WOOCOMMERCE, r#""checkout""#, r#""rest-api""#, false),
    ("woocommerce", WOOCOMMERCE, r#""checkout""#, "null", false),
];

const ADYEN: &str = "AUTHORISATION.failed.checkout.json";
const BRAINTREE: &str = "transaction_settlement_declined.order.xml";
const MOLLIE: &str = "payment.failed.json";
const PAYPAL: &str = "PAYMENT.CAPTURE.DECLINED.order.json";
const PHONEPE: &str = "checkout.order.failed.json";
const RAZORPAY: &str = "payment.failed.json";
const SHOPIFY: &str = "order_transactions.create.failure.not-asked.json";
const SQUARE: &str = "payment.failed.json";
const OWN: &str = "payment.failed.one-time.json";
const STRIPE: &str = "payment_intent.payment_failed.order.2025-03-31.basil.json";
const REFERENCE: &str = "payment_intent.payment_failed.order-reference.2025-03-31.basil.json";
const GUEST: &str = "payment_intent.payment_failed.guest.2025-03-31.basil.json";
const SESSION: &str = "checkout.session.async_payment_failed.2025-03-31.basil.json";
const WOOCOMMERCE: &str = "order.updated.failed.json";

/// The failures that a body tells of.
fn failures(normalised: &Normalised) -> Vec<&PaymentFailed> {
    normalised.events.iter().filter_map(|event| failure(&event.fact)).collect()
}

fn failure(fact: &Fact) -> Option<&PaymentFailed> {
    if let Fact::PaymentFailed(failed) = fact { Some(failed) } else { None }
}

/// The fixtures that tell of such a failure.
fn names(source: &dyn Processor, wanted: impl Fn(&PaymentFailed) -> bool) -> BTreeSet<String> {
    let of = |body: &Path| failures(&read(source, body)).into_iter().any(&wanted);
    let named = |body: &Path| body.file_name().expect("named").to_string_lossy().into_owned();
    bodies(source).iter().filter(|body| of(body)).map(|body| named(body)).collect()
}

#[test]
fn r1_each_source_tells_the_payment_of_one_order_from_those_of_an_agreement() {
    let failing = all().filter(|source| !names(*source, |_| true).is_empty());
    assert_eq!(
        failing.map(Processor::name).collect::<BTreeSet<_>>(),
        TABLE.iter().map(|row| row.source).collect(),
        "a source that tells of failures and has no row, or the other way"
    );
    for row in TABLE {
        let source = by_name(row.source).expect("a source");
        let expected: BTreeSet<String> = row.one_time.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names(source, |failed| failed.one_time), expected, "{}", row.source);
        let others = names(source, |failed| !failed.one_time);
        assert!(others.contains(row.other), "{}: {}", row.source, row.other);
    }
}

#[test]
fn r1_what_cannot_be_told_is_no_order() {
    for (source, body, from, to, expected) in EDITS {
        let normalised = read_edited(by_name(source).expect("a source"), body, from, to);
        let failures = failures(&normalised);
        assert_eq!(failures.len(), 1, "{source} {body}: {to}");
        assert_eq!(failures[0].one_time, *expected, "{source} {body}: {to}");
    }
}

#[test]
fn r3_a_debt_that_may_be_an_invoice_s_under_another_name_is_no_order() {
    for source in all() {
        let both = names(source, |failed| failed.one_time && failed.unlinked);
        assert!(both.is_empty(), "{}: {both:?}", source.name());
    }
}
