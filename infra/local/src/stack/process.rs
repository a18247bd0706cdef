//! The programs of a stack: the local AWS and the fault proxy for as long as the stack lives, and `deploy.py` once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use super::StackOptions;
use crate::stubs::Stubs;
use crate::{LocalError, MovedClock};

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(20);
const TAIL_LINES: usize = 20;

/// A running Python server. It ends by itself when its standard input closes, so it outlives us in no case.
#[derive(Debug)]
struct Server {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    // Held open: a program that cannot write its output would end.
    stdout: BufReader<ChildStdout>,
    pid: u32,
    log: PathBuf,
}

impl Server {
    /// Starts it, and returns it with the first line it says.
    async fn start(
        mut command: Command,
        name: &'static str,
        dir: &Path,
        log: &str,
    ) -> Result<(Self, Value), LocalError> {
        let log = dir.join(log);
        let file = std::fs::File::create(&log).map_err(|source| LocalError::io("write", &log, source))?;
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            // A Ctrl-C is for us: we end it in order.
            .process_group(0);
        let mut child =
            command.spawn().map_err(|source| LocalError::Io { what: format!("start {name}"), source })?;
        let (stdin, stdout, pid) = (child.stdin.take(), child.stdout.take(), child.id());
        let (Some(stdout), Some(pid)) = (stdout, pid) else {
            return Err(failed(format!("{name} has no output"), &log));
        };
        let mut server = Self { name, child, stdin, stdout: BufReader::new(stdout), pid, log };
        let line = server.hear().await?;
        Ok((server, line))
    }

    /// The next line it says, as JSON.
    async fn hear(&mut self) -> Result<Value, LocalError> {
        let mut line = String::new();
        let said = tokio::time::timeout(START, self.stdout.read_line(&mut line)).await;
        match (serde_json::from_str(&line), said) {
            (Ok(Value::Object(line)), Ok(_)) => Ok(Value::Object(line)),
            (_, Ok(_)) => Err(failed(format!("{} ended before it served", self.name), &self.log)),
            (_, Err(_)) => {
                Err(failed(format!("{} says nothing after {} s", self.name, START.as_secs()), &self.log))
            }
        }
    }

    /// Tells it a line.
    async fn tell(&mut self, line: &str) -> Result<(), LocalError> {
        let Some(stdin) = self.stdin.as_mut() else { return Ok(()) };
        let told = stdin.write_all(format!("{line}\n").as_bytes()).await;
        told.map_err(|source| LocalError::Io { what: format!("tell {} something", self.name), source })
    }

    /// Asks it to end, and kills it when it does not.
    async fn stop(mut self) -> Result<(), LocalError> {
        drop(self.stdin.take());
        if tokio::time::timeout(STOP, self.child.wait()).await.is_ok() {
            return Ok(());
        }
        // Whether it could be killed shows in the wait that follows.
        let _ = self.child.start_kill();
        let _ = tokio::time::timeout(STOP, self.child.wait()).await;
        let what = format!("{} did not end within {} s and was killed", self.name, STOP.as_secs());
        Err(failed(what, &self.log))
    }
}

/// The address that a server said it listens at.
fn endpoint_of(line: &Value, what: &str) -> Result<String, LocalError> {
    line["endpoint"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| LocalError::Answer { what: format!("start {what}"), found: "no endpoint".into() })
}

/// The running local AWS, which ends its functions with itself.
#[derive(Debug)]
pub(super) struct LocalAws {
    server: Mutex<Server>,
    endpoint: String,
    pid: u32,
    log: PathBuf,
}

impl LocalAws {
    /// Starts it on a free port and waits until it serves; functions get `functions_endpoint` where there is one.
    pub(super) async fn start(
        options: &StackOptions,
        dir: &Path,
        clock: &MovedClock,
        stubs: &Stubs,
        functions_endpoint: Option<&str>,
    ) -> Result<Self, LocalError> {
        let mut command = Command::new(&options.python);
        command
            .arg(options.root.join("infra/local/aws.py"))
            .args(["--port", "0", "--until-stdin-closes", "--clock-file"])
            .arg(clock.file())
            .args(options.auth.then_some("--auth"))
            .env("RECOUP_CLOCK_OFFSET_FILE", clock.file())
            .env("GRAPH_API_URL", stubs.whatsapp.url())
            .env("STRIPE_API_URL", stubs.stripe.url())
            .env("TWILIO_API_URL", stubs.sms.url())
            .env("FCM_API_URL", stubs.push.url())
            .env("ONESIGNAL_API_URL", stubs.push.url())
            .env("AWS_ENDPOINT_URL_SESV2", stubs.email.url())
            .env("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", stubs.sms.url());
        if let Some(endpoint) = functions_endpoint {
            command.args(["--endpoint", endpoint]);
        }
        let (server, line) = Server::start(command, "aws.py, the local AWS,", dir, "aws.log").await?;
        let endpoint = endpoint_of(&line, "the local AWS")?;
        Ok(Self { endpoint, pid: server.pid, log: server.log.clone(), server: Mutex::new(server) })
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

    /// Kills the processes of a function that are at work, and returns how many those were.
    pub(super) async fn kill(&self, function: &str) -> Result<usize, LocalError> {
        let mut server = self.server.lock().await;
        server.tell(&format!("kill {function}")).await?;
        let answer = server.hear().await?;
        Ok(answer["killed"].as_array().map_or(0, Vec::len))
    }

    /// Asks it to end with its functions, and kills it when it does not.
    pub(super) async fn stop(self) -> Result<(), LocalError> {
        self.server.into_inner().stop().await
    }
}

/// The running fault proxy, through which functions reach the local AWS.
#[derive(Debug)]
pub(super) struct FaultProxy {
    server: Server,
    endpoint: String,
}

impl FaultProxy {
    /// Starts it on a free port; it serves once [`FaultProxy::connect`] has told it where the local AWS is.
    pub(super) async fn start(options: &StackOptions, dir: &Path) -> Result<Self, LocalError> {
        let mut command = Command::new(&options.python);
        command.arg(options.root.join("infra/local/faults.py"));
        let (server, line) = Server::start(command, "faults.py, the fault proxy,", dir, "faults.log").await?;
        Ok(Self { endpoint: endpoint_of(&line, "the fault proxy")?, server })
    }

    pub(super) async fn connect(&mut self, aws: &LocalAws) -> Result<(), LocalError> {
        self.server.tell(aws.endpoint()).await?;
        self.server.hear().await.map(drop)
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn pid(&self) -> u32 {
        self.server.pid
    }

    pub(super) async fn stop(self) -> Result<(), LocalError> {
        self.server.stop().await
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
