//! The terminal: lines on standard output, progress on standard error where that is a terminal.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use recoup_local::report::clock_text;
use recoup_local::screen::Screen;

const TICK: Duration = Duration::from_millis(100);

/// Shows parts, waits and events.
pub(crate) struct Terminal {
    bar: Option<ProgressBar>,
    /// Whether events are printed; a program that reads JSON wants none.
    talks: bool,
}

impl Terminal {
    pub(crate) fn new(talks: bool) -> Self {
        Self { bar: None, talks }
    }

    fn spin(&mut self, what: &str) {
        self.stop();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        self.bar = Some(bar);
    }

    fn stop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn print(&self, text: &str) {
        if !self.talks {
            return;
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }
}

impl Screen for Terminal {
    fn begin(&mut self, what: &str) {
        self.spin(what);
    }

    fn end(&mut self, what: &str, took: Duration) {
        self.stop();
        self.print(&timed(what, took));
    }

    fn waiting(&mut self, what: &str) {
        self.spin(what);
    }

    fn waited(&mut self) {
        self.stop();
    }

    fn progress(&mut self, what: &str, done: usize, of: usize) {
        let (done, of) = (done as u64, of as u64);
        let bar = self.bar.take().filter(|bar| bar.length() == Some(of) && bar.message() == what);
        let bar = bar.unwrap_or_else(|| counting(what, of));
        bar.set_position(done);
        self.bar = Some(bar);
    }

    fn title(&mut self, text: &str) {
        self.print(&format!("\n{text}"));
    }

    fn line(&mut self, clock: Timestamp, text: &str) {
        self.print(&format!("  {}  {text}", clock_text(clock)));
    }
}

/// A bar of so many things.
fn counting(what: &str, of: u64) -> ProgressBar {
    let bar = ProgressBar::new(of);
    if let Ok(style) = ProgressStyle::with_template("{msg:<32} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// A part and how long it took.
pub(crate) fn timed(what: &str, took: Duration) -> String {
    format!("{what:<32}{:>7.1} s", took.as_secs_f64())
}

/// Prints a line; a reader that is gone is no reason to stop.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "recoup-local: {text}");
}
