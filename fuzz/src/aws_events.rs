//! What AWS publishes through one topic. Input: the message.

use jiff::Timestamp;
use recoup_channels::aws_events::events;

use crate::meta_events::check_event;
use crate::shown::assert_silent;

/// The longest name that is taken over from AWS.
const LONGEST_CODE: usize = 96;

/// A message gives events that can be applied, each in bounds, or a reason that says nothing of its content.
pub fn check(data: &[u8]) {
    match events(data, Timestamp::UNIX_EPOCH) {
        Ok(notified) => notified.events.into_iter().for_each(|event| check_event(event, LONGEST_CODE)),
        Err(error) => assert_silent(&error),
    }
}
