//! A server of one test on 127.0.0.1, on a thread of its own: it goes on while the client's process is frozen.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the server does with a request it has read.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Writes these bytes, and then does with the connection what comes second.
    Bytes(Vec<u8>, Then),
    /// Never answers.
    Nothing,
    /// Resets the connection.
    Reset,
}

/// What becomes of a connection that was answered on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It stays open for the next request.
    Stay,
    /// It is closed in good order.
    Close,
    /// It is reset.
    Reset,
    /// Whoever stands between forgets it: nothing is told now, and the next bytes are answered with a reset.
    Forget,
}

/// The server, and what it saw.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// A request, or the beginning of one, has been read.
    pub(crate) arrived: Arc<Notify>,
    requests: Arc<Mutex<Vec<(usize, String)>>>,
    settled: mpsc::Receiver<()>,
    stop: Arc<Notify>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Listens, and replies to every request in the same way.
    pub(crate) fn start(reply: Reply) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a fresh socket");
        let address = listener.local_addr().expect("bound");
        let (arrived, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (settle, settled) = mpsc::channel();
        let peer = Peer { reply, requests: Arc::clone(&requests), arrived: Arc::clone(&arrived), settle };
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            runtime.expect("a runtime").block_on(async move {
                tokio::select! {
                    () = until.notified() => {}
                    () = peer.listen(listener) => {}
                }
            });
        });
        Self { address, arrived, requests, settled, stop, thread: Some(thread) }
    }

    /// Waits, without letting the client's runtime do anything, until a connection that was answered on has met its fate.
    pub(crate) fn wait_until_settled(&self) {
        self.settled.recv().expect("the server answers");
    }

    /// The requests so far: the number of the connection each came on, and its body.
    pub(crate) fn requests(&self) -> Vec<(usize, String)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request to this server.
    pub(crate) fn request(&self, scheme: &str, body: &str) -> http::Request<Bytes> {
        let request = http::Request::post(format!("{scheme}://{}/messages", self.address));
        request.body(Bytes::copy_from_slice(body.as_bytes())).expect("well formed")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

#[derive(Clone)]
struct Peer {
    reply: Reply,
    requests: Arc<Mutex<Vec<(usize, String)>>>,
    arrived: Arc<Notify>,
    settle: mpsc::Sender<()>,
}

impl Peer {
    async fn listen(self, listener: std::net::TcpListener) {
        let listener = TcpListener::from_std(listener).expect("a listener");
        for connection in 1.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(self.clone().serve(connection, stream));
        }
    }

    async fn serve(self, connection: usize, mut stream: TcpStream) {
        while let Some(body) = read_request(&mut stream).await {
            self.requests.lock().unwrap_or_else(PoisonError::into_inner).push((connection, body));
            self.arrived.notify_one();
            let then = match &self.reply {
                Reply::Bytes(bytes, then) => {
                    // A client that has read enough may be gone.
                    let _ = stream.write_all(bytes).await;
                    *then
                }
                Reply::Nothing => std::future::pending().await,
                Reply::Reset => Then::Reset,
            };
            match then {
                Then::Stay => {
                    let _ = self.settle.send(());
                    continue;
                }
                Then::Close => drop(stream),
                Then::Reset => reset(stream),
                Then::Forget => {
                    let _ = self.settle.send(());
                    let _ = stream.readable().await;
                    reset(stream);
                }
            }
            let _ = self.settle.send(());
            return;
        }
    }
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("an open socket");
    drop(stream);
}

/// Reads a request and returns its body, or whatever a client says that does not speak HTTP; `None` at the end.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if !text.starts_with("POST ") {
            return Some(String::new());
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(body.to_owned());
        }
    }
}
