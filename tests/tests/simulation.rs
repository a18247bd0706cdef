//! Runs of the simulation: what must be true holds whatever goes wrong.

use std::time::Instant;

use recoup_tests::sim::search::{QUESTIONS, search};
use recoup_tests::sim::{Run, find_in, journal, play, run_of};

/// Deliveries of each run.
const EVENTS: usize = 200;

#[test]
fn f49_o46_r8_r12_every_invariant_holds_in_two_thousand_runs() {
    let began = Instant::now();
    let totals = match find_in(0..2_000, EVENTS, &|| {}) {
        Ok(totals) => totals,
        Err(failures) => {
            let failures: Vec<_> = failures.iter().map(ToString::to_string).collect();
            panic!("{}", failures.join("\n\n"))
        }
    };
    println!("{totals} in {:.1} s", began.elapsed().as_secs_f64());
    // A simulation in which little happens would hold anything.
    assert!(totals.events >= 400_000, "{totals}");
    assert!(totals.sent >= 20_000, "{totals}");
    assert!(totals.faults >= 10_000, "{totals}");
}

#[test]
fn o53_the_same_events_make_the_same_decisions_and_the_same_state_byte_for_byte() {
    for seed in [1, 2, 3] {
        let run = run_of(seed, EVENTS);
        let (one, other) = (journal(&run), journal(&run));
        assert!(one.len() > 500, "{}", one.len());
        assert_eq!(one, other, "seed {seed}");
    }
}

#[test]
fn o57_ten_times_the_load_at_once_is_processed_or_kept_exactly() {
    // All debts fail within ten minutes, so that every queue is as full as it gets.
    let mut run = run_of(11, 2_000);
    for occurrence in &mut run.occurrences {
        occurrence.at = jiff::SignedDuration::from_secs(occurrence.at.as_secs() % 600);
    }
    let calm = Run { planned: Vec::new(), ..run.clone() };
    for run in [run, calm] {
        let totals = play(&run).unwrap_or_else(|violation| panic!("{violation:?}"));
        assert!(totals.events >= 1_900, "{totals}");
        assert_eq!(totals.accepted + totals.refused + totals.repeated, totals.events, "{totals}");
    }
}

#[test]
fn f50_no_interleaving_of_the_production_code_breaks_an_invariant() {
    for question in &QUESTIONS {
        let began = Instant::now();
        let found = search(question);
        println!("{}: {found} in {:.1} s", question.name, began.elapsed().as_secs_f64());
        assert_eq!(found.violations, Vec::<String>::new(), "{}", question.name);
        assert!(found.states > 500, "{}: {found}", question.name);
    }
}
