//! The use cases of recoup, a module for each function, over the ports they need.
//!
//! Invariant: every change of a case goes through [`engine::Engine`]: gather, decide, commit, perform, acknowledge last.
//! Nothing here knows AWS, a socket or the environment.

pub use recoup_channels::MalformedSetting;

mod batch;
pub mod breaker;
pub mod carrier;
pub mod cart_webhook;
pub mod channel_events;
pub mod channel_webhook;
pub mod classifier;
pub mod credentials;
mod door;
pub mod email_sender;
pub mod engine;
pub mod handoff;
mod heard;
pub mod http;
pub mod kyc_webhook;
pub mod lookup;
pub mod merchant_webhook;
pub mod note;
pub mod payment_webhook;
pub mod ports;
pub mod push_sender;
pub mod queue;
mod record;
pub mod sms_fallback;
pub mod step;
pub mod sweep;
pub mod telemetry;
pub mod webhook;
pub mod whatsapp_sender;
