//! Tells people and the merchant's own systems what was queued for them: buyers who need a person, and how cases ended.
//!
//! Here doubt is a reason to tell again: every delivery carries the same id, and nobody is bothered who did not ask to be told.

use bytes::Bytes;
use recoup_channels::handoff::Delivery;
use recoup_channels::handoff::slack::{self, Slack};
use recoup_channels::handoff::webhook::{self, Notice, Webhook};
use recoup_core::{CaseId, Input, Secret};
use recoup_processors::standard_webhooks;

use crate::batch::{Consumer, pause, take_each};
use crate::credentials::OutletCredentials;
use crate::engine::{Engine, EngineError, Gathered};
use crate::note::{Note, Outlet};
use crate::ports::{Outgoing, Ports, Queue, SecretError, SecretName, Transport};
use crate::queue::Received;
use crate::step::Disposition;
use crate::telemetry::Line;

/// The use case's name in logs.
pub const FUNCTION: &str = "handoff";

/// The parts of this use case.
#[derive(Debug, Clone)]
pub struct HandOffs<P, T> {
    /// The engine.
    pub engine: Engine<P>,
    /// Reaches the receivers.
    pub transport: T,
}

impl<P: Ports, T: Transport> HandOffs<P, T> {
    /// Takes a batch, all notes at once, and returns the ids of those that must come again.
    pub async fn take_batch(&self, batch: Vec<Received>) -> Vec<String> {
        let by = Consumer { function: FUNCTION, queue: Queue::HandOff };
        take_each(&self.engine, by, &batch, |received| self.take(received)).await
    }

    /// Takes one note.
    async fn take(&self, received: &Received) -> Result<Disposition, EngineError> {
        let Ok(note) = Note::parse(&received.body) else {
            return self.give_up(received, None, "message_malformed").await;
        };
        if let Some(told) = note.told()
            && let Some(case) = &note.case
        {
            let known = self.engine.ports.load_case(case).await?;
            if known.is_none_or(|known| known.item.untold() != Some(told)) {
                log(&note, "told_before");
                return Ok(Disposition::Done);
            }
        }
        match self.deliver(&note).await? {
            Delivery::Done => {
                self.remember(&note).await?;
                log(&note, "told");
                Ok(Disposition::Done)
            }
            Delivery::Later(named) => {
                log(&note, "not_taken");
                let usual = || pause(&self.engine.policy, received.receives);
                Ok(Disposition::Later(named.unwrap_or_else(usual)))
            }
            Delivery::Never(word) => self.give_up(received, note.case, &word).await,
        }
    }

    /// Delivers a note once. A receiver that cannot be reached is asked again.
    async fn deliver(&self, note: &Note) -> Result<Delivery, EngineError> {
        let text = self.engine.ports.secret(SecretName::Outlets).await?;
        let credentials = OutletCredentials::parse(&text)?;
        let body = Bytes::from(note.body.clone());
        let asked = match note.to {
            Outlet::Slack => {
                let slack = credentials.slack.as_ref().and_then(|url| Slack::new(url).ok());
                slack.map(|slack| slack.request(body))
            }
            Outlet::HelpDesk => self.signed(credentials.help_desk, note, body),
            Outlet::Ends => self.signed(credentials.ends, note, body),
        };
        let Some(request) = asked else {
            let name = SecretName::Outlets;
            let rule = format!("{}: missing or not a URL over https", note.to.as_str());
            return Err(SecretError::Unfit { name, rule }.into());
        };
        let Ok(answer) = self.transport.perform(request).await else { return Ok(Delivery::Later(None)) };
        Ok(match note.to {
            Outlet::Slack => slack::read(&answer),
            Outlet::HelpDesk | Outlet::Ends => webhook::read(&answer),
        })
    }

    fn signed(
        &self,
        endpoint: Option<(Secret, Secret)>,
        note: &Note,
        body: Bytes,
    ) -> Option<http::Request<Bytes>> {
        let (url, secret) = endpoint?;
        let webhook = Webhook::new(&url).ok()?;
        let headers = standard_webhooks::sign(&secret, &note.id, self.engine.ports.wall(), &body)?;
        Some(webhook.request(&Notice { id: note.id.clone(), body }, headers))
    }

    /// An end that was told is told no more.
    async fn remember(&self, note: &Note) -> Result<(), EngineError> {
        let (Some(told), Some(case)) = (note.told(), &note.case) else { return Ok(()) };
        let gathered = Gathered { case: self.engine.ports.load_case(case).await?, ..Gathered::default() };
        self.engine.apply(case, gathered, &Input::Told(told), None).await.map(drop)
    }

    /// What no receiver will ever take goes where a person sees it, at once.
    async fn give_up(
        &self,
        received: &Received,
        case: Option<CaseId>,
        word: &str,
    ) -> Result<Disposition, EngineError> {
        let mut attributes = vec![("reason", "note_refused".to_owned()), ("error_code", word.to_owned())];
        attributes.extend(case.map(|case| ("case", case.to_string())));
        let message = Outgoing { body: received.body.clone(), attributes, ..Outgoing::default() };
        self.engine.ports.push(Queue::HandOffDead, message).await?;
        let line = Line { reason: "note_refused", alarm: true, ..Line::new(FUNCTION, "parked") };
        Line { error: word.to_owned(), ..line }.emit();
        Ok(Disposition::Done)
    }
}

fn log(note: &Note, outcome: &'static str) {
    let line = Line { kind: note.to.as_str().to_owned(), ..Line::new(FUNCTION, outcome) };
    Line { case: note.case.clone(), ..line }.emit();
}
