//! `drill`: thousands of events on a stack of its own, and a count of what became of them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use recoup_local::drill::{self, Drilled, Size};
use recoup_local::stack::{Part, Stack, StackOptions};
use recoup_local::{LocalError, signing};
use serde_json::{Map, Value, json};

use super::interrupted;
use crate::PartsArgs;
use crate::terminal::{Terminal, complain, say, timed};

/// Plays a drill; fails when a number that must be zero is not.
pub(crate) async fn drill(args: PartsArgs, size: Size, as_json: bool) -> Result<ExitCode, LocalError> {
    let began = Instant::now();
    let dir = args.root.join(format!(".local/drill-{}", signing::random_id()?));
    let options = args.options(dir.clone());
    let mut terminal = Terminal::new(!as_json);
    let mut stack = None;
    let played = tokio::select! {
        drilled = play(&options, size, &mut terminal, &mut stack) => Some(drilled),
        pressed = interrupted() => pressed.map(|()| None)?,
    };
    let starting: Duration = stack
        .as_ref()
        .map(|stack: &Stack| stack.parts.iter().map(|Part { took, .. }| *took).sum())
        .unwrap_or_default();
    if let Some(stack) = stack {
        stack.stop().await?;
    }
    let Some(played) = played else {
        complain("interrupted; the stack was stopped");
        return Ok(ExitCode::from(130));
    };
    let mut drilled = played?;
    drilled.parts.insert(0, ("start of the stack", starting));
    drilled.parts.push(("all", began.elapsed()));
    show(&drilled, size, as_json);
    if drilled.count.failures().is_empty() {
        // Only logs and the clock are left in it; leftovers harm nobody.
        let _ = std::fs::remove_dir_all(&dir);
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("the log of the local AWS is {}", dir.join("aws.log").display()));
    Ok(ExitCode::FAILURE)
}

async fn play(
    options: &StackOptions,
    size: Size,
    terminal: &mut Terminal,
    place: &mut Option<Stack>,
) -> Result<Drilled, LocalError> {
    let stack = place.insert(Stack::start(options, terminal).await?);
    drill::play(stack, size, terminal).await
}

fn show(drilled: &Drilled, size: Size, as_json: bool) {
    let Drilled { count, parts, delivered_per_second, events_per_second } = drilled;
    let failures = count.failures();
    if as_json {
        let mut json = json!(count);
        let seconds: Map<String, Value> =
            parts.iter().map(|(what, took)| ((*what).to_owned(), json!(took.as_secs_f64()))).collect();
        json["seed"] = json!(size.seed);
        json["seconds"] = Value::Object(seconds);
        json["delivered_per_second"] = json!(delivered_per_second);
        json["events_per_second"] = json!(events_per_second);
        json["failures"] = json!(failures);
        say(&json.to_string());
        return;
    }
    say(&format!("\n{} events, seed {}", count.events, size.seed));
    say(&count.text());
    say(&format!("{:<32}{events_per_second:>9.1}", "events per second, all done"));
    say(&format!("{:<32}{delivered_per_second:>9.1}", "events per second, answered"));
    for (what, took) in parts {
        say(&timed(what, *took));
    }
    for failure in failures {
        say(&format!("Not so: {failure}"));
    }
}
