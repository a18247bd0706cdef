//! Faults on the wire, against the deployed functions: between them and AWS by a proxy, at the provider by its stub, and in
//! their own process by a kill. After each, nobody lost a message and nobody got two.
//!
//! Every scenario proves that its fault really happened, and is judged by what providers received, what the table holds
//! and what the queues hold. Their names carry the ids of the fault catalogue.

#[path = "wire_faults/bench.rs"]
mod bench;
#[path = "wire_faults/killed.rs"]
mod killed;
#[path = "wire_faults/lost_answers.rs"]
mod lost_answers;
#[path = "wire_faults/provider.rs"]
mod provider;
#[path = "wire_faults/refused.rs"]
mod refused;

use std::path::{Path, PathBuf};
use std::time::Instant;

use bench::{Bench, Played};
use recoup_local::screen::Dark;
use recoup_local::stack::{Stack, StackOptions};

const SCENARIOS: [&str; 8] = [
    "F08 the table throttles some calls, and one hangs and arrives late",
    "F08 the table throttles every call until the SDK gives up, and for longer",
    "F08 connections to the table, the queues and the scheduler are reset",
    "F09 the answer to a conditional write is lost",
    "F13 the answer of a queue is lost, or the message",
    "F14 the scheduler throttles, or its answer is lost",
    "F07 a sender is killed in the middle of a batch of ten",
    "F21 the provider accepts, then resets or hangs",
];

async fn play(number: usize, bench: &mut Bench<'_>) -> Played {
    match number {
        0 => refused::f08_some_calls(bench).await,
        1 => refused::f08_every_call(bench).await,
        2 => refused::f08_resets(bench).await,
        3 => lost_answers::f09_conditional_writes(bench).await,
        4 => lost_answers::f13_queue(bench).await,
        5 => lost_answers::f14_scheduler(bench).await,
        6 => killed::f07_in_mid_batch(bench).await,
        _ => provider::f21_accepted_without_an_answer(bench).await,
    }
}

#[tokio::test]
async fn every_fault_on_the_wire_ends_in_one_message_a_step() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wire_faults");
    let mut options = StackOptions::new(&root, dir);
    // The functions stand where this test was built.
    options.bin_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../debug");
    options.auth = true;
    options.faults = true;
    let began = Instant::now();
    let stack =
        Stack::start(&options, &mut Dark).await.expect("`make test` sets up Python and builds the functions");
    println!("{:6.1} s  start of the stack", began.elapsed().as_secs_f64());
    let mut bench = Bench::new(&stack);
    let mut failures = Vec::new();
    for (number, name) in SCENARIOS.into_iter().enumerate() {
        let began = Instant::now();
        bench.begin(number);
        let played = play(number, &mut bench).await;
        let ended = bench.end().await;
        println!("{:6.1} s  {name}", began.elapsed().as_secs_f64());
        failures.extend(bench.failures().map(|what| format!("{name}: {what}")));
        for trouble in [played, ended].into_iter().filter_map(Result::err) {
            failures.push(format!("{name}: not played to its end: {trouble}\n{}", stack.log_tail()));
        }
    }
    stack.stop().await.expect("nothing is left running");
    println!("{:6.1} s  all", began.elapsed().as_secs_f64());
    assert_eq!(failures, Vec::<String>::new());
}
