//! That the check at the end of every scene sees what it must see.

use recoup_app::ports::Queue;
use recoup_tests::{Call, Fault, Reply, meta, seeds};
use tracing::Level;

use crate::scene::{Scene, days, hours, minutes, scene};

/// A story that meets every function and most of what can go wrong.
fn story(scene: &mut Scene) {
    scene.memory.answer("graph.facebook.com", [Reply::NotSent, Reply::graph_error(400, 131_026)]);
    scene.fail_invoice("in_1");
    scene.advance(hours(2));
    scene.memory.fail_next(Call::LoadCase, Fault::Refuse);
    scene.memory.fail_next(Call::Perform, Fault::Panic);
    scene.memory.fail_next(Call::DeleteSchedule, Fault::Refuse);
    scene.advance(days(4));
    scene.memory.take_store_down();
    scene.fail_invoice("in_2");
    scene.memory.heal();
    scene.try_post(&scene.stripe_request(seeds::NAME)).expect("lives");
    scene.try_post_channel(&recoup_tests::Stack::meta_request(seeds::PHONE)).expect("lives");
    scene
        .try_post(&recoup_tests::Stack::request("stripe", http::HeaderMap::new(), seeds::PHONE))
        .expect("lives");
    scene.get_channel("meta", &format!("hub.verify_token={}", seeds::VERIFY_TOKEN));
    scene.advance(minutes(10));
    let said = meta::text(seeds::PHONE, seeds::NAME, scene.memory.time().as_second());
    assert_eq!(scene.post_meta(&said).status, 200);
    let said = meta::text(seeds::PHONE, "STOP", scene.memory.time().as_second());
    assert_eq!(scene.post_meta(&said).status, 200);
    scene.pay_invoice("in_1");
    scene.sweep();
    scene.memory.drop_into(Queue::Sms, "poison");
    scene.advance(days(1));
}

#[test]
fn f48_no_phone_name_link_or_secret_is_logged_queued_or_scheduled() {
    scene(|scene| {
        story(scene);
        let lines = scene.lines();
        assert!(lines.len() > 20, "{}", lines.len());
        for function in ["payment_webhook", "channel_webhook", "whatsapp_sender", "sms_fallback", "sweep"] {
            assert!(lines.iter().any(|line| line.get("fn") == function), "{function} logged");
        }
        assert!(lines.iter().any(|line| line.level == Level::ERROR));
        assert!(scene.memory.queued_texts().len() > 5);
        assert_eq!(scene.leaks(), Vec::<String>::new());
        let size = |line: &recoup_tests::Line| {
            line.fields.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>()
        };
        let largest = lines.iter().map(size).max();
        assert!(largest.is_some_and(|largest| largest <= 350), "{largest:?}");
    });
}

#[test]
fn f48_a_planted_leak_in_a_line_a_queue_or_an_attribute_is_found() {
    let plant: [fn(&Scene); 2] = [
        |_| tracing::info!(target: "recoup", error = seeds::PHONE),
        |scene| scene.memory.drop_into(Queue::Parked, seeds::LINK),
    ];
    for plant in plant {
        let found = std::panic::catch_unwind(|| scene(|scene| plant(scene)));
        assert!(found.is_err(), "the check at the end of the scene sees it");
    }
}
