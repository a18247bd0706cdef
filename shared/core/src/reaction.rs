//! What follows from a refusal.

/// What follows from a refusal; the tables per provider are data in the channels crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The same channel again, after a pause.
    Retry(Backoff),
    /// The account or the number cannot send now: wait without using up attempts, and probe.
    Hold,
    /// This buyer cannot be reached here: the next channel.
    FallBack,
    /// Nobody shall send this message by any channel.
    Drop,
    /// The buyer said no to the provider: remember it.
    OptOut(OptOutScope),
    /// Our fault: the request or the template is wrong. A person repairs it and redrives.
    Park,
}

/// How long to wait before the same request may go again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Half a minute, doubling.
    Seconds,
    /// Some minutes.
    Minutes,
    /// 4^n seconds: the per-user pair rate.
    PairRate,
}

/// How far a buyer's "no" reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptOutScope {
    /// Every message on every channel.
    All,
    /// Marketing on every channel; service messages stay allowed.
    Marketing,
    /// Every message, but only by text message: a carrier-level stop.
    Sms,
    /// Every message, but only by e-mail: the mailbox does not exist, or does not want any.
    Email,
}

impl OptOutScope {
    /// The name used in items.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Marketing => "marketing",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}
