//! Carts, checks of identity, buyers who stopped, and obligations that fail again after they have paid.

use recoup_core::Policy;

use crate::scene::Scene;
use crate::script::{compare, play};

/// A shop with approved links of every kind.
pub(crate) fn shop() -> Scene {
    let mut scene = Scene::new();
    scene.policy = Policy {
        shop_link_base: "https://shop.example.com/".to_owned(),
        identity_link_base: "https://id.example.com/".to_owned(),
        ..Policy::standard("Acme")
    };
    scene
}

#[track_caller]
fn check(script: &str, expected: &str) {
    compare(&play(shop(), script), expected);
}

#[test]
fn t3_a_cart_that_is_left_gets_three_reminders_and_no_more() {
    check(
        "cart case=tok_1 happened=0m; run; state case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:30 tok_1 whatsapp 0: claimed; SEND cart_reminder_first by whatsapp; whatsapp 1 at 23 10:00 g2
         22 10:30 tok_1 accepted: sent
         23 10:00 tok_1 whatsapp 1: claimed; SEND cart_reminder_second by whatsapp; whatsapp 2 at 25 10:00 g3
         23 10:00 tok_1 accepted: sent
         25 10:00 tok_1 whatsapp 2: claimed; SEND cart_reminder_last by whatsapp; whatsapp 3 at 27 10:00 g4
         25 10:00 tok_1 accepted: sent
         27 10:00 tok_1 whatsapp 3: exhausted; forget 3 g4
         tok_1 is exhausted",
    );
}

#[test]
fn t3_each_change_of_a_cart_moves_the_first_reminder_and_costs_no_timer() {
    check(
        "cart case=tok_1 happened=0m; +20m; cart case=tok_1 happened=0m; +20m; cart case=tok_1 happened=0m; under_way; next case=tok_1; due; due; accepted; ledger case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:20 tok_1 checkout updated: moved
         22 10:40 tok_1 checkout updated: moved
         under way: tok_1 whatsapp 0 at 22 10:30
         tok_1 next: whatsapp 0 at 22 11:10 g3
         22 10:40 tok_1 whatsapp 0: superseded; whatsapp 0 at 22 11:10 g3
         22 11:10 tok_1 whatsapp 0: claimed; SEND cart_reminder_first by whatsapp; whatsapp 1 at 23 10:40 g4
         22 11:10 tok_1 accepted: sent
         tok_1 ledger: whatsapp 0 sent after 1",
    );
}

#[test]
fn t3_a_change_that_was_overtaken_moves_nothing() {
    check(
        "cart case=tok_1 happened=0m; +10m; cart case=tok_1 happened=-15m; next case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:10 tok_1 checkout updated: updated; whatsapp 0 at 22 10:30 g1
         tok_1 next: whatsapp 0 at 22 10:30 g1",
    );
}

#[test]
fn t3_a_cart_that_the_store_calls_abandoned_is_reminded_of_at_once() {
    check(
        "left case=tok_1 happened=0m; next case=tok_1",
        "22 10:00 tok_1 checkout abandoned: opened; whatsapp 0 at 22 10:02 g1
         tok_1 next: whatsapp 0 at 22 10:02 g1",
    );
}

#[test]
fn t3_an_order_ends_the_reminders_under_any_name_of_the_cart() {
    check(
        "cart case=tok_1 links=cart_1; completed case=tok_1; run; state case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:00 tok_1 checkout completed: completed; forget 0 g1
         tok_1 is recovered",
    );
    check(
        "cart case=tok_1 links=cart_1; completed case=cart_1; run; state case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:00 cart_1 checkout completed: completed
         22 10:30 tok_1 whatsapp 0: paid; forget 0 g1
         tok_1 is recovered",
    );
    check(
        "completed case=tok_1; cart case=tok_1; run; state case=tok_1",
        "22 10:00 tok_1 checkout completed: completed
         22 10:00 tok_1 checkout updated: already_closed
         tok_1 is recovered",
    );
}

#[test]
fn t3_a_cart_without_consent_is_left_in_peace_and_says_why() {
    check(
        "cart case=tok_1 no_consent; run; trail case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:30 tok_1 whatsapp 0: no_marketing_consent; whatsapp 1 at 23 10:00 g2
         23 10:00 tok_1 whatsapp 1: no_marketing_consent; whatsapp 2 at 25 10:00 g3
         25 10:00 tok_1 whatsapp 2: no_marketing_consent; whatsapp 3 at 27 10:00 g4
         27 10:00 tok_1 whatsapp 3: exhausted; forget 3 g4
         tok_1 trail: opened no_marketing_consent no_marketing_consent no_marketing_consent exhausted",
    );
    check(
        "cart case=tok_1; stop marketing; run; trail case=tok_1",
        "22 10:00 tok_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:00 none stop marketing: opted_out
         22 10:30 tok_1 whatsapp 0: no_marketing_consent; whatsapp 1 at 23 10:00 g2
         23 10:00 tok_1 whatsapp 1: no_marketing_consent; whatsapp 2 at 25 10:00 g3
         25 10:00 tok_1 whatsapp 2: no_marketing_consent; whatsapp 3 at 27 10:00 g4
         27 10:00 tok_1 whatsapp 3: exhausted; forget 3 g4
         tok_1 trail: opened no_marketing_consent no_marketing_consent no_marketing_consent exhausted",
    );
}

#[test]
fn t4_a_refused_check_names_its_cause_until_the_buyer_hands_in_again() {
    check(
        "rejected case=app_1 cause=expired happened=0m; run; state case=app_1",
        "22 10:00 app_1 kyc rejected: opened; whatsapp 0 at 22 10:02 g1
         22 10:02 app_1 whatsapp 0: claimed; SEND kyc_retake_first by whatsapp; whatsapp 1 at 23 10:00 g2
         22 10:02 app_1 accepted: sent
         23 10:00 app_1 whatsapp 1: claimed; SEND kyc_retake_second by whatsapp; whatsapp 2 at 25 10:00 g3
         23 10:00 app_1 accepted: sent
         25 10:00 app_1 whatsapp 2: claimed; SEND kyc_retake_last by whatsapp; whatsapp 3 at 27 10:00 g4
         25 10:00 app_1 accepted: sent
         27 10:00 app_1 whatsapp 3: exhausted; forget 3 g4
         app_1 is exhausted",
    );
    check(
        "rejected case=app_1 happened=0m; due; accepted; +1h; pending case=app_1 happened=0m; run; state case=app_1; +2h; rejected case=app_1 cause=expired happened=0m; due; accepted; approved case=app_1; run; state case=app_1",
        "22 10:00 app_1 kyc rejected: opened; whatsapp 0 at 22 10:02 g1
         22 10:02 app_1 whatsapp 0: claimed; SEND kyc_retake_first by whatsapp; whatsapp 1 at 23 10:00 g2
         22 10:02 app_1 accepted: sent
         22 11:02 app_1 kyc pending: answered; forget 1 g2
         app_1 is recovered
         22 13:02 app_1 kyc rejected: opened; whatsapp 0 at 22 13:04 g1001
         22 13:04 app_1 whatsapp 0: claimed; SEND kyc_retake_first by whatsapp; whatsapp 1 at 23 13:02 g1002
         22 13:04 app_1 accepted: sent
         22 13:04 app_1 kyc approved: approved; forget 1 g1002
         app_1 is recovered",
    );
}

#[test]
fn t4_a_refusal_for_good_is_not_nudged() {
    check(
        "refused_for_good case=app_1; run; state case=app_1",
        "22 10:00 app_1 kyc rejected: final_refusal
         app_1 is voided",
    );
    check(
        "refused_for_good case=app_1; rejected case=app_1; run; state case=app_1",
        "22 10:00 app_1 kyc rejected: final_refusal
         22 10:00 app_1 kyc rejected: already_closed
         app_1 is voided",
    );
    check(
        "rejected case=app_1; refused_for_good case=app_1; run; state case=app_1",
        "22 10:00 app_1 kyc rejected: opened; whatsapp 0 at 22 10:02 g1
         22 10:00 app_1 kyc rejected: final_refusal; forget 0 g1
         22 10:02 app_1 whatsapp 0: already_closed
         app_1 is voided",
    );
}

#[test]
fn t3_a_buyer_who_stopped_is_asked_back_once_if_they_agreed() {
    check(
        "lapsed case=cus_1; run; trail case=cus_1",
        "22 10:00 cus_1 lapsed: opened; whatsapp 0 at 22 10:02 g1
         22 10:02 cus_1 whatsapp 0: no_marketing_consent; whatsapp 1 at 25 10:00 g2
         25 10:00 cus_1 whatsapp 1: exhausted; forget 1 g2
         cus_1 trail: opened no_marketing_consent exhausted",
    );
    check(
        "start marketing; lapsed case=cus_1; run; trail case=cus_1",
        "22 10:00 none start marketing: opted_in
         22 10:00 cus_1 lapsed: opened; whatsapp 0 at 22 10:02 g1
         22 10:02 cus_1 whatsapp 0: claimed; SEND win_back_return by whatsapp; whatsapp 1 at 25 10:00 g2
         22 10:02 cus_1 accepted: sent
         25 10:00 cus_1 whatsapp 1: exhausted; forget 1 g2
         cus_1 trail: opened claimed sent exhausted",
    );
}

#[test]
fn r20_a_subscription_that_pays_ends_its_messages_and_fails_anew_next_month() {
    check(
        "failed case=sub_1 happened=0m; due; accepted; +1d; recovered case=sub_1 happened=0m; state case=sub_1; +30d; failed case=sub_1 happened=0m; state case=sub_1; due; accepted; ledger case=sub_1",
        "22 10:00 sub_1 failed: opened; whatsapp 0 at 22 10:02 g1
         22 10:02 sub_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
         22 10:02 sub_1 accepted: sent
         23 10:02 sub_1 recovered: recovered; forget 1 g2
         sub_1 is recovered
         23 10:02 sub_1 failed: opened; whatsapp 0 at 23 10:04 g1001
         sub_1 is open
         23 10:04 sub_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 26 10:02 g1002
         23 10:04 sub_1 accepted: sent
         sub_1 ledger: whatsapp 0 sent after 1",
    );
}

#[test]
fn r20_a_failure_from_before_the_payment_changes_nothing_however_late_it_comes() {
    check(
        "recovered case=sub_1 happened=0m; +1h; failed case=sub_1 happened=-2h; run; state case=sub_1; failed case=sub_1; run; state case=sub_1",
        "22 10:00 sub_1 recovered: recovered
         22 11:00 sub_1 failed: already_closed
         sub_1 is recovered
         22 11:00 sub_1 failed: updated
         sub_1 is recovered",
    );
}

#[test]
fn r20_a_payment_of_the_subscription_settles_the_invoices_that_failed_before_it_and_no_later_one() {
    check(
        "failed 1 case=in_1 links=sub_1 happened=0m; +1h; recovered case=sub_1 happened=0m; run; state case=in_1",
        "22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
         22 11:00 sub_1 recovered: recovered
         22 11:00 in_1 whatsapp 0: recovered; forget 0 g1
         in_1 is recovered",
    );
    check(
        "recovered case=sub_1 happened=0m; +1h; failed 1 case=in_2 links=sub_1 happened=0m; due; accepted; state case=in_2",
        "22 10:00 sub_1 recovered: recovered
         22 11:00 in_2 failed 1: opened; whatsapp 0 at 22 11:02 g1
         22 11:02 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 11:00 g2
         22 11:02 in_2 accepted: sent
         in_2 is open",
    );
}

#[test]
fn r20_a_subscription_that_was_given_up_is_waited_for_no_longer() {
    check(
        "failed 1 retry=+3d; halted; next; trail",
        "22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
         22 10:00 in_1 subscription halted: noted; whatsapp 0 at 22 10:02 g1
         in_1 next: whatsapp 0 at 22 10:02 g1
         in_1 trail: opened noted",
    );
    check("halted", "22 10:00 in_1 subscription halted: noted");
}

#[test]
fn t3_an_order_whose_payment_fails_is_no_cart_any_more_unless_somebody_was_reminded() {
    check(
        "cart case=727 no_consent happened=0m; +5m; failed case=727 happened=0m; due; due; accepted; ledger case=727",
        "22 10:00 727 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:05 727 failed: opened; whatsapp 0 at 22 10:07 g1001
         22 10:07 727 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:05 g1002
         22 10:30 727 whatsapp 0: outcome_unknown; whatsapp 1 at 25 10:05 g1002
         22 10:30 727 accepted: sent
         727 ledger: whatsapp 0 sent after 1",
    );
    check(
        "cart case=727 happened=0m; due; accepted; failed case=727 happened=0m; under_way; ledger case=727",
        "22 10:00 727 checkout updated: opened; whatsapp 0 at 22 10:30 g1
         22 10:30 727 whatsapp 0: claimed; SEND cart_reminder_first by whatsapp; whatsapp 1 at 23 10:00 g2
         22 10:30 727 accepted: sent
         22 10:30 727 failed: updated; whatsapp 1 at 23 10:00 g2
         under way: 727 whatsapp 1 at 23 10:00
         727 ledger: whatsapp 0 sent after 1",
    );
}
