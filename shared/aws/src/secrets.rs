//! Secrets from Secrets Manager: cached for minutes, and kept when it fails.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use recoup_app::ports::{SecretError, SecretName};
use recoup_core::Secret;

/// How long a secret is used before it is read again.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// The secrets of this function.
#[derive(Debug)]
pub(crate) struct SecretStore {
    client: aws_sdk_secretsmanager::Client,
    ids: BTreeMap<SecretName, String>,
    cache: Mutex<BTreeMap<SecretName, (Secret, Timestamp)>>,
}

impl SecretStore {
    /// Reads the secrets with these ids.
    pub(crate) fn new(client: aws_sdk_secretsmanager::Client, ids: BTreeMap<SecretName, String>) -> Self {
        Self { client, ids, cache: Mutex::new(BTreeMap::new()) }
    }

    /// Whether an id is known for it.
    pub(crate) fn has(&self, name: SecretName) -> bool {
        self.ids.contains_key(&name)
    }

    /// The secret, fresh or, when it cannot be read, as it was.
    ///
    /// # Errors
    /// [`SecretError`] when it cannot be read and never was.
    pub(crate) async fn get(&self, name: SecretName, now: Timestamp) -> Result<Secret, SecretError> {
        let known = self.lock().get(&name).cloned();
        if let Some((secret, read_at)) = &known
            && now.duration_since(*read_at).abs() < FRESH
        {
            return Ok(secret.clone());
        }
        match self.read(name).await {
            Ok(secret) => {
                self.lock().insert(name, (secret.clone(), now));
                Ok(secret)
            }
            Err(error) => known.map(|(secret, _)| secret).ok_or(error),
        }
    }

    async fn read(&self, name: SecretName) -> Result<Secret, SecretError> {
        let unavailable = |detail: &str| SecretError::Unavailable { name, detail: detail.to_owned() };
        let id = self.ids.get(&name).ok_or_else(|| unavailable("no id is configured"))?;
        let answer = self.client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| unavailable(error.code().unwrap_or("no_answer")))?;
        let text = answer.secret_string().unwrap_or_default();
        Secret::parse(text).map_err(|rule| SecretError::Unfit { name, rule: rule.to_string() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SecretName, (Secret, Timestamp)>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
