//! Stops asking a provider that cannot serve: an account that is refused is found once, not once a message, and an outage
//! makes steps wait instead of using up their tries.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use recoup_core::{Backoff, Message, Reaction, Refusal, SendOutcome};

use crate::ports::{Clock, Sender};

/// How long nobody asks after an account-wide refusal: short, because a person mends it.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// How long nobody asks after too many faults: as long as the steps wait that were held back.
const REST: SignedDuration = SignedDuration::from_mins(15);
/// The time over which faults are counted.
const WINDOW: SignedDuration = SignedDuration::from_secs(30);
/// The fewest outcomes in the window that say anything; a step that fails alone goes its usual way to the next channel.
const SAMPLE: usize = 5;

/// A sender that asks nobody for a while after an account-wide refusal, or once more than half of what was sent within
/// half a minute met a fault. It alarms once; then one message tries, and either all go again or all wait again.
#[derive(Debug)]
pub struct Breaker<C, S> {
    clock: C,
    inner: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the latest messages were sent, oldest first, and whether each met a fault.
    recent: VecDeque<(Timestamp, bool)>,
    tripped: Option<Tripped>,
}

#[derive(Debug)]
struct Tripped {
    /// Until when nobody asks.
    until: Timestamp,
    /// How long the next pause is.
    pause: SignedDuration,
    /// What held-back messages are told.
    refusal: Refusal,
}

/// What an outcome says of the provider.
enum Health {
    /// It answers.
    Well,
    /// A fault that may pass.
    Faulty,
    /// The account cannot send.
    Barred(Refusal),
}

impl<C, S> Breaker<C, S> {
    /// Puts a breaker before a sender.
    pub(crate) fn new(clock: C, inner: S) -> Self {
        Self { clock, inner, state: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock, S: Sender> Sender for Breaker<C, S> {
    /// Sends, unless nobody asks at the moment.
    async fn send(&self, message: &Message) -> SendOutcome {
        if let Some(refusal) = self.lock().held_back(self.clock.now()) {
            return SendOutcome::Refused(refusal);
        }
        let outcome = self.inner.send(message).await;
        self.lock().learn(outcome, self.clock.now())
    }
}

impl State {
    /// The refusal of a message that must wait. When a pause is over, whoever asks first tries for all.
    fn held_back(&mut self, now: Timestamp) -> Option<Refusal> {
        let tripped = self.tripped.as_mut()?;
        if tripped.until <= now {
            tripped.until = later(now, tripped.pause);
            return None;
        }
        Some(tripped.tell())
    }

    /// Takes note of an outcome, and holds the message back if it definitely did not go for a reason that stops all.
    fn learn(&mut self, outcome: SendOutcome, now: Timestamp) -> SendOutcome {
        match health(&outcome) {
            Health::Well => {
                if self.tripped.take().is_some() {
                    self.recent.clear();
                }
                self.count(now, false);
                outcome
            }
            Health::Barred(refusal) => SendOutcome::Refused(self.trip(refusal, PAUSE, now)),
            Health::Faulty => {
                self.count(now, true);
                if self.tripped.is_none() && !self.mostly_faults() {
                    return outcome;
                }
                let refusal = Refusal::new("provider_unwell", Reaction::Hold, true);
                match outcome {
                    // It may have gone, so it is not held back; the next one tells.
                    SendOutcome::Unknown => {
                        let tripped = Tripped { until: later(now, REST), pause: REST, refusal };
                        self.tripped.get_or_insert(tripped);
                        outcome
                    }
                    SendOutcome::Accepted { .. } | SendOutcome::Refused(_) | SendOutcome::NotSent => {
                        SendOutcome::Refused(self.trip(refusal, REST, now))
                    }
                }
            }
        }
    }

    /// Pauses, or stays paused for the reason that is known, and tells the message so.
    fn trip(&mut self, refusal: Refusal, pause: SignedDuration, now: Timestamp) -> Refusal {
        let tripped = Tripped { until: later(now, pause), pause, refusal };
        self.tripped.get_or_insert(tripped).tell()
    }

    fn count(&mut self, now: Timestamp, fault: bool) {
        self.recent.retain(|(at, _)| now.duration_since(*at) <= WINDOW);
        self.recent.push_back((now, fault));
    }

    fn mostly_faults(&self) -> bool {
        let faults = self.recent.iter().filter(|(_, fault)| *fault).count();
        self.recent.len() >= SAMPLE && faults * 2 > self.recent.len()
    }
}

impl Tripped {
    /// The refusal, which alarms the first time.
    fn tell(&mut self) -> Refusal {
        let quiet = Refusal { alarm: false, ..self.refusal.clone() };
        std::mem::replace(&mut self.refusal, quiet)
    }
}

fn health(outcome: &SendOutcome) -> Health {
    match outcome {
        SendOutcome::NotSent | SendOutcome::Unknown => Health::Faulty,
        SendOutcome::Accepted { .. } => Health::Well,
        SendOutcome::Refused(refusal) => match refusal.reaction {
            Reaction::Hold => Health::Barred(refusal.clone()),
            Reaction::Retry(Backoff::Seconds | Backoff::Minutes) => Health::Faulty,
            // What concerns one buyer or one message says that the provider is well.
            Reaction::Retry(Backoff::PairRate)
            | Reaction::FallBack
            | Reaction::Drop
            | Reaction::OptOut(_)
            | Reaction::Park => Health::Well,
        },
    }
}

fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
