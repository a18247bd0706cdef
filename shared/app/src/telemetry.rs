//! One wide line per request or message: ids and codes only, never a phone, a name, a URL or a body.

use recoup_core::{CaseId, Decision, Reason};

/// The line of one request or message. The `aws` crate writes it as JSON that is also the metric record.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Which use case.
    pub function: &'static str,
    /// How it ended: `applied`, `duplicate`, `ignored`, `refused`, `parked`, `spilled`, `failed`, `sent`, ...
    pub outcome: &'static str,
    /// The reason of the decision, or the code of the fault.
    pub reason: &'static str,
    /// The case.
    pub case: Option<CaseId>,
    /// The kind of event, or the channel.
    pub kind: String,
    /// The step.
    pub step: Option<u8>,
    /// The trace.
    pub trace: Option<String>,
    /// The code behind a failure.
    pub error: String,
    /// Whether a person must look.
    pub alarm: bool,
}

impl Line {
    /// A line about one use case.
    pub fn new(function: &'static str, outcome: &'static str) -> Self {
        Self { function, outcome, ..Self::default() }
    }

    /// Takes over what a decision said.
    #[must_use]
    pub fn decided(mut self, case: &CaseId, decision: &Decision) -> Self {
        self.case = Some(case.clone());
        self.reason = decision.reason.code();
        self.alarm = decision.alarm;
        self.outcome = outcome_of(decision);
        self
    }

    /// Writes the line.
    pub fn emit(&self) {
        let case = self.case.as_ref().map(ToString::to_string).unwrap_or_default();
        let trace = self.trace.as_deref().unwrap_or_default();
        let step = self.step.map(|step| step.to_string()).unwrap_or_default();
        if self.alarm {
            tracing::error!(
                target: "recoup", fn = self.function, outcome = self.outcome, reason = self.reason, case, kind = self.kind,
                step, trace, error = self.error, alarm = 1
            );
        } else {
            tracing::info!(
                target: "recoup", fn = self.function, outcome = self.outcome, reason = self.reason, case, kind = self.kind,
                step, trace, error = self.error
            );
        }
    }
}

fn outcome_of(decision: &Decision) -> &'static str {
    if matches!(decision.reason, Reason::Duplicate | Reason::OldStatus) {
        "duplicate"
    } else if decision.case.is_none() && decision.recipient.is_none() {
        "unchanged"
    } else {
        "applied"
    }
}
