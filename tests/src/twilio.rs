//! The forms Twilio posts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use recoup_app::http::Request;
use recoup_channels::twilio::SIGNATURE_HEADER;
use ring::hmac;

use crate::{Stack, seeds};

/// What the front door is called from outside.
pub const FRONT_DOOR: &str = "https://recoup.acme.example";

/// Where buyers' messages are posted to.
pub const INBOUND: &str = "https://recoup.acme.example/channels/twilio";

/// The form as it is posted to a URL, signed with the account's token.
pub fn request(url: &str, fields: &[(&str, &str)]) -> Request {
    signed(url, fields, seeds::TWILIO_TOKEN)
}

/// The same, signed with another token.
pub fn signed(url: &str, fields: &[(&str, &str)], token: &str) -> Request {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let text: String = sorted.into_iter().flat_map(|(key, value)| [key, value]).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let tag = STANDARD.encode(hmac::sign(&key, format!("{url}{text}").as_bytes()));
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8")),
        (
            HeaderName::from_static(SIGNATURE_HEADER),
            HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("")),
        ),
    ]);
    let query = url.split_once('?').map_or("", |(_, query)| query).to_owned();
    Request { query, ..Stack::request("twilio", headers, body) }
}
