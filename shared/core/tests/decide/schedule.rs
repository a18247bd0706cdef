//! The steps of a debt over the days: when, which text, and what happens when a part of the world is missing.

use crate::scene::Scene;
use crate::script::{check, play};

#[test]
fn r8_a_first_failure_sets_one_timer_and_a_redelivery_sets_the_same_one() {
    check(
        "failed 1; again; retold; under_way; due; under_way",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed 1: duplicate; whatsapp 0 at 22 10:02 g1
        22 10:00 in_1 failed 1: updated; whatsapp 0 at 22 10:02 g1
        under way: in_1 whatsapp 0 at 22 10:02, in_1 whatsapp 0 at 22 10:02, in_1 whatsapp 0 at 22 10:02
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 0 at 22 10:02, in_1 whatsapp 0 at 22 10:02, in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn r8_each_step_has_one_timer_however_often_the_source_speaks() {
    check(
        "failed 1; due; accepted; |; failed 2; again; retold; failed 3; under_way",
        "
        22 10:02 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 failed 2: duplicate; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 failed 3: updated; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn r9_messages_go_on_day_0_3_and_7_and_on_day_14_as_an_offer_to_who_agreed() {
    check("start marketing; failed 1; run; ledger; state; said", "
        22 10:00 none start marketing: opted_in
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 accepted: sent
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        25 10:00 in_1 accepted: sent
        29 10:00 in_1 whatsapp 2: claimed; SEND payment_failed_final by whatsapp; whatsapp 3 at 06 10:00 g4
        29 10:00 in_1 accepted: sent
        06 10:00 in_1 whatsapp 3: claimed; SEND win_back_offer by whatsapp; whatsapp 4 at 09 10:00 g5
        06 10:00 in_1 accepted: sent
        09 10:00 in_1 whatsapp 4: exhausted; forget 4 g5
        in_1 ledger: whatsapp 0 sent after 1, whatsapp 1 sent after 1, whatsapp 2 sent after 1, whatsapp 3 sent after 1
        in_1 is exhausted
        said: win_back_offer en [name=Ana, brand=Acme] link=i/acct_1/x
        ");
}

#[test]
fn r9_without_an_agreement_day_14_is_a_plain_notice() {
    check("failed 1; due; accepted; due; accepted; due; accepted; |; run; state; said", "
        06 10:00 in_1 whatsapp 3: cap; whatsapp 3 at 06 10:02 g5
        06 10:02 in_1 whatsapp 3: claimed; SEND account_suspended by whatsapp; whatsapp 4 at 09 10:00 g6
        06 10:02 in_1 accepted: sent
        09 10:00 in_1 whatsapp 4: exhausted; forget 4 g6
        in_1 is exhausted
        said: account_suspended en [name=Ana, brand=Acme, suspension_date=6 December 2026, amount=49.00 USD] link=i/acct_1/x
        ");
}

#[test]
fn r9_an_agreement_that_was_withdrawn_is_none() {
    check("start marketing; failed 1; due; accepted; due; accepted; due; accepted; |; +1d; stop marketing; run; said", "
        30 10:00 none stop marketing: opted_out
        06 10:00 in_1 whatsapp 3: cap; whatsapp 3 at 06 10:02 g5
        06 10:02 in_1 whatsapp 3: claimed; SEND account_suspended by whatsapp; whatsapp 4 at 09 10:00 g6
        06 10:02 in_1 accepted: sent
        09 10:00 in_1 whatsapp 4: exhausted; forget 4 g6
        said: account_suspended en [name=Ana, brand=Acme, suspension_date=6 December 2026, amount=49.00 USD] link=i/acct_1/x
        ");
}

#[test]
fn r9_days_are_the_buyers_own_over_a_change_of_the_clock() {
    check("+117d; failed 1 zone=Europe/Berlin; run; ledger", "
        19 10:00 in_1 failed 1: opened; whatsapp 0 at 19 10:02 g1
        19 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 22 10:00 g2
        19 10:02 in_1 accepted: sent
        22 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 26 10:00 g3
        22 10:00 in_1 accepted: sent
        26 10:00 in_1 whatsapp 2: claimed; SEND payment_failed_final by whatsapp; whatsapp 3 at 02 09:00 g4
        26 10:00 in_1 accepted: sent
        02 09:00 in_1 whatsapp 3: cap; whatsapp 3 at 02 10:02 g5
        02 10:02 in_1 whatsapp 3: claimed; SEND account_suspended by whatsapp; whatsapp 4 at 05 09:00 g6
        02 10:02 in_1 accepted: sent
        05 09:00 in_1 whatsapp 4: exhausted; forget 4 g6
        in_1 ledger: whatsapp 0 sent after 1, whatsapp 1 sent after 1, whatsapp 2 sent after 1, whatsapp 3 sent after 1
        ");
}

#[test]
fn r6_the_text_follows_the_attempt_and_the_day_whichever_is_further() {
    check(
        "failed 2; run; |; templates",
        "
        templates: payment_failed_second, payment_failed_second, payment_failed_final, account_suspended
        ",
    );
    check(
        "failed 1; due; accepted; failed 2; failed 3; run; |; templates",
        "
        templates: payment_failed_first, payment_failed_final, payment_failed_final, account_suspended
        ",
    );
    check(
        "failed 9; run; |; templates",
        "
        templates: payment_failed_final, payment_failed_final, payment_failed_final, account_suspended
        ",
    );
}

#[test]
fn r6_a_failure_between_two_days_makes_no_message_of_its_own() {
    check(
        "failed 1; due; accepted; +1d; |; failed 2 retry=+4d; +1d; failed 3 retry=+6d; under_way; due",
        "
        23 10:02 in_1 failed 2: updated; whatsapp 1 at 25 10:00 g2
        24 10:02 in_1 failed 3: updated; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_final by whatsapp; whatsapp 2 at 29 10:00 g3
        ",
    );
}

#[test]
fn r7_amounts_are_shown_in_their_own_decimals() {
    check(
        "failed 1 amount=1500JPY; due; |; said",
        "
        said: payment_failed_first en [name=Ana, amount=1500 JPY, brand=Acme] link=i/acct_1/x
        ",
    );
    check(
        "failed 1 amount=1500KWD; due; |; said",
        "
        said: payment_failed_first en [name=Ana, amount=1.500 KWD, brand=Acme] link=i/acct_1/x
        ",
    );
    check("failed 1 amount=4900EUR; due; refused fall_back; due; |; said", "
        said: Acme: Hi Ana, your payment of 49.00 EUR did not go through. Pay here: https://invoice.stripe.com/i/acct_1/x Reply HELP for help, STOP to end.
        ");
}

#[test]
fn r10_dates_and_days_left_are_counted_from_the_policy() {
    check("failed 1; due; accepted; due; |; said; accepted; due; said", "
        said: payment_failed_second en [name=Ana, amount=49.00 USD, brand=Acme, suspension_date=6 December 2026, days_left=11] link=i/acct_1/x
        25 10:00 in_1 accepted: sent
        29 10:00 in_1 whatsapp 2: claimed; SEND payment_failed_final by whatsapp; whatsapp 3 at 06 10:00 g4
        said: payment_failed_final en [name=Ana, amount=49.00 USD, brand=Acme, suspension_date=6 December 2026] link=i/acct_1/x
        ");
    check("failed 1 locale=es-MX name=none; due; accepted; due; |; said", "
        said: payment_failed_second es [name=cliente, amount=49.00 USD, brand=Acme, suspension_date=06/12/2026, days_left=11] link=i/acct_1/x
        ");
}

#[test]
fn r10_a_text_that_lacks_a_value_waits_an_hour_for_it_and_is_then_left_out() {
    check(
        "failed 1 link=none; due; failed 1; due; accepted",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_link; whatsapp 0 at 22 11:00 g2
        22 10:02 in_1 failed 1: updated; whatsapp 0 at 22 11:00 g2
        22 11:00 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g3
        22 11:00 in_1 accepted: sent
        ",
    );
    check(
        "failed 1 link=none; due; due; |; failed 1; due; accepted; trail",
        "
        22 11:00 in_1 failed 1: updated; whatsapp 1 at 25 10:00 g3
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g4
        25 10:00 in_1 accepted: sent
        in_1 trail: opened no_link updated claimed sent
        ",
    );
    check(
        "failed 1 link=https://pay.example.com/i/1; run; trail",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: no_link; whatsapp 0 at 22 11:00 g2
        22 11:00 in_1 whatsapp 0: no_link; whatsapp 1 at 25 10:00 g3
        25 10:00 in_1 whatsapp 1: no_link; whatsapp 1 at 25 11:00 g4
        25 11:00 in_1 whatsapp 1: no_link; whatsapp 2 at 29 10:00 g5
        29 10:00 in_1 whatsapp 2: no_link; whatsapp 2 at 29 11:00 g6
        29 11:00 in_1 whatsapp 2: no_link; whatsapp 3 at 06 10:00 g7
        06 10:00 in_1 whatsapp 3: no_link; whatsapp 3 at 06 11:00 g8
        06 11:00 in_1 whatsapp 3: no_link; whatsapp 4 at 09 10:00 g9
        09 10:00 in_1 whatsapp 4: exhausted; forget 4 g9
        in_1 trail: opened no_link no_link no_link no_link exhausted
        ",
    );
}

#[test]
fn r11_a_step_is_due_whenever_its_time_has_passed() {
    check(
        "failed 1; +32h; due; accepted; +3d; due; accepted; +6d; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        23 18:00 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        23 18:00 in_1 accepted: sent
        26 18:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        26 18:00 in_1 accepted: sent
        02 18:00 in_1 whatsapp 2: stale; whatsapp 3 at 06 10:00 g4
        ",
    );
}

#[test]
fn r11_a_step_that_comes_too_late_is_left_out_and_the_next_one_still_comes() {
    check(
        "failed 1; +37h; due; due; accepted; trail",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        23 23:00 in_1 whatsapp 0: stale; whatsapp 1 at 25 10:00 g2
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        25 10:00 in_1 accepted: sent
        in_1 trail: opened stale claimed sent
        ",
    );
    check(
        "failed 1; due; accepted; +30d; |; run; state; trail",
        "
        22 10:02 in_1 whatsapp 1: stale; whatsapp 2 at 29 10:00 g3
        22 10:02 in_1 whatsapp 2: stale; whatsapp 3 at 06 10:00 g4
        22 10:02 in_1 whatsapp 3: stale; whatsapp 4 at 09 10:00 g5
        22 10:02 in_1 whatsapp 4: exhausted; forget 4 g5
        in_1 is exhausted
        in_1 trail: opened claimed sent stale stale stale exhausted
        ",
    );
}

#[test]
fn r11_a_step_is_of_use_until_the_instant_it_expires() {
    for (script, expected) in [
        ("+36h; due", "claimed"),
        ("+36h+1s; due", "stale"),
        ("due; accepted; +120h; -2m; due", "claimed"),
        ("due; accepted; +120h; -1m; -59s; due", "stale"),
    ] {
        let mut scene = play(Scene::new(), &format!("quiet_hours off; failed 1; {script}"));
        let decided = scene.lines.pop().expect("a line");
        assert!(decided.contains(expected), "{script}: {decided}");
    }
}

#[test]
fn r12_a_claim_nobody_concluded_is_never_sent_again() {
    check(
        "failed 1; due; crash; |; due; under_way; ledger; due; ledger; accepted; ledger",
        "
        22 10:05 in_1 whatsapp 0: outcome_unknown; whatsapp 1 at 25 10:00 g2
        under way: in_1 whatsapp 1 at 25 10:00
        in_1 ledger: whatsapp 0 claimed after 1
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        in_1 ledger: whatsapp 0 unknown after 1, whatsapp 1 claimed after 1
        25 10:00 in_1 accepted: sent
        in_1 ledger: whatsapp 0 unknown after 1, whatsapp 1 sent after 1
        ",
    );
}

#[test]
fn r12_an_outcome_nobody_knows_keeps_the_claim_until_a_status_tells() {
    check(
        "failed 1; due; |; unknown; ledger; status delivered; ledger",
        "
        22 10:02 in_1 no answer: outcome_unknown
        in_1 ledger: whatsapp 0 claimed after 1
        22 10:02 in_1 whatsapp 0 is delivered: delivered
        in_1 ledger: whatsapp 0 delivered after 1
        ",
    );
    check(
        "failed 1; due; unknown; +61m; |; sweep; ledger; status failed; due; accepted; ledger",
        "
        22 11:03 in_1 sweep: outcome_unknown; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 unknown after 1
        22 11:03 in_1 whatsapp 0 is failed: failed; sms 0 at 22 11:03 g2
        22 11:03 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 11:03 in_1 accepted: sent
        in_1 ledger: whatsapp 0 failed after 1, sms 0 sent after 1
        ",
    );
}

#[test]
fn r12_sent_is_recorded_only_when_the_provider_took_it() {
    check(
        "failed 1; due; ledger; not_sent; ledger; due; accepted; ledger",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 claimed after 1
        22 10:02 in_1 not sent: retrying; again in 30 s
        in_1 ledger: whatsapp 0 retryable after 1
        22 10:02:30 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02:30 in_1 accepted: sent
        in_1 ledger: whatsapp 0 sent after 2
        ",
    );
}

#[test]
fn r16_an_account_that_cannot_send_waits_without_using_up_attempts() {
    check(
        "failed 1; due; refused hold; ledger; due; refused hold; ledger; due; accepted; ledger; next",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:02 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 refused hold: account_held; forget 1 g2; whatsapp 0 at 22 10:17 g3; alarm
        in_1 ledger: whatsapp 0 retryable after 0
        22 10:17 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g4
        22 10:17 in_1 refused hold: account_held; forget 1 g4; whatsapp 0 at 22 10:32 g5; alarm
        in_1 ledger: whatsapp 0 retryable after 0
        22 10:32 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g6
        22 10:32 in_1 accepted: sent
        in_1 ledger: whatsapp 0 sent after 1
        in_1 next: whatsapp 1 at 25 10:00 g6
        ",
    );
}

#[test]
fn r16_a_hold_that_outlives_the_step_gives_way_to_the_next_step() {
    check(
        "failed 1; due; refused hold; +36h; |; due; ledger; next",
        "
        23 22:02 in_1 whatsapp 0: stale; whatsapp 1 at 25 10:00 g4
        in_1 ledger: whatsapp 0 dropped after 0
        in_1 next: whatsapp 1 at 25 10:00 g4
        ",
    );
}
