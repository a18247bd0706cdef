//! Items without a database: what they hold, how big they are, how long they are kept, and what they refuse to be.

#[path = "../contract/sample.rs"]
mod sample;

#[path = "../run/mod.rs"]
mod run;

mod broken;
mod document;
mod json;
mod lifetime;
mod round_trip;
mod size;
