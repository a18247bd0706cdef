//! A buyer with a mailbox and no number: letters stand in, and leave nothing behind that another channel would do.

use crate::scene::Scene;
use crate::script::{check, play};

#[test]
fn r05_a_step_without_a_number_goes_on_as_a_letter_and_its_successor_is_planned_as_ever() {
    check(
        "letters; failed 1 phone=none email=ana@example.com; due; due; accepted; due; ledger",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_phone; email 0 at 22 10:02 g2
        22 10:02 in_1 email 0: claimed; SEND payment_failed_first by email; whatsapp 1 at 25 10:00 g3
        22 10:02 in_1 accepted: sent
        25 10:00 in_1 whatsapp 1: no_phone; email 1 at 25 10:00 g4
        in_1 ledger: email 0 sent after 1
        ",
    );
}

#[test]
fn r05_a_letter_that_fails_owes_no_text_message() {
    for outcome in ["accepted; status failed email", "refused fall_back"] {
        let script =
            format!("letters; failed 1 phone=none email=ana@example.com; due; due; {outcome}; sweep");
        let mut scene = play(Scene::new(), &script);
        scene.advance(jiff::SignedDuration::from_hours(1));
        let scene = play(scene, "sweep; |; under_way; ledger");
        assert_eq!(
            scene.lines,
            ["under way: in_1 whatsapp 1 at 25 10:00", "in_1 ledger: email 0 failed after 1"],
            "{outcome}"
        );
    }
}

#[test]
fn r05_a_letter_that_must_wait_comes_back_by_its_own_channel_unless_it_was_tried() {
    let two = "letters; failed 1 phone=none email=ana@example.com; due; due; accepted; \
               failed 1 case=in_2 amount=100USD phone=none email=ana@example.com; due";
    let scene = play(Scene::new(), &format!("{two}; |; due; next case=in_2"));
    assert_eq!(
        scene.lines,
        [
            "22 10:04 in_2 email 0: touch_gap; whatsapp 0 at 22 11:02 g3",
            "in_2 next: whatsapp 0 at 22 11:02 g3"
        ]
    );
    let held = "letters; failed 1 phone=none email=ana@example.com; due; due; |; refused hold; next";
    assert_eq!(
        play(Scene::new(), held).lines,
        [
            "22 10:02 in_1 refused hold: account_held; forget 1 g3; email 0 at 22 10:17 g4; alarm",
            "in_1 next: email 0 at 22 10:17 g4"
        ]
    );
}

#[test]
fn r05_a_letter_that_nobody_knows_of_is_not_parked_and_not_sent_again() {
    let script = "letters; failed 1 phone=none email=ana@example.com; due; due; crash; due; parked; ledger";
    let scene = play(Scene::new(), script);
    assert_eq!(scene.lines[scene.lines.len() - 2..], ["parked: 0", "in_1 ledger: email 0 claimed after 1"]);
    assert_eq!(scene.sends.len(), 1);
}
