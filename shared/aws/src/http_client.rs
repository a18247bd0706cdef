//! The HTTP client under every AWS client: the one that providers are reached with, so that a function holds one.

use std::sync::OnceLock;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

/// reqwest as the SDK wants it. Connections are kept between calls; the pool tries again by itself on another one when a
/// kept connection turns out closed before anything was sent.
#[derive(Debug, Default)]
pub(crate) struct SdkHttpClient {
    connector: OnceLock<SharedHttpConnector>,
}

impl HttpClient for SdkHttpClient {
    /// One connector for all clients, made by the settings of the first: they share one configuration.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector.get_or_init(|| SharedHttpConnector::new(Connector(client(settings)))).clone()
    }
}

fn client(settings: &HttpConnectorSettings) -> Option<reqwest::Client> {
    // Another part of the process may have chosen the same provider first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    if let Some(timeout) = settings.connect_timeout() {
        builder = builder.connect_timeout(timeout);
    }
    if let Some(timeout) = settings.read_timeout() {
        builder = builder.read_timeout(timeout);
    }
    builder.build().ok()
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
            let response = client.execute(request).await.map_err(classify)?;
            incoming(response).await
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

async fn incoming(response: reqwest::Response) -> Result<HttpResponse, ConnectorError> {
    let mut answer = http::Response::builder().status(response.status());
    if let Some(headers) = answer.headers_mut() {
        headers.clone_from(response.headers());
    }
    let body = response.bytes().await.map_err(classify)?;
    let answer = answer.body(SdkBody::from(body)).map_err(|error| ConnectorError::user(error.into()))?;
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
