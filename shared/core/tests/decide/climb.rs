//! One notice that climbs from channel to channel: push, WhatsApp, text message.

use crate::script::check;

#[test]
fn t2_push_after_one_minute_whatsapp_after_fifteen_text_message_after_two_hours() {
    check(
        "failed 1 one_time push=token_1; due; accepted; due; accepted; due; accepted; due; tells",
        "
        22 10:00 in_1 failed 1: opened; push 0 at 22 10:01 g1
        22 10:01 in_1 push 0: claimed; SEND order_payment_failed by push; whatsapp 1 at 22 10:15 g2
        22 10:01 in_1 accepted: sent
        22 10:15 in_1 whatsapp 1: claimed; SEND order_payment_failed by whatsapp; sms 2 at 22 12:00 g3
        22 10:15 in_1 accepted: sent
        22 12:00 in_1 sms 2: claimed; SEND order_payment_failed by sms; whatsapp 3 at 23 12:00 g4
        22 12:00 in_1 accepted: sent
        23 12:00 in_1 whatsapp 3: exhausted; forget 3 g4
        told: exhausted
        ",
    );
}

#[test]
fn t2_whoever_opens_a_message_gets_no_other_channel() {
    check(
        "failed 1 one_time push=token_1; due; accepted; | ; status read push; due; due; next",
        "
        22 10:01 in_1 push 0 is read: read
        22 10:15 in_1 whatsapp 1: reached; sms 2 at 22 12:00 g3
        22 12:00 in_1 sms 2: reached; whatsapp 3 at 23 12:00 g4
        in_1 next: whatsapp 3 at 23 12:00 g4
        ",
    );
}

#[test]
fn t2_delivered_is_not_read() {
    check(
        "failed 1 one_time push=token_1; due; accepted; due; accepted; | ; status delivered step=1; due; accepted",
        "
        22 10:15 in_1 whatsapp 1 is delivered: delivered
        22 12:00 in_1 sms 2: claimed; SEND order_payment_failed by sms; whatsapp 3 at 23 12:00 g4
        22 12:00 in_1 accepted: sent
        ",
    );
}

#[test]
fn t2_a_payment_ends_the_climb_at_any_step() {
    check(
        "failed 1 one_time push=token_1; due; accepted; due; accepted; | ; paid; under_way; tells",
        "
        22 10:15 in_1 paid: paid; forget 2 g3
        under way: nothing
        told: recovered
        ",
    );
}

#[test]
fn t2_who_has_no_app_is_written_to_by_whatsapp_at_its_time() {
    check(
        "failed 1 one_time; due; next; due; accepted; next",
        "
        22 10:00 in_1 failed 1: opened; push 0 at 22 10:01 g1
        22 10:01 in_1 push 0: no_app; whatsapp 1 at 22 10:15 g2
        in_1 next: whatsapp 1 at 22 10:15 g2
        22 10:15 in_1 whatsapp 1: claimed; SEND order_payment_failed by whatsapp; sms 2 at 22 12:00 g3
        22 10:15 in_1 accepted: sent
        in_1 next: sms 2 at 22 12:00 g3
        ",
    );
}

#[test]
fn t2_a_definite_failure_of_whatsapp_brings_the_text_message_at_once_and_only_once() {
    check(
        "failed 1 one_time; due; due; | ; refused fall_back; due; accepted; due; ledger",
        "
        22 10:15 in_1 refused fall_back: failed; sms 1 at 22 10:15 g3
        22 10:15 in_1 sms 1: claimed; SEND order_payment_failed by sms; sms 2 at 22 12:00 g3
        22 10:15 in_1 accepted: sent
        22 12:00 in_1 sms 2: already_sent; whatsapp 3 at 23 12:00 g4
        in_1 ledger: whatsapp 1 failed after 1, sms 1 sent after 1
        ",
    );
}

#[test]
fn t2_no_text_message_follows_a_whatsapp_message_whose_fate_is_unknown() {
    check(
        "failed 1 one_time push=token_1; due; unknown; due; unknown; | ; +2h; due; ledger",
        "
        22 12:15 in_1 sms 2: outcome_unknown; whatsapp 3 at 23 12:00 g4
        in_1 ledger: push 0 claimed after 1, whatsapp 1 claimed after 1
        ",
    );
}

#[test]
fn t2_what_waits_for_the_morning_keeps_its_distances() {
    check(
        "+11h; failed 1 one_time push=token_1; due; due; accepted; due; accepted; due; accepted",
        "
        22 21:00 in_1 failed 1: opened; push 0 at 22 21:01 g1
        22 21:01 in_1 push 0: quiet_hours; push 0 at 23 09:00 g2
        23 09:00 in_1 push 0: claimed; SEND order_payment_failed by push; whatsapp 1 at 23 09:14 g3
        23 09:00 in_1 accepted: sent
        23 09:14 in_1 whatsapp 1: claimed; SEND order_payment_failed by whatsapp; sms 2 at 23 10:59 g4
        23 09:14 in_1 accepted: sent
        23 10:59 in_1 sms 2: claimed; SEND order_payment_failed by sms; whatsapp 3 at 23 23:00 g5
        23 10:59 in_1 accepted: sent
        ",
    );
}

#[test]
fn o35_the_climb_is_one_touch_and_another_lane_waits_an_hour() {
    check(
        "failed 1 one_time push=token_1; due; accepted; failed 1 case=in_2; due; due",
        "
        22 10:00 in_1 failed 1: opened; push 0 at 22 10:01 g1
        22 10:01 in_1 push 0: claimed; SEND order_payment_failed by push; whatsapp 1 at 22 10:15 g2
        22 10:01 in_1 accepted: sent
        22 10:01 in_2 failed 1: opened; whatsapp 0 at 22 10:03 g1
        22 10:03 in_2 whatsapp 0: touch_gap; whatsapp 0 at 22 11:01 g2
        22 10:15 in_1 whatsapp 1: claimed; SEND order_payment_failed by whatsapp; sms 2 at 22 12:00 g3
        ",
    );
}
