//! Tests as data: a script of what happens, and the transcript of what is decided.
//!
//! A command stands on its own line or after a semicolon:
//! `failed 1 retry=+5h`, `paid case=pi_1`, `again` (the last event once more), `retold` (the same fact under a new id),
//! `due` (the earliest step), `accepted`, `not_sent`, `unknown`, `refused hold`, `crash`, `status read`,
//! `stop all`, `start marketing`, `reply help`, `answer` (the oldest answer of ours goes), `sweep`, `+3d` (the clock), `run` (everything until nothing is under way, every send
//! accepted), `lose` (what is under way), `decide` and `store` (a step in two halves), `once_more 0` (an old delivery),
//! `stray 0 1` (a step and generation nobody set), `processor settled=paid`, `letters` (e-mail stands in); `|` leaves out what was told so far, and `state`,
//! `ledger`, `next`, `trail`, `under_way`, `parked`, `said` show where things stand.

use recoup_core::{
    Answer, BuyerFacts, Channel, DeliveryStatus, Email, Event, EventKey, Input, Link, OptOutScope,
    PreferenceChange, PushToken, Reaction, SendOutcome, StepIndex,
};

use crate::make;
use crate::scene::{Queued, Scene};

/// Runs the script and compares what was decided with what was expected, line by line.
#[track_caller]
pub(crate) fn check(script: &str, expected: &str) {
    let scene = play(Scene::new(), script);
    compare(&scene, expected);
}

#[track_caller]
pub(crate) fn compare(scene: &Scene, expected: &str) {
    let clean =
        |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let expected: Vec<String> = clean(expected);
    assert!(
        scene.lines == expected,
        "decided:\n{}\nexpected:\n{}",
        scene.lines.join("\n"),
        expected.join("\n")
    );
}

/// Plays a script on a scene.
#[track_caller]
pub(crate) fn play(mut scene: Scene, script: &str) -> Scene {
    for command in script.lines().flat_map(|line| line.split(';')).map(str::trim) {
        if command.is_empty() {
            continue;
        }
        let words: Vec<_> = command.split_whitespace().collect();
        let known = on_source(&mut scene, &words)
            || on_provider(&mut scene, &words)
            || on_buyer(&mut scene, &words)
            || on_world(&mut scene, &words)
            || show(&mut scene, &words);
        assert!(known, "no such command: {command}");
    }
    scene
}

fn value<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn obligation<'a>(words: &[&'a str]) -> &'a str {
    value(words, "case").unwrap_or("in_1")
}

fn on_source(scene: &mut Scene, words: &[&str]) -> bool {
    let last = || scene.told.0.clone().expect("something was said");
    let count = scene.told.1 + 1;
    let id = value(words, "id").map_or_else(|| format!("evt_{count}"), str::to_owned);
    let event = match words[0] {
        "failed" => make::failed(&id, obligation(words), failure(scene, words)),
        "cart" | "left" | "rejected" | "refused_for_good" | "lapsed" => {
            make::event(&id, obligation(words), make::call(words[0], words))
        }
        "again" => last(),
        "retold" => Event { id: make::event_id(&id), ..last() },
        name => match make::fact(name) {
            Some(fact) => make::event(&id, obligation(words), fact),
            None => return false,
        },
    };
    let happened = value(words, "happened").and_then(make::duration);
    let event = match happened {
        Some(after) => Event { occurred_at: scene.now.checked_add(after).ok(), ..event },
        None => event,
    };
    scene.told = (Some(event.clone()), count);
    scene.said(event);
    true
}

fn failure(scene: &Scene, words: &[&str]) -> recoup_core::PaymentFailed {
    let mut failed = match words.get(1).and_then(|word| word.parse().ok()) {
        Some(attempt) => make::failure(attempt),
        None => recoup_core::PaymentFailed { attempt: None, ..make::failure(1) },
    };
    failed.unlinked = words.contains(&"unlinked");
    failed.one_time = words.contains(&"one_time");
    failed.buyer.push = value(words, "push").and_then(PushToken::parse);
    failed.buyer.email = value(words, "email").and_then(Email::parse);
    if let Some(after) = value(words, "retry").and_then(make::duration) {
        failed.next_retry = scene.now.checked_add(after).ok();
    }
    if let Some(amount) = value(words, "amount") {
        let (minor, code) = amount.split_at(amount.len() - 3);
        failed.amount = minor.parse().ok().map(|minor| make::money(minor, code));
    }
    match value(words, "phone") {
        Some("none") => failed.buyer.phone = None,
        Some(number) => failed.buyer.phone = Some(make::phone(number)),
        None => {}
    }
    match value(words, "zone") {
        Some("none") => failed.buyer.zone = None,
        Some(zone) => failed.buyer.zone = Some(zone.to_owned()),
        None => {}
    }
    match value(words, "link") {
        Some("none") => failed.pay_link = None,
        Some(url) => failed.pay_link = Some(Link::parse(url).expect("well formed")),
        None => {}
    }
    failed.buyer.locale = value(words, "locale").map(str::to_owned).or(failed.buyer.locale);
    failed.buyer.name = failed.buyer.name.filter(|_| value(words, "name") != Some("none"));
    failed.buyer.customer = failed.buyer.customer.filter(|_| value(words, "customer") != Some("none"));
    failed.links =
        value(words, "links").into_iter().flat_map(|links| links.split(',')).map(make::obligation).collect();
    failed
}

fn on_provider(scene: &mut Scene, words: &[&str]) -> bool {
    match words[0] {
        "accepted" => drop(
            scene.concluded(SendOutcome::Accepted { provider_id: Some("wamid.1".to_owned()) }, "accepted"),
        ),
        "not_sent" => drop(scene.concluded(SendOutcome::NotSent, "not sent")),
        "unknown" => drop(scene.concluded(SendOutcome::Unknown, "no answer")),
        "refused" => {
            let outcome = SendOutcome::Refused(make::refusal(reaction(words[1])));
            scene.concluded(outcome, &format!("refused {}", words[1]));
        }
        "crash" => scene.crash(),
        "status" => {
            let step = StepIndex(value(words, "step").map_or(0, |step| step.parse().expect("a number")));
            let channel = channel(words);
            let entry =
                scene.ledger(obligation(words)).iter().find(|e| e.step == step && e.channel == channel);
            let entry = entry.expect("the step was claimed").clone();
            scene.status(&entry, obligation(words), status(words[1]));
        }
        _ => return false,
    }
    true
}

pub(crate) fn reaction(name: &str) -> Reaction {
    make::REACTIONS.iter().find(|(known, _)| *known == name).expect("a reaction").1
}

/// `failed` falls back; `failed_drop` and the like carry another reaction.
pub(crate) fn status(name: &str) -> DeliveryStatus {
    match name {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed(make::refusal(Reaction::FallBack)),
        other => {
            let name = other.strip_prefix("failed_").expect("a status");
            DeliveryStatus::Failed(make::refusal(reaction(name)))
        }
    }
}

/// The channel that a word names; WhatsApp otherwise.
fn channel(words: &[&str]) -> Channel {
    words.iter().find_map(|word| Channel::parse(word)).unwrap_or(Channel::Whatsapp)
}

fn on_buyer(scene: &mut Scene, words: &[&str]) -> bool {
    let change = match words[0] {
        "reply" => {
            let replied =
                make::reply(scene.now, words[1], value(words, "id").unwrap_or("wamid.in"), channel(words));
            scene.replied(obligation(words), replied);
            return true;
        }
        "answer" => {
            scene.answer();
            return true;
        }
        "heed" => {
            let id = make::case_id("none");
            scene.apply(&id, Input::Heeded(make::news(words)), "heed");
            return true;
        }
        "stop" => PreferenceChange::OptOut,
        "start" => PreferenceChange::OptIn,
        _ => return false,
    };
    let scope = match words.get(1).copied() {
        Some("marketing") => OptOutScope::Marketing,
        Some("sms") => OptOutScope::Sms,
        Some("email") => OptOutScope::Email,
        _ => OptOutScope::All,
    };
    let said = value(words, "id").map(|id| (EventKey::of_id(id), channel(words)));
    scene.preference(value(words, "phone").unwrap_or(make::PHONE), change, scope, said);
    true
}

fn on_world(scene: &mut Scene, words: &[&str]) -> bool {
    match words[0] {
        "due" => drop(scene.due()),
        "run" => run(scene),
        "sweep" => drop(scene.swept(obligation(words))),
        "lose" => scene.queue.clear(),
        "decide" => {
            let queued = scene.take().expect("a step is under way");
            let input = scene.step_due(&queued);
            scene.slow = Some((queued.clone(), scene.begin(&queued.case, input)));
        }
        "store" => {
            let (queued, draft) = scene.slow.take().expect("a decision is made");
            scene.carry_out(queued, draft);
        }
        "once_more" => {
            let again = scene.delivered[number(words[1]) % scene.delivered.len()].clone();
            scene.deliver(again);
        }
        "stray" => {
            let channel = channel(words);
            let step = StepIndex(u8::try_from(number(words[1])).expect("small"));
            let generation = u32::try_from(number(words[2])).expect("small");
            let case = make::case_id(obligation(words));
            scene.deliver(Queued {
                case,
                step,
                generation,
                channel,
                at: scene.now,
                receives: 0,
                schedule: false,
            });
        }
        "|" => scene.lines.clear(),
        "processor" => {
            if let Some(answer) = value(words, "settled") {
                scene.processor.settlement = answered(answer, |name| make::fact(name).expect("a fact"));
            }
            if let Some(answer) = value(words, "buyer") {
                scene.processor.buyer = answered(answer, found_buyer);
            }
        }
        "letters" => scene.policy.email = true,
        "quiet_hours" => {
            scene.policy.window = recoup_core::SendWindow::from_quiet_hours(words[1]).expect("well formed");
        }
        time => match make::duration(time).filter(|_| time.starts_with(['+', '-'])) {
            Some(time) => scene.advance(time),
            None => return false,
        },
    }
    true
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

fn answered<T>(answer: &str, found: impl FnOnce(&str) -> T) -> Answer<T> {
    match answer {
        "not_asked" => Answer::NotAsked,
        "nothing" => Answer::Nothing,
        "unreachable" => Answer::Unreachable,
        other => Answer::Found(found(other)),
    }
}

fn found_buyer(what: &str) -> BuyerFacts {
    match what {
        "nameless" => BuyerFacts::default(),
        number => BuyerFacts { phone: Some(make::phone(number)), ..make::buyer() },
    }
}

/// Until nothing is under way; the provider takes everything.
pub(crate) fn run(scene: &mut Scene) {
    for _ in 0..200 {
        if !scene.wire.is_empty() {
            scene.concluded(SendOutcome::Accepted { provider_id: Some("wamid.1".to_owned()) }, "accepted");
        } else if scene.queue.is_empty() {
            return;
        } else {
            scene.due();
        }
    }
    panic!("nothing comes to rest:\n{}", scene.lines[scene.lines.len() - 20..].join("\n"));
}

fn show(scene: &mut Scene, words: &[&str]) -> bool {
    let of = obligation(words);
    let line = match words[0] {
        "state" => format!("{of} is {}", scene.state(of).as_str()),
        "trail" => format!("{of} trail: {}", scene.trail(of).join(" ")),
        "ledger" => {
            let entry = |entry: &recoup_core::Entry| {
                format!("{} {} {} after {}", entry.channel, entry.step, entry.state.as_str(), entry.attempt)
            };
            let entries: Vec<_> = scene.ledger(of).iter().map(entry).collect();
            format!("{of} ledger: {}", entries.join(", "))
        }
        "next" => {
            let next = scene.case(of).outreach.as_ref().and_then(|outreach| outreach.next);
            next.map_or_else(
                || format!("{of} next: nothing"),
                |next| {
                    let at = make::clock(next.at);
                    format!("{of} next: {} {} at {at} g{}", next.channel, next.step, next.generation)
                },
            )
        }
        "under_way" => {
            let mut queued: Vec<_> = scene.queue.iter().collect();
            queued.sort_by_key(|queued| queued.at);
            let shown: Vec<_> = queued
                .into_iter()
                .map(|queued| {
                    format!(
                        "{} {} {} at {}",
                        queued.case.obligation,
                        queued.channel,
                        queued.step,
                        make::clock(queued.at)
                    )
                })
                .collect();
            let shown = if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") };
            format!("under way: {shown}")
        }
        "templates" => {
            let templates: Vec<_> = scene.sends.iter().map(|sent| sent.template.as_str()).collect();
            format!("templates: {}", templates.join(", "))
        }
        "tells" => {
            let ends: Vec<_> = scene.ends.iter().map(|ended| ended.state.as_str()).collect();
            format!("told: {}", ends.join(", "))
        }
        "parked" => format!("parked: {}", scene.parked.len()),
        "said" => {
            let text = make::text_of(scene.sends.last().expect("a message went"));
            format!("said: {text}")
        }
        _ => return false,
    };
    scene.lines.push(line);
    true
}

/// The facts that end or freeze a case, by name.
pub(crate) const ENDINGS: [&str; 8] =
    ["paid", "voided", "uncollectible", "cancelled", "refunded", "dispute", "won", "lost"];
