//! One run: what a seed makes happen, until nothing will happen any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};
use recoup_app::engine::Outlets;
use recoup_app::ports::Queue;
use recoup_core::{CaseId, EventKey, Settlement};

use super::chance::Chance;
use super::deployment::{CONSUMED, Deployment, Done, Ended, Work};
use super::history::{History, News, Sent, status_body};
use super::invariants::{View, case_of, check};
use super::outside::{FactTold, Occurrence, REPLIES, Told};
use super::plan::{Plan, Planned};
use crate::{Fault, Lines, Memory, Settings, Stack, meta, seeds};

/// After this time nothing goes wrong any more, so that what was broken can mend.
const TROUBLED: SignedDuration = SignedDuration::from_hours(24 * 24);
/// When a person redrives everything that was parked.
const REDRIVES: [SignedDuration; 3] = [
    SignedDuration::from_hours(6 * 24 + 3),
    SignedDuration::from_hours(25 * 24),
    SignedDuration::from_hours(25 * 24 + 1),
];
/// The last sweep.
const END: SignedDuration = SignedDuration::from_hours(48 * 24);
/// How long a webhook waits for a message to be on its way, before it comes anyway.
const PATIENCE: SignedDuration = SignedDuration::from_hours(80);
/// More choices than any honest run makes.
const CHOICES: u64 = 400_000;

/// What a run is made of. A shorter one is made of less of the same.
#[derive(Debug, Clone)]
pub struct Run {
    /// Repeats every choice that is not written out here.
    pub seed: u64,
    /// What happens outside.
    pub occurrences: Vec<Occurrence>,
    /// What goes wrong.
    pub planned: Vec<Planned>,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Deliveries from outside, the repeated ones included.
    pub events: u64,
    /// Deliveries that were answered 200.
    pub accepted: u64,
    /// Deliveries that were refused because nobody signed them.
    pub refused: u64,
    /// Deliveries that were not answered, or not with 200, and were made again.
    pub repeated: u64,
    /// Cases.
    pub cases: u64,
    /// Messages that providers took.
    pub sent: u64,
    /// Messages in the parked queue in the end.
    pub parked: u64,
    /// Calls that went wrong, deaths included.
    pub faults: u64,
    /// Calls.
    pub calls: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.repeated += other.repeated;
        self.cases += other.cases;
        self.sent += other.sent;
        self.parked += other.parked;
        self.faults += other.faults;
        self.calls += other.calls;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, accepted, refused, repeated, cases, sent, parked, faults, calls } = self;
        write!(
            f,
            "{events} deliveries: {accepted} accepted, {refused} refused, {repeated} made again; {cases} cases, {sent} \
             messages, {parked} parked; {faults} of {calls} calls went wrong"
        )
    }
}

/// A law that a run broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The law.
    pub law: &'static str,
    /// When.
    pub at: Timestamp,
    /// How.
    pub what: String,
}

/// A webhook that is to be delivered.
#[derive(Debug, Clone)]
struct Webhook {
    occurrence: Option<usize>,
    told: Told,
    body: Option<String>,
    racing: bool,
    tries: u32,
}

/// What happens at a time.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Truth(usize),
    Webhook(usize),
    Sweep,
    Redrive,
}

/// Plays a run to its end.
///
/// # Errors
/// The first law that it breaks.
pub fn play(run: &Run) -> Result<Totals, Violation> {
    let lines = Lines::default();
    lines.during(|| Player::new(run, lines.clone()).play(&mut |_| {}))
}

/// Plays a run and writes down, in order, everything that was stored, decided and sent.
pub fn journal(run: &Run) -> Vec<String> {
    let lines = Lines::default();
    let mut journal = Vec::new();
    let mut write = |news: &News| {
        journal.extend(news.lines.iter().map(|line| format!("{line:?}")));
        journal.extend(news.stored.iter().map(|stored| format!("{stored:?}")));
        journal.extend(news.sent.iter().map(|sent| format!("{} {} {:?}", sent.at, sent.claim, sent.texts)));
    };
    // A run that breaks a law is a journal, too.
    let _ = lines.during(|| Player::new(run, lines.clone()).play(&mut write));
    journal
}

struct Player<'a> {
    run: &'a Run,
    chance: Chance,
    plan: Plan,
    deployment: Deployment,
    lines: Lines,
    history: History,
    start: Timestamp,
    skew: SignedDuration,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    numbers: u64,
    webhooks: Vec<Webhook>,
    heard: Vec<&'a FactTold>,
    truth: BTreeMap<CaseId, Settlement>,
    totals: Totals,
}

impl<'a> Player<'a> {
    fn new(run: &'a Run, lines: Lines) -> Self {
        let mut chance = Chance::of(run.seed, 3);
        let outlets = Outlets { slack: true, ..Outlets::default() };
        let settings = Settings { outlets, ..Settings::default() };
        let skew = SignedDuration::from_secs(if chance.one_in(4) { 300 } else { 0 });
        let skews = vec![SignedDuration::ZERO, skew, -skew];
        let workers = [
            Queue::Whatsapp,
            Queue::Whatsapp,
            Queue::Whatsapp,
            Queue::Sms,
            Queue::Sms,
            Queue::HandOff,
            Queue::Spill,
        ];
        let memory = Memory::new(settings.now).gated();
        let start = settings.now;
        let deployment = Deployment::new(memory, settings, &workers, skews);
        let mut player = Self {
            run,
            chance,
            plan: Plan::new(start, run.planned.clone()),
            deployment,
            lines,
            history: History::default(),
            start,
            skew,
            agenda: BTreeMap::new(),
            numbers: 0,
            webhooks: Vec::new(),
            heard: Vec::new(),
            truth: BTreeMap::new(),
            totals: Totals::default(),
        };
        player.set_up();
        player
    }

    fn set_up(&mut self) {
        for (nth, occurrence) in self.run.occurrences.iter().enumerate() {
            let at = self.start + occurrence.at;
            self.note(at, Happening::Truth(nth));
            for delivery in &occurrence.deliveries {
                let webhook = Webhook {
                    occurrence: Some(nth),
                    told: occurrence.told.clone(),
                    body: None,
                    racing: delivery.racing,
                    tries: 0,
                };
                self.deliver_at(at + delivery.after, webhook);
            }
        }
        for after in REDRIVES {
            self.note(self.start + after, Happening::Redrive);
        }
        let mut day = SignedDuration::from_hours(20);
        while day <= END {
            self.note(self.start + day, Happening::Sweep);
            day += SignedDuration::from_hours(24);
        }
    }

    fn note(&mut self, at: Timestamp, happening: Happening) {
        self.numbers += 1;
        self.agenda.insert((at, self.numbers), happening);
    }

    fn deliver_at(&mut self, at: Timestamp, webhook: Webhook) {
        self.webhooks.push(webhook);
        self.note(at, Happening::Webhook(self.webhooks.len() - 1));
    }

    fn now(&self) -> Timestamp {
        self.deployment.memory.time()
    }

    fn play(mut self, watch: &mut dyn FnMut(&News)) -> Result<Totals, Violation> {
        for _ in 0..CHOICES {
            let ended = match self.choose() {
                Choice::Step(ended) => ended,
                Choice::Over => return self.finish(),
            };
            let news = self.history.look(&self.deployment.memory, &self.lines);
            watch(&news);
            self.take_in(&news, ended.as_ref());
            self.hold(&news, ended.as_ref(), false)?;
        }
        Err(Violation { law: "I9", at: self.now(), what: "the run does not come to rest".to_owned() })
    }

    /// One choice: a call goes through, something starts, or time passes.
    fn choose(&mut self) -> Choice {
        let waiting = self.deployment.memory.at_gate();
        if !waiting.is_empty() && !self.chance.one_in(8) {
            let (ticket, lane, call) = *self.chance.pick(&waiting);
            let now = self.now();
            let troubled = now.duration_since(self.start) < TROUBLED;
            let fault = if troubled { self.plan.fault(call, now) } else { Fault::Pass };
            self.totals.calls += 1;
            self.totals.faults += u64::from(fault != Fault::Pass);
            return Choice::Step(self.deployment.let_through(ticket, lane, fault));
        }
        if let Some(start) = self.something_due() {
            return Choice::Step(self.start(start));
        }
        if !waiting.is_empty() {
            return Choice::Step(None);
        }
        let memory = &self.deployment.memory;
        let next = [memory.next_visible(), memory.next_schedule(), self.next_happening()];
        match next.into_iter().flatten().min() {
            Some(next) => {
                memory.set_now(next.max(memory.time()));
                Choice::Step(None)
            }
            None => Choice::Over,
        }
    }

    /// Something that is due; `None` when nothing is.
    fn something_due(&mut self) -> Option<Start> {
        let memory = &self.deployment.memory;
        memory.fire_due();
        let queues: Vec<_> = CONSUMED
            .into_iter()
            .filter(|queue| self.deployment.has_free(*queue) && !memory.visible(*queue).is_empty())
            .collect();
        let due = self.due();
        if queues.is_empty() && due.is_none() {
            return None;
        }
        if let Some(key) = due.filter(|_| queues.is_empty() || self.chance.one_in(2)) {
            let happening = self.agenda.remove(&key)?;
            return Some(Start::Happening(happening));
        }
        let queue = *self.chance.pick(&queues);
        let visible = self.deployment.memory.visible(queue);
        let first = self.chance.below(visible.len());
        let count = 1 + self.chance.below(10);
        let ids: Vec<_> =
            visible.iter().cycle().skip(first).take(count.min(visible.len())).cloned().collect();
        Some(Start::Batch(queue, ids))
    }

    fn start(&mut self, start: Start) -> Option<Ended> {
        match start {
            Start::Happening(happening) => self.happen(happening),
            Start::Batch(queue, ids) => self.deployment.start_batch(queue, &ids),
        }
    }

    /// What is due: the first of the agenda, or a webhook that waited for a message to be on its way.
    fn due(&self) -> Option<(Timestamp, u64)> {
        let now = self.now();
        let on_its_way =
            self.deployment.at_work().any(|(_, work)| matches!(work, Work::Batch(Queue::Whatsapp, _)));
        let mut keys = self.agenda.iter().take_while(|((at, _), _)| *at <= now);
        keys.find(|((at, _), happening)| {
            !self.is_racing(happening) || on_its_way || now.duration_since(*at) >= PATIENCE
        })
        .map(|(key, _)| *key)
    }

    fn is_racing(&self, happening: &Happening) -> bool {
        match happening {
            Happening::Webhook(nth) => self.webhooks[*nth].racing,
            Happening::Truth(_) | Happening::Sweep | Happening::Redrive => false,
        }
    }

    /// When something of the agenda becomes due by time alone.
    fn next_happening(&self) -> Option<Timestamp> {
        let due = |((at, _), happening): (&(Timestamp, u64), &Happening)| {
            let waits = self.is_racing(happening) && *at <= self.now();
            if waits { at.saturating_add(PATIENCE).unwrap_or(*at) } else { *at }
        };
        self.agenda.iter().map(due).min()
    }

    fn happen(&mut self, happening: Happening) -> Option<Ended> {
        match happening {
            Happening::Sweep => self.deployment.start_sweep(),
            Happening::Redrive => {
                self.deployment.memory.redrive_parked();
                None
            }
            Happening::Truth(nth) => {
                let occurrence = &self.run.occurrences[nth];
                if let Some((path, object)) = &occurrence.truth {
                    self.deployment.memory.put_stripe_object(path, object.clone());
                }
                if let Told::Fact(fact) = &occurrence.told {
                    for obligation in [Some(&fact.obligation), fact.also.as_ref()].into_iter().flatten() {
                        let known = self.truth.entry(case_of(obligation)).or_default();
                        *known = known.union(fact.settlement);
                    }
                }
                None
            }
            Happening::Webhook(nth) => self.start_webhook(nth),
        }
    }

    fn start_webhook(&mut self, nth: usize) -> Option<Ended> {
        let memory = &self.deployment.memory;
        let now = memory.time();
        let webhook = &mut self.webhooks[nth];
        if let Told::Poison(queue, body) = webhook.told {
            memory.drop_into(queue, body);
            return None;
        }
        let (body, of_provider, signed) = match &webhook.body {
            Some(body) => (body.clone(), true, true),
            None => webhook.told.body(now)?,
        };
        // What a buyer said is said once, however often it is delivered.
        if of_provider {
            webhook.body = Some(body.clone());
        }
        match &webhook.told {
            Told::Reply { phone, at, .. } => self.history.hear(phone, meta::inbound_id(at.as_second())),
            // Each delivery of a word is another message.
            Told::Word { phone, .. } => self.history.hear(phone, format!("word {nth}")),
            Told::Fact(_)
            | Told::Forged(_)
            | Told::Unreadable(_)
            | Told::ForeignStatus(_)
            | Told::Notice(_)
            | Told::Poison(..) => {}
        }
        self.totals.events += 1;
        let request = if of_provider {
            Stack::request("meta", meta::sign(body.as_bytes(), seeds::APP_SECRET), body)
        } else {
            let secret = if signed { seeds::SIGNING_SECRET } else { "whsec_of_somebody_else" };
            Stack::request("stripe", crate::stripe::sign(body.as_bytes(), secret, now), body)
        };
        self.deployment.start_webhook(nth, request, of_provider)
    }

    /// What the outside does about what happened: it delivers again, and tells what became of messages.
    fn take_in(&mut self, news: &News, ended: Option<&Ended>) {
        for sent in &news.sent {
            self.totals.sent += 1;
            self.statuses_of(sent);
        }
        self.welcome_back();
        let Some(Ended { work: Work::Webhook(nth), done, .. }) = ended else { return };
        let webhook = self.webhooks[*nth].clone();
        match done {
            Done::Answered(200) => {
                self.totals.accepted += 1;
                if let (Some(nth), Told::Fact(_)) = (webhook.occurrence, &webhook.told)
                    && let Told::Fact(fact) = &self.run.occurrences[nth].told
                {
                    self.heard.push(fact);
                }
                self.hear_word(&webhook.told);
                if let Told::Reply { text, at, .. } = &webhook.told
                    && REPLIES.iter().any(|(reply, for_a_person)| reply == text && *for_a_person)
                {
                    self.history.for_a_person.insert(hand_off_id(&meta::inbound_id(at.as_second())));
                }
            }
            Done::Answered(401 | 400) => self.totals.refused += 1,
            Done::Answered(_) | Done::Again(_) | Done::Swept(_) | Done::Died => {
                self.totals.repeated += 1;
                let pause = SignedDuration::from_mins(1 << webhook.tries.min(11));
                let at = self.now() + pause;
                self.deliver_at(at, Webhook { racing: false, tries: webhook.tries + 1, ..webhook });
            }
        }
    }

    /// A word that was applied; one that is kept for later counts when it is applied.
    fn hear_word(&mut self, told: &Told) {
        let Told::Word { phone, stop } = told else { return };
        let opted_out = self.deployment.memory.opted_out(phone);
        if *stop && opted_out {
            self.history.silenced.insert(phone.clone());
        } else if !opted_out {
            self.history.silenced.remove(phone);
        } else {
            self.history.returning.insert(phone.clone());
        }
    }

    /// Those whose word was kept and has been applied now.
    fn welcome_back(&mut self) {
        let memory = &self.deployment.memory;
        let words = std::mem::take(&mut self.history.returning).into_iter();
        let (waiting, back): (BTreeSet<_>, BTreeSet<_>) = words.partition(|phone| memory.opted_out(phone));
        self.history.returning = waiting;
        self.history.silenced.retain(|phone| !back.contains(phone));
    }

    /// The statuses of a message: late, doubled, out of order, or none at all.
    fn statuses_of(&mut self, sent: &Sent) {
        if sent.claim.channel != recoup_core::Channel::Whatsapp {
            return;
        }
        let told: &[(&str, Option<i64>)] = match self.chance.below(10) {
            0..=2 => &[],
            3 => &[("failed", Some(131_026))],
            4 => &[("sent", None), ("failed", Some(131_049))],
            5 => &[("read", None), ("delivered", None), ("sent", None), ("sent", None)],
            _ => &[("sent", None), ("delivered", None), ("read", None)],
        };
        for (reached, error) in told {
            let longest = *self.chance.pick(&[2, 60, 7_200, 200_000]);
            let after = self.chance.time(SignedDuration::ZERO, SignedDuration::from_secs(longest));
            if error.is_some() {
                self.history.failed.push(sent.claim.token.clone());
            }
            let webhook = Webhook {
                occurrence: None,
                told: Told::ForeignStatus(sent.claim.to_string()),
                body: Some(status_body(sent, reached, *error).to_string()),
                racing: false,
                tries: 0,
            };
            self.deliver_at(self.now() + after, webhook);
        }
    }

    fn hold(&self, news: &News, ended: Option<&Ended>, over: bool) -> Result<(), Violation> {
        let told = ended.and_then(|ended| match ended.work {
            Work::Webhook(nth) => Some(&self.webhooks[nth].told),
            Work::Batch(..) | Work::Sweep => None,
        });
        let view = View {
            memory: &self.deployment.memory,
            settings: self.deployment.settings(),
            history: &self.history,
            news,
            ended: ended.map(|ended| (ended, told)),
            heard: &self.heard,
            true_by_now: &self.truth,
            skew: self.skew,
            calm: self.run.planned.is_empty() && self.skew.is_zero(),
            over,
        };
        check(&view).map_err(|(law, what)| Violation { law, at: self.now(), what })
    }

    fn finish(mut self) -> Result<Totals, Violation> {
        let news = self.history.look(&self.deployment.memory, &self.lines);
        self.hold(&news, None, true)?;
        let memory = &self.deployment.memory;
        self.totals.cases = memory.cases().len().try_into().unwrap_or(u64::MAX);
        self.totals.parked = memory.waiting(Queue::Parked).len().try_into().unwrap_or(u64::MAX);
        Ok(self.totals)
    }
}

/// The id that the hand-off of a reply carries.
fn hand_off_id(message: &str) -> String {
    format!("ho_{:016x}", u64::from_be_bytes(EventKey::of_id(message).0))
}

/// Something to start.
enum Start {
    Happening(Happening),
    Batch(Queue, Vec<String>),
}

enum Choice {
    Step(Option<Ended>),
    Over,
}
