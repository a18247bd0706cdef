//! The operator's command: what the functions would do, and what they did, seen from a terminal.
//!
//! A module a subcommand; each calls the crates the functions call, so that what it shows is what runs.

pub mod case;
pub mod place;
pub mod reply;
pub mod webhook;
