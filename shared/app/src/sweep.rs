//! Repairs what crashes and outages left behind: timers that were lost, claims nobody concluded, webhooks that waited.

use recoup_core::{Input, Reason};
use serde::Serialize;

use crate::channel_webhook;
use crate::engine::{Engine, EngineError, Gathered};
use crate::ports::{Classifier, Ports, Scan, StoreError, Transport};
use crate::queue::{Entrance, KeptWebhook, ParkedNote, Received};
use crate::telemetry::Line;
use crate::webhook::Webhooks;

const FUNCTION: &str = "sweep";

/// What one sweep over all cases found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Cases looked at.
    pub cases: u64,
    /// Cases whose timer was set again.
    pub repaired: u64,
    /// Cases that could not be read or repaired; the next sweep finds them again.
    pub failed: u64,
}

/// Looks at every case once and sets lost timers again.
///
/// # Errors
/// [`EngineError`] when the scan itself fails; a single case that fails is counted and passed over.
pub async fn sweep<P: Ports + Scan>(engine: &Engine<P>) -> Result<Swept, EngineError> {
    let mut swept = Swept::default();
    let mut from = None;
    loop {
        let page = engine.ports.scan_cases(from).await?;
        for case in page.cases {
            swept.cases += 1;
            match look_at(engine, case).await {
                Ok(Reason::Repaired) => swept.repaired += 1,
                Ok(_) => {}
                Err(error) => {
                    swept.failed += 1;
                    Line { reason: error.code(), error: error.to_string(), ..Line::new(FUNCTION, "failed") }
                        .emit();
                }
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let outcome = if swept.repaired > 0 || swept.failed > 0 { "repaired" } else { "clean" };
    let alarm = swept.repaired > 0 || swept.failed > 0;
    let counts = format!("cases={} repaired={} failed={}", swept.cases, swept.repaired, swept.failed);
    Line { kind: counts, alarm, ..Line::new(FUNCTION, outcome) }.emit();
    Ok(swept)
}

async fn look_at<P: Ports>(
    engine: &Engine<P>,
    case: Result<crate::ports::Versioned<recoup_core::Case>, StoreError>,
) -> Result<Reason, EngineError> {
    let case = case?;
    let id = case.item.id.clone();
    let gathered = Gathered { case: Some(case), ..Gathered::default() };
    let settled = engine.apply(&id, gathered, &Input::Swept, None).await?;
    let reason = settled.decision.reason;
    if !matches!(reason, Reason::NothingOwed | Reason::AlreadyClosed) {
        Line::new(FUNCTION, "").decided(&id, &settled.decision).emit();
    }
    Ok(reason)
}

/// Applies webhooks that waited for the store, and returns the ids of those that must wait on.
pub async fn replay<P: Ports, T: Transport, C: Classifier>(
    webhooks: &Webhooks<P, T>,
    classifier: &C,
    batch: Vec<Received>,
) -> Vec<String> {
    let mut again = Vec::new();
    for received in batch {
        match replay_one(webhooks, classifier, &received).await {
            Ok(true) => Line::new(FUNCTION, "applied").emit(),
            Ok(false) => {
                if park(&webhooks.engine, &received).await.is_err() {
                    again.push(received.id);
                }
            }
            Err(error) => {
                Line { reason: error.code(), error: error.to_string(), ..Line::new(FUNCTION, "failed") }
                    .emit();
                again.push(received.id);
            }
        }
    }
    again
}

async fn replay_one<P: Ports, T: Transport, C: Classifier>(
    webhooks: &Webhooks<P, T>,
    classifier: &C,
    received: &Received,
) -> Result<bool, EngineError> {
    let Ok(kept) = KeptWebhook::parse(&received.body) else { return Ok(false) };
    match kept.entrance {
        Entrance::Webhook => Box::pin(webhooks.replay(&kept)).await,
        Entrance::Channel => channel_webhook::replay(&webhooks.engine, classifier, &kept).await,
    }
}

async fn park<P: Ports>(engine: &Engine<P>, received: &Received) -> Result<(), EngineError> {
    let note = ParkedNote {
        reason: "unreadable_webhook".to_owned(),
        error_code: "spill_unreadable".to_owned(),
        attempt: received.receives,
        first_seen: received.first_seen,
        action: "report",
        ..ParkedNote::default()
    };
    let (queue, message) = note.into_message(received.body.clone());
    engine.ports.push(queue, message).await?;
    Line { reason: "spill_unreadable", alarm: true, ..Line::new(FUNCTION, "parked") }.emit();
    Ok(())
}
