//! Nothing goes after the money, a withdrawal, a dispute or a STOP, wherever between two events it falls.

use recoup_core::{Reason, State};

use crate::scene::Scene;
use crate::script::{ENDINGS, play, run};

/// What may happen to a case on its way.
const STEPS: [&str; 8] =
    ["failed 1", "failed 2", "due", "accepted", "not_sent", "refused fall_back", "status failed", "sweep"];

/// What may still happen when it is over.
const LATE: &str = "failed 3; sweep; once_more 0; once_more 1; stray 0 1; stray 0 2 sms; stray 1 2; +3d; stray 1 2; stray 1 3";

fn applies(scene: &Scene, step: &str) -> bool {
    match step {
        "due" => !scene.queue.is_empty(),
        "accepted" | "not_sent" | "refused fall_back" => !scene.wire.is_empty(),
        "status failed" => !scene.cases.is_empty() && !scene.ledger("in_1").is_empty(),
        "sweep" => !scene.cases.is_empty(),
        _ => true,
    }
}

/// Where the exploration starts: at nothing, and in the middle of things.
const STARTS: [&str; 4] = [
    "",
    "failed 1; due",
    "failed 1; due; accepted; due; not_sent",
    "failed 1; due; refused hold; due; refused fall_back; due",
];

/// Calls `look` on every scene that the steps reach in at most `depth` moves from one of the starts.
fn everywhere(depth: usize, look: &mut impl FnMut(&Scene)) {
    for start in STARTS {
        explore(&play(Scene::new(), start), depth, look);
    }
}

/// Calls `look` on every scene that the steps reach in at most `depth` moves.
fn explore(scene: &Scene, depth: usize, look: &mut impl FnMut(&Scene)) {
    look(scene);
    if depth == 0 {
        return;
    }
    for step in STEPS {
        if applies(scene, step) {
            explore(&play(scene.clone(), step), depth - 1, look);
        }
    }
}

fn nothing_goes_any_more(mut scene: Scene, sends: usize, ending: &str) {
    let story = scene.lines.join("\n");
    while !scene.wire.is_empty() {
        scene = play(scene, "not_sent");
    }
    if !scene.delivered.is_empty() {
        scene = play(scene, LATE);
    }
    run(&mut scene);
    assert_eq!(scene.sends.len(), sends, "after {ending}:\n{story}");
}

#[test]
fn o15_no_interleaving_sends_after_the_payment() {
    let mut looked = 0_u32;
    everywhere(3, &mut |scene| {
        let paid = play(scene.clone(), "paid id=the_payment");
        assert_ne!(paid.state("in_1"), State::Open);
        nothing_goes_any_more(paid, scene.sends.len(), "paid");
        looked += 1;
    });
    assert!(looked > 500, "{looked}");
}

#[test]
fn i3_no_interleaving_sends_after_any_other_end() {
    for ending in ENDINGS {
        everywhere(2, &mut |scene| {
            let over = play(scene.clone(), &format!("{ending} id=the_end"));
            nothing_goes_any_more(over, scene.sends.len(), ending);
        });
    }
}

#[test]
fn f18_no_interleaving_sends_after_a_stop() {
    everywhere(3, &mut |scene| {
        let over = play(scene.clone(), "stop all");
        nothing_goes_any_more(over, scene.sends.len(), "stop");
    });
}

/// A claim is decided, then something is stored, then the claim is.
fn between_decision_and_claim(before: &str, meanwhile: &str) -> (Reason, Scene) {
    let mut scene = play(Scene::new(), before);
    let queued = scene.take().expect("a step is under way");
    let input = scene.step_due(&queued);
    let draft = scene.begin(&queued.case, input);
    assert_eq!(draft.decision.reason, Reason::Claimed);
    let mut scene = play(scene, meanwhile);
    let decision = scene.carry_out(queued, draft);
    (decision.reason, scene)
}

#[test]
fn o15_a_claim_decided_before_the_payment_meets_it_when_it_is_stored() {
    let mut claims = 0;
    everywhere(3, &mut |scene| {
        let mut scene = scene.clone();
        let Some(queued) = scene.take() else { return };
        let input = scene.step_due(&queued);
        let draft = scene.begin(&queued.case, input);
        if draft.decision.reason != Reason::Claimed {
            return;
        }
        claims += 1;
        for ending in ENDINGS {
            let mut raced = play(scene.clone(), &format!("{ending} id=the_end"));
            let decision = raced.carry_out(queued.clone(), draft.clone());
            assert!(matches!(decision.reason, Reason::AlreadyClosed | Reason::Disputed), "{ending}");
            assert_eq!(raced.sends.len(), scene.sends.len(), "{ending}");
        }
    });
    assert!(claims > 20, "{claims}");
}

#[test]
fn f17_a_payment_at_each_point_of_a_send() {
    let (reason, scene) = between_decision_and_claim("failed 1", "paid");
    assert_eq!((reason, scene.sends.len()), (Reason::AlreadyClosed, 0), "before the claim is stored");
    let scene = play(Scene::new(), "failed 1; due; paid; accepted; run; ledger");
    assert_eq!(scene.sends.len(), 1, "between the claim and the wire: one message, and it is recorded");
    assert_eq!(scene.lines.last().map(String::as_str), Some("in_1 ledger: whatsapp 0 sent after 1"));
    assert_eq!(scene.state("in_1").as_str(), "recovered");
    for answer in ["not_sent", "refused retry", "refused hold", "refused fall_back", "unknown"] {
        let scene = play(Scene::new(), &format!("failed 1; due; paid; {answer}; status failed; run"));
        assert_eq!(scene.sends.len(), 1, "{answer} is not tried again");
    }
}

#[test]
fn f18_a_stop_at_each_point_of_a_send() {
    let (reason, scene) = between_decision_and_claim("failed 1", "stop all");
    assert_eq!((reason, scene.sends.len()), (Reason::OptedOut, 0), "before the reservation is stored");
    assert_eq!(scene.state("in_1").as_str(), "suppressed");
    let scene = play(Scene::new(), "failed 1; due; stop all; accepted; run");
    assert_eq!(scene.sends.len(), 1, "what is on the wire goes, and nothing after it");
    for answer in ["not_sent", "refused fall_back", "refused hold"] {
        let scene = play(Scene::new(), &format!("failed 1; due; stop all; {answer}; run"));
        assert_eq!((scene.sends.len(), scene.state("in_1").as_str()), (1, "suppressed"), "{answer}");
    }
}

#[test]
fn f17_a_payment_of_a_linked_obligation_is_seen_when_the_step_is_gathered() {
    let scene = play(Scene::new(), "failed 1 links=pi_1; due; accepted; paid case=pi_1; run");
    assert_eq!((scene.sends.len(), scene.state("in_1").as_str()), (1, "recovered"));
}
