//! Queues with delays, receives, visibility and dead letters, as SQS has them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use recoup_app::engine::queue_of;
use recoup_app::ports::{Outgoing, Queue, QueueError, Queues};
use recoup_app::queue::{KeptWebhook, Received, StepMessage};

use crate::{Call, Memory, Oddity};

/// The most messages of one receive.
const BATCH: usize = 10;
/// The largest message, in bytes, with its attributes.
const LARGEST: usize = 1024 * 1024;
/// The most attributes of a message.
const ATTRIBUTES: usize = 10;
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// A message in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The queue's id of the message.
    pub id: String,
    /// The body.
    pub body: String,
    /// The attributes by name.
    pub attributes: BTreeMap<&'static str, String>,
    /// When it was first put into a queue; a dead-letter queue keeps it.
    pub sent_at: Timestamp,
    /// When it can be received.
    pub visible_at: Timestamp,
    /// How often it was received from the queue it is in.
    pub receives: u32,
}

impl Waiting {
    /// The message in words, without the id that the queue gave it.
    fn describe(&self) -> String {
        format!("{} {} {} {}", self.body, self.sent_at, self.visible_at, self.receives)
    }
}

/// All queues.
#[derive(Default)]
pub(crate) struct Channels {
    waiting: BTreeMap<Queue, Vec<Waiting>>,
    ids: u64,
    pub(crate) pushed: Vec<(Queue, Outgoing)>,
}

/// How long a received message stays invisible: six times its consumer's timeout.
fn visibility(queue: Queue) -> SignedDuration {
    match queue {
        Queue::Whatsapp
        | Queue::Sms
        | Queue::Push
        | Queue::Email
        | Queue::HandOff
        | Queue::HandOffDead
        | Queue::ChannelEvents
        | Queue::Parked => SignedDuration::from_secs(180),
        Queue::Spill => SignedDuration::from_secs(1800),
    }
}

/// After how many receives a message moves, and to where. The receives count from 0 again there.
pub(crate) fn redrive(queue: Queue) -> Option<(u32, Queue)> {
    match queue {
        Queue::Whatsapp => Some((8, Queue::Sms)),
        Queue::Sms | Queue::Push | Queue::Email => Some((5, Queue::Parked)),
        Queue::HandOff => Some((8, Queue::HandOffDead)),
        Queue::ChannelEvents => Some((100, Queue::Parked)),
        Queue::Spill => Some((8, Queue::Parked)),
        Queue::Parked | Queue::HandOffDead => None,
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn rejected(rule: &str) -> QueueError {
    QueueError { service: "sqs", detail: rule.to_owned() }
}

/// What SQS refuses: too large, too late, too many attributes, characters that XML cannot hold.
fn check(message: &Outgoing) -> Result<(), QueueError> {
    let texts = || message.attributes.iter().map(|(_, text)| text).chain([&message.body]);
    let names: usize = message.attributes.iter().map(|(name, _)| name.len() + "String".len()).sum();
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if texts().map(String::len).sum::<usize>() + names > LARGEST {
        return Err(rejected("MessageTooLong"));
    }
    let empty = texts().any(String::is_empty);
    if empty || message.attributes.len() > ATTRIBUTES || texts().any(|text| text.contains(control)) {
        return Err(rejected("InvalidMessageContents"));
    }
    if message.delay > LONGEST_DELAY { Err(rejected("InvalidParameterValue")) } else { Ok(()) }
}

impl Channels {
    fn line(&mut self, queue: Queue) -> &mut Vec<Waiting> {
        self.waiting.entry(queue).or_default()
    }

    /// Puts a message into a queue.
    pub(crate) fn put(&mut self, queue: Queue, message: Outgoing, now: Timestamp) -> Result<(), QueueError> {
        check(&message)?;
        self.pushed.push((queue, message.clone()));
        self.ids += 1;
        let delay = SignedDuration::try_from(message.delay).unwrap_or(SignedDuration::ZERO);
        let waiting = Waiting {
            id: format!("m{}", self.ids),
            body: message.body,
            attributes: message.attributes.into_iter().collect(),
            sent_at: now,
            visible_at: later(now, delay),
            receives: 0,
        };
        self.line(queue).push(waiting);
        Ok(())
    }

    /// The queues in words, whatever the order in which messages came.
    pub(crate) fn describe(&self) -> String {
        let in_words = |(queue, line): (&Queue, &Vec<Waiting>)| {
            let mut words: Vec<_> = line.iter().map(Waiting::describe).collect();
            words.sort();
            format!(" {queue:?} {words:?}")
        };
        self.waiting.iter().map(in_words).collect()
    }

    fn postpone(&mut self, queue: Queue, receipt: &str, until: Timestamp) -> Result<(), QueueError> {
        let found = self.line(queue).iter_mut().find(|waiting| receipt_of(waiting) == receipt);
        found.map(|waiting| waiting.visible_at = until).ok_or_else(|| rejected("ReceiptHandleIsInvalid"))
    }

    /// Moves what was received too often; a dead-letter queue keeps the time a message was first sent.
    fn move_dead(&mut self, queue: Queue, now: Timestamp) {
        let Some((most, dead_letters)) = redrive(queue) else { return };
        let spent = |waiting: &Waiting| waiting.visible_at <= now && waiting.receives >= most;
        let (dead, alive) = std::mem::take(self.line(queue)).into_iter().partition(spent);
        *self.line(queue) = alive;
        let dead: Vec<Waiting> = dead;
        let moved = dead.into_iter().map(|waiting| Waiting { receives: 0, visible_at: now, ..waiting });
        self.line(dead_letters).extend(moved);
    }

    fn receive(&mut self, queue: Queue, now: Timestamp, which: impl Fn(&Waiting) -> bool) -> Vec<Received> {
        self.move_dead(queue, now);
        let until = later(now, visibility(queue));
        let visible =
            self.line(queue).iter_mut().filter(|waiting| waiting.visible_at <= now && which(waiting));
        let hand_out = |waiting: &mut Waiting| {
            waiting.receives += 1;
            waiting.visible_at = until;
            Received {
                id: waiting.id.clone(),
                receipt: receipt_of(waiting),
                body: waiting.body.clone(),
                receives: waiting.receives,
                first_seen: Some(waiting.sent_at),
            }
        };
        visible.take(BATCH).map(hand_out).collect()
    }
}

/// A receipt names one receive: the next one makes it void.
fn receipt_of(waiting: &Waiting) -> String {
    format!("{}#{}", waiting.id, waiting.receives)
}

impl Queues for Memory {
    async fn push(&self, queue: Queue, message: Outgoing) -> Result<(), QueueError> {
        let put = |world: &mut crate::memory::World| {
            let mut message = message.clone();
            match world.oddity {
                Some(Oddity::Twice) => world.queues.put(queue, message.clone(), world.now)?,
                Some(Oddity::Shifted(seconds)) => {
                    message.delay =
                        (message.delay + Duration::from_secs(seconds.unsigned_abs())).min(LONGEST_DELAY);
                }
                _ => {}
            }
            world.queues.put(queue, message, world.now)
        };
        self.call(Call::Push(queue), rejected("injected"), put).await?
    }

    async fn postpone(&self, queue: Queue, receipt: &str, after: Duration) -> Result<(), QueueError> {
        let after = SignedDuration::try_from(after).map_err(|_| rejected("InvalidParameterValue"))?;
        self.call(Call::Postpone, rejected("injected"), |world| {
            let until = later(world.now, after);
            world.queues.postpone(queue, receipt, until)
        })
        .await?
    }
}

impl Memory {
    /// Receives up to ten messages, as a function's poller does.
    pub fn receive(&self, queue: Queue) -> Vec<Received> {
        let mut world = self.world();
        let now = world.now;
        world.queues.receive(queue, now, |_| true)
    }

    /// Receives these messages, as far as they are visible: a standard queue keeps no order.
    pub fn receive_these(&self, queue: Queue, ids: &[String]) -> Vec<Received> {
        let mut world = self.world();
        let now = world.now;
        world.queues.receive(queue, now, |waiting| ids.contains(&waiting.id))
    }

    /// The ids of the messages that can be received now; those that were received too often have moved on.
    pub fn visible(&self, queue: Queue) -> Vec<String> {
        let mut world = self.world();
        let now = world.now;
        world.queues.move_dead(queue, now);
        let line = world.queues.line(queue).iter();
        line.filter(|waiting| waiting.visible_at <= now).map(|waiting| waiting.id.clone()).collect()
    }

    /// Deletes what was taken.
    pub fn delete_message(&self, queue: Queue, id: &str) {
        self.world().queues.line(queue).retain(|waiting| waiting.id != id);
    }

    /// Puts a text into a queue, as somebody else might.
    ///
    /// # Panics
    /// When the queue would refuse it.
    pub fn drop_into(&self, queue: Queue, body: &str) {
        let mut world = self.world();
        let (now, message) = (world.now, Outgoing { body: body.to_owned(), ..Outgoing::default() });
        world.queues.put(queue, message, now).expect("the queue takes it");
    }

    /// What a queue holds, oldest first.
    pub fn waiting(&self, queue: Queue) -> Vec<Waiting> {
        self.world().queues.waiting.get(&queue).cloned().unwrap_or_default()
    }

    /// Moves everything out of the parked queue to where it can be worked on again, as a redrive with that destination
    /// does; what is neither a step nor a kept webhook goes to the queue of steps.
    pub fn redrive_parked(&self) {
        let mut world = self.world();
        let now = world.now;
        for waiting in std::mem::take(world.queues.line(Queue::Parked)) {
            let step = StepMessage::parse(&waiting.body).map(|step| queue_of(step.channel));
            let kept = || KeptWebhook::parse(&waiting.body).map(|_| Queue::Spill);
            let queue = step.or_else(|_| kept()).unwrap_or(Queue::Whatsapp);
            world.queues.line(queue).push(Waiting { receives: 0, visible_at: now, ..waiting });
        }
    }

    /// These messages in words.
    pub(crate) fn in_words(&self, queue: Queue, ids: &[String]) -> Vec<String> {
        let waiting = self.waiting(queue).into_iter().filter(|waiting| ids.contains(&waiting.id));
        waiting.map(|waiting| waiting.describe()).collect()
    }

    /// One id of each kind of message that can be received now; which of two alike comes first makes no difference.
    pub(crate) fn visible_kinds(&self, queue: Queue) -> Vec<String> {
        let visible = self.visible(queue);
        let waiting = self.waiting(queue).into_iter().filter(|waiting| visible.contains(&waiting.id));
        let kinds: BTreeMap<_, _> = waiting.map(|waiting| (waiting.describe(), waiting.id)).collect();
        kinds.into_values().collect()
    }

    /// Makes the messages in work visible again, as a process that takes too long does.
    pub(crate) fn reappear(&self, queue: Queue) {
        let mut world = self.world();
        let now = world.now;
        for waiting in world.queues.line(queue).iter_mut().filter(|waiting| waiting.receives > 0) {
            waiting.visible_at = waiting.visible_at.min(now);
        }
    }

    /// Empties a queue, as an outage beyond its retention does.
    pub fn lose_messages(&self, queue: Queue) {
        self.world().queues.line(queue).clear();
    }

    /// Everything ever put into this queue by a function.
    pub fn pushed(&self, queue: Queue) -> Vec<Outgoing> {
        let world = self.world();
        let of_queue = world.queues.pushed.iter().filter(|(other, _)| *other == queue);
        of_queue.map(|(_, message)| message.clone()).collect()
    }

    /// When the next message of a queue with a consumer can be received; in the past means now.
    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        let world = self.world();
        let consumed = world.queues.waiting.iter().filter(|(queue, _)| redrive(**queue).is_some());
        consumed.flat_map(|(_, line)| line).map(|waiting| waiting.visible_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;

    fn memory() -> Memory {
        Memory::new(Timestamp::UNIX_EPOCH)
    }

    fn pass(memory: &Memory, seconds: i64) {
        memory.set_now(later(memory.time(), SignedDuration::from_secs(seconds)));
    }

    fn push(memory: &Memory, message: Outgoing) -> Result<(), QueueError> {
        run(memory.push(Queue::Whatsapp, message)).expect("ends")
    }

    fn body() -> Outgoing {
        Outgoing { body: "{}".to_owned(), ..Outgoing::default() }
    }

    #[test]
    fn a_message_is_visible_after_its_delay_and_again_after_its_visibility() {
        let memory = memory();
        assert_eq!(push(&memory, Outgoing { delay: Duration::from_mins(2), ..body() }), Ok(()));
        for (seconds, receives) in
            [(119, None), (1, Some(1)), (179, None), (1, Some(2)), (179, None), (1, Some(3))]
        {
            pass(&memory, seconds);
            let received = memory.receive(Queue::Whatsapp);
            assert_eq!(received.first().map(|received| received.receives), receives);
        }
    }

    #[test]
    fn only_the_last_receive_can_postpone() {
        let memory = memory();
        assert_eq!(push(&memory, body()), Ok(()));
        let first = memory.receive(Queue::Whatsapp).remove(0);
        pass(&memory, 180);
        let second = memory.receive(Queue::Whatsapp).remove(0);
        let postpone =
            |receipt: &str| run(memory.postpone(Queue::Whatsapp, receipt, Duration::from_mins(15)));
        assert_eq!(postpone(&first.receipt), Some(Err(rejected("ReceiptHandleIsInvalid"))));
        assert_eq!(postpone(&second.receipt), Some(Ok(())));
        pass(&memory, 899);
        assert_eq!(memory.receive(Queue::Whatsapp), []);
        pass(&memory, 1);
        assert_eq!(memory.receive(Queue::Whatsapp).len(), 1);
    }

    #[test]
    fn dead_letters_go_from_whatsapp_to_sms_to_parked_and_keep_their_age() {
        let memory = memory();
        assert_eq!(push(&memory, body()), Ok(()));
        for (queue, most) in [(Queue::Whatsapp, 8), (Queue::Sms, 5)] {
            for nth in 1..=most {
                assert_eq!(memory.receive(queue)[0].receives, nth);
                pass(&memory, 180);
            }
            assert_eq!(memory.receive(queue), []);
        }
        let parked = memory.waiting(Queue::Parked);
        assert_eq!((parked.len(), parked[0].sent_at), (1, Timestamp::UNIX_EPOCH));
        assert_eq!(memory.next_visible(), None, "nobody consumes it");
    }

    #[test]
    fn f45_what_sqs_refuses_is_refused() {
        let memory = memory();
        let attributes = |count: usize| vec![("name", "value".to_owned()); count];
        for (message, taken) in [
            (Outgoing { body: "x".repeat(LARGEST), ..body() }, true),
            (Outgoing { body: "x".repeat(LARGEST + 1), ..body() }, false),
            (Outgoing { body: "x".repeat(LARGEST), attributes: attributes(1), ..body() }, false),
            (Outgoing { attributes: attributes(10), ..body() }, true),
            (Outgoing { attributes: attributes(11), ..body() }, false),
            (Outgoing { attributes: vec![("name", String::new())], ..body() }, false),
            (Outgoing { attributes: vec![("name", "bell\u{7}".to_owned())], ..body() }, false),
            (Outgoing { body: String::new(), ..body() }, false),
            (Outgoing { delay: Duration::from_mins(15), ..body() }, true),
            (Outgoing { delay: Duration::from_secs(901), ..body() }, false),
        ] {
            assert_eq!(push(&memory, message.clone()).is_ok(), taken, "{} bytes", message.body.len());
        }
    }
}
