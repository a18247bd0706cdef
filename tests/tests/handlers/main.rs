//! The functions as a whole: webhooks in, steps through the queues, messages on the wire, over a world in memory.
//!
//! Every test runs in a [`scene`], which also checks that nothing seeded shows in a log line, a queue or a schedule.

mod bad_input;
mod batches;
mod breaker;
mod cost;
mod crashes;
mod last_notice;
mod leaks;
mod lookups;
mod once;
mod overlaps;
mod same_debt;
mod scene;
mod sms;
mod statuses;
mod stops;
mod sweeps;
mod told_again;
mod unsigned;
mod wa_id;
mod wire;
