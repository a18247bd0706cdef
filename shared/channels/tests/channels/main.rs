//! Every provider by its bytes: golden requests, answers, webhooks and the tables shared with other implementations.

mod aws_sms;
mod conformance;
mod fixtures;
mod meta_answer;
mod meta_events;
mod meta_send;
mod meta_signature;
mod sms;
mod twilio;
