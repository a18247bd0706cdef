//! A function as Lambda runs it: one process, and what it used up so far.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a process may take to fall asleep after it asked for an event.
const SETTLE: Duration = Duration::from_millis(50);

/// A running function.
pub(crate) struct Process {
    child: Child,
    pub(crate) started: Instant,
}

impl Process {
    /// Starts a binary with this environment and no other; what it writes goes into `log`.
    pub(crate) fn start(binary: &Path, environment: &[(&str, String)], log: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("does not start: {error}");
        let log = File::create(log).map_err(failed)?;
        let mut command = Command::new(binary);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdout(log.try_clone().map_err(failed)?).stderr(log);
        let started = Instant::now();
        Ok(Self { child: command.spawn().map_err(failed)?, started })
    }

    /// The CPU time of all threads so far, measured when they have fallen asleep: the kernel books a running thread's
    /// time late.
    pub(crate) fn cpu(&self) -> Duration {
        let asked = Instant::now();
        while !self.asleep() && asked.elapsed() < SETTLE {
            std::thread::yield_now();
        }
        let booked = |text: &String| text.split(' ').next()?.parse::<u64>().ok();
        Duration::from_nanos(self.of_threads("schedstat").iter().filter_map(booked).sum())
    }

    fn asleep(&self) -> bool {
        let state = |stat: &String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['S', 'Z']));
        self.of_threads("stat").iter().all(state)
    }

    fn of_threads(&self, file: &str) -> Vec<String> {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.child.id())) else { return Vec::new() };
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok()).collect()
    }

    /// The most memory it ever had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the kernel counts CPU time in nanoseconds for us.
pub(crate) fn can_measure() -> bool {
    fs::read_to_string("/proc/self/schedstat").is_ok()
}

/// The load average of the last minute, and the name of the processor.
pub(crate) fn machine() -> (String, String) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processors.lines().find_map(|line| line.strip_prefix("model name")?.trim().strip_prefix(": "));
    (load.split(' ').next().unwrap_or_default().to_owned(), model.unwrap_or("unnamed processor").to_owned())
}
