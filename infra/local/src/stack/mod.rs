//! One local stack: the stubs, the local AWS, and the real template deployed on it.

mod faults;
mod file;
mod process;
mod settings;
mod traffic;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::screen::Screen;
use crate::stubs::{ApprovedTemplates, Stubs};
use crate::{Http, LocalError, MovedClock, signing};

pub use faults::{Faults, RuleId};
pub use file::{Control, DummyCredentials, StackFile, StubAddress};
use process::{FaultProxy, LocalAws, run};
use settings::{credentials, documents, parameters};

const REGION: &str = "us-east-1";
/// How often the local stack asks `WhatsApp` before the text message; the template's own number would take minutes.
pub const WHATSAPP_TRIES: usize = 4;

const FIRST_ANSWER: Duration = Duration::from_secs(30);

/// How a stack is started.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The root of the repository, with `template.yaml`.
    pub root: PathBuf,
    /// The folder of this stack: clock, logs, `stack.json`.
    pub dir: PathBuf,
    /// The folder with one executable for each function.
    pub bin_dir: PathBuf,
    /// The Python interpreter of the virtual environment that holds the local AWS.
    pub python: PathBuf,
    /// Whether the template's roles are enforced.
    pub auth: bool,
    /// What the functions get as `AWS_ENDPOINT_URL`; the local AWS itself unless given.
    pub functions_endpoint: Option<String>,
    /// Whether a fault proxy of the stack's own stands there instead; only the functions' calls pass through it.
    pub faults: bool,
    /// Template parameters in place of the local ones.
    pub parameters: Vec<(String, String)>,
}

impl StackOptions {
    /// The options that `make` uses, for a repository and a folder of the stack.
    pub fn new(root: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            dir: dir.into(),
            bin_dir: root.join("target/debug"),
            python: root.join(".local/venv/bin/python3"),
            root,
            auth: false,
            functions_endpoint: None,
            faults: false,
            parameters: Vec::new(),
        }
    }
}

/// How long one part of the start took.
#[derive(Debug, Clone)]
pub struct Part {
    /// What was done.
    pub what: &'static str,
    /// How long it took.
    pub took: Duration,
}

/// A running stack. Dropping it ends the local AWS and the stubs; [`Stack::stop`] also waits for the end.
#[derive(Debug)]
pub struct Stack {
    /// What others need to use the stack.
    pub file: StackFile,
    /// The clock that functions, scheduler, queues and stubs follow.
    pub clock: MovedClock,
    /// The client for everything on this machine.
    pub http: Http,
    /// Direct reads of the local AWS.
    pub emulator: Emulator,
    /// How long the start took, part by part.
    pub parts: Vec<Part>,
    /// What the fault proxy is told, where the stack has one.
    pub faults: Option<Faults>,
    aws: LocalAws,
    proxy: Option<FaultProxy>,
    _stubs: Stubs,
}

/// The source that stands for the merchant's own backends.
const OWN_BACKENDS: &str = "standard_webhooks";

impl Stack {
    /// Starts stubs and local AWS, deploys the template, and waits until a function has answered.
    ///
    /// # Errors
    /// [`LocalError`] when a part does not start; the message holds the end of its log and what to do.
    pub async fn start(options: &StackOptions, screen: &mut dyn Screen) -> Result<Self, LocalError> {
        let dir = prepare(options)?;
        let mut parts = Parts { screen, done: Vec::new() };
        let clock = MovedClock::start(dir.join("clock"))?;
        let http = Http::new()?;
        let credentials = credentials()?;
        let verify_token = signing::random_hex()?;

        parts.begin("provider stubs");
        let approved = ApprovedTemplates::read(&options.root.join("shared/core/templates"))?;
        let stubs = Stubs::start(&credentials, &clock, approved).await?;
        parts.begin(if options.faults { "local AWS and fault proxy" } else { "local AWS" });
        let (aws, proxy) = start_aws(options, &dir, &clock, &stubs).await?;
        parts.begin("deploy template.yaml");
        let signing_secret = format!("whsec_{}", signing::random_hex()?);
        let documents = documents(&credentials, &stubs);
        let parameters = parameters(options, &credentials, &documents, &signing_secret, &verify_token);
        let deployed = deploy(options, &aws, &parameters).await?;
        let mut file = StackFile::read_outputs(&deployed, aws.endpoint(), REGION)?;
        file.secrets = [
            ("stripe".to_owned(), signing_secret),
            ("meta".to_owned(), credentials.meta_app_secret.clone()),
            (OWN_BACKENDS.to_owned(), signing::random_webhook_key()?),
        ]
        .into();
        let route = format!("{}/webhooks/{OWN_BACKENDS}", file.api_url);
        file.routes.insert(OWN_BACKENDS.to_owned(), route);
        file.clock_offset_file = clock.file().to_owned();
        file.add_stubs(&stubs);
        file.stripe_api_key = credentials.stripe_api_key.clone();
        file.meta_verify_token = verify_token;
        file.pids = [("aws".to_owned(), aws.pid()), ("stubs".to_owned(), std::process::id())].into();
        if let Some(proxy) = &proxy {
            file.faults_url = Some(proxy.endpoint().to_owned());
            file.pids.insert("faults".to_owned(), proxy.pid());
        }
        let faults = file.faults_url.as_ref().map(|url| Faults::new(http.clone(), url));
        parts.begin("first answer of a function");
        let emulator = Emulator::new(http.clone(), &file);
        let text = json!({"signing_secrets": [file.secret(OWN_BACKENDS)?]}).to_string();
        let secret = json!({"Name": format!("recoup/merchant/{OWN_BACKENDS}"), "SecretString": text});
        emulator.call("secretsmanager", "secretsmanager.CreateSecret", &secret).await?;
        let stack =
            Self { file, clock, http, emulator, parts: Vec::new(), faults, aws, proxy, _stubs: stubs };
        stack.direct_statuses().await?;
        stack.await_first_answer().await?;
        let parts = parts.end();
        Ok(Self { parts, ..stack })
    }

    /// Ends the local AWS with its functions, then fault proxy and stubs, and waits for it.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS or the fault proxy has to be killed.
    pub async fn stop(self) -> Result<(), LocalError> {
        let stopped = self.aws.stop().await;
        if let Some(proxy) = self.proxy {
            proxy.stop().await?;
        }
        stopped
    }

    /// Kills the processes of a function that are at work, as if their machine had failed; a function is named as in
    /// the template. Returns how many those were.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer.
    pub async fn kill_function(&self, function: &str) -> Result<usize, LocalError> {
        self.aws.kill(&format!("{}-{function}", self.file.schedule_group)).await
    }

    /// The end of the log of the local AWS, for reports of failures.
    pub fn log_tail(&self) -> String {
        self.aws.log_tail()
    }

    /// Tells the `WhatsApp` stub where statuses and replies go.
    async fn direct_statuses(&self) -> Result<(), LocalError> {
        let url = format!("{}/_webhook", self.file.stub("whatsapp")?);
        let target = json!({"url": self.file.route("meta")?});
        self.http.json(Method::PUT, &url, Some(&target)).await.map(drop)
    }

    /// Asks the channel webhook Meta's question until it answers: gateway, function and secret then work together.
    async fn await_first_answer(&self) -> Result<(), LocalError> {
        let url = format!(
            "{}?hub.mode=subscribe&hub.verify_token={}&hub.challenge=1158201444",
            self.file.route("meta")?,
            self.file.meta_verify_token
        );
        let deadline = Instant::now() + FIRST_ANSWER;
        loop {
            let reply = self.http.send(Method::GET, &url, &[], Vec::new()).await?;
            if reply.status == 200 && reply.text == "1158201444" {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(LocalError::Program {
                    what: format!("channel-webhook answers {} to Meta's verification", reply.status),
                    log: self.log_tail(),
                    advice: "Rebuild the functions (cargo build --workspace --bins) and start again.".into(),
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Starts the local AWS, with the fault proxy before it where one is asked for.
async fn start_aws(
    options: &StackOptions,
    dir: &Path,
    clock: &MovedClock,
    stubs: &Stubs,
) -> Result<(LocalAws, Option<FaultProxy>), LocalError> {
    if !options.faults {
        let endpoint = options.functions_endpoint.as_deref();
        return Ok((LocalAws::start(options, dir, clock, stubs, endpoint).await?, None));
    }
    let mut proxy = FaultProxy::start(options, dir).await?;
    let aws = LocalAws::start(options, dir, clock, stubs, Some(proxy.endpoint())).await?;
    proxy.connect(&aws).await?;
    Ok((aws, Some(proxy)))
}

struct Parts<'a> {
    screen: &'a mut dyn Screen,
    done: Vec<(&'static str, Instant, Option<Duration>)>,
}

impl Parts<'_> {
    fn begin(&mut self, what: &'static str) {
        self.close();
        self.screen.begin(what);
        self.done.push((what, Instant::now(), None));
    }

    fn close(&mut self) {
        if let Some((what, began, took @ None)) = self.done.last_mut() {
            let elapsed = began.elapsed();
            *took = Some(elapsed);
            self.screen.end(what, elapsed);
        }
    }

    fn end(mut self) -> Vec<Part> {
        self.close();
        self.done.into_iter().map(|(what, _, took)| Part { what, took: took.unwrap_or_default() }).collect()
    }
}

/// Checks what must be there and makes the folder of the stack; returns its absolute path.
fn prepare(options: &StackOptions) -> Result<PathBuf, LocalError> {
    let needed = [
        (&options.python, "Run: make setup"),
        (&options.bin_dir.join("payment-webhook"), "Run: cargo build --workspace --bins"),
        (&options.root.join("template.yaml"), "Run this in the root of the repository, or give --root."),
    ];
    for (path, advice) in needed {
        if !path.exists() {
            return Err(LocalError::Program {
                what: format!("{} is missing", path.display()),
                log: String::new(),
                advice: advice.to_owned(),
            });
        }
    }
    std::fs::create_dir_all(&options.dir)
        .and_then(|()| options.dir.canonicalize())
        .map_err(|source| LocalError::io("make the folder", &options.dir, source))
}

/// Deploys the template and returns what `deploy.py` prints.
async fn deploy(options: &StackOptions, aws: &LocalAws, parameters: &[String]) -> Result<Value, LocalError> {
    let path = |path: &Path| path.display().to_string();
    let mut words = vec![
        path(&options.root.join("infra/local/deploy.py")),
        "--endpoint".into(),
        aws.endpoint().to_owned(),
        "--template".into(),
        path(&options.root.join("template.yaml")),
        "--bin-dir".into(),
        path(&options.bin_dir),
        "--stack".into(),
        "recoup".into(),
        "--region".into(),
        REGION.into(),
    ];
    for parameter in parameters {
        words.extend(["--parameter".to_owned(), parameter.clone()]);
    }
    let printed = run(&options.python, &words, "deploy.py", || aws.log_tail()).await?;
    serde_json::from_str(&printed).map_err(|_| LocalError::Answer {
        what: "deploy.py".into(),
        found: "something else than one JSON object".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_command_that_makes_it() {
        let root = std::env::temp_dir().join(signing::random_id().expect("random numbers"));
        let options = StackOptions::new(&root, root.join("stack"));
        for (path, advice) in [
            (&options.python, "make setup"),
            (&options.bin_dir.join("payment-webhook"), "cargo build --workspace --bins"),
            (&root.join("template.yaml"), "--root"),
        ] {
            let error = prepare(&options).expect_err("missing").to_string();
            assert!(error.contains(advice) && error.contains(&path.display().to_string()), "{error}");
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        assert!(prepare(&options).expect("complete").is_absolute());
        std::fs::remove_dir_all(&root).expect("removed");
    }

    #[test]
    fn a_given_parameter_takes_the_place_of_the_local_one() {
        let mut options = StackOptions::new("", "");
        options.parameters.push(("QuietHours".into(), "21:00-08:00".into()));
        let all = parameters(
            &options,
            &credentials().expect("random numbers"),
            &[String::new(), String::new()],
            "whsec_1",
            "token",
        );
        let quiet: Vec<_> = all.iter().filter(|parameter| parameter.starts_with("QuietHours=")).collect();
        assert_eq!(quiet, ["QuietHours=21:00-08:00"]);
    }
}
