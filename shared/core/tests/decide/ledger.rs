//! The ledger of a case: which channel may go after what, and what the provider's answer makes of a send.

use std::fmt::Write as _;

use recoup_core::{
    Channel, Concluded, Decision, Effect, Entry, Input, Next, Reason, SendOutcome, SendState, StepIndex,
};

use crate::make;
use crate::scene::{Queued, Scene};
use crate::script::{check, play};

/// A case whose step 0 has these entries and is planned by this channel, or is over as far as the plan goes.
fn with_ledger(whatsapp: Option<SendState>, sms: Option<SendState>, planned: Option<Channel>) -> Scene {
    let mut scene = play(Scene::new(), "failed 1; due; refused fall_back; due; lose");
    scene.wire.clear();
    scene.sends.clear();
    let now = scene.now;
    let stored = scene.cases.values_mut().next().expect("one case");
    let outreach = stored.item.outreach.as_mut().expect("opened");
    let wanted = |entry: &Entry| if entry.channel == Channel::Whatsapp { whatsapp } else { sms };
    outreach.ledger.retain(|entry| wanted(entry).is_some());
    for entry in &mut outreach.ledger {
        entry.state = wanted(entry).expect("retained");
    }
    if let Some(channel) = planned {
        outreach.next = Some(Next { step: StepIndex(0), at: now, channel, generation: 7 });
    }
    scene.buyers.clear();
    scene
}

fn queued(scene: &Scene, channel: Channel) -> Queued {
    let case = make::case_id("in_1");
    Queued { case, step: StepIndex(0), generation: 7, channel, at: scene.now, receives: 0, schedule: false }
}

fn verdict(decision: &Decision) -> &'static str {
    let has = |wanted: fn(&Effect) -> bool| decision.effects.iter().any(wanted);
    match (has(|effect| matches!(effect, Effect::Send(_))), has(|effect| *effect == Effect::Park)) {
        (true, false) => "goes",
        (false, true) => "parked",
        (false, false) => "silent",
        (true, true) => "goes and is parked",
    }
}

fn states() -> impl Iterator<Item = Option<SendState>> {
    std::iter::once(None).chain(SendState::ALL.map(Some))
}

fn name(state: Option<SendState>) -> &'static str {
    state.map_or("none", SendState::as_str)
}

#[test]
fn i2_a_text_message_goes_only_where_whatsapp_has_no_claim_or_a_definite_failure() {
    let expected = "\
        none: planned goes, not planned silent\n\
        claimed: planned parked, not planned parked\n\
        retryable: planned goes, not planned goes\n\
        sent: planned silent, not planned silent\n\
        delivered: planned silent, not planned silent\n\
        read: planned silent, not planned silent\n\
        failed: planned goes, not planned goes\n\
        dropped: planned silent, not planned silent\n\
        unknown: planned parked, not planned parked\n";
    let mut table = String::new();
    for whatsapp in states() {
        let verdict_of = |planned| {
            let mut scene = with_ledger(whatsapp, None, planned);
            let message = queued(&scene, Channel::Sms);
            verdict(&scene.deliver(message))
        };
        let (planned, not) = (verdict_of(Some(Channel::Whatsapp)), verdict_of(None));
        let _ = writeln!(table, "{}: planned {planned}, not planned {not}", name(whatsapp));
        assert_eq!(verdict_of(Some(Channel::Sms)), planned, "the planned channel makes no difference");
    }
    assert_eq!(table, expected);
}

#[test]
fn i2_whatsapp_never_follows_a_text_message_of_the_same_step() {
    for sms in SendState::ALL {
        for whatsapp in states() {
            for planned in [None, Some(Channel::Whatsapp), Some(Channel::Sms)] {
                let mut scene = with_ledger(whatsapp, Some(sms), planned);
                let message = queued(&scene, Channel::Whatsapp);
                let decision = scene.deliver(message);
                assert_eq!(verdict(&decision), "silent", "{} after sms {}", name(whatsapp), sms.as_str());
            }
        }
    }
}

#[test]
fn i2_no_second_text_message_unless_the_first_was_definitely_not_sent() {
    for sms in SendState::ALL {
        for whatsapp in [None, Some(SendState::Failed), Some(SendState::Retryable)] {
            for planned in [None, Some(Channel::Sms)] {
                let mut scene = with_ledger(whatsapp, Some(sms), planned);
                let message = queued(&scene, Channel::Sms);
                let goes = verdict(&scene.deliver(message)) == "goes";
                assert_eq!(goes, sms == SendState::Retryable, "{} {}", name(whatsapp), sms.as_str());
            }
        }
    }
}

#[test]
fn i7_no_channel_goes_for_a_step_that_a_later_one_has_passed() {
    for state in states() {
        for channel in [Channel::Whatsapp, Channel::Sms] {
            let mut scene = with_ledger(state, None, None);
            let mut scene = {
                let message =
                    Queued { step: StepIndex(1), generation: 2, ..queued(&scene, Channel::Whatsapp) };
                scene.now = make::at("2026-11-25T10:00:00Z");
                scene.deliver(message);
                scene
            };
            let before = scene.sends.len();
            let message = queued(&scene, channel);
            scene.deliver(message);
            assert_eq!(scene.sends.len(), before, "{channel} after {}", name(state));
        }
    }
}

#[test]
fn f20_each_refusal_has_its_own_consequence() {
    for (reaction, expected) in [
        (
            "retry",
            "22 10:02 in_1 refused retry: retrying; again in 30 s
            in_1 ledger: whatsapp 0 retryable after 1",
        ),
        (
            "fall_back",
            "22 10:02 in_1 refused fall_back: failed; sms 0 at 22 10:02 g2
            in_1 ledger: whatsapp 0 failed after 1",
        ),
        (
            "drop",
            "22 10:02 in_1 refused drop: dropped
            in_1 ledger: whatsapp 0 dropped after 1",
        ),
        (
            "park",
            "22 10:02 in_1 refused park: malformed_request; park
            in_1 ledger: whatsapp 0 retryable after 1",
        ),
        (
            "opt_out",
            "22 10:02 in_1 refused opt_out: opted_out; forget 1 g2
            in_1 ledger: whatsapp 0 dropped after 1",
        ),
        (
            "opt_out_marketing",
            "22 10:02 in_1 refused opt_out_marketing: opted_out
            in_1 ledger: whatsapp 0 dropped after 1",
        ),
    ] {
        check(&format!("failed 1; due; |; refused {reaction}; ledger"), expected);
    }
}

#[test]
fn f20_what_a_provider_says_of_the_buyer_is_remembered() {
    let scene = play(Scene::new(), "failed 1; due; refused opt_out");
    let buyer = &scene.buyers[&Scene::buyer_id(make::PHONE)].item;
    assert!(buyer.opted_out.is_some());
    let scene = play(Scene::new(), "start marketing; failed 1; due; +1m; refused opt_out_marketing");
    let buyer = &scene.buyers[&Scene::buyer_id(make::PHONE)].item;
    assert!(buyer.opted_out.is_none() && !buyer.allows_marketing());
    let scene = play(Scene::new(), "failed 1; due; refused fall_back; due; refused opt_out_sms");
    let buyer = &scene.buyers[&Scene::buyer_id(make::PHONE)].item;
    assert!(buyer.opted_out.is_none() && buyer.opted_out_sms.is_some());
    assert!(scene.case("in_1").is_open(), "WhatsApp may go on");
}

#[test]
fn f18_a_buyer_whose_carrier_stopped_text_messages_gets_none() {
    check(
        "stop sms; failed 1; due; refused fall_back; |; due; ledger; due",
        "
        22 10:02 in_1 sms 0: opted_out; whatsapp 1 at 25 10:00 g2
        in_1 ledger: whatsapp 0 dropped after 1
        25 10:00 in_1 whatsapp 1: claimed; SEND payment_failed_second by whatsapp; whatsapp 2 at 29 10:00 g3
        ",
    );
}

#[test]
fn f22_what_was_not_sent_is_tried_again_and_then_goes_by_text_message() {
    check(
        "failed 1; due; not_sent; |; due; not_sent; due; not_sent; due; not_sent; due; accepted; ledger; under_way",
        "
        22 10:02:30 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:02:30 in_1 not sent: retrying; again in 60 s
        22 10:03:30 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:03:30 in_1 not sent: retrying; again in 120 s
        22 10:05:30 in_1 whatsapp 0: claimed; SEND payment_failed_first by whatsapp; whatsapp 1 at 25 10:00 g2
        22 10:05:30 in_1 not sent: retrying; again in 240 s
        22 10:09:30 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 10:09:30 in_1 accepted: sent
        in_1 ledger: whatsapp 0 failed after 4, sms 0 sent after 1
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
}

#[test]
fn f26_a_claim_without_an_outcome_that_reaches_the_text_queue_is_parked() {
    let mut scene = play(Scene::new(), "failed 1; due; unknown");
    let message = queued(&scene, Channel::Sms);
    let decision = scene.deliver(message);
    assert_eq!(decision.reason, Reason::OutcomeUnknown);
    assert_eq!((scene.parked.len(), scene.sends.len()), (1, 1));
}

#[test]
fn f27_a_text_message_without_an_answer_is_not_sent_again() {
    check(
        "failed 1; due; refused fall_back; due; |; crash; due; parked; ledger; under_way",
        "
        22 10:05 in_1 sms 0: outcome_unknown; whatsapp 1 at 25 10:00 g2; park
        parked: 1
        in_1 ledger: whatsapp 0 failed after 1, sms 0 claimed after 1
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
    check(
        "failed 1; due; refused fall_back; due; |; refused fall_back; ledger; under_way",
        "
        22 10:02 in_1 refused fall_back: failed
        in_1 ledger: whatsapp 0 failed after 1, sms 0 failed after 1
        under way: in_1 whatsapp 1 at 25 10:00
        ",
    );
    check(
        "failed 1; due; refused fall_back; due; |; not_sent; due; accepted; ledger",
        "
        22 10:02 in_1 not sent: retrying; again in 30 s
        22 10:02:30 in_1 sms 0: claimed; SEND payment_failed_first by sms; whatsapp 1 at 25 10:00 g2
        22 10:02:30 in_1 accepted: sent
        in_1 ledger: whatsapp 0 failed after 1, sms 0 sent after 2
        ",
    );
}

#[test]
fn f29_a_parked_step_that_is_put_back_is_judged_again() {
    let parked = |after: &str| {
        let mut scene = play(Scene::new(), &format!("failed 1; due; refused park; {after}; |"));
        let step = scene.parked.remove(0);
        let once = scene.deliver(step.clone()).reason;
        (once, scene.deliver(step).reason)
    };
    assert_eq!(parked("|"), (Reason::Claimed, Reason::OutcomeUnknown));
    assert_eq!(parked("paid"), (Reason::AlreadyClosed, Reason::AlreadyClosed));
    assert_eq!(parked("due; accepted"), (Reason::Superseded, Reason::Superseded));
    assert_eq!(parked("+40h"), (Reason::Stale, Reason::Dropped));
    assert_eq!(parked("+10d; due"), (Reason::Stale, Reason::Dropped));
}

#[test]
fn f19_an_acceptance_without_an_id_is_an_acceptance() {
    let mut scene = play(Scene::new(), "failed 1; due");
    let decision = scene.concluded(SendOutcome::Accepted { provider_id: None }, "accepted");
    assert_eq!(decision.reason, Reason::Sent);
    assert_eq!(scene.ledger("in_1")[0].detail, None);
}

#[test]
fn f21_an_answer_that_is_no_answer_changes_nothing() {
    let mut scene = play(Scene::new(), "failed 1; due");
    let before = scene.cases.clone();
    let decision = scene.concluded(SendOutcome::Unknown, "no answer");
    assert_eq!((decision.reason, decision.effects), (Reason::OutcomeUnknown, vec![]));
    assert_eq!(scene.cases, before);
}

#[test]
fn r12_an_answer_to_an_older_claim_changes_nothing() {
    let scene = play(Scene::new(), "failed 1; due");
    let older = scene.ledger("in_1")[0].token.clone();
    let mut scene = play(scene, "not_sent; due");
    let before = scene.cases.clone();
    for outcome in [SendOutcome::NotSent, SendOutcome::Accepted { provider_id: None }] {
        let (step, channel, token) = (StepIndex(0), Channel::Whatsapp, older.clone());
        let input = Input::Concluded(Concluded { step, channel, token, outcome });
        let decision = scene.apply(&make::case_id("in_1"), input, "late answer");
        assert_eq!((decision.reason, decision.effects), (Reason::OldStatus, vec![]));
    }
    assert_eq!(scene.cases, before);
}
