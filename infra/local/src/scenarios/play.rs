//! What scenarios are made of: events that come in, a clock that moves, and conditions that are awaited.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::lines::{decision, departure, summary};
use crate::LocalError;
use crate::report::{Statement, masked};
use crate::screen::Screen;
use crate::stack::Stack;
use crate::stripe_events::Invoice;
use crate::stubs::Sent;

const FUNCTIONS: [&str; 10] = [
    "payment-webhook",
    "merchant-webhook",
    "whatsapp-sender",
    "push-sender",
    "email-sender",
    "sms-fallback",
    "channel-webhook",
    "channel-events",
    "handoff",
    "sweep",
];

/// The stubs that show what left.
const LEAVES_BY: [&str; 7] = ["whatsapp", "sms", "push", "email", "slack", "help_desk", "ends"];

/// A little more than the template's `FirstDelaySeconds`.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(125);

/// The running play.
pub(super) struct Play<'a> {
    pub(super) stack: &'a Stack,
    pub(super) statements: Vec<Statement>,
    /// When the first failure of each case came in, by invoice or order.
    pub(super) failures: BTreeMap<String, Timestamp>,
    /// What was decided so far: the obligation and the reason.
    decisions: Vec<(String, String)>,
    screen: &'a mut dyn Screen,
    letter: char,
    lines_shown: BTreeMap<&'static str, usize>,
    sent_shown: BTreeMap<&'static str, usize>,
}

impl<'a> Play<'a> {
    pub(super) fn new(stack: &'a Stack, screen: &'a mut dyn Screen) -> Self {
        Self {
            stack,
            statements: Vec::new(),
            failures: BTreeMap::new(),
            decisions: Vec::new(),
            screen,
            letter: ' ',
            lines_shown: BTreeMap::new(),
            sent_shown: BTreeMap::new(),
        }
    }

    /// Begins a scenario.
    pub(super) fn begin(&mut self, letter: char, title: &str) {
        self.letter = letter;
        self.screen.title(&format!("({letter}) {title}"));
    }

    /// Lets the stub send what Meta sends after each message it took: sent, then delivered.
    pub(super) async fn let_statuses_follow(&self) -> Result<(), LocalError> {
        let statuses = json!([{"status": "sent"}, {"status": "delivered"}]);
        self.script("whatsapp", json!([{"statuses": statuses, "repeat": true}])).await
    }

    /// A label that no other scenario uses.
    pub(super) fn label(&self, suffix: &str) -> String {
        format!("demo_{}{suffix}", self.letter)
    }

    /// The moved time.
    pub(super) fn now(&self) -> Result<Timestamp, LocalError> {
        self.stack.clock.now()
    }

    /// Puts the invoice and its customer into the merchant's account at the Stripe stub.
    pub(super) async fn put(&self, invoice: &Invoice, status: &str) -> Result<(), LocalError> {
        self.stack.put(invoice, status).await
    }

    /// Delivers an event as Stripe does, signed at the moved time; returns the status of the answer.
    pub(super) async fn deliver(&mut self, event: &Value) -> Result<u16, LocalError> {
        let secret = self.stack.file.secret("stripe")?.to_owned();
        self.deliver_signed_with(event, &secret).await
    }

    /// The same with a given secret.
    pub(super) async fn deliver_signed_with(
        &mut self,
        event: &Value,
        secret: &str,
    ) -> Result<u16, LocalError> {
        let now = self.now()?;
        let status = self.stack.deliver_signed_with(event, secret).await?;
        let kind = event["type"].as_str().unwrap_or_default();
        let object = event["data"]["object"]["id"].as_str().unwrap_or_default();
        let text = format!("in       stripe    {kind} of {object}: answered {status}");
        self.screen.line(now, &text);
        if kind.ends_with("payment_failed") && status == 200 {
            self.failures.entry(object.to_owned()).or_insert(now);
        }
        self.show().await?;
        Ok(status)
    }

    /// Delivers an event that the stack must take.
    pub(super) async fn deliver_taken(&mut self, event: &Value) -> Result<(), LocalError> {
        match self.deliver(event).await? {
            200 => Ok(()),
            status => Err(LocalError::Answer {
                what: "deliver an event".into(),
                found: format!("status {status}; expected 200"),
            }),
        }
    }

    /// Delivers an event of the merchant's own backend that the stack must take.
    pub(super) async fn tell(&mut self, kind: &str, data: &Value) -> Result<(), LocalError> {
        let now = self.now()?;
        let status = self.stack.tell(kind, data).await?;
        self.screen.line(now, &format!("in       merchant  {kind}: answered {status}"));
        if let (200, "payment.failed", Some(obligation)) = (status, kind, data["obligation_id"].as_str()) {
            self.failures.entry(obligation.to_owned()).or_insert(now);
        }
        self.show().await?;
        if status == 200 {
            return Ok(());
        }
        Err(LocalError::Answer {
            what: "deliver an event".into(),
            found: format!("status {status}; expected 200"),
        })
    }

    /// The money arrives: at the merchant's account, and as an event.
    pub(super) async fn pay(&mut self, invoice: &Invoice) -> Result<(), LocalError> {
        self.put(invoice, "paid").await?;
        let event = invoice.paid(self.now()?)?;
        self.deliver_taken(&event).await
    }

    /// Lets a buyer write back.
    pub(super) async fn reply(&mut self, phone: &str, text: &str) -> Result<(), LocalError> {
        let url = format!("{}/_reply", self.stack.file.stub("whatsapp")?);
        let message = json!({"phone": phone, "text": text});
        let outcome = self.stack.http.json(Method::POST, &url, Some(&message)).await?;
        let text =
            format!("in       whatsapp  \"{text}\" from {}: answered {}", masked(phone), outcome["status"]);
        self.screen.line(self.now()?, &text);
        self.show().await
    }

    /// Tells a stub what to answer next.
    pub(super) async fn script(&self, stub: &str, answers: Value) -> Result<(), LocalError> {
        self.stack.script(stub, answers).await
    }

    /// Moves the clock past the delay of the first step, and waits until all that is due is done.
    pub(super) async fn pass_first_delay(&mut self) -> Result<(), LocalError> {
        self.pass(FIRST_DELAY, "2 minutes later").await
    }

    /// Moves the clock to a day of a case, counted from its first failure, and waits until all that is due is done.
    pub(super) async fn pass_to_day(&mut self, invoice: &Invoice, day: i64) -> Result<(), LocalError> {
        let anchor = self.failures.get(&invoice.id).copied().ok_or_else(|| LocalError::Answer {
            what: format!("first failure of {}", invoice.id),
            found: "none came in".into(),
        })?;
        // Two hours more: days are counted on the buyer's calendar, where one may have 25 hours.
        let time = later(anchor, SignedDuration::from_hours(day * 24 + 2))?;
        self.pass_to(time, &format!("Day {day}")).await
    }

    /// Moves the clock by a span, and waits until all that is due by then is done.
    pub(super) async fn pass(&mut self, span: SignedDuration, why: &str) -> Result<(), LocalError> {
        let time = later(self.now()?, span)?;
        self.pass_to(time, why).await
    }

    /// Moves the clock to a time, and waits until all that is due by then is done.
    async fn pass_to(&mut self, time: Timestamp, why: &str) -> Result<(), LocalError> {
        self.stack.clock.forward_to(time)?;
        self.screen.line(self.now()?, &format!("clock    moved     {why}"));
        self.settle(why).await
    }

    /// Waits until no timer is due and the queues of steps are empty.
    pub(super) async fn settle(&mut self, why: &str) -> Result<(), LocalError> {
        let what = format!("all that is due: {why}");
        self.screen.waiting(&what);
        let settled = self.stack.settle(&what).await;
        self.screen.waited();
        self.show().await?;
        settled
    }

    /// Checks how often a case was decided for a reason.
    pub(super) fn check_decided(&mut self, text: &str, obligation: &str, reason: &str, expected: usize) {
        let all = self.decisions.iter().filter(|(of, _)| of == obligation);
        let found = all.clone().filter(|(_, why)| why == reason).count();
        let seen: Vec<&str> = all.map(|(_, why)| why.as_str()).collect();
        let seen = seen.join(", ");
        self.check(text, found == expected, seen);
    }

    /// Everything a stub received, accepted or not.
    pub(super) async fn sent(&self, stub: &str) -> Result<Vec<Sent>, LocalError> {
        self.stack.sent(stub).await
    }

    /// The messages that a provider took for a phone number.
    pub(super) async fn accepted(&self, channel: &str, phone: &str) -> Result<Vec<Sent>, LocalError> {
        let mut sent = self.tried(channel, phone).await?;
        sent.retain(Sent::accepted);
        Ok(sent)
    }

    /// The messages for a phone number, also those that the provider refused.
    pub(super) async fn tried(&self, channel: &str, phone: &str) -> Result<Vec<Sent>, LocalError> {
        let mut sent = self.sent(channel).await?;
        sent.retain(|entry| entry.phone.as_deref() == Some(phone));
        Ok(sent)
    }

    /// Checks a statement and keeps it; `seen` is shown where it does not hold.
    pub(super) fn check(&mut self, text: impl Into<String>, holds: bool, seen: impl Into<String>) {
        self.statements.push(Statement { text: text.into(), holds, seen: seen.into() });
    }

    /// Checks that a phone number got as many messages on a channel.
    pub(super) async fn check_count(
        &mut self,
        text: &str,
        channel: &str,
        phone: &str,
        expected: usize,
    ) -> Result<(), LocalError> {
        let found = self.accepted(channel, phone).await?.len();
        self.check(text, found == expected, format!("{found} messages by {channel}"));
        Ok(())
    }

    /// How many messages wait for a person.
    pub(super) async fn parked(&self) -> Result<u64, LocalError> {
        Ok(self.stack.emulator.depth(self.stack.file.queue("parked")?).await?.total())
    }

    /// Shows what was decided and sent since the last look, in order of time.
    async fn show(&mut self) -> Result<(), LocalError> {
        let offset = self.stack.clock.offset()?;
        let mut happened = Vec::new();
        for function in FUNCTIONS {
            let lines = self.stack.emulator.log_lines(function).await?;
            let shown = self.lines_shown.insert(function, lines.len()).unwrap_or_default();
            for line in lines.iter().skip(shown).filter_map(|line| decision(function, line)) {
                // Functions write the real time; the clock stands where it stood when they ran.
                happened.push((line.at.saturating_add(offset).unwrap_or(line.at), line.text));
                self.decisions.push((line.obligation, line.reason));
            }
        }
        for channel in LEAVES_BY {
            let entries = self.sent(channel).await?;
            let shown = self.sent_shown.insert(channel, entries.len()).unwrap_or_default();
            happened.extend(entries.iter().skip(shown).map(|entry| (entry.time, departure(channel, entry))));
        }
        happened.sort();
        for (at, text) in happened {
            self.screen.line(at, &text);
        }
        Ok(())
    }

    /// An error with what helps to understand it: the last lines of each function, and of the local AWS.
    pub(super) async fn describe(&self, error: &LocalError) -> String {
        let mut text = error.to_string();
        for function in FUNCTIONS {
            let lines = self.stack.emulator.log_lines(function).await.unwrap_or_default();
            let told: Vec<String> = lines.iter().filter_map(|line| summary(line)).collect();
            for line in &told[told.len().saturating_sub(3)..] {
                text.extend(["\n    ", function, ": ", line]);
            }
        }
        let tail = self.stack.log_tail();
        if !tail.is_empty() {
            text.extend(["\n    local AWS: ", tail.as_str()]);
        }
        text
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Result<Timestamp, LocalError> {
    time.checked_add(by)
        .map_err(|error| LocalError::Answer { what: "move the clock".into(), found: error.to_string() })
}
