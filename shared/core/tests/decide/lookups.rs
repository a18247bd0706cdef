//! What a step asks the processor, and what comes of the answer.

use recoup_core::{Answer, Channel, Fact, Input, Lookup, Reason, StepDue};

use crate::make;
use crate::scene::Scene;
use crate::script::{check, play};

fn asked(script: &str) -> Vec<&'static str> {
    let scene = play(Scene::new(), script);
    let name = |lookup: &Lookup| match lookup {
        Lookup::Buyer(_) => "buyer",
        Lookup::Obligation => "obligation",
    };
    scene.processor.asked.iter().map(name).collect()
}

#[test]
fn o15_the_debt_is_read_again_from_day_3_on_and_nothing_is_asked_in_vain() {
    for (script, expected) in [
        ("failed 1; due", vec![]),
        ("failed 1; due; accepted; due", vec!["obligation"]),
        ("failed 1; due; accepted; due; accepted; due; accepted; due; due", vec!["obligation"; 4]),
        ("failed 1 phone=none; due", vec!["buyer"]),
        ("failed 1 phone=none; due; due; due", vec!["buyer", "buyer", "buyer", "obligation"]),
        ("failed 1 phone=none customer=none; due", vec![]),
        ("failed 1; due; accepted; +83h; due", vec![]),
        ("failed 1 phone=none; +11h; due", vec![]),
        ("failed 1 phone=none zone=none; due", vec!["buyer"]),
        ("failed 1 phone=none retry=+3h; due", vec![]),
        ("failed 1 phone=none; +40h; due", vec![]),
        ("failed 1 phone=none; paid; due", vec![]),
        ("failed 1; due; accepted; failed 2; once_more 0", vec![]),
    ] {
        assert_eq!(asked(script), expected, "{script}");
    }
}

#[test]
fn o15_reading_again_can_be_switched_off() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted");
    scene.policy.verify_before_send = false;
    let scene = play(scene, "due");
    assert_eq!((scene.sends.len(), scene.processor.asked), (2, vec![]));
}

#[test]
fn r5_a_found_buyer_fills_gaps_and_replaces_nothing() {
    let mut scene = play(Scene::new(), "failed 1 phone=none name=none");
    let queued = scene.take().expect("armed");
    let mut found = make::buyer();
    found.zone = Some("America/New_York".to_owned());
    found.locale = Some("es".to_owned());
    let due = StepDue {
        step: queued.step,
        generation: queued.generation,
        channel: queued.channel,
        buyer: Answer::Found(found),
        settlement: Answer::NotAsked,
    };
    let decision = scene.apply(&queued.case, Input::StepDue(due), "due");
    assert_eq!(decision.reason, Reason::Claimed);
    let buyer = &scene.case("in_1").outreach.as_ref().expect("opened").matter.buyer;
    assert_eq!(buyer.zone.as_deref(), Some("Europe/London"), "the event's own word stands");
    assert_eq!(buyer.locale.as_deref(), Some("en"));
    assert!(buyer.phone.is_some() && buyer.name.is_some());
}

#[test]
fn r5_a_number_that_is_missing_is_asked_for_when_the_step_is_due() {
    check(
        "processor buyer=+442079460999; failed 1 phone=none; due; accepted; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        ",
    );
}

#[test]
fn r5_no_number_anywhere_is_a_gap_with_a_reason() {
    check(
        "processor buyer=nothing; failed 1 phone=none; due; due; trail; under_way",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_phone; whatsapp 0 at 22 11:00 g2
        22 11:00 in_1 whatsapp 0: no_phone; whatsapp 1 at 25 10:00 g3
        in_1 trail: opened no_phone
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
    for script in [
        "processor buyer=nothing; failed 1 phone=none; run",
        "processor buyer=nameless; failed 1 phone=none; run",
        "failed 1 phone=none customer=none; run",
        "failed 1 phone=none zone=none; run",
    ] {
        let scene = play(Scene::new(), script);
        assert_eq!((scene.sends.len(), scene.parked.len()), (0, 0), "{script}");
        assert_eq!(scene.state("in_1").as_str(), "exhausted", "{script}");
        assert!(scene.trail("in_1").contains(&"no_phone"), "{script}");
    }
}

#[test]
fn r5_a_processor_that_cannot_be_asked_is_asked_again() {
    let scene = play(Scene::new(), "processor buyer=unreachable; failed 1 phone=none; due; due");
    assert_eq!(scene.sends.len(), 0);
    assert!(scene.lines.last().expect("decided").contains("buyer_unreachable"));
    let scene = play(scene, "processor buyer=+442079460999; due");
    assert_eq!(scene.sends.len(), 1);
    assert_eq!(scene.sends[0].message.to.phone(), Some(&make::phone("+442079460999")));
}

#[test]
fn r5_a_number_that_comes_with_a_later_event_is_used() {
    check(
        "failed 1 phone=none; due; failed 2; due; accepted",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_phone; whatsapp 0 at 22 11:00 g2
        22 10:02 in_1 failed 2: updated; whatsapp 0 at 22 11:00 g2
        22 11:00 in_1 whatsapp 0: claimed; SEND payment_failed_second by whatsapp; whatsapp 1 at 25 10:00 g3
        22 11:00 in_1 accepted: sent
        ",
    );
    check(
        "failed 1 phone=none; due; due; |; failed 2; due",
        "
        22 11:00 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g3
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g4
        ",
    );
}

#[test]
fn i9_a_look_up_that_settles_nothing_does_not_loop() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted");
    let queued = scene.take().expect("armed");
    let due = StepDue {
        step: queued.step,
        generation: queued.generation,
        channel: queued.channel,
        buyer: Answer::NotAsked,
        settlement: Answer::Found(Fact::Refunded { full: false }),
    };
    let decision = scene.apply(&queued.case, Input::StepDue(due), "due");
    assert_eq!(decision.reason, Reason::Claimed, "the money is still owed");
}

#[test]
fn o15_a_processor_that_is_away_for_an_hour_delays_the_step_and_does_not_move_it_to_another_channel() {
    let mut scene = play(Scene::new(), "failed 1; due; accepted; processor settled=unreachable; due");
    let since = scene.now;
    let next = scene.case("in_1").outreach.as_ref().and_then(|outreach| outreach.next).expect("planned");
    assert_eq!((next.step.0, next.at.duration_since(since)), (1, scene.policy.hold));
    while scene.now.duration_since(since).as_hours() < 1 {
        assert!(!scene.queue.is_empty(), "parked: {}\n{}", scene.parked.len(), scene.lines.join("\n"));
        scene.due();
    }
    assert!(scene.trail("in_1").contains(&"unverified_debt"), "i8: the trail says why nothing went");
    let scene = play(scene, "processor settled=nothing; due");
    assert_eq!(scene.sends.last().expect("went").message.correlation.channel, Channel::Whatsapp);
}

#[test]
fn o15_a_final_notice_is_verified_whatever_its_day() {
    let scene = play(Scene::new(), "failed 3; due");
    assert_eq!(scene.sends[0].template, "payment_failed_final");
    assert!(
        scene.processor.asked.contains(&Lookup::Obligation),
        "design: before a final notice, or from Day 3"
    );
}
