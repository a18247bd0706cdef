//! `recoup reply`: what would be made of what buyers write?

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use recoup_app::ports::{Classifier, ReadBy};
use recoup_core::{Intent, Words, read_reply, read_when};
use serde_json::json;
use thiserror::Error;

/// What may be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads utterances, one a line, and prints what each is taken for, how surely, when it promises to pay, and by which
    /// rule.
    ///
    /// The same code as in the function that receives replies. Nothing is sent anywhere, unless a model is named: what the rules
    /// leave unknown is then read by it, as it would be with the parameter `ReplyModel`, and AWS bills for that.
    Classify(Classify),
}

impl Command {
    /// The model to ask, if one is named.
    pub fn model(&self) -> Option<&str> {
        let Self::Classify(wanted) = self;
        wanted.model.as_deref()
    }
}

/// Where the utterances are and how the answer is written.
#[derive(Debug, Args)]
pub struct Classify {
    /// A file of utterances; without it they are read from standard input
    file: Option<PathBuf>,
    /// Prints a line of JSON for each
    #[arg(long)]
    json: bool,
    /// Has a model or an inference profile of Amazon Bedrock read what the rules leave unknown, by its id or ARN
    #[arg(long)]
    model: Option<String>,
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
pub async fn run(
    command: &Command,
    classifier: &impl Classifier,
    stdin: impl BufRead,
    out: &mut impl Write,
) -> Result<bool, ReplyError> {
    let Command::Classify(wanted) = command;
    match &wanted.file {
        None => classify(classifier, stdin, wanted.json, out).await?,
        Some(file) => {
            let unreadable = |error| ReplyError::Unreadable { file: file.clone(), error };
            let utterances = BufReader::new(File::open(file).map_err(unreadable)?);
            classify(classifier, utterances, wanted.json, out).await?;
        }
    }
    Ok(true)
}

async fn classify(
    classifier: &impl Classifier,
    utterances: impl BufRead,
    as_json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    for line in utterances.lines() {
        let line = line?;
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let reading = read_reply(text);
        let read = classifier.classify(&Words::of(text)).await;
        let by_model = read.by == ReadBy::Bedrock;
        let intent = if by_model { read.intent } else { reading.intent };
        let when = if by_model && intent == Intent::Later { read_when(text) } else { reading.when };
        let (confidence, when) = (reading.confidence, when.map(|when| when.to_string()));
        let rule = reading.rule.map(|rule| rule.to_string());
        let unread = read.unread.map(|unread| unread.to_string());
        if as_json {
            let (intent, by) = (intent.as_str(), read.by.as_str());
            let said = json!({
                "text": text, "intent": intent, "confidence": confidence, "rule": rule, "when": when, "read_by": by,
                "unread": unread
            });
            writeln!(out, "{said}")?;
        } else {
            let why = match (by_model, unread) {
                (true, Some(unread)) => format!("bedrock {unread}"),
                (true, None) => "bedrock".to_owned(),
                (false, _) => rule.unwrap_or_else(|| "no rule".to_owned()),
            };
            let when = when.as_deref().unwrap_or("-");
            writeln!(out, "{intent:<13} {confidence:>3} %  {when:<17}  {text}  ({why})")?;
        }
    }
    Ok(())
}
