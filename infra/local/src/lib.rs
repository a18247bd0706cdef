//! The local AWS with its provider stubs, and the scenarios that the demo and the end-to-end test play on it.
//!
//! Invariant: nothing here is part of a deployment, everything listens on 127.0.0.1 only, and no function of the product
//! is copied or imitated: the stack runs the real binaries from the real template.

mod clock;
pub mod drill;
mod emulator;
mod error;
mod http;
pub mod report;
pub mod scenarios;
pub mod screen;
pub mod signing;
pub mod stack;
pub mod stripe_events;
pub mod stubs;

pub use clock::MovedClock;
pub use emulator::{Depth, Emulator};
pub use error::LocalError;
pub use http::{Http, Reply};
