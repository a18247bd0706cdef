//! Webhook in: verify, normalise, and let the engine record every event.

use jiff::Timestamp;
use recoup_core::{CaseId, Event, Input, Source};
use recoup_processors::{self as processors, Processor, SignatureError, Status, Unverified};

use crate::credentials::SourceCredentials;
use crate::engine::{Engine, EngineError, Gathered};
use crate::http::{Answer, Request};
use crate::lookup::secret_of;
use crate::ports::{Outgoing, Ports, Queue};
use crate::queue::{Entrance, KeptWebhook, ParkedNote};
use crate::telemetry::Line;

/// The largest body a payment webhook may have, in bytes. Base64 of it, with its envelope, still fits a queue.
pub const BODY_LIMIT: usize = 700 * 1024;

const FUNCTION: &str = "payment_webhook";

/// Handles a webhook of a payment processor.
///
/// 200 means applied, known already, ignored on purpose, or kept where it is applied later. Our own trouble is 503, so
/// that the source delivers again.
pub async fn handle<P: Ports>(engine: &Engine<P>, request: &Request) -> Answer {
    let Some((processor, name)) = processors::by_name(&request.name).zip(secret_of(&request.name)) else {
        return refuse(Answer::NOT_FOUND, "unknown_source", request);
    };
    if request.body.len() > BODY_LIMIT {
        return refuse(Answer::TOO_LARGE, "too_large", request);
    }
    let credentials = match engine.ports.secret(name).await {
        Ok(text) => SourceCredentials::parse(name, &text),
        Err(error) => Err(error),
    };
    let credentials = match credentials {
        Ok(credentials) => credentials,
        Err(error) => {
            let line = Line { error: error.to_string(), alarm: true, ..Line::new(FUNCTION, "failed") };
            Line { reason: EngineError::Secret(error).code(), ..line }.emit();
            return Answer::of(Answer::UNAVAILABLE);
        }
    };
    let unverified = Unverified { headers: &request.headers, body: &request.body };
    let (verified, clock) =
        match verify(processor, unverified, &credentials, [engine.ports.now(), engine.ports.wall()]) {
            Ok(verified) => verified,
            Err(error) => {
                let no_webhook = error == SignatureError::Missing && !request.is_json();
                let status = if no_webhook { Answer::BAD_REQUEST } else { Answer::UNAUTHORISED };
                return refuse(status, error.code(), request);
            }
        };
    let normalised = match processor.normalise(&verified) {
        Ok(normalised) => normalised,
        Err(error) => return park(engine, request, clock, error.code()).await,
    };
    if let Status::Ignored(why) = normalised.status {
        let line =
            Line { kind: normalised.kind, trace: request.trace.clone(), ..Line::new(FUNCTION, "ignored") };
        Line { reason: why.code(), ..line }.emit();
        return Answer::of(Answer::OK);
    }
    match record(engine, &request.name, &normalised.events, request.trace.as_deref()).await {
        Ok(()) => Answer::of(Answer::OK),
        Err(error @ EngineError::Store(_)) => spill(engine, request, clock, &error).await,
        Err(error) => {
            let line = Line {
                error: error.to_string(),
                trace: request.trace.clone(),
                ..Line::new(FUNCTION, "failed")
            };
            Line { reason: error.code(), ..line }.emit();
            Answer::of(Answer::UNAVAILABLE)
        }
    }
}

/// Replays a webhook that was spilled. It is verified again, by the clock of its arrival.
///
/// # Errors
/// [`EngineError`] when it must be tried again; a webhook that cannot be read any more is reported as `Ok(false)`.
pub async fn replay<P: Ports>(engine: &Engine<P>, kept: &KeptWebhook) -> Result<bool, EngineError> {
    let Some((processor, name)) = processors::by_name(&kept.name).zip(secret_of(&kept.name)) else {
        return Ok(false);
    };
    let credentials = SourceCredentials::parse(name, &engine.ports.secret(name).await?)?;
    let (Ok(body), Ok(received_at)) = (kept.body(), Timestamp::from_second(kept.received_at)) else {
        return Ok(false);
    };
    let headers = kept.header_map();
    let unverified = Unverified { headers: &headers, body: &body };
    let verified = verify(processor, unverified, &credentials, [received_at, received_at]);
    let Some(normalised) = verified.ok().and_then(|(verified, _)| processor.normalise(&verified).ok()) else {
        return Ok(false);
    };
    record(engine, &kept.name, &normalised.events, None).await?;
    Ok(true)
}

/// Checks the signature by the deciding clock and, where the local stack has moved that, by the wall's; says by which it
/// was good.
fn verify<'a>(
    processor: &dyn Processor,
    unverified: Unverified<'a>,
    credentials: &SourceCredentials,
    [now, wall]: [Timestamp; 2],
) -> Result<(processors::Verified<'a>, Timestamp), SignatureError> {
    let by =
        |clock| processor.verify(unverified, &credentials.signing, clock).map(|verified| (verified, clock));
    by(now).or_else(|error| if now == wall { Err(error) } else { by(wall) })
}

async fn record<P: Ports>(
    engine: &Engine<P>,
    source: &str,
    events: &[Event],
    trace: Option<&str>,
) -> Result<(), EngineError> {
    let Ok(source) = Source::parse(source) else { return Ok(()) };
    for event in events {
        let id = CaseId {
            brand: engine.brand.clone(),
            source: source.clone(),
            obligation: event.obligation.clone(),
        };
        let settled = engine.apply(&id, Gathered::default(), &Input::Said(event.clone()), trace).await?;
        let mut line = Line::new(FUNCTION, "").decided(&id, &settled.decision);
        event.fact.kind().clone_into(&mut line.kind);
        line.trace = trace.map(str::to_owned);
        line.emit();
    }
    Ok(())
}

fn refuse(status: u16, reason: &'static str, request: &Request) -> Answer {
    Line { reason, trace: request.trace.clone(), ..Line::new(FUNCTION, "refused") }.emit();
    Answer::of(status)
}

/// Keeps a webhook with the clock by which its signature is good, for it is verified again.
fn keep(request: &Request, clock: Timestamp) -> KeptWebhook {
    KeptWebhook::new(Entrance::Webhook, &request.name, clock, &request.headers, &request.body)
}

/// A verified body that cannot be read is kept for a person; the source must not send it for ever.
async fn park<P: Ports>(
    engine: &Engine<P>,
    request: &Request,
    clock: Timestamp,
    code: &'static str,
) -> Answer {
    let note = ParkedNote {
        reason: "unreadable_webhook".to_owned(),
        error_code: code.to_owned(),
        trace_id: request.trace.clone(),
        first_seen: Some(engine.ports.now()),
        attempt: 1,
        action: "report",
        ..ParkedNote::default()
    };
    let (queue, message) = note.into_message(keep(request, clock).to_message());
    let line =
        Line { reason: code, alarm: true, trace: request.trace.clone(), ..Line::new(FUNCTION, "parked") };
    hold(engine, queue, message, line).await
}

/// The store is down: the verified webhook waits in a queue and is applied by the sweep.
async fn spill<P: Ports>(
    engine: &Engine<P>,
    request: &Request,
    clock: Timestamp,
    error: &EngineError,
) -> Answer {
    let message = Outgoing { body: keep(request, clock).to_message(), ..Outgoing::default() };
    let line =
        Line { error: error.to_string(), trace: request.trace.clone(), ..Line::new(FUNCTION, "spilled") };
    hold(engine, Queue::Spill, message, Line { reason: error.code(), ..line }).await
}

async fn hold<P: Ports>(engine: &Engine<P>, queue: Queue, message: Outgoing, line: Line) -> Answer {
    match engine.ports.push(queue, message).await {
        Ok(()) => {
            line.emit();
            Answer::of(Answer::OK)
        }
        Err(error) => {
            Line { outcome: "failed", error: error.to_string(), alarm: true, ..line }.emit();
            Answer::of(Answer::UNAVAILABLE)
        }
    }
}
