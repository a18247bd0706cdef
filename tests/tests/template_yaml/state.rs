//! What is kept: the table, the secrets, the parameters; and what wakes a person.

use serde_json::{Value, json};

use crate::model::{Code, Template, entries, items, target, text};

/// Alarm, its metric, and what it looks at.
const ALARMS: [(&str, &str, &[&str]); 11] = [
    (
        "ChannelEventsAgeAlarm",
        "ApproximateAgeOfOldestMessage",
        &[r#"{"Fn::GetAtt":["ChannelEventsQueue","QueueName"]}"#],
    ),
    ("ChannelEventsErrorsAlarm", "Errors", &[r#"{"Ref":"ChannelEventsFunction"}"#]),
    ("EmailSenderErrorsAlarm", "Errors", &[r#"{"Ref":"EmailSenderFunction"}"#]),
    (
        "HandoffDeadAlarm",
        "ApproximateNumberOfMessagesVisible",
        &[r#"{"Fn::GetAtt":["HandoffDeadQueue","QueueName"]}"#],
    ),
    ("HandoffErrorsAlarm", "Errors", &[r#"{"Ref":"HandoffFunction"}"#]),
    ("PushSenderErrorsAlarm", "Errors", &[r#"{"Ref":"PushSenderFunction"}"#]),
    ("ParkedAlarm", "ApproximateNumberOfMessagesVisible", &[r#"{"Fn::GetAtt":["ParkedQueue","QueueName"]}"#]),
    ("SmsFallbackErrorsAlarm", "Errors", &[r#"{"Ref":"SmsFallbackFunction"}"#]),
    ("SuccessesStoppedAlarm", "alarm", &[r#"{"Ref":"Table"}"#, r#""successes_stopped""#]),
    ("WebhookErrorsAlarm", "5xx", &[r#"{"Ref":"WebhookApi"}"#]),
    ("WhatsappSenderErrorsAlarm", "Errors", &[r#"{"Ref":"WhatsappSenderFunction"}"#]),
];

/// Compares the one table with the keys and the expiry attribute of the code.
pub(crate) fn table_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let tables: Vec<&str> = template.resources("AWS::DynamoDB::Table").into_keys().collect();
    if tables != ["Table"] {
        found.push(format!("the tables are {tables:?}; one, called Table, is expected"));
    }
    let table = template.properties("Table");
    for (key, expected) in [
        ("BillingMode", json!("PAY_PER_REQUEST")),
        (
            "KeySchema",
            json!([{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]),
        ),
        (
            "AttributeDefinitions",
            json!([
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"}
            ]),
        ),
        ("TimeToLiveSpecification", json!({"AttributeName": "ttl", "Enabled": true})),
        ("PointInTimeRecoverySpecification", json!({"PointInTimeRecoveryEnabled": true})),
        ("DeletionProtectionEnabled", json!({"Fn::If": ["ProtectTable", true, false]})),
        ("SSESpecification", Value::Null),
    ] {
        if table[key] != expected {
            found.push(format!("Table: {key} is {}, not {expected}", table[key]));
        }
    }
    // The hashes of recipients are worth nothing without the key they were made with, so both outlive the stack.
    for name in ["Table", "PepperSecret"] {
        let resource = &template.0["Resources"][name];
        if resource["DeletionPolicy"] != "RetainExceptOnCreate" || resource["UpdateReplacePolicy"] != "Retain"
        {
            found.push(format!("{name} does not outlive the stack"));
        }
    }
    found
}

/// Checks that a person who deploys is told what each parameter is, and which output goes where.
pub(crate) fn parameter_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for section in ["Parameters", "Outputs"] {
        for (name, entry) in entries(&template.0[section]) {
            if text(&entry["Description"]).is_empty() {
                found.push(format!("{name} of {section} has no description"));
            }
        }
    }
    for (output, path) in [("StripeWebhookUrl", "/webhooks/stripe"), ("MetaWebhookUrl", "/channels/meta")] {
        let url = target(&template.0["Outputs"][output]["Value"]);
        if url != format!("${{WebhookApi.ApiEndpoint}}{path}") {
            found.push(format!("{output} is {url}, not the address of {path}"));
        }
    }
    for (output, resource) in [
        ("ApiId", "WebhookApi"),
        ("ChannelEventsQueueUrl", "ChannelEventsQueue"),
        ("ChannelEventsTopicArn", "ChannelEventsTopic"),
        ("EmailQueueUrl", "EmailQueue"),
        ("HandoffDeadQueueUrl", "HandoffDeadQueue"),
        ("HandoffQueueUrl", "HandoffQueue"),
        ("ParkedQueueUrl", "ParkedQueue"),
        ("PushQueueUrl", "PushQueue"),
        ("ScheduleGroup", "ScheduleGroup"),
        ("SmsQueueUrl", "SmsQueue"),
        ("SpillQueueUrl", "SpillQueue"),
        ("TableName", "Table"),
        ("WhatsappQueueUrl", "WhatsappQueue"),
    ] {
        if template.0["Outputs"][output]["Value"] != json!({"Ref": resource}) {
            found.push(format!("the output {output} is not {resource}"));
        }
    }
    found
}

/// Checks that samconfig.toml sets known parameters only, holds no secret, and asks before it changes anything.
pub(crate) fn deployment_problems(template: &Template, code: &Code) -> Vec<String> {
    let mut found = Vec::new();
    if !code.deployments.keys().eq(["dev", "prod"]) {
        found.push(format!("samconfig.toml has the environments {:?}", code.deployments.keys()));
    }
    for (environment, settings) in &code.deployments {
        for setting in text(&settings["parameter_overrides"]).split_whitespace() {
            let name = setting.split('=').next().unwrap_or_default();
            let parameter = &template.0["Parameters"][name];
            if parameter.is_null() {
                found.push(format!("samconfig.toml: {environment} sets {name}, which is no parameter"));
            }
            if parameter["NoEcho"] == true {
                found.push(format!("samconfig.toml: {environment} holds the secret {name}"));
            }
        }
        if settings["confirm_changeset"] != true {
            found.push(format!("samconfig.toml: {environment} deploys without asking"));
        }
        if settings["capabilities"] != "CAPABILITY_IAM" {
            found.push(format!("samconfig.toml: {environment} asks for {}", settings["capabilities"]));
        }
        let stack = &settings["stack_name"];
        let count = code.deployments.values().filter(|other| other["stack_name"] == *stack).count();
        if count != 1 {
            found.push(format!(
                "samconfig.toml: the stack {} is deployed by {count} environments",
                text(stack)
            ));
        }
    }
    found
}

/// Checks that a parked message, a failing door and a crashing sender raise an alarm.
pub(crate) fn alarm_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (name, metric, subject) in ALARMS {
        let alarm = template.properties(name);
        let subjects: Vec<String> =
            items(&alarm["Dimensions"]).into_iter().map(|dimension| dimension["Value"].to_string()).collect();
        if alarm["MetricName"] != metric || subjects != subject {
            found.push(format!("{name} does not watch {metric} of {}", subject.join(" and ")));
        }
        if alarm["ComparisonOperator"] != "GreaterThanOrEqualToThreshold"
            || alarm["Threshold"].as_u64() < Some(1)
        {
            found.push(format!("{name} has no threshold of 1 or more"));
        }
        if alarm["AlarmActions"]["Fn::If"][1] != json!([{"Ref": "AlarmTopicArn"}]) {
            found.push(format!("{name} notifies nobody"));
        }
    }
    found
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{CODE, TEMPLATE, assert_new_problem, assert_refused, properties};

    #[test]
    fn a_table_unlike_the_code_is_refused() {
        let ttl = properties("Table", "TimeToLiveSpecification/AttributeName");
        assert_refused(&ttl, json!("expires"), "Table: TimeToLiveSpecification");
        assert_refused(&properties("Table", "KeySchema/0/AttributeName"), json!("id"), "Table: KeySchema");
        assert_refused(
            &properties("Table", "PointInTimeRecoverySpecification"),
            Value::Null,
            "Table: PointInTime",
        );
        assert_refused(
            &properties("Table", "DeletionProtectionEnabled"),
            json!(false),
            "Table: DeletionProtection",
        );
        assert_refused(
            "/Resources/Table/DeletionPolicy",
            json!("Delete"),
            "Table does not outlive the stack",
        );
        assert_refused(
            "/Resources/PepperSecret/UpdateReplacePolicy",
            Value::Null,
            "PepperSecret does not outlive",
        );
        assert_refused("/Resources/Second", json!({"Type": "AWS::DynamoDB::Table"}), "the tables are");
    }

    #[test]
    fn a_parameter_without_a_word_and_a_wrong_output_are_refused() {
        assert_refused(
            "/Parameters/Brand/Description",
            Value::Null,
            "Brand of Parameters has no description",
        );
        assert_refused("/Outputs/ApiId/Description", Value::Null, "ApiId of Outputs has no description");
        let url = json!({"Fn::Sub": "${WebhookApi.ApiEndpoint}/webhook/stripe"});
        assert_refused("/Outputs/StripeWebhookUrl/Value", url, "StripeWebhookUrl is");
        assert_refused(
            "/Outputs/SmsQueueUrl/Value",
            json!({"Ref": "ParkedQueue"}),
            "the output SmsQueueUrl is not SmsQueue",
        );
    }

    #[test]
    fn a_deployment_setting_that_is_unknown_secret_or_hasty_is_refused() {
        let refused = |key: &str, planted: Value, words: &str| {
            let mut code = CODE.clone();
            code.deployments.get_mut("prod").expect("prod is there")[key] = planted;
            assert_new_problem(&TEMPLATE, &code, words, key);
        };
        refused("parameter_overrides", json!("LogLevels=info"), "prod sets LogLevels, which is no parameter");
        refused("parameter_overrides", json!("StripeApiKey=sk_live"), "prod holds the secret StripeApiKey");
        refused("confirm_changeset", json!(false), "prod deploys without asking");
        refused("capabilities", json!("CAPABILITY_NAMED_IAM"), "prod asks for");
        refused("stack_name", json!("recoup-dev"), "the stack recoup-dev is deployed by 2");
    }

    #[test]
    fn an_alarm_that_cannot_ring_is_refused() {
        assert_refused("/Resources/ParkedAlarm", Value::Null, "ParkedAlarm does not watch");
        let dimension = properties("ParkedAlarm", "Dimensions/0/Value");
        assert_refused(
            &dimension,
            json!({"Fn::GetAtt": ["SmsQueue", "QueueName"]}),
            "ParkedAlarm does not watch",
        );
        assert_refused(&properties("ParkedAlarm", "Threshold"), json!(0), "ParkedAlarm has no threshold");
        assert_refused("/Resources/HandoffDeadAlarm", Value::Null, "HandoffDeadAlarm does not watch");
        assert_refused(
            &properties("ParkedAlarm", "AlarmActions"),
            Value::Null,
            "ParkedAlarm notifies nobody",
        );
        let reason = properties("SuccessesStoppedAlarm", "Dimensions/1/Value");
        assert_refused(&reason, json!("success_stopped"), "SuccessesStoppedAlarm does not watch");
    }
}
