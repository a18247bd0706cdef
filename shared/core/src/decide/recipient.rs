//! What a buyer said about being messaged.

use jiff::Timestamp;

use super::{Context, Decision, Effect, PreferenceChange};
use crate::{CaseId, Name, OptOutScope, Reason, Recipient, RecipientId, StepIndex, Touch};

pub(super) fn decide(
    known: Option<&Recipient>,
    id: &RecipientId,
    change: PreferenceChange,
    scope: OptOutScope,
    at: Timestamp,
) -> Decision {
    let mut next = known.cloned().unwrap_or_else(|| Recipient::new(id.clone()));
    let reason = match change {
        PreferenceChange::OptOut => {
            next.opt_out(scope, at);
            Reason::OptedOut
        }
        PreferenceChange::OptIn => {
            next.opt_in(scope, at);
            Reason::OptedIn
        }
    };
    let silenced = change == PreferenceChange::OptOut && scope == OptOutScope::All;
    let cases: Vec<_> =
        if silenced { next.cases.iter().map(|case| case.id.clone()).collect() } else { Vec::new() };
    let effects = if cases.is_empty() { Vec::new() } else { vec![Effect::Silence { cases }] };
    if known.is_some_and(|known| *known == next) {
        return Decision { effects, ..Decision::new(Reason::Duplicate) };
    }
    Decision { recipient: Some(next), effects, ..Decision::new(reason) }
}

/// Another tool's message: it takes the buyer's attention like one of ours. A time ahead of ours counts as now.
pub(super) fn touched(
    event: &CaseId,
    known: Option<&Recipient>,
    id: &RecipientId,
    lane: Option<&Name>,
    at: Timestamp,
    context: &Context<'_>,
) -> Decision {
    let mut next = known.cloned().unwrap_or_else(|| Recipient::new(id.clone()));
    let Some(lane) = lane.cloned().or_else(|| Name::parse("elsewhere").ok()) else {
        return Decision::new(Reason::Noted);
    };
    let touch = Touch { at: at.min(context.now), lane, case: event.clone(), step: StepIndex(0) };
    if !next.count(touch) {
        return Decision::new(Reason::Duplicate);
    }
    Decision { recipient: Some(next), ..Decision::new(Reason::Touched) }
}
