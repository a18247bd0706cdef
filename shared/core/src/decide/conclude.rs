//! What became of a send: the provider's answer, and the statuses that follow.

use jiff::{SignedDuration, Timestamp};

use super::{Concluded, Context, Decision, Effect, StatusReport, World, fact, owed, plan};
use crate::{
    Backoff, Case, Channel, DeliveryStatus, Entry, Library, News, OptOutScope, Outcome, PauseScope, Paused,
    Reaction, Reason, Refusal, SendOutcome, SendState, StepIndex,
};

pub(super) fn decide(world: &World<'_>, concluded: &Concluded, context: &Context<'_>) -> Decision {
    let Some(case) = world.case else { return Decision::new(Reason::UnknownCase) };
    let mut next = case.clone();
    let entry =
        next.outreach.as_mut().and_then(|outreach| outreach.entry_mut(concluded.step, concluded.channel));
    let mine = |entry: &Entry| entry.token == concluded.token && entry.state == SendState::Claimed;
    let Some(entry) = entry.filter(|entry| mine(entry)) else {
        return Decision::new(Reason::OldStatus);
    };
    entry.at = context.now;
    let attempt = entry.attempt;
    match &concluded.outcome {
        SendOutcome::Accepted { provider_id } => {
            entry.state = SendState::Sent;
            entry.detail.clone_from(provider_id);
            record(next, Reason::Sent, concluded.step, context)
        }
        SendOutcome::Unknown => Decision::new(Reason::OutcomeUnknown),
        SendOutcome::NotSent => {
            entry.state = SendState::Retryable;
            entry.detail = Some("not_sent".to_owned());
            retry(next, concluded.step, backoff(Backoff::Seconds, attempt, context), context)
        }
        SendOutcome::Refused(refusal) => {
            entry.detail = Some(refusal.code.clone());
            let news = news(&next, (concluded.step, concluded.channel), refusal, context);
            let decision = refused(world, next, concluded, refusal, context);
            let effects = decision.effects.into_iter().chain(news.map(Effect::Heed)).collect();
            Decision { effects, alarm: refusal.alarm, ..decision }
        }
    }
}

/// What a refusal says of more than its own message.
fn news(
    case: &Case,
    (step, channel): (StepIndex, Channel),
    refusal: &Refusal,
    context: &Context<'_>,
) -> Option<News> {
    let outreach = case.outreach.as_ref()?;
    let what = match refusal.pause? {
        PauseScope::Buyer => return Some(News::Capped),
        PauseScope::Channel => Paused::Channel(channel),
        PauseScope::Marketing => Paused::Marketing(channel),
        PauseScope::Template => {
            let entry = outreach.entry(step, channel)?;
            let language = Library::template(&entry.template)?
                .language_for(outreach.matter.buyer.locale.as_deref(), &context.policy.default_locale);
            Paused::Template(entry.template.clone(), language?.to_owned())
        }
        PauseScope::Country => {
            Paused::Country(channel, outreach.matter.buyer.phone.as_ref()?.calling_code().to_owned())
        }
    };
    Some(News::Barred { what, code: refusal.code.clone() })
}

fn refused(
    world: &World<'_>,
    mut case: Case,
    concluded: &Concluded,
    refusal: &Refusal,
    context: &Context<'_>,
) -> Decision {
    let (step, channel) = (concluded.step, concluded.channel);
    let Some(entry) = case.outreach.as_mut().and_then(|outreach| outreach.entry_mut(step, channel)) else {
        return Decision::new(Reason::OldStatus);
    };
    match refusal.reaction {
        Reaction::Retry(kind) => {
            entry.state = SendState::Retryable;
            let after = backoff(kind, entry.attempt, context);
            retry(case, step, after, context)
        }
        Reaction::Hold => {
            entry.state = SendState::Retryable;
            entry.attempt = entry.attempt.saturating_sub(1);
            if !case.is_open() {
                return record(case, Reason::Held, step, context);
            }
            let until = context.now.saturating_add(context.policy.hold).unwrap_or(Timestamp::MAX);
            plan::defer(&case, (step, channel), until, Reason::Held, context)
        }
        Reaction::FallBack => {
            entry.state = SendState::Failed;
            record(case, Reason::Failed, step, context)
        }
        Reaction::Drop => {
            entry.state = SendState::Dropped;
            record(case, Reason::Dropped, step, context)
        }
        Reaction::Park => {
            entry.state = SendState::Retryable;
            let decision = record(case, Reason::Malformed, step, context);
            Decision { effects: vec![Effect::Park], ..decision }
        }
        Reaction::OptOut(scope) => {
            entry.state = SendState::Dropped;
            let recipient = world.recipient.cloned().map(|mut recipient| {
                recipient.opt_out(scope, context.now);
                recipient
            });
            let decision = if scope == OptOutScope::All && case.is_open() {
                fact::end(case, Outcome::Suppressed, Reason::OptedOut, Some(step), context.now)
            } else {
                record(case, Reason::OptedOut, step, context)
            };
            Decision { recipient, ..decision }
        }
    }
}

/// Writes the outcome; a definite failure owes the next channel at once.
fn record(mut case: Case, reason: Reason, step: StepIndex, context: &Context<'_>) -> Decision {
    case.note(context.now, reason, Some(step));
    let effects = owed_by(&case, step, context);
    Decision::write(case, effects, reason)
}

/// What is owed for one step.
fn owed_by(case: &Case, step: StepIndex, context: &Context<'_>) -> Vec<Effect> {
    let of_step = |effect: &Effect| matches!(effect, Effect::Arm(timer) if timer.step == step);
    owed(case, context.now).into_iter().filter(of_step).collect()
}

/// Leaves the queued message for another receive; when its receives run out, its dead-letter queue is the next channel.
fn retry(mut case: Case, step: StepIndex, after: SignedDuration, context: &Context<'_>) -> Decision {
    case.note(context.now, Reason::Retrying, Some(step));
    let open = case.is_open();
    let effects = if open { vec![Effect::Redeliver { after }] } else { Vec::new() };
    Decision::write(case, effects, Reason::Retrying)
}

/// 30 s doubling to 15 min; ten times that for account-wide limits; 4^n s for the per-user pair rate.
fn backoff(kind: Backoff, attempt: u8, context: &Context<'_>) -> SignedDuration {
    let first = context.policy.retry_backoff.as_secs();
    let doublings = u32::from(attempt.clamp(1, 16)) - 1;
    let seconds = match kind {
        Backoff::Seconds => first.saturating_mul(1 << doublings),
        Backoff::Minutes => first.saturating_mul(10).saturating_mul(1 << doublings),
        Backoff::PairRate => 4_i64.saturating_pow(doublings + 1),
    };
    SignedDuration::from_secs(seconds.clamp(1, 900))
}

pub(super) fn decide_status(case: Option<&Case>, report: &StatusReport, context: &Context<'_>) -> Decision {
    let Some(case) = case else { return Decision::new(Reason::ForeignStatus) };
    let mut next = case.clone();
    let entry = next.outreach.as_mut().and_then(|outreach| outreach.entry_mut(report.step, report.channel));
    let Some(entry) = entry.filter(|entry| entry.token == report.token) else {
        return Decision::new(Reason::ForeignStatus);
    };
    let (state, reason, alarm) = meaning(&report.status);
    if !may_follow(entry.state, state) {
        // Whoever recorded it first may have died before the next channel was told.
        return Decision { effects: owed_by(case, report.step, context), ..Decision::new(Reason::OldStatus) };
    }
    entry.state = state;
    entry.at = context.now;
    entry.detail = Some(match &report.status {
        DeliveryStatus::Failed(refusal) => refusal.code.clone(),
        DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read => report.provider_id.clone(),
    });
    let news = match &report.status {
        DeliveryStatus::Failed(refusal) => news(&next, (report.step, report.channel), refusal, context),
        DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read => None,
    };
    let decision = record(next, reason, report.step, context);
    let effects = decision.effects.into_iter().chain(news.map(Effect::Heed)).collect();
    Decision { effects, alarm, ..decision }
}

/// The ledger state a status leads to. A failure after acceptance is final for this channel, whatever its code.
fn meaning(status: &DeliveryStatus) -> (SendState, Reason, bool) {
    match status {
        DeliveryStatus::Sent => (SendState::Sent, Reason::Sent, false),
        DeliveryStatus::Delivered => (SendState::Delivered, Reason::Delivered, false),
        DeliveryStatus::Read => (SendState::Read, Reason::Read, false),
        DeliveryStatus::Failed(refusal) => match refusal.reaction {
            Reaction::FallBack | Reaction::Retry(_) | Reaction::Hold => {
                (SendState::Failed, Reason::Failed, refusal.alarm)
            }
            Reaction::Drop | Reaction::OptOut(_) | Reaction::Park => {
                (SendState::Dropped, Reason::Dropped, refusal.alarm)
            }
        },
    }
}

/// Whether a status is news. Ranks grow; a failure counts only while nothing better is known, and a delivery to another
/// device may follow it.
fn may_follow(known: SendState, told: SendState) -> bool {
    let rank = |state: SendState| match state {
        SendState::Retryable => 0,
        SendState::Claimed | SendState::Unknown => 1,
        SendState::Sent => 2,
        SendState::Failed | SendState::Dropped => 3,
        SendState::Delivered => 4,
        SendState::Read => 5,
    };
    rank(told) > rank(known)
}
