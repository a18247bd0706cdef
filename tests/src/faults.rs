//! What may go wrong with a call, and what may happen just before it.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;

use crate::{Call, Memory};

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: lets one call pass, so that the next fault meets the call after it.
    Pass,
    /// The service refuses. Nothing is done and the port answers with its error; over HTTP, the request is not sent.
    Refuse,
    /// It is done and the answer is lost. The client's own retry asks again and meets its own deed; over HTTP, where
    /// nothing retries, the outcome is ambiguous.
    LoseAnswer,
    /// It is done and every answer is lost, so that the port answers with its error.
    LoseEveryAnswer,
    /// The process dies instead of making the call.
    DieBefore,
    /// The process dies when the call is done.
    DieAfter,
    /// The code that makes the call panics.
    Panic,
    /// It is done, oddly.
    Odd(Oddity),
}

/// What only some calls can do; for the others it is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Meta refuses with this status and code; nothing was taken.
    GraphError(u16, i64),
    /// The provider takes the message and answers 200 with a body that is no answer.
    Garbage,
    /// A load balancer answers 502 with a page; the provider took the message, or never saw it.
    Page {
        /// Whether it took it.
        taken: bool,
    },
    /// The request times out and never arrived.
    Unknown,
    /// AWS refuses the text message with this exception and reason.
    TextRefused(&'static str, Option<&'static str>),
    /// A queue delivers the message twice, a timer fires twice.
    Twice,
    /// A queue delivers, a timer fires this many seconds later than asked; a timer may fire earlier.
    Shifted(i64),
    /// The timer never fires.
    Never,
    /// The call takes so long that messages in work become visible again.
    Slow,
}

/// On which side of a call a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The call is not made.
    Before,
    /// The call is made.
    After,
}

/// Something that happens just before a call: another function that runs at the same time.
pub(crate) type Action = Box<dyn FnOnce(Memory) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// The faults and actions that are planned.
#[derive(Default)]
pub(crate) struct Plan {
    next: BTreeMap<Call, VecDeque<Fault>>,
    always: BTreeMap<Call, Fault>,
    actions: BTreeMap<Call, VecDeque<Action>>,
    death: Option<(u64, Moment)>,
}

impl Plan {
    pub(crate) fn next(&mut self, call: Call, fault: Fault) {
        self.next.entry(call).or_default().push_back(fault);
    }

    pub(crate) fn always(&mut self, call: Call, fault: Fault) {
        self.always.insert(call, fault);
    }

    pub(crate) fn heal(&mut self) {
        *self = Self { actions: std::mem::take(&mut self.actions), ..Self::default() };
    }

    pub(crate) fn before(&mut self, call: Call, action: Action) {
        self.actions.entry(call).or_default().push_back(action);
    }

    pub(crate) fn die_at(&mut self, nth: u64, moment: Moment) {
        self.death = Some((nth, moment));
    }

    pub(crate) fn action(&mut self, call: Call) -> Option<Action> {
        self.actions.get_mut(&call)?.pop_front()
    }

    /// The fault of the call that is the `nth` of all calls.
    pub(crate) fn take(&mut self, call: Call, nth: u64) -> Fault {
        if let Some((_, moment)) = self.death.take_if(|(death, _)| *death == nth) {
            return match moment {
                Moment::Before => Fault::DieBefore,
                Moment::After => Fault::DieAfter,
            };
        }
        let next = self.next.get_mut(&call).and_then(VecDeque::pop_front);
        next.or_else(|| self.always.get(&call).copied()).unwrap_or(Fault::Pass)
    }
}
