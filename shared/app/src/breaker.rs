//! Stops asking a provider that cannot serve the account: an expired token is found once, not once a message.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use recoup_core::{Message, Reaction, Refusal, SendOutcome};

use crate::ports::{Clock, Sender};

/// How long nobody asks after an account-wide refusal.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// A sender that remembers an account-wide refusal for a minute and alarms about it once.
#[derive(Debug)]
pub struct Breaker<C, S> {
    clock: C,
    inner: S,
    tripped: Mutex<Option<Tripped>>,
}

#[derive(Debug, Clone)]
struct Tripped {
    until: Timestamp,
    refusal: Refusal,
}

impl<C, S> Breaker<C, S> {
    /// Puts a breaker before a sender.
    pub(crate) fn new(clock: C, inner: S) -> Self {
        Self { clock, inner, tripped: Mutex::new(None) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Tripped>> {
        self.tripped.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<C: Clock, S: Sender> Sender for Breaker<C, S> {
    /// Sends, unless the account was refused within the last minute.
    async fn send(&self, message: &Message) -> SendOutcome {
        let known = self.lock().clone();
        if let Some(tripped) = known.as_ref().filter(|tripped| self.clock.now() < tripped.until) {
            return SendOutcome::Refused(tripped.refusal.clone());
        }
        let outcome = self.inner.send(message).await;
        match &outcome {
            SendOutcome::Refused(refusal) if refusal.reaction == Reaction::Hold => {
                let until = self.clock.now().saturating_add(PAUSE).unwrap_or(Timestamp::MAX);
                let quiet = Refusal { alarm: false, ..refusal.clone() };
                let told = self.lock().replace(Tripped { until, refusal: quiet.clone() }).is_some();
                if told { SendOutcome::Refused(quiet) } else { outcome }
            }
            SendOutcome::Accepted { .. } => {
                *self.lock() = None;
                outcome
            }
            SendOutcome::Refused(_) | SendOutcome::NotSent | SendOutcome::Unknown => outcome,
        }
    }
}
