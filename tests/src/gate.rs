//! Stops every call of the world until somebody lets it through: the place where a driver chooses what happens next.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::memory::World;
use crate::{Call, Fault, Memory};

/// Names the process or request that makes a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u32);

/// Names one call that waits to be let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The calls that wait.
#[derive(Default)]
pub(crate) struct Gate {
    waiting: BTreeMap<Ticket, Waiting>,
    given: u64,
    calls: BTreeMap<Lane, u64>,
    /// What each lane was told by its calls, if that is remembered.
    learned: Option<BTreeMap<Lane, Learned>>,
    /// What each lane had been told when it last drew a token, and how many it drew since.
    tokens: BTreeMap<Lane, (u64, u64)>,
}

/// What a process was told by the calls it made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Learned {
    digest: u64,
    /// Whether the last of them only read: a death after it is a death before it.
    pub(crate) read_last: bool,
}

struct Waiting {
    lane: Lane,
    call: Call,
    fault: Option<Fault>,
    waker: Waker,
}

/// A call at the gate. One that is dropped, as the calls of a process that dies are, is not made.
pub(crate) struct Turn<'a> {
    memory: &'a Memory,
    call: Call,
    ticket: Option<Ticket>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(memory: &'a Memory, call: Call) -> Self {
        Self { memory, call, ticket: None }
    }
}

impl Future for Turn<'_> {
    type Output = Fault;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fault> {
        let (memory, call, lane) = (self.memory, self.call, self.memory.lane());
        let mut world = memory.world();
        let Some(gate) = world.gate.as_mut() else { return Poll::Ready(Fault::Pass) };
        let Some(ticket) = self.ticket else {
            gate.given += 1;
            let ticket = Ticket(gate.given);
            let waiting = Waiting { lane, call, fault: None, waker: context.waker().clone() };
            gate.waiting.insert(ticket, waiting);
            self.ticket = Some(ticket);
            return Poll::Pending;
        };
        let granted = gate.waiting.get(&ticket).and_then(|waiting| waiting.fault);
        if granted.is_some() {
            gate.waiting.remove(&ticket);
            *gate.calls.entry(lane).or_default() += 1;
            self.ticket = None;
        }
        granted.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket
            && let Some(gate) = self.memory.world().gate.as_mut()
        {
            gate.waiting.remove(&ticket);
        }
    }
}

impl World {
    /// The name of a lane's next token; `None` where names need not be canonical. Made of what the lane was told, so that
    /// states which differ only in the way that led to them are one; no two tokens that are stored are alike, since whoever
    /// reads after a write is told something else than whoever read before it.
    pub(crate) fn token_of(&mut self, lane: Lane) -> Option<String> {
        let gate = self.gate.as_mut()?;
        let told = gate.learned.as_ref()?.get(&lane).map_or(0, |learned| learned.digest);
        let (last, drawn) = gate.tokens.entry(lane).or_default();
        *drawn = if *last == told { *drawn + 1 } else { 0 };
        *last = told;
        Some(format!("w{}x{told:x}x{drawn}", lane.0))
    }
}

impl Memory {
    /// From now on every call but those for secrets, which the real port keeps in memory, waits until it is let through.
    #[must_use]
    pub fn gated(self) -> Self {
        self.world().gate = Some(Gate::default());
        self
    }

    /// The same, remembering what every lane was told, so that two states can be told apart.
    #[must_use]
    pub(crate) fn gated_with_history(self) -> Self {
        {
            let mut world = self.world();
            world.gate = Some(Gate { learned: Some(BTreeMap::new()), ..Gate::default() });
            (world.cases.digests, world.recipients.digests) = (true, true);
            (world.feeds.digests, world.standings.digests) = (true, true);
        }
        self
    }

    /// Adds an answer to what a lane was told.
    pub(crate) fn learn(&self, call: Call, answer: &impl fmt::Debug) {
        let (lane, mut world) = (self.lane(), self.world());
        if world.gate.as_ref().is_none_or(|gate| gate.learned.is_none()) {
            return;
        }
        let mut hasher = DefaultHasher::new();
        match call {
            Call::LoadCase | Call::CommitCase => world.cases.digest().hash(&mut hasher),
            Call::LoadRecipient | Call::CommitRecipient => world.recipients.digest().hash(&mut hasher),
            Call::LoadFeed | Call::CommitFeed => world.feeds.digest().hash(&mut hasher),
            Call::LoadStanding | Call::CommitStanding => world.standings.digest().hash(&mut hasher),
            Call::ScanCases
            | Call::Push(_)
            | Call::Postpone
            | Call::CreateSchedule
            | Call::DeleteSchedule
            | Call::Perform
            | Call::SendText
            | Call::Send
            | Call::Secret(_) => format!("{answer:?}").hash(&mut hasher),
        }
        if let Some(learned) = world.gate.as_mut().and_then(|gate| gate.learned.as_mut()) {
            let known = learned.entry(lane).or_default();
            (known.digest, call.to_string()).hash(&mut hasher);
            known.digest = hasher.finish();
            known.read_last = matches!(call, Call::LoadCase | Call::LoadRecipient | Call::LoadStanding);
        }
    }

    /// Forgets what a lane was told: its process begins anew, or died.
    pub(crate) fn forget(&self, lane: Lane) {
        let mut world = self.world();
        if let Some(learned) = world.gate.as_mut().and_then(|gate| gate.learned.as_mut()) {
            learned.remove(&lane);
        }
        if let Some(gate) = world.gate.as_mut() {
            gate.tokens.remove(&lane);
        }
    }

    /// What a lane was told.
    pub(crate) fn learned_by(&self, lane: Lane) -> Learned {
        let world = self.world();
        let learned = world.gate.as_ref().and_then(|gate| gate.learned.as_ref());
        learned.and_then(|learned| learned.get(&lane).copied()).unwrap_or_default()
    }

    /// The calls that wait, oldest first.
    pub fn at_gate(&self) -> Vec<(Ticket, Lane, Call)> {
        let world = self.world();
        let waiting = world.gate.iter().flat_map(|gate| &gate.waiting);
        waiting.map(|(ticket, waiting)| (*ticket, waiting.lane, waiting.call)).collect()
    }

    /// Lets one call through, with what goes wrong with it, when its future is polled next.
    pub fn let_through(&self, ticket: Ticket, fault: Fault) {
        let mut world = self.world();
        if let Some(waiting) = world.gate.as_mut().and_then(|gate| gate.waiting.get_mut(&ticket)) {
            waiting.fault = Some(fault);
            waiting.waker.wake_by_ref();
        }
    }

    /// How many calls a lane has made.
    pub fn calls_of(&self, lane: Lane) -> u64 {
        self.world().gate.as_ref().and_then(|gate| gate.calls.get(&lane).copied()).unwrap_or_default()
    }
}
