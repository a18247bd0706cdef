//! What can go wrong around the local stack, with what to do about it.

use std::path::Path;

use thiserror::Error;

/// Why the local stack, a stub or the demo stopped.
#[derive(Debug, Error)]
pub enum LocalError {
    /// A file or a socket could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A request got no answer.
    #[error("{what}: {source}")]
    Http {
        /// What was asked.
        what: String,
        /// Why no answer came.
        #[source]
        source: reqwest::Error,
    },
    /// An answer was not what was asked for.
    #[error("{what}: {found}")]
    Answer {
        /// What was asked.
        what: String,
        /// What came instead.
        found: String,
    },
    /// Something awaited did not come in time.
    #[error("waited {seconds} s for {what}; last seen: {seen}")]
    Deadline {
        /// What was awaited.
        what: String,
        /// How long, in seconds.
        seconds: u64,
        /// The last observation.
        seen: String,
    },
    /// A program that the stack needs ended early or could not start.
    #[error("{what}\n{log}\n{advice}")]
    Program {
        /// Which program, and how it ended.
        what: String,
        /// The end of its log.
        log: String,
        /// What a person can do.
        advice: String,
    },
    /// The random number generator of the system failed.
    #[error("no random numbers from the system")]
    Random,
}

impl LocalError {
    /// Wraps a failed use of a path.
    pub fn io(verb: &str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { what: format!("{verb} {}", path.display()), source }
    }
}
