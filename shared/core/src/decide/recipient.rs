//! What a buyer said about being messaged.

use jiff::Timestamp;

use super::{AnswerDue, Context, Decision, Effect, PreferenceChange};
use crate::{
    AnswerKind, CaseId, Channel, EventKey, Name, OptOutScope, Reason, Recipient, RecipientId, StepIndex,
    Touch,
};

/// What a buyer said.
#[derive(Clone, Copy)]
pub(super) struct Preferred {
    pub(super) change: PreferenceChange,
    pub(super) scope: OptOutScope,
    pub(super) at: Timestamp,
    pub(super) said: Option<(EventKey, Channel)>,
}

pub(super) fn decide(known: Option<&Recipient>, id: &RecipientId, preferred: Preferred) -> Decision {
    let Preferred { change, scope, at, .. } = preferred;
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
    let silence = (!cases.is_empty()).then_some(Effect::Silence { cases, reason: Reason::OptedOut });
    let effects = silence.into_iter().chain(confirmation(&next, preferred)).collect();
    if known.is_some_and(|known| *known == next) {
        return Decision { effects, ..Decision::new(Reason::Duplicate) };
    }
    Decision { recipient: Some(next), effects, ..Decision::new(reason) }
}

/// Whoever wrote a full stop or a start is told once that it was heard. Only a case knows where to write to.
fn confirmation(recipient: &Recipient, preferred: Preferred) -> Option<Effect> {
    let (reply, channel) = preferred.said.filter(|_| preferred.scope == OptOutScope::All)?;
    let answer = match preferred.change {
        PreferenceChange::OptOut => AnswerKind::Stopped,
        PreferenceChange::OptIn => AnswerKind::Started,
    };
    let case = recipient.cases.last()?.id.clone();
    Some(Effect::Answer { case, due: AnswerDue { answer, reply, asked_at: preferred.at, channel } })
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
