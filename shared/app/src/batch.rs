//! A batch from a queue: every message by itself, none sinks its batch-mates.

use std::panic::AssertUnwindSafe;

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
            Ok(Ok(Disposition::Later(after))) => {
                let queue = source_queue(self.channel);
                if let Err(error) = self.engine.ports.postpone(queue, &received.receipt, after).await {
                    Line { error: error.to_string(), ..Line::new(self.function, "not_postponed") }.emit();
                }
            }
            Ok(Err(error)) => {
                let line = Line { reason: error.code(), ..Line::new(self.function, "failed") };
                Line { case: case_of(&received.body), error: error.to_string(), ..line }.emit();
            }
            Err(_) => {
                let line = Line { reason: "panicked", alarm: true, ..Line::new(self.function, "failed") };
                Line { case: case_of(&received.body), ..line }.emit();
            }
        }
        Some(received.id.clone())
    }
}
