//! `demo`: the scenarios on a stack of its own, for a person or as JSON.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use recoup_local::report::Report;
use recoup_local::scenarios;
use recoup_local::stack::{Part, Stack};
use recoup_local::{LocalError, signing};
use serde_json::{Value, json};

use super::interrupted;
use crate::PartsArgs;
use crate::terminal::{Terminal, complain, say, timed};

/// Plays the scenarios; fails when something is not so.
pub(crate) async fn demo(args: PartsArgs, as_json: bool) -> Result<ExitCode, LocalError> {
    let began = Instant::now();
    let dir = args.root.join(format!(".local/demo-{}", signing::random_id()?));
    let options = args.options(dir.clone());
    let mut terminal = Terminal::new(!as_json);
    let mut stack = None;
    let played = tokio::select! {
        report = play(&options, &mut terminal, &mut stack) => Some(report),
        pressed = interrupted() => pressed.map(|()| None)?,
    };
    let parts = stack.as_ref().map(|stack: &Stack| stack.parts.clone()).unwrap_or_default();
    let stopping = Instant::now();
    if let Some(stack) = stack {
        stack.stop().await?;
    }
    let Some(played) = played else {
        complain("interrupted; the stack was stopped");
        return Ok(ExitCode::from(130));
    };
    let (report, playing) = played?;
    let mut times: Vec<(&str, Duration)> = parts.iter().map(|Part { what, took }| (*what, *took)).collect();
    times.push(("scenarios", playing));
    times.push(("stop", stopping.elapsed()));
    times.push(("all", began.elapsed()));
    let failures = report.failures();
    show(&report, &times, as_json);
    if failures.is_empty() {
        // Only logs and the clock are left in it; leftovers harm nobody.
        let _ = std::fs::remove_dir_all(&dir);
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("the log of the local AWS is {}", dir.join("aws.log").display()));
    Ok(ExitCode::FAILURE)
}

async fn play(
    options: &recoup_local::stack::StackOptions,
    terminal: &mut Terminal,
    place: &mut Option<Stack>,
) -> Result<(Report, Duration), LocalError> {
    let stack = place.insert(Stack::start(options, terminal).await?);
    let began = Instant::now();
    let report = scenarios::play_all(stack, terminal).await;
    Ok((report, began.elapsed()))
}

fn show(report: &Report, times: &[(&str, Duration)], as_json: bool) {
    if as_json {
        let mut json = report.json();
        let seconds: serde_json::Map<String, Value> =
            times.iter().map(|(what, took)| ((*what).to_owned(), json!(took.as_secs_f64()))).collect();
        json["seconds"] = Value::Object(seconds);
        say(&json.to_string());
        return;
    }
    say("\n");
    say(&report.text());
    for (what, took) in times {
        say(&timed(what, *took));
    }
    let failures = report.failures();
    if failures.is_empty() {
        say("\nAll of it is so.");
        return;
    }
    say("\nNot so:");
    for failure in failures {
        say(&format!("  {failure}"));
    }
}
