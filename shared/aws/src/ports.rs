//! All ports of a function on AWS, in one value that is cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recoup_app::ports::{
    Clock, Commit, Expected, Outgoing, Page, Queue, QueueError, Queues, Scan, Schedules, SecretError,
    SecretName, Secrets, Store, StoreError, Tokens, Versioned,
};
use recoup_core::{Brand, Case, CaseId, Feed, Recipient, RecipientId, Secret, Source, Standing, Token};

use crate::clients::sdk_config;
use crate::clock::{SystemClock, random_token};
use crate::config::Config;
use crate::queues::Timers;
use crate::secrets::SecretStore;
use crate::table::Table;

/// The ports on AWS.
#[derive(Debug, Clone)]
pub struct AwsPorts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: SystemClock,
    table: Table,
    timers: Timers,
    secrets: SecretStore,
}

impl AwsPorts {
    /// Builds the clients; nothing is called yet.
    pub fn new(config: &Config) -> Self {
        let sdk = sdk_config(&config.aws);
        let table = Table::new(aws_sdk_dynamodb::Client::new(&sdk), &config.resources.table);
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let scheduler = aws_sdk_scheduler::Client::new(&sdk);
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        Self(Arc::new(Inner {
            clock: SystemClock::new(config.outside.clock_offset_file.clone()),
            table,
            timers: Timers::new(sqs, scheduler, config.resources.clone()),
            secrets: SecretStore::new(secrets, config.resources.secrets.clone()),
        }))
    }
}

impl Clock for AwsPorts {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn wall(&self) -> Timestamp {
        self.0.clock.wall()
    }
}

impl Tokens for AwsPorts {
    fn token(&self) -> Token {
        random_token()
    }
}

impl Store for AwsPorts {
    async fn load_case(&self, id: &CaseId) -> Result<Option<Versioned<Case>>, StoreError> {
        self.0.table.load_case(id).await
    }

    async fn load_recipient(
        &self,
        brand: &Brand,
        id: &RecipientId,
    ) -> Result<Option<Versioned<Recipient>>, StoreError> {
        self.0.table.load_recipient(brand, id).await
    }

    async fn load_feed(&self, brand: &Brand, source: &Source) -> Result<Option<Versioned<Feed>>, StoreError> {
        self.0.table.load_feed(brand, source).await
    }

    async fn load_standing(&self, brand: &Brand) -> Result<Option<Versioned<Standing>>, StoreError> {
        self.0.table.load_standing(brand).await
    }

    async fn commit_standing(
        &self,
        brand: &Brand,
        standing: &Standing,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Standing>, StoreError> {
        self.0.table.commit_standing(brand, standing, expected, token).await
    }

    async fn commit_case(
        &self,
        case: &Case,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Case>, StoreError> {
        self.0.table.commit_case(case, expected, token).await
    }

    async fn commit_recipient(
        &self,
        brand: &Brand,
        recipient: &Recipient,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Recipient>, StoreError> {
        self.0.table.commit_recipient(brand, recipient, expected, token).await
    }

    async fn commit_feed(
        &self,
        brand: &Brand,
        feed: &Feed,
        expected: Expected,
        token: &Token,
    ) -> Result<Commit<Feed>, StoreError> {
        self.0.table.commit_feed(brand, feed, expected, token).await
    }
}

impl Scan for AwsPorts {
    async fn scan_cases(&self, from: Option<String>) -> Result<Page, StoreError> {
        self.0.table.scan_cases(from).await
    }
}

impl Queues for AwsPorts {
    async fn push(&self, queue: Queue, message: Outgoing) -> Result<(), QueueError> {
        self.0.timers.push(queue, message).await
    }

    async fn postpone(&self, queue: Queue, receipt: &str, after: Duration) -> Result<(), QueueError> {
        self.0.timers.postpone(queue, receipt, after).await
    }
}

impl Schedules for AwsPorts {
    async fn create(&self, name: &str, at: Timestamp, body: &str) -> Result<(), QueueError> {
        self.0.timers.create(name, at, body).await
    }

    async fn delete(&self, name: &str) -> Result<(), QueueError> {
        self.0.timers.delete(name).await
    }
}

impl Secrets for AwsPorts {
    fn has(&self, name: SecretName) -> bool {
        self.0.secrets.has(name)
    }

    async fn secret(&self, name: SecretName) -> Result<Secret, SecretError> {
        self.0.secrets.get(name, self.0.clock.wall()).await
    }
}
