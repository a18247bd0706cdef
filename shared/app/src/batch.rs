//! A batch from a queue: every message by itself, none sinks its batch-mates.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use recoup_core::Policy;

use crate::engine::{Engine, EngineError};
use crate::ports::{Ports, Queue, Sender, Transport};
use crate::queue::Received;
use crate::step::{Disposition, StepSender, case_of, source_queue};
use crate::telemetry::Line;

/// The longest that a message is left in its queue.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

impl<P: Ports, T: Transport, S: Sender> StepSender<P, T, S> {
    /// Takes a batch, all messages at once, and returns the ids of those that must come again.
    pub async fn take_batch(&self, batch: Vec<Received>) -> Vec<String> {
        let by = Consumer { function: self.function, queue: source_queue(self.channel) };
        take_each(&self.engine, by, &batch, |received| self.take(received)).await
    }
}

/// Who takes messages, and from which queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumer {
    /// The use case's name in logs.
    pub(crate) function: &'static str,
    /// The queue.
    pub(crate) queue: Queue,
}

/// Takes every message, all at once, and returns the ids of those that must come again.
pub(crate) async fn take_each<'a, P: Ports, F: Future<Output = Result<Disposition, EngineError>>>(
    engine: &Engine<P>,
    by: Consumer,
    batch: &'a [Received],
    take: impl Fn(&'a Received) -> F,
) -> Vec<String> {
    let taken = batch.iter().map(|received| take_guarded(engine, by, received, take(received)));
    join_all(taken).await.into_iter().flatten().collect()
}

async fn take_guarded<P: Ports>(
    engine: &Engine<P>,
    by: Consumer,
    received: &Received,
    taking: impl Future<Output = Result<Disposition, EngineError>>,
) -> Option<String> {
    match AssertUnwindSafe(taking).catch_unwind().await {
        Ok(Ok(Disposition::Done)) => return None,
        Ok(Ok(Disposition::Later(after))) => postpone(engine, by, received, after).await,
        Ok(Err(error)) => {
            let line = Line { reason: error.code(), ..Line::new(by.function, "failed") };
            Line { case: case_of(&received.body), error: error.to_string(), ..line }.emit();
            postpone(engine, by, received, pause(&engine.policy, received.receives)).await;
        }
        Err(_) => {
            let line = Line { reason: "panicked", alarm: true, ..Line::new(by.function, "failed") };
            Line { case: case_of(&received.body), ..line }.emit();
        }
    }
    Some(received.id.clone())
}

/// How long a message waits that failed through no fault of its own: the policy's backoff, doubling to 15 minutes, so
/// that an outage does not use up its receives.
pub(crate) fn pause(policy: &Policy, receives: u32) -> Duration {
    let first = policy.retry_backoff.as_secs().max(1).unsigned_abs();
    let doublings = receives.saturating_sub(1).min(10);
    Duration::from_secs(first.saturating_mul(1 << doublings)).min(LONGEST_WAIT)
}

/// A message that cannot be postponed comes again when its visibility ends.
async fn postpone<P: Ports>(engine: &Engine<P>, by: Consumer, received: &Received, after: Duration) {
    let after = after.min(LONGEST_WAIT);
    if let Err(error) = engine.ports.postpone(by.queue, &received.receipt, after).await {
        Line { error: error.to_string(), ..Line::new(by.function, "not_postponed") }.emit();
    }
}
