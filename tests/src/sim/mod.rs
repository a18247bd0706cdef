//! Deterministic simulation: the production use cases, many at a time, with everything that may go wrong.
//!
//! A run is a function of its seed. Somebody who chooses, by chance or exhaustively, starts processes, lets one call
//! through at a time with or without a fault, kills processes and moves the clock; [`invariants`] look at every step.

pub mod chance;
pub mod deployment;
pub mod history;
pub mod invariants;
pub mod outside;
pub mod plan;
mod replies;
mod run;
pub mod search;

mod shrink;

pub use run::{Run, Totals, Violation, journal, play};
pub use shrink::{Failure, find, find_in, run_of};
