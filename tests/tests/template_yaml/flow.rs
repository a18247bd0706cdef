//! The way of a step: routes in, queues and their dead letters, who reads which queue.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::model::{Template, entries, items, target, text};
use crate::send_rate;

/// Route and the function that serves it: one for each source, so that each has a throttle of its own.
pub(crate) static ROUTES: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(|| {
    let owned = |route: &str, binary: &str| (route.to_owned(), binary.to_owned());
    let sources = recoup_processors::all().map(|source| {
        let (name, family) = (source.name(), source.family().as_str());
        owned(&format!("POST /webhooks/{name}"), &format!("{family}-webhook"))
    });
    let others = [
        owned("GET /channels/meta", "channel-webhook"),
        owned("POST /channels/meta", "channel-webhook"),
        owned("POST /channels/msg91/{secret}", "channel-webhook"),
        owned("POST /channels/rapiwa/{secret}", "channel-webhook"),
        owned("POST /channels/twilio", "channel-webhook"),
        // Braintree asks whether the URL is ours.
        owned("GET /webhooks/braintree", "payment-webhook"),
    ];
    sources.chain(others).collect()
});

/// Function and the queue it reads. Nobody reads the parked queue and the dead letters of hand-offs.
pub(crate) const CONSUMERS: [(&str, &str); 7] = [
    ("channel-events", "ChannelEventsQueue"),
    ("email-sender", "EmailQueue"),
    ("handoff", "HandoffQueue"),
    ("push-sender", "PushQueue"),
    ("sms-fallback", "SmsQueue"),
    ("sweep", "SpillQueue"),
    ("whatsapp-sender", "WhatsappQueue"),
];

struct Queue {
    name: &'static str,
    suffix: &'static str,
    retention_days: u64,
    /// The queue its dead letters go to, and after how many receives.
    redrive: Option<(&'static str, u64)>,
    /// Queues whose dead letters it takes.
    sources: &'static [&'static str],
}

const QUEUES: [Queue; 9] = [
    Queue {
        name: "WhatsappQueue",
        suffix: "whatsapp",
        retention_days: 4,
        redrive: Some(("SmsQueue", 8)),
        sources: &[],
    },
    Queue {
        name: "SmsQueue",
        suffix: "sms",
        retention_days: 7,
        redrive: Some(("ParkedQueue", 5)),
        sources: &["whatsapp"],
    },
    Queue {
        name: "ParkedQueue",
        suffix: "parked",
        retention_days: 14,
        redrive: None,
        sources: &["sms", "push", "email", "spill", "channel-events"],
    },
    Queue {
        name: "PushQueue",
        suffix: "push",
        retention_days: 4,
        redrive: Some(("ParkedQueue", 5)),
        sources: &[],
    },
    Queue {
        name: "EmailQueue",
        suffix: "email",
        retention_days: 4,
        redrive: Some(("ParkedQueue", 5)),
        sources: &[],
    },
    Queue {
        name: "HandoffQueue",
        suffix: "handoff",
        retention_days: 4,
        redrive: Some(("HandoffDeadQueue", 100)),
        sources: &[],
    },
    Queue {
        name: "HandoffDeadQueue",
        suffix: "handoff-dead",
        retention_days: 14,
        redrive: None,
        sources: &["handoff"],
    },
    Queue {
        name: "ChannelEventsQueue",
        suffix: "channel-events",
        retention_days: 4,
        redrive: Some(("ParkedQueue", 100)),
        sources: &[],
    },
    Queue {
        name: "SpillQueue",
        suffix: "spill",
        retention_days: 4,
        redrive: Some(("ParkedQueue", 8)),
        sources: &[],
    },
];

/// Compares the routes with the list, and looks for a throttle on each.
pub(crate) fn route_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let mut routes = BTreeSet::new();
    for (binary, function) in template.functions() {
        for event in Template::events(function, "HttpApi") {
            if target(&event["ApiId"]) != "WebhookApi" {
                found.push(format!("{binary}: a route hangs on {}, not on WebhookApi", event["ApiId"]));
            }
            let route = format!("{} {}", text(&event["Method"]), text(&event["Path"]));
            if !routes.insert((route.clone(), binary.to_owned())) {
                found.push(format!("{binary}: the route {route} is there twice"));
            }
        }
    }
    for (route, binary) in ROUTES.difference(&routes) {
        found.push(format!("the route {route} of {binary} is missing"));
    }
    for (route, binary) in routes.difference(&ROUTES) {
        found.push(format!("{binary} serves {route}, which is on no list"));
    }
    let api = template.properties("WebhookApi");
    for (place, settings) in
        std::iter::once(("every route", &api["DefaultRouteSettings"])).chain(entries(&api["RouteSettings"]))
    {
        if !settings["ThrottlingRateLimit"].is_u64() || !settings["ThrottlingBurstLimit"].is_u64() {
            found.push(format!("WebhookApi: {place} has no throttle written as numbers: {settings}"));
        }
        if place != "every route" && !ROUTES.iter().any(|(route, _)| route == place) {
            found.push(format!("WebhookApi: RouteSettings names {place}, which is no route"));
        }
    }
    for key in ["AccessLogSettings", "StageName"] {
        if !api[key].is_null() {
            found.push(format!("WebhookApi sets {key}"));
        }
    }
    found
}

/// Compares the queues with the chain of dead letters.
pub(crate) fn queue_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for name in template.resources("AWS::SQS::Queue").keys() {
        if !QUEUES.iter().any(|queue| queue.name == *name) {
            found.push(format!("{name} is a queue on no list"));
        }
    }
    for queue in &QUEUES {
        let (name, properties) = (queue.name, template.properties(queue.name));
        for (key, expected) in [
            ("QueueName", json!({"Fn::Sub": format!("${{AWS::StackName}}-{}", queue.suffix)})),
            ("MessageRetentionPeriod", json!(queue.retention_days * 86_400)),
            ("SqsManagedSseEnabled", json!(true)),
            ("RedriveAllowPolicy", allow_policy(queue.sources)),
        ] {
            if properties[key] != expected {
                found.push(format!("{name}: {key} is {}, not {expected}", properties[key]));
            }
        }
        found.extend(redrive_problem(template, queue, &properties["RedrivePolicy"]));
    }
    found
}

fn redrive_problem(template: &Template, queue: &Queue, policy: &Value) -> Option<String> {
    let name = queue.name;
    let Some((to, receives)) = queue.redrive else {
        return (!policy.is_null()).then(|| format!("{name} is the end of the line, but has a redrive"));
    };
    let count = &policy["maxReceiveCount"];
    if target(&policy["deadLetterTargetArn"]) != to {
        return Some(format!(
            "{name}: dead letters go to {}, not to {to}",
            target(&policy["deadLetterTargetArn"])
        ));
    }
    if template.number(count) != Some(receives) {
        return Some(format!("{name}: maxReceiveCount is {:?}, not {receives}", template.number(count)));
    }
    let least = &template.0["Parameters"][text(&count["Ref"])]["MinValue"];
    (least.as_u64() < Some(1)).then(|| format!("{name}: maxReceiveCount may be set below 1 ({least})"))
}

fn allow_policy(sources: &[&str]) -> Value {
    if sources.is_empty() {
        return json!({"redrivePermission": "denyAll"});
    }
    let arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}";
    let arns: Vec<Value> =
        sources.iter().map(|source| json!({"Fn::Sub": format!("{arn}-{source}")})).collect();
    json!({"redrivePermission": "byQueue", "sourceQueueArns": arns})
}

/// Compares who reads which queue, and how; a batch must be able to fail item by item.
pub(crate) fn consumer_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let mut consumers = BTreeSet::new();
    for (binary, function) in template.functions() {
        for event in Template::events(function, "SQS") {
            let queue = target(&event["Queue"]);
            if event["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
                found.push(format!(
                    "{binary}: one bad message of {queue} fails its batch: no ReportBatchItemFailures"
                ));
            }
            if binary == "whatsapp-sender" {
                found.extend(send_rate::problems(template, event));
            } else if event["BatchSize"] != 10 {
                found.push(format!("{binary}: batches of {queue} are not 10"));
            } else if template.number(&event["ScalingConfig"]["MaximumConcurrency"]) < Some(2) {
                found.push(format!("{binary}: MaximumConcurrency of {queue} is not at least 2"));
            }
            if event["MaximumBatchingWindowInSeconds"] != 0 {
                found.push(format!("{binary}: batches of {queue} wait"));
            }
            let visibility = template.number(&template.properties(&queue)["VisibilityTimeout"]);
            let least = function["Timeout"].as_u64().map(|timeout| timeout * 6);
            if visibility < least {
                found.push(format!(
                    "{queue}: a visibility of {visibility:?} s is below 6 x the timeout of {binary}"
                ));
            }
            consumers.insert((binary, queue));
        }
    }
    let expected = CONSUMERS.iter().map(|(binary, queue)| (*binary, (*queue).to_owned())).collect();
    if consumers != expected {
        found.push(format!("queues are read by {consumers:?}, not by {expected:?}"));
    }
    let daily = template
        .functions()
        .get("sweep")
        .map(|sweep| Template::events(sweep, "ScheduleV2"))
        .unwrap_or_default();
    let daily: Vec<(&str, String, String)> = daily
        .iter()
        .map(|event| (text(&event["ScheduleExpression"]), target(&event["RoleArn"]), target(&event["Name"])))
        .collect();
    if daily != [("rate(1 day)", "SweepTimerRole".to_owned(), "${AWS::StackName}-sweep".to_owned())] {
        found.push(format!("sweep is not started once a day by its own timer: {daily:?}"));
    }
    let group =
        items(&template.properties("ScheduleGroup")["Name"]).into_iter().map(target).collect::<String>();
    if group != "AWS::StackName" {
        found.push(format!("ScheduleGroup is called {group}, not after the stack"));
    }
    found
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{assert_refused, properties};

    #[test]
    fn a_route_that_is_lost_moved_or_unthrottled_is_refused() {
        let stripe = properties("PaymentWebhookFunction", "Events/Stripe");
        assert_refused(&stripe, Value::Null, "the route POST /webhooks/stripe of payment-webhook is missing");
        assert_refused(
            &format!("{stripe}/Properties/Path"),
            json!("/webhooks/strype"),
            "serves POST /webhooks/strype",
        );
        assert_refused(&format!("{stripe}/Properties/ApiId"), Value::Null, "not on WebhookApi");
        let get = properties("ChannelWebhookFunction", "Events/MetaVerification/Properties/Method");
        assert_refused(&get, json!("POST"), "the route POST /channels/meta is there twice");
        assert_refused(
            &properties("WebhookApi", "DefaultRouteSettings"),
            Value::Null,
            "every route has no throttle",
        );
        let settings = properties("WebhookApi", "RouteSettings");
        assert_refused(
            &format!("{settings}/POST ~1webhooks~1stripe"),
            json!({}),
            "POST /webhooks/stripe has no throttle",
        );
        let throttle = json!({"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1});
        assert_refused(
            &format!("{settings}/POST ~1webhook"),
            throttle,
            "names POST /webhook, which is no route",
        );
        assert_refused(&properties("WebhookApi", "AccessLogSettings"), json!({}), "sets AccessLogSettings");
    }

    #[test]
    fn a_broken_chain_of_dead_letters_is_refused() {
        let redrive = |queue| properties(queue, "RedrivePolicy");
        assert_refused(
            &redrive("WhatsappQueue"),
            Value::Null,
            "WhatsappQueue: dead letters go to null, not to SmsQueue",
        );
        let parked = json!({"Fn::GetAtt": ["ParkedQueue", "Arn"]});
        assert_refused(
            &format!("{}/deadLetterTargetArn", redrive("WhatsappQueue")),
            parked,
            "go to ParkedQueue",
        );
        assert_refused(
            &format!("{}/maxReceiveCount", redrive("SmsQueue")),
            json!(0),
            "maxReceiveCount is Some(0), not 5",
        );
        assert_refused(
            "/Parameters/SpillMaxReceiveCount/Default",
            json!(3),
            "maxReceiveCount is Some(3), not 8",
        );
        assert_refused("/Parameters/SpillMaxReceiveCount/MinValue", json!(0), "may be set below 1");
        assert_refused(
            &format!("{}/deadLetterTargetArn", redrive("HandoffQueue")),
            json!({"Fn::GetAtt": ["ParkedQueue", "Arn"]}),
            "HandoffQueue: dead letters go to ParkedQueue, not to HandoffDeadQueue",
        );
        let back = json!({"deadLetterTargetArn": {"Fn::GetAtt": ["SmsQueue", "Arn"]}, "maxReceiveCount": 1});
        assert_refused(&redrive("ParkedQueue"), back, "ParkedQueue is the end of the line");
        let source = properties("SmsQueue", "RedriveAllowPolicy/sourceQueueArns/0");
        assert_refused(
            &source,
            json!({"Fn::Sub": "${AWS::StackName}-spill"}),
            "SmsQueue: RedriveAllowPolicy is",
        );
        assert_refused(
            &properties("ParkedQueue", "RedriveAllowPolicy"),
            Value::Null,
            "ParkedQueue: RedriveAllowPolicy",
        );
        assert_refused(
            &properties("SmsQueue", "MessageRetentionPeriod"),
            json!(345_600),
            "SmsQueue: MessageRetention",
        );
        assert_refused(
            &properties("SmsQueue", "SqsManagedSseEnabled"),
            json!(false),
            "SmsQueue: SqsManagedSseEnabled",
        );
        assert_refused(&properties("SmsQueue", "QueueName"), Value::Null, "SmsQueue: QueueName");
    }

    #[test]
    fn a_batch_that_fails_whole_or_is_handed_out_twice_is_refused() {
        for (function, event, binary) in [
            ("ChannelEventsFunction", "Published", "channel-events"),
            ("HandoffFunction", "Notes", "handoff"),
            ("EmailSenderFunction", "DueSteps", "email-sender"),
            ("PushSenderFunction", "DueSteps", "push-sender"),
            ("SmsFallbackFunction", "DueSteps", "sms-fallback"),
            ("SweepFunction", "SpilledEvents", "sweep"),
            ("WhatsappSenderFunction", "DueSteps", "whatsapp-sender"),
        ] {
            let event = properties(function, &format!("Events/{event}"));
            let words = format!("{binary}: one bad message of");
            assert_refused(&format!("{event}/Properties/FunctionResponseTypes"), Value::Null, &words);
            let typo = json!(["ReportBatchItemFailure"]);
            assert_refused(&format!("{event}/Properties/FunctionResponseTypes"), typo, &words);
            let (scaling, batch) = if binary == "whatsapp-sender" {
                ("MaximumConcurrency is null", "BatchSize is 100")
            } else {
                ("MaximumConcurrency of", "are not 10")
            };
            assert_refused(&format!("{event}/Properties/ScalingConfig"), Value::Null, scaling);
            assert_refused(&format!("{event}/Properties/BatchSize"), json!(100), batch);
            assert_refused(&format!("{event}/Properties/MaximumBatchingWindowInSeconds"), json!(5), "wait");
            assert_refused(&event, Value::Null, "queues are read by");
        }
        assert_refused(&properties("WhatsappQueue", "VisibilityTimeout"), json!(30), "below 6 x the timeout");
        assert_refused(
            &properties("SpillQueue", "VisibilityTimeout"),
            json!(180),
            "below 6 x the timeout of sweep",
        );
        assert_refused(&properties("SweepFunction", "Events/Daily"), Value::Null, "not started once a day");
    }
}
