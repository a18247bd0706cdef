//! What sources say: one debt under several names, the same thing twice, and everything that ends or freezes a case.

use crate::scene::Scene;
use crate::script::{check, play};

#[test]
fn r3_both_reports_of_one_failure_make_one_obligation_and_one_message() {
    check(
        "failed 1 id=invoice; failed - id=intent; due; accepted; due; under_way; ledger",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed: updated; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_1 whatsapp 0: already_sent; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        in_1 ledger: whatsapp 0 sent after 1
        ",
    );
    check(
        "failed - id=intent; failed 1 id=invoice; due; accepted; due; under_way; ledger",
        "
        22 10:00 in_1 failed: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed 1: updated; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_1 whatsapp 0: already_sent; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        in_1 ledger: whatsapp 0 sent after 1
        ",
    );
}

#[test]
fn r3_the_invoice_speaks_for_the_payment_intent_of_the_same_debt() {
    check(
        "failed - unlinked case=pi_1; failed 1; due; accepted; due; state case=pi_1; under_way",
        "
        22 10:00 pi_1 failed: opened; whatsapp 0 at 22 10:15 g1
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:15 pi_1 whatsapp 0: same_debt; forget 0 g1
        pi_1 is suppressed
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
    check(
        "failed 1; failed - unlinked case=pi_1; due; accepted; due; state case=pi_1; under_way",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 pi_1 failed: opened; whatsapp 0 at 22 10:15 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:15 pi_1 whatsapp 0: same_debt; forget 0 g1
        pi_1 is suppressed
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn r3_what_the_payment_intent_told_the_invoice_does_not_tell_again() {
    check(
        "failed - unlinked case=pi_1; due; accepted; failed 1; due; trail",
        "
        22 10:00 pi_1 failed: opened; whatsapp 0 at 22 10:15 g1
        22 10:15 pi_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:15 pi_1 accepted: sent
        22 10:15 in_1 failed 1: opened; whatsapp 0 at 22 10:17 g1
        22 10:17 in_1 whatsapp 0: same_debt; whatsapp 1 at 25 10:15 g2
        in_1 trail: opened same_debt
        ",
    );
}

#[test]
fn r3_another_amount_or_another_time_is_another_debt() {
    check(
        "failed 1; failed - unlinked case=pi_1 amount=1000USD; due; accepted; +2h; due; accepted",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 pi_1 failed: opened; whatsapp 0 at 22 10:15 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 12:02 pi_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 12:02 pi_1 accepted: sent
        ",
    );
    check(
        "failed 1; due; accepted; +7h; failed - unlinked case=pi_1; due; accepted",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 17:02 pi_1 failed: opened; whatsapp 0 at 22 17:17 g1
        22 17:17 pi_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 17:02 g2
        22 17:17 pi_1 accepted: sent
        ",
    );
    check(
        "failed 1; failed 1 case=in_2; due; accepted; due; due; accepted",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_2 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:02 g2
        22 11:02 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g3
        22 11:02 in_2 accepted: sent
        ",
    );
}

#[test]
fn r1_a_first_payment_intent_without_an_invoice_is_messaged_like_any_debt() {
    check(
        "failed - unlinked case=pi_1; due; accepted; run; |; templates; state case=pi_1",
        "
        templates: payment_failed_first, payment_failed_second, payment_failed_final, account_suspended
        pi_1 is exhausted
        ",
    );
}

#[test]
fn o21_one_event_fifty_times_is_one_event() {
    let once = play(Scene::new(), "failed 1; due; accepted");
    let mut script = "failed 1; due; accepted".to_owned();
    for _ in 0..50 {
        script.push_str("; again");
    }
    let often = play(Scene::new(), &script);
    assert_eq!(once.cases, often.cases, "the item is not even written again");
    assert_eq!(often.sends.len(), 1);
    assert_eq!(often.queue, once.queue, "one timer, by its name");
}

#[test]
fn f01_a_burst_before_the_first_step_still_makes_one_message() {
    let script = format!("failed 1; {} run", "again; ".repeat(50));
    let scene = play(Scene::new(), &script);
    assert_eq!(scene.sends.len(), 4, "one for each step");
    assert!(scene.parked.is_empty());
}

#[test]
fn o21_the_dedupe_set_and_the_trail_stay_small_and_forget_the_oldest_first() {
    let scene = play(Scene::new(), "failed 1; refunded_in_part; failed 2; due");
    let scene = play(scene, &"not_sent; due; failed 3; ".repeat(3));
    let scene = play(scene, &"retold; ".repeat(30));
    let case = scene.case("in_1");
    assert_eq!((case.seen.len(), case.trail.len() <= 16), (24, true));
    let newest = recoup_core::EventKey::of(scene.told.0.as_ref().expect("told"));
    assert_eq!(case.seen.last(), Some(&newest));
}

#[test]
fn f02_the_same_fact_under_two_ids_changes_nothing_more() {
    let once = play(Scene::new(), "failed 1 retry=+3d");
    let twice = play(once.clone(), "failed 1 retry=+3d id=other");
    let (mut a, mut b) = (once.case("in_1").clone(), twice.case("in_1").clone());
    for case in [&mut a, &mut b] {
        case.seen.clear();
        case.trail.clear();
    }
    assert_eq!(a, b);
    check(
        "failed 1; paid; retold; again; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 paid: paid; forget 0 g1
        22 10:00 in_1 paid: duplicate
        22 10:00 in_1 paid: duplicate
        in_1 is recovered
        ",
    );
}

#[test]
fn f04_a_payment_before_any_failure_is_a_tombstone() {
    check(
        "paid; +3d; failed 1; under_way; state; trail",
        "
        22 10:00 in_1 paid: paid
        25 10:00 in_1 failed 1: already_closed
        under way: nothing
        in_1 is recovered
        in_1 trail: paid already_closed
        ",
    );
    for ending in ["voided", "uncollectible", "cancelled", "refunded", "dispute", "won", "lost"] {
        let scene = play(Scene::new(), &format!("{ending}; +3d; failed 1; failed 2; sweep"));
        assert!(scene.queue.is_empty(), "{ending}: nothing is planned");
    }
}

#[test]
fn o15_a_payment_forgets_the_timer_and_a_timer_that_fires_all_the_same_is_harmless() {
    check(
        "failed 1; due; accepted; |; paid; under_way; state",
        "
        22 10:02 in_1 paid: paid; forget 1 g2
        under way: nothing
        in_1 is recovered
        ",
    );
    check(
        "failed 1; paid; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 paid: paid; forget 0 g1
        22 10:02 in_1 whatsapp 0: already_closed
        ",
    );
}

#[test]
fn o42_a_dispute_freezes_and_its_end_closes() {
    check(
        "failed 1; due; accepted; |; dispute; under_way; failed 2; sweep; won; state",
        "
        22 10:02 in_1 dispute opened: disputed; forget 1 g2
        under way: nothing
        22 10:02 in_1 failed 2: updated
        22 10:02 in_1 sweep: already_closed
        22 10:02 in_1 dispute won: dispute_won
        in_1 is recovered
        ",
    );
    check(
        "failed 1; dispute; due; state; lost; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 dispute opened: disputed; forget 0 g1
        22 10:02 in_1 whatsapp 0: disputed
        in_1 is disputed
        22 10:02 in_1 dispute lost: dispute_lost
        in_1 is voided
        ",
    );
    check(
        "failed 1; won; dispute; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 dispute won: dispute_won; forget 0 g1
        22 10:00 in_1 dispute opened: disputed
        in_1 is recovered
        ",
    );
    check(
        "failed 1; due; accepted; |; paid; dispute; state; lost; state; failed 2; state",
        "
        22 10:02 in_1 paid: paid; forget 1 g2
        22 10:02 in_1 dispute opened: disputed
        in_1 is disputed
        22 10:02 in_1 dispute lost: dispute_lost
        in_1 is voided
        22 10:02 in_1 failed 2: updated
        in_1 is voided
        ",
    );
}

#[test]
fn o42_a_partial_refund_stops_nothing() {
    check(
        "failed 1; refunded_in_part; due; accepted; refunded; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 refunded in part: refunded_in_part; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        22 10:02 in_1 refunded: refunded; forget 1 g2
        in_1 is voided
        ",
    );
}

#[test]
fn o45_a_closed_case_takes_facts_and_stays_closed() {
    check(
        "failed 1; run; |; state; failed 2; failed 3; sweep; state; paid; state; failed 4; state; under_way",
        "
        in_1 is exhausted
        09 10:00 in_1 failed 2: updated
        09 10:00 in_1 failed 3: updated
        09 10:00 in_1 sweep: already_closed
        in_1 is exhausted
        09 10:00 in_1 paid: paid
        in_1 is recovered
        09 10:00 in_1 failed 4: updated
        in_1 is recovered
        under way: nothing
        ",
    );
    check(
        "failed 1; voided; paid; state; voided id=x; refunded; state",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 voided: voided; forget 0 g1
        22 10:00 in_1 paid: paid
        in_1 is recovered
        22 10:00 in_1 voided: duplicate
        22 10:00 in_1 refunded: refunded
        in_1 is voided
        ",
    );
}
