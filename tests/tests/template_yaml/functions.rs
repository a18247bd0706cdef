//! One function a package: its names, its size, what it reads, and a sample of what it gets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::flow::{CONSUMERS, ROUTES};
use crate::model::{Code, Template, entries, items, pascal, target, text};

/// Binary, memory in MB, timeout in seconds.
const SIZES: [(&str, u64, u64); 12] = [
    ("cart-webhook", 128, 10),
    ("channel-events", 128, 30),
    ("channel-webhook", 128, 10),
    ("email-sender", 256, 30),
    ("handoff", 128, 30),
    ("kyc-webhook", 128, 10),
    ("merchant-webhook", 128, 10),
    ("payment-webhook", 128, 10),
    ("push-sender", 256, 30),
    ("sms-fallback", 256, 30),
    ("sweep", 256, 300),
    ("whatsapp-sender", 256, 30),
];

/// Where a variable that is no policy setting must point.
const WIRING: [(&str, &str); 28] = [
    ("CHANNELS_URL", "${PublicUrl}/channels"),
    ("CHANNEL_EVENTS_QUEUE_URL", "ChannelEventsQueue"),
    ("EMAIL_MAX_RECEIVES", "EmailMaxReceiveCount"),
    ("EMAIL_QUEUE_URL", "EmailQueue"),
    ("HANDOFF_DEAD_QUEUE_URL", "HandoffDeadQueue"),
    ("HANDOFF_QUEUE_URL", "HandoffQueue"),
    ("META_SECRET_ARN", "MetaSecret"),
    ("MSG91_SECRET_ARN", "Msg91Secret"),
    ("OUTLETS_SECRET_ARN", "OutletsSecret"),
    ("PARKED_QUEUE_ARN", "ParkedQueue.Arn"),
    ("PARKED_QUEUE_URL", "ParkedQueue"),
    ("PEPPER_SECRET_ARN", "PepperSecret"),
    ("PUSH_MAX_RECEIVES", "PushMaxReceiveCount"),
    ("PUSH_QUEUE_URL", "PushQueue"),
    ("PUSH_SECRET_ARN", "PushSecret"),
    ("RAPIWA_SECRET_ARN", "RapiwaSecret"),
    ("RECOUP_BRAND", "Brand"),
    ("RECOUP_LOG", "LogLevel"),
    ("SCHEDULER_ROLE_ARN", "SchedulerRole.Arn"),
    ("SCHEDULE_GROUP", "ScheduleGroup"),
    ("SMS_MAX_RECEIVES", "SmsMaxReceiveCount"),
    ("SMS_QUEUE_URL", "SmsQueue"),
    ("SPILL_QUEUE_URL", "SpillQueue"),
    ("SOURCE_SECRETS", "${AWS::StackName}/"),
    ("TABLE_NAME", "Table"),
    ("TWILIO_SECRET_ARN", "TwilioSecret"),
    ("WHATSAPP_QUEUE_ARN", "WhatsappQueue.Arn"),
    ("WHATSAPP_QUEUE_URL", "WhatsappQueue"),
];

/// Compares the functions with the packages, and each with the shape all share.
pub(crate) fn problems(template: &Template, code: &Code) -> Vec<String> {
    let mut found = Vec::new();
    let functions = template.resources("AWS::Serverless::Function");
    let binaries: Vec<&str> =
        functions.values().map(|function| text(&function["Metadata"]["BuildProperties"]["Binary"])).collect();
    for package in &code.packages {
        let count = binaries.iter().filter(|binary| *binary == package).count();
        if count != 1 {
            found.push(format!("functions/{package} is deployed by {count} functions; one is expected"));
        }
    }
    for (name, function) in &functions {
        let binary = text(&function["Metadata"]["BuildProperties"]["Binary"]);
        if !code.packages.contains(binary) {
            found.push(format!("{name} builds the binary `{binary}`, which is no folder of functions/"));
        }
        let expected = format!("{}Function", pascal_or_nothing(binary));
        if *name != expected {
            found.push(format!("the function of `{binary}` is called {name}, not {expected}"));
        }
        if function["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            found.push(format!("{name} is not built by rust-cargolambda"));
        }
        found.extend(shape_problems(template, binary, &function["Properties"]));
    }
    let globals = &template.0["Globals"]["Function"];
    for (key, expected) in [
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("bootstrap")),
        ("Architectures", json!([{"Ref": "Architecture"}])),
        ("CodeUri", json!(".")),
    ] {
        if globals[key] != expected {
            found.push(format!("Globals: {key} is {}, not {expected}", globals[key]));
        }
    }
    let logging = &globals["LoggingConfig"];
    if logging["LogFormat"] != "JSON" || logging["SystemLogLevel"] != "WARN" {
        found.push(format!("Globals: LoggingConfig {logging} is not JSON with the system's level WARN"));
    }
    if template.0["Parameters"]["Architecture"]["Default"] != "arm64" {
        found.push("Architecture does not default to arm64".to_owned());
    }
    found
}

fn shape_problems(template: &Template, binary: &str, function: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let pascal = pascal_or_nothing(binary);
    let size = SIZES.iter().find(|(name, ..)| *name == binary);
    if size.is_none_or(|(_, memory, timeout)| {
        function["MemorySize"] != json!(memory) || function["Timeout"] != json!(timeout)
    }) {
        let (memory, timeout) = (&function["MemorySize"], &function["Timeout"]);
        found.push(format!("{binary} has {memory} MB and {timeout} s; expected is {size:?}"));
    }
    for key in ["Runtime", "Handler", "Architectures", "CodeUri", "Policies", "Connectors", "Tracing"] {
        if !function[key].is_null() {
            found.push(format!("{binary} sets {key} of its own"));
        }
    }
    let (group, role) = (format!("{pascal}LogGroup"), format!("{pascal}Role"));
    for (key, found_name, expected) in [
        ("FunctionName", target(&function["FunctionName"]), format!("${{AWS::StackName}}-{binary}")),
        ("Role", target(&function["Role"]), role),
        ("LogGroup", target(&function["LoggingConfig"]["LogGroup"]), group.clone()),
        (
            "LogGroupName",
            target(&template.properties(&group)["LogGroupName"]),
            format!("/aws/lambda/${{AWS::StackName}}-{binary}"),
        ),
        (
            "RetentionInDays",
            target(&template.properties(&group)["RetentionInDays"]),
            "LogRetentionDays".to_owned(),
        ),
    ] {
        if found_name != expected {
            found.push(format!("{binary}: {key} is {found_name}, not {expected}"));
        }
    }
    found
}

/// Compares the variables a function gets with those it reads, and what each points at.
pub(crate) fn variable_problems(template: &Template, code: &Code) -> Vec<String> {
    let mut found = Vec::new();
    let shared = &template.0["Globals"]["Function"]["Environment"]["Variables"];
    for (binary, function) in template.functions() {
        let own = &function["Environment"]["Variables"];
        let set: BTreeSet<&str> = entries(shared).chain(entries(own)).map(|(name, _)| name).collect();
        let read: BTreeSet<&str> =
            code.variables.get(binary).into_iter().flatten().map(String::as_str).collect();
        for name in read.difference(&set) {
            found.push(format!("{binary} reads {name}, which the template does not set"));
        }
        for (name, value) in entries(own) {
            if !read.contains(name) {
                found.push(format!("{binary} is given {name}, which it does not read"));
            }
            found.extend(wiring_problem(binary, name, value));
        }
    }
    for (name, value) in entries(shared) {
        if !code.variables.values().any(|read| read.contains(name)) {
            found.push(format!("Globals sets {name}, which no function reads"));
        }
        found.extend(wiring_problem("Globals", name, value));
    }
    found
}

/// A setting comes from the parameter of its name; everything else from the resource it names.
fn wiring_problem(place: &str, name: &str, value: &Value) -> Option<String> {
    let otherwise = target(&value["Fn::If"][2]);
    if name == "CHANNELS_URL" && otherwise != "${WebhookApi.ApiEndpoint}/channels" {
        return Some(format!("{place}: {name} is {otherwise} without a PublicUrl"));
    }
    let value = if value["Fn::If"].is_array() { &value["Fn::If"][1] } else { value };
    let attribute = &value["Fn::GetAtt"];
    let points_at =
        if attribute[1] == "Arn" { format!("{}.Arn", text(&attribute[0])) } else { target(value) };
    let expected = match (name, place) {
        ("SOURCES", "cart-webhook") => "CartSources".to_owned(),
        ("SOURCES", "kyc-webhook") => "KycSources".to_owned(),
        ("SOURCES", "merchant-webhook") => "MerchantSources".to_owned(),
        ("SOURCES", "sweep") => "PaymentSources,CartSources,KycSources,MerchantSources".to_owned(),
        ("SOURCES", _) => "PaymentSources".to_owned(),
        _ => WIRING
            .iter()
            .find(|(variable, _)| *variable == name)
            .map_or_else(|| pascal(name), |(_, expected)| (*expected).to_owned()),
    };
    (points_at != expected).then(|| format!("{place}: {name} is {points_at}, not {expected}"))
}

/// Checks that each function has a sample invocation, and that a sample is one its function could get.
pub(crate) fn sample_problems(template: &Template, code: &Code) -> Vec<String> {
    let mut found = Vec::new();
    for binary in template.functions().keys() {
        if !code.samples.contains_key(*binary) {
            found.push(format!("infra/events/{binary}.json is missing"));
        }
    }
    for (stem, sample) in &code.samples {
        let owner = code.packages.iter().find(|package| {
            stem.strip_prefix(package.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        });
        let Some(owner) = owner else {
            found.push(format!("infra/events/{stem}.json is named after no function"));
            continue;
        };
        if let Some(route) = sample["routeKey"].as_str()
            && !ROUTES.contains(&(route.to_owned(), owner.clone()))
        {
            found.push(format!(
                "infra/events/{stem}.json has the route {route}, which {owner} does not serve"
            ));
        }
        for record in items(&sample["Records"]) {
            // The stack of the samples is called recoup.
            let queue = text(&record["eventSourceARN"]).rsplit(":recoup-").next().unwrap_or_default();
            let listens = CONSUMERS
                .iter()
                .any(|(name, from)| name == owner && *from == format!("{}Queue", pascal(queue)));
            if !listens {
                found.push(format!(
                    "infra/events/{stem}.json comes from the queue {queue}, which {owner} does not read"
                ));
            }
        }
        if sample["routeKey"].is_null() && sample["Records"].is_null() && sample["source"] != "aws.scheduler"
        {
            found.push(format!("infra/events/{stem}.json is no HTTP request, no batch and no schedule"));
        }
    }
    found
}

fn pascal_or_nothing(binary: &str) -> String {
    if binary.is_empty() { String::new() } else { pascal(binary) }
}

mod refusals {
    use serde_json::{Value, json};

    use crate::model::Code;
    use crate::planted::{CODE, TEMPLATE, assert_new_problem, assert_refused, properties};

    #[test]
    fn a_binary_that_does_not_exist_is_refused() {
        let binary = "/Resources/SweepFunction/Metadata/BuildProperties/Binary";
        assert_refused(binary, json!("sweeper"), "`sweeper`, which is no folder of functions/");
        assert_refused(binary, json!("sms-fallback"), "functions/sms-fallback is deployed by 2 functions");
        assert_refused(binary, json!("sms-fallback"), "functions/sweep is deployed by 0 functions");
        assert_refused("/Resources/SweepFunction", Value::Null, "functions/sweep is deployed by 0 functions");
    }

    #[test]
    fn a_folder_that_is_not_deployed_is_refused() {
        let mut code = CODE.clone();
        code.packages.insert("mail-sender".to_owned());
        assert_new_problem(
            &TEMPLATE,
            &code,
            "functions/mail-sender is deployed by 0 functions",
            "a new folder",
        );
    }

    #[test]
    fn a_function_unlike_the_others_is_refused() {
        assert_refused("/Globals/Function/Runtime", json!("provided.al2"), "Runtime is");
        assert_refused("/Globals/Function/Handler", json!("main"), "Handler is");
        assert_refused("/Globals/Function/Architectures", json!(["x86_64"]), "Architectures is");
        assert_refused("/Globals/Function/LoggingConfig/LogFormat", json!("Text"), "LoggingConfig");
        assert_refused("/Parameters/Architecture/Default", json!("x86_64"), "does not default to arm64");
        assert_refused(
            "/Resources/SweepFunction/Metadata/BuildMethod",
            json!("makefile"),
            "not built by rust-cargolambda",
        );
        assert_refused(&properties("SweepFunction", "Timeout"), json!(60), "sweep has 256 MB and 60 s");
        assert_refused(
            &properties("SweepFunction", "Runtime"),
            json!("python3.13"),
            "sets Runtime of its own",
        );
        assert_refused(
            &properties("SweepFunction", "Policies"),
            json!(["AdministratorAccess"]),
            "sets Policies of its own",
        );
        assert_refused(
            &properties("SweepFunction", "Role"),
            json!({"Ref": "SmsFallbackRole"}),
            "Role is SmsFallbackRole",
        );
        assert_refused(&properties("SweepFunction", "LoggingConfig"), Value::Null, "LogGroup is");
        assert_refused(
            &properties("SweepLogGroup", "RetentionInDays"),
            Value::Null,
            "RetentionInDays is null",
        );
        assert_refused("/Resources/SweepLogGroup", Value::Null, "LogGroupName is null");
    }

    #[test]
    fn a_variable_that_differs_from_the_code_is_refused() {
        let shared = "/Globals/Function/Environment/Variables";
        let sender = properties("WhatsappSenderFunction", "Environment/Variables");
        assert_refused(
            &format!("{shared}/TABLE_NAME"),
            Value::Null,
            "sweep reads TABLE_NAME, which the template does not",
        );
        assert_refused(
            &format!("{sender}/GRAPH_VERSION"),
            Value::Null,
            "whatsapp-sender reads GRAPH_VERSION",
        );
        assert_refused(
            &format!("{sender}/GRAPH_VERSOIN"),
            json!("v1"),
            "given GRAPH_VERSOIN, which it does not read",
        );
        assert_refused(
            &format!("{shared}/OLD_NAME"),
            json!("x"),
            "Globals sets OLD_NAME, which no function reads",
        );
        for (branch, words) in [(1, "not ${PublicUrl}/channels"), (2, "without a PublicUrl")] {
            assert_refused(&format!("{sender}/CHANNELS_URL/Fn::If/{branch}"), json!("https://x"), words);
        }
        let sms = json!({"Ref": "SmsQueue"});
        assert_refused(&format!("{shared}/WHATSAPP_QUEUE_URL"), sms, "WHATSAPP_QUEUE_URL is SmsQueue");
        let url = json!({"Ref": "WhatsappQueue"});
        assert_refused(
            &format!("{shared}/WHATSAPP_QUEUE_ARN"),
            url,
            "WHATSAPP_QUEUE_ARN is WhatsappQueue, not",
        );
        let other = json!({"Ref": "DefaultLocale"});
        assert_refused(
            &format!("{shared}/QUIET_HOURS"),
            other,
            "QUIET_HOURS is DefaultLocale, not QuietHours",
        );
    }

    #[test]
    fn a_sample_that_is_missing_or_foreign_is_refused() {
        let refused = |change: &dyn Fn(&mut Code), words: &str| {
            let mut code = CODE.clone();
            change(&mut code);
            assert_new_problem(&TEMPLATE, &code, words, "a changed sample");
        };
        let take = |code: &mut Code, stem: &str| code.samples.remove(stem).expect("the sample is there");
        refused(&|code| drop(take(code, "sms-fallback")), "infra/events/sms-fallback.json is missing");
        refused(
            &|code| {
                let sample = take(code, "sms-fallback");
                code.samples.insert("whatsapp-sender".to_owned(), sample);
            },
            "whatsapp-sender.json comes from the queue sms",
        );
        refused(
            &|code| {
                let sample = take(code, "payment-webhook");
                code.samples.insert("channel-webhook".to_owned(), sample);
            },
            "channel-webhook.json has the route POST /webhooks/stripe",
        );
        refused(
            &|code| drop(code.samples.insert("sweeper".to_owned(), json!({}))),
            "sweeper.json is named after no function",
        );
        refused(&|code| drop(code.samples.insert("sweep".to_owned(), json!({}))), "is no HTTP request");
    }
}
