//! Cases: one obligation, what is known of it, and what was done about it.

use jiff::Timestamp;
use ring::digest;

use crate::{
    BuyerFacts, CaseId, Channel, DeclineClass, Event, Fact, Intent, KycCause, Link, Money, Name, Obligation,
    PersonName, Reason, StepIndex, Token, Zones,
};

/// How many trail entries and event keys an item keeps; older ones fall out.
const TRAIL_KEPT: usize = 16;
const SEEN_KEPT: usize = 24;

/// The state of one obligation. A case without [`Outreach`] is a tombstone: it is settled and nobody is messaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The key.
    pub id: CaseId,
    /// Everything that was said about the money; grows only.
    pub settlement: Settlement,
    /// Until when everything is settled: the newest time at which a standing obligation paid, a buyer bought, or something
    /// was handed in. Grows only, so that it does not depend on the order of deliveries either.
    pub recovered_until: Option<Timestamp>,
    /// Keys of the events applied, oldest first.
    pub seen: Vec<EventKey>,
    /// The messaging, when a failure was seen.
    pub outreach: Option<Outreach>,
    /// The last decisions, oldest first.
    pub trail: Vec<TrailEntry>,
    /// When the case ended.
    pub closed_at: Option<Timestamp>,
    /// The end that the merchant's own systems were told of.
    pub told: Option<Told>,
}

/// An end of a case: in which round of its messaging, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How often the messaging had begun anew.
    pub round: u16,
    /// How it stood.
    pub state: State,
}

/// The messaging of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outreach {
    /// How often the messaging began anew, from 0: a standing obligation may fail again after it has paid.
    pub round: u16,
    /// When the first failure was recorded: what days are counted from. A cart's is its last change.
    pub anchor: Timestamp,
    /// The playbook.
    pub playbook: Name,
    /// The version of the playbook the case was opened with.
    pub version: String,
    /// What is owed and by whom.
    pub matter: Matter,
    /// Every step taken.
    pub ledger: Vec<Entry>,
    /// The step that comes next; `None` when the messaging is over.
    pub next: Option<Next>,
    /// What the buyer wrote that makes the messaging wait.
    pub frozen: Option<Frozen>,
    /// Why the messaging ended without the money, if it did.
    pub ended: Option<Outcome>,
    /// The trace of the request that opened the case.
    pub trace: Option<String>,
}

/// What the messages are about and to whom: a debt, a cart, a refused check. The newest facts, filled up from older ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matter {
    /// When the newest of it happened, by the source's own clock. Only compared with [`Case::recovered_until`].
    pub happened_at: Option<Timestamp>,
    /// The newest attempt; 0 while only reports that do not count were seen.
    pub attempt: u32,
    /// When the processor tries again by itself.
    pub next_retry: Option<Timestamp>,
    /// Why the attempt failed.
    pub decline: Option<DeclineClass>,
    /// What was wrong with a check of identity.
    pub cause: Option<KycCause>,
    /// Whether the buyer agreed to marketing in this very checkout.
    pub agreed: bool,
    /// What is still owed, or what the cart comes to.
    pub amount: Option<Money>,
    /// Where it can be paid, gone on with, or tried again.
    pub pay_link: Option<Link>,
    /// The number a buyer knows it by.
    pub number: Option<PersonName>,
    /// Who owes it.
    pub buyer: BuyerFacts,
    /// Obligations whose settlement settles this one.
    pub links: Vec<Obligation>,
    /// Whether another obligation may report the same debt.
    pub unlinked: bool,
}

/// Messaging that waits because of what the buyer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frozen {
    /// What they wanted.
    pub by: Intent,
    /// Until when, unless a person ends it sooner.
    pub until: Timestamp,
    /// The reply.
    pub reply: EventKey,
    /// Whether the source was asked, for a buyer who says that it is paid.
    pub asked: bool,
}

/// The step that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The step.
    pub step: StepIndex,
    /// When.
    pub at: Timestamp,
    /// The channel it goes by: the step's own, or the one that takes over.
    pub channel: Channel,
    /// Grows with every change of step or time; an older timer is overtaken.
    pub generation: u32,
}

/// One attempt of one step on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The step.
    pub step: StepIndex,
    /// The channel.
    pub channel: Channel,
    /// How far it got.
    pub state: SendState,
    /// The claim's token.
    pub token: Token,
    /// Claims so far, from 1.
    pub attempt: u8,
    /// When the state was reached.
    pub at: Timestamp,
    /// The template that was sent.
    pub template: Name,
    /// The provider's id of the message, or the code it refused with.
    pub detail: Option<String>,
}

/// How far a send got: `∅ → Claimed → Sent → Delivered → Read`, `Claimed → Retryable → Claimed`,
/// `Claimed | Sent → Failed`, `Claimed → Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendState {
    /// Taken for sending; whether it went is not known yet.
    Claimed,
    /// Certainly not sent; may be claimed again.
    Retryable,
    /// The provider took it.
    Sent,
    /// It reached the device.
    Delivered,
    /// It was opened.
    Read,
    /// Certainly failed; another channel may go.
    Failed,
    /// Certainly failed; no other channel goes.
    Dropped,
    /// Nobody will ever know; counts as sent.
    Unknown,
}

impl SendState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Claimed,
        Self::Retryable,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Dropped,
        Self::Unknown,
    ];

    /// The name used in items and shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Retryable => "retryable",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
            Self::Unknown => "unknown",
        }
    }
}

/// A decision as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailEntry {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// For which step, if for one.
    pub step: Option<StepIndex>,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Steps are taken.
    Open,
    /// Frozen until a dispute ends.
    Disputed,
    /// Over.
    Closed(Outcome),
}

impl State {
    /// The name used in items, logs and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Disputed => "disputed",
            Self::Closed(outcome) => outcome.as_str(),
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "disputed" => Some(Self::Disputed),
            outcome => Outcome::parse(outcome).map(Self::Closed),
        }
    }
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The money arrived.
    Recovered,
    /// The demand or the money was taken back.
    Voided,
    /// Every step was taken.
    Exhausted,
    /// The buyer asked for silence, or another case speaks for this debt.
    Suppressed,
}

impl Outcome {
    /// The name used in items, logs and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Voided => "voided",
            Self::Exhausted => "exhausted",
            Self::Suppressed => "suppressed",
        }
    }

    /// Reads the name back.
    pub fn parse(name: &str) -> Option<Self> {
        let known = [Self::Recovered, Self::Voided, Self::Exhausted, Self::Suppressed];
        known.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// What was ever said about the money: a set of facts. Adding one is commutative and idempotent, so that the state does
/// not depend on the order or the number of deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settlement(u16);

impl Settlement {
    const PAID: Self = Self(1);
    const VOIDED: Self = Self(2);
    const UNCOLLECTIBLE: Self = Self(4);
    const CANCELLED: Self = Self(8);
    const REFUNDED: Self = Self(16);
    const DISPUTED: Self = Self(32);
    const DISPUTE_WON: Self = Self(64);
    const DISPUTE_LOST: Self = Self(128);
    const COMPLETED: Self = Self(256);
    const APPROVED: Self = Self(512);
    const REFUSED: Self = Self(1024);

    /// The set that one fact makes; empty for what settles nothing.
    pub fn of(fact: &Fact) -> Self {
        match fact {
            Fact::PaymentFailed(_)
            | Fact::Recovered
            | Fact::Refunded { full: false }
            | Fact::SubscriptionPastDue
            | Fact::SubscriptionHalted
            | Fact::CheckoutCreated(_)
            | Fact::CheckoutUpdated(_)
            | Fact::CheckoutAbandoned(_)
            | Fact::OrderPlaced(_)
            | Fact::KycPending
            | Fact::Lapsed(_)
            | Fact::ConsentChanged(_)
            | Fact::TouchSent(_)
            | Fact::HandOffAnswered { .. }
            | Fact::HandOffResolved { .. }
            | Fact::MessageOpened(_)
            | Fact::CardUpdated
            | Fact::CustomerUpdated(_) => Self::default(),
            Fact::CheckoutCompleted => Self::COMPLETED,
            Fact::KycApproved => Self::APPROVED,
            Fact::KycRejected(rejected) if rejected.may_retry => Self::default(),
            Fact::KycRejected(_) => Self::REFUSED,
            Fact::Paid => Self::PAID,
            Fact::Voided => Self::VOIDED,
            Fact::MarkedUncollectible => Self::UNCOLLECTIBLE,
            Fact::SubscriptionCancelled => Self::CANCELLED,
            Fact::Refunded { full: true } => Self::REFUNDED,
            Fact::DisputeOpened => Self::DISPUTED,
            Fact::DisputeClosed { won: true } => Self::DISPUTE_WON,
            Fact::DisputeClosed { won: false } => Self::DISPUTE_LOST,
        }
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing was said.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number an item stores.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Reads the number back; bits of a later version are kept.
    pub fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What the set means; `None` while the money is simply owed. A lost dispute outweighs everything, an open dispute
    /// everything but its end, then refund, payment, and the withdrawals.
    pub fn state(self) -> Option<State> {
        if self.has(Self::DISPUTE_LOST) {
            return Some(State::Closed(Outcome::Voided));
        }
        if self.has(Self::DISPUTED) && !self.has(Self::DISPUTE_WON) {
            return Some(State::Disputed);
        }
        if self.has(Self::REFUNDED) {
            return Some(State::Closed(Outcome::Voided));
        }
        if [Self::PAID, Self::DISPUTE_WON, Self::COMPLETED, Self::APPROVED].iter().any(|set| self.has(*set)) {
            return Some(State::Closed(Outcome::Recovered));
        }
        if self.is_empty() { None } else { Some(State::Closed(Outcome::Voided)) }
    }
}

/// Eight bytes that stand for an event in the dedupe set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(pub [u8; 8]);

impl EventKey {
    /// The key of a delivery: its event id.
    pub fn of(event: &Event) -> Self {
        Self::of_id(event.id.as_str())
    }

    /// The key of anything that comes with an id.
    pub fn of_id(id: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, id.as_bytes());
        let mut key = [0; 8];
        key.copy_from_slice(&hash.as_ref()[..8]);
        Self(key)
    }
}

impl Case {
    /// A case about which nothing was said yet.
    pub fn new(id: CaseId) -> Self {
        Self {
            id,
            settlement: Settlement::default(),
            recovered_until: None,
            seen: Vec::new(),
            outreach: None,
            trail: Vec::new(),
            closed_at: None,
            told: None,
        }
    }

    /// Where the case stands: what was said about the money first, then whether it is settled for now, then how the
    /// messaging went.
    pub fn state(&self) -> State {
        let ended = self.outreach.as_ref().and_then(|outreach| outreach.ended);
        let recovered = self.is_recovered_by(self.recovered_until).then_some(Outcome::Recovered);
        self.settlement.state().or(recovered.or(ended).map(State::Closed)).unwrap_or(State::Open)
    }

    /// Whether a recovery at this time settles what the messages are about. What gives no time of its own was not newer.
    pub fn is_recovered_by(&self, until: Option<Timestamp>) -> bool {
        let happened = self.outreach.as_ref().and_then(|outreach| outreach.matter.happened_at);
        until.is_some_and(|until| happened.is_none_or(|happened| happened <= until))
    }

    /// The end that the merchant's own systems do not know of yet; a case that nobody was messaged about has none.
    pub fn untold(&self) -> Option<Told> {
        let round = self.outreach.as_ref()?.round;
        let state = self.state();
        let told = Told { round, state };
        (state != State::Open && self.told != Some(told)).then_some(told)
    }

    /// Whether steps are taken.
    pub fn is_open(&self) -> bool {
        self.state() == State::Open
    }

    /// Remembers a decision; one that repeats the last keeps its place and takes the new time, so that a long wait does not
    /// push out what came before it.
    pub fn note(&mut self, at: Timestamp, reason: Reason, step: Option<StepIndex>) {
        if let Some(last) = self.trail.last_mut().filter(|last| last.reason == reason && last.step == step) {
            last.at = at;
            return;
        }
        self.trail.push(TrailEntry { at, reason, step });
        let surplus = self.trail.len().saturating_sub(TRAIL_KEPT);
        self.trail.drain(..surplus);
    }

    /// Remembers an event; `false` when it was known.
    pub fn remember(&mut self, key: EventKey) -> bool {
        if self.seen.contains(&key) {
            return false;
        }
        self.seen.push(key);
        let surplus = self.seen.len().saturating_sub(SEEN_KEPT);
        self.seen.drain(..surplus);
        true
    }
}

impl Matter {
    /// The clocks the buyer may live by.
    pub fn zones(&self) -> Zones {
        Zones::of(self.buyer.zone.as_deref(), self.buyer.phone.as_ref())
    }
}

impl Outreach {
    /// The clocks the buyer may live by.
    pub fn zones(&self) -> Zones {
        self.matter.zones()
    }

    /// The entry of a step on a channel.
    pub fn entry(&self, step: StepIndex, channel: Channel) -> Option<&Entry> {
        self.ledger.iter().find(|entry| entry.step == step && entry.channel == channel)
    }

    /// The same, to be changed.
    pub fn entry_mut(&mut self, step: StepIndex, channel: Channel) -> Option<&mut Entry> {
        self.ledger.iter_mut().find(|entry| entry.step == step && entry.channel == channel)
    }

    /// Whether a message of a later step was ever claimed.
    pub fn is_past(&self, step: StepIndex) -> bool {
        self.ledger.iter().any(|entry| entry.step > step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o45_what_a_set_of_facts_means_does_not_depend_on_their_order() {
        let facts = [
            Fact::Paid,
            Fact::Voided,
            Fact::MarkedUncollectible,
            Fact::SubscriptionCancelled,
            Fact::Refunded { full: true },
            Fact::Refunded { full: false },
            Fact::DisputeOpened,
            Fact::DisputeClosed { won: true },
            Fact::DisputeClosed { won: false },
        ];
        for one in &facts {
            for other in &facts {
                let (a, b) = (Settlement::of(one), Settlement::of(other));
                assert_eq!(a.union(b), b.union(a));
                assert_eq!(a.union(a), a);
                let frozen = a.union(b).state().is_none_or(|state| state != State::Open);
                assert!(frozen);
            }
        }
    }

    #[test]
    fn o42_a_dispute_freezes_and_its_end_decides() {
        let set = |facts: &[Fact]| {
            facts.iter().map(Settlement::of).fold(Settlement::default(), Settlement::union).state()
        };
        assert_eq!(set(&[Fact::Paid, Fact::DisputeOpened]), Some(State::Disputed));
        assert_eq!(
            set(&[Fact::DisputeOpened, Fact::DisputeClosed { won: true }]),
            Some(State::Closed(Outcome::Recovered))
        );
        assert_eq!(
            set(&[Fact::Paid, Fact::DisputeOpened, Fact::DisputeClosed { won: false }]),
            Some(State::Closed(Outcome::Voided))
        );
    }
}
