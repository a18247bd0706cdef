//! The binary `recoup`.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use recoup_aws::bedrock;
use recoup_ops::place::Place;
use recoup_ops::{case, reply, webhook};
use recoup_transport::HttpTransport;

/// Looks into recoup: webhooks, cases, and the reasons of decisions.
///
/// Exit codes: 0 done, 1 refused or not found, 2 wrong usage or no answer.
#[derive(Parser)]
#[command(name = "recoup", version, about, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what a source's verifier and normaliser make of a webhook.
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Shows what is made of what buyers write.
    #[command(subcommand)]
    Reply(reply::Command),
    /// Looks at one case.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Shows each decision of a case with its reason.
    Why(case::Which),
}

#[derive(Subcommand)]
enum CaseCommand {
    /// Shows state, debt, ledger, decisions and the next timer.
    Show(case::Which),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "recoup: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: &Cli) -> Result<bool, Box<dyn Error>> {
    let pretty = io::stdout().is_terminal();
    let mut out = io::stdout();
    match &cli.command {
        Command::Webhook(command) => Ok(webhook::run(command, wall_clock, pretty, &mut out)?),
        Command::Reply(command) => {
            let transport = HttpTransport::within(bedrock::TIMEOUT);
            let model = match command.model() {
                Some(id) => Some(bedrock::model(id, &cli.place.aws().await?, &transport)?),
                None => None,
            };
            Ok(reply::run(command, &model, io::stdin().lock(), &mut out).await?)
        }
        Command::Case(CaseCommand::Show(which)) => {
            Ok(case::show(&cli.place.table().await?, which, &mut out).await?)
        }
        Command::Why(which) => Ok(case::why(&cli.place.table().await?, which, &mut out).await?),
    }
}

#[expect(clippy::disallowed_methods, reason = "a person at a terminal lives at the wall clock")]
fn wall_clock() -> Timestamp {
    Timestamp::now()
}
