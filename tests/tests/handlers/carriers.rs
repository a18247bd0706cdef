//! Steps by the providers beside Meta and AWS: Twilio and Rapiwa by WhatsApp, Twilio and MSG91 by text message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use recoup_app::ports::SecretName;
use recoup_tests::{Reply, Settings, Sms, Whatsapp, meta, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, scene_with};

fn by_whatsapp<T>(whatsapp: Whatsapp, test: impl FnOnce(&mut Scene) -> T) -> T {
    scene_with(Settings { whatsapp, ..Settings::default() }, test)
}

fn by_text<T>(sms: Sms, test: impl FnOnce(&mut Scene) -> T) -> T {
    scene_with(Settings { sms, ..Settings::default() }, |scene| {
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
        test(scene)
    })
}

#[test]
fn a_step_goes_by_twilio_s_whatsapp_as_an_approved_content_that_reports_its_statuses() {
    by_whatsapp(Whatsapp::Twilio, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        let sends = scene.twilio_sends();
        assert_eq!(sends.len(), 1);
        let sent = &sends[0];
        assert_eq!(sent.field("To"), format!("whatsapp:{}", seeds::PHONE));
        assert_eq!(sent.field("From"), "whatsapp:+15017122662");
        assert_eq!(sent.field("ContentSid"), seeds::content_sid("payment_failed_first", "en"));
        let variables: Value = serde_json::from_str(&sent.field("ContentVariables")).expect("JSON");
        let expected = json!({"1": seeds::NAME, "2": "49.00 USD", "3": "Acme", "4": seeds::LINK_SUFFIX});
        assert_eq!(variables, expected);
        let callback = sent.field("StatusCallback");
        let ours = "https://recoup.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.0.whatsapp.";
        assert!(callback.starts_with(ours) && callback.ends_with("#rc=2&rp=all"), "{callback}");
        assert_eq!(scene.whatsapp_sends().len(), 0, "Meta is not asked");
    });
}

#[test]
fn a_week_by_twilio_is_the_week_by_meta() {
    by_whatsapp(Whatsapp::Twilio, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(days(20));
        let sids: Vec<String> = scene.twilio_sends().iter().map(|sent| sent.field("ContentSid")).collect();
        let templates =
            ["payment_failed_first", "payment_failed_second", "payment_failed_final", "account_suspended"];
        assert_eq!(sids, templates.map(|template| seeds::content_sid(template, "en")));
    });
}

#[test]
fn what_twilio_refuses_by_whatsapp_goes_by_text_and_what_nobody_knows_goes_nowhere() {
    for (reply, ledger) in [
        (Reply::twilio_error(400, 63_003), &["0 whatsapp failed", "0 sms sent"][..]),
        (Reply::twilio_error(400, 63_041), &["0 whatsapp failed", "0 sms sent"]),
        (Reply::Lost, &["0 whatsapp claimed"]),
        (Reply::twilio_error(500, 20_500), &["0 whatsapp claimed"]),
    ] {
        by_whatsapp(Whatsapp::Twilio, |scene| {
            scene.memory.answer("api.twilio.com", [reply.clone()]);
            scene.fail_invoice("in_1");
            scene.advance(days(1));
            assert_eq!(scene.ledger("in_1"), ledger, "{reply:?}");
            assert_eq!(scene.twilio_sends().len(), 1, "{reply:?}");
        });
    }
}

#[test]
fn a_template_without_a_content_is_parked_and_the_others_go() {
    by_whatsapp(Whatsapp::Twilio, |scene| {
        let text = seeds::secret_text(SecretName::Twilio).replace("payment_failed_first", "renamed");
        scene.memory.set_secret(SecretName::Twilio, &text);
        scene.fail_invoice("in_1");
        scene.advance(days(4));
        assert_eq!(scene.parked(), ["malformed_request"]);
        assert!(scene.alarms().contains(&"malformed_request".to_owned()), "{:?}", scene.alarms());
        assert_eq!(scene.ledger("in_1").last().map(String::as_str), Some("1 whatsapp sent"));
    });
}

#[test]
fn r16_an_account_without_its_sender_holds_everything_until_it_has_one() {
    by_whatsapp(Whatsapp::Twilio, |scene| {
        let text = seeds::secret_text(SecretName::Twilio).replace("whatsapp_from", "whatsapp_form");
        scene.memory.set_secret(SecretName::Twilio, &text);
        scene.fail_invoice("in_1");
        scene.advance(hours(2));
        assert_eq!((scene.twilio_sends().len(), scene.memory.texts().len()), (0, 0));
        assert_eq!(scene.alarms(), ["account_held"]);
        scene.memory.set_secret(SecretName::Twilio, &seeds::secret_text(SecretName::Twilio));
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
    });
}

#[test]
fn a_rotated_token_of_twilio_sends_with_the_first() {
    by_whatsapp(Whatsapp::Twilio, |scene| {
        let list = format!(r#"["next_seeded","{}"]"#, seeds::TWILIO_TOKEN);
        let text = seeds::secret_text(SecretName::Twilio);
        let text = text.replace(&format!("\"{}\"", seeds::TWILIO_TOKEN), &list);
        scene.memory.set_secret(SecretName::Twilio, &text);
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let pair = STANDARD.encode(format!("AC{}:next_seeded", "0".repeat(32)));
        assert_eq!(scene.twilio_sends()[0].authorization, format!("Basic {pair}"));
    });
}

#[test]
fn msg91_gets_the_registered_text_by_its_flow() {
    by_text(Sms::Msg91, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(12));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
        let asked = scene.memory.asked("control.msg91.com");
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].url, "https://control.msg91.com/api/v5/flow");
        let body = asked[0].json();
        let reference = body["CRQID"].as_str().unwrap_or_default();
        assert!(reference.starts_with("rcp1.main.stripe.in_1.0.sms."), "{reference}");
        assert_eq!((&body["template_id"], &body["short_url"]), (&json!("64f0c1e2a5b3"), &json!("0")));
        let expected = json!([{
            "mobiles": seeds::PHONE.trim_start_matches('+'),
            "VAR1": "Acme", "VAR2": "Ana Maria", "VAR3": "49.00 USD", "VAR4": seeds::LINK,
        }]);
        assert_eq!(body["recipients"], expected);
    });
}

#[test]
fn a_text_that_is_not_registered_at_msg91_is_parked_and_never_leaves() {
    by_text(Sms::Msg91, |scene| {
        let spanish = stripe::with(stripe::invoice("in_1"), "/metadata/locale", json!("es"));
        let event = stripe::event("evt_1", "invoice.payment_failed", spanish);
        assert_eq!(scene.post_stripe(&event).status, 200);
        scene.advance(hours(12));
        assert_eq!(scene.memory.asked("control.msg91.com").len(), 0);
        assert_eq!(scene.parked(), ["malformed_request"]);
    });
}

#[test]
fn rapiwa_gets_the_whole_text_with_its_link_and_its_exits() {
    by_whatsapp(Whatsapp::Rapiwa, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        let asked = scene.memory.asked("app.rapiwa.com");
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].url, "https://app.rapiwa.com/api/send-message");
        assert_eq!(asked[0].authorization, format!("Bearer {}", seeds::RAPIWA_KEY));
        let text = format!(
            "Acme: Hi {}, your payment of 49.00 USD did not go through. Pay here: {} Reply HELP for help, STOP to end.",
            seeds::NAME,
            seeds::LINK
        );
        let number = seeds::PHONE.trim_start_matches('+');
        let expected = json!({"number": number, "message_type": "text", "message": text});
        assert_eq!(asked[0].json(), expected);
    });
}

#[test]
fn o4_rapiwa_sends_no_offer_without_consent_either() {
    for (agreed, offers) in [(false, 0), (true, 1)] {
        by_whatsapp(Whatsapp::Rapiwa, |scene| {
            if agreed {
                let at = scene.memory.time().as_second();
                assert_eq!(scene.post_meta(&meta::preference(seeds::PHONE, "resume", at)).status, 200);
            }
            scene.fail_invoice("in_1");
            scene.advance(days(20));
            let asked = scene.memory.asked("app.rapiwa.com");
            assert_eq!(asked.len(), 4);
            let offer = |asked: &&recoup_tests::Asked| asked.text().contains("20%");
            assert_eq!(asked.iter().filter(offer).count(), offers, "agreed: {agreed}");
        });
    }
}

#[test]
fn what_rapiwa_refuses_goes_by_text_and_an_unlinked_phone_holds_everything() {
    let refused = |error: &str| Reply::Json(200, json!({"success": false, "error": error}));
    for (reply, ledger) in [
        (refused("number is not on whatsapp"), &["0 whatsapp failed", "0 sms sent"][..]),
        (refused("device not connected"), &["0 whatsapp retryable"]),
        (Reply::Lost, &["0 whatsapp claimed"]),
    ] {
        by_whatsapp(Whatsapp::Rapiwa, |scene| {
            scene.memory.answer_always("app.rapiwa.com", reply.clone());
            scene.fail_invoice("in_1");
            scene.advance(hours(2));
            assert_eq!(scene.ledger("in_1"), ledger, "{reply:?}");
        });
    }
}
