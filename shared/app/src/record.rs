//! Records what a source said: facts about an obligation in its case, facts about a buyer in the buyer's own item.

use recoup_core::{
    BuyerFacts, CaseId, ConsentChanged, Correlation, DeliveryStatus, Event, Fact, Input, PreferenceChange,
    Source, StatusReport, TouchSent,
};

use crate::engine::{Engine, EngineError, Gathered, Settled, reached_by};
use crate::ports::Ports;
use crate::telemetry::Line;

/// Records events, each with a line of its own.
///
/// # Errors
/// [`EngineError`] when one of them was not recorded: all of them come again, and the others are duplicates then.
pub(crate) async fn record<P: Ports>(
    engine: &Engine<P>,
    function: &'static str,
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
        let settled = match &event.fact {
            Fact::ConsentChanged(consent) => agree(engine, event, consent).await?,
            Fact::TouchSent(touch) => touched(engine, &id, event, touch, trace).await?,
            Fact::HandOffAnswered { source } | Fact::HandOffResolved { source } => {
                let id = CaseId { source: source.clone(), ..id.clone() };
                // Nothing is written where there is no such case, so the guess that there is none would never be mended.
                let gathered = Gathered { case: engine.ports.load_case(&id).await?, ..Gathered::default() };
                Some(engine.apply(&id, gathered, &Input::Said(event.clone()), trace).await?)
            }
            Fact::MessageOpened(message) => opened(engine, message, trace).await?,
            Fact::PaymentFailed(_)
            | Fact::Recovered
            | Fact::Paid
            | Fact::Voided
            | Fact::MarkedUncollectible
            | Fact::Refunded { .. }
            | Fact::DisputeOpened
            | Fact::DisputeClosed { .. }
            | Fact::SubscriptionCancelled
            | Fact::SubscriptionPastDue
            | Fact::SubscriptionHalted
            | Fact::CheckoutCreated(_)
            | Fact::CheckoutUpdated(_)
            | Fact::CheckoutCompleted
            | Fact::CheckoutAbandoned(_)
            | Fact::OrderPlaced(_)
            | Fact::KycRejected(_)
            | Fact::KycPending
            | Fact::KycApproved
            | Fact::Lapsed(_)
            | Fact::CardUpdated
            | Fact::CustomerUpdated(_) => {
                Some(engine.apply(&id, Gathered::default(), &Input::Said(event.clone()), trace).await?)
            }
        };
        if let Fact::OrderPlaced(order) = &event.fact
            && !is_unpaid(events, event)
        {
            bought(engine, &source, event, &order.buyer, trace).await?;
        }
        let line = match &settled {
            Some(settled) => Line::new(function, "").decided(&id, &settled.decision),
            None => Line { reason: "no_phone", ..Line::new(function, "ignored") },
        };
        Line { kind: event.fact.kind().to_owned(), trace: trace.map(str::to_owned), ..line }.emit();
    }
    Ok(())
}

/// Whether the same webhook says that the order still waits for its payment: it is then a cart that was left, and no
/// purchase yet.
fn is_unpaid(events: &[Event], order: &Event) -> bool {
    let waits = |fact: &Fact| {
        matches!(fact, Fact::CheckoutCreated(_) | Fact::CheckoutUpdated(_) | Fact::PaymentFailed(_))
    };
    events.iter().any(|event| event.obligation == order.obligation && waits(&event.fact))
}

/// An order ends what the buyer was reminded of before, under every name the order knows the buyer by.
async fn bought<P: Ports>(
    engine: &Engine<P>,
    source: &Source,
    event: &Event,
    buyer: &BuyerFacts,
    trace: Option<&str>,
) -> Result<(), EngineError> {
    for id in engine.aliases(source, buyer).await? {
        let event = Event { obligation: id.obligation.clone(), fact: Fact::Recovered, ..event.clone() };
        engine.apply(&id, Gathered::default(), &Input::Said(event), trace).await?;
    }
    Ok(())
}

/// An agreement or withdrawal; `None` when the source names neither a number nor an address to store it under.
async fn agree<P: Ports>(
    engine: &Engine<P>,
    event: &Event,
    consent: &ConsentChanged,
) -> Result<Option<Settled>, EngineError> {
    let Some(name) = reached_by(&consent.buyer) else { return Ok(None) };
    let change = if consent.granted { PreferenceChange::OptIn } else { PreferenceChange::OptOut };
    let at = event.occurred_at.unwrap_or_else(|| engine.ports.now());
    engine.prefer(&name, change, consent.scope, at, None).await.map(Some)
}

/// The buyer opened a notification: the app told, since no push service does. `None` for a message of another brand.
async fn opened<P: Ports>(
    engine: &Engine<P>,
    message: &Correlation,
    trace: Option<&str>,
) -> Result<Option<Settled>, EngineError> {
    if message.case.brand != engine.brand {
        return Ok(None);
    }
    let Correlation { case, step, channel, token } = message.clone();
    let (provider_id, status) = ("app".to_owned(), DeliveryStatus::Read);
    let report = StatusReport { step, channel, token, provider_id, status };
    let gathered = Gathered { case: engine.ports.load_case(&case).await?, ..Gathered::default() };
    engine.apply(&case, gathered, &Input::Status(report), trace).await.map(Some)
}

/// Another tool's message, counted like one of ours; `None` when the source names neither a number nor an address.
async fn touched<P: Ports>(
    engine: &Engine<P>,
    id: &CaseId,
    event: &Event,
    touch: &TouchSent,
    trace: Option<&str>,
) -> Result<Option<Settled>, EngineError> {
    let Some(name) = reached_by(&touch.buyer) else { return Ok(None) };
    let recipient = engine.recipient_id(&name).await?;
    let gathered = Gathered { recipient: Some(engine.buyer(&recipient).await?), ..Gathered::default() };
    let at = event.occurred_at.unwrap_or_else(|| engine.ports.now());
    let input = Input::Touched { recipient, lane: touch.lane.clone(), at };
    engine.apply(id, gathered, &input, trace).await.map(Some)
}
