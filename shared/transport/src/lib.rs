//! Performs one HTTP request against a processor or a message provider.
//!
//! Invariant: bounded in time and size, no redirects, no retries, and no connection outlives its request. A function
//! process is frozen between invocations; a connection that was idle meanwhile would fail in a way that cannot be told
//! from "maybe sent", so none is kept.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use recoup_app::ports::{Transport, TransportError};

/// From the first packet to a connection that can be written to, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// From the start to the last byte of the answer.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(8);
/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Performs requests with reqwest.
#[derive(Debug)]
pub struct HttpTransport {
    client: OnceLock<Option<reqwest::Client>>,
    total: Duration,
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::within(TOTAL_TIMEOUT)
    }
}

impl HttpTransport {
    /// A transport whose client is built when it is first used.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, for somebody who waits no longer than this for the last byte of the answer.
    pub fn within(total: Duration) -> Self {
        Self { client: OnceLock::new(), total }
    }

    fn client(&self) -> Option<&reqwest::Client> {
        let build = || {
            // Another part of the process may have chosen the same provider first.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(self.total)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .no_proxy()
                .build()
                .ok()
        };
        self.client.get_or_init(build).as_ref()
    }
}

impl Transport for &HttpTransport {
    async fn perform(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let client = self.client().ok_or(TransportError::NotSent)?;
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(classify)?;
        let mut response = client.execute(request).await.map_err(classify)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::Ambiguous)? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(TransportError::Ambiguous);
            }
            body.extend_from_slice(&chunk);
        }
        answer.body(body.freeze()).map_err(|_| TransportError::Ambiguous)
    }
}

/// Tells "nothing left this machine" from "it may have arrived".
#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn classify(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::Ambiguous }
}
