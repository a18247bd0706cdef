//! The world: one value, cheap to clone, that is every port.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::{Queue, SecretName};
use recoup_core::{Brand, CaseId, Feed, Recipient, RecipientId, Source, Standing};

use crate::call::{Call, Tally};
use crate::faults::{Action, Fault, Moment, Oddity, Plan};
use crate::gate::{Gate, Lane, Turn};
use crate::http_script::HttpScript;
use crate::queues::Channels;
use crate::run::step_aside;
use crate::schedules::Schedule;
use crate::seeds;
use crate::seen::Stored;
use crate::senders::Scripts;
use crate::store::Shelf;

/// What a slow call takes: longer than a received message stays invisible.
const SLOW: SignedDuration = SignedDuration::from_secs(200);

/// The world in memory. Clones are the same world.
#[derive(Clone)]
pub struct Memory {
    world: Arc<Mutex<World>>,
    lane: Lane,
    skew: SignedDuration,
}

/// What a world holds. Reached through [`Memory`] only.
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) wall_ahead: SignedDuration,
    pub(crate) tokens: u64,
    pub(crate) interleaved: bool,
    pub(crate) calls: Tally,
    pub(crate) plan: Plan,
    pub(crate) cases: Shelf<CaseId, recoup_core::Case>,
    pub(crate) recipients: Shelf<(Brand, RecipientId), Recipient>,
    pub(crate) feeds: Shelf<(Brand, Source), Feed>,
    pub(crate) standings: Shelf<Brand, Standing>,
    pub(crate) queues: Channels,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    pub(crate) created: Vec<(String, Schedule)>,
    pub(crate) secrets: BTreeMap<SecretName, String>,
    pub(crate) http: HttpScript,
    pub(crate) senders: Scripts,
    pub(crate) gate: Option<Gate>,
    pub(crate) stored: Vec<Stored>,
    /// What is odd about the call that is being made.
    pub(crate) oddity: Option<Oddity>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.world();
        write!(f, "Memory({}, {} cases)", world.now, world.cases.len())
    }
}

impl Memory {
    /// A world in which nothing has happened yet.
    pub fn new(now: Timestamp) -> Self {
        let sources = ["gocardless", "mollie", "shopify", "standard_webhooks", "stripe", "woocommerce"];
        let sources = sources.map(SecretName::Source).into_iter();
        let names = sources.chain([
            SecretName::Pepper,
            SecretName::Meta,
            SecretName::Twilio,
            SecretName::Msg91,
            SecretName::Rapiwa,
            SecretName::Push,
            SecretName::Outlets,
        ]);
        let world = World {
            now,
            wall_ahead: SignedDuration::ZERO,
            tokens: 0,
            interleaved: false,
            calls: Tally::default(),
            plan: Plan::default(),
            cases: Shelf::default(),
            recipients: Shelf::default(),
            feeds: Shelf::default(),
            standings: Shelf::default(),
            queues: Channels::default(),
            schedules: BTreeMap::new(),
            created: Vec::new(),
            secrets: names.map(|name| (name, seeds::secret_text(name))).collect(),
            http: HttpScript::default(),
            senders: Scripts::default(),
            gate: None,
            stored: Vec::new(),
            oddity: None,
        };
        Self { world: Arc::new(Mutex::new(world)), lane: Lane::default(), skew: SignedDuration::ZERO }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same world as one process sees it, whose clock is ahead of the world's by `skew`.
    #[must_use]
    pub fn process(&self, lane: Lane, skew: SignedDuration) -> Self {
        Self { world: Arc::clone(&self.world), lane, skew }
    }

    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    /// What this process's clock is ahead of the world's.
    pub(crate) fn skew(&self) -> SignedDuration {
        self.skew
    }

    /// The world's time.
    pub fn time(&self) -> Timestamp {
        self.world().now
    }

    /// Moves the deciding clock, and the wall's with it.
    pub fn set_now(&self, now: Timestamp) {
        self.world().now = now;
    }

    /// Moves the wall's clock away from the deciding clock, as the local stack does.
    pub fn set_wall(&self, wall: Timestamp) {
        let mut world = self.world();
        world.wall_ahead = wall.duration_since(world.now);
    }

    /// Lets the futures of one task take turns at every call, as they do when calls take time.
    pub fn interleave(&self) {
        self.world().interleaved = true;
    }

    /// Takes a secret out of the deployment: it was never configured.
    pub fn forget_secret(&self, name: SecretName) {
        self.world().secrets.remove(&name);
    }

    /// Replaces the text of a secret.
    pub fn set_secret(&self, name: SecretName, text: &str) {
        self.world().secrets.insert(name, text.to_owned());
    }

    /// Plans what goes wrong with the next such call; several plans are used up in order.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.world().plan.next(call, fault);
    }

    /// Plans that the next such call is done and its answer lost, so that the client's own retry meets its own deed.
    pub fn lose_answer_of_next(&self, call: Call) {
        self.fail_next(call, Fault::LoseAnswer);
    }

    /// Makes every such call fail until [`Memory::heal`].
    pub fn fail_always(&self, call: Call, fault: Fault) {
        self.world().plan.always(call, fault);
    }

    /// Takes the store away until [`Memory::heal`].
    pub fn take_store_down(&self) {
        for call in Call::STORE {
            self.fail_always(call, Fault::Refuse);
        }
    }

    /// Ends every planned fault.
    pub fn heal(&self) {
        self.world().plan.heal();
    }

    /// Lets the process die at the call that is the `nth` of all calls of this world, counted from 1.
    pub fn die_at(&self, nth: u64, moment: Moment) {
        self.world().plan.die_at(nth, moment);
    }

    /// Plans what else happens just before the next such call.
    pub fn before<F>(&self, call: Call, action: impl FnOnce(Self) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let action: Action = Box::new(move |memory| Box::pin(action(memory)));
        self.world().plan.before(call, action);
    }

    /// Every call so far.
    pub fn calls(&self) -> Tally {
        self.world().calls.clone()
    }

    /// Comes before every call: what else happens, the count, the turn, and what goes wrong.
    async fn enter(&self, call: Call) -> Fault {
        let action = self.world().plan.action(call);
        if let Some(action) = action {
            action(self.clone()).await;
        }
        let (fault, interleaved) = {
            let mut world = self.world();
            world.calls.count(call);
            let nth = world.calls.total();
            (world.plan.take(call, nth), world.interleaved)
        };
        if interleaved {
            step_aside().await;
        }
        let gated = self.world().gate.is_some() && !matches!(call, Call::Secret(_));
        let fault = if gated { Turn::new(self, call).await } else { fault };
        if fault == Fault::Odd(Oddity::Slow) {
            let mut world = self.world();
            world.now = world.now.saturating_add(SLOW).unwrap_or(world.now);
        }
        match fault {
            Fault::DieBefore => std::future::pending().await,
            // Without the hook, which would print it.
            Fault::Panic => std::panic::resume_unwind(Box::new(format!("injected panic at {call}"))),
            Fault::Pass
            | Fault::Refuse
            | Fault::LoseAnswer
            | Fault::LoseEveryAnswer
            | Fault::DieAfter
            | Fault::Odd(_) => fault,
        }
    }

    /// Makes a call of a service whose client retries by itself.
    pub(crate) async fn call<T: Send + fmt::Debug, E: Send + fmt::Debug>(
        &self,
        call: Call,
        error: E,
        mut deed: impl FnMut(&mut World) -> T + Send,
    ) -> Result<T, E> {
        let fault = self.enter(call).await;
        let answer = if fault == Fault::Refuse {
            Err(error)
        } else {
            let done = {
                let mut world = self.world();
                world.oddity = if let Fault::Odd(oddity) = fault { Some(oddity) } else { None };
                deed(&mut world)
            };
            match fault {
                Fault::LoseAnswer => Ok(deed(&mut self.world())),
                Fault::LoseEveryAnswer => Err(error),
                Fault::DieAfter => std::future::pending().await,
                Fault::Pass | Fault::Refuse | Fault::DieBefore | Fault::Panic | Fault::Odd(_) => Ok(done),
            }
        };
        self.learn(call, &answer);
        answer
    }

    /// Makes a call that nobody retries: `not_sent` when nothing left, `lost` when it was done and nobody knows.
    pub(crate) async fn call_once<T: Send + fmt::Debug>(
        &self,
        call: Call,
        [not_sent, lost]: [T; 2],
        deed: impl FnOnce(&mut World) -> T + Send,
    ) -> T {
        let fault = self.enter(call).await;
        let answer = if fault == Fault::Refuse {
            not_sent
        } else {
            let done = {
                let mut world = self.world();
                world.oddity = if let Fault::Odd(oddity) = fault { Some(oddity) } else { None };
                deed(&mut world)
            };
            match fault {
                Fault::LoseAnswer | Fault::LoseEveryAnswer => lost,
                Fault::DieAfter => std::future::pending().await,
                Fault::Pass | Fault::Refuse | Fault::DieBefore | Fault::Panic | Fault::Odd(_) => done,
            }
        };
        self.learn(call, &answer);
        answer
    }

    /// The world in words: two worlds that say the same are the same to every process.
    pub(crate) fn describe(&self) -> String {
        let world = self.world();
        let shelves =
            [world.cases.digest(), world.recipients.digest(), world.feeds.digest(), world.standings.digest()];
        let mut text = format!("{} {shelves:?}", world.now);
        for (name, schedule) in &world.schedules {
            let _ = write!(text, " {name} {schedule:?}");
        }
        text.push_str(&world.queues.describe());
        text
    }

    /// Everything that was ever put into a queue or a schedule and is not a kept webhook: what must hold no seed.
    pub fn queued_texts(&self) -> Vec<String> {
        self.queued_from((0, 0)).0
    }

    /// The same, since so many messages and timers, and how many there are now.
    pub(crate) fn queued_from(&self, (pushed, created): (usize, usize)) -> (Vec<String>, (usize, usize)) {
        let world = self.world();
        let steps = |queue: Queue| {
            matches!(queue, Queue::Whatsapp | Queue::Sms | Queue::Push | Queue::Email | Queue::Parked)
        };
        let messages = world.queues.pushed.get(pushed..).unwrap_or_default().iter();
        let messages = messages.filter(|(queue, _)| steps(*queue));
        let messages = messages.map(|(_, message)| format!("{} {:?}", message.body, message.attributes));
        let timers = world.created.get(created..).unwrap_or_default().iter();
        let timers = timers.map(|(name, schedule)| format!("{name} {}", schedule.body));
        (messages.chain(timers).collect(), (world.queues.pushed.len(), world.created.len()))
    }
}
