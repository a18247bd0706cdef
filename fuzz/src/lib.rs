//! What must hold for every input, one module for each fuzz target.
//!
//! Invariant: each `check` takes any bytes, panics when a property is broken, and depends on nothing else, so that a
//! found input replays as it is: by `make fuzz`, by `cargo fuzz run`, and by this crate's own test on a stable toolchain.

#![forbid(unsafe_code)]

pub mod aws_events;
pub mod aws_sms_answer;
pub mod bedrock_answer;
pub mod case_item;
pub mod ids;
pub mod kept_webhook;
pub mod keywords;
pub mod message;
pub mod meta_answer;
pub mod meta_events;
pub mod meta_signature;
pub mod money;
pub mod name_and_link;
pub mod phone;
pub mod playbook;
pub mod queue_event;
pub mod quiet_hours;
pub mod recipient_item;
pub mod secrets;
pub mod settings;
pub mod sources;
pub mod step_message;
pub mod stripe_answer;
pub mod stripe_body;
pub mod stripe_signature;
pub mod template;
pub mod twilio_answer;

mod input;
mod items;
mod shown;

#[cfg(test)]
mod replay;
