//! What functions and stubs say, as lines for a person.

use jiff::Timestamp;
use serde_json::Value;

use crate::report::{addressee, words_of};
use crate::stubs::Sent;

/// What a function's line says of a decision.
pub(super) struct DecisionLine {
    pub(super) at: Timestamp,
    pub(super) obligation: String,
    pub(super) reason: String,
    pub(super) text: String,
}

/// Reads a line of a function; `None` when it is about no case.
pub(super) fn decision(function: &str, line: &str) -> Option<DecisionLine> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let at = text("timestamp").parse().ok()?;
    let (outcome, reason, case) = (text("outcome"), text("reason"), text("case"));
    if case.is_empty() && outcome != "refused" {
        return None;
    }
    let obligation = case.rsplit('/').next().unwrap_or_default().to_owned();
    let step = Some(text("step")).filter(|step| !step.is_empty()).map(|step| format!(", step {step}"));
    let said = format!("decided  {function}: {reason} ({outcome}) {obligation}{}", step.unwrap_or_default());
    Some(DecisionLine { at, obligation, reason: reason.to_owned(), text: said.trim_end().to_owned() })
}

/// A line of a function in short; `None` for those that Lambda writes around each call.
pub(super) fn summary(line: &str) -> Option<String> {
    if ["START ", "END ", "REPORT "].iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let Ok(Value::Object(members)) = serde_json::from_str(line) else {
        return Some(line.trim_end().to_owned());
    };
    let known = ["timestamp", "outcome", "reason", "case", "step", "kind", "error"];
    let texts: Vec<&str> = known.iter().filter_map(|name| members.get(*name)?.as_str()).collect();
    Some(texts.join(" "))
}

/// What left, and what the provider said to it.
pub(super) fn departure(channel: &str, entry: &Sent) -> String {
    let what = entry.template.as_ref().map(|name| format!("{name} ({})", values_of(entry)));
    let what = what.unwrap_or_else(|| format!("\"{}\"", words_of(&entry.request["body"])));
    let to = addressee(entry);
    let answer = match entry.refusal() {
        None => "accepted".to_owned(),
        Some(code) => format!("refused with {code}"),
    };
    let to = if to.is_empty() { to } else { format!(" to {to}") };
    format!("out      {channel:9}{to}: {what}: {answer}")
}

/// The values that a template was filled with.
fn values_of(entry: &Sent) -> String {
    let components = entry.request["body"]["template"]["components"].as_array();
    let parameters =
        components.into_iter().flatten().filter_map(|component| component["parameters"].as_array());
    let values: Vec<&str> = parameters.flatten().filter_map(|parameter| parameter["text"].as_str()).collect();
    values.join(", ")
}
