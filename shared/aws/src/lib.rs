//! The ports of recoup on AWS, and the configuration they are built from.
//!
//! Invariant: only this crate knows the AWS SDKs, Lambda's events and the environment.

pub mod bedrock;
mod clients;
mod clock;
pub mod config;
mod http_client;
pub mod lambda;
mod ports;
mod queues;
mod secrets;
pub mod signed;
#[cfg(feature = "sms")]
pub mod sms;
mod start;
pub mod table;
mod telemetry;

pub use clients::{http_client, sdk_config};
pub use clock::{SystemClock, random_token};
pub use ports::AwsPorts;
pub use start::{StartError, Started, sources, start};
