//! `recoup reply`: what would be made of what buyers write?

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use recoup_core::read_reply;
use serde_json::json;
use thiserror::Error;

/// What may be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads utterances, one a line, and prints what each is taken for, how surely, when it promises to pay, and by which
    /// rule.
    ///
    /// The same code as in the function that receives replies. Nothing is sent anywhere.
    Classify(Classify),
}

/// Where the utterances are and how the answer is written.
#[derive(Debug, Args)]
pub struct Classify {
    /// A file of utterances; without it they are read from standard input
    file: Option<PathBuf>,
    /// Prints a line of JSON for each
    #[arg(long)]
    json: bool,
}

/// Why nothing was classified.
#[derive(Debug, Error)]
pub enum ReplyError {
    /// The file cannot be opened.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is no text, or the answer cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Does it.
///
/// # Errors
/// [`ReplyError`] when something cannot be read or written.
pub fn run(command: &Command, stdin: impl BufRead, out: &mut impl Write) -> Result<bool, ReplyError> {
    let Command::Classify(wanted) = command;
    match &wanted.file {
        None => classify(stdin, wanted.json, out)?,
        Some(file) => {
            let unreadable = |error| ReplyError::Unreadable { file: file.clone(), error };
            classify(BufReader::new(File::open(file).map_err(unreadable)?), wanted.json, out)?;
        }
    }
    Ok(true)
}

fn classify(utterances: impl BufRead, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    for line in utterances.lines() {
        let line = line?;
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let reading = read_reply(text);
        let rule = reading.rule.map(|rule| rule.to_string());
        let when = reading.when.map(|when| when.to_string());
        if as_json {
            let intent = reading.intent.as_str();
            let confidence = reading.confidence;
            let said =
                json!({"text": text, "intent": intent, "confidence": confidence, "rule": rule, "when": when});
            writeln!(out, "{said}")?;
        } else {
            let rule = rule.unwrap_or_else(|| "no rule".to_owned());
            let when = when.as_deref().unwrap_or("-");
            writeln!(
                out,
                "{:<13} {:>3} %  {when:<17}  {text}  ({rule})",
                reading.intent, reading.confidence
            )?;
        }
    }
    Ok(())
}
