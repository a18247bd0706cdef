//! Where steps are while nobody works on them, and what senders and providers make of them.

use jiff::SignedDuration;
use recoup_core::{
    Answer, Channel, Concluded, Context, Decision, DeliveryStatus, Effect, Entry, Input, Lookup, SendOutcome,
    SendState, StatusReport, StepDue, Timer, Token, needs,
};

use crate::scene::{Draft, Flight, Queued, Scene, Sent};
use crate::{make, watch};

/// A queue delays a message at most this long; a later timer is a schedule, whose name makes it single.
const QUEUE_DELAY: SignedDuration = SignedDuration::from_mins(15);

/// After this many receives a message moves to the queue that follows.
const RECEIVES: u32 = 4;

/// No scene is so long that more steps than this are handed out.
const HANDED: u32 = 20_000;

impl Scene {
    pub(crate) fn arm(&mut self, timer: &Timer) {
        let Timer { case, step, generation, channel, at, .. } = timer.clone();
        let schedule = at.duration_since(self.now) > QUEUE_DELAY;
        let at = at.max(self.now);
        let named = |queued: &Queued| {
            queued.schedule && queued.case == case && queued.step == step && queued.generation == generation
        };
        if !schedule || !self.queue.iter().any(named) {
            self.queue.push(Queued { case, step, generation, channel, at, receives: 0, schedule });
        }
    }

    /// Takes the earliest step out of its queue, moves the clock to it and has it decided.
    pub(crate) fn due(&mut self) -> Decision {
        let queued = self.take().expect("a step is under way");
        self.deliver(queued)
    }

    pub(crate) fn take(&mut self) -> Option<Queued> {
        let earliest = (0..self.queue.len()).min_by_key(|index| self.queue[*index].at)?;
        let queued = self.queue.remove(earliest);
        self.now = self.now.max(queued.at);
        Some(queued)
    }

    /// The input that a queued step makes, with what the processor answers to the look-ups it wants.
    pub(crate) fn step_due(&mut self, queued: &Queued) -> Input {
        let Queued { step, generation, channel, .. } = *queued;
        let mut due =
            StepDue { step, generation, channel, buyer: Answer::NotAsked, settlement: Answer::NotAsked };
        let token = self.token();
        let context = Context { now: self.now, policy: &self.policy, token: &token, trace: None };
        let case = self.cases.get(&queued.case).map(|known| &known.item);
        let lookups = needs(case, &Input::StepDue(due.clone()), &context);
        for lookup in &lookups {
            match lookup {
                Lookup::Buyer(_) => due.buyer = self.processor.buyer.clone(),
                Lookup::Obligation => due.settlement = self.processor.settlement.clone(),
            }
        }
        self.processor.asked.extend(lookups);
        Input::StepDue(due)
    }

    pub(crate) fn deliver(&mut self, queued: Queued) -> Decision {
        self.handed += 1;
        assert!(self.handed < HANDED, "nothing comes to rest: {:?}", self.lines.last());
        if !self.delivered.contains(&queued) {
            self.delivered.push(queued.clone());
        }
        let input = self.step_due(&queued);
        let draft = self.begin(&queued.case, input);
        self.carry_out(queued, draft)
    }

    /// Stores a step's decision, performs it and disposes of the queued message.
    pub(crate) fn carry_out(&mut self, queued: Queued, draft: Draft) -> Decision {
        let decision = self.finish(draft);
        let id = queued.case.clone();
        self.tell(&id, &format!("{} {}", queued.channel, queued.step), &decision);
        self.perform(&decision.effects);
        let sent = decision.effects.iter().find_map(|effect| match effect {
            Effect::Send(message) => Some(message.as_ref().clone()),
            Effect::Arm(_)
            | Effect::Disarm { .. }
            | Effect::Redeliver { .. }
            | Effect::Park
            | Effect::HandOff(_)
            | Effect::Answer { .. }
            | Effect::Tell(_)
            | Effect::Heed(_)
            | Effect::Silence { .. } => None,
        });
        if let Some(message) = sent {
            let template = make::template_of(&decision, &message);
            let sent = Sent { at: self.now, message: message.clone(), template, failed: false };
            watch::sending(self, &sent);
            self.sends.push(sent);
            self.wire.push(Flight { message, queued });
        } else {
            self.dispose(&queued, &decision);
        }
        decision
    }

    fn dispose(&mut self, queued: &Queued, decision: &Decision) {
        for effect in &decision.effects {
            match effect {
                Effect::Park => self.parked.push(queued.clone()),
                Effect::Redeliver { after } => self.requeue(queued.clone(), *after),
                Effect::Arm(_)
                | Effect::Disarm { .. }
                | Effect::Send(_)
                | Effect::HandOff(_)
                | Effect::Answer { .. }
                | Effect::Tell(_)
                | Effect::Heed(_)
                | Effect::Silence { .. } => {}
            }
        }
    }

    fn requeue(&mut self, mut queued: Queued, after: SignedDuration) {
        queued.receives += 1;
        queued.schedule = false;
        queued.at = self.now.saturating_add(after).expect("in range");
        if queued.receives < RECEIVES {
            self.queue.push(queued);
        } else if queued.channel == Channel::Whatsapp {
            self.queue.push(Queued { channel: Channel::Sms, receives: 0, ..queued });
        } else {
            self.parked.push(queued);
        }
    }

    /// The oldest message on the wire is answered.
    pub(crate) fn concluded(&mut self, outcome: SendOutcome, what: &str) -> Decision {
        let Flight { message, queued } = self.wire.remove(0);
        if matches!(outcome, SendOutcome::NotSent | SendOutcome::Refused(_)) {
            self.mark_failed(&message.correlation.token);
        }
        let (step, channel) = (message.correlation.step, message.correlation.channel);
        let token = message.correlation.token;
        let input = Input::Concluded(Concluded { step, channel, token, outcome });
        let decision = self.apply(&queued.case.clone(), input, what);
        self.dispose(&queued, &decision);
        decision
    }

    /// The sender dies with the message on the wire: the queue hands the step out again.
    pub(crate) fn crash(&mut self) {
        let Flight { queued, .. } = self.wire.remove(0);
        self.requeue(queued, SignedDuration::from_mins(3));
    }

    /// The provider tells how far the message of this entry got.
    pub(crate) fn status(&mut self, entry: &Entry, obligation: &str, status: DeliveryStatus) -> Decision {
        if matches!(status, DeliveryStatus::Failed(_)) && entry.state != SendState::Delivered {
            self.mark_failed(&entry.token);
        }
        let what = format!("{} {} is {}", entry.channel, entry.step, make::status_name(&status));
        let report = StatusReport {
            step: entry.step,
            channel: entry.channel,
            token: entry.token.clone(),
            provider_id: "wamid.1".to_owned(),
            status,
        };
        self.apply(&make::case_id(obligation), Input::Status(report), &what)
    }

    fn mark_failed(&mut self, token: &Token) {
        for sent in self.sends.iter_mut().filter(|sent| sent.message.correlation.token == *token) {
            sent.failed = true;
        }
    }
}
