//! Status in: delivery statuses, replies and opt-outs of the message providers.

use jiff::Timestamp;
use recoup_channels::{ChannelSignatureError, VerifiedChannelWebhook, meta};
use recoup_core::{
    CaseId, Channel, ChannelEvent, Contact, DeliveryStatus, EventKey, Input, News, OptOutScope, PauseScope,
    Paused, PreferenceChange, Reaction, Refusal, Replied, Reply, StatusReport,
};

use crate::credentials::MetaCredentials;
use crate::engine::{Engine, EngineError, Gathered, phone_of};
use crate::http::{Answer, Request};
use crate::ports::{Outgoing, Ports, Queue, SecretName};
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

/// Handles a webhook of a message provider.
pub async fn handle<P: Ports>(engine: &Engine<P>, request: &Request) -> Answer {
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
    match record(engine, &verified, request.trace.as_deref()).await {
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
pub async fn replay<P: Ports>(engine: &Engine<P>, kept: &KeptWebhook) -> Result<bool, EngineError> {
    let credentials = credentials(engine).await?;
    let Ok(body) = kept.body() else { return Ok(false) };
    match meta::verify(&kept.header_map(), body.into(), &credentials.app_secrets) {
        Ok(verified) => Ok(record(engine, &verified, None).await?.is_ok()),
        Err(_) => Ok(false),
    }
}

async fn credentials<P: Ports>(engine: &Engine<P>) -> Result<MetaCredentials, EngineError> {
    let text = engine.ports.secret(SecretName::Meta).await?;
    Ok(MetaCredentials::parse(&text)?)
}

/// Applies every event of the webhook. The inner error is the code of a body that cannot be read.
async fn record<P: Ports>(
    engine: &Engine<P>,
    verified: &VerifiedChannelWebhook,
    trace: Option<&str>,
) -> Result<Result<(), &'static str>, EngineError> {
    let events = match meta::events(verified) {
        Ok(events) => events,
        Err(error) => return Ok(Err(error.code())),
    };
    for event in events {
        apply(engine, event, trace).await?;
    }
    Ok(Ok(()))
}

async fn apply<P: Ports>(
    engine: &Engine<P>,
    event: ChannelEvent,
    trace: Option<&str>,
) -> Result<(), EngineError> {
    match event {
        ChannelEvent::OptedOut { from, scope, at, message } => {
            let said = Preferred { change: PreferenceChange::OptOut, scope, at, message };
            prefer(engine, &from, said, trace).await
        }
        ChannelEvent::OptedIn { from, scope, at, message } => {
            let said = Preferred { change: PreferenceChange::OptIn, scope, at, message };
            prefer(engine, &from, said, trace).await
        }
        ChannelEvent::Status { .. } => status(engine, event, trace).await,
        ChannelEvent::Replied(reply) => replied(engine, reply, trace).await,
        ChannelEvent::Template { template, language, news } => {
            heed(engine, News::Template { template, language, news }).await
        }
        ChannelEvent::NumberQuality { quality, code } => {
            heed(engine, News::NumberQuality { quality, code }).await
        }
        ChannelEvent::Account { barred, code } => heed(engine, News::Account { barred, code }).await,
        ChannelEvent::Trouble(refusal) => trouble(engine, refusal).await,
        ChannelEvent::Ignored { kind } => {
            ignore(kind);
            Ok(())
        }
    }
}

/// Trouble without a message: what it stops is stopped, and where a person must look they are told.
async fn trouble<P: Ports>(engine: &Engine<P>, refusal: Refusal) -> Result<(), EngineError> {
    let what = match refusal.pause {
        Some(PauseScope::Channel) => Paused::Channel(Channel::Whatsapp),
        Some(PauseScope::Marketing) => Paused::Marketing(Channel::Whatsapp),
        Some(PauseScope::Template | PauseScope::Country | PauseScope::Buyer) | None => {
            let line = Line { kind: format!("error_{}", refusal.code), ..Line::new(FUNCTION, "ignored") };
            Line { alarm: refusal.alarm, ..line }.emit();
            return Ok(());
        }
    };
    heed(engine, News::Barred { what, code: refusal.code }).await
}

/// What a provider said is acted upon at once, for every case.
async fn heed<P: Ports>(engine: &Engine<P>, news: News) -> Result<(), EngineError> {
    let kind = match &news {
        News::Barred { code, .. } => format!("barred_{code}"),
        News::Capped => "capped".to_owned(),
        News::Template { template, .. } => format!("template_{template}"),
        News::NumberQuality { code, .. } => format!("number_{code}"),
        News::Account { code, .. } => format!("account_{code}"),
    };
    let decision = engine.heed(news).await?;
    let line =
        Line { reason: decision.reason.code(), alarm: decision.alarm, ..Line::new(FUNCTION, "applied") };
    Line { kind, ..line }.emit();
    Ok(())
}

/// A reply is about the case of the message it answers, else about the newest open case of whoever wrote, else about
/// the newest of all. Whose number nobody knows is handed to a person without a case.
async fn replied<P: Ports>(engine: &Engine<P>, reply: Reply, trace: Option<&str>) -> Result<(), EngineError> {
    let channel = Channel::Whatsapp;
    let mut gathered = Gathered::default();
    let mut id = engine.nobody();
    if let Some(phone) = &reply.from.phone {
        let recipient = engine.recipient_id(phone).await?;
        let buyer = engine.buyer(&recipient).await?;
        id = engine.about(&recipient);
        gathered.case = engine.case_of_reply(&buyer.item, reply.answers.as_deref()).await?;
        gathered.recipient = Some(buyer);
    }
    if let Some(case) = &gathered.case {
        id = case.item.id.clone();
    }
    let intent = reply.intent;
    let settled = engine.apply(&id, gathered, &Input::Replied(Replied { reply, channel }), trace).await?;
    let line = Line::new(FUNCTION, "").decided(&id, &settled.decision);
    Line { trace: trace.map(str::to_owned), kind: format!("reply_{intent}"), ..line }.emit();
    Ok(())
}

fn ignore(kind: String) {
    Line { kind, ..Line::new(FUNCTION, "ignored") }.emit();
}

/// A status changes the ledger of the case its correlation string names; one of another brand, or without one of our
/// strings, is nobody's.
async fn status<P: Ports>(
    engine: &Engine<P>,
    event: ChannelEvent,
    trace: Option<&str>,
) -> Result<(), EngineError> {
    let Some((id, report)) = StatusReport::of(event).filter(|(id, _)| id.brand == engine.brand) else {
        Line { reason: "foreign_status", ..Line::new(FUNCTION, "ignored") }.emit();
        return Ok(());
    };
    let refused_by_buyer = match &report.status {
        DeliveryStatus::Failed(refusal) => match refusal.reaction {
            Reaction::OptOut(scope) => Some(scope),
            Reaction::Retry(_) | Reaction::Hold | Reaction::FallBack | Reaction::Drop | Reaction::Park => {
                None
            }
        },
        DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read => None,
    };
    let gathered = Gathered { case: engine.ports.load_case(&id).await?, ..Gathered::default() };
    let settled = engine.apply(&id, gathered, &Input::Status(report), trace).await?;
    emit(&id, &settled.decision, trace);
    let phone = settled.gathered.case.as_ref().and_then(|case| phone_of(&case.item)).cloned();
    match (refused_by_buyer, phone) {
        (Some(scope), Some(phone)) => {
            let at = engine.ports.now();
            let said = Preferred { change: PreferenceChange::OptOut, scope, at, message: None };
            prefer(engine, &phone.into(), said, trace).await
        }
        _ => Ok(()),
    }
}

/// What a buyer said about being messaged.
struct Preferred {
    change: PreferenceChange,
    scope: OptOutScope,
    at: Timestamp,
    message: Option<String>,
}

async fn prefer<P: Ports>(
    engine: &Engine<P>,
    from: &Contact,
    said: Preferred,
    trace: Option<&str>,
) -> Result<(), EngineError> {
    let Some(phone) = &from.phone else {
        ignore("no_phone".to_owned());
        return Ok(());
    };
    let Preferred { change, scope, at, message } = said;
    let confirmed = message.map(|id| (EventKey::of_id(&id), Channel::Whatsapp));
    let settled = engine.prefer(phone, change, scope, at, confirmed).await?;
    if let Some(buyer) = &settled.gathered.recipient {
        emit(&engine.about(&buyer.item.id), &settled.decision, trace);
    }
    Ok(())
}

fn emit(id: &CaseId, decision: &recoup_core::Decision, trace: Option<&str>) {
    let line = Line::new(FUNCTION, "").decided(id, decision);
    Line { trace: trace.map(str::to_owned), kind: "meta".to_owned(), ..line }.emit();
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
