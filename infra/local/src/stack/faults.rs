//! What the fault proxy is told and asked: rules, and which of them fired (microburst's control API).

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Http, LocalError};

/// More than the proxy remembers.
const ALL: usize = 10_000;

/// Which rule of the fault proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleId(u64);

/// The control API of the fault proxy.
#[derive(Debug, Clone)]
pub struct Faults {
    http: Http,
    url: String,
}

impl Faults {
    pub(super) fn new(http: Http, endpoint: &str) -> Self {
        Self { http, url: format!("{endpoint}/_microburst") }
    }

    /// Adds a rule in microburst's own form; the first rule that fits a call decides on it.
    ///
    /// # Errors
    /// [`LocalError`] when the proxy does not take the rule.
    pub async fn add(&self, rule: &Value) -> Result<RuleId, LocalError> {
        let url = format!("{}/rules", self.url);
        let added = self.http.json(Method::PATCH, &url, Some(&json!([rule]))).await?;
        added[0]["id"]
            .as_u64()
            .map(RuleId)
            .ok_or_else(|| LocalError::Answer { what: "add a fault".into(), found: added.to_string() })
    }

    /// How often a rule fired.
    ///
    /// # Errors
    /// [`LocalError`] when the proxy does not answer.
    pub async fn fired(&self, RuleId(rule): RuleId) -> Result<usize, LocalError> {
        let url = format!("{}/fired?rule_id={rule}&limit={ALL}", self.url);
        let events = self.http.json(Method::GET, &url, None).await?;
        Ok(events.as_array().map_or(0, Vec::len))
    }

    /// Removes every rule.
    ///
    /// # Errors
    /// [`LocalError`] when the proxy does not answer.
    pub async fn clear(&self) -> Result<(), LocalError> {
        self.http.json(Method::DELETE, &format!("{}/rules", self.url), Some(&json!([]))).await.map(drop)
    }
}
