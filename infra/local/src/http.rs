//! Plain HTTP to 127.0.0.1: what the stubs, the scenarios and the health checks use.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::LocalError;

const TIMEOUT: Duration = Duration::from_secs(40);

/// A client for local servers: no proxy, no certificates.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl Http {
    /// Builds a client.
    ///
    /// # Errors
    /// [`LocalError::Http`] when the client cannot be built.
    pub fn new() -> Result<Self, LocalError> {
        // The client wants a provider although it never speaks TLS; a second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(TIMEOUT)
            .build()
            .map_err(|source| LocalError::Http { what: "build an HTTP client".into(), source })?;
        Ok(Self { client })
    }

    /// Sends a request and reads its answer, whatever its status.
    ///
    /// # Errors
    /// [`LocalError::Http`] when no answer comes.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<Reply, LocalError> {
        let failed = |source| LocalError::Http { what: format!("{method} {url}"), source };
        let mut request = self.client.request(method.clone(), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(failed)?;
        Ok(Reply { status, text })
    }

    /// Sends JSON and reads the JSON of a successful answer.
    ///
    /// # Errors
    /// [`LocalError`] when no answer comes or its status is not 2xx.
    pub async fn json(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Value, LocalError> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let headers = [("content-type", "application/json".to_owned())];
        let reply = self.send(method.clone(), url, &headers, bytes).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply.json());
        }
        Err(LocalError::Answer {
            what: format!("{method} {url}"),
            found: format!("{} {}", reply.status, reply.text),
        })
    }
}
