//! A batch from a queue: every message by itself, none sinks its batch-mates.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::ports::{Ports, Sender, Transport};
use crate::queue::Received;
use crate::step::{Disposition, StepSender, case_of, source_queue};
use crate::telemetry::Line;

impl<P: Ports, T: Transport, S: Sender> StepSender<P, T, S> {
    /// Takes a batch, all messages at once, and returns the ids of those that must come again.
    pub async fn take_batch(&self, batch: Vec<Received>) -> Vec<String> {
        join_all(batch.iter().map(|received| self.take_guarded(received)))
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    async fn take_guarded(&self, received: &Received) -> Option<String> {
        match AssertUnwindSafe(self.take(received)).catch_unwind().await {
            Ok(Ok(Disposition::Done)) => return None,
            Ok(Ok(Disposition::Later(after))) => self.postpone(received, after).await,
            Ok(Err(error)) => {
                let line = Line { reason: error.code(), ..Line::new(self.function, "failed") };
                Line { case: case_of(&received.body), error: error.to_string(), ..line }.emit();
                self.postpone(received, self.pause(received.receives)).await;
            }
            Err(_) => {
                let line = Line { reason: "panicked", alarm: true, ..Line::new(self.function, "failed") };
                Line { case: case_of(&received.body), ..line }.emit();
            }
        }
        Some(received.id.clone())
    }

    /// How long a message waits that failed through no fault of its own: the policy's backoff, doubling to 15 minutes, so
    /// that an outage does not use up its receives.
    fn pause(&self, receives: u32) -> Duration {
        let first = self.engine.policy.retry_backoff.as_secs().max(1).unsigned_abs();
        let doublings = receives.saturating_sub(1).min(10);
        Duration::from_secs(first.saturating_mul(1 << doublings).min(900))
    }

    /// A message that cannot be postponed comes again when its visibility ends.
    async fn postpone(&self, received: &Received, after: Duration) {
        if let Err(error) =
            self.engine.ports.postpone(source_queue(self.channel), &received.receipt, after).await
        {
            Line { error: error.to_string(), ..Line::new(self.function, "not_postponed") }.emit();
        }
    }
}
