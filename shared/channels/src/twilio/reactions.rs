//! What follows from each of Twilio's error codes (messaging-providers.md section 3).

use recoup_core::{Backoff, OptOutScope, PauseScope, Reaction, Refusal};

/// Codes that are answered alike.
struct Row {
    codes: &'static [u32],
    reaction: Reaction,
    alarm: bool,
    pause: Option<PauseScope>,
}

const fn row(codes: &'static [u32], reaction: Reaction) -> Row {
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

const TABLE: &[Row] = &[
    // Not processed, by Twilio's own words.
    row(&[20_429, 30_001, 63_018], Reaction::Retry(Backoff::Seconds)),
    // Handset off, unknown trouble, quiet hours kept by Twilio: later.
    row(&[30_003, 30_008, 30_610], Reaction::Retry(Backoff::Minutes)),
    // Credentials, a WhatsApp invitation not accepted: nothing can be sent, and waiting costs no attempt.
    row(&[20_003, 63_020], Reaction::Hold).alarming(),
    // A region that is switched off, an unregistered number in the US: other countries are reached.
    row(&[21_408, 30_034], Reaction::Park).alarming().pausing(PauseScope::Country),
    // No such number, a landline, not on the channel.
    row(&[21_211, 21_614, 30_005, 30_006, 63_003], Reaction::FallBack),
    // Told Twilio or the carrier to stop; a known litigator.
    row(&[21_610, 30_640], Reaction::OptOut(OptOutScope::Sms)),
    row(&[63_014], Reaction::OptOut(OptOutScope::Marketing)),
    // The template is paused or disabled: the buyer is told by the next channel while a person looks.
    row(&[63_041, 63_042], Reaction::FallBack).alarming().pausing(PauseScope::Template),
    // What we fill in is not what the template asks for, or it is not there: no other message of it would pass.
    row(&[63_027, 63_028], Reaction::Park).alarming().pausing(PauseScope::Template),
    // Meta's terms of marketing messages are not accepted.
    row(&[63_062], Reaction::Park).alarming().pausing(PauseScope::Marketing),
    // Filtered, pumping guard, outside the window.
    row(&[30_007, 30_450, 63_016], Reaction::Park).alarming(),
];

/// Looks a code up; `None` when it is not listed.
pub(super) fn listed(code: u32) -> Option<Refusal> {
    let row = TABLE.iter().find(|row| row.codes.contains(&code))?;
    Some(Refusal { code: code.to_string(), reaction: row.reaction, alarm: row.alarm, pause: row.pause })
}

/// Looks a code up; one that is not listed is a person's to read.
pub(super) fn refusal(code: u32) -> Refusal {
    listed(code).unwrap_or_else(|| Refusal::new(&code.to_string(), Reaction::Park, true))
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
        assert!(TABLE.iter().flat_map(|row| row.codes).all(|code| seen.insert(code)));
    }

    #[test]
    fn what_stops_everything_or_needs_repair_always_alarms() {
        for row in TABLE {
            let needs_a_person =
                matches!(row.reaction, Reaction::Hold | Reaction::Park) || row.pause.is_some();
            assert!(row.alarm || !needs_a_person, "{:?}", row.codes);
        }
    }
}
