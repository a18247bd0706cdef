//! What `decide` does, told as scripts and transcripts, and as laws over everything that may happen.

mod attention;
mod climb;
mod confluence;
mod email;
mod facts;
mod lanes;
mod laws;
mod ledger;
mod linked;
mod lookups;
mod make;
mod owed;
mod queues;
mod races;
mod replies;
mod scene;
mod schedule;
mod script;
mod standing;
mod statuses;
mod stop_check;
mod walk;
mod watch;
