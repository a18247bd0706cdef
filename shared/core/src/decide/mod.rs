//! The one decision function.
//!
//! `decide` looks at a case, its recipient and one input, and says what they become, what the world must do, and why. It
//! is total, synchronous and pure. Every function of recoup changes state through it and through nothing else.

mod answer;
mod claim;
mod conclude;
mod fact;
mod feed;
mod gate;
mod heed;
mod open;
mod owed;
mod plan;
mod recipient;
mod reply;
mod route;
mod step;

use jiff::{SignedDuration, Timestamp};

use crate::{
    AnswerKind, Case, CaseId, Channel, ChannelEvent, CustomerId, DeliveryStatus, Ended, Event, EventKey,
    Feed, HandOff, Message, Name, News, OptOutScope, Policy, Reason, Recipient, RecipientId, Reply,
    SendOutcome, Source, Standing, StepIndex, Token, Told,
};

pub use owed::owed;
pub use step::{Needs, needs};

/// Everything a decision may look at besides its input. `now` is data: nothing here can ask the time.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The instant of the decision.
    pub now: Timestamp,
    /// The merchant's rules.
    pub policy: &'a Policy,
    /// A fresh token, for a claim.
    pub token: &'a Token,
    /// The trace of the request or message that is being handled.
    pub trace: Option<&'a str>,
}

/// The state a decision looks at, as it was gathered.
#[derive(Debug, Clone, Copy, Default)]
pub struct World<'a> {
    /// The case, if it exists.
    pub case: Option<&'a Case>,
    /// The buyer, if known.
    pub recipient: Option<&'a Recipient>,
    /// The obligations the case is linked with, as far as they exist.
    pub linked: &'a [Case],
    /// What the brand's providers said; `None` when nothing, or when nobody asked.
    pub standing: Option<&'a Standing>,
    /// What the store knows of the source's successes; `None` when nobody asked, and then nobody judges.
    pub feed: Option<Watch<'a>>,
}

/// What the store knows of a source's successes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch<'a> {
    /// The feed; `None` when this is the first that is asked of the source.
    pub known: Option<&'a Feed>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A source said something about the obligation.
    Said(Event),
    /// A step came out of a queue.
    StepDue(StepDue),
    /// The provider was asked to send, and answered or did not.
    Concluded(Concluded),
    /// A provider's webhook told how far a message got.
    Status(StatusReport),
    /// The buyer of this case asked for silence, or may not be messaged any more, for this reason.
    Silenced(Reason),
    /// The sweep looks at the case.
    Swept,
    /// The buyer of this case wrote.
    Replied(Replied),
    /// An answer to what the buyer wrote came out of a queue.
    AnswerDue(AnswerDue),
    /// The merchant's own systems were told how the case ended.
    Told(Told),
    /// A provider said something about the account, a number or a template; concerns the brand's standing alone.
    Heeded(News),
    /// The buyer withdrew or gave agreement; concerns the recipient alone.
    Preference {
        /// Who.
        recipient: RecipientId,
        /// The withdrawal or agreement.
        change: PreferenceChange,
        /// From what, to what.
        scope: OptOutScope,
        /// When the buyer said so.
        at: Timestamp,
        /// The message in which they said it, and its channel; it is confirmed once.
        said: Option<(EventKey, Channel)>,
    },
    /// A source reported a success, whosever; concerns the source's feed alone.
    Heard {
        /// The source.
        source: Source,
    },
    /// Another tool sent the buyer a message; concerns the recipient alone.
    Touched {
        /// Who.
        recipient: RecipientId,
        /// The lane it counts in; none counts only within the hour between any two messages.
        lane: Option<Name>,
        /// When it was sent.
        at: Timestamp,
    },
}

/// What a buyer wrote, and the channel that an answer goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replied {
    /// The reply.
    pub reply: Reply,
    /// The channel.
    pub channel: Channel,
}

/// An answer that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerDue {
    /// Which.
    pub answer: AnswerKind,
    /// The reply it answers.
    pub reply: EventKey,
    /// When the buyer wrote.
    pub asked_at: Timestamp,
    /// The channel it goes by.
    pub channel: Channel,
}

/// Whether a buyer withdrew or agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreferenceChange {
    /// Withdrew.
    OptOut,
    /// Agreed.
    OptIn,
}

/// A step that came out of a queue, with what was looked up for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDue {
    /// The step.
    pub step: StepIndex,
    /// The generation of the timer that brought it.
    pub generation: u32,
    /// The channel of the queue it came from.
    pub channel: Channel,
    /// What the processor said of the buyer, if it was asked.
    pub buyer: Answer<crate::BuyerFacts>,
    /// What the processor said of the obligation, if it was asked.
    pub settlement: Answer<crate::Fact>,
}

/// What a look-up at the processor brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Answer<T> {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// This is what it said.
    Found(T),
    /// It answered and had nothing: no such customer, or the money is simply still owed.
    Nothing,
    /// It could not be asked.
    Unreachable,
}

/// The outcome of one attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concluded {
    /// The step.
    pub step: StepIndex,
    /// The channel.
    pub channel: Channel,
    /// The claim's token.
    pub token: Token,
    /// What became of it.
    pub outcome: SendOutcome,
}

/// How far a message got, told by its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The step.
    pub step: StepIndex,
    /// The channel.
    pub channel: Channel,
    /// The claim's token.
    pub token: Token,
    /// The provider's id of the message.
    pub provider_id: String,
    /// How far it got.
    pub status: DeliveryStatus,
}

impl StatusReport {
    /// Takes the report and the case it names out of a provider's event; `None` for any other event, and for a status
    /// that does not carry one of our correlation strings.
    pub fn of(event: ChannelEvent) -> Option<(CaseId, Self)> {
        let ChannelEvent::Status { correlation: Some(sent), provider_id, status, .. } = event else {
            return None;
        };
        let report = Self { step: sent.step, channel: sent.channel, token: sent.token, provider_id, status };
        Some((sent.case, report))
    }
}

/// What the world must do next. Each is named by case, step and generation, so that doing it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Bring the step back at this time.
    Arm(Timer),
    /// Forget a timer; best effort.
    Disarm {
        /// The case.
        case: CaseId,
        /// The step it would have brought.
        step: StepIndex,
        /// Its generation.
        generation: u32,
    },
    /// Give the claimed message to its provider.
    Send(Box<Message>),
    /// Leave the queued message for a later receive.
    Redeliver {
        /// After this time.
        after: SignedDuration,
    },
    /// Put the queued message where a person finds it.
    Park,
    /// Tell a person, with everything they need to go on.
    HandOff(Box<HandOff>),
    /// Tell the merchant's own systems how the case ended.
    Tell(Box<Ended>),
    /// Answer the buyer.
    Answer {
        /// The case.
        case: CaseId,
        /// The answer.
        due: AnswerDue,
    },
    /// Act on what a provider said, for every case of the brand.
    Heed(News),
    /// Tell every case of this buyer to be silent.
    Silence {
        /// The cases.
        cases: Vec<CaseId>,
        /// Why.
        reason: Reason,
    },
}

/// A step to be brought back at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The case.
    pub case: CaseId,
    /// The step.
    pub step: StepIndex,
    /// The generation that makes the timer's name its own.
    pub generation: u32,
    /// The channel whose queue it goes to.
    pub channel: Channel,
    /// When; in the past means now.
    pub at: Timestamp,
    /// The trace that the case was opened under.
    pub trace: Option<String>,
}

/// What a decision says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The case as it shall be; `None` when it does not change.
    pub case: Option<Case>,
    /// The recipient as it shall be, written before the case; `None` when it does not change.
    pub recipient: Option<Recipient>,
    /// The source's feed as it shall be, written first; `None` when it does not change.
    pub feed: Option<Feed>,
    /// The brand's standing as it shall be; `None` when it does not change.
    pub standing: Option<Standing>,
    /// What the world must do, after the writes.
    pub effects: Vec<Effect>,
    /// Why.
    pub reason: Reason,
    /// Whether a person must be told now.
    pub alarm: bool,
}

impl Decision {
    fn new(reason: Reason) -> Self {
        Self {
            case: None,
            recipient: None,
            feed: None,
            standing: None,
            effects: Vec::new(),
            reason,
            alarm: false,
        }
    }

    /// Nothing changes; what the state owes is done again, since whoever decided it first may have died before.
    fn stay(case: &Case, reason: Reason, now: Timestamp) -> Self {
        Self { effects: owed(case, now), ..Self::new(reason) }
    }

    /// The message to give to its provider, if there is one.
    pub fn outgoing(&self) -> Option<&Message> {
        self.effects
            .iter()
            .find_map(|effect| if let Effect::Send(message) = effect { Some(&**message) } else { None })
    }

    /// After how long the queued message is received again, if it is.
    pub fn redelivered_after(&self) -> Option<SignedDuration> {
        self.effects
            .iter()
            .find_map(|effect| if let Effect::Redeliver { after } = effect { Some(*after) } else { None })
    }

    fn write(case: Case, effects: Vec<Effect>, reason: Reason) -> Self {
        Self { case: Some(case), effects, ..Self::new(reason) }
    }
}

/// Decides what `input` does to the case, its recipient and its source's feed.
///
/// Never fails: an input that no longer applies leaves the state alone and says why.
pub fn decide(id: &CaseId, world: &World<'_>, input: &Input, context: &Context<'_>) -> Decision {
    match input {
        Input::Said(event) => fact::decide(id, world.case, event, context),
        Input::StepDue(due) => step::decide(world, due, context),
        Input::Concluded(concluded) => conclude::decide(world, concluded, context),
        Input::Status(report) => conclude::decide_status(world.case, report, context),
        Input::Silenced(reason) => fact::silence(world.case, *reason, context),
        Input::Replied(replied) => reply::decide(world, replied, context),
        Input::AnswerDue(due) => answer::decide(world, due, context),
        Input::Told(told) => fact::told(world.case, *told),
        Input::Heeded(news) => heed::decide(world.standing, news, context),
        Input::Swept => owed::sweep(world.case, context),
        Input::Heard { source } => feed::heard(world.feed, source, context),
        Input::Preference { recipient, change, scope, at, said } => {
            let preferred = recipient::Preferred { change: *change, scope: *scope, at: *at, said: *said };
            recipient::decide(world.recipient, recipient, preferred)
        }
        Input::Touched { recipient, lane, at } => {
            recipient::touched(id, world.recipient, recipient, lane.as_ref(), *at, context)
        }
    }
}

/// A look-up that a step wants before it can be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The buyer behind this customer id.
    Buyer(CustomerId),
    /// Whether the obligation is still owed.
    Obligation,
}
