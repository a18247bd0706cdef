//! A buyer wrote: what the case becomes, who is told, and what is answered.
//!
//! A stop is no reply but a preference (`recipient.rs`). Everything else is one of these: an answer of ours settles it, a date
//! puts the messages off, or a person is told and the messages wait.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use super::{AnswerDue, Context, Decision, Effect, Replied, World, fact, owed};
use crate::{
    AnswerKind, Case, Consent, EventKey, Frozen, HandOff, Intent, Library, Outcome, Reason, Recipient,
    SendState, Tried,
};

/// When a promise is due where no hours are quiet.
const NOON: Time = Time::constant(12, 0, 0, 0);

pub(super) fn decide(world: &World<'_>, replied: &Replied, context: &Context<'_>) -> Decision {
    let key = EventKey::of_id(&replied.reply.id);
    let Some(case) = world.case else {
        let told = handed_off(None, world.recipient, replied, None);
        return Decision { effects: vec![told], ..Decision::new(Reason::HandedOff) };
    };
    let mut next = case.clone();
    if !next.remember(key) {
        // Whoever recorded it first may have died before a person was told.
        let effects = effects_of(case, world, replied, key, context);
        return Decision { effects, ..Decision::new(Reason::Duplicate) };
    }
    if !case.is_open() {
        let effects = effects_of(&next, world, replied, key, context);
        return Decision::write(next, effects, Reason::HandedOff);
    }
    let reason = match replied.reply.intent {
        Intent::Distress => Reason::Distress,
        Intent::WrongPerson => Reason::WrongPerson,
        Intent::PaidAlready => Reason::PaidAlready,
        Intent::Later => Reason::PutOff,
        Intent::PayLink => Reason::ReplyAnswered,
        Intent::Help | Intent::Dispute | Intent::Stop | Intent::Start | Intent::Unknown => Reason::HandedOff,
    };
    if reason == Reason::Distress {
        let effects = effects_of(&next, world, replied, key, context);
        let ended = fact::end(next, Outcome::Suppressed, reason, None, context.now);
        return Decision { effects: ended.effects.into_iter().chain(effects).collect(), ..ended };
    }
    if let Some(until) = waits_until(&next, replied, context)
        && let Some(outreach) = &mut next.outreach
    {
        // What a person must settle is not thawed by a date that the buyer names afterwards.
        let until = outreach.frozen.map_or(until, |frozen| frozen.until.max(until));
        outreach.frozen = Some(Frozen { by: replied.reply.intent, until, reply: key, asked: false });
        // The end asks nobody anything, and must not come early.
        let playbook = Library::playbook(&outreach.playbook, &outreach.version);
        let asks = |step| playbook.is_some_and(|playbook| !playbook.is_end(step));
        if replied.reply.intent == Intent::PaidAlready
            && let Some(planned) = outreach.next.as_mut().filter(|planned| asks(planned.step))
        {
            planned.at = context.now;
            planned.generation = planned.generation.saturating_add(1);
        }
    }
    next.note(context.now, reason, None);
    let effects = effects_of(&next, world, replied, key, context);
    let recipient =
        (reason == Reason::WrongPerson).then(|| world.recipient.cloned()).flatten().map(|mut known| {
            known.wrong_person = Some(replied.reply.at);
            known
        });
    Decision { recipient, ..Decision::write(next, effects, reason) }
}

/// Until when the messages wait; `None` where they need not.
fn waits_until(case: &Case, replied: &Replied, context: &Context<'_>) -> Option<Timestamp> {
    let after = |wait: SignedDuration| context.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    match replied.reply.intent {
        Intent::Later => {
            Some(promised(case, replied, context).unwrap_or_else(|| after(context.policy.snooze)))
        }
        // The number is dropped, so nothing need wait for a person.
        Intent::PayLink | Intent::WrongPerson => None,
        Intent::Distress
        | Intent::PaidAlready
        | Intent::Dispute
        | Intent::Help
        | Intent::Stop
        | Intent::Start
        | Intent::Unknown => Some(after(context.policy.handoff_timeout)),
    }
}

/// The morning of the day that the buyer named, on their own calendar: what they promised for that day is asked for then.
fn promised(case: &Case, replied: &Replied, context: &Context<'_>) -> Option<Timestamp> {
    let zone = case.outreach.as_ref()?.zones().calendar();
    let opens = context.policy.window.map_or(NOON, |window| window.opens());
    Some(replied.reply.when?.resolve(context.now, &zone, opens))
}

/// What the reply asks of the world: a person, an answer, the source, silence on the buyer's other cases.
fn effects_of(
    case: &Case,
    world: &World<'_>,
    replied: &Replied,
    key: EventKey,
    context: &Context<'_>,
) -> Vec<Effect> {
    let mut effects =
        if replied.reply.intent == Intent::PaidAlready { owed(case, context.now) } else { Vec::new() };
    let frozen =
        case.outreach.as_ref().and_then(|outreach| outreach.frozen).filter(|frozen| frozen.reply == key);
    let by_ourselves = case.is_open() && matches!(replied.reply.intent, Intent::Later | Intent::PayLink);
    if !by_ourselves {
        effects.push(handed_off(Some(case), world.recipient, replied, frozen.map(|frozen| frozen.until)));
    }
    if replied.reply.intent == Intent::Distress
        && let Some(recipient) = world.recipient
    {
        let cases = recipient.cases.iter().map(|known| known.id.clone()).filter(|other| *other != case.id);
        effects.push(Effect::Silence { cases: cases.collect(), reason: Reason::Distress });
    }
    let answer = match replied.reply.intent {
        Intent::Help if !replied.reply.answered => Some(AnswerKind::Help),
        Intent::PayLink if case.is_open() => Some(AnswerKind::PayLink),
        Intent::Later if case.is_open() => Some(AnswerKind::Later),
        Intent::Help
        | Intent::PayLink
        | Intent::Later
        | Intent::Distress
        | Intent::Stop
        | Intent::Start
        | Intent::WrongPerson
        | Intent::Dispute
        | Intent::PaidAlready
        | Intent::Unknown => None,
    };
    effects.extend(answer.map(|answer| {
        let due = AnswerDue { answer, reply: key, asked_at: replied.reply.at, channel: replied.channel };
        Effect::Answer { case: case.id.clone(), due }
    }));
    effects
}

/// Everything a person needs to go on.
fn handed_off(
    case: Option<&Case>,
    recipient: Option<&Recipient>,
    replied: &Replied,
    frozen_until: Option<Timestamp>,
) -> Effect {
    let outreach = case.and_then(|case| case.outreach.as_ref());
    let matter = outreach.map(|outreach| &outreach.matter);
    let phone = replied.reply.from.phone.as_ref().or_else(|| matter?.buyer.phone.as_ref());
    let went = |state: SendState| state != SendState::Claimed;
    let tried = outreach.iter().flat_map(|outreach| &outreach.ledger).filter(|entry| went(entry.state));
    Effect::HandOff(Box::new(HandOff {
        id: format!("ho_{:016x}", u64::from_be_bytes(EventKey::of_id(&replied.reply.id).0)),
        at: replied.reply.at,
        intent: replied.reply.intent,
        said: replied.reply.words.clone(),
        case: case.map(|case| case.id.clone()),
        state: case.map(Case::state),
        name: matter.and_then(|matter| matter.buyer.name.clone()),
        phone: phone.map(crate::Phone::masked).unwrap_or_default(),
        owed: matter.and_then(|matter| matter.amount),
        number: matter.and_then(|matter| matter.number.clone()),
        pay_link: matter.and_then(|matter| matter.pay_link.clone()),
        tried: tried
            .map(|entry| Tried {
                at: entry.at,
                channel: entry.channel,
                template: entry.template.clone(),
                state: entry.state,
            })
            .collect(),
        consent: recipient.map(consent).unwrap_or_default(),
        frozen_until,
    }))
}

fn consent(recipient: &Recipient) -> Consent {
    Consent {
        opted_out: recipient.opted_out,
        opted_out_marketing: recipient.opted_out_marketing,
        opted_out_sms: recipient.opted_out_sms,
        marketing: recipient.marketing_consent,
    }
}
