//! The HTTP client under every AWS client, on the library by which providers are reached, so that a function links one.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

/// From the first packet to a connection that can be written to, TLS included. How long an answer may take is the SDK's own
/// affair.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// reqwest as the SDK wants it. Connections are kept between calls; the pool tries again by itself on another one when a
/// kept connection turns out closed before anything was sent.
#[derive(Debug)]
pub(crate) struct SdkHttpClient(SharedHttpConnector);

impl SdkHttpClient {
    pub(crate) fn new() -> Self {
        Self(SharedHttpConnector::new(Connector(client())))
    }
}

impl HttpClient for SdkHttpClient {
    /// One connector for all clients: its connect timeout is shorter than any the SDK asks for.
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.clone()
    }
}

fn client() -> Option<reqwest::Client> {
    // Another part of the process may have chosen the same provider first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .ok()
}

/// A client, unless this machine has no certificates to trust.
#[derive(Debug)]
struct Connector(Option<reqwest::Client>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(client) = self.0.clone() else {
            let error = ConnectorError::user("no HTTP client: are there certificates to trust?".into());
            return HttpConnectorFuture::ready(Err(error));
        };
        HttpConnectorFuture::new(async move {
            let request = outgoing(request)?;
            incoming(client.execute(request).await.map_err(classify)?)
        })
    }
}

fn outgoing(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let Some(body) = body.bytes().map(Bytes::copy_from_slice) else {
        return Err(ConnectorError::user("a streaming body".into()));
    };
    let request = http::Request::from_parts(parts, reqwest::Body::from(body));
    reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))
}

/// The body follows as it comes: half an answer is not the same as none.
fn incoming(response: reqwest::Response) -> Result<HttpResponse, ConnectorError> {
    let answer = http::Response::<reqwest::Body>::from(response).map(SdkBody::from_body_1_x);
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::user(error.into()))
}

/// Everything that went wrong on the way may be tried again: a repeated write meets itself by its token.
fn classify(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
