//! What providers tell afterwards: a ledger that only moves forward, and the text message that follows a late failure.

use recoup_core::{Channel, Input, Reason, SendState, StatusReport, StepIndex, Token};

use crate::make;
use crate::scene::Scene;
use crate::script::{check, play, status};

#[test]
fn f24_a_failure_after_acceptance_brings_one_text_message() {
    check(
        "failed 1; due; accepted; +5m; |; status failed; under_way; due; accepted; status failed; ledger; under_way",
        "
        22 10:07 in_1 whatsapp 0 is failed: failed; sms 0 at 22 10:07 g2
        under way: in_1 sms 0 at 22 10:07, in_1 whatsapp 1 at 25 10:00
        22 10:07 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 10:07 in_1 accepted: sent
        22 10:07 in_1 whatsapp 0 is failed: old_status
        in_1 ledger: whatsapp 0 failed after 1, sms 0 sent after 1
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
    let told_often =
        "failed 1; due; accepted; status failed; status failed; status failed; due; accepted; run";
    let scene = play(Scene::new(), told_often);
    let by_text = scene.sends.iter().filter(|sent| sent.message.correlation.channel == Channel::Sms);
    assert_eq!(by_text.count(), 1);
}

#[test]
fn f24_a_failure_that_comes_after_the_next_step_brings_nothing() {
    check(
        "failed 1; due; accepted; due; accepted; |; status failed; under_way; ledger",
        "
        25 10:00 in_1 whatsapp 0 is failed: failed
        under way: in_1 whatsapp 2 at 29 10:00
        in_1 ledger: whatsapp 0 failed after 1, whatsapp 1 sent after 1
        ",
    );
    check(
        "failed 1; due; accepted; +2d; |; status failed; due; ledger; next",
        "
        24 10:02 in_1 whatsapp 0 is failed: failed; sms 0 at 24 10:02 g2
        24 10:02 in_1 sms 0: stale; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 dropped after 1
        in_1 next: whatsapp 1 at 25 10:00 g2
        ",
    );
}

#[test]
fn f24_a_delivery_to_another_device_stops_the_text_message_that_waits() {
    check(
        "failed 1; due; accepted; +5m; |; status failed; status delivered; due; ledger; under_way",
        "
        22 10:07 in_1 whatsapp 0 is failed: failed; sms 0 at 22 10:07 g2
        22 10:07 in_1 whatsapp 0 is delivered: delivered
        22 10:07 in_1 sms 0: already_sent; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 delivered after 1
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn f24_a_failure_that_forbids_other_channels_brings_nothing() {
    for reaction in ["drop", "park", "opt_out", "opt_out_marketing"] {
        let scene = play(Scene::new(), &format!("failed 1; due; accepted; status failed_{reaction}"));
        assert_eq!(scene.ledger("in_1")[0].state, SendState::Dropped, "{reaction}");
        assert!(scene.queue.iter().all(|queued| queued.channel == Channel::Whatsapp), "{reaction}");
    }
    for reaction in ["retry", "hold", "fall_back"] {
        let scene = play(Scene::new(), &format!("failed 1; due; accepted; status failed_{reaction}"));
        assert_eq!(scene.ledger("in_1")[0].state, SendState::Failed, "{reaction}");
    }
}

#[test]
fn f25_statuses_move_forward_only_in_whatever_order_they_come() {
    let names = ["sent", "delivered", "read", "failed", "delivered", "sent"];
    let rank = |state: SendState| match state {
        SendState::Claimed | SendState::Retryable | SendState::Unknown => 0,
        SendState::Sent => 1,
        SendState::Failed | SendState::Dropped => 2,
        SendState::Delivered => 3,
        SendState::Read => 4,
    };
    for order in permutations(names.len()) {
        let mut scene = play(Scene::new(), "failed 1; due");
        let mut before = 0;
        for index in order {
            let entry = scene.ledger("in_1")[0].clone();
            scene.status(&entry, "in_1", status(names[index]));
            let after = rank(scene.ledger("in_1")[0].state);
            assert!(after >= before, "{}", scene.lines.join("\n"));
            before = after;
        }
        assert_eq!(scene.ledger("in_1")[0].state, SendState::Read);
    }
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let grown = all.iter().flat_map(|order| {
            (0..count).filter(|next| !order.contains(next)).map(|next| [order.clone(), vec![next]].concat())
        });
        all = grown.collect();
    }
    all
}

#[test]
fn f25_a_status_that_names_no_claim_of_ours_is_nobody_s() {
    let scene = play(Scene::new(), "failed 1; due; accepted");
    let report = |token: &str, step, channel| StatusReport {
        step: StepIndex(step),
        channel,
        token: Token::parse(token).expect("well formed"),
        provider_id: "wamid.1".to_owned(),
        status: status("read"),
    };
    let real = scene.ledger("in_1")[0].token.to_string();
    for (case, report) in [
        ("in_1", report("stranger", 0, Channel::Whatsapp)),
        ("in_1", report(&real, 1, Channel::Whatsapp)),
        ("in_1", report(&real, 0, Channel::Sms)),
        ("in_2", report(&real, 0, Channel::Whatsapp)),
    ] {
        let mut scene = scene.clone();
        let decision = scene.apply(&make::case_id(case), Input::Status(report), "status");
        assert_eq!((decision.reason, decision.case, decision.effects), (Reason::ForeignStatus, None, vec![]));
    }
}

#[test]
fn f25_a_status_that_is_faster_than_the_answer_is_not_put_back_by_it() {
    check(
        "failed 1; due; |; status delivered; accepted; ledger",
        "
        22 10:02 in_1 whatsapp 0 is delivered: delivered
        22 10:02 in_1 accepted: old_status
        in_1 ledger: whatsapp 0 delivered after 1
        ",
    );
    check(
        "failed 1; due; |; status failed; accepted; ledger; under_way",
        "
        22 10:02 in_1 whatsapp 0 is failed: failed; sms 0 at 22 10:02 g2
        22 10:02 in_1 accepted: old_status
        in_1 ledger: whatsapp 0 failed after 1
        under way: in_1 sms 0 at 22 10:02, in_1 whatsapp 1 at 25 10:00
        ",
    );
}

/// A text message waits for the morning while WhatsApp reaches another device after all.
#[test]
fn i9_a_delivery_while_the_text_message_waits_for_the_morning_does_not_loop() {
    let scene =
        play(Scene::new(), "failed 1; due; accepted; +11h; status failed; due; status delivered; run");
    assert_eq!(scene.state("in_1").as_str(), "exhausted");
    assert_eq!(scene.sends.len(), 4, "and the later steps still come");
}

#[test]
fn i9_a_status_while_the_step_is_held_does_not_loop() {
    for status in ["sent", "read", "failed", "failed_drop"] {
        let scene = play(Scene::new(), &format!("failed 1; due; refused hold; status {status}; run"));
        assert_eq!(scene.state("in_1").as_str(), "exhausted", "{status}");
    }
}

#[test]
fn f13_a_status_told_again_brings_the_text_message_that_was_lost() {
    check(
        "failed 1; due; accepted; status failed; lose; |; status failed; under_way",
        "22 10:02 in_1 whatsapp 0 is failed: old_status; sms 0 at 22 10:02 g2
         under way: in_1 sms 0 at 22 10:02",
    );
}
