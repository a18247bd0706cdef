//! What follows from each of Meta's error codes (messaging-providers.md 1.3).

use std::ops::RangeInclusive;

use recoup_core::{Backoff, OptOutScope, Reaction, Refusal};

/// Codes that are answered alike.
struct Row {
    codes: &'static [i64],
    reaction: Reaction,
    alarm: bool,
}

/// The permission family, which Meta numbers as a range.
const PERMISSION: RangeInclusive<i64> = 200..=299;

const TABLE: &[Row] = &[
    // Trouble at Meta or our rate: the same message again. 131000 goes to SMS when its attempts are used up.
    Row {
        codes: &[1, 2, 130_429, 131_000, 131_016, 133_004],
        reaction: Reaction::Retry(Backoff::Seconds),
        alarm: false,
    },
    Row {
        codes: &[4, 80_007, 131_057, 132_069, 134_101],
        reaction: Reaction::Retry(Backoff::Minutes),
        alarm: false,
    },
    Row { codes: &[131_056], reaction: Reaction::Retry(Backoff::PairRate), alarm: false },
    // Token, permission, deleted number, payment terms: nothing can be sent, and waiting costs no attempt.
    Row { codes: &[0, 3, 10, 33, 190, 131_005, 134_011], reaction: Reaction::Hold, alarm: true },
    // This buyer cannot be reached on WhatsApp: not on it, capped, in an experiment, in a barred country.
    Row { codes: &[130_472, 130_497, 131_026, 131_049, 131_062], reaction: Reaction::FallBack, alarm: false },
    // The account, number or template is locked, unpaid, limited, paused or too long: the buyer is told by the next
    // channel while a person looks.
    Row {
        codes: &[
            368, 131_031, 131_037, 131_042, 131_045, 131_048, 131_053, 131_064, 132_005, 132_007, 132_015,
            132_016, 133_010,
        ],
        reaction: Reaction::FallBack,
        alarm: true,
    },
    // We blocked the user, or the number is our own.
    Row { codes: &[130_403, 131_021], reaction: Reaction::Drop, alarm: false },
    Row { codes: &[131_050], reaction: Reaction::OptOut(OptOutScope::Marketing), alarm: false },
    // The request or the template is wrong. Of these 131047, 131063, 134100, 134102 and 137000 would ask for another
    // kind of call than the template message that is all we send, so only a person can help.
    Row {
        codes: &[
            100, 131_008, 131_009, 131_030, 131_047, 131_051, 131_052, 131_055, 131_063, 132_000, 132_001,
            132_012, 132_018, 132_068, 134_100, 134_102, 135_000, 137_000,
        ],
        reaction: Reaction::Park,
        alarm: true,
    },
];

/// Looks a code up; one that Meta added since is retried when Meta calls it transient, else shown to a person.
pub(super) fn refusal(code: i64, transient: bool) -> Refusal {
    let (reaction, alarm) = match TABLE.iter().find(|row| row.codes.contains(&code)) {
        Some(row) => (row.reaction, row.alarm),
        None if PERMISSION.contains(&code) => (Reaction::Hold, true),
        None if transient => (Reaction::Retry(Backoff::Seconds), false),
        None => (Reaction::Park, true),
    };
    Refusal { code: code.to_string(), reaction, alarm }
}

/// What follows from a failure that came without a code.
pub(super) fn unexplained() -> Refusal {
    Refusal { code: "none".to_owned(), reaction: Reaction::Park, alarm: true }
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
