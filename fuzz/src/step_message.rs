//! Queued steps, which are also what a schedule carries. Input: the body.

use recoup_app::engine::timer_name;
use recoup_app::queue::StepMessage;
use recoup_core::Timer;

use crate::shown::assert_silent;

/// What is read is written and read back as it was; a timer that carries it brings back the same step.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let message = match StepMessage::parse(&text) {
        Ok(message) => message,
        Err(error) => return assert_silent(&error),
    };
    let body = message.body();
    assert!(!body.contains(|c| c < ' '), "{body:?} is not one line");
    assert_eq!(StepMessage::parse(&body).as_ref(), Ok(&message));
    assert_eq!(StepMessage::parse(&body).map(|again| again.body()).as_ref(), Ok(&body));

    let StepMessage { case, step, generation, channel, trace, .. } = message.clone();
    let name = timer_name(&case, step, generation);
    assert!((1..=64).contains(&name.len()), "no name of a schedule: {name}");
    let at = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(StepMessage::of(&Timer { case, step, generation, channel, at, trace }), message);
}
