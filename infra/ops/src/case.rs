//! `recoup case` and `recoup why`: one case as the functions see it, and each decision with its reason.

use std::io::{self, Write};

use clap::Args;
use recoup_app::ports::{Store, StoreError, Versioned};
use recoup_core::{Brand, Case, CaseId, Entry, MalformedId, Next, Outreach, TrailEntry};
use serde_json::{Value, json};
use thiserror::Error;

/// Which case.
#[derive(Debug, Args)]
pub struct Which {
    /// The case: `stripe/in_1`, or with its brand `main/stripe/in_1`.
    case: String,
    /// The brand, where the case names none.
    #[arg(long, default_value = "main")]
    brand: String,
    /// Prints one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Why the case could not be shown.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The id cannot be one.
    #[error("{0}; write stripe/in_1 or main/stripe/in_1")]
    Id(#[from] MalformedId),
    /// The table did not answer.
    #[error("{0}; check --table, --region and the credentials")]
    Store(#[from] StoreError),
    /// Standard output was closed.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Which {
    /// The case's id.
    ///
    /// # Errors
    /// [`CaseError::Id`] when the text cannot be one.
    pub fn id(&self) -> Result<CaseId, CaseError> {
        Brand::parse(&self.brand)?;
        let whole = if self.case.matches('/').count() >= 2 {
            self.case.clone()
        } else {
            format!("{}/{}", self.brand, self.case)
        };
        Ok(CaseId::parse(&whole)?)
    }
}

/// Shows a case: state, debt, ledger, trail, next timer. `false` when there is none.
///
/// # Errors
/// [`CaseError`].
pub async fn show(store: &impl Store, which: &Which, out: &mut impl Write) -> Result<bool, CaseError> {
    print(store, which, out, |case| (shown(case), lines(case))).await
}

/// Shows each remembered decision of a case with its reason. `false` when there is no such case.
///
/// # Errors
/// [`CaseError`].
pub async fn why(store: &impl Store, which: &Which, out: &mut impl Write) -> Result<bool, CaseError> {
    print(store, which, out, |case| {
        let decisions = &case.item.trail;
        (decisions.iter().map(decision).collect(), decisions.iter().map(decision_line).collect())
    })
    .await
}

async fn print(
    store: &impl Store,
    which: &Which,
    out: &mut impl Write,
    look: impl FnOnce(&Versioned<Case>) -> (Value, Vec<String>),
) -> Result<bool, CaseError> {
    let id = which.id()?;
    let Some(case) = store.load_case(&id).await? else {
        if which.json {
            writeln!(out, "null")?;
        } else {
            writeln!(out, "no case {id}: nothing was said about this obligation")?;
        }
        return Ok(false);
    };
    let (value, lines) = look(&case);
    if which.json {
        writeln!(out, "{value}")?;
    } else {
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(true)
}

/// Everything about a case that is no personal data; the phone is shown by its last two digits.
fn shown(case: &Versioned<Case>) -> Value {
    let Versioned { item, version } = case;
    let outreach = item.outreach.as_ref();
    json!({
        "case": item.id.to_string(),
        "state": item.state().as_str(),
        "version": version,
        "closed_at": item.closed_at.map(|at| at.to_string()),
        "opened_at": outreach.map(|outreach| outreach.anchor.to_string()),
        "playbook": outreach.map(|outreach| format!("{}@{}", outreach.playbook, outreach.version)),
        "owed": outreach.and_then(|outreach| outreach.matter.amount).map(|amount| amount.to_string()),
        "attempt": outreach.map(|outreach| outreach.matter.attempt),
        "next_retry": outreach.and_then(|outreach| outreach.matter.next_retry).map(|at| at.to_string()),
        "decline": outreach.and_then(|outreach| outreach.matter.decline).map(recoup_core::DeclineClass::as_str),
        "phone": outreach.and_then(masked_phone),
        "next": outreach.and_then(|outreach| outreach.next).map(next),
        "ledger": outreach.map(|outreach| outreach.ledger.iter().map(entry).collect::<Vec<_>>()),
        "trail": item.trail.iter().map(decision).collect::<Vec<_>>(),
        "trace": outreach.and_then(|outreach| outreach.trace.clone()),
    })
}

fn masked_phone(outreach: &Outreach) -> Option<String> {
    let phone = outreach.matter.buyer.phone.as_ref()?.expose();
    Some(format!("..{}", &phone[phone.len().saturating_sub(2)..]))
}

fn next(next: Next) -> Value {
    let Next { step, at, channel, generation } = next;
    json!({"step": step.0, "at": at.to_string(), "channel": channel.as_str(), "generation": generation})
}

fn entry(entry: &Entry) -> Value {
    json!({
        "step": entry.step.0,
        "channel": entry.channel.as_str(),
        "state": entry.state.as_str(),
        "attempt": entry.attempt,
        "at": entry.at.to_string(),
        "template": entry.template.as_str(),
        "detail": entry.detail,
    })
}

fn decision(entry: &TrailEntry) -> Value {
    json!({
        "at": entry.at.to_string(),
        "step": entry.step.map(|step| step.0),
        "reason": entry.reason.code(),
        "meaning": entry.reason.meaning(),
    })
}

fn decision_line(entry: &TrailEntry) -> String {
    let step = entry.step.map_or_else(|| "      ".to_owned(), |step| format!("step {step}"));
    format!("{}  {step}  {:<22} {}", entry.at, entry.reason.code(), entry.reason.meaning())
}

/// The same for a terminal.
fn lines(case: &Versioned<Case>) -> Vec<String> {
    let item = &case.item;
    let mut lines = vec![format!("{}  {}", item.id, item.state().as_str())];
    if let Some(at) = item.closed_at {
        lines.push(format!("closed    {at}"));
    }
    if let Some(outreach) = &item.outreach {
        let unknown = || "unknown".to_owned();
        lines.push(format!("opened    {}  {}@{}", outreach.anchor, outreach.playbook, outreach.version));
        let owed = outreach.matter.amount.map_or_else(unknown, |amount| amount.to_string());
        lines.push(format!("owed      {owed}, attempt {}", outreach.matter.attempt));
        lines.push(format!("phone     {}", masked_phone(outreach).unwrap_or_else(unknown)));
        lines.push(match outreach.next {
            Some(next) => format!("next      step {} by {} at {}", next.step, next.channel, next.at),
            None => "next      nothing is planned".to_owned(),
        });
        for entry in &outreach.ledger {
            let detail = entry.detail.as_deref().unwrap_or("-");
            let Entry { step, channel, state, at, template, attempt, .. } = entry;
            let state = state.as_str();
            lines.push(format!(
                "ledger    step {step} {channel:<8} {state:<9} {at}  {template}, try {attempt}, {detail}"
            ));
        }
    }
    lines.extend(item.trail.iter().map(|entry| format!("decision  {}", decision_line(entry))));
    lines
}
