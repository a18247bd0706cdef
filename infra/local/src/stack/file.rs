//! `stack.json`: everything that somebody needs to use a running stack.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::LocalError;
use crate::stubs::Stubs;

/// Where a stub listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StubAddress {
    /// Without a slash at the end.
    pub url: String,
}

/// The dummy credentials of the local AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DummyCredentials {
    /// The access key.
    pub aws_access_key_id: String,
    /// The secret.
    pub aws_secret_access_key: String,
}

/// Where a running stack is told to stop, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Where `recoup-local serve` listens.
    pub url: String,
    /// What it must be shown.
    pub token: String,
}

/// The contents of `stack.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackFile {
    /// The HTTP API.
    pub api_url: String,
    /// The full URL of each source's webhook.
    pub routes: BTreeMap<String, String>,
    /// The secret that signs each source's webhooks.
    pub secrets: BTreeMap<String, String>,
    /// A text file with the seconds that the clock is ahead.
    pub clock_offset_file: PathBuf,
    /// Where each stub listens.
    pub stubs: BTreeMap<String, StubAddress>,
    /// The URL of each queue.
    pub queues: BTreeMap<String, String>,
    /// The name of the table.
    pub table: String,
    /// The group of the timers.
    pub schedule_group: String,
    /// The local AWS.
    pub endpoint_url: String,
    /// Its region.
    pub region: String,
    /// Its credentials.
    pub credentials: DummyCredentials,
    /// The key that the Stripe stub accepts.
    pub stripe_api_key: String,
    /// The token of Meta's verification.
    pub meta_verify_token: String,
    /// The fault proxy between functions and local AWS, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults_url: Option<String>,
    /// The processes of the stack.
    pub pids: BTreeMap<String, u32>,
    /// How `recoup-local down` reaches a stack in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

const ROUTES: [(&str, &str); 2] = [("stripe", "StripeWebhookUrl"), ("meta", "MetaWebhookUrl")];
const QUEUES: [(&str, &str); 8] = [
    ("whatsapp", "WhatsappQueueUrl"),
    ("sms", "SmsQueueUrl"),
    ("push", "PushQueueUrl"),
    ("email", "EmailQueueUrl"),
    ("handoff", "HandoffQueueUrl"),
    ("handoff_dead", "HandoffDeadQueueUrl"),
    ("parked", "ParkedQueueUrl"),
    ("spill", "SpillQueueUrl"),
];

impl StackFile {
    /// Takes the outputs of the template.
    pub(super) fn read_outputs(deployed: &Value, endpoint: &str, region: &str) -> Result<Self, LocalError> {
        let output = |name: &str| {
            deployed["outputs"][name].as_str().map(str::to_owned).ok_or_else(|| LocalError::Answer {
                what: "deploy.py".into(),
                found: format!("no output {name}"),
            })
        };
        let named = |names: &[(&str, &str)]| -> Result<BTreeMap<String, String>, LocalError> {
            names.iter().map(|(name, key)| Ok(((*name).to_owned(), output(key)?))).collect()
        };
        Ok(Self {
            api_url: output("ApiUrl")?,
            routes: named(&ROUTES)?,
            secrets: BTreeMap::new(),
            clock_offset_file: PathBuf::new(),
            stubs: BTreeMap::new(),
            queues: named(&QUEUES)?,
            table: output("TableName")?,
            schedule_group: output("ScheduleGroup")?,
            endpoint_url: endpoint.to_owned(),
            region: region.to_owned(),
            credentials: DummyCredentials {
                aws_access_key_id: "test".into(),
                aws_secret_access_key: "test".into(),
            },
            stripe_api_key: String::new(),
            meta_verify_token: String::new(),
            faults_url: None,
            pids: BTreeMap::new(),
            control: None,
        })
    }

    pub(super) fn add_stubs(&mut self, stubs: &Stubs) {
        let all = [
            ("whatsapp", &stubs.whatsapp),
            ("sms", &stubs.sms),
            ("push", &stubs.push),
            ("email", &stubs.email),
            ("slack", &stubs.slack),
            ("help_desk", &stubs.help_desk),
            ("ends", &stubs.ends),
            ("stripe", &stubs.stripe),
        ];
        for (name, stub) in all {
            self.stubs.insert(name.to_owned(), StubAddress { url: stub.url().to_owned() });
        }
    }

    /// The URL of a stub.
    ///
    /// # Errors
    /// [`LocalError::Answer`] when the stack has no such stub.
    pub fn stub(&self, name: &str) -> Result<&str, LocalError> {
        self.stubs.get(name).map(|stub| stub.url.as_str()).ok_or_else(|| missing("stub", name))
    }

    /// The webhook URL of a source.
    ///
    /// # Errors
    /// [`LocalError::Answer`] when the stack has no such source.
    pub fn route(&self, source: &str) -> Result<&str, LocalError> {
        self.routes.get(source).map(String::as_str).ok_or_else(|| missing("route", source))
    }

    /// The signing secret of a source.
    ///
    /// # Errors
    /// [`LocalError::Answer`] when the stack has no such source.
    pub fn secret(&self, source: &str) -> Result<&str, LocalError> {
        self.secrets.get(source).map(String::as_str).ok_or_else(|| missing("secret", source))
    }

    /// The URL of a queue.
    ///
    /// # Errors
    /// [`LocalError::Answer`] when the stack has no such queue.
    pub fn queue(&self, name: &str) -> Result<&str, LocalError> {
        self.queues.get(name).map(String::as_str).ok_or_else(|| missing("queue", name))
    }

    /// Writes `stack.json` into a folder, at once and whole.
    ///
    /// # Errors
    /// [`LocalError::Io`] when it cannot be written.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, LocalError> {
        let path = dir.join("stack.json");
        let fresh = dir.join("stack.json.new");
        serde_json::to_vec_pretty(self)
            .map_err(std::io::Error::from)
            .and_then(|bytes| std::fs::write(&fresh, bytes))
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|source| LocalError::io("write", &path, source))?;
        Ok(path)
    }

    /// Reads `stack.json` of a folder; `None` when there is none.
    ///
    /// # Errors
    /// [`LocalError`] when it cannot be read or is not one.
    pub fn read(dir: &Path) -> Result<Option<Self>, LocalError> {
        let path = dir.join("stack.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| LocalError::Answer {
                what: path.display().to_string(),
                found: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LocalError::io("read", &path, source)),
        }
    }
}

fn missing(kind: &str, name: &str) -> LocalError {
    LocalError::Answer { what: "stack".into(), found: format!("no {kind} {name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outputs() -> Value {
        json!({"outputs": {
            "ApiUrl": "http://127.0.0.1:1/api", "StripeWebhookUrl": "http://127.0.0.1:1/api/webhooks/stripe",
            "MetaWebhookUrl": "http://127.0.0.1:1/api/channels/meta", "WhatsappQueueUrl": "w",
            "SmsQueueUrl": "s", "PushQueueUrl": "a", "EmailQueueUrl": "e", "HandoffQueueUrl": "h", "HandoffDeadQueueUrl": "d", "ParkedQueueUrl": "p", "SpillQueueUrl": "f", "TableName": "t",
            "ScheduleGroup": "g"}})
    }

    #[test]
    fn the_contract_of_stack_json_is_kept() {
        let file = StackFile::read_outputs(&outputs(), "http://127.0.0.1:1", "us-east-1").expect("complete");
        let dir = std::env::temp_dir().join(crate::signing::random_id().expect("random numbers"));
        std::fs::create_dir(&dir).expect("a folder");
        let path = file.write(&dir).expect("written");
        let json: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
        for member in [
            "api_url",
            "routes",
            "secrets",
            "clock_offset_file",
            "stubs",
            "queues",
            "table",
            "endpoint_url",
            "region",
        ] {
            assert!(json.get(member).is_some(), "{member}");
        }
        let queues: Vec<&String> = json["queues"].as_object().expect("queues").keys().collect();
        assert_eq!(
            queues,
            ["email", "handoff", "handoff_dead", "parked", "push", "sms", "spill", "whatsapp"]
        );
        assert_eq!(StackFile::read(&dir).expect("read"), Some(file));
        std::fs::remove_dir_all(&dir).expect("removed");
        assert_eq!(StackFile::read(&dir).expect("read"), None);
    }

    #[test]
    fn a_missing_output_is_named() {
        let mut outputs = outputs();
        outputs["outputs"].as_object_mut().expect("outputs").remove("TableName");
        let error =
            StackFile::read_outputs(&outputs, "http://127.0.0.1:1", "us-east-1").expect_err("missing");
        assert!(error.to_string().contains("TableName"), "{error}");
    }
}
