//! The programs of a stack: the local AWS for as long as the stack lives, and `deploy.py` once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::StackOptions;
use crate::stubs::Stubs;
use crate::{LocalError, MovedClock};

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(20);
const TAIL_LINES: usize = 20;

/// The running local AWS. It ends by itself when its standard input closes, so it outlives us in no case.
#[derive(Debug)]
pub(super) struct LocalAws {
    child: Child,
    stdin: Option<ChildStdin>,
    // Held open: a program that cannot write its output would end.
    _stdout: BufReader<ChildStdout>,
    endpoint: String,
    pid: u32,
    log: PathBuf,
}

impl LocalAws {
    /// Starts it on a free port and waits until it serves.
    pub(super) async fn start(
        options: &StackOptions,
        dir: &Path,
        clock: &MovedClock,
        stubs: &Stubs,
    ) -> Result<Self, LocalError> {
        let log = dir.join("aws.log");
        let file = std::fs::File::create(&log).map_err(|source| LocalError::io("write", &log, source))?;
        let mut command = Command::new(&options.python);
        command
            .arg(options.root.join("infra/local/aws.py"))
            .args(["--port", "0", "--until-stdin-closes", "--clock-file"])
            .arg(clock.file())
            .args(options.auth.then_some("--auth"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("RECOUP_CLOCK_OFFSET_FILE", clock.file())
            .env("GRAPH_API_URL", stubs.whatsapp.url())
            .env("STRIPE_API_URL", stubs.stripe.url())
            .env("TWILIO_API_URL", stubs.sms.url())
            .env("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", stubs.sms.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            // A Ctrl-C is for us: we end it in order.
            .process_group(0);
        if let Some(endpoint) = &options.functions_endpoint {
            command.args(["--endpoint", endpoint]);
        }
        let mut child = command.spawn().map_err(|source| LocalError::io("start", &options.python, source))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let Some(stdout) = stdout else { return Err(failed("aws.py has no output".into(), &log)) };
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let said = tokio::time::timeout(START, stdout.read_line(&mut line)).await;
        let ready: Value = serde_json::from_str(&line).unwrap_or_default();
        let (Some(endpoint), Some(pid)) = (ready["endpoint"].as_str(), child.id()) else {
            let what = match said {
                Ok(_) => "aws.py, the local AWS, ended before it served".to_owned(),
                Err(_) => format!("aws.py, the local AWS, does not serve after {} s", START.as_secs()),
            };
            return Err(failed(what, &log));
        };
        Ok(Self { endpoint: endpoint.to_owned(), pid, child, stdin, _stdout: stdout, log })
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn log_tail(&self) -> String {
        tail(&self.log)
    }

    /// Asks it to end with its functions, and kills it when it does not.
    pub(super) async fn stop(mut self) -> Result<(), LocalError> {
        drop(self.stdin.take());
        if tokio::time::timeout(STOP, self.child.wait()).await.is_ok() {
            return Ok(());
        }
        // Whether it could be killed shows in the wait that follows.
        let _ = self.child.start_kill();
        let _ = tokio::time::timeout(STOP, self.child.wait()).await;
        Err(failed(format!("aws.py did not end within {} s and was killed", STOP.as_secs()), &self.log))
    }
}

/// Runs a Python program to its end and returns what it printed.
pub(super) async fn run(
    python: &Path,
    words: &[String],
    name: &str,
    log: impl FnOnce() -> String,
) -> Result<String, LocalError> {
    let output = Command::new(python)
        .args(words)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| LocalError::io("start", python, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(LocalError::Program {
        what: format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
        log: log(),
        advice:
            "The lines above are the end of the log of the local AWS; the first FAILED resource is the cause."
                .into(),
    })
}

fn failed(what: String, log: &Path) -> LocalError {
    let advice = format!(
        "The whole log is {}. If a package is missing or changed, run: make clean setup",
        log.display()
    );
    LocalError::Program { what, log: tail(log), advice }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
