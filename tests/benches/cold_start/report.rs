//! What was measured, beside the goal it is held to.

use serde_json::{Value, json};

/// The start of one function: medians over the rounds.
pub(crate) struct Start {
    pub(crate) function: &'static str,
    /// Bytes of the binary.
    pub(crate) size: u64,
    /// From exec to the first poll for an event.
    pub(crate) init_ms: f64,
    /// CPU time up to then.
    pub(crate) init_cpu_ms: f64,
    /// CPU time up to the poll after the first event.
    pub(crate) cold_cpu_ms: f64,
    /// Most bytes resident by then.
    pub(crate) memory: u64,
    /// Calls up to then, by operation.
    pub(crate) calls: Vec<(String, u32)>,
}

/// Warm webhooks.
pub(crate) struct Warm {
    pub(crate) events: u32,
    pub(crate) cpu_us: f64,
    pub(crate) median_ms: f64,
    /// Most bytes resident after them all.
    pub(crate) memory: u64,
    pub(crate) calls: Vec<Calls>,
}

/// What something else costs in the same run.
pub(crate) struct Compared {
    pub(crate) init_cpu_ms: f64,
    pub(crate) cold_cpu_ms: f64,
    pub(crate) memory: u64,
    pub(crate) cpu_us: f64,
}

/// The share of the peer's CPU time that a cold start and a webhook may use.
const SHARES: [f64; 2] = [1.0 / 23.0, 1.0 / 4.0];
/// What those shares came to where they were set, an AMD EPYC of the Zen 5 kind: milliseconds, microseconds.
const SET_AT: [f64; 2] = [5.0, 300.0];

/// The calls that one webhook of a kind makes.
pub(crate) struct Calls {
    pub(crate) kind: &'static str,
    pub(crate) dynamodb: f64,
    /// As many calls of `DynamoDB` there may be.
    pub(crate) most: f64,
    /// Calls of every other service.
    pub(crate) other: f64,
}

/// A number, the most it may be, and its unit.
struct Goal {
    what: String,
    value: f64,
    most: f64,
    unit: &'static str,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) tls: bool,
    pub(crate) rounds: usize,
    /// The load average when it began.
    pub(crate) load: String,
    /// The processor, as it calls itself.
    pub(crate) processor: String,
    pub(crate) starts: Vec<Start>,
    /// The runtime client with no work at all.
    pub(crate) floor: Option<Compared>,
    /// The same webhook in JavaScript.
    pub(crate) peer: Option<Compared>,
    pub(crate) warm: Option<Warm>,
    /// Functions without a binary.
    pub(crate) missing: Vec<&'static str>,
}

#[expect(clippy::cast_precision_loss, reason = "a size of some megabytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl Report {
    fn goals(&self) -> Vec<Goal> {
        let goal = |what: String, value, most, unit| Goal { what, value, most, unit };
        let [cold, each] = match &self.peer {
            Some(peer) => [peer.cold_cpu_ms * SHARES[0], peer.cpu_us * SHARES[1]],
            None => SET_AT,
        };
        let mut goals = Vec::new();
        for start in &self.starts {
            let function = start.function;
            goals.push(goal(format!("{function}: binary"), megabytes(start.size), 6.0, "MB"));
            // The peer answers a webhook: the first event of a sender, which also calls a provider, has no measure here.
            if function.ends_with("-webhook") {
                goals.push(goal(format!("{function}: cold CPU"), start.cold_cpu_ms, cold, "ms"));
            }
            goals.push(goal(format!("{function}: memory"), megabytes(start.memory), 10.0, "MB"));
        }
        if let Some(warm) = &self.warm {
            goals.push(goal("payment-webhook: CPU per webhook".to_owned(), warm.cpu_us, each, "us"));
            goals.push(goal("payment-webhook: memory, warm".to_owned(), megabytes(warm.memory), 10.0, "MB"));
            for Calls { kind, dynamodb, most, .. } in &warm.calls {
                goals.push(goal(format!("payment-webhook: DynamoDB calls, {kind}"), *dynamodb, *most, ""));
            }
        }
        goals
    }

    /// Whether every number is within its goal.
    pub(crate) fn holds(&self) -> bool {
        self.goals().iter().all(Goal::holds)
    }

    /// The report for programs.
    pub(crate) fn json(&self) -> Value {
        let start = |start: &Start| {
            json!({"function": start.function, "binary_bytes": start.size, "init_ms": start.init_ms,
                "init_cpu_ms": start.init_cpu_ms, "cold_cpu_ms": start.cold_cpu_ms, "memory_bytes": start.memory,
                "calls": start.calls.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()})
        };
        let calls =
            |calls: &Calls| json!({"kind": calls.kind, "dynamodb": calls.dynamodb, "other": calls.other});
        let warm = self.warm.as_ref().map(|warm| {
            json!({"events": warm.events, "cpu_us": warm.cpu_us, "median_ms": warm.median_ms,
                "memory_bytes": warm.memory, "calls": warm.calls.iter().map(calls).collect::<Vec<_>>()})
        });
        let [floor, peer] = [&self.floor, &self.peer].map(|compared| compared.as_ref().map(Compared::json));
        let goals: Vec<_> = self.goals().iter().map(Goal::json).collect();
        json!({"tls": self.tls, "rounds": self.rounds, "load": self.load, "processor": self.processor, "missing": self.missing,
            "starts": self.starts.iter().map(start).collect::<Vec<_>>(), "floor": floor, "peer": peer, "warm": warm, "goals": goals,
            "holds": self.holds()})
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let tls =
            if self.tls { "by TLS" } else { "by plain HTTP (--tls adds the handshakes that AWS asks for)" };
        let mut lines = vec![
            format!("Cold starts, medians of {} rounds, AWS {tls}", self.rounds),
            format!(
                "{}, load average {}; CPU times resolve nanoseconds (schedstat)",
                self.processor, self.load
            ),
        ];
        lines.extend(self.floor.as_ref().map(|floor| floor.text("runtime client alone")));
        lines.push(match &self.peer {
            Some(peer) => format!(
                "{}\nGoals for CPU time: a cold start uses a 23rd of what JavaScript uses here, a webhook a quarter",
                peer.text("the same in JavaScript")
            ),
            None => "Goals for CPU time are those of an AMD EPYC of the Zen 5 kind; with --peer they are shares of JavaScript's".to_owned(),
        });
        lines.push(String::new());
        lines.push(format!(
            "{:<16} {:>9} {:>13} {:>13} {:>13} {:>9}  calls",
            "function", "binary MB", "first poll ms", "  its CPU ms", "cold CPU ms", "memory MB"
        ));
        for start in &self.starts {
            let calls: Vec<_> = start.calls.iter().map(|(call, count)| format!("{count} {call}")).collect();
            lines.push(format!(
                "{:<16} {:>9.2} {:>13.1} {:>13.1} {:>13.1} {:>9.1}  {}",
                start.function,
                megabytes(start.size),
                start.init_ms,
                start.init_cpu_ms,
                start.cold_cpu_ms,
                megabytes(start.memory),
                calls.join(", ")
            ));
        }
        lines.extend(self.missing.iter().map(|function| {
            format!("{function:<16} no release binary: cargo build --release --locked -p {function}")
        }));
        if let Some(warm) = &self.warm {
            lines.push(String::new());
            lines.push(format!(
                "payment-webhook, {} warm webhooks of 5 KB: {:.0} us CPU each, answered in {:.2} ms (median)",
                warm.events, warm.cpu_us, warm.median_ms
            ));
            for Calls { kind, dynamodb, other, .. } in &warm.calls {
                lines.push(format!("  {kind:<10} {dynamodb:.0} DynamoDB, {other:.0} other calls each"));
            }
        }
        lines.push(String::new());
        lines.push(format!("{:<42} {:>10} {:>10}", "goal", "measured", "at most"));
        lines.extend(self.goals().iter().map(Goal::text));
        lines.join("\n")
    }
}

impl Compared {
    fn text(&self, name: &str) -> String {
        format!(
            "{name}: {:.1} ms CPU to its first poll, {:.1} ms with its first event, {:.0} us per webhook, {:.1} MB",
            self.init_cpu_ms,
            self.cold_cpu_ms,
            self.cpu_us,
            megabytes(self.memory)
        )
    }

    fn json(&self) -> Value {
        json!({"init_cpu_ms": self.init_cpu_ms, "cold_cpu_ms": self.cold_cpu_ms, "cpu_us": self.cpu_us,
            "memory_bytes": self.memory})
    }
}

impl Goal {
    fn holds(&self) -> bool {
        self.value <= self.most
    }

    fn json(&self) -> Value {
        json!({"what": self.what, "value": self.value, "at_most": self.most, "unit": self.unit, "holds": self.holds()})
    }

    fn text(&self) -> String {
        let verdict = if self.holds() { "holds" } else { "OVER" };
        format!("{:<42} {:>10.2} {:>10.2} {:<2}  {verdict}", self.what, self.value, self.most, self.unit)
    }
}
