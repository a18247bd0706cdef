//! What Twilio, MSG91 and Rapiwa post: by what each is believed, and what follows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use recoup_app::engine::Outlets;
use recoup_app::http::{Answer, Request};
use recoup_app::ports::{Queue, SecretName};
use recoup_core::Secret;
use recoup_tests::{Call, Fault, Reply, Settings, Sms, Stack, Whatsapp, seeds, twilio};
use serde_json::json;

use crate::scene::{Scene, days, hours, minutes, scene_with};

/// A debt whose first message went by Twilio's WhatsApp, and where its statuses are posted.
fn sent_by_whatsapp<T>(test: impl FnOnce(&mut Scene, String) -> T) -> T {
    let settings = Settings { whatsapp: Whatsapp::Twilio, sms: Sms::Twilio, ..Settings::default() };
    scene_with(settings, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent"]);
        let callback = callback(scene);
        test(scene, callback)
    })
}

/// A debt whose first message went by Twilio's text message, and where its statuses are posted.
fn sent_by_text<T>(test: impl FnOnce(&mut Scene, String) -> T) -> T {
    let outlets = Outlets { help_desk: true, ..Outlets::default() };
    scene_with(Settings { sms: Sms::Twilio, outlets, ..Settings::default() }, |scene| {
        scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 131_026)]);
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
        let callback = callback(scene);
        test(scene, callback)
    })
}

/// The URL that Twilio calls about the last message: without the fragment, which only tunes its retries.
fn callback(scene: &Scene) -> String {
    let sent = scene.twilio_sends().pop().expect("something went");
    sent.field("StatusCallback").split('#').next().unwrap_or_default().to_owned()
}

fn status<'a>(reached: &'a str, code: &'a str) -> [(&'a str, &'a str); 4] {
    [("MessageSid", "SM1"), ("MessageStatus", reached), ("ErrorCode", code), ("To", seeds::PHONE)]
}

/// Says something by text message, and checks that Twilio is told to answer nothing.
fn texts(scene: &mut Scene, words: &str) {
    let id = format!("SM{}", scene.memory.time().as_second());
    let said = [("MessageSid", id.as_str()), ("From", seeds::PHONE), ("To", "+15017122661"), ("Body", words)];
    assert_eq!(scene.post_twilio(twilio::INBOUND, &said), silence());
    scene.advance(minutes(1));
}

fn silence() -> Answer {
    Answer { status: 200, body: "<Response/>".to_owned(), content_type: "text/xml" }
}

#[test]
fn r14_f25_twilio_s_statuses_in_any_order_lead_to_the_furthest_one() {
    let all = ["sent", "delivered", "read"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0]] {
        sent_by_whatsapp(|scene, callback| {
            for nth in order {
                for _ in 0..2 {
                    assert_eq!(scene.post_twilio(&callback, &status(all[nth], "")), silence());
                }
            }
            assert_eq!(scene.post_twilio(&callback, &status("undelivered", "63003")), silence());
            scene.advance(days(1));
            assert_eq!(scene.ledger("in_1"), ["0 whatsapp read"], "{order:?}");
            assert_eq!(scene.twilio_sends().len(), 1, "what was read did not fail: {order:?}");
        });
    }
}

#[test]
fn f24_what_twilio_could_not_deliver_is_read_by_its_code() {
    for (code, ledger, alarm) in [
        ("63003", &["0 whatsapp failed", "0 sms sent"][..], false),
        ("63014", &["0 whatsapp dropped"], false),
        ("30007", &["0 whatsapp dropped"], true),
        ("", &["0 whatsapp dropped"], true),
    ] {
        sent_by_whatsapp(|scene, callback| {
            for _ in 0..3 {
                assert_eq!(scene.post_twilio(&callback, &status("undelivered", code)), silence());
                scene.advance(minutes(5));
            }
            assert_eq!(scene.ledger("in_1"), ledger, "{code}");
            assert_eq!(!scene.alarms().is_empty(), alarm, "{code}: {:?}", scene.alarms());
            let refused_offers = scene.memory.recipients()[0].opted_out_marketing.is_some();
            assert_eq!(refused_offers, code == "63014", "{code}");
        });
    }
}

#[test]
fn f25_a_text_message_s_receipt_moves_its_own_entry() {
    sent_by_text(|scene, callback| {
        assert_eq!(scene.post_twilio(&callback, &status("delivered", "")), silence());
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms delivered"]);
        let case = scene.case("in_1");
        for foreign in ["", "?c=", "?c=some", "?c=rcp1.other.stripe.in_1.0.sms.t"] {
            let url = format!("{}{foreign}", twilio::INBOUND);
            assert_eq!(scene.post_twilio(&url, &status("read", "")), silence(), "{foreign}");
        }
        assert_eq!(scene.case("in_1"), case, "what is not ours changes nothing");
    });
}

#[test]
fn o28_a_stop_by_text_ends_every_lane_and_the_carrier_alone_confirms_it() {
    for word in ["STOP", " stop ", "Unsubscribe"] {
        sent_by_text(|scene, _| {
            texts(scene, word);
            assert_eq!(scene.case("in_1").state().as_str(), "suppressed", "{word}");
            scene.fail_invoice("in_2");
            scene.advance(days(20));
            assert_eq!(scene.twilio_sends().len(), 1, "no second confirmation, no message: {word}");
            assert_eq!(scene.whatsapp_sends().len(), 1, "nor by WhatsApp: {word}");
            assert_eq!(scene.answers(), Vec::<String>::new(), "{word}");
            assert!(scene.memory.recipients()[0].opted_out.is_some(), "{word}");
        });
    }
}

#[test]
fn o28_a_stop_in_other_words_is_confirmed_once_by_the_channel_it_came_by() {
    sent_by_text(|scene, _| {
        texts(scene, "please stop messaging me");
        scene.advance(days(20));
        let sends = scene.twilio_sends();
        assert_eq!(sends.len(), 2, "the notice and one confirmation");
        assert!(sends[1].field("Body").starts_with("Acme: "), "in words of ours");
        assert_eq!(scene.answers(), Vec::<String>::new(), "and not by WhatsApp too");
    });
    sent_by_whatsapp(|scene, _| {
        let from = format!("whatsapp:{}", seeds::PHONE);
        let said = [("MessageSid", "SM2"), ("From", from.as_str()), ("Body", "STOP")];
        for _ in 0..3 {
            assert_eq!(scene.post_twilio(twilio::INBOUND, &said), silence());
            scene.advance(minutes(1));
        }
        scene.advance(days(20));
        let sends = scene.twilio_sends();
        assert_eq!(sends.len(), 2, "WhatsApp's stops are confirmed by us, once");
        assert_eq!(sends[1].field("To"), from);
    });
}

#[test]
fn o28_a_start_by_text_lets_messages_go_again_and_the_carrier_alone_confirms_it() {
    sent_by_text(|scene, _| {
        texts(scene, "STOP");
        scene.advance(hours(2));
        texts(scene, "START");
        scene.fail_invoice("in_2");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_2"), ["0 whatsapp sent"]);
        assert_eq!(scene.twilio_sends().len(), 1, "the notice alone");
    });
}

#[test]
fn o38_help_by_text_reaches_a_person_and_is_answered_by_the_carrier_alone() {
    let desk = |scene: &Scene| scene.memory.asked(seeds::HELP_DESK_URL).len();
    sent_by_text(|scene, _| {
        texts(scene, "HELP");
        assert_eq!((scene.twilio_sends().len(), desk(scene)), (1, 1));
    });
    sent_by_text(|scene, _| {
        texts(scene, "I want to talk to a real person about this bill please");
        assert_eq!((scene.twilio_sends().len(), desk(scene)), (2, 1), "no keyword: we answer, by text");
    });
}

#[test]
fn f30_a_form_that_twilio_did_not_sign_moves_nothing() {
    sent_by_whatsapp(|scene, callback| {
        let told = status("read", "");
        let genuine = twilio::request(&callback, &told);
        let moved = twilio::request(twilio::INBOUND, &told);
        let unsigned = {
            let mut headers = genuine.headers.clone();
            headers.remove("x-twilio-signature");
            headers
        };
        let rows = [
            ("another account's", twilio::signed(&callback, &told, "another_token"), 401),
            ("of another URL", Request { query: genuine.query.clone(), ..moved }, 401),
            ("of another body", Request { body: "MessageSid=SM1".into(), ..genuine.clone() }, 401),
            ("unsigned", Request { headers: unsigned, ..genuine.clone() }, 401),
            ("no form at all", Request { headers: HeaderMap::new(), ..genuine.clone() }, 400),
        ];
        let case = scene.case("in_1");
        for (what, request, expected) in rows {
            let cost = scene.cost(|scene| {
                assert_eq!(scene.try_post_channel(&request), Some(Answer::of(expected)), "{what}");
            });
            assert_eq!((cost.as_str(), &scene.case("in_1")), ("", &case), "{what}");
        }
        assert_eq!(scene.try_post_channel(&genuine), Some(silence()));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp read"]);
    });
}

#[test]
fn f34_twilio_s_next_token_is_believed_beside_the_one_before() {
    sent_by_whatsapp(|scene, callback| {
        let list = format!(r#"["next_seeded","{}"]"#, seeds::TWILIO_TOKEN);
        let text = seeds::secret_text(SecretName::Twilio);
        let text = text.replace(&format!("\"{}\"", seeds::TWILIO_TOKEN), &list);
        scene.memory.set_secret(SecretName::Twilio, &text);
        for (reached, token) in [("delivered", seeds::TWILIO_TOKEN), ("read", "next_seeded")] {
            let request = twilio::signed(&callback, &status(reached, ""), token);
            assert_eq!(scene.try_post_channel(&request), Some(silence()));
            assert_eq!(scene.ledger("in_1"), [format!("0 whatsapp {reached}")]);
        }
    });
}

#[test]
fn f08_what_twilio_signed_waits_for_the_store_with_all_it_needs_to_be_believed_again() {
    sent_by_whatsapp(|scene, callback| {
        scene.memory.take_store_down();
        assert_eq!(scene.post_twilio(&callback, &status("delivered", "")), silence());
        let from = format!("whatsapp:{}", seeds::PHONE);
        let said = [("MessageSid", "SM2"), ("From", from.as_str()), ("Body", "STOP")];
        assert_eq!(scene.post_twilio(twilio::INBOUND, &said), silence());
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 2);
        scene.memory.heal();
        scene.advance(minutes(10));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp delivered"]);
        assert!(scene.memory.recipients()[0].opted_out.is_some());
        assert_eq!(scene.parked(), Vec::<String>::new());
        scene.advance(hours(1));
        assert_eq!(scene.twilio_sends().len(), 2, "and the stop was confirmed");
    });
}

/// A report of MSG91's about a text message of ours.
fn report(scene: &Scene, status: &str) -> String {
    let sent = scene.memory.asked("control.msg91.com").pop().expect("a text message went").json();
    let report = json!([{"requestId": "64f0", "report": [{"status": status, "CRQID": sent["CRQID"]}]}]);
    form_urlencoded::Serializer::new(String::new()).append_pair("data", &report.to_string()).finish()
}

/// A post to the door of a provider that signs nothing.
fn by_path(name: &str, path_secret: &str, body: impl Into<bytes::Bytes>) -> Request {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, form)]);
    Request { path_secret: Secret::parse(path_secret).ok(), ..Stack::request(name, headers, body) }
}

fn sent_by_msg91<T>(test: impl FnOnce(&mut Scene) -> T) -> T {
    scene_with(Settings { sms: Sms::Msg91, ..Settings::default() }, |scene| {
        scene.memory.answer("graph.facebook.com", [Reply::graph_error(400, 131_026)]);
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms sent"]);
        test(scene)
    })
}

#[test]
fn f30_msg91_is_believed_by_the_secret_in_its_path_alone() {
    sent_by_msg91(|scene| {
        let delivered = report(scene, "1");
        let case = scene.case("in_1");
        for guess in ["", "guess", "path_seede", "path_seeded0", "PATH_SEEDED"] {
            let request = by_path("msg91", guess, delivered.clone());
            assert_eq!(scene.try_post_channel(&request), Some(Answer::of(401)), "{guess}");
        }
        let rapiwa = by_path("rapiwa", "guess", "{}");
        assert_eq!(scene.try_post_channel(&rapiwa), Some(Answer::of(401)));
        assert_eq!(scene.case("in_1"), case);
        let request = by_path("msg91", seeds::PATH_SECRET, delivered);
        assert_eq!(scene.try_post_channel(&request), Some(Answer::of(200)));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms delivered"]);
    });
}

#[test]
fn o28_a_number_that_msg91_blocks_gets_no_more_text_messages() {
    sent_by_msg91(|scene| {
        let blocked = by_path("msg91", seeds::PATH_SECRET, report(scene, "17"));
        assert_eq!(scene.try_post_channel(&blocked), Some(Answer::of(200)));
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms dropped"]);
        let buyer = &scene.memory.recipients()[0];
        assert!(buyer.opted_out_sms.is_some() && buyer.opted_out.is_none());
    });
}

#[test]
fn f08_what_only_a_path_proves_is_never_kept_and_is_asked_for_again() {
    sent_by_msg91(|scene| {
        let request = by_path("msg91", seeds::PATH_SECRET, report(scene, "1"));
        scene.memory.fail_always(Call::LoadCase, Fault::Refuse);
        assert_eq!(scene.try_post_channel(&request), Some(Answer::of(503)));
        assert_eq!(scene.memory.waiting(Queue::Spill).len(), 0);
        scene.memory.heal();
        assert_eq!(scene.try_post_channel(&request), Some(Answer::of(200)), "delivered again");
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp failed", "0 sms delivered"]);
    });
}

#[test]
fn f35_what_cannot_be_read_is_parked_without_the_secret_of_its_path() {
    for (request, taken) in [
        (by_path("msg91", seeds::PATH_SECRET, "data=no+list"), Answer::of(200)),
        (twilio::request(twilio::INBOUND, &[("CallSid", "CA1")]), silence()),
    ] {
        sent_by_msg91(|scene| {
            assert_eq!(scene.try_post_channel(&request), Some(taken.clone()), "{}", request.name);
            assert_eq!(scene.parked(), ["unreadable_webhook"]);
            let parked = scene.memory.waiting(Queue::Parked).remove(0).body;
            assert!(!parked.contains(seeds::PATH_SECRET));
            let kept: serde_json::Value = serde_json::from_str(&parked).expect("JSON");
            let body = STANDARD.decode(kept["body"].as_str().unwrap_or_default()).expect("base64");
            assert_eq!(body, request.body, "the person who looks has the body");
        });
    }
}

#[test]
fn what_rapiwa_posts_is_counted_and_believed_in_nothing() {
    let settings = Settings { whatsapp: Whatsapp::Rapiwa, ..Settings::default() };
    scene_with(settings, |scene| {
        scene.fail_invoice("in_1");
        scene.advance(hours(1));
        let said = json!({"from": seeds::PHONE, "message": "STOP"}).to_string();
        let request = by_path("rapiwa", seeds::PATH_SECRET, said);
        assert_eq!(scene.try_post_channel(&request), Some(Answer::of(200)));
        assert_eq!(scene.last_line().get("kind"), "rapiwa_inbound");
        assert!(scene.memory.recipients()[0].opted_out.is_none());
    });
}

#[test]
fn a_provider_that_is_not_configured_has_no_door() {
    for (name, secret) in [
        ("meta", SecretName::Meta),
        ("twilio", SecretName::Twilio),
        ("msg91", SecretName::Msg91),
        ("rapiwa", SecretName::Rapiwa),
    ] {
        scene_with(Settings::default(), |scene| {
            scene.memory.forget_secret(secret);
            let request = match name {
                "meta" => Stack::meta_request("{}"),
                "twilio" => twilio::request(twilio::INBOUND, &[]),
                _ => by_path(name, seeds::PATH_SECRET, ""),
            };
            assert_eq!(scene.try_post_channel(&request), Some(Answer::of(404)), "{name}");
            let challenge =
                format!("hub.mode=subscribe&hub.verify_token={}&hub.challenge=1", seeds::VERIFY_TOKEN);
            assert_eq!(scene.get_channel(name, &challenge).status, 404, "{name}");
            assert_eq!(scene.try_post_channel(&by_path("gupshup", "", "")), Some(Answer::of(404)));
        });
    }
}
