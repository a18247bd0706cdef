//! Facts that come another way than as the case's own event, and how a case tells its story.

use recoup_core::{Channel, SendState};

use crate::scene::Scene;
use crate::script::{check, play};

#[test]
fn a_linked_obligation_that_ended_stops_the_case() {
    check(
        "failed 1 links=sub_1,pi_1; due; accepted; |; cancelled case=sub_1; due; state; under_way",
        "
        22 10:02 sub_1 subscription cancelled: cancelled
        25 10:00 in_1 whatsapp 1: voided; forget 1 g2
        in_1 is voided
        under way: nothing
        ",
    );
    check(
        "failed 1 links=sub_1,pi_1; due; accepted; |; dispute case=pi_1; due; state; under_way",
        "
        22 10:02 pi_1 dispute opened: disputed
        25 10:00 in_1 whatsapp 1: disputed; forget 1 g2
        in_1 is disputed
        under way: nothing
        ",
    );
    check(
        "failed 1 links=pi_1; paid case=pi_1; due; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 pi_1 paid: paid
        22 10:02 in_1 whatsapp 0: paid; forget 0 g1
        in_1 is recovered
        ",
    );
    check(
        "failed 1 links=pi_1; refunded_in_part case=pi_1; failed - case=pi_1; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 pi_1 refunded in part: refunded_in_part
        22 10:00 pi_1 failed: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        ",
    );
}

#[test]
fn a_linked_obligation_stops_the_text_message_too() {
    check(
        "failed 1 links=pi_1; due; refused fall_back; |; paid case=pi_1; due; state",
        "
        22 10:02 pi_1 paid: paid
        22 10:02 in_1 sms 0: paid; forget 1 g2
        in_1 is recovered
        ",
    );
}

#[test]
fn o15_what_the_processor_says_when_asked_stops_the_message() {
    check(
        "processor settled=paid; failed 1; due; accepted; |; due; state; under_way",
        "
        25 10:00 in_1 whatsapp 1: paid; forget 1 g2
        in_1 is recovered
        under way: nothing
        ",
    );
    check(
        "processor settled=voided; failed 1; due; accepted; |; due; state",
        "
        25 10:00 in_1 whatsapp 1: voided; forget 1 g2
        in_1 is voided
        ",
    );
}

#[test]
fn o15_a_processor_that_cannot_be_asked_about_the_debt_holds_the_message() {
    let scene = play(Scene::new(), "processor settled=unreachable; failed 1; due; accepted; due; due");
    assert_eq!(scene.sends.len(), 1, "only Day 0, which needs no second look");
    assert!(scene.lines.last().expect("decided").contains("unverified_debt"));
    let scene = play(scene, "processor settled=nothing; due");
    assert_eq!(scene.sends.len(), 2);
    let scene = play(
        Scene::new(),
        "processor settled=unreachable; failed 1; due; accepted; due; processor settled=paid; due",
    );
    assert_eq!((scene.sends.len(), scene.state("in_1").as_str()), (1, "recovered"));
}

#[test]
fn o22_the_trail_tells_which_stage_fired_and_why_others_did_not() {
    check(
        "failed 1; due; refused fall_back; due; accepted; status delivered sms; failed 2 retry=+72h; due; stop; trail",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 refused fall_back: failed; sms 0 at 22 10:02 g2
        22 10:02 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_1 sms 0 is delivered: delivered
        22 10:02 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g2
        25 10:00 in_1 whatsapp 1: awaits_retry; whatsapp 1 at 25 10:32 g3
        25 10:00 none stop all: opted_out; silence in_1
        25 10:00 in_1 silenced: opted_out; forget 1 g3
        in_1 trail: opened claimed failed claimed sent delivered updated awaits_retry opted_out
        ",
    );
    let scene = play(Scene::new(), "failed 1; due; accepted; status read; paid");
    let trail: Vec<_> = scene
        .case("in_1")
        .trail
        .iter()
        .map(|entry| (entry.step.map(|step| step.0), entry.reason.code()))
        .collect();
    assert_eq!(
        trail,
        [(None, "opened"), (Some(0), "claimed"), (Some(0), "sent"), (Some(0), "read"), (None, "paid")]
    );
}

#[test]
fn o22_the_ledger_says_what_was_sent_and_who_took_it() {
    let scene = play(Scene::new(), "failed 1; due; refused fall_back; due; accepted");
    let [first, second] = scene.ledger("in_1") else { panic!("two entries") };
    assert_eq!(
        (first.channel, first.state, first.detail.as_deref()),
        (Channel::Whatsapp, SendState::Failed, Some("1"))
    );
    assert_eq!((second.channel, second.state), (Channel::Sms, SendState::Sent));
    assert_eq!(second.detail.as_deref(), Some("wamid.1"));
    assert_eq!(second.template.as_str(), "payment_failed_first");
    assert_ne!(first.token, second.token);
}

#[test]
fn r3_a_payment_intent_that_spoke_first_ends_when_it_meets_its_invoice() {
    let scene = play(Scene::new(), "failed - case=pi_1 unlinked; due; accepted; failed 1; due; run");
    assert_eq!(scene.state("pi_1").as_str(), "suppressed", "{}", scene.lines.join("\n"));
    assert!(scene.trail("pi_1").contains(&"same_debt"));
    assert_eq!(scene.sends.len(), 4, "one message for each step");
}

#[test]
fn o15_the_intent_of_an_invoice_that_was_paid_otherwise_is_silent() {
    let scene =
        play(Scene::new(), "failed - case=pi_1 unlinked; due; accepted; failed 1; due; +1d; paid; run");
    assert_eq!(scene.sends.len(), 1, "{}", scene.lines.join("\n"));
}
