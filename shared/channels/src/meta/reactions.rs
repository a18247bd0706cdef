//! What follows from each of Meta's error codes (messaging-providers.md 1.3).

use std::ops::RangeInclusive;

use recoup_core::{Backoff, OptOutScope, PauseScope, Reaction, Refusal};

/// Codes that are answered alike.
struct Row {
    codes: &'static [i64],
    reaction: Reaction,
    alarm: bool,
    pause: Option<PauseScope>,
}

const fn row(codes: &'static [i64], reaction: Reaction) -> Row {
    Row { codes, reaction, alarm: false, pause: None }
}

impl Row {
    /// The same, for a person to look at.
    const fn alarming(self) -> Self {
        Self { alarm: true, ..self }
    }

    /// The same, which also stops others.
    const fn pausing(self, scope: PauseScope) -> Self {
        Self { pause: Some(scope), ..self }
    }
}

/// The permission family, which Meta numbers as a range.
const PERMISSION: RangeInclusive<i64> = 200..=299;

const TABLE: &[Row] = &[
    // Trouble at Meta or our rate: the same message again. 131000 goes to SMS when its attempts are used up.
    row(&[1, 2, 130_429, 131_000, 131_016, 133_004], Reaction::Retry(Backoff::Seconds)),
    row(&[4, 80_007, 131_057, 132_069, 134_101], Reaction::Retry(Backoff::Minutes)),
    row(&[131_056], Reaction::Retry(Backoff::PairRate)),
    // Token, permission, payment terms: nothing can be sent, and waiting costs no attempt.
    row(&[0, 3, 10, 190, 131_005, 134_011], Reaction::Hold).alarming(),
    // This buyer cannot be reached on WhatsApp: in an experiment, not on it, known by id alone, capped for a day.
    row(&[130_472, 131_026, 131_062], Reaction::FallBack),
    row(&[131_049], Reaction::FallBack).pausing(PauseScope::Buyer),
    row(&[130_497], Reaction::FallBack).pausing(PauseScope::Country),
    // The account or the number is locked, unpaid, limited or gone: the buyer is told by the next channel while a
    // person looks.
    row(&[33, 368, 131_031, 131_037, 131_042, 131_045, 131_064, 133_010], Reaction::FallBack)
        .alarming()
        .pausing(PauseScope::Channel),
    row(&[131_048], Reaction::FallBack).alarming().pausing(PauseScope::Marketing),
    // The template is missing in this language, against the policy, paused or disabled.
    row(&[132_001, 132_007, 132_015, 132_016], Reaction::FallBack).alarming().pausing(PauseScope::Template),
    // This message's picture cannot be fetched, or its text is too long.
    row(&[131_053, 132_005], Reaction::FallBack).alarming(),
    // We blocked the user, or the number is our own.
    row(&[130_403, 131_021], Reaction::Drop),
    row(&[131_050], Reaction::OptOut(OptOutScope::Marketing)),
    // What we fill in is not what the template asks for, or its form is blocked: no other message of it would pass.
    row(&[132_000, 132_012, 132_018, 132_068], Reaction::Park).alarming().pausing(PauseScope::Template),
    // The request is wrong. Of these 131047, 131063, 134100, 134102 and 137000 would ask for another kind of call,
    // which is a setting or comes too late, so only a person can help.
    row(
        &[
            100, 131_008, 131_009, 131_030, 131_047, 131_051, 131_052, 131_055, 131_063, 134_100, 134_102,
            135_000, 137_000,
        ],
        Reaction::Park,
    )
    .alarming(),
];

/// Looks a code up; one that Meta added since is retried when Meta calls it transient, else shown to a person.
pub(super) fn refusal(code: i64, transient: bool) -> Refusal {
    let (reaction, alarm, pause) = match TABLE.iter().find(|row| row.codes.contains(&code)) {
        Some(row) => (row.reaction, row.alarm, row.pause),
        None if PERMISSION.contains(&code) => (Reaction::Hold, true, None),
        None if transient => (Reaction::Retry(Backoff::Seconds), false, None),
        None => (Reaction::Park, true, None),
    };
    Refusal { code: code.to_string(), reaction, alarm, pause }
}

/// What follows from a failure that came without a code.
pub(super) fn unexplained() -> Refusal {
    Refusal::new("none", Reaction::Park, true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_has_two_rows() {
        let mut seen = BTreeSet::new();
        for code in TABLE.iter().flat_map(|row| row.codes) {
            assert!(seen.insert(code), "{code}");
            assert!(!PERMISSION.contains(code), "{code}");
        }
    }

    #[test]
    fn what_stops_everything_or_needs_repair_always_alarms() {
        for row in TABLE {
            let needs_a_person = matches!(row.reaction, Reaction::Hold | Reaction::Park);
            assert!(row.alarm || !needs_a_person, "{:?}", row.codes);
        }
    }
}
