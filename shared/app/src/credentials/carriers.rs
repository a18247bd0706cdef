//! The secrets of the carriers beside Meta.

use recoup_channels::Registered;
use recoup_core::Secret;
use serde::Deserialize;
use serde_json::Value;

use super::{OneOrMore, document, fit};
use crate::ports::{SecretError, SecretName};

/// What the secret of Twilio holds.
#[derive(Debug, Clone)]
pub struct TwilioCredentials {
    /// The account.
    pub account_sid: String,
    /// Any of these signs a webhook; the first one sends.
    pub auth_tokens: Vec<Secret>,
    /// The number or messaging service of text messages.
    pub from: Option<String>,
    /// The number or messaging service of WhatsApp.
    pub whatsapp_from: Option<String>,
    /// The content of each template that goes by WhatsApp.
    pub contents: Registered,
}

/// What the secret of MSG91 holds.
#[derive(Debug, Clone)]
pub struct Msg91Credentials {
    /// Opens the API.
    pub authkey: Secret,
    /// Any of these stands in the path of a webhook.
    pub webhook_secrets: Vec<Secret>,
    /// The flow of each template.
    pub flows: Registered,
}

/// What the secret of Rapiwa holds.
#[derive(Debug, Clone)]
pub struct RapiwaCredentials {
    /// The key of the linked phone.
    pub api_key: Secret,
    /// Any of these stands in the path of a webhook.
    pub webhook_secrets: Vec<Secret>,
}

/// A text that may be left out or empty.
fn optional(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A table of ids by template and language; one that is left out is empty.
fn registered(
    name: SecretName,
    member: &'static str,
    table: Option<&Value>,
) -> Result<Registered, SecretError> {
    let Some(table) = table else { return Ok(Registered::default()) };
    let rule = format!("{member}: must be ids by template and language");
    Registered::parse(&table.to_string(), member).map_err(|_| SecretError::Unfit { name, rule })
}

impl TwilioCredentials {
    /// Reads `{"account_sid": "..", "auth_token": "..", "from": "..", "whatsapp_from": "..", "contents": {"template": {"language":
    /// "HX.."}}}`. `from` may be left out where no text message goes, the last two where nothing goes by WhatsApp; `auth_token`
    /// may be a list, of which the first one sends.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            account_sid: String,
            #[serde(default)]
            auth_token: OneOrMore,
            #[serde(default)]
            from: String,
            #[serde(default)]
            whatsapp_from: String,
            contents: Option<Value>,
        }
        let name = SecretName::Twilio;
        let document: Document = document(name, text)?;
        Ok(Self {
            auth_tokens: document.auth_token.secrets(name, "auth_token")?,
            account_sid: document.account_sid,
            from: optional(&document.from),
            whatsapp_from: optional(&document.whatsapp_from),
            contents: registered(name, "contents", document.contents.as_ref())?,
        })
    }

    /// The token that opens the API.
    ///
    /// # Panics
    /// Never: no secret is read without one.
    pub fn auth_token(&self) -> &Secret {
        self.auth_tokens.first().expect("a list of secrets is refused when it is empty")
    }
}

impl Msg91Credentials {
    /// Reads `{"authkey": "..", "webhook_secrets": [..], "flows": {"template": {"language": ".."}}}`.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            authkey: String,
            #[serde(default)]
            webhook_secrets: OneOrMore,
            flows: Option<Value>,
        }
        let name = SecretName::Msg91;
        let document: Document = document(name, text)?;
        Ok(Self {
            authkey: fit(name, "authkey", &document.authkey)?,
            webhook_secrets: document.webhook_secrets.secrets(name, "webhook_secrets")?,
            flows: registered(name, "flows", document.flows.as_ref())?,
        })
    }
}

impl RapiwaCredentials {
    /// Reads `{"api_key": "..", "webhook_secrets": [..]}`.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            api_key: String,
            #[serde(default)]
            webhook_secrets: OneOrMore,
        }
        let name = SecretName::Rapiwa;
        let document: Document = document(name, text)?;
        Ok(Self {
            api_key: fit(name, "api_key", &document.api_key)?,
            webhook_secrets: document.webhook_secrets.secrets(name, "webhook_secrets")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::parse(text).expect("not empty")
    }

    #[test]
    fn f31_what_a_carrier_lacks_is_named_and_what_it_has_is_not_repeated() {
        type Parsed = fn(&Secret) -> Result<(), SecretError>;
        let twilio: Parsed = |text| TwilioCredentials::parse(text).map(drop);
        let msg91: Parsed = |text| Msg91Credentials::parse(text).map(drop);
        let rapiwa: Parsed = |text| RapiwaCredentials::parse(text).map(drop);
        for (parse, text, member) in [
            (twilio, r#"{"account_sid":"AC1","from":"+1"}"#, "auth_token"),
            (twilio, r#"{"account_sid":"AC1","auth_token":["kept",""]}"#, "auth_token"),
            (twilio, r#"{"account_sid":"AC1","auth_token":"kept","contents":{"x":"kept"}}"#, "contents"),
            (twilio, r#"{"account_sid":"AC1","auth_token":"kept","contents":"kept"}"#, "contents"),
            (twilio, "kept", "JSON"),
            (msg91, r#"{"webhook_secrets":["kept"]}"#, "authkey"),
            (msg91, r#"{"authkey":"kept","webhook_secrets":[]}"#, "webhook_secrets"),
            (msg91, r#"{"authkey":"kept"}"#, "webhook_secrets"),
            (msg91, r#"{"authkey":"kept","webhook_secrets":"kept","flows":{"a b":{"en":"1"}}}"#, "flows"),
            (rapiwa, r#"{"webhook_secrets":["kept"]}"#, "api_key"),
            (rapiwa, r#"{"api_key":"kept","webhook_secrets":["changeme"]}"#, "webhook_secrets"),
        ] {
            let error = parse(&secret(text)).expect_err(text).to_string();
            assert!(error.contains(member), "{error}");
            assert!(!error.contains("kept") && !error.contains("changeme"), "{error}");
        }
        for (parse, text) in [
            (
                twilio,
                r#"{"account_sid":"AC1","auth_token":["new","old"],"whatsapp_from":"+1","contents":{}}"#,
            ),
            (msg91, r#"{"authkey":"a","webhook_secrets":["b","c"],"flows":{"a":{"en":"1"}}}"#),
            (rapiwa, r#"{"api_key":"a","webhook_secrets":"b"}"#),
        ] {
            assert!(parse(&secret(text)).is_ok(), "{text}");
        }
    }
}
