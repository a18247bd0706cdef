//! What the use cases may ask of the world, each call by its name.

use std::collections::BTreeMap;
use std::fmt;

use recoup_app::ports::{Queue, SecretName};

/// A method of a port; calls of different queues and secrets are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `Store::load_case`.
    LoadCase,
    /// `Store::load_recipient`.
    LoadRecipient,
    /// `Store::load_feed`.
    LoadFeed,
    /// `Store::commit_case`.
    CommitCase,
    /// `Store::commit_recipient`.
    CommitRecipient,
    /// `Store::commit_feed`.
    CommitFeed,
    /// A read of a brand's standing.
    LoadStanding,
    /// A write of a brand's standing.
    CommitStanding,
    /// `Scan::scan_cases`.
    ScanCases,
    /// `Queues::push`.
    Push(Queue),
    /// `Queues::postpone`.
    Postpone,
    /// `Schedules::create`.
    CreateSchedule,
    /// `Schedules::delete`.
    DeleteSchedule,
    /// `Transport::perform`.
    Perform,
    /// `TextApi::send_text`.
    SendText,
    /// `Sender::send`.
    Send,
    /// `Secrets::secret`; the real port answers from its cache nearly always.
    Secret(SecretName),
}

impl Call {
    /// Every call of the store.
    pub const STORE: [Self; 9] = [
        Self::LoadCase,
        Self::LoadRecipient,
        Self::LoadFeed,
        Self::LoadStanding,
        Self::CommitCase,
        Self::CommitRecipient,
        Self::CommitFeed,
        Self::CommitStanding,
        Self::ScanCases,
    ];
}

/// The name of a queue in tallies.
pub(crate) fn queue_name(queue: Queue) -> &'static str {
    match queue {
        Queue::Whatsapp => "whatsapp",
        Queue::Sms => "sms",
        Queue::Push => "push",
        Queue::Email => "email",
        Queue::HandOff => "handoff",
        Queue::HandOffDead => "handoff_dead",
        Queue::ChannelEvents => "channel_events",
        Queue::Parked => "parked",
        Queue::Spill => "spill",
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoadCase => f.write_str("load_case"),
            Self::LoadRecipient => f.write_str("load_recipient"),
            Self::LoadFeed => f.write_str("load_feed"),
            Self::LoadStanding => f.write_str("load_standing"),
            Self::CommitStanding => f.write_str("commit_standing"),
            Self::CommitCase => f.write_str("commit_case"),
            Self::CommitRecipient => f.write_str("commit_recipient"),
            Self::CommitFeed => f.write_str("commit_feed"),
            Self::ScanCases => f.write_str("scan_cases"),
            Self::Push(queue) => write!(f, "push {}", queue_name(*queue)),
            Self::Postpone => f.write_str("postpone"),
            Self::CreateSchedule => f.write_str("create_schedule"),
            Self::DeleteSchedule => f.write_str("delete_schedule"),
            Self::Perform => f.write_str("perform"),
            Self::SendText => f.write_str("send_text"),
            Self::Send => f.write_str("send"),
            Self::Secret(name) => write!(f, "secret {}", name.as_str()),
        }
    }
}

/// How often each call was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Call, u64>);

impl Tally {
    pub(crate) fn count(&mut self, call: Call) {
        *self.0.entry(call).or_default() += 1;
    }

    /// How often this call was made.
    pub fn of(&self, call: Call) -> u64 {
        self.0.get(&call).copied().unwrap_or_default()
    }

    /// All calls together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// What came after an earlier tally of the same world.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let later = self.0.iter().map(|(call, count)| (*call, count - earlier.of(*call)));
        Self(later.filter(|(_, count)| *count > 0).collect())
    }

    /// Without the secrets, which the real port keeps in memory.
    #[must_use]
    pub fn remote(&self) -> Self {
        let remote = self.0.iter().filter(|(call, _)| !matches!(call, Call::Secret(_)));
        Self(remote.map(|(call, count)| (*call, *count)).collect())
    }
}

impl fmt::Display for Tally {
    /// Writes `1 commit_case, 1 push whatsapp`; nothing when nothing was called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (call, count)) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {call}")?;
        }
        Ok(())
    }
}
