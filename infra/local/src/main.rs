//! The binary `recoup-local`: the local stack and the demo.

mod commands;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use recoup_local::drill::Size;
use recoup_local::stack::StackOptions;

/// Runs recoup on this machine: the real template and functions on a local AWS, with stubs of the providers.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a stack in the background and writes stack.json.
    Up(#[command(flatten)] Place),
    /// Stops a stack that was started by up, with everything it started.
    Down {
        /// The folder of the stack.
        #[arg(long, default_value = ".local")]
        dir: PathBuf,
    },
    /// Plays the scenarios on a stack of its own and shows what was sent, when and why.
    Demo {
        #[command(flatten)]
        place: OwnPlace,
        /// Prints the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Plays thousands of events on a stack of its own and counts what became of them; 1 when one was lost.
    Drill {
        #[command(flatten)]
        place: OwnPlace,
        #[command(flatten)]
        size: SizeArgs,
        /// Prints the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Holds a stack until it is told to stop; up runs this in the background.
    #[command(hide = true)]
    Serve(#[command(flatten)] Place),
}

#[derive(Args, Clone)]
struct Place {
    #[command(flatten)]
    parts: PartsArgs,
    /// The folder of the stack: stack.json, clock, logs.
    #[arg(long, default_value = ".local")]
    dir: PathBuf,
}

#[derive(Args, Clone)]
struct OwnPlace {
    #[command(flatten)]
    parts: PartsArgs,
}

#[derive(Args, Clone)]
struct SizeArgs {
    /// How many events are delivered.
    #[arg(long, default_value_t = 5_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=50_000))]
    events: usize,
    /// What decides the bodies of the events and their order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many are on their way at once.
    #[arg(long, default_value_t = 8, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    at_once: usize,
}

#[derive(Args, Clone)]
struct PartsArgs {
    /// The root of the repository.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// The folder with the functions' binaries.
    #[arg(long, default_value = "target/debug")]
    bin_dir: PathBuf,
    /// The Python interpreter that has the local AWS installed.
    #[arg(long, default_value = ".local/venv/bin/python3")]
    python: PathBuf,
    /// Enforces the roles of the template.
    #[arg(long)]
    auth: bool,
    /// Sends the functions' AWS requests to another address, such as a fault proxy.
    #[arg(long)]
    functions_endpoint: Option<String>,
    /// Puts a fault proxy between the functions and the local AWS; stack.json says where it takes its rules.
    #[arg(long, conflicts_with = "functions_endpoint")]
    faults: bool,
    /// A template parameter, as KEY=VALUE; may be repeated.
    #[arg(long = "parameter", value_parser = parse_parameter)]
    parameters: Vec<(String, String)>,
}

impl PartsArgs {
    fn options(self, dir: PathBuf) -> StackOptions {
        StackOptions {
            root: self.root,
            dir,
            bin_dir: self.bin_dir,
            python: self.python,
            auth: self.auth,
            functions_endpoint: self.functions_endpoint,
            faults: self.faults,
            parameters: self.parameters,
        }
    }
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Up(place) => commands::up(&place.parts.clone().options(place.dir)).await,
        Command::Down { dir } => commands::down(&dir).await,
        Command::Demo { place, json } => commands::demo(place.parts, json).await,
        Command::Drill { place, size: SizeArgs { events, seed, at_once }, json } => {
            commands::drill(place.parts, Size { events, seed, at_once }, json).await
        }
        Command::Serve(place) => commands::serve(&place.parts.options(place.dir)).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
