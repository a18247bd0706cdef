//! The functions as a whole: webhooks in, steps through the queues, messages on the wire, over a world in memory.
//!
//! Every test runs in a [`scene`], which also checks that nothing seeded shows in a log line, a queue or a schedule.

mod aws_events;
mod bad_input;
mod batches;
mod breaker;
mod carriers;
mod climb;
mod cost;
mod crashes;
mod deaths;
mod deliveries;
mod doors;
mod email;
mod forgeries;
mod gap_guard;
mod hostile;
mod hours;
mod last_notice;
mod leaks;
mod lookups;
mod once;
mod outages;
mod overlaps;
mod races;
mod redrives;
mod refusals;
mod replies;
mod reply_models;
mod same_debt;
mod scene;
mod sms;
mod sources;
mod statuses;
mod stops;
mod sweeps;
mod timers;
mod told_again;
mod troubles;
mod unsigned;
mod wa_id;
mod wire;
