//! The one way to change a case: gather, decide, commit, perform.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use recoup_core::{
    Alias, Answer, BuyerFacts, Case, CaseId, Channel, Context, Decision, Effect, Ended, EventKey, Feed,
    HandOff, Input, Library, Link, News, Obligation, OptOutScope, Phone, Policy, PreferenceChange, Reason,
    Recipient, RecipientId, Source, Standing, Timer, Watch, World, decide,
};
use recoup_processors::Unanswered;
use ring::digest;
use thiserror::Error;

use crate::note::Note;
use crate::ports::{
    Commit, Expected, Outgoing, Ports, Queue, QueueError, SecretError, SecretName, StoreError, Versioned,
};
use crate::queue::{AnswerMessage, StepMessage};

/// How often a decision is made again on what somebody else wrote meanwhile.
const ATTEMPTS: usize = 5;

/// A queue can delay a message this long; later timers are schedules.
const QUEUE_DELAY: SignedDuration = SignedDuration::from_mins(15);

/// Why a change was not carried out; whoever asked for it asks again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue or the scheduler failed after the write; what is owed is found again.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A secret is not at hand.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The source's API did not say what its webhook leaves open.
    #[error(transparent)]
    Unanswered(Unanswered),
    /// Others kept writing.
    #[error("item kept changing")]
    Contended,
}

impl EngineError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Unavailable(_)) => "store_unavailable",
            Self::Store(StoreError::Malformed(_)) => "store_malformed",
            Self::Queue(_) => "queue_unavailable",
            Self::Secret(SecretError::Unavailable { .. }) => "secret_unavailable",
            Self::Secret(SecretError::Unfit { .. }) => "secret_unfit",
            Self::Unanswered(unanswered) => unanswered.code(),
            Self::Contended => "contended",
        }
    }
}

/// The state an input is decided on. What was not read is guessed: a new fact is most often about an unknown case.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// The case, or the guess that there is none.
    pub case: Option<Versioned<Case>>,
    /// The buyer.
    pub recipient: Option<Buyer>,
    /// The linked obligations.
    pub linked: Vec<Case>,
    /// What the store knows of the source's successes; `None` when it was not asked.
    pub feed: Option<Watched>,
    /// What the brand's providers said; `None` when they said nothing, or when it was not asked.
    pub standing: Option<Versioned<Standing>>,
}

/// A source's feed as gathered.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// The feed; `None` when this is the first that is asked of the source.
    pub known: Option<Versioned<Feed>>,
}

/// A recipient as gathered: read, or new.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The recipient.
    pub item: Recipient,
    /// What a write expects.
    pub expected: Expected,
}

impl Buyer {
    /// What a read brought; a buyer nobody has written to if nothing.
    pub fn of(id: &RecipientId, read: Option<Versioned<Recipient>>) -> Self {
        let expected = Expected::of(read.as_ref());
        Self { item: read.map_or_else(|| Recipient::new(id.clone()), |known| known.item), expected }
    }
}

/// A decision that is stored, and the state it left.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The decision.
    pub decision: Decision,
    /// The state now.
    pub gathered: Gathered,
}

/// The engine of one deployment.
#[derive(Debug, Clone)]
pub struct Engine<P> {
    /// The world.
    pub ports: P,
    /// The tenant.
    pub brand: recoup_core::Brand,
    /// The merchant's rules.
    pub policy: Policy,
    /// Who is told.
    pub outlets: Outlets,
}

/// Who is told of buyers that need a person, and of how cases end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlets {
    /// Hand-offs go to a Slack channel.
    pub slack: bool,
    /// Hand-offs go to the merchant's help desk or workflow.
    pub help_desk: bool,
    /// Ends of cases go to the merchant's own system.
    pub ends: bool,
    /// The merchant's page that shows a case when its id is put behind it.
    pub case_page: Option<Link>,
}

impl<P: Ports> Engine<P> {
    /// Decides, commits and performs.
    ///
    /// # Errors
    /// [`EngineError`] when the change was not stored, or was stored and not fully performed.
    pub async fn apply(
        &self,
        id: &CaseId,
        gathered: Gathered,
        input: &Input,
        trace: Option<&str>,
    ) -> Result<Settled, EngineError> {
        let settled = self.settle(id, gathered, input, trace).await?;
        self.perform(&settled.decision.effects).await?;
        Ok(settled)
    }

    /// Decides and commits, again on what came back if somebody else was faster.
    ///
    /// # Errors
    /// [`EngineError`] when nothing was stored.
    pub async fn settle(
        &self,
        id: &CaseId,
        mut gathered: Gathered,
        input: &Input,
        trace: Option<&str>,
    ) -> Result<Settled, EngineError> {
        for _ in 0..ATTEMPTS {
            let token = self.ports.token();
            let context = Context { now: self.ports.now(), policy: &self.policy, token: &token, trace };
            let world = World {
                case: gathered.case.as_ref().map(|case| &case.item),
                recipient: gathered.recipient.as_ref().map(|buyer| &buyer.item),
                linked: &gathered.linked,
                standing: gathered.standing.as_ref().map(|standing| &standing.item),
                feed: gathered
                    .feed
                    .as_ref()
                    .map(|feed| Watch { known: feed.known.as_ref().map(|known| &known.item) }),
            };
            let decision = decide(id, &world, input, &context);
            // Four kinds of writes in one future make it large, and it is part of every other.
            if let Some(settled) = Box::pin(self.commit(decision, &mut gathered, &token)).await? {
                return Ok(settled);
            }
            self.follow_phone(&mut gathered, input).await?;
        }
        Err(EngineError::Contended)
    }

    /// Writes what concerns others first, then the recipient, then the case: the case's write is the stop check and comes
    /// last. `None` when somebody else was faster; `gathered` then holds what is there.
    async fn commit(
        &self,
        decision: Decision,
        gathered: &mut Gathered,
        token: &recoup_core::Token,
    ) -> Result<Option<Settled>, EngineError> {
        let (ports, brand) = (&self.ports, &self.brand);
        if let Some(standing) = &decision.standing {
            let expected = Expected::of(gathered.standing.as_ref());
            let commit = ports.commit_standing(brand, standing, expected, token).await?;
            let (known, mine) = landed(commit, standing, expected);
            gathered.standing = known;
            if !mine {
                return Ok(None);
            }
        }
        if let Some(feed) = &decision.feed {
            let expected = Expected::of(gathered.feed.as_ref().and_then(|watched| watched.known.as_ref()));
            let (known, mine) =
                landed(ports.commit_feed(brand, feed, expected, token).await?, feed, expected);
            gathered.feed = Some(Watched { known });
            if !mine {
                return Ok(None);
            }
        }
        if let Some(recipient) = &decision.recipient {
            let expected = gathered.recipient.as_ref().map_or(Expected::Absent, |buyer| buyer.expected);
            let commit = ports.commit_recipient(brand, recipient, expected, token).await?;
            let (known, mine) = landed(commit, recipient, expected);
            gathered.recipient = Some(Buyer::of(&recipient.id, known));
            if !mine {
                return Ok(None);
            }
        }
        if let Some(case) = &decision.case {
            let expected = Expected::of(gathered.case.as_ref());
            let (known, mine) = landed(ports.commit_case(case, expected, token).await?, case, expected);
            gathered.case = known;
            if !mine {
                return Ok(None);
            }
        }
        Ok(Some(Settled { decision, gathered: std::mem::take(gathered) }))
    }

    /// After a conflict the case may name another phone: the recipient is then another one.
    async fn follow_phone(&self, gathered: &mut Gathered, input: &Input) -> Result<(), EngineError> {
        let (Input::StepDue(due), Some(case)) = (input, &gathered.case) else { return Ok(()) };
        let known = self.recipient_of(&case.item, &due.buyer, due.channel).await?;
        let Some(id) = known else { return Ok(()) };
        if gathered.recipient.as_ref().is_none_or(|buyer| buyer.item.id != id) {
            gathered.recipient = Some(self.buyer(&id).await?);
        }
        Ok(())
    }

    /// The key under which a recipient of this name is stored.
    ///
    /// # Errors
    /// [`EngineError::Secret`] when the pepper is not at hand.
    pub async fn recipient_id(&self, name: &Alias<'_>) -> Result<RecipientId, EngineError> {
        let pepper = self.ports.secret(SecretName::Pepper).await?;
        Ok(RecipientId::of_alias(&pepper, name))
    }

    /// The key of a case's buyer: by the number, the case's or the one that was just looked up; else by another name. Who is
    /// written to by e-mail is known by the address, since the number may be somebody else's. `None` while nobody knows who it
    /// is.
    ///
    /// # Errors
    /// [`EngineError::Secret`] when the pepper is not at hand.
    pub async fn recipient_of(
        &self,
        case: &Case,
        found: &Answer<BuyerFacts>,
        channel: Channel,
    ) -> Result<Option<RecipientId>, EngineError> {
        let Some(buyer) = case.outreach.as_ref().map(|outreach| &outreach.matter.buyer) else {
            return Ok(None);
        };
        let phone = buyer.phone.as_ref().or_else(|| phone_found(found)).map(Alias::Phone);
        let email = buyer.email.as_ref().map(Alias::Email);
        let customer = buyer.customer.as_ref().map(|id| Alias::Customer(&case.id.source, id));
        let reached = if channel == Channel::Email { email.or(phone) } else { phone.or(email) };
        match reached.or(customer) {
            Some(name) => self.recipient_id(&name).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads a recipient.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store failed.
    pub async fn buyer(&self, id: &RecipientId) -> Result<Buyer, EngineError> {
        Ok(Buyer::of(id, self.ports.load_recipient(&self.brand, id).await?))
    }

    /// The items under which it is remembered that a buyer bought: one for each name the buyer is known by.
    ///
    /// # Errors
    /// [`EngineError::Secret`] when the pepper is not at hand.
    pub async fn aliases(&self, source: &Source, buyer: &BuyerFacts) -> Result<Vec<CaseId>, EngineError> {
        let customer = buyer.customer.as_ref().map(|id| Alias::Customer(source, id));
        let email = buyer.email.as_ref().map(Alias::Email);
        let phone = buyer.phone.as_ref().map(Alias::Phone);
        let known: Vec<Alias<'_>> = [phone, email, customer].into_iter().flatten().collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let pepper = self.ports.secret(SecretName::Pepper).await?;
        Ok(known.iter().map(|alias| self.named("buyer", &RecipientId::of_alias(&pepper, alias))).collect())
    }

    /// The case a reply is about: that of the message it answers, else the newest open one of the buyer, else the newest.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the store failed.
    pub async fn case_of_reply(
        &self,
        buyer: &Recipient,
        answers: Option<&str>,
    ) -> Result<Option<Versioned<Case>>, EngineError> {
        let loads = buyer.cases.iter().rev().map(async |known| self.ports.load_case(&known.id).await);
        let mut cases = Vec::new();
        for load in futures_util::future::join_all(loads).await {
            cases.extend(load?);
        }
        let sent = |known: &Versioned<Case>| {
            let mut ledger = known.item.outreach.iter().flat_map(|outreach| &outreach.ledger);
            ledger.any(|entry| answers.is_some() && entry.detail.as_deref() == answers)
        };
        let answered = cases.iter().position(sent);
        let open = || cases.iter().position(|known| known.item.is_open());
        let index = answered.or_else(open).unwrap_or_default();
        Ok((index < cases.len()).then(|| cases.swap_remove(index)))
    }

    /// What stands in the place of a case where nobody knows whom something is about, for the log.
    pub fn nobody(&self) -> CaseId {
        self.spelled("recipient", "nobody")
    }

    /// What stands in the place of a case where something is about a recipient alone, for the log.
    pub fn about(&self, recipient: &RecipientId) -> CaseId {
        self.named("recipient", recipient)
    }

    fn named(&self, source: &str, id: &RecipientId) -> CaseId {
        self.spelled(source, id.as_str())
    }

    fn spelled(&self, source: &str, obligation: &str) -> CaseId {
        let (Ok(source), Ok(obligation)) = (Source::parse(source), Obligation::parse(obligation)) else {
            unreachable!("words of ours and recipient ids are made of characters that both alphabets allow")
        };
        CaseId { brand: self.brand.clone(), source, obligation }
    }

    /// Reads what is known of a source's successes; `None` where nobody watches them. That they cannot be read is no reason
    /// to be silent: the source goes unwatched until they can be.
    pub async fn feed(&self, source: &Source) -> Option<Watched> {
        if self.policy.success_gap.is_zero() {
            return None;
        }
        match self.ports.load_feed(&self.brand, source).await {
            Ok(known) => Some(Watched { known }),
            Err(error) => {
                let error = EngineError::Store(error);
                tracing::warn!(target: "recoup", reason = "unwatched", error = error.to_string());
                None
            }
        }
    }

    /// Records that a source reported a success; `false` when what is known of it cannot be read now.
    ///
    /// # Errors
    /// [`EngineError`] when it was not recorded.
    pub async fn heard(&self, source: &Source) -> Result<bool, EngineError> {
        let (Some(feed), Ok(obligation)) = (self.feed(source).await, Obligation::parse("feed")) else {
            return Ok(false);
        };
        let id = CaseId { brand: self.brand.clone(), source: source.clone(), obligation };
        let gathered = Gathered { feed: Some(feed), ..Gathered::default() };
        self.apply(&id, gathered, &Input::Heard { source: source.clone() }, None).await?;
        Ok(true)
    }

    /// Records an agreement or a withdrawal in one durable write; a full stop then silences every case that knows this
    /// buyer.
    ///
    /// # Errors
    /// [`EngineError`] when it was not recorded, or not every case was silenced.
    pub async fn prefer(
        &self,
        name: &Alias<'_>,
        change: PreferenceChange,
        scope: OptOutScope,
        at: Timestamp,
        said: Option<(EventKey, Channel)>,
    ) -> Result<Settled, EngineError> {
        let recipient = self.recipient_id(name).await?;
        let gathered = Gathered { recipient: Some(self.buyer(&recipient).await?), ..Gathered::default() };
        let id = self.about(&recipient);
        self.apply(&id, gathered, &Input::Preference { recipient, change, scope, at, said }, None).await
    }

    /// Reads the obligations a case is linked with, and, where an order ends the messages, what its buyer bought.
    ///
    /// # Errors
    /// [`EngineError`] when the store failed or the pepper is not at hand.
    pub async fn linked(&self, case: &Case) -> Result<Vec<Case>, EngineError> {
        let Some(outreach) = &case.outreach else { return Ok(Vec::new()) };
        let links = outreach.matter.links.iter();
        let mut ids: Vec<CaseId> =
            links.map(|link| CaseId { obligation: link.clone(), ..case.id.clone() }).collect();
        let playbook = Library::playbook(&outreach.playbook, &outreach.version);
        if playbook.is_some_and(|playbook| playbook.until_order) {
            ids.extend(self.aliases(&case.id.source, &outreach.matter.buyer).await?);
        }
        let loads = ids.iter().map(async |id| self.ports.load_case(id).await);
        let mut found = Vec::new();
        for load in futures_util::future::join_all(loads).await {
            found.extend(load?.map(|known| known.item));
        }
        Ok(found)
    }

    /// Carries out what a decision asks of queues and timers. [`Effect::Send`], [`Effect::Redeliver`] and
    /// [`Effect::Park`] belong to whoever holds the queued message.
    ///
    /// # Errors
    /// [`EngineError::Queue`] when a timer or message could not be placed.
    pub async fn perform(&self, effects: &[Effect]) -> Result<(), EngineError> {
        for effect in effects {
            match effect {
                Effect::Arm(timer) => self.arm(timer).await?,
                Effect::Disarm { case, step, generation } => {
                    let name = timer_name(case, *step, *generation);
                    if let Err(error) = self.ports.delete(&name).await {
                        tracing::warn!(target: "recoup", reason = "disarm_failed", error = error.detail);
                    }
                }
                Effect::Silence { cases, reason } => Box::pin(self.silence(cases, *reason)).await?,
                Effect::HandOff(handoff) => self.hand_off(handoff).await?,
                Effect::Tell(ended) => self.tell(ended).await?,
                Effect::Answer { case, due } => {
                    let body = AnswerMessage::of(case, due).body();
                    let message = Outgoing { body, ..Outgoing::default() };
                    self.ports.push(queue_of(due.channel), message).await?;
                }
                Effect::Heed(news) => drop(self.heed(news.clone()).await?),
                Effect::Send(_) | Effect::Redeliver { .. } | Effect::Park => {}
            }
        }
        Ok(())
    }

    /// Tells people, each by a message of its own, so that one who cannot be reached keeps no other from hearing.
    async fn hand_off(&self, handoff: &HandOff) -> Result<(), EngineError> {
        let Outlets { slack, help_desk, case_page, .. } = &self.outlets;
        let notes = [
            slack.then(|| Note::to_slack(handoff, case_page.as_ref())),
            help_desk.then(|| Note::to_help_desk(handoff)),
        ];
        for note in notes.into_iter().flatten() {
            self.ports.push(Queue::HandOff, note.into_message()).await?;
        }
        Ok(())
    }

    async fn tell(&self, ended: &Ended) -> Result<(), EngineError> {
        if self.outlets.ends {
            self.ports.push(Queue::HandOff, Note::of_end(ended).into_message()).await?;
        }
        Ok(())
    }

    /// Acts on what a provider said, for every case of the brand.
    ///
    /// # Errors
    /// [`EngineError`] when it was not recorded.
    pub async fn heed(&self, news: News) -> Result<Decision, EngineError> {
        let standing = self.ports.load_standing(&self.brand).await?;
        let gathered = Gathered { standing, ..Gathered::default() };
        let id = self.spelled("provider", "standing");
        Ok(self.settle(&id, gathered, &Input::Heeded(news), None).await?.decision)
    }

    /// Reads what the brand's providers said. That it cannot be read is no reason to be silent.
    pub async fn standing(&self) -> Option<Versioned<Standing>> {
        match self.ports.load_standing(&self.brand).await {
            Ok(known) => known,
            Err(error) => {
                let error = EngineError::Store(error);
                tracing::warn!(target: "recoup", reason = "standing_unread", error = error.to_string());
                None
            }
        }
    }

    /// Sets a timer: a delayed message within fifteen minutes, a schedule beyond.
    async fn arm(&self, timer: &Timer) -> Result<(), EngineError> {
        let body = StepMessage::of(timer).body();
        let wait = timer.at.duration_since(self.ports.now());
        if wait > QUEUE_DELAY {
            let name = timer_name(&timer.case, timer.step, timer.generation);
            return Ok(self.ports.create(&name, timer.at, &body).await?);
        }
        let delay = Duration::from_secs(whole_seconds_up(wait));
        let message = Outgoing { body, delay, ..Outgoing::default() };
        Ok(self.ports.push(queue_of(timer.channel), message).await?)
    }

    async fn silence(&self, cases: &[CaseId], reason: Reason) -> Result<(), EngineError> {
        for id in cases {
            let case = self.ports.load_case(id).await?;
            let gathered = Gathered { case, ..Gathered::default() };
            let settled = self.apply(id, gathered, &Input::Silenced(reason), None).await?;
            if let (Reason::OptedOut, Some(case)) = (reason, settled.gathered.case) {
                self.silence_mailbox(&case.item).await?;
            }
        }
        Ok(())
    }

    /// Who asked for silence by number gets no letters either, which are kept under the address.
    async fn silence_mailbox(&self, case: &Case) -> Result<(), EngineError> {
        let buyer = case.outreach.as_ref().map(|outreach| &outreach.matter.buyer);
        let numbered = buyer.filter(|buyer| self.policy.email && buyer.phone.is_some());
        let Some(mailbox) = numbered.and_then(|buyer| buyer.email.as_ref()).map(Alias::Email) else {
            return Ok(());
        };
        let known = self.buyer(&self.recipient_id(&mailbox).await?).await?;
        if known.item.opted_out.is_none() {
            let (out, at) = (PreferenceChange::OptOut, self.ports.now());
            self.prefer(&mailbox, out, OptOutScope::All, at, None).await?;
        }
        Ok(())
    }
}

/// What is in the store after a write, and whether the write is in it.
fn landed<T: Clone>(commit: Commit<T>, item: &T, expected: Expected) -> (Option<Versioned<T>>, bool) {
    match commit {
        Commit::Written => (Some(Versioned { item: item.clone(), version: expected.next() }), true),
        Commit::Conflict(current) => (current, false),
    }
}

/// The queue of a channel.
pub fn queue_of(channel: Channel) -> Queue {
    match channel {
        Channel::Whatsapp => Queue::Whatsapp,
        Channel::Sms => Queue::Sms,
        Channel::Push => Queue::Push,
        Channel::Email => Queue::Email,
    }
}

/// The name by which a buyer's agreements and withdrawals are kept: the number, else the address.
pub fn reached_by(buyer: &BuyerFacts) -> Option<Alias<'_>> {
    buyer.phone.as_ref().map(Alias::Phone).or(buyer.email.as_ref().map(Alias::Email))
}

/// The number a look-up brought.
pub fn phone_found(answer: &Answer<BuyerFacts>) -> Option<&Phone> {
    match answer {
        Answer::Found(buyer) => buyer.phone.as_ref(),
        Answer::NotAsked | Answer::Nothing | Answer::Unreachable => None,
    }
}

fn whole_seconds_up(wait: SignedDuration) -> u64 {
    let up = i64::from(wait.subsec_nanos() > 0);
    u64::try_from(wait.as_secs().saturating_add(up)).unwrap_or(0).min(QUEUE_DELAY.as_secs().unsigned_abs())
}

/// The name of a schedule: the same for the same case, step and generation, at most 64 characters of `[0-9a-zA-Z-_.]`.
pub fn timer_name(case: &CaseId, step: recoup_core::StepIndex, generation: u32) -> String {
    let hash = digest::digest(&digest::SHA256, case.to_string().as_bytes());
    let first = hash.as_ref().first_chunk().copied().map_or(0, u128::from_be_bytes);
    format!("{first:032x}-s{step}-g{generation}")
}

/// The instant a queue says a message was first put into it.
pub fn first_seen(sent_timestamp_ms: Option<&str>) -> Option<Timestamp> {
    Timestamp::from_millisecond(sent_timestamp_ms?.parse().ok()?).ok()
}
