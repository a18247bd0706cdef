//! Status in: delivery statuses, replies and opt-outs of the message providers.

use jiff::Timestamp;
use recoup_channels::{ChannelSignatureError, VerifiedChannelWebhook, meta};

use crate::channel_events::{Origin, apply};
use crate::classifier::reread;
use crate::credentials::MetaCredentials;
use crate::door::{Door, Posted, Proof};
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

/// A webhook that is being handled.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    door: &'static Door,
    request: &'a Request,
    url: &'a str,
}

/// Answers the challenge by which Meta checks that the callback URL is ours.
pub async fn verify_subscription<P: Ports>(engine: &Engine<P>, request: &Request) -> Answer {
    if request.name != "meta" || !engine.ports.has(SecretName::Meta) {
        return refuse(Answer::NOT_FOUND, "unknown_source", request);
    }
    let credentials = match engine.ports.secret(SecretName::Meta).await {
        Ok(text) => MetaCredentials::parse(&text),
        Err(error) => Err(error),
    };
    match credentials {
        Ok(credentials) => match meta::verify_subscription(&request.query, &credentials.verify_token) {
            Some(challenge) => Answer::echo(challenge),
            None => refuse(Answer::FORBIDDEN, "verify_token_mismatch", request),
        },
        Err(error) => fail(&error.into(), request),
    }
}

/// Handles a webhook of a message provider. `public_url` is what the front door is called from outside, without a trailing
/// slash, where that is not the name the request came to: Twilio signs the URL. What the rules cannot read in it is read by the
/// classifier.
pub async fn handle<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    public_url: Option<&str>,
    request: &Request,
) -> Answer {
    let Some(door) = Door::of(&request.name).filter(|door| engine.ports.has(door.secret)) else {
        return refuse(Answer::NOT_FOUND, "unknown_source", request);
    };
    if request.body.len() > BODY_LIMIT {
        return refuse(Answer::TOO_LARGE, "too_large", request);
    }
    let url = url_of(public_url, request);
    let delivery = Delivery { door, request, url: &url };
    let posted = Posted {
        headers: &request.headers,
        url: &url,
        path_secret: request.path_secret.as_ref(),
        body: request.body.clone(),
    };
    let verified = match engine.ports.secret(door.secret).await {
        Ok(secret) => door.verify(posted, &secret),
        Err(error) => Err(error),
    };
    let verified = match verified {
        Ok(Ok(verified)) => verified,
        Ok(Err(error)) => {
            let no_webhook = error == ChannelSignatureError::Missing && !(door.fits)(request);
            let status = if no_webhook { Answer::BAD_REQUEST } else { Answer::UNAUTHORISED };
            return refuse(status, error.code(), request);
        }
        Err(error) => return fail(&error.into(), request),
    };
    match record(engine, classifier, (door, &url, engine.ports.now()), &verified, request.trace.as_deref())
        .await
    {
        Ok(Ok(())) => (door.taken)(),
        Ok(Err(code)) => park(engine, delivery, code).await,
        Err(EngineError::Store(_)) if may_be_kept(delivery) => spill(engine, delivery).await,
        Err(error) => fail(&error, request),
    }
}

/// The URL that the provider was told, with its query.
fn url_of(public_url: Option<&str>, request: &Request) -> String {
    let plain = match public_url {
        Some(base) => format!("{base}/channels/{}", request.name),
        None => request.url.clone(),
    };
    if request.query.is_empty() { plain } else { format!("{plain}?{}", request.query) }
}

/// Whether it can be verified again when it is replayed, and fits a queue.
fn may_be_kept(delivery: Delivery<'_>) -> bool {
    delivery.door.proof == Proof::Signature && delivery.request.body.len() <= KEPT_LIMIT
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
    let Some(door) = Door::of(&kept.name).filter(|door| engine.ports.has(door.secret)) else {
        return Ok(false);
    };
    let secret = engine.ports.secret(door.secret).await?;
    let (Ok(body), Ok(at)) = (kept.body(), Timestamp::from_second(kept.received_at)) else {
        return Ok(false);
    };
    let headers = kept.header_map();
    let posted = Posted { headers: &headers, url: &kept.url, path_secret: None, body: body.into() };
    match door.verify(posted, &secret)? {
        Ok(verified) => Ok(record(engine, classifier, (door, &kept.url, at), &verified, None).await?.is_ok()),
        Err(_) => Ok(false),
    }
}

/// Applies every event of a webhook that came in by this door, to this URL, at this time. The inner error is the code of a
/// body that cannot be read.
async fn record<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    (door, url, at): (&'static Door, &str, Timestamp),
    verified: &VerifiedChannelWebhook,
    trace: Option<&str>,
) -> Result<Result<(), &'static str>, EngineError> {
    let (channel, events) = match door.read(verified, url, at) {
        Ok(said) => said,
        Err(error) => return Ok(Err(error.code())),
    };
    let origin = Origin { function: FUNCTION, provider: door.name, channel, trace };
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

/// Keeps a webhook by the clock it is read by. What only a password proves is kept without its URL: it can never be verified
/// again.
fn keep<P: Ports>(engine: &Engine<P>, delivery: Delivery<'_>) -> KeptWebhook {
    let Request { name, headers, body, .. } = delivery.request;
    let kept = KeptWebhook::new(Entrance::Channel, name, engine.ports.now(), headers, body);
    match delivery.door.proof {
        Proof::Signature => kept.posted_to(delivery.url),
        Proof::Password => kept,
    }
}

async fn park<P: Ports>(engine: &Engine<P>, delivery: Delivery<'_>, code: &'static str) -> Answer {
    let note = ParkedNote {
        reason: "unreadable_webhook".to_owned(),
        error_code: code.to_owned(),
        trace_id: delivery.request.trace.clone(),
        first_seen: Some(engine.ports.now()),
        attempt: 1,
        action: "report",
        ..ParkedNote::default()
    };
    let (queue, message) = note.into_message(keep(engine, delivery).to_message());
    let line = Line { reason: code, alarm: true, ..Line::new(FUNCTION, "parked") };
    hold(engine, delivery, (queue, message), line).await
}

async fn spill<P: Ports>(engine: &Engine<P>, delivery: Delivery<'_>) -> Answer {
    let message = Outgoing { body: keep(engine, delivery).to_message(), ..Outgoing::default() };
    let line = Line { reason: "store_unavailable", ..Line::new(FUNCTION, "spilled") };
    hold(engine, delivery, (Queue::Spill, message), line).await
}

async fn hold<P: Ports>(
    engine: &Engine<P>,
    delivery: Delivery<'_>,
    (queue, message): (Queue, Outgoing),
    line: Line,
) -> Answer {
    if let Err(error) = engine.ports.push(queue, message).await {
        return fail(&EngineError::Queue(error), delivery.request);
    }
    let (kind, trace) = (delivery.door.name.to_owned(), delivery.request.trace.clone());
    Line { kind, trace, ..line }.emit();
    (delivery.door.taken)()
}
