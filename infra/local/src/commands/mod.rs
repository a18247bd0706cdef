//! The commands of `recoup-local`.

mod background;
mod control;
mod demo;
mod drill;

pub(crate) use background::{down, serve, up};
pub(crate) use demo::demo;
pub(crate) use drill::drill;

use tokio::signal::unix::{SignalKind, signal};

use recoup_local::LocalError;

/// Waits for Ctrl-C or a request to end.
async fn interrupted() -> Result<(), LocalError> {
    let io = |source| LocalError::Io { what: "listen for signals".into(), source };
    let mut end = signal(SignalKind::terminate()).map_err(io)?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map_err(io),
        _ = end.recv() => Ok(()),
    }
}
