//! Next-gen webhooks: the list of all types of event that start or stop something.

use recoup_core::{Event, EventId, Fact};

use super::ask;
use super::payment::{Payment, Reading};
use crate::json::{self, Member, members};
use crate::read;
use crate::{Ignored, Lookup, NormaliseError, Normalised, Status};

members! {
    /// An event, or a payment that stands alone.
    pub(super) struct Body {
        resource,
        id,
        kind = "type",
        entity_id = "entityId",
        created_at = "createdAt",
        embedded = "_embedded",
    }
}

members! {
    struct Embedded {
        entity,
    }
}

members! {
    /// What is read of an object that is no payment.
    struct Entity {
        id,
        mode,
        reusable,
        payment_id = "paymentId",
    }
}

/// What a body says, before its envelope is added.
#[derive(Default)]
struct Said {
    events: Vec<Event>,
    asks: Vec<Lookup>,
    ignored: Option<Ignored>,
}

impl Said {
    fn ignored(why: Ignored) -> Self {
        Self { ignored: Some(why), ..Self::default() }
    }

    /// Only what the API answers gives events; without an id to ask by, nothing.
    fn asking(ask: Option<Lookup>) -> Self {
        let ignored = if ask.is_none() { Some(Ignored::ThinEvent) } else { None };
        Self { asks: ask.into_iter().collect(), ignored, events: Vec::new() }
    }
}

/// Reads a body.
pub(super) fn read(bytes: &[u8]) -> Result<Normalised, NormaliseError> {
    let body: Body<'_> = json::parse(bytes)?;
    if body.kind.is_absent() { snapshot(&body, bytes) } else { event(&body) }
}

/// An object without the envelope of an event, as the pages about single events show it: of payments only.
fn snapshot(body: &Body<'_>, bytes: &[u8]) -> Result<Normalised, NormaliseError> {
    if body.resource.text().as_deref() != Some("payment") {
        return Err(NormaliseError::Missing { member: "type" });
    }
    let payment: Payment<'_> = json::parse(bytes)?;
    let (events, status) = match payment.read(None)? {
        Reading::Events(events) => (events, Status::Recognised),
        Reading::Ignored(why) => (Vec::new(), Status::Ignored(why)),
    };
    let livemode = payment.mode.text().map(|mode| mode == "live");
    Ok(Normalised { events, kind: "payment".to_owned(), asks: Vec::new(), livemode, status })
}

fn event(body: &Body<'_>) -> Result<Normalised, NormaliseError> {
    let kind = body.kind.text().ok_or(NormaliseError::Missing { member: "type" })?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !(1..=96).contains(&kind.len()) || !kind.bytes().all(allowed) || body.resource.text().is_none() {
        return Err(NormaliseError::Malformed { member: "type" });
    }
    let embedded: Embedded<'_> = body.embedded.object().unwrap_or_default();
    let entity: Entity<'_> = embedded.entity.object().unwrap_or_default();
    let said = match kind.split_once('.').unwrap_or((&kind, "")) {
        ("hook", "ping") => Said::ignored(Ignored::Test),
        ("payment", _) => payment(body, embedded.entity)?,
        ("payment-link", "paid") => payment_link(body, &entity)?,
        ("sales-invoice", "paid") => about(body, body.entity_id.text().as_deref(), Fact::Paid)?,
        ("sales-invoice", "canceled") => about(body, body.entity_id.text().as_deref(), Fact::Voided)?,
        ("chargeback", state @ ("received" | "reversed")) if entity.payment_id.text().is_some() => {
            let opened = state == "received";
            let fact = if opened { Fact::DisputeOpened } else { Fact::DisputeClosed { won: true } };
            about(body, entity.payment_id.text().as_deref(), fact)?
        }
        // The payment says how much of it has gone back.
        ("refund", "refunded") => {
            Said::asking(entity.payment_id.text().and_then(|id| ask("payments", &id, "tr_")))
        }
        ("chargeback", "received" | "reversed") => Said::ignored(Ignored::ThinEvent),
        _ => Said::ignored(Ignored::UnknownType),
    };
    let Said { events, asks, ignored } = said;
    let status = match ignored {
        Some(why) => Status::Ignored(why),
        None if events.is_empty() => Status::Asks,
        None => Status::Recognised,
    };
    let livemode = entity.mode.text().map(|mode| mode == "live");
    Ok(Normalised { events, kind: kind.into_owned(), asks, livemode, status })
}

/// The state in the payment itself decides, which is newer than the type when events come late.
fn payment(body: &Body<'_>, entity: Member<'_>) -> Result<Said, NormaliseError> {
    let Some(payment) = entity.object::<Payment<'_>>() else {
        return Ok(Said::asking(body.entity_id.text().and_then(|id| ask("payments", &id, "tr_"))));
    };
    Ok(match payment.read(Some(&event_id(body)?))? {
        Reading::Events(events) => Said { events, ..Said::default() },
        Reading::Ignored(why) => Said::ignored(why),
    })
}

/// A payment link was paid, and with it whatever payments were tried on it: those name it nowhere, so they are asked for.
/// A link that many buyers may use settles nothing but itself.
fn payment_link(body: &Body<'_>, entity: &Entity<'_>) -> Result<Said, NormaliseError> {
    let id = body.entity_id.text().or_else(|| entity.id.text());
    let mut said = about(body, id.as_deref(), Fact::Paid)?;
    let kind = if entity.id.text().is_some() { super::api::TRIES } else { "payment-links" };
    let ask =
        if entity.reusable.flag() == Some(true) { None } else { id.and_then(|id| ask(kind, &id, "pl_")) };
    said.asks.extend(ask);
    Ok(said)
}

fn about(body: &Body<'_>, obligation: Option<&str>, fact: Fact) -> Result<Said, NormaliseError> {
    let obligation = read::obligation(obligation, "entityId")?;
    let occurred_at = body.created_at.text().and_then(|text| read::time(&text));
    let event = Event { id: event_id(body)?, obligation, occurred_at, fact };
    Ok(Said { events: vec![event], ..Said::default() })
}

fn event_id(body: &Body<'_>) -> Result<EventId, NormaliseError> {
    let id = body.id.text().ok_or(NormaliseError::Missing { member: "id" })?;
    EventId::parse(&id).map_err(|_| NormaliseError::Malformed { member: "id" })
}
