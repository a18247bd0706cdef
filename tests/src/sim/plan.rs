//! What goes wrong in a run, planned before it begins, so that a failing run can be made shorter fault by fault.

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Queue;

use super::chance::Chance;
use crate::{Call, Fault, Oddity};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// The `nth` such call, counted from 1.
    Once {
        /// The call.
        call: Call,
        /// Which of them.
        nth: u64,
        /// What goes wrong.
        fault: Fault,
    },
    /// Every such call for a time.
    Outage {
        /// The call.
        call: Call,
        /// When it begins, after the start.
        from: SignedDuration,
        /// How long it lasts.
        lasts: SignedDuration,
        /// What goes wrong.
        fault: Fault,
    },
}

/// Meta's refusals that lead to each reaction, with their statuses: `fixtures/providers/meta.error_codes.json`.
const REFUSALS: [(u16, i64); 9] = [
    (429, 130_429),
    (400, 131_056),
    (400, 131_026),
    (400, 131_050),
    (401, 190),
    (400, 132_015),
    (500, 131_000),
    (503, 2),
    (400, 131_049),
];

/// AWS's refusals of a text message.
const TEXT_REFUSALS: [(&str, Option<&str>); 4] = [
    ("ThrottlingException", None),
    ("ConflictException", Some("DESTINATION_PHONE_NUMBER_OPTED_OUT")),
    ("ValidationException", Some("INVALID_PARAMETER")),
    ("ServiceQuotaExceededException", Some("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")),
];

/// The calls that are failed, and how many of each a run makes at least, roughly.
const CALLS: [(Call, usize); 15] = [
    (Call::CommitCase, 300),
    (Call::CommitRecipient, 60),
    (Call::LoadCase, 120),
    (Call::LoadRecipient, 60),
    (Call::LoadFeed, 60),
    (Call::CommitFeed, 10),
    (Call::LoadStanding, 60),
    (Call::ScanCases, 60),
    (Call::Push(Queue::Whatsapp), 40),
    (Call::Push(Queue::Sms), 6),
    (Call::Postpone, 8),
    (Call::CreateSchedule, 40),
    (Call::DeleteSchedule, 15),
    (Call::Perform, 60),
    (Call::SendText, 6),
];

/// What goes wrong in the run of a seed. Every eighth run is calm.
pub fn planned(seed: u64) -> Vec<Planned> {
    let mut chance = Chance::of(seed, 2);
    let count = if seed.is_multiple_of(8) { 0 } else { 1 + chance.below(16) };
    (0..count).map(|_| if chance.one_in(6) { outage(&mut chance) } else { once(&mut chance) }).collect()
}

fn once(chance: &mut Chance) -> Planned {
    let (call, usual) = *chance.pick(&CALLS);
    let nth = u64::try_from(1 + chance.below(usual)).unwrap_or(1);
    Planned::Once { call, nth, fault: fault(call, chance) }
}

fn outage(chance: &mut Chance) -> Planned {
    let call = chance.pick(&CALLS).0;
    let from = chance.time(SignedDuration::ZERO, SignedDuration::from_hours(14 * 24));
    let lasts = chance.time(SignedDuration::from_mins(1), SignedDuration::from_hours(7));
    let fault = match call {
        Call::Perform => *chance.pick(&[
            Fault::Refuse,
            Fault::LoseAnswer,
            Fault::Odd(Oddity::GraphError(503, 2)),
            Fault::Odd(Oddity::GraphError(401, 190)),
            Fault::Odd(Oddity::Page { taken: false }),
        ]),
        Call::LoadCase
        | Call::LoadRecipient
        | Call::CommitCase
        | Call::CommitRecipient
        | Call::LoadFeed
        | Call::CommitFeed
        | Call::LoadStanding
        | Call::CommitStanding
        | Call::ScanCases
        | Call::Push(_)
        | Call::Postpone
        | Call::CreateSchedule
        | Call::DeleteSchedule
        | Call::SendText
        | Call::Send
        | Call::Secret(_) => *chance.pick(&[Fault::Refuse, Fault::LoseEveryAnswer]),
    };
    Planned::Outage { call, from, lasts, fault }
}

/// What can go wrong with this call.
fn fault(call: Call, chance: &mut Chance) -> Fault {
    let hours = |chance: &mut Chance| 3_600 * i64::try_from(1 + chance.below(23)).unwrap_or(1);
    match chance.below(8) {
        0 => return Fault::DieBefore,
        1 => return Fault::DieAfter,
        2 => return Fault::Odd(Oddity::Slow),
        3 => return Fault::Refuse,
        4 => return Fault::LoseAnswer,
        _ => {}
    }
    match call {
        Call::Perform => {
            let (status, code) = *chance.pick(&REFUSALS);
            *chance.pick(&[
                Fault::Odd(Oddity::GraphError(status, code)),
                Fault::Odd(Oddity::GraphError(status, code)),
                Fault::Odd(Oddity::Garbage),
                Fault::Odd(Oddity::Page { taken: true }),
                Fault::Odd(Oddity::Page { taken: false }),
                Fault::Panic,
            ])
        }
        Call::SendText => {
            let (exception, reason) = *chance.pick(&TEXT_REFUSALS);
            Fault::Odd(Oddity::TextRefused(exception, reason))
        }
        Call::Push(_) => {
            let late = i64::try_from(1 + chance.below(900)).unwrap_or(1);
            *chance.pick(&[
                Fault::Odd(Oddity::Twice),
                Fault::Odd(Oddity::Shifted(late)),
                Fault::LoseEveryAnswer,
            ])
        }
        Call::CreateSchedule => {
            let late = hours(chance);
            *chance.pick(&[
                Fault::Odd(Oddity::Twice),
                Fault::Odd(Oddity::Never),
                Fault::Odd(Oddity::Shifted(late)),
                Fault::Odd(Oddity::Shifted(-late)),
            ])
        }
        Call::LoadCase
        | Call::LoadRecipient
        | Call::CommitCase
        | Call::CommitRecipient
        | Call::LoadFeed
        | Call::CommitFeed
        | Call::LoadStanding
        | Call::CommitStanding
        | Call::ScanCases
        | Call::Postpone
        | Call::DeleteSchedule
        | Call::Send
        | Call::Secret(_) => *chance.pick(&[Fault::LoseEveryAnswer, Fault::Panic]),
    }
}

/// The plan at work: counts the calls and says what goes wrong with each.
#[derive(Debug, Clone)]
pub struct Plan {
    start: Timestamp,
    left: Vec<Planned>,
    counts: std::collections::BTreeMap<Call, u64>,
}

impl Plan {
    /// A plan for a run that starts now.
    pub fn new(start: Timestamp, planned: Vec<Planned>) -> Self {
        Self { start, left: planned, counts: std::collections::BTreeMap::new() }
    }

    /// What goes wrong with the next such call.
    pub fn fault(&mut self, call: Call, now: Timestamp) -> Fault {
        let count = self.counts.entry(call).or_default();
        *count += 1;
        let nth = *count;
        let since = now.duration_since(self.start);
        let hit = self.left.iter().find_map(|planned| match *planned {
            Planned::Once { call: other, nth: at, fault } if other == call && at == nth => Some(fault),
            Planned::Outage { call: other, from, lasts, fault }
                if other == call && (from..from + lasts).contains(&since) =>
            {
                Some(fault)
            }
            Planned::Once { .. } | Planned::Outage { .. } => None,
        });
        hit.unwrap_or(Fault::Pass)
    }
}
