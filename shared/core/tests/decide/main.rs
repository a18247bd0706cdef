//! What `decide` does, told as scripts and transcripts.

mod attention;
mod facts;
mod ledger;
mod make;
mod scene;
mod script;
mod walk;
mod watch;
mod schedule;
