//! Questions to a source's own API, and their answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::request::Builder;
use http::{HeaderValue, Request, StatusCode};
use recoup_core::{BuyerFacts, CustomerId, Fact, Link, Obligation, Secret};
use thiserror::Error;

use crate::NormaliseError;

/// A question to the processor's own API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Who is this customer, and how can they be reached?
    Customer(CustomerId),
    /// Is this still owed?
    Obligation(Obligation),
    /// What became of this object? Asked about a webhook that says no more than its name.
    Object {
        /// What it is, in the source's own word, for example `payments`.
        kind: &'static str,
        /// Its id, safe to place in a request path.
        id: Obligation,
    },
}

/// Why the answer to one of [`crate::Normalised::asks`] completed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unanswered {
    /// No answer to act on: ask again later.
    #[error("source's API gave no answer")]
    Unreachable,
    /// The API key is refused.
    #[error("source's API refused the key")]
    Denied,
    /// The answer is not what the API documents.
    #[error(transparent)]
    Malformed(#[from] NormaliseError),
}

impl LookupAnswer {
    /// What the status alone says; `None` for 200, whose body is to be read.
    pub(crate) fn by_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::OK => None,
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(Self::Denied),
            _ => Some(Self::Unreachable),
        }
    }
}

impl Unanswered {
    /// The stable name for logs and parked messages.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "ask_back_unreachable",
            Self::Denied => "ask_back_denied",
            Self::Malformed(_) => "ask_back_malformed",
        }
    }

    /// Tells by the status whether an answer is one: `None` for 2xx and for 404, which says that there is no such object.
    pub(crate) fn by_status(status: StatusCode) -> Option<Self> {
        match status.as_u16() {
            200..=299 | 404 | 410 => None,
            401 | 403 => Some(Self::Denied),
            _ => Some(Self::Unreachable),
        }
    }
}

/// What the processor's API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// Its API has no answer to such a question, so nobody asked.
    NotAsked,
    /// What it knows of the customer.
    Buyer(BuyerFacts),
    /// Nothing is owed any more, and why.
    Settled(Fact),
    /// The money is still owed.
    StillOwed,
    /// No such customer or obligation, or one that was deleted.
    NotFound,
    /// No answer to act on, so hold: too many requests, a failing server, another answer than the one asked for,
    /// or money that is on its way right now.
    Unreachable,
    /// The API key is refused.
    Denied,
}

/// Begins a GET at a source's API, with a key that no debug output shows.
pub(crate) fn get(base_url: &str, path: &str, authorization: &str, accept: &str) -> Option<Builder> {
    let mut authorization = HeaderValue::try_from(authorization).ok()?;
    authorization.set_sensitive(true);
    let url = format!("{}/{path}", base_url.trim_end_matches('/'));
    Some(Request::get(url).header(AUTHORIZATION, authorization).header(ACCEPT, accept))
}

/// The `Authorization` of a key that is a bearer token.
pub(crate) fn bearer(api_key: &Secret) -> String {
    format!("Bearer {}", api_key.expose())
}

/// The `Authorization` of `user:password`.
pub(crate) fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// What a source's own API is asked: by whoever is about to send a message, and where a webhook says too little.
///
/// Apart from [`crate::Processor`], so that a function that only asks holds no code that reads webhooks. A source without an API
/// leaves all of it out.
pub trait SourceApi: Send + Sync {
    /// Where the source's API is; `None` when nothing is asked there.
    fn api(&self) -> Option<Api> {
        None
    }

    /// Builds the request that asks the processor's API; `None` when it has no answer to such a question, or when
    /// `base_url` is not a URL.
    fn request(&self, _base_url: &str, _lookup: &Lookup, _api_key: &Secret) -> Option<Request<Bytes>> {
        None
    }

    /// Reads the API's answer to [`SourceApi::request`] about a customer or an obligation.
    fn read_answer(&self, _lookup: &Lookup, _answer: &http::Response<Bytes>) -> LookupAnswer {
        LookupAnswer::Unreachable
    }
}

/// A source's own API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Where it is, without a trailing slash; `None` where each account has an address of its own, which then stands in the
    /// source's secret.
    pub url: Option<&'static str>,
    /// The hosts it may be at: whole names, or endings that begin with a dot. None where it is at the merchant's own host:
    /// then only the source's secret says where, and no webhook.
    pub hosts: &'static [&'static str],
}

impl Api {
    /// Whether a URL is the API's: https at one of its hosts.
    pub fn allows(&self, url: &str) -> bool {
        let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if self.hosts.is_empty() {
            return Link::parse(url).is_ok();
        }
        self.hosts.iter().any(|known| match known.strip_prefix('.') {
            Some(ending) => {
                host.strip_suffix(ending).is_some_and(|start| start.len() > 1 && start.ends_with('.'))
            }
            None => host == *known,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_source_s_own_hosts_are_asked() {
        let api = Api { url: None, hosts: &["api.example.com", ".shops.example.com"] };
        for (url, allowed) in [
            ("https://api.example.com", true),
            ("https://api.example.com/v1", true),
            ("https://acme.shops.example.com", true),
            ("http://api.example.com", false),
            ("https://evil.example/api.example.com", false),
            ("https://api.example.com.evil.example", false),
            ("https://api.example.com@evil.example", false),
            ("https://api.example.com:8443", false),
            ("https://evilshops.example.com", false),
            ("https://.shops.example.com", false),
            ("https://169.254.169.254", false),
            ("", false),
        ] {
            assert_eq!(api.allows(url), allowed, "{url}");
        }
        let own = Api { url: None, hosts: &[] };
        assert!(own.allows("https://shop.example.com/wp-json"));
        assert!(!own.allows("https://169.254.169.254") && !own.allows("http://shop.example.com"));
    }
}
