//! What message providers say, applied to the cases and buyers it concerns: the same for every provider and every way in.

use jiff::Timestamp;
use recoup_core::{
    CaseId, Channel, ChannelEvent, Contact, Decision, DeliveryStatus, EventKey, Input, News, OptOutScope,
    PauseScope, Paused, PreferenceChange, Reaction, Refusal, Replied, Reply, StatusReport,
};

use crate::engine::{Engine, EngineError, Gathered, phone_of};
use crate::ports::Ports;
use crate::telemetry::Line;

/// Where events came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The use case's name in logs.
    pub(crate) function: &'static str,
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// What it carries.
    pub(crate) channel: Channel,
    /// The trace of the request.
    pub(crate) trace: Option<&'a str>,
}

impl Origin<'_> {
    pub(crate) fn line(self, outcome: &'static str) -> Line {
        Line { trace: self.trace.map(str::to_owned), ..Line::new(self.function, outcome) }
    }

    fn ignore(self, kind: String) {
        Line { kind, ..self.line("ignored") }.emit();
    }

    fn emit(self, id: &CaseId, decision: &Decision) {
        let line = self.line("").decided(id, decision);
        Line { kind: self.provider.to_owned(), ..line }.emit();
    }
}

/// Applies every event, in order.
///
/// # Errors
/// [`EngineError`] when they must be delivered again; applying one twice changes nothing.
pub(crate) async fn apply<P: Ports>(
    engine: &Engine<P>,
    events: Vec<ChannelEvent>,
    origin: Origin<'_>,
) -> Result<(), EngineError> {
    for event in events {
        apply_one(engine, event, origin).await?;
    }
    Ok(())
}

async fn apply_one<P: Ports>(
    engine: &Engine<P>,
    event: ChannelEvent,
    origin: Origin<'_>,
) -> Result<(), EngineError> {
    match event {
        ChannelEvent::OptedOut { from, scope, at, message } => {
            let said = Preferred { change: PreferenceChange::OptOut, scope, at, message };
            prefer(engine, &from, said, origin).await
        }
        ChannelEvent::OptedIn { from, scope, at, message } => {
            let said = Preferred { change: PreferenceChange::OptIn, scope, at, message };
            prefer(engine, &from, said, origin).await
        }
        ChannelEvent::Status { .. } => status(engine, event, origin).await,
        ChannelEvent::Replied(reply) => replied(engine, reply, origin).await,
        ChannelEvent::News(news) => heed(engine, news, origin).await,
        ChannelEvent::Trouble(refusal) => trouble(engine, refusal, origin).await,
        ChannelEvent::Ignored { kind } => {
            origin.ignore(kind);
            Ok(())
        }
    }
}

/// Trouble without a message: what it stops is stopped, and where a person must look they are told.
async fn trouble<P: Ports>(
    engine: &Engine<P>,
    refusal: Refusal,
    origin: Origin<'_>,
) -> Result<(), EngineError> {
    let what = match refusal.pause {
        Some(PauseScope::Channel) => Paused::Channel(origin.channel),
        Some(PauseScope::Marketing) => Paused::Marketing(origin.channel),
        Some(PauseScope::Template | PauseScope::Country | PauseScope::Buyer) | None => {
            let kind = format!("error_{}", refusal.code);
            Line { kind, alarm: refusal.alarm, ..origin.line("ignored") }.emit();
            return Ok(());
        }
    };
    heed(engine, News::Barred { what, code: refusal.code }, origin).await
}

/// What a provider said is acted upon at once, for every case.
async fn heed<P: Ports>(engine: &Engine<P>, news: News, origin: Origin<'_>) -> Result<(), EngineError> {
    let kind = match &news {
        News::Barred { code, .. } => format!("barred_{code}"),
        News::Capped => "capped".to_owned(),
        News::Template { template, .. } => format!("template_{template}"),
        News::NumberQuality { code, .. } => format!("number_{code}"),
        News::Account { code, .. } => format!("account_{code}"),
    };
    let decision = engine.heed(news).await?;
    let line = Line { reason: decision.reason.code(), alarm: decision.alarm, ..origin.line("applied") };
    Line { kind, ..line }.emit();
    Ok(())
}

/// A reply is about the case of the message it answers, else about the newest open case of whoever wrote, else about
/// the newest of all. Whose number nobody knows is handed to a person without a case.
async fn replied<P: Ports>(engine: &Engine<P>, reply: Reply, origin: Origin<'_>) -> Result<(), EngineError> {
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
    let input = Input::Replied(Replied { reply, channel: origin.channel });
    let settled = engine.apply(&id, gathered, &input, origin.trace).await?;
    let line = origin.line("").decided(&id, &settled.decision);
    Line { kind: format!("reply_{intent}"), ..line }.emit();
    Ok(())
}

/// A status changes the ledger of the case its correlation string names; one of another brand, or without one of our
/// strings, is nobody's.
async fn status<P: Ports>(
    engine: &Engine<P>,
    event: ChannelEvent,
    origin: Origin<'_>,
) -> Result<(), EngineError> {
    let Some((id, report)) = StatusReport::of(event).filter(|(id, _)| id.brand == engine.brand) else {
        Line { reason: "foreign_status", ..origin.line("ignored") }.emit();
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
    let settled = engine.apply(&id, gathered, &Input::Status(report), origin.trace).await?;
    origin.emit(&id, &settled.decision);
    let phone = settled.gathered.case.as_ref().and_then(|case| phone_of(&case.item)).cloned();
    match (refused_by_buyer, phone) {
        (Some(scope), Some(phone)) => {
            let at = engine.ports.now();
            let said = Preferred { change: PreferenceChange::OptOut, scope, at, message: None };
            prefer(engine, &phone.into(), said, origin).await
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
    origin: Origin<'_>,
) -> Result<(), EngineError> {
    let Some(phone) = &from.phone else {
        origin.ignore("no_phone".to_owned());
        return Ok(());
    };
    let Preferred { change, scope, at, message } = said;
    let confirmed = message.map(|id| (EventKey::of_id(&id), origin.channel));
    let settled = engine.prefer(phone, change, scope, at, confirmed).await?;
    if let Some(buyer) = &settled.gathered.recipient {
        origin.emit(&engine.about(&buyer.item.id), &settled.decision);
    }
    Ok(())
}
