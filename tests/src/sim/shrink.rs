//! Makes a failing run shorter: as few happenings and faults as still break the same law.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::outside::{Told, occurrences};
use super::plan::planned;
use super::run::{Run, Totals, Violation, play};

/// A run that breaks a law, as short as it was made.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The run.
    pub run: Run,
    /// What it breaks.
    pub violation: Violation,
    /// How many deliveries it was asked for.
    pub deliveries: usize,
}

/// The run of a seed, with at least so many deliveries.
pub fn run_of(seed: u64, deliveries: usize) -> Run {
    Run { seed, occurrences: occurrences(seed, deliveries), planned: planned(seed) }
}

/// Plays the runs of these seeds on as many threads as the machine has, and tells `progress` of each.
///
/// # Errors
/// The shortest form of the first failure found by each thread.
///
/// # Panics
/// When a run panics.
pub fn find_in(
    seeds: std::ops::Range<u64>,
    deliveries: usize,
    progress: &(dyn Fn() + Sync),
) -> Result<Totals, Vec<Failure>> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut totals = Totals::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(totals);
            }
            totals += find(seed, deliveries)?;
            progress();
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let ends: Vec<Result<Totals, Box<Failure>>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().map(|handle| handle.join().expect("a run does not panic")).collect()
    });
    let mut totals = Totals::default();
    let mut failures = Vec::new();
    for end in ends {
        match end {
            Ok(part) => totals += part,
            Err(failure) => failures.push(*failure),
        }
    }
    if failures.is_empty() { Ok(totals) } else { Err(failures) }
}

/// Plays the run of a seed; one that fails is made shorter.
///
/// # Errors
/// The shortest run found that breaks the law that the whole one breaks first.
pub fn find(seed: u64, deliveries: usize) -> Result<Totals, Box<Failure>> {
    let run = run_of(seed, deliveries);
    let violation = match play(&run) {
        Ok(totals) => return Ok(totals),
        Err(violation) => violation,
    };
    let mut failure = Failure { run, violation, deliveries };
    while shorten(&mut failure) {}
    Err(Box::new(failure))
}

/// Leaves out halves, then quarters, and so on, of the faults and of the happenings; whether anything could be left out.
fn shorten(failure: &mut Failure) -> bool {
    let faults = thin(failure, |run| run.planned.len(), |run, range| drop(run.planned.drain(range)));
    let happenings =
        thin(failure, |run| run.occurrences.len(), |run, range| drop(run.occurrences.drain(range)));
    faults || happenings
}

fn thin(
    failure: &mut Failure,
    length: impl Fn(&Run) -> usize,
    leave_out: impl Fn(&mut Run, std::ops::Range<usize>),
) -> bool {
    let mut shorter = false;
    let mut chunk = length(&failure.run).div_ceil(2);
    while chunk > 0 {
        let mut from = 0;
        while from < length(&failure.run) {
            let mut candidate = failure.run.clone();
            let to = (from + chunk).min(length(&candidate));
            leave_out(&mut candidate, from..to);
            match play(&candidate) {
                Err(violation) if violation.law == failure.violation.law => {
                    failure.run = candidate;
                    failure.violation = violation;
                    shorter = true;
                }
                Ok(_) | Err(_) => from += chunk,
            }
        }
        chunk /= 2;
    }
    shorter
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, violation, deliveries } = self;
        writeln!(f, "seed {} breaks {} at {}: {}", run.seed, violation.law, violation.at, violation.what)?;
        writeln!(f, "the shortest run found that still does ({} faults):", run.planned.len())?;
        for planned in &run.planned {
            writeln!(f, "  {planned:?}")?;
        }
        for occurrence in &run.occurrences {
            let what = match &occurrence.told {
                Told::Fact(fact) => {
                    format!("{} {} about {}", fact.event, fact.kind, fact.obligation)
                }
                Told::Forged(_) => "forged".to_owned(),
                other @ (Told::Unreadable(_)
                | Told::Word { .. }
                | Told::Reply { .. }
                | Told::Notice(_)
                | Told::ForeignStatus(_)
                | Told::Poison(..)) => {
                    format!("{other:?}")
                }
            };
            let when: Vec<_> = occurrence
                .deliveries
                .iter()
                .map(|delivery| {
                    format!("+{:#}{}", delivery.after, if delivery.racing { " racing" } else { "" })
                })
                .collect();
            writeln!(f, "  after {:#}: {what}, told {when:?}", occurrence.at)?;
        }
        write!(f, "again: make simulate SEED={} EVENTS={deliveries}", run.seed)
    }
}
