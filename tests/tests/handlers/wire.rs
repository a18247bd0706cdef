//! What the buyer gets, read from the bodies that reach Meta.

use jiff::tz::TimeZone;
use recoup_core::Policy;
use recoup_tests::{Asked, Settings, meta, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

fn invoice_event(id: &str, changes: &[(&str, Value)]) -> Value {
    let invoice = changes.iter().fold(stripe::invoice("in_1"), |invoice, (pointer, value)| {
        stripe::with(invoice, pointer, value.clone())
    });
    stripe::event(id, "invoice.payment_failed", invoice)
}

/// When it went on this clock, the template, its language and its body parameters.
fn shown(asked: &Asked, zone: &str) -> String {
    let body = asked.json();
    let template = &body["template"];
    let text = |value: &Value| value.as_str().unwrap_or("not a text").to_owned();
    let parameters: Vec<String> = template["components"][0]["parameters"]
        .as_array()
        .expect("a body")
        .iter()
        .map(|parameter| format!("{}={}", text(&parameter["parameter_name"]), text(&parameter["text"])))
        .collect();
    let zone = TimeZone::get(zone).expect("a zone");
    let at = asked.at.to_zoned(zone).strftime("%d %H:%M").to_string();
    format!(
        "{at} {} {}: {}",
        text(&template["name"]),
        text(&template["language"]["code"]),
        parameters.join(", ")
    )
}

fn thread(scene: &Scene, zone: &str) -> Vec<String> {
    scene.whatsapp_sends().iter().map(|asked| shown(asked, zone)).collect()
}

#[test]
fn r9_days_0_3_7_and_14_as_they_reach_the_buyer() {
    scene(|scene| {
        scene.fail_invoice("in_1");
        scene.advance(days(20));
        let expected = [
            "23 10:02 payment_failed_first en: name=Ana María, amount=49.00 USD, brand=Acme",
            "26 10:00 payment_failed_second en: name=Ana María, amount=49.00 USD, brand=Acme, \
             suspension_date=7 December 2026, days_left=11",
            "30 10:00 payment_failed_final en: name=Ana María, amount=49.00 USD, brand=Acme, \
             suspension_date=7 December 2026",
            "07 10:02 account_suspended en: name=Ana María, brand=Acme, suspension_date=7 December 2026, \
             amount=49.00 USD",
        ];
        assert_eq!(thread(scene, "Europe/London"), expected);
        assert_eq!(scene.case("in_1").state().as_str(), "exhausted");
        assert_eq!(scene.alarms(), Vec::<String>::new());
    });
}

#[test]
fn r9_the_offer_of_day_14_needs_an_agreement_to_marketing() {
    let at = Settings::default().now.as_second();
    for (what, choices, last) in [
        ("agreed", &["resume"][..], "win_back_offer"),
        ("agreed and withdrew", &["resume", "stop"][..], "account_suspended"),
        ("said nothing", &[][..], "account_suspended"),
    ] {
        scene(|scene| {
            scene.fail_invoice("in_1");
            for (day, choice) in (1..).zip(choices) {
                scene.advance(days(1));
                let body = meta::preference(seeds::PHONE, choice, at + day * 86_400);
                assert_eq!(scene.post_meta(&body).status, 200);
            }
            scene.advance(days(20));
            assert_eq!(scene.templates().len(), 4, "{what}");
            assert_eq!(scene.templates()[3], last, "{what}");
        });
    }
}

#[test]
fn r9_days_and_hours_are_the_buyer_s_own() {
    let settings =
        Settings { now: "2026-11-23T02:30:00Z".parse().expect("well formed"), ..Settings::default() };
    for (zone, first, second) in [
        ("Europe/London", "23 09:00", "26 09:00"),
        ("America/Sao_Paulo", "23 09:00", "26 09:00"),
        ("Asia/Tokyo", "23 11:32", "26 11:30"),
        ("Asia/Kolkata", "23 09:00", "26 09:00"),
    ] {
        scene_with(settings.clone(), |scene| {
            let event = invoice_event("evt_1", &[("/metadata", json!({"time_zone": zone}))]);
            assert_eq!(scene.post_stripe(&event).status, 200);
            scene.advance(days(4));
            let thread = thread(scene, zone);
            assert_eq!(thread.len(), 2, "{zone}");
            assert!(thread[0].starts_with(first) && thread[1].starts_with(second), "{zone}: {thread:?}");
        });
    }
}

#[test]
fn r6_the_text_follows_the_processor_s_attempt_and_the_day_whichever_is_later() {
    for (attempt, first) in [
        (1, "payment_failed_first"),
        (2, "payment_failed_second"),
        (3, "payment_failed_final"),
        (7, "payment_failed_final"),
    ] {
        scene(|scene| {
            let event = invoice_event("evt_1", &[("/attempt_count", json!(attempt))]);
            assert_eq!(scene.post_stripe(&event).status, 200);
            scene.advance(hours(2));
            assert_eq!(scene.templates(), [first], "attempt {attempt}");
        });
    }
    scene(|scene| {
        for (attempt, wait) in [(1, 24), (2, 12), (3, 96)] {
            let event = invoice_event(&format!("evt_{attempt}"), &[("/attempt_count", json!(attempt))]);
            assert_eq!(scene.post_stripe(&event).status, 200);
            scene.advance(hours(wait));
        }
        assert_eq!(
            scene.templates(),
            ["payment_failed_first", "payment_failed_final"],
            "three failures, two days"
        );
    });
}

#[test]
fn o32_no_message_goes_in_the_hours_before_a_retry_that_may_cure_the_debt() {
    scene(|scene| {
        let retry = scene.memory.time().as_second() + 4 * 3600;
        let event = invoice_event("evt_1", &[("/next_payment_attempt", json!(retry))]);
        assert_eq!(scene.post_stripe(&event).status, 200);
        scene.advance(minutes(4 * 60 + 29));
        assert_eq!(thread(scene, "UTC"), Vec::<String>::new());
        scene.advance(minutes(5));
        assert_eq!(scene.templates(), ["payment_failed_first"]);
        assert_eq!(scene.trail("in_1")[1], "awaits_retry 0");
    });
}

#[test]
fn r7_amounts_are_shown_in_the_currency_s_own_decimals() {
    for (minor, currency, shown) in [
        (4900, "usd", "49.00 USD"),
        (1500, "jpy", "1500 JPY"),
        (1500, "kwd", "1.500 KWD"),
        (149_900, "inr", "1499.00 INR"),
        (5, "eur", "0.05 EUR"),
    ] {
        scene(|scene| {
            let changes = [("/amount_remaining", json!(minor)), ("/currency", json!(currency))];
            assert_eq!(scene.post_stripe(&invoice_event("evt_1", &changes)).status, 200);
            scene.advance(hours(1));
            let thread = thread(scene, "UTC");
            assert!(thread[0].contains(&format!("amount={shown},")), "{thread:?}");
        });
    }
}

#[test]
fn r10_every_date_and_number_comes_from_the_policy_and_no_placeholder_leaves() {
    let policy = Policy { suspend_after_days: 10, ..Policy::standard("Acme") };
    scene_with(Settings { policy, ..Settings::default() }, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(days(20));
        let thread = thread(scene, "Europe/London");
        assert!(thread[1].ends_with("suspension_date=3 December 2026, days_left=7"), "{}", thread[1]);
        assert!(thread[2].ends_with("suspension_date=3 December 2026"), "{}", thread[2]);
        for asked in scene.whatsapp_sends() {
            let components = asked.json()["template"]["components"].to_string();
            for hole in ["{{", "{name}", "{link}", "undefined", "null", "\"text\":\"\""] {
                assert!(!components.contains(hole), "{hole}");
            }
        }
    });
}

#[test]
fn r10_a_message_that_would_have_a_hole_stays_and_says_why() {
    for (changes, reason) in [
        (&[("/hosted_invoice_url", Value::Null)][..], "no_link 0"),
        (&[("/hosted_invoice_url", json!("https://pay.example.com/seeded"))][..], "no_link 0"),
        (&[("/hosted_invoice_url", json!("http://invoice.stripe.com/i/seeded"))][..], "no_link 0"),
        (&[("/currency", json!("xxx"))][..], "missing_variable 0"),
    ] {
        scene(|scene| {
            assert_eq!(scene.post_stripe(&invoice_event("evt_1", changes)).status, 200);
            scene.advance(days(1));
            assert_eq!(scene.whatsapp_sends().len(), 0, "{reason}");
            assert_eq!(scene.trail("in_1"), ["opened", reason]);
        });
    }
}

#[test]
fn f37_what_a_buyer_typed_as_a_name_reaches_meta_clean_or_not_at_all() {
    for (typed, shown) in [
        ("Ana María", "Ana María"),
        ("\u{202e}Ana\n\tMaría     \u{200b}", "Ana María"),
        ("Ana https://evil.example María", "Ana María"),
        ("{{1}}", "there"),
        ("", "there"),
    ] {
        scene(|scene| {
            assert_eq!(
                scene.post_stripe(&invoice_event("evt_1", &[("/customer_name", json!(typed))])).status,
                200
            );
            scene.advance(hours(1));
            let thread = thread(scene, "UTC");
            assert!(thread[0].contains(&format!(" name={shown}, ")), "{thread:?}");
        });
    }
}

#[test]
fn the_request_to_meta_is_whole() {
    scene(|scene| {
        let event = invoice_event("evt_1", &[("/metadata/locale", json!("es-MX"))]);
        assert_eq!(scene.post_stripe(&event).status, 200);
        scene.advance(hours(1));
        let asked = &scene.whatsapp_sends()[0];
        assert_eq!(asked.url, "https://graph.facebook.com/v26.0/106540352242922/messages");
        assert_eq!(asked.authorization, format!("Bearer {}", seeds::ACCESS_TOKEN));
        let body = asked.json();
        let token = body["biz_opaque_callback_data"].as_str().and_then(|text| text.rsplit('/').next());
        let token = token.expect("a correlation string").to_owned();
        let button = |kind: &str, index: &str, parameter: Value| json!({"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]});
        let text = |name: &str, text: &str| json!({"type": "text", "parameter_name": name, "text": text});
        let expected = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": seeds::PHONE,
            "type": "template",
            "biz_opaque_callback_data": format!("rcp1/main/stripe/in_1/0/whatsapp/{token}"),
            "template": {
                "name": "payment_failed_first",
                "language": {"code": "es"},
                "components": [
                    {"type": "body", "parameters": [
                        text("name", seeds::NAME), text("amount", "49.00 USD"), text("brand", "Acme"),
                    ]},
                    button("url", "0", json!({"type": "text", "text": seeds::LINK_SUFFIX})),
                    button("quick_reply", "1", json!({"type": "payload", "payload": "HELP"})),
                    button("quick_reply", "2", json!({"type": "payload", "payload": "STOP"})),
                ]
            }
        });
        assert_eq!(body, expected);
    });
}
