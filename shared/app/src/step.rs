//! A queued step, from the queue to the provider: shared by every sender.

use std::time::Duration;

use jiff::SignedDuration;
use recoup_core::{
    Answer, AnswerDue, CaseId, Channel, Concluded, Context, Correlation, Decision, Effect, Input, Message,
    Reason, SendOutcome, StepDue, needs,
};

use crate::engine::{Engine, EngineError, Gathered, Settled};
use crate::lookup::Apis;
use crate::ports::{Outgoing, Ports, Queue, Sender, Transport};
use crate::queue::{AnswerMessage, ParkedNote, Received, StepMessage};
use crate::telemetry::Line;

/// What becomes of the queued message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It is done with.
    Done,
    /// It is received again after this time.
    Later(Duration),
}

/// The parts a sender is made of.
#[derive(Debug, Clone)]
pub struct StepSender<P, T, S> {
    /// The engine.
    pub engine: Engine<P>,
    /// Reaches the processors' APIs.
    pub transport: T,
    /// Where they are.
    pub apis: Apis,
    /// Reaches the provider of this channel.
    pub sender: S,
    /// The use case's name in logs.
    pub function: &'static str,
    /// The channel of the queue that is read.
    pub channel: Channel,
    /// After this many receives a message is parked with its reason instead of moving on without one; `None` where the
    /// queue's own dead-letter queue is the next channel.
    pub last_receive: Option<u32>,
}

impl<P: Ports, T: Transport, S: Sender> StepSender<P, T, S> {
    /// Takes one queued step.
    ///
    /// # Errors
    /// [`EngineError`] when the message must come again as it is.
    pub async fn take(&self, received: &Received) -> Result<Disposition, EngineError> {
        let Ok(message) = StepMessage::parse(&received.body) else {
            return match AnswerMessage::parse(&received.body) {
                Ok((case, due)) => self.answer(&case, due).await,
                Err(_) => self.park_unreadable(received).await,
            };
        };
        let foreign = message.case.brand != self.engine.brand;
        if message.channel != self.channel && self.channel == Channel::Whatsapp && !foreign {
            let forwarded = Outgoing { body: message.body(), ..Outgoing::default() };
            self.engine.ports.push(crate::engine::queue_of(message.channel), forwarded).await?;
            return Ok(Disposition::Done);
        }
        if foreign {
            return self.park_unreadable(received).await;
        }
        let (due, gathered) = self.gather(&message).await?;
        let input = Input::StepDue(due);
        let settled = self.engine.settle(&message.case, gathered, &input, message.trace.as_deref()).await?;
        self.log(&message, &settled.decision);
        self.carry_out(&message, received, settled).await
    }

    /// Reads the case, its links and its buyer, and asks the processor what the step wants to know.
    async fn gather(&self, message: &StepMessage) -> Result<(StepDue, Gathered), EngineError> {
        let engine = &self.engine;
        let mut due = StepDue {
            step: message.step,
            generation: message.generation,
            channel: self.channel,
            buyer: Answer::NotAsked,
            settlement: Answer::NotAsked,
        };
        let Some(case) = engine.ports.load_case(&message.case).await? else {
            return Ok((due, Gathered::default()));
        };
        let linked = engine.linked(&case.item).await?;
        let token = engine.ports.token();
        let context = Context { now: engine.ports.now(), policy: &engine.policy, token: &token, trace: None };
        let lookups = needs(Some(&case.item), &Input::StepDue(due.clone()), &context);
        self.apis.answer(&engine.ports, &self.transport, &message.case, &lookups, &mut due).await?;
        let buyer = async {
            match engine.recipient_of(&case.item, &due.buyer, self.channel).await? {
                Some(id) => engine.buyer(&id).await.map(Some),
                None => Ok(None),
            }
        };
        let feed = async { if case.item.is_open() { engine.feed(&message.case.source).await } else { None } };
        let (recipient, feed, standing) = futures_util::future::join3(buyer, feed, engine.standing()).await;
        Ok((due, Gathered { case: Some(case), recipient: recipient?, linked, feed, standing }))
    }

    /// Performs what was decided. The next timer is set while the message is on the wire: there is no store call between
    /// the claim and the request.
    async fn carry_out(
        &self,
        message: &StepMessage,
        received: &Received,
        settled: Settled,
    ) -> Result<Disposition, EngineError> {
        let Some(outgoing) = settled.decision.outgoing() else {
            self.engine.perform(&settled.decision.effects).await?;
            return self.dispose(message, received, &settled.decision).await;
        };
        let (armed, concluded) = futures_util::future::join(
            self.engine.perform(&settled.decision.effects),
            self.send(message, received, outgoing, settled.gathered.clone()),
        )
        .await;
        let disposition = concluded?;
        if armed.is_err() {
            // The step went. Its message comes again, finds that, and sets the timer that is still owed.
            return Ok(Disposition::Later(whole(self.engine.policy.retry_backoff)));
        }
        Ok(disposition)
    }

    /// Gives the message to its provider and records what became of it.
    async fn send(
        &self,
        message: &StepMessage,
        received: &Received,
        outgoing: &Message,
        gathered: Gathered,
    ) -> Result<Disposition, EngineError> {
        let outcome = self.sender.send(outgoing).await;
        let Correlation { step, channel, token, .. } = outgoing.correlation.clone();
        let input = Input::Concluded(Concluded { step, channel, token, outcome });
        match self.engine.settle(&message.case, gathered, &input, None).await {
            Ok(settled) => {
                self.log(message, &settled.decision);
                self.engine.perform(&settled.decision.effects).await?;
                self.dispose(message, received, &settled.decision).await
            }
            Err(error) => {
                // The request left; the claim stands and a status webhook resolves it. Coming again would find the claim.
                let line = Line::new(self.function, "outcome_unrecorded");
                Line { case: Some(message.case.clone()), error: error.to_string(), alarm: true, ..line }
                    .emit();
                Ok(Disposition::Done)
            }
        }
    }

    /// Answers a buyer who wrote. Who has the claim sends, and nobody sends again: who misses an answer asks again.
    async fn answer(&self, case: &CaseId, due: AnswerDue) -> Result<Disposition, EngineError> {
        // One that WhatsApp's sender could not give in time comes to the text messages by the dead letters: too late.
        if case.brand != self.engine.brand || due.channel != self.channel {
            let line = Line { case: Some(case.clone()), ..Line::new(self.function, "ignored") };
            Line { reason: Reason::AnswerSpent.code(), ..line }.emit();
            return Ok(Disposition::Done);
        }
        let known = self.engine.ports.load_case(case).await?;
        let recipient = match known.as_ref() {
            Some(known) => {
                match self.engine.recipient_of(&known.item, &Answer::NotAsked, self.channel).await? {
                    Some(id) => Some(self.engine.buyer(&id).await?),
                    None => None,
                }
            }
            None => None,
        };
        let gathered = Gathered { case: known, recipient, ..Gathered::default() };
        let settled = self.engine.settle(case, gathered, &Input::AnswerDue(due), None).await?;
        let outcome = match settled.decision.outgoing() {
            Some(message) => match self.sender.send(message).await {
                SendOutcome::Accepted { .. } => "sent",
                SendOutcome::Refused(_) => "refused",
                SendOutcome::NotSent => "not_sent",
                SendOutcome::Unknown => "unknown",
            },
            None => "ignored",
        };
        let line = Line::new(self.function, "").decided(case, &settled.decision);
        Line { outcome, kind: format!("answer_{}", due.answer.as_str()), ..line }.emit();
        Ok(Disposition::Done)
    }

    async fn dispose(
        &self,
        message: &StepMessage,
        received: &Received,
        decision: &Decision,
    ) -> Result<Disposition, EngineError> {
        let last = self.last_receive.is_some_and(|last| received.receives >= last);
        let later = decision.redelivered_after();
        if decision.effects.contains(&Effect::Park) || last && later.is_some() {
            let (queue, parked) =
                ParkedNote::of_step(message, received, decision).into_message(message.body());
            self.engine.ports.push(queue, parked).await?;
            return Ok(Disposition::Done);
        }
        Ok(later.map_or(Disposition::Done, |after| Disposition::Later(whole(after))))
    }

    /// A message nobody can read goes where a person sees it.
    async fn park_unreadable(&self, received: &Received) -> Result<Disposition, EngineError> {
        let note = ParkedNote {
            reason: "unreadable_message".to_owned(),
            error_code: "message_malformed".to_owned(),
            channel: Some(self.channel.to_string()),
            attempt: received.receives,
            first_seen: received.first_seen,
            action: "drop",
            ..ParkedNote::default()
        };
        let (queue, parked) = note.into_message(received.body.clone());
        self.engine.ports.push(queue, parked).await?;
        Line { reason: "unreadable_message", alarm: true, ..Line::new(self.function, "parked") }.emit();
        Ok(Disposition::Done)
    }

    fn log(&self, message: &StepMessage, decision: &Decision) {
        let mut line = Line::new(self.function, "").decided(&message.case, decision);
        line.kind = self.channel.to_string();
        line.step = Some(message.step.0);
        line.trace.clone_from(&message.trace);
        if decision.reason == Reason::Sent {
            line.outcome = "sent";
        }
        line.emit();
    }
}

fn whole(after: SignedDuration) -> Duration {
    Duration::from_secs(after.as_secs().max(0).unsigned_abs())
}

/// The queue a channel's sender reads, for postponing.
pub fn source_queue(channel: Channel) -> Queue {
    crate::engine::queue_of(channel)
}

/// The case a queued body names, if it can be read; for logs of failures.
pub fn case_of(body: &str) -> Option<CaseId> {
    StepMessage::parse(body).ok().map(|message| message.case)
}
