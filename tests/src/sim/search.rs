//! Exhaustive search: every order in which the production code of a few processes can interleave, with every placement of a
//! few faults.
//!
//! A state is what the world holds and what every process at work has been told so far, which is all its code can know.
//! States are reached by playing the choices that lead there from the start; one that was seen is not gone on from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::Queue;
use recoup_core::{Channel, SendState, StepIndex};
use serde_json::json;

use super::deployment::{Deployment, Done, Ended, Work};
use super::history::{History, News};
use super::invariants::{LAWS, View, case_of};
use super::outside::{FactTold, Told};
use crate::{Call, Fault, Lane, Lines, Memory, Oddity, Settings, Stack, Ticket, stripe};

/// What may go wrong, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Deaths.
    pub crashes: u8,
    /// Webhooks that come again, and messages that come to a second process while the first is at work.
    pub duplicates: u8,
    /// Writes whose answer is lost, so that the client's retry meets its own deed.
    pub lost_answers: u8,
    /// Sends of which nobody knows whether they arrived.
    pub timeouts: u8,
    /// Sends that WhatsApp refuses for good, so that SMS takes over.
    pub refusals: u8,
}

/// What is searched.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its name.
    pub name: &'static str,
    /// What may go wrong.
    pub budget: Budget,
    /// Whether the failure has been told before the search begins.
    pub opened: bool,
    /// Processes that send by WhatsApp.
    pub workers: usize,
}

/// The questions that are asked of every version: reliability, section 2.
pub const QUESTIONS: [Question; 3] = [
    Question {
        name: "ingest: a failure and a payment in any order, one told twice",
        budget: Budget { crashes: 2, duplicates: 1, lost_answers: 1, timeouts: 0, refusals: 0 },
        opened: false,
        workers: 0,
    },
    Question {
        name: "send: two senders, a payment at any instant",
        budget: Budget { crashes: 2, duplicates: 1, lost_answers: 1, timeouts: 1, refusals: 0 },
        opened: true,
        workers: 2,
    },
    Question {
        name: "fall back: WhatsApp refuses, SMS takes over, a payment at any instant",
        budget: Budget { crashes: 1, duplicates: 1, lost_answers: 0, timeouts: 1, refusals: 1 },
        opened: true,
        workers: 1,
    },
];

/// One choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A call goes through.
    Let(Ticket, Lane, Fault),
    /// A process dies.
    Kill(Lane),
    /// A webhook is delivered: the failure, or the payment.
    Tell(usize),
    /// A visible message of a queue goes to a free process, by its kind.
    Receive(Queue, usize),
    /// A message in work becomes visible again.
    Reappear(Queue),
    /// Time passes to the next thing that is due.
    Wait,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// States.
    pub states: u64,
    /// Choices made in them.
    pub choices: u64,
    /// States from which nothing but the sweep goes on.
    pub ends: u64,
    /// Ends in which the buyer got the message.
    pub told: u64,
    /// Violations.
    pub broken: u64,
    /// The first few of them, with the choices that lead there.
    pub violations: Vec<String>,
}

impl Found {
    fn note(&mut self, what: &str, path: &[Choice]) {
        self.broken += 1;
        if self.violations.len() < 10 {
            self.violations.push(format!("{what}: {path:?}"));
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, choices, ends, told, broken, .. } = self;
        write!(
            f,
            "{states} states, {choices} choices, {ends} ends ({told} with a message), {broken} violations"
        )
    }
}

/// What the threads of a search share.
#[derive(Default)]
struct Shared {
    found: Found,
    seen: BTreeSet<u64>,
    /// Where somebody must still go.
    paths: Vec<Vec<Choice>>,
    /// Threads that are on their way and may add to it.
    walking: usize,
}

/// Looks at every state.
pub fn search(question: &Question) -> Found {
    let shared = Mutex::new(Shared { paths: vec![Vec::new()], ..Shared::default() });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let path = {
                        let mut shared = locked(&shared);
                        let path = shared.paths.pop();
                        shared.walking += usize::from(path.is_some());
                        if path.is_none() && shared.walking == 0 {
                            return;
                        }
                        path
                    };
                    match path {
                        Some(path) => {
                            walk(question, path, &shared);
                            locked(&shared).walking -= 1;
                        }
                        None => std::thread::yield_now(),
                    }
                }
            });
        }
    });
    shared.into_inner().unwrap_or_else(PoisonError::into_inner).found
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Goes on from a place as far as there are new states, and leaves the ways not taken to whoever comes next.
fn walk(question: &Question, mut path: Vec<Choice>, shared: &Mutex<Shared>) {
    let (mut place, mut broken) = Place::reach(question, &path);
    loop {
        let print = place.fingerprint();
        let choices = place.choices();
        let end = choices.is_empty().then(|| place.end());
        let mut shared = locked(shared);
        if let Some((law, what)) = broken {
            shared.found.note(&format!("{law}: {what}"), &path);
            return;
        }
        if !shared.seen.insert(print) {
            return;
        }
        shared.found.states += 1;
        if let Some((told, lost)) = end {
            shared.found.ends += 1;
            shared.found.told += u64::from(told);
            if let Some(what) = lost {
                shared.found.note(&what, &path);
            }
        }
        let Some((first, others)) = choices.split_first() else { return };
        shared.found.choices += u64::try_from(choices.len()).unwrap_or_default();
        shared.paths.extend(others.iter().map(|choice| path.iter().chain([choice]).copied().collect()));
        drop(shared);
        path.push(*first);
        broken = place.go(*first);
    }
}

/// A state, reached by a path of choices.
struct Place {
    deployment: Deployment,
    history: History,
    budget: Budget,
    given: Budget,
    facts: [FactTold; 2],
    /// For each fact: how often it was answered 200, and how often not.
    heard: [(u8, u8); 2],
    /// Nothing is logged: a search has no reader.
    lines: Lines,
    horizon: Timestamp,
    /// Whether anybody works on steps; without, the queue is where a run ends.
    senders: bool,
}

type Broken = Option<(&'static str, String)>;

impl Place {
    /// Plays a path; what its last choice broke.
    fn reach(question: &Question, path: &[Choice]) -> (Self, Broken) {
        let mut place = Self::start(question);
        let mut broken = None;
        for (nth, choice) in path.iter().enumerate() {
            if nth + 1 == path.len() {
                broken = place.go(*choice);
            } else {
                // What comes before was looked at when it was new.
                place.take(*choice);
                place.history.look(&place.deployment.memory, &place.lines);
            }
        }
        (place, broken)
    }

    fn start(question: &Question) -> Self {
        let mut settings = Settings::default();
        settings.policy.window = None;
        settings.policy.verify_before_send = false;
        // Two calls more for each step, and nothing that could be sent twice for it.
        settings.policy.success_gap = SignedDuration::ZERO;
        settings.policy.first_delay = SignedDuration::ZERO;
        let memory = Memory::new(settings.now).gated_with_history();
        let horizon = settings.now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(settings.now);
        let mut workers = vec![Queue::Whatsapp; question.workers];
        workers.extend((question.workers > 0).then_some(Queue::Sms));
        let deployment = Deployment::new(memory, settings, &workers, Vec::new());
        let mut place = Self {
            deployment,
            history: History::default(),
            budget: question.budget,
            given: question.budget,
            facts: facts(),
            heard: [(0, 0); 2],
            lines: Lines::default(),
            horizon,
            senders: question.workers > 0,
        };
        if question.opened {
            place.take(Choice::Tell(0));
            while let Some((ticket, lane, _)) = place.deployment.memory.at_gate().first().copied() {
                place.take(Choice::Let(ticket, lane, Fault::Pass));
            }
        }
        place
    }

    fn choices(&self) -> Vec<Choice> {
        let memory = &self.deployment.memory;
        let waiting = memory.at_gate();
        // What only one process sees commutes with everything the others do: it is enough to look at it first.
        if let Some((ticket, lane, call)) = first_own_affair(&waiting) {
            let kill = (self.budget.crashes > 0 && !memory.learned_by(*lane).read_last)
                .then_some(Choice::Kill(*lane));
            return self.ways_through(*ticket, *lane, *call).chain(kill).collect();
        }
        let mut choices: Vec<_> = waiting
            .into_iter()
            .flat_map(|(ticket, lane, call)| self.ways_through(ticket, lane, call))
            .collect();
        let mut idle = true;
        for (lane, work) in self.deployment.at_work() {
            idle = false;
            if self.budget.crashes > 0 && !memory.learned_by(lane).read_last {
                choices.push(Choice::Kill(lane));
            }
            if let (Work::Batch(queue, _), true) = (work, self.budget.duplicates > 0) {
                choices.push(Choice::Reappear(*queue));
            }
        }
        for (nth, (answered, refused)) in self.heard.iter().enumerate() {
            let at_work = self.deployment.at_work().any(|(_, work)| *work == Work::Webhook(nth));
            let again = *answered == 0 && *refused < 4
                || *answered > 0 && self.budget.duplicates > 0 && !self.senders;
            if again && !at_work {
                choices.push(Choice::Tell(nth));
            }
        }
        for queue in [Queue::Whatsapp, Queue::Sms] {
            if self.deployment.has_free(queue) {
                let kinds = memory.visible_kinds(queue).len();
                choices.extend((0..kinds).map(|kind| Choice::Receive(queue, kind)));
            }
        }
        let busy = choices.iter().any(|choice| matches!(choice, Choice::Receive(..)));
        if idle && !busy && self.next().is_some() {
            choices.push(Choice::Wait);
        }
        choices
    }

    fn ways_through(&self, ticket: Ticket, lane: Lane, call: Call) -> impl Iterator<Item = Choice> + use<> {
        let faults = [Fault::Pass].into_iter().chain(self.faults_of(call));
        faults.map(move |fault| Choice::Let(ticket, lane, fault))
    }

    /// When the next thing is due before the search ends.
    fn next(&self) -> Option<Timestamp> {
        let memory = &self.deployment.memory;
        let next = [memory.next_visible(), memory.next_schedule()].into_iter().flatten().min();
        next.filter(|next| self.senders && *next <= self.horizon)
    }

    fn faults_of(&self, call: Call) -> Vec<Fault> {
        let Budget { lost_answers, timeouts, refusals, .. } = self.budget;
        let written =
            matches!(call, Call::CommitCase | Call::CommitRecipient | Call::Push(_) | Call::CreateSchedule);
        let sent = matches!(call, Call::Perform | Call::SendText);
        let lost = (written && lost_answers > 0).then_some(Fault::LoseAnswer);
        let unknown =
            [Fault::LoseAnswer, Fault::Odd(Oddity::Unknown)].into_iter().filter(|_| sent && timeouts > 0);
        let refused =
            (call == Call::Perform && refusals > 0).then_some(Fault::Odd(Oddity::GraphError(400, 131_026)));
        lost.into_iter().chain(unknown).chain(refused).collect()
    }

    /// Makes a choice and checks every law.
    fn go(&mut self, choice: Choice) -> Broken {
        let ended = self.take(choice);
        let news = self.history.look(&self.deployment.memory, &self.lines);
        self.hold(&news, ended.as_ref())
    }

    fn take(&mut self, choice: Choice) -> Option<Ended> {
        let memory = self.deployment.memory.clone();
        let ended = match choice {
            Choice::Let(ticket, lane, fault) => {
                let call =
                    memory.at_gate().into_iter().find(|(other, ..)| *other == ticket).map(|(.., call)| call);
                self.spend(call, fault);
                self.deployment.let_through(ticket, lane, fault)
            }
            Choice::Kill(lane) => {
                self.budget.crashes -= 1;
                self.deployment.kill(lane)
            }
            Choice::Tell(nth) => {
                if self.heard[nth].0 > 0 {
                    self.budget.duplicates -= 1;
                }
                let body = self.facts[nth].body.clone();
                let headers = stripe::sign(body.as_bytes(), crate::seeds::SIGNING_SECRET, memory.time());
                self.deployment.start_webhook(nth, Stack::request("stripe", headers, body), false)
            }
            Choice::Receive(queue, kind) => {
                let one: Vec<_> = memory.visible_kinds(queue).into_iter().skip(kind).take(1).collect();
                self.deployment.start_batch(queue, &one)
            }
            Choice::Reappear(queue) => {
                self.budget.duplicates -= 1;
                memory.reappear(queue);
                None
            }
            Choice::Wait => {
                if let Some(next) = self.next() {
                    memory.set_now(next.max(memory.time()));
                }
                memory.fire_due();
                None
            }
        };
        if let Some(Ended { work: Work::Webhook(nth), done, .. }) = &ended {
            let (answered, refused) = &mut self.heard[*nth];
            *(if *done == Done::Answered(200) { answered } else { refused }) += 1;
        }
        ended
    }

    fn spend(&mut self, call: Option<Call>, fault: Fault) {
        let send = matches!(call, Some(Call::Perform | Call::SendText));
        match fault {
            Fault::Odd(Oddity::GraphError(..)) => self.budget.refusals -= 1,
            Fault::Odd(_) => self.budget.timeouts -= 1,
            Fault::LoseAnswer if send => self.budget.timeouts -= 1,
            Fault::LoseAnswer => self.budget.lost_answers -= 1,
            Fault::Pass
            | Fault::Refuse
            | Fault::LoseEveryAnswer
            | Fault::DieBefore
            | Fault::DieAfter
            | Fault::Panic => {}
        }
    }

    fn hold(&self, news: &News, ended: Option<&Ended>) -> Broken {
        let told = ended.and_then(|ended| match ended.work {
            Work::Webhook(nth) => Some(Told::Fact(Box::new(self.facts[nth].clone()))),
            Work::Batch(..) | Work::Sweep => None,
        });
        let nothing = BTreeMap::new();
        let view = View {
            memory: &self.deployment.memory,
            settings: self.deployment.settings(),
            history: &self.history,
            news,
            ended: ended.map(|ended| (ended, told.as_ref())),
            heard: &[],
            true_by_now: &nothing,
            skew: SignedDuration::ZERO,
            calm: false,
            over: false,
        };
        LAWS.iter().find_map(|(name, law)| law(&view).err().map(|what| (*name, what)))
    }

    /// What must be true where nothing goes on by itself; whether the buyer was told, and what is broken.
    fn end(&self) -> (bool, Option<String>) {
        let case = self.deployment.memory.case(&case_of("in_1"));
        let sent = |channel| self.history.taken(&case_of("in_1"), StepIndex(0), channel).len();
        let told = sent(Channel::Whatsapp) + sent(Channel::Sms) > 0;
        let Some(case) = case else {
            let heard = self.heard.iter().any(|(answered, _)| *answered > 0);
            return (told, heard.then(|| "a fact was answered and there is no case".to_owned()));
        };
        if self.heard[1].0 > 0 && case.is_open() {
            return (told, Some("the payment was answered and the case is open".to_owned()));
        }
        let entry = case
            .outreach
            .as_ref()
            .and_then(|outreach| outreach.ledger.iter().find(|entry| entry.step == StepIndex(0)));
        let unknown =
            entry.is_some_and(|entry| matches!(entry.state, SendState::Claimed | SendState::Unknown));
        // Without a death and a send nobody knows of, a buyer who did not pay is told.
        let whole = self.budget.crashes == self.given.crashes && self.budget.timeouts == self.given.timeouts;
        if self.senders && case.is_open() && !told && whole {
            let state = entry.map(|entry| entry.state);
            return (told, Some(format!("a step is lost though nothing died: {state:?}")));
        }
        let queued = !self.deployment.memory.visible(Queue::Whatsapp).is_empty();
        if !self.senders && case.is_open() && !queued {
            return (told, Some("the failure was answered and its step is not queued".to_owned()));
        }
        // After a death, what is not claimed is found by the sweep.
        let lost = case.is_open() && !told && !unknown && recoup_core::owed(&case, self.horizon).is_empty();
        (told, lost.then(|| "a step is lost and nothing would bring it back".to_owned()))
    }

    /// What tells this state from others.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.budget.hash(&mut hasher);
        self.heard.hash(&mut hasher);
        self.deployment.memory.describe().hash(&mut hasher);
        let memory = &self.deployment.memory;
        let in_words = |work: &Work| match work {
            Work::Batch(queue, ids) => format!("{queue:?} {:?}", memory.in_words(*queue, ids)),
            Work::Webhook(_) | Work::Sweep => format!("{work:?}"),
        };
        let at_work = self.deployment.at_work();
        let mut at_work: Vec<_> =
            at_work.map(|(lane, work)| (in_words(work), lane, memory.learned_by(lane))).collect();
        at_work.sort();
        at_work.hash(&mut hasher);
        self.history
            .sent
            .values()
            .flatten()
            .map(|sent| sent.claim.to_string())
            .collect::<Vec<_>>()
            .hash(&mut hasher);
        hasher.finish()
    }
}

/// The same one of them, by whichever path the state was reached.
fn first_own_affair(waiting: &[(Ticket, Lane, Call)]) -> Option<&(Ticket, Lane, Call)> {
    waiting.iter().filter(|(.., call)| is_own_affair(*call)).min_by_key(|(_, lane, call)| (*lane, *call))
}

/// Whether a call neither reads nor changes what another process at work reads. The standing with the providers is read by
/// every sender; no provider of a search says anything that would change it.
fn is_own_affair(call: Call) -> bool {
    assert!(call != Call::CommitStanding, "nobody changes the standing in a search");
    matches!(
        call,
        Call::LoadStanding
            | Call::Push(_)
            | Call::Postpone
            | Call::CreateSchedule
            | Call::DeleteSchedule
            | Call::Perform
            | Call::SendText
    )
}

/// The failure and the payment of one invoice.
fn facts() -> [FactTold; 2] {
    let told = |event: &str, kind: &str, fact: Option<recoup_core::Fact>, failed| {
        let settlement = fact.as_ref().map(recoup_core::Settlement::of).unwrap_or_default();
        let object =
            stripe::with(stripe::invoice("in_1"), "/status", json!(if failed { "open" } else { "paid" }));
        FactTold {
            obligation: "in_1".to_owned(),
            also: None,
            event: event.to_owned(),
            kind: kind.to_owned(),
            body: stripe::event(event, kind, object).to_string(),
            settlement,
            failed: failed.then_some(1),
        }
    };
    [
        told("evt_1", "invoice.payment_failed", None, true),
        told("evt_2", "invoice.paid", Some(recoup_core::Fact::Paid), false),
    ]
}
