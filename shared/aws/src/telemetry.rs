//! Writes each wide line as one line of JSON on standard output, which is also its metric record (EMF).

use std::fmt;
use std::io::Write as _;

use recoup_app::ports::Clock as _;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::SystemClock;

/// Only our own lines are written: what a library says may hold what a request held.
const TARGET: &str = "recoup";

/// Starts writing lines down to this level, whose alarms are counted for the stack with this table; a second call changes
/// nothing.
pub(crate) fn init(level: Level, table: &str) {
    let lines = JsonLines { clock: SystemClock::default(), level, table: table.to_owned() };
    // The first subscriber of a process stays; a test may have set one.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

struct JsonLines {
    clock: SystemClock,
    level: Level,
    table: String,
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let at = self.clock.wall();
        let mut line = Line(Map::new());
        line.0.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        line.0.insert("timestamp".to_owned(), json!(at.to_string()));
        event.record(&mut line);
        if line.0.contains_key("outcome") {
            let alarm = line.0.contains_key("alarm");
            line.0.insert("count".to_owned(), json!(1));
            line.0.insert("_aws".to_owned(), metric(at.as_millisecond(), alarm));
            if alarm {
                line.0.insert("table".to_owned(), json!(self.table));
            }
        }
        let mut text = Value::Object(line.0).to_string();
        text.push('\n');
        // A closed standard output must not take the function down.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }
}

/// The embedded metric format: one count by function and outcome, and one by stack and reason for what a person must look
/// at, which alarms in `template.yaml` watch.
fn metric(at: i64, alarm: bool) -> Value {
    let directive = |dimensions: [&str; 2], name: &str| {
        let metrics = json!([{"Name": name, "Unit": "Count"}]);
        json!({"Namespace": "recoup", "Dimensions": [dimensions], "Metrics": metrics})
    };
    let mut directives = vec![directive(["fn", "outcome"], "count")];
    if alarm {
        directives.push(directive(["table", "reason"], "alarm"));
    }
    json!({"Timestamp": at, "CloudWatchMetrics": directives})
}

struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if !value.is_empty() {
            self.put(field, json!(value));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_wants_a_person_is_counted_by_stack_and_reason() {
        let dimensions = |alarm| {
            let metric = metric(0, alarm);
            let directives = metric["CloudWatchMetrics"].as_array().cloned().unwrap_or_default();
            directives
                .iter()
                .map(|one| format!("{} {}", one["Metrics"][0]["Name"], one["Dimensions"]))
                .collect::<Vec<_>>()
        };
        assert_eq!(dimensions(false), [r#""count" [["fn","outcome"]]"#]);
        assert_eq!(dimensions(true), [r#""count" [["fn","outcome"]]"#, r#""alarm" [["table","reason"]]"#]);
    }
}
