//! `recoup webhook`: a request against the same verifier and normaliser that the payment-webhook function runs.

pub mod conformance;
mod event_line;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_core::{Secret, UnfitSecret};
use recoup_processors::{NormaliseError, Normalised, Processor, Status, Unverified, by_name};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use event_line::EventLine;

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verifies and normalises one request. Exit code 0: accepted, 1: refused, 2: wrong usage.
    Check(Check),
    /// Verifies and normalises a folder of known answers; one JSON line per signature vector and per payload.
    Conformance {
        /// The folder, with `signatures.json` and `webhooks/SOURCE/*.json`.
        dir: PathBuf,
    },
}

/// One request to check.
#[derive(Debug, Args)]
pub struct Check {
    /// The source, as in the webhook path.
    #[arg(long)]
    source: String,
    /// A signing secret; give it again for each secret of a rotation.
    #[arg(long = "secret", required = true)]
    secrets: Vec<GivenSecret>,
    /// The time of receipt, RFC 3339 or Unix seconds; the wall clock when left out.
    #[arg(long, value_parser = parse_time, allow_hyphen_values = true)]
    now: Option<Timestamp>,
    /// A JSON object of header names to a value, or to a list of values.
    #[arg(long)]
    headers: PathBuf,
    /// The exact bytes of the body.
    #[arg(long)]
    body: PathBuf,
    /// The public URL of the endpoint, for sources that sign it.
    #[arg(long, default_value = "")]
    url: String,
    /// The certificates that the request names, in PEM, for sources that sign with one.
    #[arg(long)]
    certificates: Option<PathBuf>,
    /// Prints one line of JSON on a terminal too.
    #[arg(long)]
    json: bool,
}

/// A secret as given. An unfit one is refused with its reason instead of being wrong usage: the function would not
/// start with it either.
#[derive(Debug, Clone)]
struct GivenSecret(Result<Secret, UnfitSecret>);

impl From<&str> for GivenSecret {
    fn from(text: &str) -> Self {
        Self(Secret::parse(text))
    }
}

/// Why the command could not do what it was told.
#[derive(Debug, Error)]
pub enum UsageError {
    /// No such source in this build.
    #[error("unknown source {name}; known: {known}")]
    UnknownSource {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A file or folder could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file has another form than the command reads.
    #[error("{} is not {expected}", path.display())]
    Malformed {
        /// Which one.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Unwritable(#[from] io::Error),
}

/// What the source makes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the source signed these bytes.
    pub verified: bool,
    /// The code of the refusal, or of why a verified body is ignored; null when it gave events.
    pub reason: Option<&'static str>,
    /// What it says.
    pub events: Vec<EventLine>,
    #[serde(skip)]
    accepted: bool,
}

impl Verdict {
    /// Whether the request is verified and its body could be read, be it to be ignored.
    pub fn accepted(&self) -> bool {
        self.accepted
    }

    fn refused(verified: bool, reason: &'static str) -> Self {
        Self { verified, reason: Some(reason), events: Vec::new(), accepted: false }
    }
}

/// Verifies and normalises one request.
pub fn check(source: &dyn Processor, request: Unverified<'_>, secrets: &[Secret], now: Timestamp) -> Verdict {
    let placed = source.certificate_url(request);
    match placed.and_then(|_| source.verify(request, secrets, now)) {
        Err(error) => Verdict::refused(false, error.code()),
        Ok(verified) => read(source.normalise(&verified)),
    }
}

fn read(normalised: Result<Normalised, NormaliseError>) -> Verdict {
    match normalised {
        Err(error) => Verdict::refused(true, error.code()),
        Ok(normalised) => {
            let reason = match normalised.status {
                Status::Recognised => None,
                Status::Asks => Some("asks_back"),
                Status::Ignored(why) => Some(why.code()),
            };
            let events = normalised.events.iter().map(EventLine::of).collect();
            Verdict { verified: true, reason, events, accepted: true }
        }
    }
}

/// Runs the command; true when what was asked about is accepted.
///
/// # Errors
/// [`UsageError`] when the question makes no sense or the answer cannot be written.
pub fn run(
    command: &Command,
    clock: impl Fn() -> Timestamp,
    pretty: bool,
    out: &mut impl Write,
) -> Result<bool, UsageError> {
    match command {
        Command::Check(args) => {
            let verdict = args.verdict(clock)?;
            write_line(&verdict, pretty && !args.json, out)?;
            Ok(verdict.accepted())
        }
        Command::Conformance { dir } => {
            for line in conformance::walk(dir)? {
                write_line(&line, false, out)?;
            }
            Ok(true)
        }
    }
}

impl Check {
    fn verdict(&self, clock: impl Fn() -> Timestamp) -> Result<Verdict, UsageError> {
        let source = by_name(&self.source).ok_or_else(|| UsageError::UnknownSource {
            name: self.source.clone(),
            known: recoup_processors::all().map(Processor::name).collect::<Vec<_>>().join(", "),
        })?;
        let expected = "a JSON object of header names to values";
        let malformed = || UsageError::Malformed { path: self.headers.clone(), expected };
        let headers: Headers = serde_json::from_slice(&read_file(&self.headers)?).map_err(|_| malformed())?;
        let headers = headers.to_map().ok_or_else(malformed)?;
        let body = read_file(&self.body)?;
        let certificates = self.certificates.as_deref().map(read_file).transpose()?;
        let request =
            Unverified { certificates: certificates.as_deref(), ..Unverified::new(&headers, &body) };
        let request = request.at(&self.url);
        match self.secrets.iter().map(|given| given.0.clone()).collect::<Result<Vec<Secret>, _>>() {
            Ok(secrets) => Ok(check(source, request, &secrets, self.now.unwrap_or_else(clock))),
            Err(unfit) => Ok(Verdict::refused(false, unfit_code(unfit))),
        }
    }
}

fn write_line(line: &impl Serialize, pretty: bool, out: &mut impl Write) -> Result<(), UsageError> {
    let text = if pretty { serde_json::to_string_pretty(line) } else { serde_json::to_string(line) };
    writeln!(out, "{}", text.map_err(io::Error::from)?)?;
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>, UsageError> {
    fs::read(path).map_err(|error| UsageError::Unreadable { path: path.to_owned(), error })
}

fn unfit_code(unfit: UnfitSecret) -> &'static str {
    match unfit {
        UnfitSecret::Empty => "secret_empty",
        UnfitSecret::Placeholder => "secret_placeholder",
    }
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let seconds = text.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let time = seconds.or_else(|| text.parse().ok());
    time.ok_or_else(|| "neither an RFC 3339 time nor Unix seconds".to_owned())
}

/// Headers as files and front doors write them.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct Headers(BTreeMap<String, OneOrMore>);

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Headers {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` when a name or a value could not travel in HTTP.
    fn to_map(&self) -> Option<HeaderMap> {
        let mut map = HeaderMap::new();
        for (name, values) in &self.0 {
            let name = HeaderName::try_from(name).ok()?;
            let values = match values {
                OneOrMore::One(value) => std::slice::from_ref(value),
                OneOrMore::More(values) => values,
            };
            for value in values {
                map.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?);
            }
        }
        Some(map)
    }
}
