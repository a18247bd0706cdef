//! `up`, `serve`, `down`: a stack in the background.

use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use recoup_local::stack::{Control, Stack, StackFile, StackOptions};
use recoup_local::{Http, LocalError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::control::TOKEN;
use super::{control, interrupted};
use crate::terminal::{Terminal, complain, say, timed};

const READY: &str = "ready";
const STOP: Duration = Duration::from_mins(1);

/// Starts a stack in the background and shows how long each part took.
pub(crate) async fn up(options: &StackOptions) -> Result<ExitCode, LocalError> {
    let began = Instant::now();
    if let Some(file) = StackFile::read(&options.dir)? {
        if is_alive(&file).await? {
            say(&format!("A stack is up already: {}/stack.json", options.dir.display()));
            say("To start it anew: make down up");
            return Ok(ExitCode::SUCCESS);
        }
        forget(&options.dir)?;
    }
    std::fs::create_dir_all(&options.dir)
        .map_err(|source| LocalError::io("make the folder", &options.dir, source))?;
    let mut child = spawn_serve(options)?;
    let ready = tokio::select! {
        ready = relay(&mut child) => ready?,
        pressed = interrupted() => {
            pressed?;
            // Its end closes the local AWS's standard input, and that ends too.
            child.kill().await.map_err(|source| LocalError::Io { what: "end the stack".into(), source })?;
            false
        }
    };
    let Some(file) = StackFile::read(&options.dir)?.filter(|_| ready) else {
        complain(&format!(
            "the stack is not up; more may stand in {}",
            options.dir.join("serve.log").display()
        ));
        return Ok(ExitCode::FAILURE);
    };
    say(&timed("all", began.elapsed()));
    say(&format!("stack.json: {}", options.dir.join("stack.json").display()));
    for (source, url) in &file.routes {
        say(&format!("  {:<18}{url}", format!("{source} webhooks")));
    }
    for (stub, address) in &file.stubs {
        say(&format!("  {:<18}{}/_sent", format!("{stub} stub"), address.url));
    }
    say("Stop it with: make down");
    Ok(ExitCode::SUCCESS)
}

/// Starts this program again as `serve`, in a process group of its own, so that it outlives the terminal.
fn spawn_serve(options: &StackOptions) -> Result<Child, LocalError> {
    let log = options.dir.join("serve.log");
    let file = std::fs::File::create(&log).map_err(|source| LocalError::io("write", &log, source))?;
    let program = std::env::current_exe()
        .map_err(|source| LocalError::Io { what: "find this program".into(), source })?;
    let mut command = Command::new(&program);
    command.arg("serve").arg("--root").arg(&options.root).arg("--dir").arg(&options.dir);
    command.arg("--bin-dir").arg(&options.bin_dir).arg("--python").arg(&options.python);
    command.args(options.auth.then_some("--auth"));
    command.args(options.faults.then_some("--faults"));
    if let Some(endpoint) = &options.functions_endpoint {
        command.args(["--functions-endpoint", endpoint]);
    }
    for (name, value) in &options.parameters {
        command.args(["--parameter", &format!("{name}={value}")]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        .process_group(0)
        .spawn()
        .map_err(|source| LocalError::io("start", &program, source))
}

/// Shows what `serve` says until it is ready; `false` when it ended before.
async fn relay(child: &mut Child) -> Result<bool, LocalError> {
    let Some(stdout) = child.stdout.take() else { return Ok(false) };
    let mut lines = BufReader::new(stdout).lines();
    let io = |source| LocalError::Io { what: "read what the stack says".into(), source };
    while let Some(line) = lines.next_line().await.map_err(io)? {
        if line == READY {
            return Ok(true);
        }
        say(&line);
    }
    Ok(false)
}

/// Holds a stack until it is told to stop.
pub(crate) async fn serve(options: &StackOptions) -> Result<ExitCode, LocalError> {
    let mut terminal = Terminal::new(true);
    let mut stack = match Stack::start(options, &mut terminal).await {
        Ok(stack) => stack,
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    let (control, stop) = control::open().await?;
    stack.file.control = Some(control);
    stack.file.write(&options.dir)?;
    say(READY);
    tokio::select! {
        () = stop.notified() => {}
        pressed = interrupted() => pressed?,
    }
    let stopped = stack.stop().await;
    forget(&options.dir)?;
    stopped.map(|()| ExitCode::SUCCESS)
}

/// Stops a stack in the background and waits until it is gone.
pub(crate) async fn down(dir: &Path) -> Result<ExitCode, LocalError> {
    let Some(file) = StackFile::read(dir)? else {
        say(&format!("Nothing is up: there is no {}", dir.join("stack.json").display()));
        return Ok(ExitCode::SUCCESS);
    };
    let began = Instant::now();
    let asked = ask(&file, reqwest::Method::POST, "/stop").await?;
    while asked && is_alive(&file).await? {
        if began.elapsed() > STOP {
            let pids: Vec<String> = file.pids.values().map(ToString::to_string).collect();
            return Err(LocalError::Deadline {
                what: "the stack to end; its processes can be ended by hand".into(),
                seconds: STOP.as_secs(),
                seen: format!("processes {}", pids.join(" ")),
            });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    forget(dir)?;
    say(&timed("stopped", began.elapsed()));
    Ok(ExitCode::SUCCESS)
}

async fn is_alive(file: &StackFile) -> Result<bool, LocalError> {
    ask(file, reqwest::Method::GET, "/alive").await
}

/// Asks a stack something; `false` when nobody is there who knows the token.
async fn ask(file: &StackFile, method: reqwest::Method, path: &str) -> Result<bool, LocalError> {
    let Some(Control { url, token }) = &file.control else { return Ok(false) };
    let headers = [(TOKEN, token.clone())];
    let answer = Http::new()?.send(method, &format!("{url}{path}"), &headers, Vec::new()).await;
    Ok(answer.is_ok_and(|reply| reply.status == 200))
}

fn forget(dir: &Path) -> Result<(), LocalError> {
    let path = dir.join("stack.json");
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(LocalError::io("remove", &path, source))
        }
        _ => Ok(()),
    }
}
