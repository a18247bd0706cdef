//! What providers say about the account, a number or a template, and what then goes by which channel.

use crate::lanes::shop;
use crate::script::{check, compare, play};

#[track_caller]
fn check_shop(script: &str, expected: &str) {
    compare(&play(shop(), script), expected);
}

#[test]
fn r16_a_barred_account_sends_everything_by_the_next_channel_and_tries_again_by_itself() {
    check(
        "failed 1; heed barred; due; due; accepted; +40m; failed 1 case=in_2 phone=+442079460001 amount=900USD; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 none heed: heeded; alarm
        22 10:02 in_1 whatsapp 0: paused; sms 0 at 22 10:02 g2
        22 10:02 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g3
        22 10:02 in_1 accepted: sent
        22 10:42 in_2 failed 1: opened; whatsapp 0 at 22 10:44 g1
        22 10:44 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:42 g2
        ",
    );
}

#[test]
fn o37_a_paused_template_goes_by_text_message_until_it_is_back() {
    check(
        "failed 1; heed template_paused payment_failed_first; due; due; accepted; | ; heed template_back payment_failed_first; failed 1 case=in_2 phone=+442079460001 amount=900USD; due",
        "
        22 10:02 none heed: heeded
        22 10:02 in_2 failed 1: opened; whatsapp 0 at 22 10:04 g1
        22 10:04 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:02 g2
        ",
    );
}

#[test]
fn o4_a_template_that_counts_as_marketing_needs_the_buyer_s_agreement_from_that_moment() {
    check(
        "failed 1; heed marketing_template payment_failed_first; due; start marketing; failed 1 case=in_2 amount=900USD; due",
        "
        22 10:00 in_1 failed 1: opened; whatsapp 0 at 22 10:02 g1
        22 10:00 none heed: heeded; alarm
        22 10:02 in_1 whatsapp 0: no_marketing_consent; whatsapp 1 at 25 10:00 g2
        22 10:02 none start marketing: opted_in
        22 10:02 in_2 failed 1: opened; whatsapp 0 at 22 10:04 g1
        22 10:04 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:02 g2
        ",
    );
}

#[test]
fn marketing_to_american_numbers_goes_by_text_message() {
    check_shop(
        "quiet_hours off; cart phone=+14155550123; due; due; accepted; ledger",
        "
        22 10:00 in_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
        22 10:30 in_1 whatsapp 0: not_by_this_channel; sms 0 at 22 10:30 g2
        22 10:30 in_1 sms 0: claimed; SEND cart_reminder_first by sms; whatsapp 1 at 23 10:00 g3
        22 10:30 in_1 accepted: sent
        in_1 ledger: sms 0 sent after 1
        ",
    );
}

#[test]
fn a_red_number_sends_less_marketing_and_all_of_its_utility() {
    check_shop(
        "quiet_hours off; heed red; heed red; heed red; cart; due; failed 1 case=in_2 amount=900USD; due; heed green; cart case=cart_2; due; +1h; due",
        "
        22 10:00 none heed: heeded; alarm
        22 10:00 none heed: heeded; alarm
        22 10:00 none heed: heeded; alarm
        22 10:00 in_1 checkout updated: opened; whatsapp 0 at 22 10:30 g1
        22 10:30 in_1 whatsapp 0: governed; whatsapp 1 at 23 10:00 g2
        22 10:30 in_2 failed 1: opened; whatsapp 0 at 22 10:32 g1
        22 10:32 in_2 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:30 g2
        22 10:32 none heed: heeded
        22 10:32 cart_2 checkout updated: opened; whatsapp 0 at 22 11:02 g1
        22 11:02 cart_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:32 g2
        22 12:02 cart_2 whatsapp 0: claimed; SEND cart_reminder_first by whatsapp; whatsapp 1 at 23 10:32 g3
        ",
    );
}
