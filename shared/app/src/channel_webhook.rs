//! Status in: delivery statuses, replies and opt-outs of the message providers.

use recoup_channels::{ChannelSignatureError, VerifiedChannelWebhook, meta};
use recoup_core::Channel;

use crate::channel_events::{Origin, apply};
use crate::classifier::reread;
use crate::credentials::MetaCredentials;
use crate::engine::{Engine, EngineError};
use crate::http::{Answer, Request};
use crate::ports::{Classifier, Outgoing, Ports, Queue, SecretName};
use crate::queue::{Entrance, KeptWebhook, ParkedNote};
use crate::telemetry::Line;

/// The largest body, in bytes: 3 MB by Meta's word, less what base64 and the envelope add when it must be kept.
pub const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// The largest body that fits a queue when the store is down; a larger one is delivered again by Meta.
const KEPT_LIMIT: usize = 700 * 1024;

const FUNCTION: &str = "channel_webhook";

/// Answers the challenge by which Meta checks that the callback URL is ours.
pub async fn verify_subscription<P: Ports>(engine: &Engine<P>, request: &Request) -> Answer {
    if request.name != "meta" {
        return refuse(Answer::NOT_FOUND, "unknown_source", request);
    }
    match credentials(engine).await {
        Ok(credentials) => match meta::verify_subscription(&request.query, &credentials.verify_token) {
            Some(challenge) => Answer::echo(challenge),
            None => refuse(Answer::FORBIDDEN, "verify_token_mismatch", request),
        },
        Err(error) => fail(&error, request),
    }
}

/// Handles a webhook of a message provider. What the rules cannot read in it is read by the classifier.
pub async fn handle<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    request: &Request,
) -> Answer {
    if request.name != "meta" {
        return refuse(Answer::NOT_FOUND, "unknown_source", request);
    }
    if request.body.len() > BODY_LIMIT {
        return refuse(Answer::TOO_LARGE, "too_large", request);
    }
    let credentials = match credentials(engine).await {
        Ok(credentials) => credentials,
        Err(error) => return fail(&error, request),
    };
    let verified = match meta::verify(&request.headers, request.body.clone(), &credentials.app_secrets) {
        Ok(verified) => verified,
        Err(error) => {
            let no_webhook = error == ChannelSignatureError::Missing && !request.is_json();
            let status = if no_webhook { Answer::BAD_REQUEST } else { Answer::UNAUTHORISED };
            return refuse(status, error.code(), request);
        }
    };
    match record(engine, classifier, &verified, request.trace.as_deref()).await {
        Ok(Ok(())) => Answer::of(Answer::OK),
        Ok(Err(code)) => park(engine, request, code).await,
        Err(EngineError::Store(_)) if request.body.len() <= KEPT_LIMIT => spill(engine, request).await,
        Err(error) => fail(&error, request),
    }
}

/// Replays a webhook that was spilled; it is verified again.
///
/// # Errors
/// [`EngineError`] when it must be tried again; a webhook that cannot be read any more is reported as `Ok(false)`.
pub async fn replay<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    kept: &KeptWebhook,
) -> Result<bool, EngineError> {
    let credentials = credentials(engine).await?;
    let Ok(body) = kept.body() else { return Ok(false) };
    match meta::verify(&kept.header_map(), body.into(), &credentials.app_secrets) {
        Ok(verified) => Ok(record(engine, classifier, &verified, None).await?.is_ok()),
        Err(_) => Ok(false),
    }
}

async fn credentials<P: Ports>(engine: &Engine<P>) -> Result<MetaCredentials, EngineError> {
    let text = engine.ports.secret(SecretName::Meta).await?;
    Ok(MetaCredentials::parse(&text)?)
}

/// Applies every event of the webhook. The inner error is the code of a body that cannot be read.
async fn record<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    verified: &VerifiedChannelWebhook,
    trace: Option<&str>,
) -> Result<Result<(), &'static str>, EngineError> {
    let events = match meta::events(verified) {
        Ok(events) => events,
        Err(error) => return Ok(Err(error.code())),
    };
    let origin = Origin { function: FUNCTION, provider: "meta", channel: Channel::Whatsapp, trace };
    let events = reread(classifier, events, origin).await;
    apply(engine, events, origin).await.map(Ok)
}

fn refuse(status: u16, reason: &'static str, request: &Request) -> Answer {
    Line { reason, trace: request.trace.clone(), ..Line::new(FUNCTION, "refused") }.emit();
    Answer::of(status)
}

fn fail(error: &EngineError, request: &Request) -> Answer {
    let line = Line { reason: error.code(), trace: request.trace.clone(), ..Line::new(FUNCTION, "failed") };
    Line { error: error.to_string(), ..line }.emit();
    Answer::of(Answer::UNAVAILABLE)
}

fn keep<P: Ports>(engine: &Engine<P>, request: &Request) -> KeptWebhook {
    KeptWebhook::new(Entrance::Channel, &request.name, engine.ports.wall(), &request.headers, &request.body)
}

async fn park<P: Ports>(engine: &Engine<P>, request: &Request, code: &'static str) -> Answer {
    let note = ParkedNote {
        reason: "unreadable_webhook".to_owned(),
        error_code: code.to_owned(),
        trace_id: request.trace.clone(),
        first_seen: Some(engine.ports.now()),
        attempt: 1,
        action: "report",
        ..ParkedNote::default()
    };
    let (queue, message) = note.into_message(keep(engine, request).to_message());
    let line = Line { reason: code, alarm: true, ..Line::new(FUNCTION, "parked") };
    hold(engine, request, queue, message, line).await
}

async fn spill<P: Ports>(engine: &Engine<P>, request: &Request) -> Answer {
    let message = Outgoing { body: keep(engine, request).to_message(), ..Outgoing::default() };
    let line = Line { reason: "store_unavailable", ..Line::new(FUNCTION, "spilled") };
    hold(engine, request, Queue::Spill, message, line).await
}

async fn hold<P: Ports>(
    engine: &Engine<P>,
    request: &Request,
    queue: Queue,
    message: Outgoing,
    line: Line,
) -> Answer {
    if let Err(error) = engine.ports.push(queue, message).await {
        return fail(&EngineError::Queue(error), request);
    }
    Line { trace: request.trace.clone(), ..line }.emit();
    Answer::of(Answer::OK)
}
