//! What scenarios are made of: obligations that fail, faults that must fire, and what must be seen afterwards.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::SignedDuration;
use recoup_local::LocalError;
use recoup_local::stack::{Faults, RuleId, Stack};
use recoup_local::stripe_events::{Generation, Invoice};
use recoup_local::stubs::Sent;
use serde_json::{Value, json};

/// What playing a scenario ends in; what was seen and is wrong is noted in the bench.
pub(crate) type Played = Result<(), LocalError>;

/// A little more than the template's `FirstDelaySeconds`.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(125);
/// Two hours more than three days: days are counted on the buyer's calendar, where one may have 25 hours.
const TO_DAY_3: SignedDuration = SignedDuration::from_hours(74);
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A stack with its fault proxy, and the scenario that is being played on it.
pub(crate) struct Bench<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) faults: &'a Faults,
    scenario: usize,
    opened: Vec<Invoice>,
    parked: u64,
    failures: Vec<String>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(stack: &'a Stack) -> Self {
        let faults = stack.faults.as_ref().expect("the stack was started with a fault proxy");
        Self { stack, faults, scenario: 0, opened: Vec::new(), parked: 0, failures: Vec::new() }
    }

    pub(crate) fn begin(&mut self, scenario: usize) {
        self.scenario = scenario;
    }

    /// Takes every fault away, and pays what the scenario opened: the next one moves the clock again.
    pub(crate) async fn end(&mut self) -> Played {
        self.faults.clear().await?;
        self.stack.script("whatsapp", json!([])).await?;
        for invoice in std::mem::take(&mut self.opened) {
            self.stack.put(&invoice, "paid").await?;
            let paid = invoice.paid(self.stack.clock.now()?)?;
            let status = self.stack.deliver(&paid).await?;
            self.check("the payment is taken", status == 200, status);
        }
        self.stack.settle("the end of the scenario").await?;
        let parked = self.stack.emulator.depth(self.stack.file.queue("parked")?).await?.total();
        self.check("nothing is parked", parked == self.parked, parked - self.parked);
        self.parked = parked;
        Ok(())
    }

    pub(crate) fn failures(&mut self) -> impl Iterator<Item = String> {
        std::mem::take(&mut self.failures).into_iter()
    }

    /// Notes what does not hold.
    pub(crate) fn check(&mut self, what: &str, holds: bool, seen: impl std::fmt::Debug) {
        if !holds {
            self.failures.push(format!("{what}: saw {seen:?}"));
        }
    }

    /// An invoice of this scenario with a buyer of its own.
    pub(crate) async fn invoice(&mut self, label: &str) -> Result<Invoice, LocalError> {
        let phone = format!("+1{}55501{:02}", 202 + self.scenario, self.opened.len());
        let label = format!("wire_{}_{label}", self.scenario);
        let invoice = Invoice::new(&label, &phone, 4900, Generation::Basil);
        self.stack.put(&invoice, "open").await?;
        self.opened.push(invoice.clone());
        Ok(invoice)
    }

    /// Delivers the first failure of each invoice, all at once, and checks the answers. They are signed by the wall's
    /// clock, as `stripe listen` signs: by that a webhook that was spilled is verified again.
    pub(crate) async fn fail(&mut self, invoices: &[&Invoice], expected: u16) -> Played {
        let now = self.stack.clock.now()?;
        let events: Vec<Value> =
            invoices.iter().map(|invoice| invoice.payment_failed(1, now)).collect::<Result<_, _>>()?;
        let answers = join_all(events.iter().map(|event| self.stack.deliver_by_the_wall(event))).await;
        for (invoice, answer) in invoices.iter().zip(answers) {
            let status = answer?;
            self.check(&format!("answer to {}", invoice.id), status == expected, status);
        }
        Ok(())
    }

    /// Moves the clock past the delay of the first step, and waits until all that is due is done.
    pub(crate) async fn pass_first_delay(&self) -> Played {
        self.pass(FIRST_DELAY, "the first step").await
    }

    /// Moves the clock to the second step, and waits until all that is due is done.
    pub(crate) async fn pass_to_day_3(&self) -> Played {
        self.pass(TO_DAY_3, "the step of Day 3").await
    }

    pub(crate) async fn pass(&self, span: SignedDuration, why: &str) -> Played {
        self.stack.clock.forward_to(self.stack.clock.now()? + span)?;
        self.stack.settle(why).await
    }

    /// Moves the clock past the delay of the first step without waiting for anything.
    pub(crate) fn start_first_steps(&self) -> Played {
        self.stack.clock.forward_to(self.stack.clock.now()? + FIRST_DELAY).map(drop)
    }

    /// Adds a fault: which calls, what happens to them, and how often.
    pub(crate) async fn fault(
        &self,
        calls: &Value,
        what: &Value,
        times: usize,
    ) -> Result<RuleId, LocalError> {
        let mut rule = calls.clone();
        for (name, value) in what.as_object().into_iter().flatten() {
            rule[name] = value.clone();
        }
        rule["times"] = json!(times);
        self.faults.add(&rule).await
    }

    /// Checks that a fault really happened as often as the scenario says.
    pub(crate) async fn check_fired(&mut self, what: &str, rule: RuleId, expected: usize) -> Played {
        let fired = self.faults.fired(rule).await?;
        self.check(&format!("the fault happened {expected} times: {what}"), fired == expected, fired);
        Ok(())
    }

    /// Waits until a number that is asked for again and again is reached.
    pub(crate) async fn until(
        &self,
        what: &str,
        expected: usize,
        mut ask: impl AsyncFnMut() -> Result<usize, LocalError>,
    ) -> Played {
        let began = Instant::now();
        loop {
            let seen = ask().await?;
            if seen >= expected {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let (what, seconds) = (what.to_owned(), PATIENCE.as_secs());
                return Err(LocalError::Deadline { what, seconds, seen: seen.to_string() });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Everything a provider received for a buyer.
    pub(crate) async fn received(&self, channel: &str, invoice: &Invoice) -> Result<Vec<Sent>, LocalError> {
        let mut sent = self.stack.sent(channel).await?;
        sent.retain(|entry| entry.phone.as_deref() == Some(&invoice.phone));
        Ok(sent)
    }

    /// Checks how many messages `WhatsApp` received for a buyer, each with a text of its own, and that there was no text
    /// message.
    pub(crate) async fn check_messages(&mut self, when: &str, invoice: &Invoice, expected: usize) -> Played {
        let sent = self.received("whatsapp", invoice).await?;
        let mut templates: Vec<&str> = sent.iter().filter_map(|entry| entry.template.as_deref()).collect();
        templates.sort_unstable();
        templates.dedup();
        let so = sent.len() == expected && templates.len() == expected;
        self.check(&format!("{expected} messages for {} {when}", invoice.id), so, (sent.len(), &templates));
        let texts = self.received("sms", invoice).await?.len();
        self.check(&format!("no text message for {} {when}", invoice.id), texts == 0, texts);
        Ok(())
    }

    /// The ledger of an invoice: the first word of each line, such as `0wS1`.
    pub(crate) async fn ledger(&self, invoice: &Invoice) -> Result<Vec<String>, LocalError> {
        let items = self.stack.emulator.items().await?;
        let end = format!("#{}", invoice.id);
        let item = items.iter().find(|item| item["pk"]["S"].as_str().is_some_and(|key| key.ends_with(&end)));
        let lines = item.and_then(|item| item.get("l")?["L"].as_array());
        let words = lines.into_iter().flatten().filter_map(|line| line["S"].as_str()?.split(' ').next());
        Ok(words.map(str::to_owned).collect())
    }

    /// Checks the ledger of an invoice.
    pub(crate) async fn check_ledger(&mut self, when: &str, invoice: &Invoice, expected: &[&str]) -> Played {
        let ledger = self.ledger(invoice).await?;
        self.check(&format!("ledger of {} {when} is {expected:?}", invoice.id), ledger == expected, &ledger);
        Ok(())
    }

    /// Sets how long a queue hides a message that was received, in seconds of real time; returns what it was.
    pub(crate) async fn hide_for(&self, queue: &str, seconds: &str) -> Result<String, LocalError> {
        let url = self.stack.file.queue(queue)?;
        let asked = json!({"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]});
        let found = self.stack.emulator.call("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
        let set = json!({"QueueUrl": url, "Attributes": {"VisibilityTimeout": seconds}});
        self.stack.emulator.call("sqs", "AmazonSQS.SetQueueAttributes", &set).await?;
        Ok(found["Attributes"]["VisibilityTimeout"].as_str().unwrap_or_default().to_owned())
    }
}

/// The conditional write that makes a version of a case: 1 the webhook's, 2 the claim, 3 the conclusion.
pub(crate) fn case_write(invoice: &Invoice, version: u32) -> Value {
    let body = format!("ends_with(Item.pk.S, '#{}') && Item.v.N == '{version}'", invoice.id);
    json!({"service": "dynamodb", "operation": "PutItem", "body": body})
}

/// The write of a buyer that a case is noted at: the reservation.
pub(crate) fn reservation(invoice: &Invoice) -> Value {
    let body = format!("starts_with(Item.pk.S, 'r#') && contains(to_string(Item), '{}')", invoice.id);
    json!({"service": "dynamodb", "operation": "PutItem", "body": body})
}

/// The read of a case before its step.
pub(crate) fn case_read(label: &str) -> Value {
    json!({"service": "dynamodb", "operation": "GetItem", "body": format!("contains(Key.pk.S, '{label}')")})
}

/// The message that makes a step of an invoice due.
pub(crate) fn step_message(invoice: &Invoice) -> Value {
    let body = format!("contains(MessageBody, '{}')", invoice.id);
    json!({"service": "sqs", "operation": "SendMessage", "body": body})
}

/// The schedule of an invoice's later step.
pub(crate) fn schedule(invoice: &Invoice) -> Value {
    let body = format!("contains(Target.Input, '{}')", invoice.id);
    json!({"service": "scheduler", "operation": "CreateSchedule", "body": body})
}

/// The service does what it is asked, and its answer is lost.
pub(crate) fn lost_answer() -> Value {
    json!({"response": {"abort_frac": 0.0}})
}

/// The connection is reset before the service sees the call.
pub(crate) fn reset() -> Value {
    json!({"reset": true})
}

/// The service refuses.
pub(crate) fn refusal(code: &str) -> Value {
    json!({"error": {"code": code}})
}
