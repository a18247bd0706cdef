//! What a drill delivers: made-up obligations and their events, the same for the same seed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};

/// When the first made-up payment failed; no text or time of a message depends on it.
const FIRST_FAILURE: Timestamp = Timestamp::constant(1_767_225_600, 0);
/// How many numbers of each area code are set aside for fiction.
const NUMBERS_OF_AREA: usize = 100;
const FIRST_AREA: usize = 201;

/// When the events of a drill are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// Before any step is due.
    Opening,
    /// While the first steps are sent.
    FirstStep,
    /// While the steps of Day 3 are sent.
    SecondStep,
}

impl Round {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Opening, Self::FirstStep, Self::SecondStep];

    /// The step that is sent in this round, counted from 0.
    pub fn step(self) -> Option<usize> {
        match self {
            Self::Opening => None,
            Self::FirstStep => Some(0),
            Self::SecondStep => Some(1),
        }
    }
}

/// What an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A payment failed.
    Failed,
    /// The money arrived.
    Paid,
    /// A payment failed, but the signature is of somebody who does not know the secret.
    Forged,
}

/// One event on its way to the webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Which obligation of the plan it is about.
    pub obligation: usize,
    /// What it says.
    pub said: Said,
    /// When it is delivered.
    pub round: Round,
    /// Its body.
    pub event: Value,
}

/// One made-up debt.
#[derive(Debug, Clone)]
pub struct Obligation {
    /// The invoice.
    pub invoice: Invoice,
    /// In which round it is paid, if it is.
    pub paid: Option<Round>,
    /// Whether everything that is said about it is forged.
    pub forged: bool,
}

/// What a drill delivers.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Every debt.
    pub obligations: Vec<Obligation>,
    /// Every event, in the order of their delivery.
    pub deliveries: Vec<Delivery>,
}

impl Plan {
    /// Makes up as many events as asked for.
    ///
    /// # Errors
    /// [`LocalError::Random`] when the system gives no random numbers.
    pub fn new(seed: u64, events: usize) -> Result<Self, LocalError> {
        let mut draft = Draft { seed, dice: Dice(seed), obligations: Vec::new(), deliveries: Vec::new() };
        while draft.deliveries.len() < events {
            draft.add_obligation(events - draft.deliveries.len())?;
        }
        draft.shuffle();
        Ok(Self { obligations: draft.obligations, deliveries: draft.deliveries })
    }
}

struct Draft {
    seed: u64,
    dice: Dice,
    obligations: Vec<Obligation>,
    deliveries: Vec<Delivery>,
}

impl Draft {
    /// Makes up a debt with at most so many events.
    fn add_obligation(&mut self, room: usize) -> Result<(), LocalError> {
        let number = self.obligations.len();
        let area = FIRST_AREA + number / NUMBERS_OF_AREA;
        let phone = format!("+1{area}55501{:02}", number % NUMBERS_OF_AREA);
        let generation = if self.dice.percent(50) { Generation::Acacia } else { Generation::Basil };
        let cents = 500 + i64::from(self.dice.below(20_000));
        let invoice = Invoice::new(&format!("drill_{number:06}"), &phone, cents, generation);
        let (paid, forged) = match self.dice.below(100) {
            0..=44 => (None, false),
            45..=62 => (Some(Round::Opening), false),
            63..=77 => (Some(Round::FirstStep), false),
            78..=89 => (Some(Round::SecondStep), false),
            _ => (None, true),
        };
        let before = self.deliveries.len();
        let at = FIRST_FAILURE + SignedDuration::from_secs(i64::try_from(number).unwrap_or_default());
        let said = if forged { Said::Forged } else { Said::Failed };
        self.add(number, said, Round::Opening, invoice.payment_failed(1, at)?, 30);
        if !forged && self.dice.percent(30) {
            // The order of both is drawn: the later attempt may come first.
            self.add(number, said, Round::Opening, invoice.payment_failed(2, at)?, 10);
        }
        if !forged && generation == Generation::Acacia && self.dice.percent(30) {
            self.add(number, said, Round::Opening, invoice.payment_intent_failed(at)?, 10);
        }
        if let Some(round) = paid {
            self.add(number, Said::Paid, round, invoice.paid(at)?, 25);
        }
        self.obligations.push(Obligation { invoice, paid, forged });
        if self.deliveries.len() - before > room {
            // The last debt of the plan: what does not fit is left out, and a payment with it.
            self.deliveries.truncate(before + room);
            let told = self.deliveries[before..].iter().any(|delivery| delivery.said == Said::Paid);
            self.obligations[number].paid = paid.filter(|_| told);
        }
        Ok(())
    }

    /// Adds an event, and with some chance in percent a second delivery of it.
    fn add(&mut self, obligation: usize, said: Said, round: Round, mut event: Value, twice: u32) {
        event["id"] = json!(format!("evt_drill_{}_{:06}", self.seed, self.deliveries.len()));
        let times = if self.dice.percent(twice) { 2 } else { 1 };
        for _ in 0..times {
            self.deliveries.push(Delivery { obligation, said, round, event: event.clone() });
        }
    }

    /// Puts the rounds in order, and the events of each in an order that is drawn.
    fn shuffle(&mut self) {
        for last in (1..self.deliveries.len()).rev() {
            let bound = u32::try_from(last + 1).unwrap_or(u32::MAX);
            let other = self.dice.below(bound) as usize;
            self.deliveries.swap(last, other);
        }
        self.deliveries.sort_by_key(|delivery| delivery.round);
    }
}

/// Numbers that follow from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below a bound.
    fn below(&mut self, bound: u32) -> u32 {
        // The upper half times the bound, shifted back: always below the bound, so it fits.
        u32::try_from(((self.next() >> 32) * u64::from(bound)) >> 32).unwrap_or_default()
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn bodies(seed: u64) -> Vec<String> {
        let plan = Plan::new(seed, 500).expect("a plan");
        plan.deliveries.iter().map(|delivery| delivery.event.to_string()).collect()
    }

    #[test]
    fn a_seed_decides_every_byte_and_its_order() {
        assert_eq!(bodies(7), bodies(7));
        assert_ne!(bodies(7), bodies(8));
    }

    #[test]
    fn a_plan_has_as_many_events_as_asked_for_and_some_of_each_kind() {
        for events in [1, 2, 3, 50, 777] {
            assert_eq!(Plan::new(1, events).expect("a plan").deliveries.len(), events);
        }
        let plan = Plan::new(1, 777).expect("a plan");
        for said in [Said::Failed, Said::Paid, Said::Forged] {
            assert!(plan.deliveries.iter().any(|delivery| delivery.said == said), "{said:?}");
        }
        let ids: BTreeSet<&str> =
            plan.deliveries.iter().filter_map(|delivery| delivery.event["id"].as_str()).collect();
        assert!(ids.len() < plan.deliveries.len(), "some events are delivered twice");
        for round in Round::ALL {
            assert!(plan.obligations.iter().any(|obligation| obligation.paid == Some(round)), "{round:?}");
        }
    }

    #[test]
    fn every_buyer_has_a_number_of_their_own() {
        let plan = Plan::new(3, 2_000).expect("a plan");
        let phones: BTreeSet<&str> =
            plan.obligations.iter().map(|obligation| obligation.invoice.phone.as_str()).collect();
        assert_eq!(phones.len(), plan.obligations.len());
    }

    #[test]
    fn a_payment_in_the_plan_is_delivered() {
        for events in 1..60 {
            let plan = Plan::new(5, events).expect("a plan");
            for (number, obligation) in plan.obligations.iter().enumerate() {
                let told = plan
                    .deliveries
                    .iter()
                    .any(|delivery| delivery.obligation == number && delivery.said == Said::Paid);
                assert_eq!(told, obligation.paid.is_some(), "{events} events, obligation {number}");
            }
        }
    }
}
