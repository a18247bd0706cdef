//! Where the progress of a stack and of its scenarios is shown.

use std::time::Duration;

use jiff::Timestamp;

/// Shows what is going on.
pub trait Screen: Send {
    /// A part that takes a while begins.
    fn begin(&mut self, what: &str);

    /// It ended.
    fn end(&mut self, what: &str, took: Duration);

    /// Something is awaited.
    fn waiting(&mut self, what: &str);

    /// It came, or the patience ended.
    fn waited(&mut self);

    /// How far something long has come.
    fn progress(&mut self, what: &str, done: usize, of: usize);

    /// A scenario begins.
    fn title(&mut self, text: &str);

    /// Something happened, at a time of the moved clock.
    fn line(&mut self, clock: Timestamp, text: &str);
}

/// Shows nothing: for tests.
#[derive(Debug, Default)]
pub struct Dark;

impl Screen for Dark {
    fn begin(&mut self, _what: &str) {}
    fn end(&mut self, _what: &str, _took: Duration) {}
    fn waiting(&mut self, _what: &str) {}
    fn waited(&mut self) {}
    fn progress(&mut self, _what: &str, _done: usize, _of: usize) {}
    fn title(&mut self, _text: &str) {}
    fn line(&mut self, _clock: Timestamp, _text: &str) {}
}
