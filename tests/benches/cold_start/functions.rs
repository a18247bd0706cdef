//! The functions: the environment each is started with, and the event each is given first.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use crate::traffic;

/// Every function of the template, the one that makes work for the others first.
pub(crate) const FUNCTIONS: [&str; 9] = [
    WEBHOOK,
    "channel-webhook",
    "channel-events",
    "whatsapp-sender",
    "push-sender",
    "email-sender",
    "sms-fallback",
    "handoff",
    "sweep",
];

/// The official runtime client with no work, `tests/examples/echo.rs`, below the folder of the functions.
pub(crate) const FLOOR: &str = "examples/echo";

/// The same webhook in JavaScript.
pub(crate) const PEER: &str = "peer";

/// The function that is measured warm, too.
pub(crate) const WEBHOOK: &str = "payment-webhook";

/// Bytes of a webhook's body.
const BODY: usize = 5_000;

const APP_SECRET: &str = "bench0123456789abcdef0123456789ab";

/// The secrets by the id under which a function asks for them.
pub(crate) fn secrets() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("arn:bench:pepper", json!("bench0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW")),
        ("bench/payment/stripe", json!({"signing_secrets": [traffic::SIGNING_SECRET], "api_key": ""})),
        (
            "arn:bench:meta",
            json!({"app_secret": APP_SECRET, "verify_token": "bench-verify-0123", "access_token": "EAAbench0123456789"}),
        ),
        ("arn:bench:outlets", json!({})),
        (
            "arn:bench:push",
            json!({"onesignal": {"app_id": "00000000-0000-4000-8000-000000000000", "api_key": "bench0123456789"}}),
        ),
    ])
}

/// What template.yaml sets for every function.
const OF_TEMPLATE: [(&str, &str); 24] = [
    ("RECOUP_BRAND", "main"),
    ("RECOUP_LOG", "info"),
    ("TABLE_NAME", "bench"),
    ("WHATSAPP_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/whatsapp"),
    ("WHATSAPP_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:whatsapp"),
    ("SMS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/sms"),
    ("PUSH_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/push"),
    ("EMAIL_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/email"),
    ("HANDOFF_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/handoff"),
    ("PARKED_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/parked"),
    ("PARKED_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:parked"),
    ("SPILL_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/spill"),
    ("SCHEDULE_GROUP", "bench"),
    ("SCHEDULER_ROLE_ARN", "arn:aws:iam::000000000000:role/bench"),
    ("PEPPER_SECRET_ARN", "arn:bench:pepper"),
    ("BRAND_NAME", "Acme"),
    ("DEFAULT_LOCALE", "en"),
    ("QUIET_HOURS", "off"),
    ("PAY_LINK_BASE", "https://invoice.stripe.com/"),
    ("FIRST_DELAY_SECONDS", "0"),
    ("RETRY_BACKOFF_SECONDS", "30"),
    ("SUCCESS_GAP_HOURS", "48"),
    ("SUSPEND_AFTER_DAYS", "14"),
    ("VERIFY_BEFORE_SEND", "true"),
];

/// The environment of one function: what Lambda sets, what template.yaml sets, and where the stubs are.
pub(crate) fn environment(function: &str, runtime_api: &str, stubs: &str) -> Vec<(&'static str, String)> {
    let of_lambda = [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIABENCH0123456789"),
        ("AWS_SECRET_ACCESS_KEY", "bench0123456789abcdefghijklmnopqrstuvwxy"),
        ("AWS_SESSION_TOKEN", "bench0123456789abcdefghijklmnopqrstuvwxyz"),
        ("TZ", ":UTC"),
    ];
    let (sources, secrets) = (("SOURCES", "stripe"), ("SOURCE_SECRETS", "bench/"));
    let number = ("WHATSAPP_PHONE_NUMBER_ID", "100000000000001");
    let meta = ("META_SECRET_ARN", "arn:bench:meta");
    let own: &[(&'static str, &str)] = match function {
        "channel-webhook" => &[meta],
        "channel-events" => {
            &[("CHANNEL_EVENTS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/channel-events")]
        }
        "whatsapp-sender" => {
            let provider = ("WHATSAPP_PROVIDER", "meta");
            &[sources, secrets, meta, number, provider, ("GRAPH_VERSION", "v26.0")]
        }
        "push-sender" => {
            &[sources, secrets, ("PUSH_MAX_RECEIVES", "5"), ("PUSH_SECRET_ARN", "arn:bench:push")]
        }
        "email-sender" => {
            &[sources, secrets, ("EMAIL_FROM", "billing@acme.example"), ("EMAIL_MAX_RECEIVES", "5")]
        }
        "handoff" => &[
            ("HANDOFF_DEAD_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/handoff-dead"),
            ("OUTLETS_SECRET_ARN", "arn:bench:outlets"),
        ],
        "sms-fallback" => &[
            sources,
            secrets,
            ("SMS_PROVIDER", "aws"),
            ("SMS_MAX_RECEIVES", "5"),
            ("SMS_ORIGINATION_IDENTITY", "arn:aws:sms-voice:us-east-1:000000000000:phone-number/bench"),
        ],
        "sweep" => &[sources, secrets, meta],
        PEER => &[("PEER_SIGNING_SECRET", traffic::SIGNING_SECRET)],
        _ => &[sources, secrets],
    };
    let stubs = ["AWS_ENDPOINT_URL", "GRAPH_API_URL", "ONESIGNAL_API_URL", "STRIPE_API_URL"]
        .map(|name| (name, stubs));
    let owned = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
    of_lambda.iter().chain(&OF_TEMPLATE).chain(own).chain(&stubs).map(owned).collect()
}

/// The first event of a function, and what its answer must hold. `step` is a step message that the payment webhook put
/// into the queue.
pub(crate) fn first_event(function: &str, step: &str) -> (String, &'static str) {
    match function {
        WEBHOOK | FLOOR | PEER => (webhook(1), OK),
        "channel-webhook" => (status(), OK),
        "sweep" => (json!({"source": "aws.scheduler"}).to_string(), "\"cases\""),
        "channel-events" => (batch(&text_event()), "{\"batchItemFailures\":[]}"),
        // Anything but a note is given up at once: no receiver is a part of a cold start.
        "handoff" => (batch("{}"), "{\"batchItemFailures\":[]}"),
        _ => (batch(step), "{\"batchItemFailures\":[]}"),
    }
}

/// What the answer to an accepted webhook holds.
pub(crate) const OK: &str = "\"statusCode\":200";

/// What the answer to a forged one holds.
pub(crate) const UNAUTHORISED: &str = "\"statusCode\":401";

/// A signed webhook of the `n`th invoice, as the HTTP API hands it on.
pub(crate) fn webhook(n: u64) -> String {
    let body = traffic::invoice_payment_failed(n, BODY);
    let headers = traffic::signed(&body, now());
    http_event("stripe", "/webhooks/stripe", &headers, &body)
}

/// The same with another body than the one that was signed.
pub(crate) fn forged(n: u64) -> String {
    let body = traffic::invoice_payment_failed(n, BODY);
    let headers = traffic::signed(&body.replace("4900", "4901"), now());
    http_event("stripe", "/webhooks/stripe", &headers, &body)
}

/// What AWS says of a text message, for a case that is not in the table.
fn text_event() -> String {
    let sent = "rcp1/main/stripe/in_1Bench/0/sms/bench0123456789abcdefghi";
    json!({"eventType": "TEXT_DELIVERED", "isFinal": true, "messageId": "bench", "context": {"recoup": sent}})
        .to_string()
}

/// A signed delivery status of Meta, for a case that is not in the table.
fn status() -> String {
    let sent = "rcp1/main/stripe/in_1Bench/0/whatsapp/bench0123456789abcdefghi";
    let status = json!({"id": "wamid.bench", "status": "delivered", "timestamp": "1767225600",
        "recipient_id": "14155550123", "biz_opaque_callback_data": sent});
    let value = json!({"messaging_product": "whatsapp", "statuses": [status]});
    let changes = json!([{"field": "messages", "value": value}]);
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
        .to_string();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes()), body.as_bytes());
    let digits = mac.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let signature = http::HeaderValue::try_from(format!("sha256={hex}")).expect("hexadecimal");
    let headers =
        http::HeaderMap::from_iter([(http::HeaderName::from_static("x-hub-signature-256"), signature)]);
    http_event("meta", "/channels/meta", &headers, &body)
}

fn batch(step: &str) -> String {
    json!({"Records": [{
        "messageId": "11111111-1111-4111-8111-111111111111",
        "receiptHandle": "bench",
        "body": step,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": now().as_millisecond().to_string()},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:bench",
        "awsRegion": "us-east-1",
    }]})
    .to_string()
}

fn http_event(name: &str, path: &str, signature: &http::HeaderMap, body: &str) -> String {
    let mut headers = json!({
        "accept": "*/*",
        "content-type": "application/json; charset=utf-8",
        "host": "bench.execute-api.us-east-1.amazonaws.com",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    for (header, value) in signature {
        headers[header.as_str()] = json!(value.to_str().unwrap_or_default());
    }
    json!({
        "version": "2.0",
        "routeKey": format!("POST {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "bench",
            "domainName": "bench.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "bench",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": name},
            "requestId": "bench",
            "routeKey": format!("POST {path}"),
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_i64,
        },
        "body": body,
        "isBase64Encoded": false,
    })
    .to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a webhook is signed by the wall's clock, which its function checks"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
