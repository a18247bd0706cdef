//! The merchant's app on a device of the buyer: wherever a merchant can put keys of its own, `push_token` is read.

use bytes::Bytes;
use http::Response;
use recoup_core::{BuyerFacts, CustomerId, Fact, PushToken};
use recoup_processors::{Lookup, LookupAnswer, Normalised, by_name};

use crate::read_edited;

/// Where merchants put it: source, fixture, a text of it, and the same with a token, which stands for `TOKEN`.
const PLACES: &[(&str, &str, &str, &str)] = &[
    (
        "adyen",
        "AUTHORISATION.failed.first.json",
        r#""metadata.whatsapp_phone": "+1 415 555 0123""#,
        r#""metadata.push_token": "TOKEN""#,
    ),
    (
        "braintree",
        "subscription_charged_unsuccessfully.custom-field-phone.xml",
        "<whatsapp-phone>+44 20 7946 0958</whatsapp-phone>",
        "<push-token>TOKEN</push-token>",
    ),
    (
        "braintree",
        "transaction_settlement_declined.order.xml",
        "<custom-fields></custom-fields>",
        "<custom-fields><push_token>TOKEN</push_token></custom-fields>",
    ),
    (
        "cashfree",
        "PAYMENT_FAILED_WEBHOOK.tags.json",
        r#""whatsapp_phone": "+442079460958""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "chargebee",
        "payment_failed.meta-data.json",
        r#""whatsapp_phone": "+442079460958""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "chargebee",
        "payment_failed.meta-data.json",
        r#""cf_whatsapp_phone": "+442079460000""#,
        r#""cf_push_token": "TOKEN""#,
    ),
    (
        "gocardless",
        "payments.failed.one-off.json",
        r#""whatsapp_phone": "+33 1 99 00 12 34""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "gocardless",
        "payments.failed.final.json",
        r#""whatsapp_phone": "+442079460958""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "lemon_squeezy",
        "subscription_payment_failed.first.json",
        r#""whatsapp_phone": "+14155550123""#,
        r#""push_token": "TOKEN""#,
    ),
    ("mollie", "payment.failed.json", r#""whatsapp_phone": "+1 415 555 0123""#, r#""push_token": "TOKEN""#),
    ("mollie", "classic.expired.form", r#""whatsapp_phone": "+1 415 555 0123""#, r#""push_token": "TOKEN""#),
    (
        "onfido",
        "workflow_run.completed.declined.phone.json",
        r#""whatsapp_phone": "+14155550123""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "paddle",
        "transaction.payment_failed.first.json",
        r#""whatsapp_phone": "+14155550123""#,
        r#""push_token": "TOKEN""#,
    ),
    ("paddle", "customer.updated.json", r#""whatsapp_phone": "+14155550123""#, r#""push_token": "TOKEN""#),
    (
        "persona",
        "inquiry.failed.snake-case.json",
        r#""whatsapp_phone": {"type": "string", "value": "+14155550123"}"#,
        r#""push_token": {"type": "string", "value": "TOKEN"}"#,
    ),
    ("phonepe", "checkout.order.failed.json", "whatsapp_phone=+442079460958", "push_token=TOKEN"),
    (
        "razorpay",
        "payment.failed.guest.json",
        r#""whatsapp_phone": "+44 20 7946 0958""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "razorpay",
        "payment.failed.invoice.asked.json",
        "\n  \"notes\": []",
        "\n  \"notes\": { \"push_token\": \"TOKEN\" }",
    ),
    (
        "recurly",
        "charge_invoice.past_due.retry.json",
        r#""custom_fields": ["#,
        r#""custom_fields": [{ "name": "push_token", "value": "TOKEN" },"#,
    ),
    (
        "shopify",
        "checkouts.update.own-form-phone.json",
        r#""note_attributes": ["#,
        r#""note_attributes": [{ "name": "push_token", "value": "TOKEN" },"#,
    ),
    (
        "standard_webhooks",
        "payment.failed.first.json",
        r#""phone": "+14155550123""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "stripe",
        "invoice.payment_failed.first.2020-08-27.json",
        r#""whatsapp_phone": "+1 415 555 0123""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "stripe",
        "payment_intent.payment_failed.order.2025-03-31.basil.json",
        r#""order_id""#,
        r#""Push_Token": "TOKEN", "order_id""#,
    ),
    (
        "stripe",
        "checkout.session.expired.no-recovery.2025-03-31.basil.json",
        r#""whatsapp_phone": "+44 20 7946 0958""#,
        r#""push_token": "TOKEN""#,
    ),
    (
        "woocommerce",
        "order.updated.failed.own-form-phone.json",
        r#""meta_data": ["#,
        r#""meta_data": [{ "key": "push_token", "value": "TOKEN" },"#,
    ),
];

/// What an API says of a customer: source, the customer, the answer.
const ANSWERS: &[(&str, &str, &str)] = &[
    ("chargebee", "cust_1", r#"{"customer":{"id":"cust_1","cf_push_token":"TOKEN"}}"#),
    ("chargebee", "cust_1", r#"{"customer":{"id":"cust_1","meta_data":{"push_token":"TOKEN"}}}"#),
    ("gocardless", "CU1", r#"{"customers":{"id":"CU1","metadata":{"push_token":"TOKEN"}}}"#),
    ("mollie", "cst_1", r#"{"id":"cst_1","metadata":{"push_token":"TOKEN"}}"#),
    ("mollie", "cst_1", r#"{"id":"cst_1","metadata":"{\"push_token\":\"TOKEN\"}"}"#),
    ("paddle", "ctm_1", r#"{"data":{"id":"ctm_1","custom_data":{"push_token":"TOKEN"}}}"#),
    (
        "persona",
        "act_1",
        r#"{"data":{"id":"act_1","attributes":{"fields":{"push-token":{"value":"TOKEN"}}}}}"#,
    ),
    ("razorpay", "cust_1", r#"{"id":"cust_1","notes":{"push_token":"TOKEN"}}"#),
    ("recurly", "acc1", r#"{"id":"acc1","custom_fields":[{"name":"push_token","value":"TOKEN"}]}"#),
    ("stripe", "cus_1", r#"{"id":"cus_1","metadata":{"push_token":"TOKEN"}}"#),
    ("woocommerce", "7", r#"{"id":7,"meta_data":[{"key":"push_token","value":"TOKEN"}]}"#),
];

/// A token of Firebase has some 160 of these signs; OneSignal knows a buyer by the merchant's own id.
const TOKENS: [&str; 2] = ["bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1", "user-8812"];

fn malformed() -> [String; 4] {
    [String::new(), "two words".to_owned(), "caf\u{e9}".to_owned(), "x".repeat(513)]
}

fn buyers(normalised: &Normalised) -> Vec<&BuyerFacts> {
    normalised.events.iter().filter_map(|event| buyer(&event.fact)).collect()
}

fn buyer(fact: &Fact) -> Option<&BuyerFacts> {
    if let Fact::PaymentFailed(failed) = fact {
        Some(&failed.buyer)
    } else if let Fact::CheckoutUpdated(cart) | Fact::CheckoutAbandoned(cart) = fact {
        Some(&cart.buyer)
    } else if let Fact::KycRejected(rejected) = fact {
        Some(&rejected.buyer)
    } else if let Fact::CustomerUpdated(buyer) = fact {
        Some(buyer)
    } else {
        None
    }
}

fn shown(buyer: &BuyerFacts) -> Option<&str> {
    buyer.push.as_ref().map(PushToken::expose)
}

#[test]
fn r5_the_token_of_the_merchant_s_app_is_read_wherever_a_merchant_may_put_it() {
    for (source, body, from, to) in PLACES {
        let processor = by_name(source).expect("a source");
        for token in TOKENS {
            let normalised = read_edited(processor, body, from, &to.replace("TOKEN", token));
            let buyers = buyers(&normalised);
            assert!(!buyers.is_empty(), "{source} {body}");
            for buyer in buyers {
                assert_eq!(shown(buyer), Some(token), "{source} {body}");
            }
        }
    }
}

#[test]
fn r5_a_malformed_token_is_passed_over_and_nothing_else_with_it() {
    for (source, body, from, to) in PLACES {
        let processor = by_name(source).expect("a source");
        for token in malformed() {
            let normalised = read_edited(processor, body, from, &to.replace("TOKEN", &token));
            let buyers = buyers(&normalised);
            assert!(!buyers.is_empty(), "{source} {body}: {token}");
            assert!(buyers.iter().all(|buyer| buyer.push.is_none()), "{source} {body}: {token}");
        }
    }
}

#[test]
fn r5_a_customer_answers_with_the_token_of_the_merchant_s_app() {
    for (source, customer, body) in ANSWERS {
        let asked = Lookup::Customer(CustomerId::parse(customer).expect("well formed"));
        let read = |token: &str| {
            let answer = Response::new(Bytes::from(body.replace("TOKEN", token)));
            let answer = by_name(source).expect("a source").read_answer(&asked, &answer);
            let LookupAnswer::Buyer(buyer) = answer else { panic!("{source}: {answer:?}") };
            buyer.push
        };
        for token in TOKENS {
            assert_eq!(read(token).as_ref().map(PushToken::expose), Some(token), "{source}");
        }
        for token in malformed() {
            assert_eq!(read(&token), None, "{source}: {token}");
        }
    }
}

#[test]
fn i11_a_token_hides_itself_in_what_is_logged() {
    for (source, body, from, to) in PLACES {
        let processor = by_name(source).expect("a source");
        let normalised = read_edited(processor, body, from, &to.replace("TOKEN", TOKENS[0]));
        assert!(!format!("{normalised:?}").contains(TOKENS[0]), "{source} {body}");
    }
}
