//! How `down` reaches a stack in the background: over HTTP with a token, so that no process id is trusted.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use recoup_local::stack::Control;
use recoup_local::{LocalError, signing};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The header that carries the token.
pub(super) const TOKEN: &str = "x-recoup-token";

#[derive(Clone)]
struct Door {
    token: Arc<str>,
    stop: Arc<Notify>,
}

/// Opens the control port; returns where it is and what is notified when the stack shall stop.
pub(super) async fn open() -> Result<(Control, Arc<Notify>), LocalError> {
    let io = |source| LocalError::Io { what: "open the control port".into(), source };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io)?;
    let url = format!("http://{}", listener.local_addr().map_err(io)?);
    let token = signing::random_id()?;
    let stop = Arc::new(Notify::new());
    let door = Door { token: token.as_str().into(), stop: Arc::clone(&stop) };
    let router = Router::new().route("/alive", get(alive)).route("/stop", post(end)).with_state(door);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((Control { url, token }, stop))
}

async fn alive(State(door): State<Door>, headers: HeaderMap) -> StatusCode {
    door.admit(&headers)
}

async fn end(State(door): State<Door>, headers: HeaderMap) -> StatusCode {
    let status = door.admit(&headers);
    if status == StatusCode::OK {
        door.stop.notify_one();
    }
    status
}

impl Door {
    fn admit(&self, headers: &HeaderMap) -> StatusCode {
        let shown = headers.get(TOKEN).is_some_and(|token| token.as_bytes() == self.token.as_bytes());
        if shown { StatusCode::OK } else { StatusCode::FORBIDDEN }
    }
}
