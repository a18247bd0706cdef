//! A provider that is away for hours, and how far its trouble, or one buyer's, reaches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use recoup_app::ports::{Queue, SecretName};
use recoup_core::CaseId;
use recoup_tests::{Call, Fault, Reply, Settings, meta, seeds};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};

/// Many enough that everything that is due at once fills batch after batch.
const BUYERS: usize = 300;

fn phone(nth: usize) -> String {
    format!("+44207946{nth:04}")
}

/// One debt of each of so many buyers fails.
fn fail_all(scene: &Scene, buyers: usize) {
    for nth in 0..buyers {
        scene.fail_invoice_of(&format!("in_{nth}"), &phone(nth));
    }
}

/// The messages each number got, on either channel.
fn got(scene: &Scene) -> BTreeMap<String, Vec<Timestamp>> {
    let mut got: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for asked in scene.whatsapp_sends().iter().filter(|asked| asked.taken) {
        let to = asked.json()["to"].as_str().unwrap_or_default().to_owned();
        got.entry(to).or_default().push(asked.at);
    }
    for (at, text) in scene.memory.texts() {
        got.entry(text.destination.expose().to_owned()).or_default().push(at);
    }
    got
}

/// Everybody got one message, none of them in quiet hours, and nothing waits for a person.
#[track_caller]
fn assert_each_got_one(scene: &Scene, what: &str) {
    let got = got(scene);
    assert_eq!(got.len(), BUYERS, "{what}");
    let london = TimeZone::get("Europe/London").expect("a zone");
    for (number, times) in &got {
        assert_eq!(times.len(), 1, "{what}: {number}");
        let hour = times[0].to_zoned(london.clone()).hour();
        assert!((9..20).contains(&hour), "{what}: at {}", times[0]);
    }
    assert_eq!(scene.parked(), Vec::<String>::new(), "{what}");
}

fn at(text: &str) -> Settings {
    Settings { now: text.parse().expect("well formed"), ..Settings::default() }
}

#[test]
fn f28_five_hours_without_an_account_cost_a_call_a_minute_and_then_everything_goes_once() {
    // By day, and over an evening into the quiet hours.
    for start in ["2026-11-23T10:00:00Z", "2026-11-23T17:30:00Z"] {
        scene_with(at(start), |scene| {
            fail_all(scene, BUYERS);
            scene.memory.answer_always("graph.facebook.com", Reply::graph_error(401, 190));
            scene.advance(hours(5));
            let probes = scene.whatsapp_sends().len();
            assert!((2..=60).contains(&probes), "{probes} calls for {BUYERS} steps over five hours");
            assert_eq!(scene.alarms(), ["account_held"], "one alarm");
            assert_eq!(scene.memory.texts(), [], "no flood of text messages");
            assert_eq!(scene.parked(), Vec::<String>::new());
            scene.memory.answer_as_usual();
            scene.memory.set_secret(SecretName::Meta, &seeds::meta_secret("EAAB_seeded_next"));
            let back = scene.memory.time();
            scene.advance(hours(20));
            assert_each_got_one(scene, start);
            assert_eq!(scene.memory.texts(), [], "{start}");
            let last = got(scene).into_values().flatten().max().expect("some");
            let open = if back.to_zoned(TimeZone::UTC).hour() < 20 {
                back
            } else {
                "2026-11-24T09:00:00Z".parse().expect("well formed")
            };
            assert!(last.duration_since(open) <= minutes(30), "drained within {}", last.duration_since(open));
        });
    }
}

/// So many faults at once are the provider's: the steps wait for it, and hardly one uses up its receives. Those whose first
/// try came before that was known may still end in a text message.
#[test]
fn f28_o47_five_hours_without_the_provider_are_waited_out_and_everything_goes_once() {
    for (start, reply) in [
        ("2026-11-23T10:00:00Z", Reply::NotSent),
        ("2026-11-23T10:00:00Z", Reply::graph_error(503, 2)),
        ("2026-11-23T17:30:00Z", Reply::NotSent),
        ("2026-11-23T19:15:00Z", Reply::NotSent),
    ] {
        scene_with(at(start), |scene| {
            fail_all(scene, BUYERS);
            scene.memory.answer_always("graph.facebook.com", reply.clone());
            scene.advance(hours(5));
            let asked = scene.memory.asked("graph.facebook.com").len();
            assert!(asked <= 100, "{asked} calls for {BUYERS} steps over five hours: {start}");
            assert_eq!(scene.alarms(), ["account_held"], "{start}");
            scene.memory.answer_as_usual();
            scene.advance(hours(20));
            assert_each_got_one(scene, start);
            assert_eq!(scene.memory.texts(), [], "an outage is no flood of text messages: {start}");
            for nth in 0..BUYERS {
                assert_eq!(scene.ledger(&format!("in_{nth}")), ["0 whatsapp sent"], "{start}");
            }
        });
    }
}

#[test]
fn f28_an_outage_in_which_nobody_knows_what_went_costs_a_few_messages_and_doubles_none() {
    scene(|scene| {
        fail_all(scene, BUYERS);
        scene.memory.answer_always("graph.facebook.com", Reply::Lost);
        scene.advance(hours(5));
        let lost = scene.whatsapp_sends().len();
        assert!(lost <= 40, "{lost} of {BUYERS} were asked for");
        scene.memory.answer_as_usual();
        scene.advance(hours(20));
        assert_eq!(scene.memory.texts(), []);
        let ledgers: Vec<_> = (0..BUYERS).map(|nth| scene.ledger(&format!("in_{nth}"))).collect();
        let unknown = ledgers.iter().filter(|ledger| **ledger != ["0 whatsapp sent"]).count();
        assert_eq!(unknown, lost, "each that was asked for in vain stays unknown, all others went");
        scene.advance(days(3));
        for ledger in (0..BUYERS).map(|nth| scene.ledger(&format!("in_{nth}"))) {
            assert!(matches!(&*ledger[0], "0 whatsapp sent" | "0 whatsapp unknown"), "{ledger:?}");
            assert_eq!(ledger[1..], ["1 whatsapp sent"]);
        }
        assert_eq!(scene.parked(), Vec::<String>::new());
    });
}

/// The buyers whose throughput is watched; the one in trouble comes before them.
const OTHERS: std::ops::Range<usize> = 1..40;

/// When each message of the others went, on which channel, and what their webhooks were answered.
fn others(trouble: impl Fn(&Scene)) -> Vec<String> {
    scene(|scene| {
        trouble(scene);
        fail_all(scene, OTHERS.end);
        for _ in 0..4 {
            scene.advance(days(1));
            scene.sweep().expect("scans");
        }
        // Half of them learn that WhatsApp could not deliver, and get a text message.
        for asked in scene.whatsapp_sends().iter().filter(|asked| asked.taken) {
            let to = asked.json()["to"].as_str().unwrap_or_default().to_owned();
            if OTHERS.step_by(2).any(|nth| phone(nth) == to) {
                let failed = meta::statuses(&[meta::status_of(asked, "failed", Some(131_026))]);
                assert_eq!(scene.post_meta(&failed).status, 200);
            }
        }
        scene.pay_invoice("in_39");
        scene.advance(days(4));
        let got = got(scene);
        let of = |nth: usize| {
            format!("{nth}: {:?} {:?}", got.get(&phone(nth)), scene.ledger(&format!("in_{nth}")))
        };
        OTHERS.map(of).collect()
    })
}

/// What goes wrong for somebody else.
type Trouble = fn(&Scene);

#[test]
fn o13_one_buyer_s_trouble_a_poisoned_case_and_poisoned_queues_leave_the_others_as_they_were() {
    let calm = others(|_| {});
    assert!(calm[0].contains("1 whatsapp failed") && calm[0].contains("1 sms sent"), "{}", calm[0]);
    let rows: [(&str, Trouble); 6] = [
        ("a number Meta times out on", |scene| {
            scene.memory.answer_always(&phone(0), Reply::Lost);
        }),
        ("a number Meta cannot be reached for", |scene| {
            scene.memory.answer_always(&phone(0), Reply::NotSent);
        }),
        ("a number Meta wants fewer messages to", |scene| {
            scene.memory.answer_always(&phone(0), Reply::graph_error(400, 131_056));
        }),
        ("a case that cannot be read", |scene| {
            scene.memory.spoil_case(&CaseId::parse("main/stripe/in_poison").expect("well formed"));
            let body = r#"{"v":1,"case":"main/stripe/in_poison","step":0,"gen":1,"channel":"whatsapp"}"#;
            for _ in 0..3 {
                scene.memory.drop_into(Queue::Whatsapp, body);
                scene.memory.drop_into(Queue::Sms, body);
            }
        }),
        ("poison in every queue", |scene| {
            for queue in [Queue::Whatsapp, Queue::Sms, Queue::Spill] {
                for _ in 0..12 {
                    scene.memory.drop_into(queue, "poison");
                }
            }
        }),
        ("forgeries at the doors", |scene| {
            for _ in 0..50 {
                let forged = recoup_tests::Stack::request("stripe", http::HeaderMap::new(), "{}");
                assert_eq!(scene.try_post(&forged).map(|answer| answer.status), Some(401));
                let forged = recoup_tests::Stack::request("meta", http::HeaderMap::new(), "{}");
                assert_eq!(scene.try_post_channel(&forged).map(|answer| answer.status), Some(401));
            }
        }),
    ];
    for (what, trouble) in rows {
        assert_eq!(others(trouble), calm, "{what}");
    }
}

#[test]
fn o13_while_one_provider_is_down_the_other_goes_on_and_every_webhook_is_taken() {
    scene(|scene| {
        fail_all(scene, 20);
        scene.advance(hours(1));
        let sends = scene.whatsapp_sends();
        assert_eq!(sends.len(), 20);
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(401, 190));
        for asked in &sends {
            let failed = meta::statuses(&[meta::status_of(asked, "failed", Some(131_026))]);
            assert_eq!(scene.post_meta(&failed).status, 200);
        }
        scene.fail_invoice_of("in_99", &phone(99));
        let told = scene.memory.time();
        scene.advance(minutes(5));
        let texts = scene.memory.texts();
        assert_eq!(texts.len(), 20, "text messages do not wait for WhatsApp");
        assert!(texts.iter().all(|(at, _)| at.duration_since(told) <= minutes(1)));
        assert_eq!(scene.ledger("in_99"), ["0 whatsapp retryable"], "taken, and it waits");
    });
    scene(|scene| {
        scene.memory.fail_always(Call::SendText, Fault::Refuse);
        fail_all(scene, 20);
        scene.memory.answer(&phone(0), [Reply::graph_error(400, 131_026)]);
        scene.advance(hours(1));
        assert_eq!(got(scene).len(), 19, "WhatsApp does not wait for text messages");
        scene.pay_invoice("in_1");
        assert_eq!(scene.case("in_1").state().as_str(), "recovered");
        scene.advance(days(4));
        assert_eq!(scene.parked(), ["retrying"], "the one text message is found by a person");
        assert_eq!(got(scene).values().map(Vec::len).sum::<usize>(), 19 + 18 + 1);
    });
}
