//! All functions of a stack at work at the same time, one call at a time.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use recoup_app::classifier::Rules;
use recoup_app::engine::Engine;
use recoup_app::http::Request;
use recoup_app::ports::Queue;
use recoup_app::{channel_webhook, payment_webhook, sweep};

use crate::stack::{brand, webhooks};
use crate::{Fault, Lane, Memory, Settings, Stack, Ticket};

/// The queues that functions consume.
pub const CONSUMED: [Queue; 4] = [Queue::Whatsapp, Queue::Sms, Queue::HandOff, Queue::Spill];

/// What a process or request is at work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A webhook, by the number its sender gave it.
    Webhook(usize),
    /// A batch of a queue, by the ids of its messages.
    Batch(Queue, Vec<String>),
    /// The sweep.
    Sweep,
}

/// How a piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The request was answered with this status.
    Answered(u16),
    /// So many messages of the batch must come again.
    Again(usize),
    /// The sweep ended; whether it looked at everything.
    Swept(bool),
    /// The process died.
    Died,
}

/// A piece of work that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it was.
    pub work: Work,
    /// How it ended.
    pub done: Done,
    /// How many calls it had made.
    pub calls: u64,
}

enum Output {
    Answered(u16),
    Again(Vec<String>),
    Swept(bool),
}

/// A piece of work that goes on.
struct Flight {
    lane: Lane,
    work: Work,
    calls_before: u64,
    future: Pin<Box<dyn Future<Output = Output>>>,
}

/// A process that consumes a queue, warm between its batches.
struct Process {
    queue: Queue,
    lane: Lane,
    stack: Arc<Stack>,
}

/// Every function of a deployment, each at its own pace.
pub struct Deployment {
    /// The world.
    pub memory: Memory,
    settings: Settings,
    skews: Vec<SignedDuration>,
    processes: Vec<Process>,
    flights: Vec<Flight>,
    lanes: u32,
}

impl Deployment {
    /// Deploys into a gated world. `workers` names the queue of each process; `skews` are handed out to the processes and
    /// requests in turn.
    pub fn new(memory: Memory, settings: Settings, workers: &[Queue], skews: Vec<SignedDuration>) -> Self {
        let mut deployment =
            Self { memory, settings, skews, processes: Vec::new(), flights: Vec::new(), lanes: 0 };
        for queue in workers {
            let lane = deployment.next_lane();
            let stack = deployment.stack(lane);
            deployment.processes.push(Process { queue: *queue, lane, stack });
        }
        deployment
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn next_lane(&mut self) -> Lane {
        self.lanes += 1;
        Lane(self.lanes)
    }

    fn handle(&self, lane: Lane) -> Memory {
        let nth = usize::try_from(lane.0).unwrap_or_default();
        let skew = self.skews.get(nth % self.skews.len().max(1)).copied().unwrap_or_default();
        self.memory.process(lane, skew)
    }

    fn stack(&self, lane: Lane) -> Arc<Stack> {
        Arc::new(Stack::over(self.handle(lane), self.settings.clone()))
    }

    fn engine(&self, lane: Lane) -> Engine<Memory> {
        let (policy, outlets) = (self.settings.policy.clone(), self.settings.outlets.clone());
        Engine { ports: self.handle(lane), brand: brand(), policy, outlets }
    }

    /// What is at work.
    pub fn at_work(&self) -> impl Iterator<Item = (Lane, &Work)> {
        self.flights.iter().map(|flight| (flight.lane, &flight.work))
    }

    /// Whether a process could take a batch of this queue.
    pub fn has_free(&self, queue: Queue) -> bool {
        self.free(queue).is_some()
    }

    fn free(&self, queue: Queue) -> Option<usize> {
        let busy = |process: &Process| self.flights.iter().any(|flight| flight.lane == process.lane);
        self.processes.iter().position(|process| process.queue == queue && !busy(process))
    }

    /// Starts a request at the webhook of a processor, or of a provider.
    pub fn start_webhook(&mut self, nth: usize, request: Request, of_provider: bool) -> Option<Ended> {
        let lane = self.next_lane();
        let engine = self.engine(lane);
        let future = async move {
            let answer = if of_provider {
                channel_webhook::handle(&engine, &Rules, None, &request).await
            } else {
                webhooks(engine).handle(payment_webhook::FRONT, &request).await
            };
            Output::Answered(answer.status)
        };
        self.take_off(lane, Work::Webhook(nth), Box::pin(future))
    }

    /// Receives these messages and starts the function of their queue.
    pub fn start_batch(&mut self, queue: Queue, ids: &[String]) -> Option<Ended> {
        let process = &self.processes[self.free(queue)?];
        let (lane, stack) = (process.lane, Arc::clone(&process.stack));
        let batch = self.memory.receive_these(queue, ids);
        if batch.is_empty() {
            return None;
        }
        let ids = batch.iter().map(|received| received.id.clone()).collect();
        let future = async move { Output::Again(stack.taking(queue, batch).await) };
        self.take_off(lane, Work::Batch(queue, ids), Box::pin(future))
    }

    /// Starts the sweep over all cases.
    pub fn start_sweep(&mut self) -> Option<Ended> {
        let lane = self.next_lane();
        let engine = self.engine(lane);
        let future = async move { Output::Swept(sweep::sweep(&engine).await.is_ok()) };
        self.take_off(lane, Work::Sweep, Box::pin(future))
    }

    fn take_off(
        &mut self,
        lane: Lane,
        work: Work,
        future: Pin<Box<dyn Future<Output = Output>>>,
    ) -> Option<Ended> {
        let calls_before = self.memory.calls_of(lane);
        self.flights.push(Flight { lane, work, calls_before, future });
        self.poll(self.flights.len() - 1)
    }

    /// Lets one call through. A death takes its whole process.
    pub fn let_through(&mut self, ticket: Ticket, lane: Lane, fault: Fault) -> Option<Ended> {
        if fault == Fault::DieBefore {
            return self.kill(lane);
        }
        self.memory.let_through(ticket, fault);
        let index = self.flights.iter().position(|flight| flight.lane == lane)?;
        let ended = self.poll(index);
        if fault == Fault::DieAfter { ended.or_else(|| self.kill(lane)) } else { ended }
    }

    /// Ends a process or request where it is. A new process takes its place.
    pub fn kill(&mut self, lane: Lane) -> Option<Ended> {
        let index = self.flights.iter().position(|flight| flight.lane == lane)?;
        let ended = self.land(index, Done::Died);
        let stack = self.stack(lane);
        if let Some(process) = self.processes.iter_mut().find(|process| process.lane == lane) {
            process.stack = stack;
        }
        Some(ended)
    }

    fn poll(&mut self, index: usize) -> Option<Ended> {
        let mut context = Context::from_waker(Waker::noop());
        let flight = &mut self.flights[index];
        let polled = catch_unwind(AssertUnwindSafe(|| flight.future.as_mut().poll(&mut context)));
        let output = match polled {
            Ok(Poll::Pending) => return None,
            Ok(Poll::Ready(output)) => output,
            // The runtime reports a panic that gets this far as a failed invocation.
            Err(_) => {
                let lane = flight.lane;
                return self.kill(lane);
            }
        };
        let done = match output {
            Output::Answered(status) => Done::Answered(status),
            Output::Swept(whole) => Done::Swept(whole),
            Output::Again(again) => {
                if let Work::Batch(queue, ids) = &flight.work {
                    for id in ids.iter().filter(|id| !again.contains(id)) {
                        self.memory.delete_message(*queue, id);
                    }
                }
                Done::Again(again.len())
            }
        };
        Some(self.land(index, done))
    }

    fn land(&mut self, index: usize, done: Done) -> Ended {
        let flight = self.flights.remove(index);
        let calls = self.memory.calls_of(flight.lane) - flight.calls_before;
        self.memory.forget(flight.lane);
        // The calls it waits for leave the gate with it.
        drop(flight.future);
        Ended { work: flight.work, done, calls }
    }
}
