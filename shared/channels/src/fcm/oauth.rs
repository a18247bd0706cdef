//! The access token behind Firebase: a signed assertion of a service account is changed for a token that lives an hour
//! (RFC 7523).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Uri;
use jiff::Timestamp;
use recoup_core::{Backoff, Reaction, Refusal, Secret};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::MalformedSetting;
use crate::endpoint::{FORM, address, post, require};
use crate::outcome::label;

/// The only thing the token may do.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// Seconds an assertion is good for: the longest that Google takes.
const ASSERTION_LIFE: i64 = 3600;
const MALFORMED: MalformedSetting = MalformedSetting { setting: "service_account" };

/// A service account of Google's, with the key that speaks for it.
pub struct ServiceAccount {
    project_id: String,
    email: String,
    key_id: String,
    token_uri: Uri,
    key: RsaKeyPair,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceAccount({})", self.project_id)
    }
}

/// The members of the JSON that the console of Firebase hands out.
#[derive(Deserialize)]
struct Members {
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads the JSON of a service account: its `token_uri` is `https` (or this machine), its `private_key` an RSA key
    /// in PKCS#8 PEM.
    ///
    /// # Errors
    /// [`MalformedSetting`] `service_account` for anything else.
    pub fn parse(json: &Secret) -> Result<Self, MalformedSetting> {
        let members: Members = serde_json::from_str(json.expose()).map_err(|_| MALFORMED)?;
        require(!members.project_id.is_empty() && !members.client_email.is_empty(), MALFORMED.setting)?;
        let pkcs8 = pem(&members.private_key).ok_or(MALFORMED)?;
        Ok(Self {
            project_id: members.project_id,
            email: members.client_email,
            key_id: members.private_key_id,
            token_uri: address(&members.token_uri, "").map_err(|_| MALFORMED)?,
            key: RsaKeyPair::from_pkcs8(&pkcs8).map_err(|_| MALFORMED)?,
        })
    }

    /// The project whose apps it may send to.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// Builds the request that asks for an access token. It may be repeated: nothing is sent by it.
    ///
    /// # Errors
    /// [`MalformedSetting`] when the key cannot sign.
    pub fn token_request(&self, now: Timestamp) -> Result<http::Request<Bytes>, MalformedSetting> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &self.assertion(now)?)
            .finish();
        Ok(post(&self.token_uri, None, FORM, body))
    }

    /// Signs who asks, for what, where and when (RS256).
    fn assertion(&self, now: Timestamp) -> Result<String, MalformedSetting> {
        let issued = now.as_second();
        let header = json!({"alg": "RS256", "kid": self.key_id, "typ": "JWT"});
        let claims = json!({
            "aud": self.token_uri.to_string(),
            "exp": issued.saturating_add(ASSERTION_LIFE),
            "iat": issued,
            "iss": self.email,
            "scope": SCOPE,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // This padding takes nothing from the generator it is handed: the same claims have the same signature.
        let random = SystemRandom::new();
        self.key
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| MALFORMED)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Takes the bytes out of the armour of a PEM text.
fn pem(text: &str) -> Option<Vec<u8>> {
    let inside = text.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    STANDARD.decode(inside.split_ascii_whitespace().collect::<String>()).ok()
}

/// Reads the answer to [`ServiceAccount::token_request`]: the token, and how long it lives.
///
/// # Errors
/// The [`Refusal`] of every message that waits for the token. None of them was sent, so there is no doubt to keep: an
/// account that Google does not know holds the channel, everything else is tried again.
pub fn read_token(answer: &http::Response<Bytes>) -> Result<(Secret, Duration), Refusal> {
    let words: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let token = words["access_token"].as_str().and_then(|text| Secret::parse(text).ok());
    let seconds = words["expires_in"].as_u64();
    if let (true, Some(token), Some(seconds)) = (answer.status().is_success(), token, seconds) {
        return Ok((token, Duration::from_secs(seconds)));
    }
    match words["error"].as_str() {
        Some(code) if answer.status().is_client_error() => {
            Err(Refusal::new(&label(code, "unnamed"), Reaction::Hold, true))
        }
        _ => Err(Refusal::new("no_access_token", Reaction::Retry(Backoff::Seconds), false)),
    }
}
