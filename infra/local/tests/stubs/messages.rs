//! What the message providers accept and refuse, and the webhooks that `WhatsApp` sends.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use recoup_local::signing;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

use super::{Bench, NUMBER, TOKEN, template_message};

#[tokio::test]
async fn whatsapp_refuses_a_wrong_token_number_or_method() {
    let bench = Bench::start().await;
    let message = template_message("+15550100", "day_0");
    let reply = bench.whatsapp("EAAother", &message).await.expect("an answer");
    assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (401, json!(190)));
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for path in [format!("v26.0/{NUMBER}1/messages"), format!("26/{NUMBER}/messages"), "v26.0/me".into()] {
        let url = format!("{}/{path}", bench.stubs.whatsapp.url());
        let reply = bench.post(&url, &headers, message.to_string()).await.expect("an answer");
        assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (400, json!(100)), "{path}");
    }
}

#[tokio::test]
async fn whatsapp_gives_each_message_its_own_id() {
    let bench = Bench::start().await;
    let message = template_message("+15550100", "day_0");
    let first = bench.whatsapp(TOKEN, &message).await.expect("an answer").json();
    let second = bench.whatsapp(TOKEN, &message).await.expect("an answer").json();
    assert_ne!(first["messages"][0]["id"], second["messages"][0]["id"]);
    assert_eq!(first["contacts"][0], json!({"input": "+15550100", "wa_id": "15550100"}));
}

const AWS: [(&str, &str); 4] = [
    ("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage"),
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-date", "20260101T000000Z"),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIA1/20260101/us-east-1/sms-voice/aws4_request, \
         SignedHeaders=host;x-amz-date, \
         Signature=0000000000000000000000000000000000000000000000000000000000000000",
    ),
];

fn text_message() -> Value {
    json!({"DestinationPhoneNumber": "+15550100", "MessageBody": "hello", "MessageType": "TRANSACTIONAL"})
}

#[tokio::test]
async fn sms_speaks_the_protocol_of_aws() {
    let bench = Bench::start().await;
    let url = bench.stubs.sms.url();
    let reply = bench.post(url, &AWS, text_message().to_string()).await.expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(reply.json()["MessageId"].is_string());
    assert_eq!(bench.sent(&bench.stubs.sms).await[0].phone.as_deref(), Some("+15550100"));

    let reply = bench.post(url, &AWS[..3], text_message().to_string()).await.expect("an answer");
    assert_eq!(reply.json()["__type"], "MissingAuthenticationTokenException");
    let reply = bench.post(url, &AWS, json!({"MessageBody": "hello"}).to_string()).await.expect("an answer");
    assert_eq!(reply.json()["__type"], "ValidationException");
    assert_eq!(reply.json()["Reason"], "FIELD_VALIDATION_FAILED");
    let mut headers = AWS;
    headers[0].1 = "PinpointSMSVoiceV2.SendVoiceMessage";
    let reply = bench.post(url, &headers, text_message().to_string()).await.expect("an answer");
    assert_eq!(reply.json()["__type"], "UnknownOperationException");
}

#[tokio::test]
async fn sms_gives_scripted_answers_in_the_protocol_of_aws() {
    let bench = Bench::start().await;
    let refusal = json!({"__type": "ConflictException", "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"});
    let script = json!([{"status": 400, "body": refusal, "match": "+15550100"}, {"drop": "after"}]);
    bench.script(&bench.stubs.sms, script).await;
    let url = bench.stubs.sms.url();
    let reply = bench.post(url, &AWS, text_message().to_string()).await.expect("an answer");
    assert_eq!((reply.status, reply.json()), (400, refusal));
    assert!(bench.post(url, &AWS, text_message().to_string()).await.is_err());
    assert_eq!(bench.sent(&bench.stubs.sms).await.len(), 2);
}

#[tokio::test]
async fn sms_speaks_the_form_of_twilio() {
    let bench = Bench::start().await;
    let url = format!("{}/2010-04-01/Accounts/AC1/Messages.json", bench.stubs.sms.url());
    let basic = |token: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("AC1:{token}")));
    let form = "To=%2B15550100&From=%2B15550199&Body=hello%20there";
    let send = async |authorization: String, body: &str| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        bench.post(&url, &headers, body.into()).await.expect("an answer")
    };
    let reply = send(basic("token1"), form).await;
    assert_eq!(reply.status, 201);
    assert!(reply.json()["sid"].as_str().expect("an id").starts_with("SM"));
    assert_eq!(reply.json()["status"], "queued");
    assert_eq!(bench.sent(&bench.stubs.sms).await[0].request["body"]["Body"], "hello there");
    let reply = send(basic("token2"), form).await;
    assert_eq!((reply.status, reply.json()["code"].clone()), (401, json!(20003)));
    let reply = send(basic("token1"), "To=15550100&From=%2B15550199&Body=hello").await;
    assert_eq!((reply.status, reply.json()["code"].clone()), (400, json!(21211)));
}

#[tokio::test]
async fn push_speaks_the_protocol_of_fcm() {
    let bench = Bench::start().await;
    let url = format!("{}/v1/projects/p1/messages:send", bench.stubs.push.url());
    let message = json!({"message": {"token": "t1", "notification": {"title": "a", "body": "b"}}});
    let send = async |bearer: &str, body: &Value| {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        bench.post(&url, &headers, body.to_string()).await.expect("an answer")
    };
    let reply = send("Bearer ya29.1", &message).await;
    assert_eq!(reply.status, 200);
    assert!(reply.json()["name"].as_str().expect("a name").starts_with("projects/p1/messages/"));
    assert_eq!(send("Bearer ya29.2", &message).await.status, 401);
    assert_eq!(
        send("Bearer ya29.1", &json!({"message": {}})).await.json()["error"]["status"],
        "INVALID_ARGUMENT"
    );
    let gone = json!({"error": {"code": 404, "status": "NOT_FOUND",
        "details": [{"errorCode": "UNREGISTERED"}]}});
    bench.script(&bench.stubs.push, json!([{"status": 404, "body": gone}])).await;
    assert_eq!(send("Bearer ya29.1", &message).await.json(), gone);
}

#[tokio::test]
async fn push_speaks_the_protocol_of_onesignal_too() {
    let bench = Bench::start().await;
    let url = format!("{}/notifications", bench.stubs.push.url());
    let mut message = json!({"app_id": "app1", "target_channel": "push", "contents": {"en": "hello"},
        "include_aliases": {"external_id": ["u1"]}, "idempotency_key": "5c1b2d3e-1111-4111-8111-000000000001"});
    let send = async |key: &str, body: &Value| {
        let headers = [("authorization", key), ("content-type", "application/json")];
        bench.post(&url, &headers, body.to_string()).await.expect("an answer")
    };
    let reply = send("Key os1", &message).await;
    assert_eq!((reply.status, reply.json()["id"].as_str().map(str::len)), (200, Some(36)));
    assert_eq!(send("Bearer os1", &message).await.status, 403);
    message["contents"] = json!({});
    let reply = send("Key os1", &message).await;
    assert_eq!((reply.status, reply.json()["errors"].as_array().map(Vec::len)), (400, Some(1)));
}

#[tokio::test]
async fn slack_answers_in_words() {
    let bench = Bench::start().await;
    let send = async |path: &str, body: &str| {
        let url = format!("{}{path}", bench.stubs.slack.url());
        let reply = bench.post(&url, &[("content-type", "application/json")], body.to_owned()).await;
        let reply = reply.expect("an answer");
        (reply.status, reply.text)
    };
    let said = |status: u16, word: &str| (status, word.to_owned());
    assert_eq!(send("/services/T1/B1/x", r#"{"text":"hello"}"#).await, said(200, "ok"));
    assert_eq!(send("/services/T1/B1/y", r#"{"text":"hello"}"#).await, said(404, "no_service"));
    assert_eq!(send("/services/T1/B1/x", "{}").await, said(400, "no_text"));
    assert_eq!(send("/services/T1/B1/x", "hello").await, said(400, "invalid_payload"));
}

/// What the stack's webhook received, and what it answers first.
#[derive(Default)]
struct Webhook {
    received: Mutex<Vec<(HeaderMap, String)>>,
    came: Notify,
}

async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: String,
) -> axum::http::StatusCode {
    let mut received = webhook.received.lock().await;
    received.push((headers, body));
    webhook.came.notify_one();
    // The first delivery fails, so that the stub must try again.
    if received.len() == 1 { axum::http::StatusCode::SERVICE_UNAVAILABLE } else { axum::http::StatusCode::OK }
}

async fn webhook_server(bench: &Bench) -> Arc<Webhook> {
    let webhook = Arc::new(Webhook::default());
    let router = axum::Router::new()
        .route("/channels/meta", axum::routing::post(receive))
        .with_state(Arc::clone(&webhook));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/channels/meta", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let target = format!("{}/_webhook", bench.stubs.whatsapp.url());
    bench.control("PUT", &target, json!({ "url": url })).await.expect("taken");
    webhook
}

#[tokio::test]
async fn whatsapp_sends_signed_statuses_and_replies_until_they_are_taken() {
    let bench = Bench::start().await;
    let webhook = webhook_server(&bench).await;
    bench.send_to("+15550100").await;
    let errors = json!([{"code": 131_026, "title": "Message undeliverable"}]);
    let asked = json!({"phone": "+15550100", "statuses": [
        {"status": "delivered"}, {"status": "failed", "errors": errors}]});
    let url = |path: &str| format!("{}/{path}", bench.stubs.whatsapp.url());
    bench.control("POST", &url("_status"), asked).await.expect("delivered");
    let reply = json!({"phone": "+15550100", "text": "STOP"});
    bench.control("POST", &url("_reply"), reply).await.expect("delivered");

    let received = webhook.received.lock().await;
    let values: Vec<Value> = received
        .iter()
        .map(|(headers, body)| {
            let signature = headers["x-hub-signature-256"].to_str().expect("text");
            assert_eq!(signature, signing::meta_signature("appsecret", body.as_bytes()));
            let body: Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(body["entry"][0]["changes"][0]["field"], "messages");
            body["entry"][0]["changes"][0]["value"].clone()
        })
        .collect();
    assert_eq!(values.len(), 4, "the first one is tried again");
    assert_eq!(values[0]["statuses"], values[1]["statuses"]);
    assert_eq!(values[1]["statuses"][0]["status"], "delivered");
    assert_eq!(values[1]["statuses"][0]["biz_opaque_callback_data"], "rcp1/main/stripe/in_1/0/whatsapp/t1");
    assert_eq!(values[2]["statuses"][0]["errors"], errors);
    assert_eq!(values[3]["messages"][0]["text"]["body"], "STOP");
    assert_eq!(values[3]["messages"][0]["from"], "15550100");
}

#[tokio::test]
async fn whatsapp_sends_the_statuses_that_a_script_asks_for() {
    let bench = Bench::start().await;
    let webhook = webhook_server(&bench).await;
    bench.script(&bench.stubs.whatsapp, json!([{"statuses": [{"status": "sent"}]}])).await;
    assert_eq!(bench.send_to("+15550100").await, Some(200));
    while webhook.received.lock().await.len() < 2 {
        let came = tokio::time::timeout(std::time::Duration::from_secs(10), webhook.came.notified());
        came.await.expect("no status came");
    }
    assert!(webhook.received.lock().await[1].1.contains(r#""status":"sent""#));
}

#[tokio::test]
async fn whatsapp_takes_plain_text_only_after_a_reply() {
    let bench = Bench::start().await;
    let _webhook = webhook_server(&bench).await;
    let text =
        json!({"messaging_product": "whatsapp", "to": "+15550100", "type": "text", "text": {"body": "hi"}});
    let reply = bench.whatsapp(TOKEN, &text).await.expect("an answer");
    assert_eq!(reply.json()["error"]["code"], 131_047);
    let url = format!("{}/_reply", bench.stubs.whatsapp.url());
    bench.control("POST", &url, json!({"phone": "+15550100", "text": "hello"})).await.expect("delivered");
    assert_eq!(bench.whatsapp(TOKEN, &text).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn ses_speaks_the_protocol_of_its_second_version() {
    let bench = Bench::start().await;
    let url = format!("{}/v2/email/outbound-emails", bench.stubs.email.url());
    let text = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
    let letter = json!({
        "FromEmailAddress": "\"Acme\" <billing@acme.example>",
        "Destination": {"ToAddresses": ["ana@example.com"]},
        "ReplyToAddresses": ["help@acme.example"],
        "Content": {"Simple": {"Subject": text("Your payment"), "Body": {"Text": text("Hi")}}},
        "EmailTags": [{"Name": "recoup0", "Value": "cmNwMS8"}],
        "ConfigurationSetName": "recoup",
    });
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/ses/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, Signature={}",
        "0".repeat(64)
    );
    let send = async |authorization: &str, body: &Value| {
        let headers = [
            ("authorization", authorization),
            ("content-type", "application/json"),
            ("x-amz-date", "20261122T183000Z"),
        ];
        bench.post(&url, &headers, body.to_string()).await.expect("an answer")
    };
    let reply = send(&signature, &letter).await;
    assert_eq!(reply.status, 200);
    assert!(reply.json()["MessageId"].is_string());
    let reply = send("", &letter).await;
    assert_eq!(
        (reply.status, reply.json()["__type"].clone()),
        (403, json!("MissingAuthenticationTokenException"))
    );
    let reply = send(&signature.replace("/ses/", "/email/"), &letter).await;
    assert_eq!((reply.status, reply.json()["__type"].clone()), (403, json!("IncompleteSignatureException")));
    let mut other = letter.clone();
    other["FromEmailAddress"] = json!("billing@other.example");
    let reply = send(&signature, &other).await;
    assert_eq!((reply.status, reply.json()["__type"].clone()), (400, json!("MessageRejected")));
    let busy = json!({"__type": "TooManyRequestsException"});
    let script = json!([{"status": 429, "body": busy, "match": {"id": "ana@example.com"}}]);
    bench.script(&bench.stubs.email, script).await;
    assert_eq!(send(&signature, &letter).await.json(), busy);
    assert_eq!(send(&signature, &letter).await.status, 200);
    let taken = bench.sent(&bench.stubs.email).await;
    assert_eq!(taken[0].request["body"]["Destination"]["ToAddresses"][0], "ana@example.com");
}
