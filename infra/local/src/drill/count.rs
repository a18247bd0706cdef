//! What became of the events of a drill, counted from the answers, the stubs, the table and the queues.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::plan::{Plan, Round, Said};
use crate::stubs::Sent;

/// A request that left before the payment has reached the provider by then: the longest a send may take.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);
/// The bit of `mon` that says paid (infra/TABLE.md).
const PAID: u64 = 1;

/// The answer to a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// The status of the last try.
    pub status: u16,
    /// When it came, on the moved clock.
    pub at: Timestamp,
}

/// What was seen after a drill.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The answer to each delivery of the plan, in its order.
    pub answers: Vec<Option<Answered>>,
    /// When the steps of each round became due, on the moved clock.
    pub rounds: BTreeMap<usize, Timestamp>,
    /// What `WhatsApp` received.
    pub whatsapp: Vec<Sent>,
    /// What the providers of text messages received.
    pub sms: Vec<Sent>,
    /// The table.
    pub items: Vec<Map<String, Value>>,
    /// How many messages wait for a person.
    pub parked: u64,
    /// How many messages the other queues still hold.
    pub left: u64,
}

/// The result of a drill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Events delivered.
    pub events: usize,
    /// Of them, answered 2xx.
    pub accepted: usize,
    /// Forged ones that were refused.
    pub refused: usize,
    /// Accepted events that the table reflects.
    pub processed: usize,
    /// Messages that wait for a person.
    pub parked: u64,
    /// Messages that providers accepted.
    pub messages: usize,
    /// Races between a payment and a step that the step won: its message left.
    pub won_by_step: usize,
    /// Races that the payment won: nothing left.
    pub won_by_payment: usize,
    /// Messages that reached the provider after the payment was accepted, claimed before it.
    pub raced: usize,
    /// Accepted events that are nowhere, and steps that were due and not sent. Must be 0.
    pub lost: usize,
    /// Messages beyond the one for a step. Must be 0.
    pub double: usize,
    /// Messages claimed after the payment had been accepted. Must be 0.
    pub after_payment: usize,
    /// Forged events that left a trace. Must be 0.
    pub forged: usize,
    /// Genuine events that were never answered 2xx. Must be 0.
    pub unanswered: usize,
    /// Messages left in the queues. Must be 0.
    pub left_in_queues: u64,
}

impl Count {
    /// Counts.
    pub fn of(plan: &Plan, seen: &Seen) -> Self {
        let mut count = Self {
            events: plan.deliveries.len(),
            parked: seen.parked,
            left_in_queues: seen.left,
            ..Self::default()
        };
        let cases = cases(&seen.items);
        let messages = messages(seen);
        let mut unprocessed = 0;
        for (delivery, answer) in plan.deliveries.iter().zip(&seen.answers) {
            let case = cases.get(plan.obligations[delivery.obligation].invoice.id.as_str());
            let accepted = answer.is_some_and(|answer| (200..300).contains(&answer.status));
            match (delivery.said, accepted) {
                (Said::Forged, _) => {
                    count.refused += usize::from(answer.is_some_and(|answer| answer.status == 401));
                    count.forged += usize::from(accepted || case.is_some());
                }
                (Said::Failed | Said::Paid, false) => count.unanswered += 1,
                (said, true) => {
                    let processed = case.is_some_and(|case| said != Said::Paid || is_paid(case));
                    count.accepted += 1;
                    count.processed += usize::from(processed);
                    unprocessed += usize::from(!processed);
                }
            }
        }
        let mut missing = 0;
        for (number, obligation) in plan.obligations.iter().enumerate() {
            let sent = messages.get(obligation.invoice.phone.as_str()).map(Vec::as_slice).unwrap_or_default();
            count.messages += sent.len();
            if obligation.forged {
                count.forged += sent.len();
                continue;
            }
            let paid_at = paid_at(plan, seen, number);
            let case = cases.get(obligation.invoice.id.as_str()).copied();
            missing += count.judge(obligation.paid, sent, paid_at, case, seen);
        }
        // What waits for a person is not lost.
        count.lost =
            (unprocessed + missing).saturating_sub(usize::try_from(seen.parked).unwrap_or(usize::MAX));
        count
    }

    /// Counts the messages for one obligation; returns how many are missing.
    fn judge(
        &mut self,
        paid: Option<Round>,
        sent: &[Timestamp],
        paid_at: Option<Timestamp>,
        case: Option<&Map<String, Value>>,
        seen: &Seen,
    ) -> usize {
        let mut missing = 0;
        for round in Round::ALL {
            let Some(step) = round.step() else { continue };
            let Some(begin) = seen.rounds.get(&step).copied() else { continue };
            let end = seen.rounds.get(&(step + 1)).copied();
            let of_step = sent.iter().filter(|at| **at >= begin && end.is_none_or(|end| **at < end));
            let times: Vec<Timestamp> = of_step.copied().collect();
            missing += usize::from(times.is_empty() && paid.is_none_or(|paid| paid > round));
            self.double += times.len().saturating_sub(1);
            if paid == Some(round) {
                self.won_by_step += usize::from(!times.is_empty());
                self.won_by_payment += usize::from(times.is_empty());
            }
            for at in times {
                let Some(paid_at) = paid_at.filter(|paid_at| at > *paid_at) else { continue };
                let in_flight = at.duration_since(paid_at) < IN_FLIGHT;
                if in_flight && case.is_some_and(|case| claimed_before_payment(case, step)) {
                    self.raced += 1;
                } else {
                    self.after_payment += 1;
                }
            }
        }
        missing
    }

    /// What must be zero and is not.
    pub fn failures(&self) -> Vec<String> {
        let counted =
            |number: usize, what: &str| (number > 0).then(|| format!("{what}: {number}, must be 0"));
        [
            counted(self.lost, "lost"),
            counted(self.double, "double"),
            counted(self.after_payment, "after payment"),
            counted(self.forged, "forged and taken"),
            counted(self.unanswered, "never answered 2xx"),
            counted(usize::try_from(self.left_in_queues).unwrap_or(usize::MAX), "left in the queues"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The result as lines for a person.
    pub fn text(&self) -> String {
        let rows = [
            ("accepted", self.accepted.to_string()),
            ("refused (forged)", self.refused.to_string()),
            ("processed", self.processed.to_string()),
            ("parked", self.parked.to_string()),
            ("messages sent", self.messages.to_string()),
            ("races won by the step", self.won_by_step.to_string()),
            ("races won by the payment", self.won_by_payment.to_string()),
            ("claimed before, sent after it", self.raced.to_string()),
            ("lost", self.lost.to_string()),
            ("double", self.double.to_string()),
            ("after payment", self.after_payment.to_string()),
        ];
        rows.iter().map(|(what, number)| format!("{what:<32}{number:>9}")).collect::<Vec<_>>().join("\n")
    }
}

/// The case of each obligation.
fn cases(items: &[Map<String, Value>]) -> BTreeMap<&str, &Map<String, Value>> {
    let keyed = items.iter().filter_map(|item| Some((item["pk"]["S"].as_str()?, item)));
    keyed
        .filter(|(key, _)| key.starts_with("c#"))
        .filter_map(|(key, item)| Some((key.rsplit('#').next()?, item)))
        .collect()
}

/// When each number got a message that its provider accepted, by either channel.
fn messages(seen: &Seen) -> BTreeMap<&str, Vec<Timestamp>> {
    let mut messages: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for entry in seen.whatsapp.iter().chain(&seen.sms).filter(|entry| entry.accepted()) {
        if let Some(phone) = entry.phone.as_deref() {
            messages.entry(phone).or_default().push(entry.time);
        }
    }
    messages
}

fn is_paid(case: &Map<String, Value>) -> bool {
    let bits = case.get("mon").and_then(|mon| mon["N"].as_str()?.parse::<u64>().ok());
    bits.is_some_and(|bits| bits & PAID != 0)
}

/// When the payment of an obligation was first accepted.
fn paid_at(plan: &Plan, seen: &Seen, obligation: usize) -> Option<Timestamp> {
    let pairs = plan.deliveries.iter().zip(&seen.answers);
    let payments =
        pairs.filter(|(delivery, _)| delivery.obligation == obligation && delivery.said == Said::Paid);
    payments
        .filter_map(|(_, answer)| answer.filter(|answer| (200..300).contains(&answer.status)))
        .map(|answer| answer.at)
        .min()
}

/// Whether the trail of a case, oldest first, has the claim of a step before the payment (infra/TABLE.md).
fn claimed_before_payment(case: &Map<String, Value>, step: usize) -> bool {
    let trail = case.get("h").and_then(|trail| trail["S"].as_str()).unwrap_or_default();
    let words =
        trail.split(' ').map(|word| word.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()));
    let claim = format!("C/{step}");
    words.take_while(|word| *word != "paid").any(|word| word == claim)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::plan::{Delivery, Obligation};
    use super::*;
    use crate::stripe_events::{Generation, Invoice};

    const PHONE: &str = "+12015550100";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).expect("a time")
    }

    fn sent(phone: &str, second: i64) -> Sent {
        Sent {
            time: at(second),
            phone: Some(phone.to_owned()),
            template: None,
            request: json!({}),
            answer: json!({"status": 200, "body": null}),
            dropped: None,
        }
    }

    fn case(trail: &str, paid: bool) -> Map<String, Value> {
        let mut item = json!({"pk": {"S": "c#main#stripe#in_1"}, "h": {"S": trail}});
        if paid {
            item["mon"] = json!({"N": "1"});
        }
        item.as_object().cloned().expect("an object")
    }

    /// One debt, its failure at second 0 and, where it is paid, its payment answered at that second; the first steps are
    /// due at second 100, the second ones at second 1000.
    fn one(paid: Option<(Round, i64)>) -> (Plan, Seen) {
        let invoice = Invoice::new("1", PHONE, 4900, Generation::Basil);
        let obligation = Obligation { invoice, paid: paid.map(|(round, _)| round), forged: false };
        let delivery = |said, round| Delivery { obligation: 0, said, round, event: json!({}) };
        let answered = |second| Some(Answered { status: 200, at: at(second) });
        let mut deliveries = vec![delivery(Said::Failed, Round::Opening)];
        let mut answers = vec![answered(0)];
        if let Some((round, second)) = paid {
            deliveries.push(delivery(Said::Paid, round));
            answers.push(answered(second));
        }
        let plan = Plan { obligations: vec![obligation], deliveries };
        let rounds = [(0, at(100)), (1, at(1000))].into();
        (plan, Seen { answers, rounds, items: vec![case("0opened", paid.is_some())], ..Seen::default() })
    }

    #[test]
    fn one_message_a_step_is_right() {
        let (plan, mut seen) = one(None);
        seen.whatsapp = vec![sent(PHONE, 101), sent(PHONE, 1001)];
        let count = Count::of(&plan, &seen);
        assert_eq!((count.accepted, count.processed, count.messages), (1, 1, 2));
        assert_eq!(count.failures(), Vec::<String>::new());
    }

    #[test]
    fn a_step_that_was_not_sent_is_lost_unless_it_waits_for_a_person() {
        let (plan, mut seen) = one(None);
        seen.whatsapp = vec![sent(PHONE, 101)];
        assert_eq!(Count::of(&plan, &seen).lost, 1);
        seen.parked = 1;
        assert_eq!(Count::of(&plan, &seen).lost, 0);
    }

    #[test]
    fn an_accepted_event_that_is_nowhere_is_lost() {
        let (plan, mut seen) = one(Some((Round::Opening, 5)));
        assert_eq!(Count::of(&plan, &seen).lost, 0);
        seen.items = vec![case("0opened", false)];
        assert_eq!(Count::of(&plan, &seen).lost, 1, "the payment");
        seen.items.clear();
        assert_eq!(Count::of(&plan, &seen).lost, 2, "both");
    }

    #[test]
    fn two_messages_for_one_step_are_double_whichever_the_channel() {
        let (plan, mut seen) = one(None);
        seen.whatsapp = vec![sent(PHONE, 101), sent(PHONE, 1001)];
        seen.sms = vec![sent(PHONE, 102)];
        let count = Count::of(&plan, &seen);
        assert_eq!((count.double, count.lost), (1, 0));
    }

    #[test]
    fn a_message_after_the_payment_counts_unless_its_claim_came_before() {
        let (plan, mut seen) = one(Some((Round::FirstStep, 110)));
        let count = Count::of(&plan, &seen);
        assert_eq!((count.won_by_step, count.won_by_payment), (0, 1));
        seen.whatsapp = vec![sent(PHONE, 109)];
        let count = Count::of(&plan, &seen);
        assert_eq!((count.won_by_step, count.won_by_payment), (1, 0));
        assert_eq!(count.failures(), Vec::<String>::new());
        seen.whatsapp = vec![sent(PHONE, 111)];
        for (trail, after, raced) in [
            ("0opened 101C/0 1paid 1S/0", 0, 1),
            ("0opened 101paid 1C/0 1S", 1, 0),
            ("0opened 101C/1 1paid", 1, 0),
            ("0opened 101paid", 1, 0),
        ] {
            seen.items = vec![case(trail, true)];
            let count = Count::of(&plan, &seen);
            assert_eq!((count.after_payment, count.raced), (after, raced), "{trail}");
        }
        // Nothing is on its way for so long.
        seen.items = vec![case("0opened 101C/0 1paid 1S/0", true)];
        seen.whatsapp = vec![sent(PHONE, 200)];
        assert_eq!(Count::of(&plan, &seen).after_payment, 1);
    }

    #[test]
    fn a_message_after_an_early_payment_counts() {
        let (plan, mut seen) = one(Some((Round::Opening, 5)));
        seen.whatsapp = vec![sent(PHONE, 101)];
        assert_eq!(Count::of(&plan, &seen).after_payment, 1);
    }

    #[test]
    fn a_forged_event_may_leave_no_trace() {
        let (mut plan, mut seen) = one(None);
        plan.obligations[0].forged = true;
        plan.deliveries[0].said = Said::Forged;
        seen.answers = vec![Some(Answered { status: 401, at: at(0) })];
        seen.items.clear();
        let count = Count::of(&plan, &seen);
        assert_eq!((count.refused, count.failures()), (1, Vec::new()));
        seen.items = vec![case("0opened", false)];
        assert_eq!(Count::of(&plan, &seen).forged, 1);
        seen.items.clear();
        seen.whatsapp = vec![sent(PHONE, 101)];
        assert_eq!(Count::of(&plan, &seen).forged, 1);
        seen.whatsapp.clear();
        seen.answers[0] = Some(Answered { status: 200, at: at(0) });
        assert_eq!(Count::of(&plan, &seen).forged, 1);
    }

    #[test]
    fn an_event_that_is_never_accepted_or_a_message_left_in_a_queue_is_a_failure() {
        let (plan, mut seen) = one(None);
        seen.whatsapp = vec![sent(PHONE, 101), sent(PHONE, 1001)];
        seen.left = 1;
        seen.answers = vec![None];
        let count = Count::of(&plan, &seen);
        assert_eq!((count.unanswered, count.left_in_queues, count.failures().len()), (1, 1, 2));
    }
}
