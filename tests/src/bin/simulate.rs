//! Plays the simulation: one seed, many seeds, or every interleaving.
#![expect(clippy::print_stdout, reason = "a command prints what it found")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use recoup_tests::sim::search::{QUESTIONS, search};
use recoup_tests::sim::{Totals, find, find_in};
use serde_json::json;

/// Plays the production code on a virtual clock, with everything that may go wrong.
#[derive(Debug, Parser)]
#[command(name = "simulate", version)]
struct Arguments {
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays the run of one seed; one that fails is made as short as can be and printed.
    Seed {
        /// The seed.
        seed: u64,
        /// Deliveries from outside, at least.
        #[arg(long, default_value_t = 200)]
        events: usize,
    },
    /// Plays runs until so many deliveries were made.
    Drill {
        /// Deliveries from outside, over all runs, at least.
        #[arg(long, default_value_t = 50_000)]
        events: usize,
        /// The first seed.
        #[arg(long, default_value_t = 1_000_000)]
        from: u64,
    },
    /// Looks at every interleaving of a few processes with a few faults.
    Search,
}

/// Deliveries of each run of a drill.
const RUN: usize = 200;

fn main() -> ExitCode {
    let Arguments { json, command } = Arguments::parse();
    let holds = match command {
        Command::Seed { seed, events } => one(seed, events, json),
        Command::Drill { events, from } => drill(events, from, json),
        Command::Search => every(json),
    };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, events: usize, json: bool) -> bool {
    match find(seed, events) {
        Ok(totals) if json => {
            println!("{}", json!({"seed": seed, "holds": true, "totals": totals.to_string()}));
        }
        Ok(totals) => println!("seed {seed}: every invariant holds. {totals}"),
        Err(failure) => {
            if json {
                println!("{}", json!({"seed": seed, "holds": false, "failure": failure.to_string()}));
            } else {
                println!("{failure}");
            }
            return false;
        }
    }
    true
}

fn drill(events: usize, from: u64, json: bool) -> bool {
    let runs = u64::try_from(events.div_ceil(RUN)).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(runs);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let began = Instant::now();
    let played = find_in(from..from + runs, RUN, &|| bar.inc(1));
    let took = began.elapsed();
    bar.finish_and_clear();
    match played {
        Ok(totals) => {
            print_drill(&totals, took, json);
            true
        }
        Err(failures) => {
            for failure in failures {
                println!("{failure}");
            }
            false
        }
    }
}

/// A run ends at the first message that is lost, doubled or late, so that whoever gets here has counted none.
fn print_drill(totals: &Totals, took: Duration, json: bool) {
    let processed = totals.accepted + totals.refused;
    let per_second = f64::from(u32::try_from(totals.events).unwrap_or(u32::MAX)) / took.as_secs_f64();
    if json {
        let report = json!({
            "events": totals.events, "accepted": totals.accepted, "refused": totals.refused,
            "delivered_again": totals.repeated, "processed": processed, "cases": totals.cases,
            "messages": totals.sent, "parked": totals.parked, "faults": totals.faults, "calls": totals.calls,
            "lost": 0, "double": 0, "after_payment": 0, "events_per_second": per_second
        });
        println!("{report}");
        return;
    }
    let row = |name: &str, value: String| println!("{name:<16} {value:>12}");
    row("events", totals.events.to_string());
    row("accepted", totals.accepted.to_string());
    row("refused", totals.refused.to_string());
    row("delivered again", totals.repeated.to_string());
    row("messages sent", totals.sent.to_string());
    row("parked", totals.parked.to_string());
    row("faults", totals.faults.to_string());
    row("lost", "0".to_owned());
    row("double", "0".to_owned());
    row("after payment", "0".to_owned());
    row("events / second", format!("{per_second:.0}"));
}

fn every(json: bool) -> bool {
    let mut holds = true;
    for question in &QUESTIONS {
        let began = Instant::now();
        let found = search(question);
        let seconds = began.elapsed().as_secs_f64();
        holds &= found.broken == 0;
        if json {
            println!(
                "{}",
                json!({"question": question.name, "states": found.states, "choices": found.choices, "ends": found.ends,
                    "violations": found.broken, "first": found.violations, "seconds": seconds})
            );
        } else {
            println!("{}: {found}, {seconds:.1} s", question.name);
            for violation in &found.violations {
                println!("  {violation}");
            }
        }
    }
    holds
}
