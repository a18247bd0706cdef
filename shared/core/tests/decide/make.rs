//! Values for tests, and the words a transcript is written in.

use jiff::{SignedDuration, Timestamp};
use recoup_core::{
    Backoff, BuyerFacts, CaseId, Category, Channel, Checkout, Contact, Content, Currency, CustomerId,
    Decision, DeliveryStatus, Effect, Event, EventId, Fact, Intent, KycCause, KycRejected, Lapsed, Link,
    Message, Money, Name, News, Obligation, OptOutScope, PaymentFailed, PersonName, Phone, Quality, Reaction,
    Reason, Refusal, Replied, Reply, Source, TemplateNews, Words,
};

/// A buyer in London, whose winter clock is UTC: every time in a transcript is the buyer's own.
pub(crate) const PHONE: &str = "+442079460958";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("well formed")
}

pub(crate) fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("well formed")
}

pub(crate) fn case_id(obligation: &str) -> CaseId {
    CaseId::parse(&format!("main/stripe/{obligation}")).expect("well formed")
}

pub(crate) fn obligation(text: &str) -> Obligation {
    Obligation::parse(text).expect("well formed")
}

pub(crate) fn money(minor: i64, code: &str) -> Money {
    Money { minor, currency: Currency::parse(code).expect("known") }
}

pub(crate) fn buyer() -> BuyerFacts {
    BuyerFacts {
        customer: Some(CustomerId::parse("cus_1").expect("well formed")),
        phone: Some(phone(PHONE)),
        email: None,
        push: None,
        name: PersonName::clean("Ana"),
        locale: Some("en".to_owned()),
        zone: Some("Europe/London".to_owned()),
    }
}

fn source() -> Source {
    Source::parse("stripe").expect("well formed")
}

/// What an invoice's failure says.
pub(crate) fn failure(attempt: u32) -> PaymentFailed {
    PaymentFailed {
        attempt: Some(attempt),
        amount: Some(money(4900, "USD")),
        pay_link: Some(Link::parse("https://invoice.stripe.com/i/acct_1/x").expect("well formed")),
        number: PersonName::clean("INV-1"),
        buyer: buyer(),
        ..PaymentFailed::default()
    }
}

pub(crate) fn event(id: &str, of: &str, fact: Fact) -> Event {
    Event { id: event_id(id), obligation: obligation(of), occurred_at: None, fact }
}

pub(crate) fn event_id(id: &str) -> EventId {
    EventId::parse(id).expect("well formed")
}

pub(crate) fn failed(id: &str, of: &str, what: PaymentFailed) -> Event {
    event(id, of, Fact::PaymentFailed(Box::new(what)))
}

pub(crate) fn refusal(reaction: Reaction) -> Refusal {
    Refusal::new("1", reaction, reaction == Reaction::Hold)
}

/// Every reaction by its name in scripts.
pub(crate) const REACTIONS: [(&str, Reaction); 8] = [
    ("retry", Reaction::Retry(Backoff::Seconds)),
    ("hold", Reaction::Hold),
    ("fall_back", Reaction::FallBack),
    ("drop", Reaction::Drop),
    ("park", Reaction::Park),
    ("opt_out", Reaction::OptOut(OptOutScope::All)),
    ("opt_out_marketing", Reaction::OptOut(OptOutScope::Marketing)),
    ("opt_out_sms", Reaction::OptOut(OptOutScope::Sms)),
];

pub(crate) fn status_name(status: &DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Failed(_) => "failed",
    }
}

/// Facts without a body, by their name in scripts.
pub(crate) fn fact(name: &str) -> Option<Fact> {
    Some(match name {
        "paid" => Fact::Paid,
        "voided" => Fact::Voided,
        "uncollectible" => Fact::MarkedUncollectible,
        "cancelled" => Fact::SubscriptionCancelled,
        "refunded" => Fact::Refunded { full: true },
        "refunded_in_part" => Fact::Refunded { full: false },
        "handoff_answered" => Fact::HandOffAnswered { source: source() },
        "handoff_resolved" => Fact::HandOffResolved { source: source() },
        "dispute" => Fact::DisputeOpened,
        "won" => Fact::DisputeClosed { won: true },
        "lost" => Fact::DisputeClosed { won: false },
        "recovered" => Fact::Recovered,
        "past_due" => Fact::SubscriptionPastDue,
        "halted" => Fact::SubscriptionHalted,
        "completed" => Fact::CheckoutCompleted,
        "pending" => Fact::KycPending,
        "approved" => Fact::KycApproved,
        _ => return None,
    })
}

/// Facts with a body that call for messages, beside a failed payment.
pub(crate) fn call(name: &str, words: &[&str]) -> Fact {
    let has = |word: &str| words.contains(&word);
    let linked = words.iter().filter_map(|word| word.strip_prefix("links=")).map(obligation).collect();
    let rejected = |may_retry| {
        let cause = words.iter().find_map(|word| word.strip_prefix("cause=")).and_then(KycCause::parse);
        let retake_link = Link::parse("https://id.example.com/retake/x").ok();
        Fact::KycRejected(Box::new(KycRejected {
            cause: cause.unwrap_or_default(),
            may_retry,
            retake_link,
            buyer: buyer(),
        }))
    };
    let other = words.iter().find_map(|word| word.strip_prefix("phone=")).map(phone);
    let known = BuyerFacts { phone: other.or_else(|| buyer().phone), ..buyer() };
    let checkout = Checkout {
        amount: Some(money(4900, "USD")),
        resume_link: Link::parse("https://shop.example.com/cart/x").ok(),
        buyer: known,
        links: linked,
        marketing_consent: Some(!has("no_consent")),
        ..Checkout::default()
    };
    match name {
        "cart" => Fact::CheckoutUpdated(Box::new(checkout)),
        "left" => Fact::CheckoutAbandoned(Box::new(checkout)),
        "rejected" => rejected(true),
        "refused_for_good" => rejected(false),
        "lapsed" => Fact::Lapsed(Box::new(Lapsed {
            link: Link::parse("https://shop.example.com/new").ok(),
            buyer: buyer(),
            ..Lapsed::default()
        })),
        other => panic!("no such fact: {other}"),
    }
}

pub(crate) fn told(fact: &Fact) -> String {
    match fact {
        Fact::PaymentFailed(failed) => match failed.attempt {
            Some(attempt) => format!("failed {attempt}"),
            None => "failed".to_owned(),
        },
        Fact::Refunded { full: false } => "refunded in part".to_owned(),
        Fact::DisputeClosed { won: true } => "dispute won".to_owned(),
        Fact::DisputeClosed { won: false } => "dispute lost".to_owned(),
        Fact::Paid
        | Fact::Recovered
        | Fact::Voided
        | Fact::MarkedUncollectible
        | Fact::SubscriptionCancelled
        | Fact::SubscriptionPastDue
        | Fact::SubscriptionHalted
        | Fact::CheckoutCreated(_)
        | Fact::CheckoutUpdated(_)
        | Fact::CheckoutCompleted
        | Fact::CheckoutAbandoned(_)
        | Fact::OrderPlaced(_)
        | Fact::KycRejected(_)
        | Fact::KycPending
        | Fact::KycApproved
        | Fact::Lapsed(_)
        | Fact::ConsentChanged(_)
        | Fact::TouchSent(_)
        | Fact::HandOffAnswered { .. }
        | Fact::HandOffResolved { .. }
        | Fact::MessageOpened(_)
        | Fact::CardUpdated
        | Fact::CustomerUpdated(_)
        | Fact::Refunded { full: true }
        | Fact::DisputeOpened => fact.kind().replace('_', " "),
    }
}

pub(crate) fn clock(at: Timestamp) -> String {
    let format = if at.as_second() % 60 == 0 { "%d %H:%M" } else { "%d %H:%M:%S" };
    at.strftime(format).to_string()
}

/// The template a claim recorded for the message it hands out.
pub(crate) fn template_of(decision: &Decision, message: &Message) -> String {
    let sent = &message.correlation;
    if decision.reason == Reason::ReplyAnswered {
        return "an answer".to_owned();
    }
    let outreach = decision.case.as_ref().and_then(|case| case.outreach.as_ref());
    let entry =
        outreach.and_then(|outreach| outreach.entry(sent.step, sent.channel)).expect("a claim is stored");
    if let Content::Template(content) = &message.content {
        assert_eq!(content.name, entry.template, "the ledger names what is sent");
    }
    entry.template.to_string()
}

pub(crate) fn line(now: Timestamp, id: &CaseId, what: &str, decision: &Decision) -> String {
    let mut line = format!("{} {} {what}: {}", clock(now), id.obligation, decision.reason.code());
    for effect in decision.effects.iter().filter_map(|effect| shown(effect, decision)) {
        line.push_str("; ");
        line.push_str(&effect);
    }
    if decision.alarm {
        line.push_str("; alarm");
    }
    line
}

/// An effect in a word; that the merchant is told of an end is shown by `tells`.
fn shown(effect: &Effect, decision: &Decision) -> Option<String> {
    Some(match effect {
        Effect::Tell(_) => return None,
        Effect::HandOff(handoff) => format!("hand off {}", handoff.intent),
        Effect::Answer { due, .. } => format!("answer {} by {}", due.answer.as_str(), due.channel),
        Effect::Heed(news) => format!("heed {news:?}"),
        Effect::Arm(timer) => {
            format!("{} {} at {} g{}", timer.channel, timer.step, clock(timer.at), timer.generation)
        }
        Effect::Disarm { step, generation, .. } => format!("forget {step} g{generation}"),
        Effect::Send(message) => {
            format!("SEND {} by {}", template_of(decision, message), message.correlation.channel)
        }
        Effect::Redeliver { after } => format!("again in {} s", after.as_secs()),
        Effect::Park => "park".to_owned(),
        Effect::Silence { cases, .. } => {
            let names: Vec<_> = cases.iter().map(|case| case.obligation.to_string()).collect();
            format!("silence {}", names.join(" "))
        }
    })
}

/// `90s`, `30m`, `6h`, `3d`, with an optional sign; also sums such as `5h+59m+59s`.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut sum = SignedDuration::ZERO;
    for part in text.split('+') {
        let (number, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let number: i64 = number.parse().ok()?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        sum += SignedDuration::from_secs(number * seconds);
    }
    Some(if negative { -sum } else { sum })
}

/// What the buyer reads, as far as it differs from message to message.
pub(crate) fn text_of(sent: &crate::scene::Sent) -> String {
    match &sent.message.content {
        Content::Text(text) => text.body.clone(),
        Content::Template(content) => {
            let values: Vec<_> =
                content.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let link = content.url_suffix.as_deref().unwrap_or("none");
            format!("{} {} [{}] link={link}", content.name, content.language, values.join(", "))
        }
        Content::Answer(answer) => {
            let buttons: Vec<_> = answer.buttons.iter().map(|button| button.payload.as_str()).collect();
            format!("{} [{}]", answer.body, buttons.join(" "))
        }
        Content::Notification(push) => format!("{} | {}", push.title, push.body),
        Content::Letter(letter) => letter.subject.clone(),
    }
}

/// What a buyer wrote, by what it is taken for.
pub(crate) fn reply(at: Timestamp, intent: &str, id: &str, channel: Channel) -> Replied {
    let intent = Intent::parse(intent).expect("an intent");
    let reply = Reply {
        from: Contact::from(phone(PHONE)),
        at,
        intent,
        when: None,
        words: Words::of("my own words"),
        typed: true,
        answers: None,
        id: id.to_owned(),
        answered: false,
    };
    Replied { reply, channel }
}

/// What a provider said: `template_paused payment_failed_first`, `template_back ..`, `marketing_template ..`, `red`, `green`,
/// `barred`, `freed`.
pub(crate) fn news(words: &[&str]) -> News {
    let template = |news| {
        let template = Name::parse(words[2]).expect("well formed");
        News::Template { template, language: "en".to_owned(), news }
    };
    let quality = |quality| News::NumberQuality { quality, code: "FLAGGED".to_owned() };
    match words[1] {
        "template_paused" => template(TemplateNews::Usable(false, "PAUSED".to_owned())),
        "template_back" => template(TemplateNews::Usable(true, "REINSTATED".to_owned())),
        "marketing_template" => template(TemplateNews::Category(Category::Marketing)),
        "red" => quality(Quality::Red),
        "green" => quality(Quality::Green),
        "barred" => News::Account { barred: true, code: "ACCOUNT_RESTRICTION".to_owned() },
        "freed" => News::Account { barred: false, code: "APPROVED".to_owned() },
        other => panic!("no such news: {other}"),
    }
}
