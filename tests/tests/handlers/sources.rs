//! Webhooks of stores, vendors and own backends in, messages out; and sources that say too little or only once.

use http::HeaderMap;
use recoup_app::http::Answer;
use recoup_app::ports::{Clock as _, Queue, SecretName};
use recoup_app::webhook::Front;
use recoup_app::{cart_webhook, merchant_webhook, payment_webhook};
use recoup_core::{CaseId, Policy, Secret};
use recoup_processors::by_name;
use recoup_tests::run::run;
use recoup_tests::{Call, Fault, Reply, Settings, Stack, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, hours, minutes, scene, scene_with};

/// A key in the form that Standard Webhooks reads; every other source takes any text.
const KEY: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";

fn shop() -> Settings {
    let policy = Policy {
        shop_link_base: "https://shop.example.com/".to_owned(),
        identity_link_base: "https://id.example.com/".to_owned(),
        ..Policy::standard("Acme")
    };
    Settings { policy, ..Settings::default() }
}

/// Gives a source a secret of the tests, with an API key.
fn with_key(scene: &Scene, source: &'static str, key: &str) {
    let text = json!({"signing_secrets": [key], "api_key": seeds::API_KEY}).to_string();
    scene.memory.set_secret(SecretName::Source(source), &text);
}

/// Posts what a source would send for this body.
fn post(
    scene: &Scene,
    front: Front,
    source: &'static str,
    topic: Option<(&str, &str)>,
    body: &str,
) -> Answer {
    let secret = Secret::parse(KEY).expect("fit");
    let sender = by_name(source).expect("a source");
    let url = format!("https://hooks.example.com/webhooks/{source}");
    let signed = sender.sign(body.as_bytes(), &secret, scene.memory.wall(), &url).expect("a shared secret");
    let mut headers: HeaderMap = signed.headers;
    if let Some((name, value)) = topic {
        headers.insert(name.parse::<http::HeaderName>().expect("a name"), value.parse().expect("a value"));
    }
    let request = Stack::request(source, headers, signed.body);
    run(scene.webhooks.handle(front, &request)).expect("the process lives")
}

fn shopify(scene: &Scene, topic: &str, body: &Value) -> Answer {
    with_key(scene, "shopify", KEY);
    post(scene, cart_webhook::FRONT, "shopify", Some(("x-shopify-topic", topic)), &body.to_string())
}

/// An event of the merchant's own backend; its id is what it is told apart by.
pub(crate) fn tell(scene: &Scene, kind: &str, data: &Value) -> Answer {
    with_key(scene, "standard_webhooks", KEY);
    let timestamp = scene.memory.wall().to_string();
    let body = json!({"type": kind, "timestamp": timestamp, "version": 1, "data": data}).to_string();
    post(scene, merchant_webhook::FRONT, "standard_webhooks", None, &body)
}

fn checkout(token: &str, at: &str) -> Value {
    json!({
        "token": token, "cart_token": format!("cart_{token}"), "email": "ana@example.com",
        "updated_at": at, "created_at": at, "completed_at": null, "currency": "USD", "total_price": "49.00",
        "phone": seeds::PHONE, "customer_locale": "en", "buyer_accepts_sms_marketing": true,
        "sms_marketing_phone": seeds::PHONE,
        "abandoned_checkout_url": format!("https://shop.example.com/recover_seeded/{token}"),
    })
}

fn order(id: u64, checkout: Option<&str>, email: &str, at: &str) -> Value {
    json!({
        "id": id, "name": format!("#{id}"), "checkout_token": checkout, "email": email,
        "created_at": at, "updated_at": at, "processed_at": at, "currency": "USD", "total_price": "49.00",
        "total_outstanding": "0.00", "financial_status": "paid", "cancelled_at": null,
    })
}

fn at(scene: &Scene) -> String {
    scene.memory.wall().to_string()
}

#[test]
fn t3_a_cart_left_at_the_store_is_reminded_of_half_an_hour_after_its_last_change() {
    scene_with(shop(), |scene| {
        assert_eq!(shopify(scene, "checkouts/create", &checkout("tok1", &at(scene))), Answer::of(200));
        scene.advance(minutes(20));
        assert_eq!(shopify(scene, "checkouts/update", &checkout("tok1", &at(scene))), Answer::of(200));
        scene.advance(minutes(29));
        assert_eq!(scene.templates(), Vec::<String>::new());
        scene.advance(minutes(2));
        assert_eq!(scene.templates(), ["cart_reminder_first"]);
        let sent = scene.whatsapp_sends()[0].json();
        assert!(sent.to_string().contains("recover_seeded/tok1"), "the button leads back to the cart");
        assert_eq!(sent["to"], seeds::PHONE);
    });
}

#[test]
fn o21_a_storm_of_cart_changes_costs_one_write_each_and_no_timer_beyond_the_first() {
    scene_with(shop(), |scene| {
        shopify(scene, "checkouts/create", &checkout("tok1", &at(scene)));
        let before = scene.memory.calls();
        for _ in 0..30 {
            scene.advance(hours(0) + minutes(1));
            shopify(scene, "checkouts/update", &checkout("tok1", &at(scene)));
        }
        let after = scene.memory.calls();
        let more = |call| after.of(call) - before.of(call);
        assert!(more(Call::CreateSchedule) + more(Call::Push(Queue::Whatsapp)) <= 2, "timers are not moved");
        scene.advance(minutes(31));
        assert_eq!(scene.templates(), ["cart_reminder_first"]);
    });
}

#[test]
fn t3_an_order_by_the_same_cart_or_the_same_buyer_ends_the_reminders() {
    for (what, placed) in [
        ("the checkout", order(1, Some("tok1"), "other@example.com", "")),
        ("the buyer's address", order(1, None, "Ana@Example.com", "")),
    ] {
        scene_with(shop(), |scene| {
            shopify(scene, "checkouts/update", &checkout("tok1", &at(scene)));
            scene.advance(minutes(10));
            let mut placed = placed.clone();
            for member in ["created_at", "updated_at", "processed_at"] {
                placed[member] = json!(at(scene));
            }
            assert_eq!(shopify(scene, "orders/create", &placed), Answer::of(200), "{what}");
            scene.advance(hours(5 * 24));
            assert_eq!(scene.templates(), Vec::<String>::new(), "{what}");
        });
    }
}

#[test]
fn t4_a_refused_check_reaches_the_buyer_with_its_cause_and_the_way_to_try_again() {
    scene_with(shop(), |scene| {
        let rejected = json!({
            "case_id": "kyc_1", "reason": "expired", "may_retry": true,
            "retake_url": "https://id.example.com/retake_seeded",
            "customer": {"id": "u1", "phone": seeds::PHONE, "name": seeds::NAME, "locale": "en"},
        });
        assert_eq!(tell(scene, "kyc.rejected", &rejected), Answer::of(200));
        scene.advance(minutes(5));
        assert_eq!(scene.templates(), ["kyc_retake_first"]);
        let sent = scene.whatsapp_sends()[0].json().to_string();
        assert!(sent.contains("the document has expired") && sent.contains("retake_seeded"), "{sent}");
        tell(scene, "kyc.pending", &json!({"case_id": "kyc_1"}));
        scene.advance(hours(4 * 24));
        assert_eq!(scene.templates().len(), 1, "handed in again");
    });
}

#[test]
fn o48_what_other_tools_send_and_what_buyers_agree_to_counts_like_our_own() {
    scene(|scene| {
        let buyer = json!({"id": "u1", "phone": seeds::PHONE});
        tell(scene, "touch.sent", &json!({"customer": buyer}));
        scene.fail_invoice("in_1");
        scene.advance(minutes(30));
        assert_eq!(scene.templates(), Vec::<String>::new(), "another message went within the hour");
        scene.advance(minutes(40));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        let silence = json!({"scope": "all", "granted": false, "customer": buyer});
        assert_eq!(tell(scene, "consent.changed", &silence), Answer::of(200));
        scene.advance(hours(15 * 24));
        assert_eq!(scene.templates().len(), 1);
        assert_eq!(scene.case("in_1").state().as_str(), "suppressed");
    });
}

#[test]
fn o52_a_source_of_another_family_or_without_a_secret_is_unknown_here() {
    scene(|scene| {
        with_key(scene, "shopify", KEY);
        let topic = Some(("x-shopify-topic", "checkouts/create"));
        let other = post(scene, payment_webhook::FRONT, "shopify", topic, &checkout("t", "").to_string());
        assert_eq!(other, Answer::of(404));
        let unset = post(scene, payment_webhook::FRONT, "paddle", None, "{}");
        assert_eq!(unset, Answer::of(404), "no secret, no source");
        assert_eq!(scene.memory.cases().len(), 0);
    });
}

#[test]
fn r4_each_source_is_refused_with_the_status_it_expects() {
    scene(|scene| {
        let forged = Stack::request("gocardless", HeaderMap::new(), "{\"events\":[]}");
        let answer = run(scene.webhooks.handle(payment_webhook::FRONT, &forged)).expect("lives");
        assert_eq!(answer.status, 498);
    });
}

fn woocommerce(scene: &Scene) -> Answer {
    with_key(scene, "woocommerce", KEY);
    let body = json!({
        "id": 727, "status": "failed", "currency": "USD", "total": "49.00", "date_modified_gmt": "2026-11-23T10:00:00",
        "date_created_gmt": "2026-11-23T10:00:00", "billing": {"phone": seeds::PHONE, "first_name": "Ana"},
    });
    post(
        scene,
        cart_webhook::FRONT,
        "woocommerce",
        Some(("x-wc-webhook-topic", "order.updated")),
        &body.to_string(),
    )
}

#[test]
fn o48_a_source_that_delivers_only_once_loses_nothing_to_our_own_trouble() {
    let id = CaseId::parse("main/woocommerce/727").expect("well formed");
    scene(|scene| {
        scene.memory.fail_always(Call::CommitCase, Fault::Refuse);
        assert_eq!(woocommerce(scene), Answer::of(200), "the store is down");
        scene.memory.heal();
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 1);
        scene.advance(hours(1));
        assert!(scene.memory.case(&id).is_some(), "applied later");
    });
    scene(|scene| {
        scene.memory.fail_always(Call::Secret(SecretName::Source("woocommerce")), Fault::Refuse);
        assert_eq!(woocommerce(scene), Answer::of(200), "nothing can be verified");
        scene.memory.heal();
        scene.advance(hours(1));
        assert!(scene.memory.case(&id).is_some(), "verified and applied later");
    });
}

#[test]
fn o48_a_webhook_that_is_only_an_id_is_asked_back_and_comes_again_until_it_is_answered() {
    scene(|scene| {
        with_key(scene, "mollie", "classic");
        let request = Stack::request("mollie", HeaderMap::new(), "id=tr_1");
        let post =
            |scene: &Scene| run(scene.webhooks.handle(payment_webhook::FRONT, &request)).expect("lives");
        assert_eq!(post(scene).status, 503, "nobody answers");
        assert_eq!(scene.last_line().get("reason"), "ask_back_unreachable");
        assert_eq!(scene.memory.cases().len(), 0);
        let payment = json!({
            "resource": "payment", "id": "tr_1", "mode": "live", "status": "failed", "sequenceType": "oneoff",
            "amount": {"value": "49.00", "currency": "EUR"}, "failedAt": "2026-11-23T10:00:00+00:00",
            "metadata": {"whatsapp_phone": seeds::PHONE},
        });
        scene.memory.answer("api.mollie.com/v2/payments/tr_1", [Reply::Json(200, payment)]);
        assert_eq!(post(scene), Answer::of(200));
        let id = CaseId::parse("main/mollie/tr_1").expect("well formed");
        assert!(scene.memory.case(&id).is_some());
        scene.memory.answer("api.mollie.com/v2/payments/tr_1", [Reply::Json(401, json!({"status": 401}))]);
        assert_eq!(post(scene).status, 503);
        assert_eq!(scene.last_line().get("reason"), "ask_back_denied");
    });
}

/// Only one source reports one debt under two names: what a store and a processor report are two matters.
#[test]
fn r3_a_cart_and_a_failed_payment_of_one_amount_are_not_taken_for_one_debt() {
    scene_with(shop(), |scene| {
        shopify(scene, "checkouts/update", &checkout("tok1", &at(scene)));
        scene.advance(minutes(31));
        assert_eq!(scene.templates(), ["cart_reminder_first"]);
        let page =
            json!({"pay_url": "https://invoice.stripe.com/o/acct_1/page", "whatsapp_phone": seeds::PHONE});
        let intent = stripe::with(stripe::payment_intent("pi_1"), "/metadata", page);
        let intent = stripe::with(intent, "/amount", json!(4900));
        let failed = stripe::event("evt_1", "payment_intent.payment_failed", intent);
        assert_eq!(scene.post_stripe(&failed), Answer::of(200));
        scene.advance(hours(3));
        assert_eq!(
            scene.templates(),
            ["cart_reminder_first", "payment_failed_first"],
            "{:?}",
            scene.trail("pi_1")
        );
    });
}
