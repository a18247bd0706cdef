//! Reads of the local AWS in AWS's own protocols, signed, without an SDK.

use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::real_now;
use crate::signing::{Scope, aws_v4};
use crate::stack::StackFile;
use crate::{Http, LocalError};

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// Ready to be taken.
    pub visible: u64,
    /// Taken, not yet deleted.
    pub in_flight: u64,
    /// Waiting for their delay.
    pub delayed: u64,
}

impl Depth {
    /// All of them.
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// A timer at the scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub at: Timestamp,
}

impl Timer {
    fn read(name: &str, found: &Value) -> Result<Self, LocalError> {
        let expression = found["ScheduleExpression"].as_str().unwrap_or_default();
        let time = expression.strip_prefix("at(").and_then(|rest| rest.strip_suffix(')'));
        let at = time.and_then(|time| format!("{time}Z").parse().ok()).ok_or_else(|| LocalError::Answer {
            what: format!("timer {name}"),
            found: format!("fires {expression}, expected at(…)"),
        })?;
        Ok(Self { name: name.to_owned(), at })
    }
}

/// A client of the local AWS.
#[derive(Debug, Clone)]
pub struct Emulator {
    http: Http,
    endpoint: String,
    region: String,
    access_key: String,
    secret_key: String,
    table: String,
    schedule_group: String,
}

impl Emulator {
    /// Takes address and credentials from a stack.
    pub fn new(http: Http, file: &StackFile) -> Self {
        Self {
            http,
            endpoint: file.endpoint_url.clone(),
            region: file.region.clone(),
            access_key: file.credentials.aws_access_key_id.clone(),
            secret_key: file.credentials.aws_secret_access_key.clone(),
            table: file.table.clone(),
            schedule_group: file.schedule_group.clone(),
        }
    }

    /// Counts the messages of a queue.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer as expected.
    pub async fn depth(&self, queue_url: &str) -> Result<Depth, LocalError> {
        let asked = json!({"QueueUrl": queue_url, "AttributeNames": ["All"]});
        let found = self.call("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
        let count = |name: &str| {
            found["Attributes"][name].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        Ok(Depth {
            visible: count("ApproximateNumberOfMessages"),
            in_flight: count("ApproximateNumberOfMessagesNotVisible"),
            delayed: count("ApproximateNumberOfMessagesDelayed"),
        })
    }

    /// Reads every item of the table.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer as expected.
    pub async fn items(&self) -> Result<Vec<Map<String, Value>>, LocalError> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut asked = json!({"TableName": self.table, "ConsistentRead": true});
            if !start.is_null() {
                asked["ExclusiveStartKey"] = start;
            }
            let mut found = self.call("dynamodb", "DynamoDB_20120810.Scan", &asked).await?;
            if let Value::Array(page) = found["Items"].take() {
                items.extend(page.into_iter().filter_map(|item| item.as_object().cloned()));
            }
            start = found["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Lists the timers that are set.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer as expected.
    pub async fn timers(&self) -> Result<Vec<Timer>, LocalError> {
        let query = format!("MaxResults=100&ScheduleGroup={}", self.schedule_group);
        let found = self.send("scheduler", Method::GET, "/schedules", &query, &[], Vec::new()).await?;
        let list = found["Schedules"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut timers = Vec::new();
        for name in list.iter().filter_map(|timer| timer["Name"].as_str()) {
            let (path, query) = (format!("/schedules/{name}"), format!("groupName={}", self.schedule_group));
            match self.send("scheduler", Method::GET, &path, &query, &[], Vec::new()).await {
                Ok(found) => timers.push(Timer::read(name, &found)?),
                // It fired, or was deleted, between the two questions.
                Err(LocalError::Answer { found, .. }) if found.starts_with("404") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(timers)
    }

    /// Reads the lines that a function wrote, oldest first; a function is named as in the template.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer as expected.
    pub async fn log_lines(&self, function: &str) -> Result<Vec<String>, LocalError> {
        let mut lines = Vec::new();
        let mut asked = json!({"logGroupName": format!("/aws/lambda/{}-{function}", self.schedule_group)});
        loop {
            let found = self.call("logs", "Logs_20140328.FilterLogEvents", &asked).await?;
            let page = found["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            lines.extend(page.iter().filter_map(|event| event["message"].as_str().map(str::to_owned)));
            match found["nextToken"].as_str() {
                Some(token) if !page.is_empty() => asked["nextToken"] = json!(token),
                _ => return Ok(lines),
            }
        }
    }

    /// Calls an operation of a service that speaks JSON.
    ///
    /// # Errors
    /// [`LocalError`] when the local AWS does not answer with 2xx.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value, LocalError> {
        let headers =
            [("x-amz-target", target.to_owned()), ("content-type", "application/x-amz-json-1.0".into())];
        self.send(service, Method::POST, "/", "", &headers, body.to_string().into_bytes()).await
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        query: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<Value, LocalError> {
        let scope = Scope {
            access_key: &self.access_key,
            secret_key: &self.secret_key,
            region: &self.region,
            service,
        };
        let host = self.endpoint.trim_start_matches("http://");
        let request = crate::signing::AwsRequest { method: method.as_str(), host, path, query, body: &body };
        let signed = aws_v4(&scope, &request, real_now());
        let headers: Vec<(&str, String)> = headers.iter().cloned().chain(signed).collect();
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{separator}{query}", self.endpoint);
        let reply = self.http.send(method, &url, &headers, body).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply.json());
        }
        Err(LocalError::Answer {
            what: format!("local AWS, {service} {path}"),
            found: format!("{} {}", reply.status, reply.text),
        })
    }
}
