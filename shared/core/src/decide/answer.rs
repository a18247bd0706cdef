//! An answer of ours to a buyer who wrote: claimed once, then sent, never twice.

use std::time::Duration;

use jiff::SignedDuration;

use super::{AnswerDue, Context, Decision, Effect, World};
use crate::{
    Address, AnswerContent, AnswerKind, Case, Category, Channel, Content, Correlation, Library, Message,
    Name, Reason, StepIndex, TextContent,
};

/// An answer that comes later than this says nothing any more.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// The step that an answer's correlation names: no playbook has it, so its statuses change no ledger.
const NO_STEP: StepIndex = StepIndex(u8::MAX);

/// How long a provider may keep trying.
const TTL: Duration = Duration::from_mins(10);

/// The claim is the recipient's write: who has it recorded sends.
pub(super) fn decide(world: &World<'_>, due: &AnswerDue, context: &Context<'_>) -> Decision {
    let (Some(case), Some(recipient)) = (world.case, world.recipient) else {
        return Decision::new(Reason::UnknownCase);
    };
    let late = due.asked_at.saturating_add(FRESH).is_ok_and(|until| until < context.now);
    let stopped = recipient.opted_out.is_some();
    // Whoever said stop hears that it was heard, and nothing else.
    if late || stopped != (due.answer == AnswerKind::Stopped) || recipient.answered.contains(&due.reply) {
        return Decision::new(Reason::AnswerSpent);
    }
    let Some(message) = compose(case, due, context) else { return Decision::new(Reason::NoLink) };
    let mut claimed = recipient.clone();
    claimed.answer(due.reply);
    let effects = vec![Effect::Send(Box::new(message))];
    Decision { recipient: Some(claimed), effects, ..Decision::new(Reason::ReplyAnswered) }
}

fn compose(case: &Case, due: &AnswerDue, at_hand: &Context<'_>) -> Option<Message> {
    let outreach = case.outreach.as_ref()?;
    let (matter, policy) = (&outreach.matter, at_hand.policy);
    let (language, words) =
        Library::answer(due.answer)?.words(matter.buyer.locale.as_deref(), &policy.default_locale)?;
    let playbook = Library::playbook(&outreach.playbook, &outreach.version);
    let base = playbook.map_or("", |playbook| policy.link_base(playbook.links));
    let link = matter
        .pay_link
        .as_ref()
        .map(crate::Link::expose)
        .filter(|link| !base.is_empty() && link.starts_with(base));
    if words.text.contains("{link}") && link.is_none() {
        return None;
    }
    let body = words.text.replace("{brand}", &policy.brand_name).replace("{link}", link.unwrap_or_default());
    let content = match due.channel {
        Channel::Whatsapp => Content::Answer(AnswerContent { body, buttons: words.buttons.clone() }),
        Channel::Sms => {
            let (template, language) = (Name::parse(due.answer.as_str()).ok()?, language.to_owned());
            Content::Text(TextContent { body, template, language, parameters: Vec::new() })
        }
        Channel::Push | Channel::Email => return None,
    };
    let correlation = Correlation {
        case: case.id.clone(),
        step: NO_STEP,
        channel: due.channel,
        token: at_hand.token.clone(),
    };
    let to = Address::Phone(matter.buyer.phone.clone()?);
    Some(Message { to, correlation, category: Category::Utility, ttl: TTL, content })
}
