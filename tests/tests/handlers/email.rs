//! A buyer whose number nobody knows: letters in the place of messages, under the same laws.

use recoup_app::ports::Queue;
use recoup_core::{Alias, Email, OptOutScope, Policy, PreferenceChange};
use recoup_tests::run::run;
use recoup_tests::{Asked, Call, Fault, Reply, Settings, meta, seeds, stripe};
use serde_json::{Value, json};

use crate::scene::{Scene, days, hours, minutes, scene, scene_with};
use crate::sources::tell;

/// A Monday morning in London, with an address that letters come from.
fn letters() -> Settings {
    let policy = Policy {
        email: true,
        shop_link_base: "https://shop.example.com/".to_owned(),
        ..Policy::standard("Acme")
    };
    Settings { policy, ..Settings::default() }
}

fn from(start: &str) -> Settings {
    Settings { now: start.parse().expect("well formed"), ..letters() }
}

/// Posts that an invoice of the buyer with the mailbox failed, whose number is not known; with these members changed.
fn fail(scene: &Scene, id: &str, changes: &[(&str, Value)]) {
    let known = [("/customer_phone", Value::Null), ("/customer_email", json!(seeds::EMAIL))];
    let invoice = known
        .iter()
        .chain(changes)
        .fold(stripe::invoice(id), |invoice, (at, value)| stripe::with(invoice, at, value.clone()));
    let attempt = &invoice["attempt_count"];
    let event = stripe::event(&format!("evt_{id}_{attempt}"), "invoice.payment_failed", invoice);
    assert_eq!(scene.post_stripe(&event).status, 200);
}

fn subjects(scene: &Scene) -> Vec<String> {
    let subject = |asked: &Asked| asked.json()["Content"]["Simple"]["Subject"]["Data"].clone();
    scene
        .letters()
        .iter()
        .map(subject)
        .map(|subject| subject.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What reached SES, Meta and the carrier so far.
fn sent(scene: &Scene) -> [usize; 3] {
    [scene.letters().len(), scene.whatsapp_sends().len(), scene.memory.texts().len()]
}

/// What SES says of a letter.
fn told(letter: &Asked, kind: &str, detail: &Value) -> Value {
    let body = letter.json();
    let tags = body["EmailTags"].as_array().expect("a list").iter();
    let tags: serde_json::Map<String, Value> = tags
        .map(|tag| (tag["Name"].as_str().unwrap_or_default().to_owned(), json!([tag["Value"]])))
        .collect();
    let mail = json!({"messageId": "ses-1", "destination": body["Destination"]["ToAddresses"], "tags": tags});
    let mut event = json!({"eventType": kind, "mail": mail});
    event[kind.to_lowercase()] = detail.clone();
    event
}

fn bounced(letter: &Asked) -> Value {
    let detail = json!({
        "bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-11-23T10:05:00.000Z"
    });
    told(letter, "Bounce", &detail)
}

fn complained(letter: &Asked) -> Value {
    let detail = json!({"complaintFeedbackType": "abuse", "timestamp": "2026-11-23T10:05:00.000Z"});
    told(letter, "Complaint", &detail)
}

#[test]
fn r05_a_buyer_without_a_number_gets_letters_and_nothing_else() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(minutes(5));
        assert_eq!(sent(scene), [1, 0, 0]);
        let letter = scene.letters().remove(0);
        assert!(letter.url.ends_with("/v2/email/outbound-emails"), "{}", letter.url);
        let body = letter.json();
        assert_eq!(body["FromEmailAddress"], "\"Acme\" <billing@acme.example>");
        assert_eq!(body["Destination"], json!({"ToAddresses": [seeds::EMAIL]}));
        assert_eq!(body["ReplyToAddresses"], json!(["help@acme.example"]));
        assert_eq!(body["ConfigurationSetName"], "recoup");
        let text = body["Content"]["Simple"]["Body"]["Text"]["Data"].as_str().unwrap_or_default();
        for part in ["Hi Ana María,", "49.00 USD", seeds::LINK, "HELP", "STOP"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(scene.ledger("in_1"), ["0 email sent"]);
        scene.ses_tells(&told(&letter, "Delivery", &json!({})));
        assert_eq!(scene.ledger("in_1"), ["0 email delivered"]);
        scene.advance(days(30));
        assert_eq!(sent(scene), [4, 0, 0]);
        assert_eq!(
            subjects(scene),
            [
                "Acme: your payment did not go through",
                "Acme: a payment is still open",
                "Acme: last notice of your open payment",
                "Acme: your account was suspended"
            ],
            "without agreement to marketing the last is no offer"
        );
        assert_eq!(scene.case("in_1").state().as_str(), "exhausted");
        assert_eq!(scene.parked(), Vec::<String>::new());
    });
}

#[test]
fn r05_a_buyer_with_both_gets_whatsapp_only() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE))]);
        scene.advance(days(30));
        assert_eq!(sent(scene), [0, 4, 0]);
    });
    scene_with(letters(), |scene| {
        scene.memory.put_stripe_object(
            "/v1/customers/cus_1",
            json!({"id": "cus_1", "object": "customer", "phone": seeds::PHONE}),
        );
        fail(scene, "in_1", &[]);
        scene.advance(minutes(5));
        assert_eq!(sent(scene), [0, 1, 0], "the number is at the source");
    });
    scene_with(letters(), |scene| {
        scene.memory.answer_always("graph.facebook.com", Reply::graph_error(400, 131_026));
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE))]);
        scene.advance(hours(1));
        assert_eq!(sent(scene), [0, 1, 1], "what WhatsApp refuses goes by text message");
    });
}

#[test]
fn r05_no_address_or_no_sender_is_a_gap_on_record() {
    for (settings, address) in [(letters(), Value::Null), (Settings::default(), json!(seeds::EMAIL))] {
        scene_with(settings, |scene| {
            fail(scene, "in_1", &[("/customer_email", address)]);
            scene.advance(days(30));
            assert_eq!(sent(scene), [0, 0, 0]);
            assert!(scene.trail("in_1").contains(&"no_phone 0".to_owned()), "{:?}", scene.trail("in_1"));
            assert_eq!(scene.case("in_1").state().as_str(), "exhausted");
            assert_eq!(scene.parked(), Vec::<String>::new());
        });
    }
}

#[test]
fn r05_o15_a_payment_at_any_time_ends_the_letters() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
        scene.deliver_from(Queue::Whatsapp);
        assert_eq!(scene.memory.waiting(Queue::Email).len(), 1, "the letter is planned");
        scene.pay_invoice("in_1");
        scene.advance(days(30));
        assert_eq!(sent(scene), [0, 0, 0]);
    });
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(days(1));
        scene.pay_invoice("in_1");
        scene.advance(days(30));
        assert_eq!(sent(scene), [1, 0, 0]);
    });
}

#[test]
fn r05_f41_a_letter_keeps_quiet_hours_where_the_clock_is_known_and_goes_where_it_is_not() {
    for (zone, went) in
        [(json!({"time_zone": "Europe/London"}), "2026-11-24T09:00:00Z"), (json!({}), "2026-11-23T23:02:00Z")]
    {
        scene_with(from("2026-11-23T23:00:00Z"), |scene| {
            fail(scene, "in_1", &[("/metadata", zone.clone())]);
            scene.advance(days(1));
            let times: Vec<_> = scene.letters().iter().map(|letter| letter.at.to_string()).collect();
            assert_eq!(times, [went], "{zone}");
        });
    }
}

#[test]
fn r05_f20_each_answer_of_ses_leads_to_its_end() {
    for (reply, first, last, letters, parked) in [
        (Reply::ses_error(429, "TooManyRequestsException"), "0 email retryable", "0 email sent", 2, None),
        (Reply::NotSent, "0 email retryable", "0 email sent", 1, None),
        (Reply::ses_error(403, "AccessDeniedException"), "0 email retryable", "0 email sent", 2, None),
        (Reply::ses_error(400, "AccountSuspendedException"), "0 email retryable", "0 email sent", 2, None),
        (
            Reply::ses_error(400, "MessageRejected"),
            "0 email retryable",
            "0 email retryable",
            1,
            Some("malformed_request"),
        ),
        (Reply::Json(200, json!({})), "0 email sent", "0 email sent", 1, None),
        (Reply::Lost, "0 email claimed", "0 email claimed", 1, None),
        (Reply::Text(502, "a page"), "0 email claimed", "0 email claimed", 1, None),
    ] {
        scene_with(self::letters(), |scene| {
            scene.memory.answer("amazonaws.com", [reply.clone()]);
            fail(scene, "in_1", &[]);
            scene.advance(minutes(2));
            assert_eq!(scene.ledger("in_1"), [first], "{reply:?}");
            scene.advance(hours(12));
            assert_eq!(scene.ledger("in_1"), [last], "{reply:?}");
            assert_eq!(sent(scene), [letters, 0, 0], "{reply:?}");
            assert_eq!(scene.parked(), Vec::from_iter(parked), "{reply:?}");
        });
    }
}

#[test]
fn r05_a_letter_nobody_knows_of_never_goes_twice() {
    for fault in [Fault::LoseAnswer, Fault::DieAfter, Fault::DieBefore, Fault::Panic] {
        scene_with(letters(), |scene| {
            scene.memory.fail_next(Call::Perform, Fault::Pass);
            scene.memory.fail_next(Call::Perform, fault);
            fail(scene, "in_1", &[]);
            scene.advance(days(1));
            assert!(scene.letters().len() <= 1, "{fault:?}");
            assert_eq!(scene.ledger("in_1"), ["0 email claimed"], "{fault:?}");
            scene.advance(days(3));
            assert_eq!(scene.ledger("in_1"), ["0 email unknown", "1 email sent"], "{fault:?}");
        });
    }
}

#[test]
fn r05_ses_that_stays_away_is_asked_five_times_and_the_step_is_parked() {
    scene_with(letters(), |scene| {
        scene.memory.answer_always("amazonaws.com", Reply::ses_error(429, "TooManyRequestsException"));
        fail(scene, "in_1", &[]);
        scene.advance(days(1));
        assert_eq!(sent(scene), [5, 0, 0]);
        assert_eq!(scene.parked(), ["retrying"]);
        scene.memory.answer_as_usual();
        scene.memory.redrive_parked();
        scene.advance(minutes(5));
        assert_eq!(scene.ledger("in_1"), ["0 email sent"], "a redrive goes to the queue of letters");
    });
}

#[test]
fn r05_a_mailbox_that_does_not_exist_is_never_written_to_again_and_a_number_is() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(minutes(5));
        let letter = scene.letters().remove(0);
        scene.ses_tells(&bounced(&letter));
        assert_eq!(scene.ledger("in_1"), ["0 email failed"]);
        scene.ses_tells(&bounced(&letter));
        fail(scene, "in_2", &[]);
        scene.sweep();
        scene.advance(days(4));
        assert_eq!(sent(scene), [1, 0, 0], "neither this debt nor another, and no text message in its place");
        assert!(scene.trail("in_1").contains(&"opted_out 1".to_owned()), "{:?}", scene.trail("in_1"));
        assert_eq!(scene.case("in_1").state().as_str(), "open");
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE)), ("/attempt_count", json!(2))]);
        scene.advance(days(4));
        assert_eq!(sent(scene), [1, 1, 0]);
    });
}

#[test]
fn r05_a_mailbox_that_was_corrected_is_not_the_one_that_bounced() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(minutes(5));
        let letter = scene.letters().remove(0);
        fail(
            scene,
            "in_1",
            &[("/customer_email", json!("ana.seeded.new@example.com")), ("/attempt_count", json!(2))],
        );
        scene.ses_tells(&bounced(&letter));
        scene.advance(days(4));
        let to = |asked: &Asked| asked.json()["Destination"]["ToAddresses"][0].clone();
        let to: Vec<_> = scene.letters().iter().map(to).collect();
        assert_eq!(to, [seeds::EMAIL, "ana.seeded.new@example.com"]);
    });
}

#[test]
fn r05_o28_a_complaint_ends_every_case_of_the_mailbox_and_no_number_s() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(hours(2));
        fail(scene, "in_2", &[]);
        scene.fail_invoice("in_3");
        scene.advance(hours(2));
        assert_eq!(sent(scene), [2, 1, 0]);
        scene.ses_tells(&complained(&scene.letters()[0]));
        let states = ["in_1", "in_2", "in_3"].map(|id| scene.case(id).state().as_str());
        assert_eq!(states, ["suppressed", "suppressed", "open"]);
        fail(scene, "in_4", &[]);
        scene.advance(days(30));
        assert_eq!(scene.letters().len(), 2);
        assert_eq!(scene.case("in_4").state().as_str(), "suppressed");
    });
}

#[test]
fn r05_o28_a_stop_by_number_stops_letters_and_one_by_mail_is_heard_from_the_merchant() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE))]);
        scene.advance(minutes(5));
        assert_eq!(scene.post_meta(&meta::text(seeds::PHONE, "STOP", 1_795_428_400)).status, 200);
        fail(scene, "in_2", &[]);
        scene.advance(days(1));
        assert_eq!(sent(scene)[0], 0, "the mailbox of whoever said stop");
        assert_eq!(scene.case("in_2").state().as_str(), "suppressed");
    });
    for (scope, state) in [("all", "suppressed"), ("email", "open")] {
        scene_with(letters(), |scene| {
            fail(scene, "in_1", &[]);
            scene.advance(minutes(5));
            let said = json!({"scope": scope, "granted": false, "customer": {"email": seeds::EMAIL}});
            assert_eq!(tell(scene, "consent.changed", &said).status, 200);
            scene.advance(days(4));
            assert_eq!(sent(scene), [1, 0, 0], "{scope}");
            assert_eq!(scene.case("in_1").state().as_str(), state);
        });
    }
}

#[test]
fn r05_a_number_that_becomes_known_moves_later_steps_to_whatsapp() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(days(1));
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE)), ("/attempt_count", json!(2))]);
        scene.advance(days(30));
        assert_eq!(sent(scene), [1, 3, 0]);
    });
}

#[test]
fn r05_o27_letters_share_the_mailbox_s_attention_and_a_number_that_comes_meanwhile_takes_the_step() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[]);
        scene.advance(minutes(5));
        fail(scene, "in_2", &[("/amount_remaining", json!(900))]);
        fail(scene, "in_3", &[("/amount_remaining", json!(800))]);
        scene.advance(minutes(30));
        assert_eq!(sent(scene), [1, 0, 0], "one message an hour");
        assert!(scene.trail("in_2").contains(&"touch_gap 0".to_owned()), "{:?}", scene.trail("in_2"));
        fail(scene, "in_3", &[("/customer_phone", json!(seeds::PHONE)), ("/attempt_count", json!(2))]);
        scene.advance(hours(1));
        assert_eq!(sent(scene), [2, 1, 0]);
        assert_eq!(scene.ledger("in_3"), ["0 whatsapp sent"]);
    });
}

#[test]
fn r05_marketing_letters_go_only_to_mailboxes_that_agreed() {
    let left = json!({
        "checkout_id": "ck_1",
        "amount": {"amount_minor": 4900, "currency": "USD"},
        "resume_url": "https://shop.example.com/cart/1",
        "customer": {"email": seeds::EMAIL, "time_zone": "Europe/London"},
    });
    for (agreed, expected) in [(false, [0, 0, 0]), (true, [1, 0, 0])] {
        scene_with(letters(), |scene| {
            if agreed {
                let mailbox = Email::parse(seeds::EMAIL).expect("an address");
                let (change, at) = (PreferenceChange::OptIn, scene.memory.time());
                let name = Alias::Email(&mailbox);
                let said = run(scene.engine.prefer(&name, change, OptOutScope::Marketing, at, None));
                assert!(said.expect("the process lives").is_ok());
            }
            assert_eq!(tell(scene, "checkout.abandoned", &left).status, 200);
            scene.advance(hours(10));
            assert_eq!(sent(scene), expected, "agreed: {agreed}");
        });
    }
}

#[test]
fn r05_a_source_that_cannot_be_asked_for_the_number_is_waited_for_an_hour() {
    scene_with(letters(), |scene| {
        scene.memory.answer_always("/v1/customers", Reply::Json(503, Value::Null));
        fail(scene, "in_1", &[]);
        scene.advance(minutes(55));
        assert_eq!(sent(scene), [0, 0, 0]);
        scene.advance(minutes(30));
        assert_eq!(sent(scene), [1, 0, 0]);
    });
}

#[test]
fn r05_o18_a_number_that_is_somebody_else_s_leaves_the_mailbox() {
    scene_with(letters(), |scene| {
        fail(scene, "in_1", &[("/customer_phone", json!(seeds::PHONE))]);
        scene.advance(minutes(5));
        let reply = meta::text(seeds::PHONE, "wrong number, I am not Ana", 1_795_428_400);
        assert_eq!(scene.post_meta(&reply).status, 200);
        scene.advance(days(4));
        assert_eq!(sent(scene), [1, 1, 0]);
        assert_eq!(scene.ledger("in_1"), ["0 whatsapp sent", "1 email sent"]);
    });
}

#[test]
fn r05_t2_the_notice_of_an_order_climbs_from_the_app_to_one_letter() {
    scene_with(letters(), |scene| {
        let order = json!({
            "obligation_id": "ord_1",
            "amount": {"amount_minor": 4900, "currency": "USD"},
            "one_time": true,
            "pay_url": seeds::LINK,
            "customer": {"email": seeds::EMAIL, "push_token": "buyer_42", "time_zone": "Europe/London"},
        });
        assert_eq!(tell(scene, "payment.failed", &order).status, 200);
        scene.advance(hours(5));
        assert_eq!(scene.memory.asked("api.onesignal.com").len(), 1);
        assert_eq!(sent(scene), [1, 0, 0]);
    });
}

#[test]
fn r05_a_letter_in_a_deployment_that_lost_its_sender_fails_and_nothing_repeats_it() {
    scene(|scene| {
        fail(scene, "in_1", &[]);
        let step = scene.memory.waiting(Queue::Whatsapp)[0].body.clone();
        scene.memory.set_now(scene.memory.time().checked_add(minutes(2)).expect("in range"));
        scene.memory.lose_messages(Queue::Whatsapp);
        scene.memory.drop_into(Queue::Email, &step.replace("whatsapp", "email"));
        scene.advance(hours(12));
        assert_eq!(scene.letters().len(), 0);
        assert_eq!(scene.ledger("in_1"), ["0 email failed"]);
        assert_eq!(scene.parked(), Vec::<String>::new());
    });
}
