//! Timers beyond fifteen minutes: each fires once into the WhatsApp queue and is gone.

use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::{Outgoing, Queue, QueueError, Schedules};

use crate::{Call, Memory, Oddity};

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// When it fires.
    pub at: Timestamp,
    /// The message it fires.
    pub body: String,
    /// How often.
    pub fires: u8,
}

fn refused(code: &str) -> QueueError {
    QueueError { service: "scheduler", detail: code.to_owned() }
}

/// What the scheduler takes for a name.
fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

impl Schedules for Memory {
    async fn create(&self, name: &str, at: Timestamp, body: &str) -> Result<(), QueueError> {
        if !is_name(name) {
            return Err(refused("ValidationException"));
        }
        self.call(Call::CreateSchedule, refused("injected"), |world| {
            let mut schedule = Schedule { at, body: body.to_owned(), fires: 1 };
            world.created.push((name.to_owned(), schedule.clone()));
            match world.oddity {
                Some(Oddity::Never) => schedule.fires = 0,
                Some(Oddity::Twice) => schedule.fires = 2,
                Some(Oddity::Shifted(seconds)) => {
                    schedule.at = at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at);
                }
                _ => {}
            }
            world.schedules.entry(name.to_owned()).or_insert(schedule);
        })
        .await
    }

    async fn delete(&self, name: &str) -> Result<(), QueueError> {
        self.call(Call::DeleteSchedule, refused("injected"), |world| {
            world.schedules.remove(name);
        })
        .await
    }
}

impl Memory {
    /// The timers that have not fired, by name.
    pub fn schedules(&self) -> Vec<(String, Schedule)> {
        self.world().schedules.iter().map(|(name, schedule)| (name.clone(), schedule.clone())).collect()
    }

    /// Loses every timer.
    pub fn lose_schedules(&self) {
        self.world().schedules.clear();
    }

    /// Fires the timers whose time has come and returns how many.
    pub fn fire_due(&self) -> usize {
        let mut world = self.world();
        let now = world.now;
        let due = world.schedules.extract_if(.., |_, schedule| schedule.at <= now).collect::<Vec<_>>();
        for (_, schedule) in due.iter().flat_map(|due| std::iter::repeat_n(due, due.1.fires.into())) {
            let message = Outgoing { body: schedule.body.clone(), ..Outgoing::default() };
            // A body that the queue refused would be lost at AWS too, in the dead letters of the scheduler.
            let _ = world.queues.put(Queue::Whatsapp, message, now);
        }
        due.len()
    }

    /// When the next timer fires.
    pub(crate) fn next_schedule(&self) -> Option<Timestamp> {
        self.world().schedules.values().map(|schedule| schedule.at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;

    #[test]
    fn f14_one_of_the_same_name_is_this_one_and_it_fires_once() {
        let memory = Memory::new(Timestamp::UNIX_EPOCH);
        let at = |second| Timestamp::from_second(second).expect("in range");
        let create = |name: &str, second| run(memory.create(name, at(second), "{}")).expect("ends");
        assert_eq!((create("a-s1-g2", 100), create("a-s1-g2", 50)), (Ok(()), Ok(())));
        for name in ["", "a b", "a/b", &"x".repeat(65)] {
            assert_eq!(create(name, 1), Err(refused("ValidationException")), "{name}");
        }
        for (second, fired) in [(99, 0), (100, 1), (101, 0)] {
            memory.set_now(at(second));
            assert_eq!(memory.fire_due(), fired, "{second}");
        }
        assert_eq!(memory.waiting(Queue::Whatsapp).len(), 1);
        assert_eq!(run(memory.delete("gone")), Some(Ok(())));
    }
}
