//! Settings of a provider, checked once when the process starts, and the request they lead to.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use thiserror::Error;

/// A setting that cannot be used; its value is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed setting {setting}")]
pub struct MalformedSetting {
    /// Which one, for example `phone_number_id`.
    pub setting: &'static str,
}

impl MalformedSetting {
    /// The stable code that ops meet when a function refuses to start.
    pub fn code(&self) -> &'static str {
        "malformed_setting"
    }
}

/// The content type of JSON.
pub(crate) const JSON: &str = "application/json";
/// The content type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Accepts a setting, or names it.
pub(crate) fn require(holds: bool, setting: &'static str) -> Result<(), MalformedSetting> {
    if holds { Ok(()) } else { Err(MalformedSetting { setting }) }
}

/// Joins a base URL and a path.
///
/// Plain `http` passes for this machine only: a token must not cross a network in clear.
pub(crate) fn address(base: &str, path: &str) -> Result<Uri, MalformedSetting> {
    let uri = whole_address(&format!("{}{path}", base.trim_end_matches('/')), "base_url")?;
    require(uri.query().is_none(), "base_url")?;
    Ok(uri)
}

/// Takes a URL as it is, with its query: the address of a hook may carry its secret there. Otherwise as [`address`].
pub(crate) fn whole_address(url: &str, setting: &'static str) -> Result<Uri, MalformedSetting> {
    let uri: Uri = url.parse().map_err(|_| MalformedSetting { setting })?;
    let host = uri.host().unwrap_or_default();
    let local = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    let encrypted = uri.scheme_str() == Some("https");
    let permitted = encrypted || (local && uri.scheme_str() == Some("http"));
    let user_info = uri.authority().is_some_and(|a| a.as_str().contains('@'));
    require(permitted && !host.is_empty() && !user_info, setting)?;
    Ok(uri)
}

/// Builds a request that posts a body.
pub(crate) fn post(
    to: &Uri,
    authorization: Option<&HeaderValue>,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> http::Request<Bytes> {
    let mut request = http::Request::new(body.into());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = to.clone();
    let headers = request.headers_mut();
    headers.extend(authorization.map(|value| (AUTHORIZATION, value.clone())));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    request
}

/// Makes a header that hides itself in `Debug`.
pub(crate) fn credential(text: &str, setting: &'static str) -> Result<HeaderValue, MalformedSetting> {
    let mut value = HeaderValue::try_from(text).map_err(|_| MalformedSetting { setting })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_crosses_a_network_in_clear() {
        for (base, expected) in [
            ("https://graph.facebook.com", Some("https://graph.facebook.com/v1/x")),
            ("https://graph.facebook.com/", Some("https://graph.facebook.com/v1/x")),
            ("http://127.0.0.1:4010", Some("http://127.0.0.1:4010/v1/x")),
            ("http://localhost:4010/", Some("http://localhost:4010/v1/x")),
            ("http://graph.facebook.com", None),
            ("http://127.0.0.1.evil.example", None),
            ("https://user@graph.facebook.com", None),
            ("https://graph.facebook.com?x=", None),
            ("ftp://graph.facebook.com", None),
            ("graph.facebook.com", None),
            ("", None),
        ] {
            let joined = address(base, "/v1/x").map(|uri| uri.to_string());
            assert_eq!(joined.ok().as_deref(), expected, "{base}");
        }
    }

    #[test]
    fn r16_a_credential_hides_itself_and_takes_no_line_break() {
        let header = credential("Bearer EAAB", "access_token").expect("plain text");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(credential("EAAB\nx", "access_token"), Err(MalformedSetting { setting: "access_token" }));
    }
}
