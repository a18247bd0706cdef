//! How the release binaries start and what a warm webhook costs them: each is run as Lambda runs it, against a small
//! Runtime API and a stub of AWS on loopback, and held to the goals.
//!
//! `cargo bench -p recoup-tests --bench cold_start -- [--tls] [--json] [--check] [--rounds N] [--bin-dir DIR] [--peer FILE]`
//!
//! `--peer` names the bundle that `npm ci && npm run build` make in `tests/benches/peer`: the same webhook in JavaScript.
//! Goals for CPU time are shares of what it uses in the same run; without it they are the figures those shares came from.
//! `--check` ends with status 1 when a goal is missed. CPU times are comparable between machines of one kind whatever
//! else they do; milliseconds on the wall are not.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]

mod aws;
mod functions;
mod process;
mod report;
mod runtime_api;
mod tls;
#[path = "../traffic/mod.rs"]
mod traffic;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::aws::{Aws, World};
use crate::functions::{FLOOR, FUNCTIONS, OK, PEER, UNAUTHORISED, WEBHOOK};
use crate::process::Process;
use crate::report::{Calls, Compared, Report, Start, Warm};
use crate::runtime_api::{Idle, RuntimeApi};
use crate::tls::Authority;

/// Webhooks before the warm measurement, so that connections and caches are there.
const WARM_UP: u64 = 100;
/// Webhooks in it.
const WARM: u32 = 300;
/// Webhooks of each kind whose calls are counted.
const COUNTED: u32 = 20;

struct Options {
    tls: bool,
    json: bool,
    check: bool,
    rounds: usize,
    bin_dir: PathBuf,
    peer: Option<PathBuf>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { tls: false, json: false, check: false, rounds: 15, bin_dir: beside_this()?, peer: None };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--tls" => options.tls = true,
                "--json" => options.json = true,
                "--check" => options.check = true,
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = rounds.ok_or("--rounds needs a number from 1")?;
                }
                "--bin-dir" => options.bin_dir = value()?.into(),
                "--peer" => options.peer = Some(value()?.into()),
                // What cargo itself says to a bench.
                "--bench" => {}
                _ => return Err(format!("unknown argument {argument}")),
            }
        }
        Ok(options)
    }
}

/// The release folder this bench was built in.
fn beside_this() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    Ok(this.ancestors().nth(2).unwrap_or(Path::new("target/release")).to_owned())
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cold_start: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let options = Options::read(std::env::args().skip(1))?;
    if !process::can_measure() {
        return Err("needs /proc/self/schedstat: CPU times of a start are too short for the kernel's ticks"
            .to_owned());
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cold-start-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let report = Bench::new(&options, &scratch).and_then(|bench| bench.measure());
    // The folder holds a key that nothing trusts; leaving it behind would only be untidy.
    let _ = std::fs::remove_dir_all(&scratch);
    let report = report?;
    if options.json {
        println!("{}", report.json());
    } else {
        println!("{}", report.text());
    }
    let missed = options.check && !(report.holds() && report.missing.is_empty());
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The stubs, and where the binaries are.
struct Bench<'a> {
    options: &'a Options,
    api: RuntimeApi,
    aws: Aws,
    /// The one file of trusted certificates, as Lambda has one.
    bundle: Option<PathBuf>,
    log: PathBuf,
}

/// What one start of a function took, up to its second poll.
struct Times {
    init: Duration,
    init_cpu: Duration,
    cold_cpu: Duration,
    memory: u64,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options, scratch: &Path) -> Result<Self, String> {
        let authority = options.tls.then(|| Authority::make(&scratch.join("authority"))).transpose()?;
        let aws = Aws::listen(authority.as_ref(), functions::secrets())?;
        let bundle =
            authority.map(|authority| authority.bundle).or_else(|| tls::system_bundle().map(PathBuf::from));
        Ok(Self { options, api: RuntimeApi::listen()?, aws, bundle, log: scratch.join("log") })
    }

    fn measure(&self) -> Result<Report, String> {
        let (load, processor) = process::machine();
        let mut report = Report {
            tls: self.options.tls,
            rounds: self.options.rounds,
            load,
            processor,
            starts: Vec::new(),
            floor: self.compare(FLOOR)?,
            peer: self.compare(PEER)?,
            warm: None,
            missing: Vec::new(),
        };
        let mut seed = None;
        for function in FUNCTIONS {
            if !self.binary(function).is_file() {
                report.missing.push(function);
                continue;
            }
            if function == WEBHOOK {
                report.warm = Some(self.warm()?);
                seed = Some(self.seed()?);
            }
            // Without a webhook there is no case and no step that a sender could take.
            let seed = seed.as_ref().ok_or("the other functions need payment-webhook to make their work")?;
            let seed = if function == WEBHOOK { &World::default() } else { seed };
            report.starts.push(self.starts(function, seed)?);
        }
        Ok(report)
    }

    fn binary(&self, function: &str) -> PathBuf {
        match &self.options.peer {
            Some(peer) if function == PEER => peer.clone(),
            _ => self.options.bin_dir.join(function),
        }
    }

    /// What something else costs, by the same starts and the same warm webhooks; `None` where it is not built.
    fn compare(&self, other: &'static str) -> Result<Option<Compared>, String> {
        if !self.binary(other).is_file() {
            return Ok(None);
        }
        let start = self.starts(other, &World::default())?;
        let (process, mut idle, _) = self.start(other, &World::default())?;
        let (cpu_us, ..) = self.webhooks(&process, &mut idle)?;
        let Start { init_cpu_ms, cold_cpu_ms, memory, .. } = start;
        Ok(Some(Compared { init_cpu_ms, cold_cpu_ms, memory, cpu_us }))
    }

    /// Many new webhooks: CPU time of each in microseconds, and the times they took in milliseconds.
    fn webhooks(&self, process: &Process, idle: &mut Idle) -> Result<(f64, Vec<f64>), String> {
        for n in 0..WARM_UP {
            *idle = self.deliver(idle, &functions::webhook(100_000 + n), OK)?.1;
        }
        let events: Vec<_> = (0..WARM).map(|n| functions::webhook(200_000 + u64::from(n))).collect();
        let before = process.cpu();
        let mut took = Vec::new();
        for event in &events {
            let (time, next) = self.deliver(idle, event, OK)?;
            took.push(time.as_secs_f64() * 1e3);
            *idle = next;
        }
        let used = process.cpu().saturating_sub(before);
        Ok((used.as_secs_f64() * 1e6 / f64::from(WARM), took))
    }

    /// The world after one webhook: a case, and its step in the queue.
    fn seed(&self) -> Result<World, String> {
        self.start(WEBHOOK, &World::default())?;
        Ok(self.aws.world().uncounted())
    }

    /// Starts the function and gives it its first event.
    fn start(&self, function: &'static str, seed: &World) -> Result<(Process, Idle, Times), String> {
        let blame = |error: String| {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            format!("{function}: {error}\n{said}")
        };
        self.aws.reset(seed.clone());
        let mut environment = functions::environment(function, &self.api.address.to_string(), &self.aws.url);
        for variable in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
            environment.extend(self.bundle.iter().map(|path| (variable, path.display().to_string())));
        }
        let step = seed.queued.first().map_or("", String::as_str);
        let (event, expected) = functions::first_event(function, step);
        let process = Process::start(&self.binary(function), &environment, &self.log)?;
        let idle = self.api.idle().map_err(blame)?;
        let (init, init_cpu) = (idle.since.duration_since(process.started), process.cpu());
        let idle = self.deliver(&idle, &event, expected).map_err(blame)?.1;
        let (cold_cpu, memory) = (process.cpu(), process.peak_memory());
        if let Some(call) = self.aws.world().calls.into_keys().find(|call| call.starts_with("unknown.")) {
            return Err(blame(format!("made a call the stub does not know: {call}")));
        }
        Ok((process, idle, Times { init, init_cpu, cold_cpu, memory }))
    }

    /// Gives an event and waits for the next poll: how long the answer took.
    fn deliver(&self, idle: &Idle, event: &str, expected: &str) -> Result<(Duration, Idle), String> {
        let (took, answer) = self.api.invoke(idle, event)?;
        let answer = String::from_utf8_lossy(&answer);
        if !answer.contains(expected) {
            return Err(format!("answered {answer}, which does not hold {expected}"));
        }
        Ok((took, self.api.idle()?))
    }

    /// Starts the function as often as was asked for.
    fn starts(&self, function: &'static str, seed: &World) -> Result<Start, String> {
        let mut rounds = Vec::new();
        for _ in 0..self.options.rounds {
            rounds.push(self.start(function, seed)?.2);
        }
        let milliseconds = |of: fn(&Times) -> Duration| {
            median(rounds.iter().map(|times| of(times).as_secs_f64() * 1e3).collect())
        };
        let size = std::fs::metadata(self.binary(function)).map_err(|error| error.to_string())?.len();
        Ok(Start {
            function,
            size,
            init_ms: milliseconds(|times| times.init),
            init_cpu_ms: milliseconds(|times| times.init_cpu),
            cold_cpu_ms: milliseconds(|times| times.cold_cpu),
            memory: rounds.iter().map(|times| times.memory).max().unwrap_or_default(),
            calls: self.aws.world().calls.into_iter().collect(),
        })
    }

    /// Many webhooks to one process.
    fn warm(&self) -> Result<Warm, String> {
        let (process, mut idle, _) = self.start(WEBHOOK, &World::default())?;
        let (cpu_us, took) = self.webhooks(&process, &mut idle)?;
        let mut calls = Vec::new();
        for kind in [Kind::New, Kind::Duplicate, Kind::Forged] {
            let before = self.aws.world();
            for n in 0..COUNTED {
                let (event, expected) = kind.event(u64::from(n));
                idle = self.deliver(&idle, &event, expected)?.1;
            }
            let world = self.aws.world();
            let each = |service| f64::from(world.calls_since(&before, service)) / f64::from(COUNTED);
            let other = each("sqs") + each("scheduler") + each("secretsmanager");
            calls.push(Calls { kind: kind.name(), most: kind.most(), dynamodb: each("dynamodb"), other });
        }
        Ok(Warm { events: WARM, cpu_us, median_ms: median(took), memory: process.peak_memory(), calls })
    }
}

/// The kinds of webhooks whose calls are counted.
#[derive(Clone, Copy)]
enum Kind {
    New,
    Duplicate,
    Forged,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Forged => "forged",
        }
    }

    /// The calls of `DynamoDB` that one may cost.
    fn most(self) -> f64 {
        match self {
            Self::New | Self::Duplicate => 1.0,
            Self::Forged => 0.0,
        }
    }

    /// The `n`th event of this kind, and what its answer holds. Duplicates are those of the new ones before them.
    fn event(self, n: u64) -> (String, &'static str) {
        match self {
            Self::New | Self::Duplicate => (functions::webhook(300_000 + n), OK),
            Self::Forged => (functions::forged(400_000 + n), UNAUTHORISED),
        }
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
