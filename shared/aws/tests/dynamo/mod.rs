//! A DynamoDB of its own for each test, spoken to over its real wire protocol, and wires that fail on the way to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use dynoxide::Database;
use recoup_aws::table::items::Item;
use recoup_aws::table::{Table, keys};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const TABLE: &str = "recoup-test";

/// How often the client tries, as in a deployment.
pub(crate) const TRIES: usize = 3;

/// A DynamoDB with the empty table.
pub(crate) struct Dynamo {
    client: Client,
    address: String,
}

impl Dynamo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let database = Database::memory().expect("an empty database");
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let client = client(&address, Duration::from_secs(30));
        let definition = |name: &str| {
            let definition = AttributeDefinition::builder().attribute_name(name);
            definition.attribute_type(ScalarAttributeType::S).build().expect("complete")
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("complete")
        };
        let created = client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(definition(keys::PK))
            .attribute_definitions(definition(keys::SK))
            .key_schema(key(keys::PK, KeyType::Hash))
            .key_schema(key(keys::SK, KeyType::Range))
            .send()
            .await;
        created.expect("created");
        Self { client, address }
    }

    pub(crate) fn table(&self) -> Table {
        Table::new(self.client.clone(), TABLE)
    }

    /// Puts an item in as some other build, or a person in the console, might.
    pub(crate) async fn put(&self, item: Item) {
        let put = self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await;
        put.expect("stored");
    }

    /// The item as it lies there.
    pub(crate) async fn item(&self, pk: &str) -> Item {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let found = self.client.get_item().table_name(TABLE);
        let found = found.key(keys::PK, key(pk)).key(keys::SK, key(keys::SK_STATE)).send().await;
        found.expect("answered").item.expect("stored")
    }
}

fn client(address: &str, patience: Duration) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .http_client(recoup_aws::http_client())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(patience).build())
        .retry_config(
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1)),
        )
        .build();
    Client::from_conf(config)
}

/// The table behind an address that nobody listens to.
pub(crate) async fn unreachable_table() -> Table {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    Table::new(client(&address, Duration::from_secs(30)), TABLE)
}

/// What a wire does with requests.
enum Way {
    /// Hands each to DynamoDB.
    Passes { to: String },
    /// The same, but swallows the first answer, and breaks the connection when told to.
    LosesFirstAnswer { to: String, swallowed: Notify, go_on: Notify },
    /// Answers each with this, and breaks the connection where less comes than was promised.
    Answers { status: u16, body: &'static str, promised: usize },
    /// Never answers.
    Silent,
}

/// A wire with a fault.
#[derive(Clone)]
pub(crate) struct Wire {
    address: String,
    way: Arc<Way>,
    requests: Arc<Mutex<Vec<String>>>,
    patience: Duration,
}

impl Wire {
    /// To this DynamoDB, without a fault.
    pub(crate) async fn passing(dynamo: &Dynamo) -> Self {
        Self::start(Way::Passes { to: dynamo.address.clone() }).await
    }

    /// To this DynamoDB, losing the first answer.
    pub(crate) async fn losing_first_answer(dynamo: &Dynamo) -> Self {
        let (swallowed, go_on) = (Notify::new(), Notify::new());
        Self::start(Way::LosesFirstAnswer { to: dynamo.address.clone(), swallowed, go_on }).await
    }

    /// To a service that always answers this.
    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        Self::start(Way::Answers { status, body, promised: body.len() }).await
    }

    /// To a service whose answers break off after this beginning.
    pub(crate) async fn breaking_off(body: &'static str) -> Self {
        Self::start(Way::Answers { status: 200, body, promised: body.len() + 1 }).await
    }

    /// To a service that never answers.
    pub(crate) async fn silent() -> Self {
        let wire = Self::start(Way::Silent).await;
        Self { patience: Duration::from_millis(20), ..wire }
    }

    async fn start(way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let wire =
            Self { address, way: Arc::new(way), requests: Arc::default(), patience: Duration::from_secs(30) };
        tokio::spawn(wire.clone().listen(listener));
        wire
    }

    pub(crate) fn table(&self) -> Table {
        Table::new(client(&self.address, self.patience), TABLE)
    }

    /// Requests seen so far, each with its operation.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics with it").clone()
    }

    /// How many requests were seen so far.
    pub(crate) fn tries(&self) -> usize {
        self.requests().len()
    }

    fn note(&self, request: &[u8]) -> usize {
        let mut requests = self.requests.lock().expect("no test panics with it");
        requests.push(String::from_utf8_lossy(request).into_owned());
        requests.len()
    }

    /// Returns once the first answer is lost: what it answers has been done, and the client does not know.
    pub(crate) async fn swallowed(&self) {
        if let Way::LosesFirstAnswer { swallowed, .. } = &*self.way {
            swallowed.notified().await;
        }
    }

    /// Lets the connection with the lost answer break, so that the client tries again.
    pub(crate) fn go_on(&self) {
        if let Way::LosesFirstAnswer { go_on, .. } = &*self.way {
            go_on.notify_one();
        }
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(request) = read_message(&mut stream).await {
            let number = self.note(&request);
            let answer = match &*self.way {
                Way::Answers { status, body, promised } => {
                    let kind = "content-type: application/x-amz-json-1.0";
                    let head = format!("HTTP/1.1 {status} X\r\n{kind}\r\ncontent-length: {promised}\r\n\r\n");
                    let written = stream.write_all(format!("{head}{body}").as_bytes()).await;
                    if written.is_err() || *promised > body.len() {
                        return;
                    }
                    continue;
                }
                Way::Silent => std::future::pending().await,
                Way::Passes { to } => pass(to, &request).await,
                Way::LosesFirstAnswer { to, swallowed, go_on } => {
                    let answer = pass(to, &request).await;
                    if number == 1 {
                        swallowed.notify_one();
                        go_on.notified().await;
                        return;
                    }
                    answer
                }
            };
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
}

async fn pass(to: &str, request: &[u8]) -> Vec<u8> {
    let mut upstream = TcpStream::connect(to).await.expect("listening");
    upstream.write_all(request).await.expect("open");
    read_message(&mut upstream).await.expect("answered")
}

/// Reads one HTTP message with its body; `None` when the peer is gone.
async fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if let Some(end) = message.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().expect("a number"));
            if message.len() >= end + 4 + length {
                return Some(message);
            }
        }
        if stream.read_buf(&mut message).await.ok()? == 0 {
            return None;
        }
    }
}
