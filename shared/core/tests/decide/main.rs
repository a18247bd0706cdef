//! What `decide` does, told as scripts and transcripts, and as laws over everything that may happen.

mod attention;
mod confluence;
mod facts;
mod ledger;
mod make;
mod owed;
mod scene;
mod schedule;
mod script;
mod stop_check;
mod walk;
mod watch;
