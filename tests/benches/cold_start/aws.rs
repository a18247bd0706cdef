//! AWS and Meta as the functions see them: one HTTP server that answers at once, keeps items and counts calls.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::tls::Authority;
use crate::wire::{Request, Response, converse};

/// What was stored, queued and asked.
#[derive(Clone, Default)]
pub(crate) struct World {
    items: BTreeMap<String, Value>,
    /// The bodies of queued messages, oldest first.
    pub(crate) queued: Vec<String>,
    /// Calls by `service.operation`.
    pub(crate) calls: BTreeMap<String, u32>,
}

impl World {
    /// The same with no call counted yet.
    pub(crate) fn uncounted(self) -> Self {
        Self { calls: BTreeMap::new(), ..self }
    }

    /// The calls of one service since `before`.
    pub(crate) fn calls_since(&self, before: &Self, service: &str) -> u32 {
        let of = |world: &Self| -> u32 {
            world
                .calls
                .iter()
                .filter(|(call, _)| call.split('.').next() == Some(service))
                .map(|(_, n)| n)
                .sum()
        };
        of(self) - of(before)
    }
}

/// The server.
pub(crate) struct Aws {
    /// The URL of every endpoint.
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

impl Aws {
    /// Listens on a free port; with an authority it speaks TLS.
    pub(crate) fn listen(
        authority: Option<&Authority>,
        secrets: BTreeMap<&'static str, Value>,
    ) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let scheme = if authority.is_some() { "https" } else { "http" };
        let world = Arc::new(Mutex::new(World::default()));
        let (shared, server, secrets) =
            (Arc::clone(&world), authority.map(Authority::server), Arc::new(secrets));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, server, secrets) = (Arc::clone(&shared), server.clone(), Arc::clone(&secrets));
                // Without it an answer may wait for the peer's delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                thread::spawn(move || match server {
                    None => serve(stream, &shared, &secrets),
                    Some(server) => {
                        if let Some(stream) = server.accept(stream) {
                            serve(stream, &shared, &secrets);
                        }
                    }
                });
            }
        });
        Ok(Self { url: format!("{scheme}://{address}"), world })
    }

    /// The world as it is.
    pub(crate) fn world(&self) -> World {
        lock(&self.world).clone()
    }

    /// Puts another world in its place.
    pub(crate) fn reset(&self, world: World) {
        *lock(&self.world) = world;
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve<S: Read + Write>(stream: S, world: &Mutex<World>, secrets: &BTreeMap<&'static str, Value>) {
    converse(stream, |request| {
        let (call, status, body) = answer(&request, &mut lock(world), secrets);
        *lock(world).calls.entry(call).or_default() += 1;
        Some(Response::new(status, body.to_string()))
    });
}

fn answer(
    request: &Request,
    world: &mut World,
    secrets: &BTreeMap<&'static str, Value>,
) -> (String, u16, Value) {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let target = request.header("x-amz-target");
    let operation = target.rsplit('.').next().unwrap_or_default();
    let (service, (status, answer)) = match (target, request.method.as_str(), request.path.as_str()) {
        ("DynamoDB_20120810.PutItem", ..) => ("dynamodb", put_item(&body, world)),
        ("DynamoDB_20120810.GetItem", ..) => ("dynamodb", (200, get_item(&body, world))),
        ("DynamoDB_20120810.Scan", ..) => ("dynamodb", (200, scan(world))),
        ("AmazonSQS.SendMessage", ..) => {
            world.queued.push(text(&body["MessageBody"]));
            ("sqs", (200, json!({"MessageId": "11111111-1111-4111-8111-111111111111"})))
        }
        ("secretsmanager.GetSecretValue", ..) => ("secretsmanager", secret(&body, secrets)),
        ("PinpointSMSVoiceV2.SendTextMessage", ..) => ("sms", (200, json!({"MessageId": "bench-message"}))),
        ("", "POST", path) if path.starts_with("/schedules/") => (
            "scheduler",
            (200, json!({"ScheduleArn": "arn:aws:scheduler:us-east-1:000000000000:schedule/bench/s"})),
        ),
        ("", "POST", path) if path.ends_with("/messages") => {
            ("meta", (200, json!({"messaging_product": "whatsapp", "messages": [{"id": "wamid.bench"}]})))
        }
        _ => ("unknown", (404, json!({"message": "the bench's stub does not know this call"}))),
    };
    let call = match (service, operation) {
        ("scheduler", _) => "scheduler.CreateSchedule".to_owned(),
        ("meta", _) => "meta.messages".to_owned(),
        ("unknown", _) => format!("unknown.{} {} {target}", request.method, request.path),
        _ => format!("{service}.{operation}"),
    };
    (call, status, answer)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The two conditions that the store's writes have: no item, or the item in a version.
fn put_item(body: &Value, world: &mut World) -> (u16, Value) {
    let pk = text(&body["Item"]["pk"]["S"]);
    let known = world.items.get(&pk);
    let holds = match body["ConditionExpression"].as_str() {
        Some("attribute_not_exists(pk)") => known.is_none(),
        Some("v = :v") => known.is_some_and(|item| item["v"] == body["ExpressionAttributeValues"][":v"]),
        _ => return (400, json!({"__type": "com.amazon.coral.validate#ValidationException"})),
    };
    if holds {
        world.items.insert(pk, body["Item"].clone());
        return (200, json!({}));
    }
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    (400, json!({"__type": kind, "message": "The conditional request failed", "Item": known}))
}

fn get_item(body: &Value, world: &World) -> Value {
    world.items.get(&text(&body["Key"]["pk"]["S"])).map_or_else(|| json!({}), |item| json!({"Item": item}))
}

fn scan(world: &World) -> Value {
    let cases: Vec<_> =
        world.items.iter().filter(|(pk, _)| pk.starts_with("c#")).map(|(_, item)| item).collect();
    json!({"Items": cases, "Count": cases.len(), "ScannedCount": cases.len()})
}

fn secret(body: &Value, secrets: &BTreeMap<&'static str, Value>) -> (u16, Value) {
    let id = text(&body["SecretId"]);
    match secrets.get(id.as_str()) {
        Some(Value::String(secret)) => (200, json!({"ARN": id, "Name": id, "SecretString": secret})),
        Some(secret) => (200, json!({"ARN": id, "Name": id, "SecretString": secret.to_string()})),
        None => (400, json!({"__type": "ResourceNotFoundException", "message": "no such secret"})),
    }
}
