//! Random walks over all that may happen to a buyer's cases, each written down as the script that repeats it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use recoup_core::{Answer, Channel, SendOutcome, StepIndex};

use crate::make;
use crate::scene::Scene;
use crate::script::{play, reaction};

/// Walks for each law; the same ones in every run.
const CASES: u32 = 300;

/// How a walk begins: the buyer's number is known, or only a mailbox.
const BEGINNINGS: [&str; 2] = ["failed 1", "letters; failed 1 phone=none email=ana@example.com"];

/// What may happen, in the words of scripts. Two cases of one buyer, and a payment intent that may be one of their debts.
const COMMANDS: &[&str] = &[
    "failed 1",
    "failed 2 retry=+5h",
    "failed 3 retry=+3d",
    "failed - ",
    "failed 2 phone=none email=ana@example.com",
    "failed 1 case=in_2 amount=100USD links=sub_1",
    "failed 1 case=in_2 amount=100USD phone=none email=ana@example.com",
    "failed - case=pi_1 unlinked",
    "again",
    "retold",
    "due",
    "due",
    "due",
    "due",
    "accepted",
    "accepted",
    "not_sent",
    "unknown",
    "crash",
    "refused retry",
    "refused hold",
    "refused fall_back",
    "refused drop",
    "refused park",
    "refused opt_out_marketing",
    "refused opt_out_sms",
    "refused opt_out",
    "status sent",
    "status delivered",
    "status read",
    "status failed",
    "status failed_drop",
    "status failed sms",
    "status delivered sms",
    "status failed email",
    "status delivered email",
    "status failed step=1",
    "status read step=1",
    "status failed case=in_2",
    "status delivered case=in_2",
    "stop all",
    "stop marketing",
    "stop sms",
    "start all",
    "start marketing",
    "sweep",
    "sweep case=in_2",
    "decide",
    "decide",
    "store",
    "store",
    "lose",
    "once_more 0",
    "once_more 1",
    "once_more 2",
    "stray 0 1",
    "stray 0 2 sms",
    "stray 0 2 email",
    "stray 1 2",
    "stray 9 1",
    "stray 0 1 case=in_9",
    "+1m",
    "+15m",
    "+61m",
    "+9h",
    "+1d",
    "+3d",
    "processor buyer=unreachable settled=unreachable",
    "processor buyer=+442079460999 settled=nothing",
    "processor settled=paid",
    "paid",
    "refunded_in_part",
    "dispute",
    "cancelled case=sub_1",
];

/// Whether a command means anything here.
fn applies(scene: &Scene, command: &str) -> bool {
    let words: Vec<_> = command.split_whitespace().collect();
    let of = words.iter().find_map(|word| word.strip_prefix("case=")).unwrap_or("in_1");
    match words[0] {
        "again" | "retold" => scene.told.0.is_some(),
        "due" | "decide" => !scene.queue.is_empty(),
        "store" => scene.slow.as_ref().is_some_and(|(_, draft)| draft.at == scene.now),
        "accepted" | "not_sent" | "unknown" | "crash" | "refused" => !scene.wire.is_empty(),
        "once_more" => !scene.delivered.is_empty(),
        "status" => {
            let step = StepIndex(u8::from(words.contains(&"step=1")));
            let channel = words.iter().find_map(|word| Channel::parse(word)).unwrap_or(Channel::Whatsapp);
            let outreach = scene.cases.get(&make::case_id(of)).and_then(|known| known.item.outreach.as_ref());
            outreach.is_some_and(|outreach| outreach.entry(step, channel).is_some())
        }
        _ => true,
    }
}

/// Takes the choices that apply; the script that was taken is part of every failure.
pub(crate) fn walk(choices: &[usize]) -> (Scene, String) {
    let beginning = BEGINNINGS[choices.first().copied().unwrap_or_default() % BEGINNINGS.len()];
    let mut scene = play(Scene::new(), beginning);
    let mut script = beginning.to_owned();
    for choice in choices {
        let command = COMMANDS[choice % COMMANDS.len()];
        if applies(&scene, command) {
            script = format!("{script}; {command}");
            scene = play_or_say(scene, command, &script);
        }
    }
    (scene, script)
}

fn play_or_say(scene: Scene, command: &str, script: &str) -> Scene {
    let played = std::panic::catch_unwind(|| play(scene, command));
    played.unwrap_or_else(|_| panic!("after: {script}"))
}

/// Performs what decisions say until nothing is under way. Every send ends in the same way.
pub(crate) fn drains(mut scene: Scene, outcome: &str) -> Result<Scene, String> {
    let mut at_once = 0;
    for _ in 0..3_000 {
        if !scene.wire.is_empty() {
            let outcome = match outcome {
                "not_sent" => SendOutcome::NotSent,
                "accepted" => SendOutcome::Accepted { provider_id: None },
                "crash" => {
                    scene.crash();
                    continue;
                }
                other => SendOutcome::Refused(make::refusal(reaction(other))),
            };
            scene.concluded(outcome, "answered");
            continue;
        }
        let before = scene.now;
        let Some(queued) = scene.take() else { return Ok(scene) };
        at_once = if scene.now == before { at_once + 1 } else { 0 };
        if at_once > 60 {
            let last = scene.lines.len().saturating_sub(8);
            return Err(format!("a loop without a pause:\n{}", scene.lines[last..].join("\n")));
        }
        scene.deliver(queued);
    }
    Err("never at rest".to_owned())
}

/// Lets a day pass and sweeps, until every case is over: nothing is lost for good.
pub(crate) fn ends(mut scene: Scene) -> Result<Scene, String> {
    scene.processor.buyer = Answer::Nothing;
    scene.processor.settlement = Answer::Nothing;
    scene.slow = None;
    for _ in 0..30 {
        scene = drains(scene, "accepted")?;
        let open: Vec<_> = scene.cases.values().filter(|known| known.item.is_open()).collect();
        if open.is_empty() {
            return Ok(scene);
        }
        let open: Vec<_> = open.into_iter().map(|known| known.item.id.obligation.to_string()).collect();
        scene.advance(SignedDuration::from_hours(24));
        for case in open {
            scene.swept(&case);
        }
    }
    Err("a case stays open for a month".to_owned())
}

/// The steps that may have reached a buyer.
pub(crate) fn landed(scene: &Scene) -> BTreeSet<(String, StepIndex)> {
    let sent = scene.sends.iter().filter(|sent| !sent.failed).map(|sent| &sent.message.correlation);
    sent.map(|about| (about.case.to_string(), about.step)).collect()
}

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_122),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

pub(crate) fn choices(most: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..COMMANDS.len(), 0..most)
}
