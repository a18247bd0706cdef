//! What an HTTP request of a source or provider is, and what it is answered.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use recoup_core::Secret;

/// A request as the front door delivered it, base64 undone.
#[derive(Clone)]
pub struct Request {
    /// The source or provider of the path.
    pub name: String,
    /// What stands behind it in the path: the secret by which a provider that signs nothing is told from others.
    pub path_secret: Option<Secret>,
    /// The URL it came to, without the secret and the query.
    pub url: String,
    /// The raw query string.
    pub query: String,
    /// Whether it asks rather than tells.
    pub is_get: bool,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's exact bytes.
    pub body: Bytes,
    /// The trace.
    pub trace: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({}, {} bytes)", self.name, self.body.len())
    }
}

impl Request {
    /// Whether the body is JSON at all: asked only about a request without any signature, to tell a stray caller (400)
    /// from a webhook that lacks its signature (401).
    pub(crate) fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }

    /// Whether the body says that it is a form; asked for the same reason.
    pub(crate) fn is_form(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    }
}

/// What a request is answered. The body never says why a signature failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Its type.
    pub content_type: &'static str,
}

impl Answer {
    /// Recorded, known already, ignored on purpose, or kept for later.
    pub const OK: u16 = 200;
    /// Malformed before any signature could be looked at.
    pub const BAD_REQUEST: u16 = 400;
    /// Not signed by the source.
    pub const UNAUTHORISED: u16 = 401;
    /// The verification of a callback failed.
    pub const FORBIDDEN: u16 = 403;
    /// No such source.
    pub const NOT_FOUND: u16 = 404;
    /// Larger than any webhook of this source.
    pub const TOO_LARGE: u16 = 413;
    /// Our own trouble: the source shall try again.
    pub const UNAVAILABLE: u16 = 503;

    /// An answer whose body is the status in words.
    pub fn of(status: u16) -> Self {
        let words = match status {
            Self::OK => "ok",
            Self::BAD_REQUEST => "malformed",
            Self::UNAUTHORISED => "unauthorised",
            Self::FORBIDDEN => "forbidden",
            Self::NOT_FOUND => "unknown source",
            Self::TOO_LARGE => "too large",
            _ => "try again",
        };
        Self { status, body: format!("{{\"result\":\"{words}\"}}"), content_type: "application/json" }
    }

    /// An empty document of instructions, as Twilio reads them: any other body may be taken for a message to the buyer.
    pub fn silence() -> Self {
        Self { status: Self::OK, body: "<Response/>".to_owned(), content_type: "text/xml" }
    }

    /// A plain text that is echoed to prove that a callback is ours.
    pub fn echo(text: String) -> Self {
        Self { status: Self::OK, body: text, content_type: "text/plain" }
    }
}
