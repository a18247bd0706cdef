//! What message providers say, applied to the cases and buyers it concerns: the same for every provider and every way in.
//!
//! One way in is a queue of our own, where AWS' services publish.

use jiff::Timestamp;
use recoup_channels::aws_events;
use recoup_core::{
    Alias, BuyerFacts, CaseId, Channel, ChannelEvent, Contact, Decision, DeliveryStatus, EventKey, Input,
    News, OptOutScope, PauseScope, Paused, PreferenceChange, Reaction, Refusal, Replied, Reply, StatusReport,
};

use crate::batch::{Consumer, take_each};
use crate::classifier::reread;
use crate::engine::{Engine, EngineError, Gathered};
use crate::ports::{Classifier, Ports, Queue};
use crate::queue::{ParkedNote, Received};
use crate::step::Disposition;
use crate::telemetry::Line;

/// The use case's name in logs.
pub const FUNCTION: &str = "channel_events";

/// Where events came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The use case's name in logs.
    pub function: &'static str,
    /// The provider's name.
    pub provider: &'static str,
    /// What it carries.
    pub channel: Channel,
    /// The trace of the request.
    pub trace: Option<&'a str>,
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

/// Takes a batch of what AWS published, all at once, and returns the ids of those that must come again. What the rules cannot
/// read in it is read by the classifier.
pub async fn take_batch<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    batch: Vec<Received>,
) -> Vec<String> {
    let by = Consumer { function: FUNCTION, queue: Queue::ChannelEvents };
    take_each(engine, by, &batch, |received| take(engine, classifier, received)).await
}

async fn take<P: Ports, C: Classifier>(
    engine: &Engine<P>,
    classifier: &C,
    received: &Received,
) -> Result<Disposition, EngineError> {
    let at = received.first_seen.unwrap_or_else(|| engine.ports.now());
    match aws_events::events(received.body.as_bytes(), at) {
        Ok(notified) => {
            let aws_events::Notified { provider, channel, events } = notified;
            let origin = Origin { function: FUNCTION, provider, channel, trace: None };
            let events = reread(classifier, events, origin).await;
            apply(engine, events, origin).await?;
        }
        Err(error) => park(engine, received, error.code()).await?,
    }
    Ok(Disposition::Done)
}

/// What nobody can read goes where a person sees it, as it came: a redrive brings it back after an upgrade.
async fn park<P: Ports>(
    engine: &Engine<P>,
    received: &Received,
    code: &'static str,
) -> Result<(), EngineError> {
    let note = ParkedNote {
        reason: "unreadable_event".to_owned(),
        error_code: code.to_owned(),
        attempt: received.receives,
        first_seen: received.first_seen,
        action: "report",
        ..ParkedNote::default()
    };
    let (queue, message) = note.into_message(received.body.clone());
    engine.ports.push(queue, message).await?;
    Line { reason: code, alarm: true, ..Line::new(FUNCTION, "parked") }.emit();
    Ok(())
}

/// Applies every event, in order.
///
/// # Errors
/// [`EngineError`] when they must be delivered again; applying one twice changes nothing.
pub async fn apply<P: Ports>(
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
        let recipient = engine.recipient_id(&Alias::Phone(phone)).await?;
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
    let channel = report.channel;
    let gathered = Gathered { case: engine.ports.load_case(&id).await?, ..Gathered::default() };
    let settled = engine.apply(&id, gathered, &Input::Status(report), origin.trace).await?;
    origin.emit(&id, &settled.decision);
    let outreach = settled.gathered.case.and_then(|case| case.item.outreach);
    match (refused_by_buyer, outreach.map(|outreach| outreach.matter.buyer)) {
        (Some(scope), Some(buyer)) => {
            let at = engine.ports.now();
            let said = Preferred { change: PreferenceChange::OptOut, scope, at, message: None };
            prefer(engine, &written_to(buyer, channel), said, origin).await
        }
        _ => Ok(()),
    }
}

/// Where a buyer was reached by a channel.
fn written_to(buyer: BuyerFacts, channel: Channel) -> Contact {
    match channel {
        Channel::Email => Contact { email: buyer.email, ..Contact::default() },
        Channel::Whatsapp | Channel::Sms | Channel::Push => {
            Contact { phone: buyer.phone, ..Contact::default() }
        }
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
    let (phone, email) = (from.phone.as_ref().map(Alias::Phone), from.email.as_ref().map(Alias::Email));
    let Some(name) = phone.or(email) else {
        origin.ignore("no_phone".to_owned());
        return Ok(());
    };
    let Preferred { change, scope, at, message } = said;
    let confirmed = message.map(|id| (EventKey::of_id(&id), origin.channel));
    let settled = engine.prefer(&name, change, scope, at, confirmed).await?;
    if let Some(buyer) = &settled.gathered.recipient {
        origin.emit(&engine.about(&buyer.item.id), &settled.decision);
    }
    Ok(())
}
