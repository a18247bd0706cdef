//! A world in memory for tests: every port of the use cases, a driver that plays all functions, and the bodies that
//! the outside sends.
//!
//! Invariant: no wall clock, no thread, no randomness, ordered maps only. A run is a function of what the test does, so
//! every failure can be played again.

pub mod call;
mod carriers;
mod faults;
mod gate;
pub mod http_script;
mod lines;
mod memory;
pub mod meta;
mod ports;
mod queues;
pub mod run;
mod schedules;
pub mod seeds;
mod seen;
mod senders;
pub mod sim;
pub mod stack;
mod store;
pub mod stripe;
pub mod twilio;

pub use call::{Call, Tally};
pub use carriers::{Sms, Whatsapp};
pub use faults::{Fault, Moment, Oddity};
pub use gate::{Lane, Ticket};
pub use http_script::{Asked, Reply};
pub use lines::{Line, Lines};
pub use memory::Memory;
pub use queues::Waiting;
pub use schedules::Schedule;
pub use seen::Stored;
pub use stack::{Settings, Stack, webhooks};
