//! What Lambda delivers, in the terms of the use cases, and back.

use std::future::ready;
use std::pin::Pin;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use lambda_http::{Body, IntoResponse, RequestExt as _, Response};
use recoup_app::engine::first_seen;
use recoup_app::http::{Answer, Request};
use recoup_app::ports::{Ports, Sender, Transport};
use recoup_app::queue::Received;
use recoup_app::step::StepSender;
use recoup_core::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub use aws_lambda_events::sqs::SqsEvent;
pub use lambda_http::{Error, Request as HttpRequest, run as run_http};
pub use lambda_runtime::{LambdaEvent, run, service_fn};

/// What wakes a function that has both a timer and a queue.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum TimerOrQueue {
    /// A batch of the queue: the only event with records.
    Queue(SqsEvent),
    /// The timer, whatever it says.
    Timer(NoRecords),
}

/// An event that has no records: a batch that cannot be read must come again, and not be taken for the timer.
#[derive(Debug)]
pub struct NoRecords;

impl<'de> Deserialize<'de> for NoRecords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)?.get("Records") {
            None => Ok(Self),
            Some(_) => Err(D::Error::custom("records that cannot be read")),
        }
    }
}

/// Reads a request of the HTTP API.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
pub fn request(delivered: HttpRequest) -> Request {
    let (name, path_secret, path) = parts_of(delivered.uri().path());
    let query = delivered.uri().query().unwrap_or_default().to_owned();
    let header = delivered.lambda_context_ref().and_then(|context| context.xray_trace_id.clone());
    let is_get = delivered.method() == http::Method::GET;
    let place = delivered.uri();
    let url = format!("https://{}{path}", place.authority().map_or("", |host| host.as_str()));
    let (parts, body) = delivered.into_parts();
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let trace = header.as_deref().and_then(root_of);
    Request { name, path_secret, url, query, is_get, headers: parts.headers, body, trace }
}

/// The name in a path, the secret behind it, and the path without that: `/channels/{provider}/{secret}`.
fn parts_of(path: &str) -> (String, Option<Secret>, String) {
    let doors = ["/webhooks/", "/channels/"];
    let door = doors.iter().find_map(|door| path.rfind(door).map(|at| at + door.len()));
    let (before, behind) = path.split_at(door.unwrap_or_else(|| path.rfind('/').map_or(0, |at| at + 1)));
    let (name, secret) = behind.split_once('/').unwrap_or((behind, ""));
    (name.to_owned(), Secret::parse(secret).ok(), format!("{before}{name}"))
}

/// The `Root` part of a trace header, which names the trace; the rest is about sampling and would be stored with the case.
fn root_of(header: &str) -> Option<String> {
    let root = header.split(';').map(str::trim).find(|part| part.starts_with("Root="))?;
    let plain = root.len() <= 64 && root.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| root.to_owned())
}

/// An answer for the HTTP API.
#[derive(Debug)]
pub struct HttpAnswer(pub Answer);

/// Of text as it is: the general way, for any body, holds a table of every character set.
impl IntoResponse for HttpAnswer {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        let Self(answer) = self;
        let mut response = Response::new(Body::Text(answer.body));
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
        Box::pin(ready(response))
    }
}

/// Reads a batch of a queue.
pub fn batch(event: SqsEvent) -> Vec<Received> {
    event.records.into_iter().map(received).collect()
}

fn received(message: SqsMessage) -> Received {
    let attribute = |name: &str| message.attributes.get(name).map(String::as_str);
    let receives = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
    let first_seen = first_seen(attribute("SentTimestamp"));
    Received {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receives,
        first_seen,
    }
}

/// Gives every batch of the queue to a sender, for as long as the function lives.
///
/// # Errors
/// The runtime's own.
pub async fn serve<P: Ports, T: Transport, S: Sender>(sender: &StepSender<P, T, S>) -> Result<(), Error> {
    let handle = async |event: LambdaEvent<SqsEvent>| {
        let again = sender.take_batch(batch(event.payload)).await;
        Ok::<_, Error>(failures(again))
    };
    run(service_fn(handle)).await
}

/// Tells the queue which messages must come again.
pub fn failures(ids: Vec<String>) -> SqsBatchResponse {
    let failure = |id: String| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids.into_iter().map(failure).collect();
    response
}

/// The answer of a function that has both: JSON.
pub fn answer(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f43_a_batch_that_cannot_be_read_is_not_taken_for_the_timer() {
        let read = |event: &str| serde_json::from_str::<TimerOrQueue>(event);
        for event in [r#"{"Records":1}"#, r#"{"Records":null}"#, r#"{"Records":[{"messageId":1}]}"#] {
            assert!(read(event).is_err(), "{event}");
        }
        assert!(matches!(read(r#"{"Records":[{"messageId":"1"}]}"#), Ok(TimerOrQueue::Queue(_))));
        for event in
            ["{}", "null", r#""sweep""#, "[]", r#"{"source":"aws.scheduler","detail":{"Records":[]}}"#]
        {
            assert!(matches!(read(event), Ok(TimerOrQueue::Timer(_))), "{event}");
        }
    }

    #[test]
    fn i11_a_secret_of_a_path_is_no_part_of_the_name_or_the_url() {
        for (path, name, secret, url) in [
            ("/webhooks/stripe", "stripe", None, "/webhooks/stripe"),
            ("/channels/meta", "meta", None, "/channels/meta"),
            ("/channels/msg91/s3cr3t", "msg91", Some("s3cr3t"), "/channels/msg91"),
            ("/prod/channels/msg91/s3/cr3t", "msg91", Some("s3/cr3t"), "/prod/channels/msg91"),
            ("/channels/msg91/", "msg91", None, "/channels/msg91"),
            ("/elsewhere", "elsewhere", None, "/elsewhere"),
            ("/", "", None, "/"),
            ("", "", None, ""),
        ] {
            let (found, of_path, rest) = parts_of(path);
            assert_eq!((found.as_str(), rest.as_str()), (name, url), "{path}");
            assert_eq!(of_path.as_ref().map(Secret::expose), secret, "{path}");
        }
    }

    #[test]
    fn only_the_root_of_a_trace_is_kept() {
        let header =
            "Root=1-5e9e6b1f-0000000000000000000000aa;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0";
        assert_eq!(root_of(header).as_deref(), Some("Root=1-5e9e6b1f-0000000000000000000000aa"));
        for header in ["", "Parent=1;Sampled=0", "Root=a b", &format!("Root={}", "x".repeat(200))] {
            assert_eq!(root_of(header), None, "{header}");
        }
    }
}
