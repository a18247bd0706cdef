//! What a buyer writes, and what becomes of their case.

use crate::script::check;

#[test]
fn r17_r18_a_reply_is_handed_to_a_person_and_the_messages_wait() {
    check(
        "failed 1; due; accepted; | ; reply unknown id=wamid.1; due; next; due",
        "
        22 10:02 in_1 reply unknown: handed_off; hand off unknown
        25 10:00 in_1 whatsapp 1: frozen; whatsapp 1 at 25 10:02 g3
        in_1 next: whatsapp 1 at 25 10:02 g3
        25 10:02 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g4
        ",
    );
}

#[test]
fn o38_help_is_answered_and_handed_over() {
    check("failed 1; due; accepted; | ; reply help; answer; said; reply help; answer",
        "
        22 10:02 in_1 reply help: handed_off; hand off help; answer help by whatsapp
        22 10:02 in_1 answer: reply_answered; SEND an answer by whatsapp
        said: Acme: A person of ours will answer you here. Until then we send no reminders. Write STOP to end all messages. [STOP]
        22 10:02 in_1 reply help: duplicate; hand off help; answer help by whatsapp
        22 10:02 in_1 answer: answer_spent
        ",
    );
}

#[test]
fn o18_who_asks_where_to_pay_gets_the_link_and_nobody_is_bothered() {
    check("failed 1; due; accepted; | ; reply pay_link; answer; said; next",
        "
        22 10:02 in_1 reply pay_link: reply_answered; answer pay_link by whatsapp
        22 10:02 in_1 answer: reply_answered; SEND an answer by whatsapp
        said: Acme: You can do it here: https://invoice.stripe.com/i/acct_1/x Write HELP to reach a person, STOP to end all messages. [HELP STOP]
        in_1 next: whatsapp 1 at 25 10:00 g2
        ",
    );
}

#[test]
fn o18_who_pays_later_is_left_alone_and_reminded_then() {
    check("failed 1; due; accepted; | ; +2d; reply later; answer; said; due; next; due",
        "
        24 10:02 in_1 reply later: put_off; answer later by whatsapp
        24 10:02 in_1 answer: reply_answered; SEND an answer by whatsapp
        said: Acme: Noted, we will not remind you before then. Write HELP to reach a person, STOP to end all messages. [HELP STOP]
        25 10:00 in_1 whatsapp 1: frozen; whatsapp 1 at 26 10:02 g3
        in_1 next: whatsapp 1 at 26 10:02 g3
        26 10:02 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g4
        ",
    );
}

#[test]
fn r17_paid_already_freezes_and_asks_the_source() {
    check(
        "failed 1; due; accepted; | ; processor settled=paid; reply paid_already; due; state; tells",
        "
        22 10:02 in_1 reply paid_already: paid_already; whatsapp 1 at 22 10:02 g3; hand off paid_already
        22 10:02 in_1 whatsapp 1: paid; forget 1 g3
        in_1 is recovered
        told: recovered
        ",
    );
}

#[test]
fn r17_paid_already_that_the_source_does_not_know_waits_for_a_person() {
    check(
        "failed 1; due; accepted; | ; reply paid_already; due; next; due",
        "
        22 10:02 in_1 reply paid_already: paid_already; whatsapp 1 at 22 10:02 g3; hand off paid_already
        22 10:02 in_1 whatsapp 1: frozen; whatsapp 1 at 25 10:02 g4
        in_1 next: whatsapp 1 at 25 10:02 g4
        25 10:00 in_1 whatsapp 1: superseded; whatsapp 1 at 25 10:02 g4
        ",
    );
}

#[test]
fn r17_paid_already_is_asked_again_when_the_source_is_unreachable() {
    check(
        "failed 1; due; accepted; | ; processor settled=unreachable; reply paid_already; due; processor settled=paid; due",
        "
        22 10:02 in_1 reply paid_already: paid_already; whatsapp 1 at 22 10:02 g3; hand off paid_already
        22 10:02 in_1 whatsapp 1: unverified_debt; whatsapp 1 at 22 10:17 g4
        22 10:17 in_1 whatsapp 1: paid; forget 1 g4
        ",
    );
}

#[test]
fn o11_distress_ends_every_automation_of_this_buyer() {
    check(
        "failed 1; failed 1 case=in_2 amount=900USD; due; accepted; +1h; due; accepted; | ; reply distress; state; state case=in_2",
        "
        22 11:02 in_1 reply distress: distress; forget 1 g2; hand off distress; silence in_2
        22 11:02 in_2 silenced: distress; forget 1 g2
        in_1 is suppressed
        in_2 is suppressed
        ",
    );
}

#[test]
fn o18_a_wrong_person_is_never_written_to_again() {
    check(
        "failed 1; due; accepted; | ; reply wrong_person; due; due; state",
        "
        22 10:02 in_1 reply wrong_person: wrong_person; hand off wrong_person
        25 10:00 in_1 whatsapp 1: no_phone; whatsapp 1 at 25 11:00 g3
        25 11:00 in_1 whatsapp 1: no_phone; whatsapp 2 at 29 10:00 g4
        in_1 is open
        ",
    );
}

#[test]
fn r17_a_person_who_settles_it_lets_the_messages_go_on() {
    check(
        "failed 1; due; accepted; | ; reply dispute; handoff_answered; handoff_resolved; next; due",
        "
        22 10:02 in_1 reply dispute: handed_off; hand off dispute
        22 10:02 in_1 handoff answered: frozen; whatsapp 1 at 25 10:00 g2
        22 10:02 in_1 handoff resolved: resolved; whatsapp 1 at 25 10:00 g3
        in_1 next: whatsapp 1 at 25 10:00 g3
        25 10:00 in_1 whatsapp 1: superseded; whatsapp 1 at 25 10:00 g3
        ",
    );
}

#[test]
fn o28_one_confirmation_follows_a_stop_and_then_silence() {
    check(
        "failed 1; due; accepted; reply help; | ; stop all id=wamid.2; answer; answer; said; stop all id=wamid.2; answer; reply unknown id=wamid.3",
        "
        22 10:02 none stop all: opted_out; silence in_1; answer stopped by whatsapp
        22 10:02 in_1 silenced: opted_out; forget 1 g2
        22 10:02 in_1 answer: answer_spent
        22 10:02 in_1 answer: reply_answered; SEND an answer by whatsapp
        said: Acme: You will get no more messages from us here. Write START if you change your mind. []
        22 10:02 none stop all: duplicate; silence in_1; answer stopped by whatsapp
        22 10:02 in_1 silenced: already_closed
        22 10:02 in_1 answer: answer_spent
        22 10:02 in_1 reply unknown: handed_off; hand off unknown
        ",
    );
}

#[test]
fn r17_a_reply_to_a_case_that_is_over_still_reaches_a_person() {
    check(
        "failed 1; due; accepted; paid; | ; reply unknown",
        "
        22 10:02 in_1 reply unknown: handed_off; hand off unknown
        ",
    );
}

#[test]
fn r17_paid_already_after_the_last_message_does_not_end_the_case_early() {
    check(
        "failed 1 one_time; due; due; accepted; due; accepted; | ; reply paid_already; next; state; paid; state",
        "
        22 12:00 in_1 reply paid_already: paid_already; whatsapp 3 at 23 12:00 g4; hand off paid_already
        in_1 next: whatsapp 3 at 23 12:00 g4
        in_1 is open
        22 12:00 in_1 paid: paid; forget 3 g4
        in_1 is recovered
        ",
    );
}
