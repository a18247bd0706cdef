//! What the transport says became of a request, against a server that does all that a provider may do to a connection.

mod server;

use std::time::Duration;

use bytes::Bytes;
use recoup_app::ports::{Transport, TransportError};
use recoup_transport::HttpTransport;
use server::{Reply, Server, Then};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

type Outcome = Result<http::Response<Bytes>, TransportError>;

/// The runtime of a function's process: what it runs stands still between two calls, as the process does between two
/// invocations.
fn process() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn perform(transport: &HttpTransport, request: http::Request<Bytes>) -> Outcome {
    (&transport).perform(request).await
}

/// One request of one process, and what became of it.
fn outcome(scheme: &str, reply: Reply) -> (Result<u16, TransportError>, Vec<(usize, String)>) {
    let server = Server::start(reply);
    let transport = HttpTransport::new();
    let outcome = process().block_on(perform(&transport, server.request(scheme, "one")));
    (outcome.map(|answer| answer.status().as_u16()), server.requests())
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// Two requests of a process that was frozen between them; each must arrive once, on a connection of its own.
fn survives_the_freeze(then: Then) {
    let server = Server::start(Reply::Bytes(ok("{}"), then));
    let (process, transport) = (process(), HttpTransport::new());
    for body in ["one", "two"] {
        let answer = process.block_on(perform(&transport, server.request("http", body)));
        assert_eq!(answer.map(|answer| answer.status().as_u16()), Ok(200), "{body}, {then:?}");
        server.wait_until_settled();
    }
    assert_eq!(server.requests(), [(1, "one".to_owned()), (2, "two".to_owned())], "{then:?}");
}

#[test]
fn f23_a_connection_the_server_closed_during_the_freeze_is_not_used() {
    survives_the_freeze(Then::Close);
}

#[test]
fn f23_a_connection_the_server_reset_during_the_freeze_is_not_used() {
    survives_the_freeze(Then::Reset);
}

#[test]
fn f23_a_connection_that_was_silently_forgotten_during_the_freeze_is_not_used() {
    survives_the_freeze(Then::Forget);
}

#[test]
fn f23_a_connection_the_server_would_keep_is_not_kept() {
    survives_the_freeze(Then::Stay);
}

#[test]
fn o47_a_refused_connection_was_not_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let request = http::Request::post(format!("http://{address}/messages")).body(Bytes::new());
    let transport = HttpTransport::new();
    let outcome = process().block_on(perform(&transport, request.expect("well formed")));
    assert_eq!(outcome.err(), Some(TransportError::NotSent));
}

#[test]
fn o47_a_failed_handshake_was_not_sent() {
    let alert = b"\x15\x03\x03\x00\x02\x02\x28".to_vec();
    let plain = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    for reply in [Reply::Bytes(alert, Then::Close), Reply::Bytes(plain, Then::Close), Reply::Reset] {
        let (outcome, _) = outcome("https", reply.clone());
        assert_eq!(outcome, Err(TransportError::NotSent), "{reply:?}");
    }
}

#[test]
fn o47_an_answer_that_does_not_come_whole_is_ambiguous_and_nothing_is_tried_again() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"id\"".to_vec();
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n".to_vec();
    for reply in [
        Reply::Reset,
        Reply::Bytes(Vec::new(), Then::Close),
        Reply::Bytes(b"HTTP/1.1 200".to_vec(), Then::Close),
        Reply::Bytes(b"\0\0\0\0\r\n\r\n".to_vec(), Then::Close),
        Reply::Bytes(half.clone(), Then::Close),
        Reply::Bytes(half, Then::Reset),
        Reply::Bytes(chunk, Then::Close),
    ] {
        let (outcome, requests) = outcome("http", reply.clone());
        assert_eq!(outcome, Err(TransportError::Ambiguous), "{reply:?}");
        assert_eq!(requests, [(1, "one".to_owned())], "{reply:?}");
    }
}

#[test]
fn o47_an_answer_is_read_up_to_its_limit() {
    let counted = |size: usize| ok(&"x".repeat(size));
    let chunked = |size: usize| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{size:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(size)).into_bytes()
    };
    for (bytes, expected) in [
        (counted(LARGEST), Ok(200)),
        (chunked(LARGEST), Ok(200)),
        (counted(LARGEST + 1), Err(TransportError::Ambiguous)),
        (chunked(LARGEST + 1), Err(TransportError::Ambiguous)),
    ] {
        let size = bytes.len();
        let (outcome, requests) = outcome("http", Reply::Bytes(bytes, Then::Close));
        assert_eq!(outcome, expected, "{size} bytes");
        assert_eq!(requests.len(), 1, "{size} bytes");
    }
}

#[test]
fn o47_a_refusal_and_a_redirect_are_answers() {
    for status in [302, 307, 429, 503] {
        let answer = format!("HTTP/1.1 {status} Why\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
        let (outcome, requests) = outcome("http", Reply::Bytes(answer.into_bytes(), Then::Close));
        assert_eq!(outcome, Ok(status));
        assert_eq!(requests.len(), 1, "{status}");
    }
}

/// The outcome of a request whose server falls silent, and how long the process waited. The clock stands from the moment
/// the request, or its handshake, has arrived, and moves only to the next timer.
fn waited(transport: &HttpTransport, scheme: &str) -> (Option<TransportError>, Duration) {
    let server = Server::start(Reply::Nothing);
    process().block_on(async {
        let began = tokio::time::Instant::now();
        let silence = async {
            server.arrived.notified().await;
            tokio::time::pause();
        };
        let (outcome, ()) = tokio::join!(perform(transport, server.request(scheme, "one")), silence);
        (outcome.err(), began.elapsed())
    })
}

fn assert_about(waited: Duration, seconds: u64) {
    assert!((seconds..=seconds + 1).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn o47_silence_after_the_request_is_ambiguous_after_eight_seconds() {
    let (outcome, waited) = waited(&HttpTransport::new(), "http");
    assert_eq!(outcome, Some(TransportError::Ambiguous));
    assert_about(waited, 8);
}

#[test]
fn o47_who_cannot_wait_gives_up_sooner() {
    let (outcome, waited) = waited(&HttpTransport::within(Duration::from_secs(2)), "http");
    assert_eq!(outcome, Some(TransportError::Ambiguous));
    assert_about(waited, 2);
}

#[test]
fn o47_silence_during_the_handshake_was_not_sent_after_two_seconds() {
    let (outcome, waited) = waited(&HttpTransport::new(), "https");
    assert_eq!(outcome, Some(TransportError::NotSent));
    assert_about(waited, 2);
}
