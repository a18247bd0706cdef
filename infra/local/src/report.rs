//! What the scenarios found: for people as text, for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::emulator::Depth;
use crate::stubs::Sent;

/// Something that must be so, and whether it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What must be so.
    pub text: String,
    /// Whether it was.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

/// What one scenario found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its letter.
    pub letter: char,
    /// What it is about.
    pub title: &'static str,
    /// What was checked, in order.
    pub statements: Vec<Statement>,
    /// Why it could not be played to its end, if so.
    pub trouble: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// One message that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When, on the moved clock.
    pub time: String,
    /// By which channel.
    pub channel: String,
    /// To whom; the last digits only.
    pub to: String,
    /// The template, or the start of the text.
    pub what: String,
    /// Why.
    pub why: String,
    /// What the provider answered.
    pub answer: String,
}

/// What all scenarios found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Each scenario, in order.
    pub scenarios: Vec<Outcome>,
    /// Everything that was sent, in order of time.
    pub sent: Vec<Row>,
    /// What the queues hold.
    pub queues: BTreeMap<String, Depth>,
    /// Why the table could not be made, if so.
    pub trouble: Option<String>,
}

impl Report {
    /// What is not so; empty when everything is.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for scenario in &self.scenarios {
            for statement in scenario.statements.iter().filter(|statement| !statement.holds) {
                failures.push(format!("({}) {}: saw {}", scenario.letter, statement.text, statement.seen));
            }
            if let Some(trouble) = &scenario.trouble {
                failures.push(format!("({}) could not be played to its end: {trouble}", scenario.letter));
            }
        }
        failures.extend(self.trouble.iter().map(|trouble| format!("no table: {trouble}")));
        for (name, depth) in &self.queues {
            if depth.total() > 0 {
                failures.push(format!("queue {name} still holds {} messages", depth.total()));
            }
        }
        failures
    }

    /// The report as JSON.
    pub fn json(&self) -> Value {
        let scenarios: Vec<Value> = self
            .scenarios
            .iter()
            .map(|scenario| {
                json!({
                    "letter": scenario.letter,
                    "title": scenario.title,
                    "seconds": scenario.took.as_secs_f64(),
                    "statements": scenario.statements,
                    "trouble": scenario.trouble,
                })
            })
            .collect();
        json!({
            "ok": self.failures().is_empty(),
            "failures": self.failures(),
            "scenarios": scenarios,
            "sent": self.sent,
            "queues": self.queues,
        })
    }

    /// The tables: what was checked, what was sent, what the queues hold.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for scenario in &self.scenarios {
            let _ = writeln!(
                text,
                "({}) {} [{:.1} s]",
                scenario.letter,
                scenario.title,
                scenario.took.as_secs_f64()
            );
            for statement in &scenario.statements {
                let mark = if statement.holds { "yes" } else { " NO" };
                let _ = writeln!(text, "  {mark}  {}", statement.text);
            }
        }
        let rows: Vec<[String; 6]> = self
            .sent
            .iter()
            .map(|row| [&row.time, &row.channel, &row.to, &row.what, &row.why, &row.answer].map(Clone::clone))
            .collect();
        text.push('\n');
        text.push_str(&table(["when", "by", "to", "what was sent", "why", "answer"], &rows));
        let rows: Vec<[String; 4]> = self
            .queues
            .iter()
            .map(|(name, depth)| {
                [
                    name.clone(),
                    depth.visible.to_string(),
                    depth.in_flight.to_string(),
                    depth.delayed.to_string(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&table(["queue", "ready", "in flight", "delayed"], &rows));
        text
    }
}

impl Row {
    /// Describes one message, with the other messages and the first failures to explain it.
    pub(crate) fn of(
        channel: &str,
        entry: &Sent,
        all: &[(&str, Sent)],
        failures: &BTreeMap<String, Timestamp>,
    ) -> Self {
        let text = words_of(&entry.request["body"]);
        let what = entry.template.clone().unwrap_or_else(|| shortened(text, 44));
        let answer = match entry.refusal() {
            None => "accepted".to_owned(),
            Some(code) => format!("refused: {code}"),
        };
        Self {
            time: clock_text(entry.time),
            channel: channel.to_owned(),
            to: addressee(entry),
            what,
            why: why(channel, entry, all, failures),
            answer,
        }
    }
}

/// The words of a message, wherever the provider's request carries them; of an event its type.
pub(crate) fn words_of(body: &Value) -> &str {
    let places = [
        "/MessageBody",
        "/Body",
        "/Content/Simple/Subject/Data",
        "/contents/en",
        "/text/body",
        "/interactive/body/text",
        "/text",
        "/type",
    ];
    places.iter().find_map(|place| body.pointer(place)?.as_str()).unwrap_or_default()
}

/// To whom a message went: the last digits of the number, the merchant's own id of the buyer, or the host of the mailbox.
pub(crate) fn addressee(entry: &Sent) -> String {
    let body = &entry.request["body"];
    let alias = || body["include_aliases"]["external_id"][0].as_str().map(str::to_owned);
    let mailbox = || {
        let (_, host) = body["Destination"]["ToAddresses"][0].as_str()?.split_once('@')?;
        Some(format!("…@{host}"))
    };
    entry.phone.as_deref().map(masked).or_else(alias).or_else(mailbox).unwrap_or_default()
}

/// The day of the case and, for a text message, what `WhatsApp` had answered.
fn why(channel: &str, entry: &Sent, all: &[(&str, Sent)], failures: &BTreeMap<String, Timestamp>) -> String {
    let invoice = invoice_of(&entry.request["body"]).unwrap_or_default();
    let day = failures.get(&invoice).map(|at| entry.time.duration_since(*at).as_hours() / 24);
    let step = day.map_or_else(|| invoice.clone(), |day| format!("Day {day} of {invoice}"));
    if channel != "sms" {
        return step;
    }
    let codes: Vec<String> = all
        .iter()
        .filter(|(by, other)| *by == "whatsapp" && other.phone == entry.phone && other.time <= entry.time)
        .filter_map(|(_, other)| other.refusal())
        .collect();
    match codes.last() {
        Some(code) => format!("{step}; WhatsApp refused {} times: {code}", codes.len()),
        None if step.is_empty() => step,
        None => format!("{step}; WhatsApp failed later or was not read"),
    }
}

/// The invoice that a message's correlation string names, wherever the provider's request carries it.
fn invoice_of(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => text.strip_prefix("rcp1/")?.split('/').nth(2).map(str::to_owned),
        Value::Array(items) => items.iter().find_map(invoice_of),
        Value::Object(members) => members.values().find_map(invoice_of),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A phone number that shows its last digits only.
pub(crate) fn masked(phone: &str) -> String {
    let kept = phone.len().saturating_sub(4);
    format!("…{}", phone.get(kept..).unwrap_or_default())
}

/// A time as people read it, in UTC.
pub fn clock_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length - 1).chain(['…']).collect()
}

fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = head.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(head);
    for row in rows {
        line(std::array::from_fn(|column| row[column].as_str()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_so_is_listed() {
        let statement = |text: &str, holds| Statement { text: text.into(), holds, seen: "2".into() };
        let mut report = Report::default();
        report.scenarios.push(Outcome {
            letter: 'b',
            title: "once",
            statements: vec![statement("one message", false), statement("no text", true)],
            trouble: Some("no answer".into()),
            took: Duration::ZERO,
        });
        report.queues.insert("parked".into(), Depth { visible: 1, ..Depth::default() });
        assert_eq!(
            report.failures(),
            [
                "(b) one message: saw 2",
                "(b) could not be played to its end: no answer",
                "queue parked still holds 1 messages"
            ]
        );
        assert_eq!(report.json()["ok"], false);
        assert!(report.text().contains(" NO  one message"));
        assert!(Report::default().failures().is_empty());
    }

    #[test]
    fn the_invoice_is_found_in_any_request() {
        let whatsapp = json!({"to": "+1", "biz_opaque_callback_data": "rcp1/main/stripe/in_1/0/whatsapp/t"});
        let sms = json!({"Context": {"rcp": "rcp1/main/stripe/in_2/0/sms/t"}});
        assert_eq!(invoice_of(&whatsapp).as_deref(), Some("in_1"));
        assert_eq!(invoice_of(&sms).as_deref(), Some("in_2"));
        assert_eq!(invoice_of(&json!({"to": "+1"})), None);
    }

    #[test]
    fn a_phone_number_shows_its_end_only() {
        assert_eq!(masked("+12025550101"), "…0101");
        assert_eq!(masked("12"), "…12");
    }
}
