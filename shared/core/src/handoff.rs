//! What is handed to people: a buyer who needs one, and how a case ended.

use jiff::Timestamp;

use crate::{CaseId, Channel, Intent, Link, Money, Name, PersonName, SendState, State, Words};

/// Everything a person needs to go on where recoup stopped (promises.md, O56): who, owed, tried, said, consent, links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOff {
    /// The id of this hand-off: the same when it is delivered again.
    pub id: String,
    /// When the buyer wrote.
    pub at: Timestamp,
    /// What they want, as far as it can be told.
    pub intent: Intent,
    /// Their words.
    pub said: Words,
    /// The case they are about; `None` when no case of this number is open.
    pub case: Option<CaseId>,
    /// Where it stands.
    pub state: Option<State>,
    /// The buyer's name.
    pub name: Option<PersonName>,
    /// The buyer's number as people may see it, as `+14•••••••23`; empty when it is not known.
    pub phone: String,
    /// What is owed.
    pub owed: Option<Money>,
    /// The invoice or order number a buyer knows.
    pub number: Option<PersonName>,
    /// The page where it can be paid.
    pub pay_link: Option<Link>,
    /// What was sent, oldest first.
    pub tried: Vec<Tried>,
    /// What the buyer allows.
    pub consent: Consent,
    /// Until when nothing is sent unless a person ends it sooner.
    pub frozen_until: Option<Timestamp>,
}

/// One message that was sent or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When it got as far as this.
    pub at: Timestamp,
    /// By which channel.
    pub channel: Channel,
    /// Its template.
    pub template: Name,
    /// How far it got.
    pub state: SendState,
}

/// What a buyer allows, each with the time it was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent {
    /// No messages at all.
    pub opted_out: Option<Timestamp>,
    /// No marketing.
    pub opted_out_marketing: Option<Timestamp>,
    /// No text messages.
    pub opted_out_sms: Option<Timestamp>,
    /// Marketing.
    pub marketing: Option<Timestamp>,
}

/// How a case ended, told once to the merchant's own systems (promises.md, R20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The case.
    pub case: CaseId,
    /// How often its messaging had begun anew, from 0.
    pub round: u16,
    /// How it ended, or that it is disputed.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// What was owed.
    pub owed: Option<Money>,
    /// Messages that went, by the ledger.
    pub sent: u8,
}
