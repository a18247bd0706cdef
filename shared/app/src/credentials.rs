//! Reads the secrets of a deployment into what each use needs, and refuses the unfit.

use recoup_core::{Link, Secret, UnfitSecret};
use serde::Deserialize;
use serde_json::Value;

use crate::ports::{SecretError, SecretName};

mod carriers;

pub use carriers::{Msg91Credentials, RapiwaCredentials, TwilioCredentials};

/// What a source's secret holds.
#[derive(Debug, Clone)]
pub struct SourceCredentials {
    /// Any of these signs a webhook: the current secret and those before it.
    pub signing: Vec<Secret>,
    /// The key of the source's API; without one nothing is looked up.
    pub api_key: Option<Secret>,
    /// Where that API is, for a source whose accounts have addresses of their own.
    pub api_url: Option<Link>,
}

/// What the secret of Meta holds.
#[derive(Debug, Clone)]
pub struct MetaCredentials {
    /// Any of these signs a webhook.
    pub app_secrets: Vec<Secret>,
    /// Proves to Meta that the callback is ours.
    pub verify_token: Secret,
    /// Allows sending.
    pub access_token: Secret,
}

/// What the secret of the push service holds.
#[derive(Debug, Clone)]
pub enum PushCredentials {
    /// Firebase Cloud Messaging, by a service account.
    Firebase {
        /// The JSON that the console of Firebase hands out.
        service_account: Secret,
    },
    /// OneSignal.
    OneSignal {
        /// The app.
        app_id: String,
        /// Its key.
        api_key: Secret,
    },
}

/// What the secret of the outlets holds: for each that is told, where.
#[derive(Debug, Clone, Default)]
pub struct OutletCredentials {
    /// The URL of Slack's incoming webhook.
    pub slack: Option<Secret>,
    /// URL and signing secret of the help desk.
    pub help_desk: Option<(Secret, Secret)>,
    /// URL and signing secret of the system that keeps accounts.
    pub ends: Option<(Secret, Secret)>,
}

/// One value or several, so that a secret can be rotated by adding the new one to a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    fn secrets(self, name: SecretName, member: &str) -> Result<Vec<Secret>, SecretError> {
        let texts = match self {
            Self::One(text) => vec![text],
            Self::More(texts) => texts,
        };
        if texts.is_empty() {
            return Err(unfit(name, member, UnfitSecret::Empty));
        }
        texts.iter().map(|text| fit(name, member, text)).collect()
    }
}

fn unfit(name: SecretName, member: &str, rule: UnfitSecret) -> SecretError {
    SecretError::Unfit { name, rule: format!("{member}: {rule}") }
}

fn fit(name: SecretName, member: &str, text: &str) -> Result<Secret, SecretError> {
    Secret::parse(text).map_err(|rule| unfit(name, member, rule))
}

fn document<'a, T: Deserialize<'a>>(name: SecretName, text: &'a Secret) -> Result<T, SecretError> {
    serde_json::from_str(text.expose()).map_err(|_| SecretError::Unfit {
        name,
        rule: "not the JSON object described in the README".to_owned(),
    })
}

impl SourceCredentials {
    /// Reads `{"signing_secrets": [..], "api_key": "..", "api_url": ".."}`; the last two may be left out.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(name: SecretName, text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Document {
            signing_secrets: OneOrMore,
            #[serde(default)]
            api_key: String,
            #[serde(default)]
            api_url: String,
        }
        let document: Document = document(name, text)?;
        let signing = document.signing_secrets.secrets(name, "signing_secrets")?;
        let api_key = match document.api_key.trim() {
            "" => None,
            key => Some(fit(name, "api_key", key)?),
        };
        let api_url = match document.api_url.trim() {
            "" => None,
            url => Some(Link::parse(url).map_err(|_| SecretError::Unfit {
                name,
                rule: "api_url: must be https and a plain host name".to_owned(),
            })?),
        };
        Ok(Self { signing, api_key, api_url })
    }
}

impl MetaCredentials {
    /// Reads `{"app_secret": "..", "verify_token": "..", "access_token": ".."}`.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Document {
            app_secret: OneOrMore,
            verify_token: String,
            access_token: String,
        }
        let name = SecretName::Meta;
        let document: Document = document(name, text)?;
        Ok(Self {
            app_secrets: document.app_secret.secrets(name, "app_secret")?,
            verify_token: fit(name, "verify_token", &document.verify_token)?,
            access_token: fit(name, "access_token", &document.access_token)?,
        })
    }
}

impl PushCredentials {
    /// Reads `{"firebase": {..}}`, the service account as Firebase hands it out, or `{"onesignal": {"app_id": "..",
    /// "api_key": ".."}}`.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Document {
            Firebase(Value),
            Onesignal { app_id: String, api_key: String },
        }
        let name = SecretName::Push;
        match document(name, text)? {
            Document::Firebase(account) => {
                let service_account = fit(name, "firebase", &account.to_string())?;
                Ok(Self::Firebase { service_account })
            }
            Document::Onesignal { app_id, api_key } => {
                Ok(Self::OneSignal { app_id, api_key: fit(name, "onesignal", &api_key)? })
            }
        }
    }
}

impl OutletCredentials {
    /// Reads `{"slack": "https://..", "help_desk": {"url": "https://..", "signing_secret": "whsec_.."}, "ends": {..}}`; each
    /// may be left out.
    ///
    /// # Errors
    /// [`SecretError::Unfit`] naming the member.
    pub fn parse(text: &Secret) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document {
            slack: Option<String>,
            help_desk: Option<Endpoint>,
            ends: Option<Endpoint>,
        }
        #[derive(Deserialize)]
        struct Endpoint {
            url: String,
            signing_secret: String,
        }
        let name = SecretName::Outlets;
        let endpoint = |member: &str, endpoint: Option<Endpoint>| {
            let pair = |Endpoint { url, signing_secret }| {
                Ok((fit(name, member, &url)?, fit(name, member, &signing_secret)?))
            };
            endpoint.map(pair).transpose()
        };
        let document: Document = document(name, text)?;
        Ok(Self {
            slack: document.slack.map(|url| fit(name, "slack", &url)).transpose()?,
            help_desk: endpoint("help_desk", document.help_desk)?,
            ends: endpoint("ends", document.ends)?,
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
    fn f34_a_secret_may_hold_the_new_and_the_old_signing_secret() {
        let text = secret(r#"{"signing_secrets":["whsec_new","whsec_old"],"api_key":""}"#);
        let read = SourceCredentials::parse(SecretName::Source("stripe"), &text).expect("fit");
        assert_eq!(read.signing.len(), 2);
        assert!(read.api_key.is_none());
        let one = secret(r#"{"signing_secrets":"whsec_one","api_key":"sk_x"}"#);
        assert!(SourceCredentials::parse(SecretName::Source("stripe"), &one).expect("fit").api_key.is_some());
    }

    #[test]
    fn f31_unfit_secrets_are_refused_by_member_and_not_repeated() {
        for (text, member) in [
            (r#"{"signing_secrets":[],"api_key":""}"#, "signing_secrets"),
            (r#"{"signing_secrets":["whsec_ok"," "],"api_key":""}"#, "signing_secrets"),
            (r#"{"signing_secrets":["changeme"],"api_key":""}"#, "signing_secrets"),
            (r#"{"signing_secrets":["whsec_ok"],"api_key":"changeme"}"#, "api_key"),
            ("whsec_bare", "JSON"),
        ] {
            let error = SourceCredentials::parse(SecretName::Source("stripe"), &secret(text))
                .expect_err(text)
                .to_string();
            assert!(error.contains(member) && error.contains("stripe"), "{error}");
            assert!(!error.contains("whsec"), "{error}");
        }
        let meta = secret(r#"{"app_secret":"a1b2","verify_token":"","access_token":"t"}"#);
        let error = MetaCredentials::parse(&meta).expect_err("empty").to_string();
        assert!(error.contains("verify_token"), "{error}");
    }
}
