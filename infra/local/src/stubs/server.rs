//! What all stubs have in common: the record, the script, and the connection that can be cut.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::Method;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::Sent;
use super::connection::{CuttingListener, Line};
use super::script::{Drop, Match, NextAnswer, NextStatus, Script};
use super::wire::{Answer, Request};
use crate::{LocalError, MovedClock};

/// A provider as a stub plays it.
pub(super) trait Provider: Send + Sync + 'static {
    /// Reads a request as the provider would; the error is its refusal.
    fn read(&self, request: &Request, now: Timestamp) -> Result<Reading, Answer>;

    /// Learns that a request was accepted, with the status webhooks that were asked for.
    fn accepted(self: Arc<Self>, request: &Request, answer: &Answer, statuses: Vec<NextStatus>);

    /// Answers a request to the stub itself, under `/_` or by PUT; `None` when it knows none such.
    fn control(
        self: Arc<Self>,
        request: Request,
    ) -> impl Future<Output = Option<Result<Value, LocalError>>> + Send;
}

/// A request that the provider takes.
#[derive(Debug)]
pub(super) struct Reading {
    /// What a script may match on.
    pub(super) keys: Match,
    /// The provider's answer when nothing is scripted.
    pub(super) answer: Answer,
}

/// A running stub; it stops when this is dropped.
#[derive(Debug)]
pub struct Stub {
    url: String,
    task: JoinHandle<()>,
}

impl std::ops::Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared<P> {
    provider: Arc<P>,
    clock: MovedClock,
    script: Mutex<Script>,
    sent: Mutex<Vec<Sent>>,
}

impl Stub {
    /// Serves a provider on a free port of 127.0.0.1.
    pub(super) async fn start<P: Provider>(provider: P, clock: MovedClock) -> Result<Self, LocalError> {
        let io = |source| LocalError::Io { what: "open a port for a stub".into(), source };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io)?;
        let url = format!("http://{}", listener.local_addr().map_err(io)?);
        let shared =
            Shared { provider: Arc::new(provider), clock, script: Mutex::default(), sent: Mutex::default() };
        let router = Router::new().fallback(handle::<P>).with_state(Arc::new(shared));
        let service = router.into_make_service_with_connect_info::<Line>();
        let task = tokio::spawn(async move {
            // Serving ends only with the task.
            let _ = axum::serve(CuttingListener(listener), service).await;
        });
        Ok(Self { url, task })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

async fn handle<P: Provider>(
    State(stub): State<Arc<Shared<P>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: axum::extract::Request,
) -> Response {
    let Some(request) = Request::read(request).await else {
        return Answer::json(413, "the body is too large or broke off".into()).into_response();
    };
    // No provider is asked with PUT: it is how a stub is told what to hold.
    if request.path.starts_with("/_") || request.method == Method::PUT {
        return stub.control(request).await.into_response();
    }
    match stub.play(&request, &line).await {
        Ok(answer) => answer.into_response(),
        Err(error) => Answer::json(500, error.to_string().into()).into_response(),
    }
}

impl<P: Provider> Shared<P> {
    /// Answers a request to the provider, and writes it down.
    async fn play(&self, request: &Request, line: &Line) -> Result<Answer, LocalError> {
        let reading = match self.provider.read(request, self.clock.now()?) {
            Ok(reading) => reading,
            Err(refusal) => {
                self.write_down(request, &Match::default(), &refusal, None)?;
                return Ok(refusal);
            }
        };
        let next = lock(&self.script).next(&reading.keys).unwrap_or_default();
        let delay = tokio::time::sleep(Duration::from_millis(next.delay_ms));
        if next.drop == Some(Drop::Before) {
            delay.await;
            line.cut();
            return Ok(reading.answer);
        }
        let answer = scripted(&next, reading.answer);
        self.write_down(request, &reading.keys, &answer, next.drop)?;
        if (200..300).contains(&answer.status) {
            Arc::clone(&self.provider).accepted(request, &answer, next.statuses);
        }
        // What is accepted stays so when the client does not wait for the answer.
        delay.await;
        if next.drop == Some(Drop::After) {
            line.cut();
        }
        Ok(answer)
    }

    fn write_down(
        &self,
        request: &Request,
        keys: &Match,
        answer: &Answer,
        dropped: Option<Drop>,
    ) -> Result<(), LocalError> {
        let entry = Sent {
            time: self.clock.now()?,
            phone: keys.phone.clone(),
            template: keys.template.clone(),
            request: request.decoded(),
            answer: json!({"status": answer.status, "body": answer.body}),
            dropped,
        };
        lock(&self.sent).push(entry);
        Ok(())
    }

    /// Answers a request to the stub itself.
    async fn control(&self, request: Request) -> Answer {
        let done = |value| Answer::json(200, value);
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "/_sent") => done(json!(*lock(&self.sent))),
            (&Method::DELETE, "/_sent") => {
                lock(&self.sent).clear();
                done(json!([]))
            }
            (&Method::GET, "/_script") => done(json!(*lock(&self.script))),
            (&Method::POST, "/_script") => {
                let mut script = lock(&self.script);
                match script.put(&request.body) {
                    Ok(()) => done(json!(*script)),
                    Err(reason) => Answer::json(400, json!({ "error": reason })),
                }
            }
            _ => match Arc::clone(&self.provider).control(request).await {
                Some(Ok(value)) => done(value),
                Some(Err(error)) => Answer::json(400, json!({"error": error.to_string()})),
                None => Answer::json(404, json!({"error": "this stub has no such path"})),
            },
        }
    }
}

/// The provider's own answer with the scripted status and body in its place.
fn scripted(next: &NextAnswer, own: Answer) -> Answer {
    let status = next.status.unwrap_or(own.status);
    let body = match (&next.body, status) {
        (Some(body), _) => body.clone(),
        (None, 200..300) => own.body,
        (None, _) => Value::Null,
    };
    Answer { status, content_type: own.content_type, body }
}

/// Locks; a value is never left half-written, so a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
