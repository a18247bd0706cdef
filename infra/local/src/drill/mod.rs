//! A drill: thousands of events at once, with duplicates, reorders, forgeries and payments that race steps, and a count of
//! what became of them.

mod count;
mod plan;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use jiff::SignedDuration;
use reqwest::Method;

use crate::LocalError;
use crate::screen::Screen;
use crate::stack::Stack;

pub use count::{Answered, Count, Seen};
pub use plan::{Delivery, Obligation, Plan, Round, Said};

/// A little more than the template's `FirstDelaySeconds`.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(125);
/// Two hours more than three days: days are counted on the buyer's calendar, where one may have 25 hours.
const TO_DAY_3: SignedDuration = SignedDuration::from_hours(74);
/// How often an event is delivered that is not answered 2xx, as a processor does.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(500);
/// Nothing more happens: a step that is due for so long is not sent any more.
const STANDSTILL: Duration = Duration::from_mins(4);
const FORGER: &str = "whsec_0123456789abcdef0123456789abcdef";

/// A round in which steps are sent, and what its two parts are called.
type Steps = (Round, &'static str, &'static str);
const FIRST_STEP: Steps = (Round::FirstStep, "payments racing the first steps", "first steps");
const SECOND_STEP: Steps = (Round::SecondStep, "payments racing the second steps", "second steps, Day 3");

/// The size of a drill.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How many events are delivered.
    pub events: usize,
    /// What decides their bodies and their order.
    pub seed: u64,
    /// How many are on their way at once.
    pub at_once: usize,
}

/// What a drill found, and how long it took.
#[derive(Debug, Clone)]
pub struct Drilled {
    /// The count.
    pub count: Count,
    /// The parts, in order.
    pub parts: Vec<(&'static str, Duration)>,
    /// Events answered in a second, while they were delivered and nothing else was due.
    pub delivered_per_second: f64,
    /// Events in a second with all that followed from them, up to the end.
    pub events_per_second: f64,
}

/// Plays a drill on a stack that has seen nothing else.
///
/// # Errors
/// [`LocalError`] when the stack does not answer, or comes to a standstill with steps due.
pub async fn play(stack: &Stack, size: Size, screen: &mut dyn Screen) -> Result<Drilled, LocalError> {
    let plan = Plan::new(size.seed, size.events)?;
    let mut drill = Drill { stack, screen, plan, seen: Seen::default(), parts: Vec::new() };
    drill.put(size.at_once).await?;
    let began = Instant::now();
    let opening = drill.deliver("events", Round::Opening, size.at_once).await?;
    drill.pass(FIRST_STEP, FIRST_DELAY, size.at_once).await?;
    drill.pass(SECOND_STEP, TO_DAY_3, size.at_once).await?;
    let all = began.elapsed();
    drill.look().await?;
    let count = Count::of(&drill.plan, &drill.seen);
    let delivered = drill.plan.deliveries.iter().filter(|delivery| delivery.round == Round::Opening).count();
    Ok(Drilled {
        count,
        parts: drill.parts,
        delivered_per_second: rate(delivered, opening),
        events_per_second: rate(size.events, all),
    })
}

struct Drill<'a> {
    stack: &'a Stack,
    screen: &'a mut dyn Screen,
    plan: Plan,
    seen: Seen,
    parts: Vec<(&'static str, Duration)>,
}

impl Drill<'_> {
    /// Puts the open invoices into the merchant's account. They stay open there: nothing but the paid event stops a step.
    async fn put(&mut self, at_once: usize) -> Result<(), LocalError> {
        let genuine = self.plan.obligations.iter().filter(|obligation| !obligation.forged);
        let base = self.stack.file.stub("stripe")?;
        let puts = genuine.map(async |obligation| {
            let url = format!("{base}/v1/invoices/{}", obligation.invoice.id);
            let object = obligation.invoice.object("open", 1);
            self.stack.http.json(Method::PUT, &url, Some(&object)).await.map(drop)
        });
        let mut putting = futures_util::stream::iter(puts).buffer_unordered(at_once);
        while let Some(put) = putting.next().await {
            put?;
        }
        Ok(())
    }

    /// Delivers the events of a round, so many at once; returns how long that took.
    async fn deliver(
        &mut self,
        what: &'static str,
        round: Round,
        at_once: usize,
    ) -> Result<Duration, LocalError> {
        let began = Instant::now();
        let (stack, plan) = (self.stack, &self.plan);
        self.seen.answers.resize(plan.deliveries.len(), None);
        let chosen: Vec<usize> =
            (0..plan.deliveries.len()).filter(|at| plan.deliveries[*at].round == round).collect();
        let of = chosen.len();
        let posts = chosen.into_iter().map(async |at| (at, post(stack, &plan.deliveries[at]).await));
        let mut posting = futures_util::stream::iter(posts).buffer_unordered(at_once);
        let mut done = 0;
        while let Some((at, answered)) = posting.next().await {
            self.seen.answers[at] = answered?;
            done += 1;
            self.screen.progress(what, done, of);
        }
        drop(posting);
        let took = began.elapsed();
        self.screen.end(what, took);
        self.parts.push((what, took));
        Ok(took)
    }

    /// Moves the clock so that steps are due, delivers the payments that race them, and waits until nothing is due.
    async fn pass(
        &mut self,
        (round, payments, steps): Steps,
        span: SignedDuration,
        at_once: usize,
    ) -> Result<(), LocalError> {
        let now = self.stack.clock.now()?;
        if let Some(step) = round.step() {
            self.seen.rounds.insert(step, now);
        }
        let time = now.checked_add(span).map_err(|error| LocalError::Answer {
            what: "move the clock".into(),
            found: error.to_string(),
        })?;
        self.stack.clock.forward_to(time)?;
        self.deliver(payments, round, at_once).await?;
        let began = Instant::now();
        self.await_quiet(steps).await?;
        let took = began.elapsed();
        self.screen.end(steps, took);
        self.parts.push((steps, took));
        Ok(())
    }

    /// Waits until no case has a step due and no queue holds one.
    async fn await_quiet(&mut self, what: &'static str) -> Result<(), LocalError> {
        let (mut most, mut least, mut moved, mut quiet_before) = (0, usize::MAX, Instant::now(), false);
        loop {
            let waiting = self.waiting().await?;
            if waiting == 0 && quiet_before {
                return Ok(());
            }
            quiet_before = waiting == 0;
            most = most.max(waiting);
            self.screen.progress(what, most - waiting, most);
            if waiting < least {
                (least, moved) = (waiting, Instant::now());
            }
            if moved.elapsed() > STANDSTILL {
                return Err(LocalError::Deadline {
                    what: what.to_owned(),
                    seconds: STANDSTILL.as_secs(),
                    seen: format!("{waiting} steps due or queued"),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// How many steps are due: by the table, or in a queue.
    async fn waiting(&self) -> Result<usize, LocalError> {
        let mut queued = 0;
        for name in ["whatsapp", "sms", "push", "handoff", "spill"] {
            let depth = self.stack.emulator.depth(self.stack.file.queue(name)?).await?;
            queued += depth.visible + depth.in_flight;
        }
        let now = self.stack.clock.now()?.as_millisecond();
        let items = self.stack.emulator.items().await?;
        let due = items.iter().filter(|item| {
            let next = item.get("na").and_then(|at| at["N"].as_str()?.parse::<i64>().ok());
            let open = item.get("st").is_some_and(|state| state["S"] == "open");
            open && next.is_some_and(|next| next <= now)
        });
        Ok(due.count().max(usize::try_from(queued).unwrap_or(usize::MAX)))
    }

    /// Looks at stubs, table and queues.
    async fn look(&mut self) -> Result<(), LocalError> {
        self.seen.whatsapp = self.stack.sent("whatsapp").await?;
        self.seen.sms = self.stack.sent("sms").await?;
        self.seen.items = self.stack.emulator.items().await?;
        let mut depths = BTreeMap::new();
        for (name, url) in &self.stack.file.queues {
            depths.insert(name.as_str(), self.stack.emulator.depth(url).await?.total());
        }
        self.seen.parked = depths.remove("parked").unwrap_or_default();
        self.seen.left = depths.values().sum();
        Ok(())
    }
}

/// Delivers one event until it is answered 2xx or refused, as a processor does.
async fn post(stack: &Stack, delivery: &Delivery) -> Result<Option<Answered>, LocalError> {
    let secret = if delivery.said == Said::Forged { FORGER } else { stack.file.secret("stripe")? };
    let mut answered = None;
    for tried in 0..TRIES {
        if tried > 0 {
            tokio::time::sleep(PAUSE * (1 << tried)).await;
        }
        match stack.deliver_signed_with(&delivery.event, secret).await {
            Ok(status) => {
                answered = Some(Answered { status, at: stack.clock.now()? });
                if status < 500 && status != 429 {
                    break;
                }
            }
            // No answer: delivered again.
            Err(LocalError::Http { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(answered)
}

fn rate(events: usize, took: Duration) -> f64 {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    f64::from(events) / took.as_secs_f64().max(f64::EPSILON)
}
