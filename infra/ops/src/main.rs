//! The binary `recoup`.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use recoup_ops::webhook;

/// Looks into recoup: webhooks, cases, and the reasons of decisions.
#[derive(Parser)]
#[command(name = "recoup", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what a source's verifier and normaliser make of a webhook.
    #[command(subcommand)]
    Webhook(webhook::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let stdout = io::stdout();
    let pretty = stdout.is_terminal();
    let outcome = match &cli.command {
        Command::Webhook(command) => webhook::run(command, wall_clock, pretty, &mut stdout.lock()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "recoup: {error}");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a person at a terminal lives at the wall clock")]
fn wall_clock() -> Timestamp {
    Timestamp::now()
}
