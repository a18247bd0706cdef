//! Remembers when each source last reported a success, so that its silence is noticed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use recoup_core::{Event, HEARD_STEP, Source};

use crate::engine::Engine;
use crate::ports::Ports;
use crate::telemetry::Line;

/// When this process last passed on a success of each source: once an hour is enough, and nearly every webhook is one.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<BTreeMap<Source, Timestamp>>);

impl Heard {
    /// Passes on that a source reported a success, if these events tell of one. That it could not be passed on is no reason
    /// to ask for the webhook again: the next success says the same.
    pub(crate) async fn pass_on<P: Ports>(
        &self,
        engine: &Engine<P>,
        function: &'static str,
        source: &str,
        events: &[Event],
    ) {
        if !events.iter().any(|event| event.fact.is_success()) {
            return;
        }
        let Ok(source) = Source::parse(source) else { return };
        let now = engine.ports.now();
        if !self.is_news(&source, now) {
            return;
        }
        match engine.heard(&source).await {
            Ok(false) => {}
            Ok(true) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(source, now);
            }
            Err(error) => {
                let line = Line::new(function, "success_unrecorded");
                Line { reason: error.code(), error: error.to_string(), ..line }.emit();
            }
        }
    }

    fn is_news(&self, source: &Source, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(source).is_none_or(|last| now.duration_since(*last) >= HEARD_STEP)
    }
}
