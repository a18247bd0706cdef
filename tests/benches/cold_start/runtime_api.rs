//! The Runtime API of Lambda, for one process at a time: gives out events when it is told to and hands back the answers.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::wire::{Request, Response, converse};

const INVOCATION: &str = "/2018-06-01/runtime/invocation/";

/// How long a function may take for anything, so that a hung one ends the bench.
const PATIENCE: Duration = Duration::from_secs(20);

/// The API and what came in.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    arrivals: Receiver<(Instant, Arrival)>,
}

enum Arrival {
    /// The process waits for an event.
    Next(SyncSender<String>),
    /// It answered one.
    Answer(Vec<u8>),
    /// It failed, at start or at an event.
    Failure(Vec<u8>),
}

/// A process that waits for an event.
pub(crate) struct Idle {
    pub(crate) since: Instant,
    give: SyncSender<String>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub(crate) fn listen() -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (sender, arrivals) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Ok(Self { address, arrivals })
    }

    /// Waits until the process asks for an event.
    pub(crate) fn idle(&self) -> Result<Idle, String> {
        match self.arrival()? {
            (since, Arrival::Next(give)) => Ok(Idle { since, give }),
            (_, Arrival::Answer(_)) => Err("answered without an event".to_owned()),
            (_, Arrival::Failure(body)) => Err(String::from_utf8_lossy(&body).into_owned()),
        }
    }

    /// Gives an event to a process and waits for its answer: how long it took, and the answer.
    pub(crate) fn invoke(&self, idle: &Idle, event: &str) -> Result<(Duration, Vec<u8>), String> {
        let given = Instant::now();
        idle.give.send(event.to_owned()).map_err(|_| "is gone".to_owned())?;
        match self.arrival()? {
            (at, Arrival::Answer(body)) => Ok((at.duration_since(given), body)),
            (_, Arrival::Next(_)) => Err("asked for another event without an answer".to_owned()),
            (_, Arrival::Failure(body)) => Err(String::from_utf8_lossy(&body).into_owned()),
        }
    }

    fn arrival(&self) -> Result<(Instant, Arrival), String> {
        self.arrivals.recv_timeout(PATIENCE).map_err(|_| format!("said nothing for {} s", PATIENCE.as_secs()))
    }
}

fn serve(stream: TcpStream, arrivals: &Sender<(Instant, Arrival)>) {
    // Without it an answer may wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    converse(stream, |request| {
        let at = Instant::now();
        if request.path == format!("{INVOCATION}next") {
            let (give, given) = sync_channel(1);
            arrivals.send((at, Arrival::Next(give))).ok()?;
            return Some(event(given.recv().ok()?));
        }
        arrivals.send((at, arrival(request))).ok()?;
        Some(Response::new(202, "{\"status\":\"OK\"}"))
    });
}

fn arrival(request: Request) -> Arrival {
    if request.path.ends_with("/response") {
        Arrival::Answer(request.body)
    } else {
        Arrival::Failure(request.body)
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline is an instant of the wall's clock")]
fn event(body: String) -> Response {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = (now + Duration::from_secs(10)).as_millis();
    let headers = vec![
        ("lambda-runtime-aws-request-id", "11111111-1111-4111-8111-111111111111".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    Response { headers, ..Response::new(200, body) }
}
