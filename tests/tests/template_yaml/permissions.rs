//! Who may do what: every role against a written list, with no wildcard but the timers of the group.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Template, entries, items, pascal, target, text};

/// What every function may do that decides about cases.
const EVERY_FUNCTION: [&str; 7] = [
    "iam:PassRole on SchedulerRole when StringEquals iam:PassedToService scheduler.amazonaws.com",
    "scheduler:CreateSchedule on scheduler:schedule/${ScheduleGroup}/*",
    "scheduler:DeleteSchedule on scheduler:schedule/${ScheduleGroup}/*",
    "sqs:SendMessage on EmailQueue",
    "sqs:SendMessage on HandoffQueue",
    "sqs:SendMessage on ParkedQueue",
    "sqs:SendMessage on PushQueue",
];

/// Where the secrets of a family's sources are.
macro_rules! secrets_of {
    ($family:literal) => {
        concat!("secretsmanager:GetSecretValue on secretsmanager:secret:${AWS::StackName}/", $family, "/*")
    };
}

/// What the code that takes webhooks may do.
macro_rules! webhook {
    ($binary:literal, $($own:expr),+) => {
        (
            $binary,
            &[
                "sqs:SendMessage on SmsQueue",
                "sqs:SendMessage on SpillQueue",
                "sqs:SendMessage on WhatsappQueue",
                $($own),+
            ],
        )
    };
}

/// A carrier's secret, where the carrier is configured.
macro_rules! carrier {
    ($secret:literal, $condition:literal) => {
        concat!("secretsmanager:GetSecretValue on ", $secret, " if ", $condition)
    };
}

/// The key of the recipients' hashes, for functions that look a buyer up.
const PEPPER: &str = "secretsmanager:GetSecretValue on PepperSecret";

/// Asking the model that reads replies, by its id, and, through an inference profile, the models behind it.
const MODEL: &str =
    "bedrock:InvokeModel on bedrock:${AWS::Region}::foundation-model/${ReplyModel} if RepliesReadByModel";
const PROFILE: &str = "bedrock:InvokeModel on bedrock:inference-profile/${ReplyModel} if RepliesReadByModel";
const BEHIND_THE_PROFILE: &str = "bedrock:InvokeModel on bedrock:*::foundation-model/* \
                                  when StringEquals bedrock:InferenceProfileArn \
                                  bedrock:inference-profile/${ReplyModel} if RepliesReadByModel";

/// The function that only marks what was told.
const TELLS: &str = "handoff";

/// What a function may do beyond that, writing its own log and reading its own queue apart.
const BEYOND: [(&str, &[&str]); 12] = [
    (
        TELLS,
        &[
            "secretsmanager:GetSecretValue on OutletsSecret if OutletsConfigured",
            "sqs:SendMessage on HandoffDeadQueue",
        ],
    ),
    (
        "push-sender",
        &[
            PEPPER,
            secrets_of!("payment"),
            "secretsmanager:GetSecretValue on PushSecret if PushConfigured",
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
    (
        "channel-events",
        &[
            MODEL,
            PROFILE,
            BEHIND_THE_PROFILE,
            PEPPER,
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
    (
        "email-sender",
        &[
            PEPPER,
            secrets_of!("payment"),
            "ses:SendEmail on ses:configuration-set/${EmailConfigurationSet} if EmailEventsConfigured",
            "ses:SendEmail on ses:identity/${EmailIdentity} if EmailConfigured",
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
    webhook!("payment-webhook", secrets_of!("payment")),
    webhook!("cart-webhook", PEPPER, secrets_of!("cart")),
    webhook!("kyc-webhook", secrets_of!("kyc")),
    webhook!("merchant-webhook", PEPPER, secrets_of!("merchant")),
    webhook!(
        "channel-webhook",
        MODEL,
        PROFILE,
        BEHIND_THE_PROFILE,
        PEPPER,
        carrier!("MetaSecret", "WhatsappByMeta"),
        carrier!("Msg91Secret", "Msg91Configured"),
        carrier!("RapiwaSecret", "RapiwaConfigured"),
        carrier!("TwilioSecret", "ByTwilio")
    ),
    (
        "whatsapp-sender",
        &[
            PEPPER,
            carrier!("MetaSecret", "WhatsappByMeta"),
            carrier!("RapiwaSecret", "RapiwaConfigured"),
            carrier!("TwilioSecret", "WhatsappByTwilio"),
            secrets_of!("payment"),
            "social-messaging:SendWhatsAppMessage on WhatsappOriginationIdentity if WhatsappByAws",
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
    (
        "sms-fallback",
        &[
            PEPPER,
            secrets_of!("payment"),
            carrier!("Msg91Secret", "Msg91Configured"),
            carrier!("TwilioSecret", "SmsByTwilio"),
            "sms-voice:SendTextMessage on SmsOriginationIdentity if SmsByAws",
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
    (
        "sweep",
        &[
            "dynamodb:Scan on Table",
            MODEL,
            PROFILE,
            BEHIND_THE_PROFILE,
            PEPPER,
            carrier!("MetaSecret", "WhatsappByMeta"),
            carrier!("Msg91Secret", "Msg91Configured"),
            carrier!("RapiwaSecret", "RapiwaConfigured"),
            carrier!("TwilioSecret", "ByTwilio"),
            secrets_of!("payment"),
            secrets_of!("cart"),
            secrets_of!("kyc"),
            secrets_of!("merchant"),
            "sqs:SendMessage on SmsQueue",
            "sqs:SendMessage on WhatsappQueue",
        ],
    ),
];

/// What a role that belongs to no function may do.
const TIMERS: [(&str, &[&str]); 2] = [
    ("SchedulerRole", &["sqs:SendMessage on ParkedQueue", "sqs:SendMessage on WhatsappQueue"]),
    ("SweepTimerRole", &["lambda:InvokeFunction on SweepFunction"]),
];

const WILDCARD_RESOURCES: [&str; 6] = [
    "bedrock:*::foundation-model/*",
    "scheduler:schedule/${ScheduleGroup}/*",
    "secretsmanager:secret:${AWS::StackName}/cart/*",
    "secretsmanager:secret:${AWS::StackName}/kyc/*",
    "secretsmanager:secret:${AWS::StackName}/merchant/*",
    "secretsmanager:secret:${AWS::StackName}/payment/*",
];

/// Compares the permissions of every role with the lists.
pub(crate) fn problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let mut expected: Vec<(String, BTreeSet<String>)> = BEYOND
        .iter()
        .map(|(binary, own)| (format!("{}Role", pascal(binary)), function_grants(binary, own)))
        .collect();
    expected.extend(TIMERS.iter().map(|(role, own)| ((*role).to_owned(), owned(own))));
    for role in template.resources("AWS::IAM::Role").keys() {
        if !expected.iter().any(|(name, _)| name == role) {
            found.push(format!("{role} is a role on no list"));
        }
        if !template.properties(role)["ManagedPolicyArns"].is_null() {
            found.push(format!("{role} takes managed policies; spell its actions out"));
        }
    }
    for kind in
        ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::Serverless::Connector"]
    {
        for name in template.resources(kind).keys() {
            found.push(format!("{name} grants rights beside the roles"));
        }
    }
    for (role, expected) in &expected {
        let (grants, wrong) = grants_of(template, role);
        found.extend(wrong);
        found.extend(expected.difference(&grants).map(|grant| format!("{role} may not {grant}")));
        found.extend(
            grants.difference(expected).map(|grant| format!("{role} may {grant}, which is on no list")),
        );
    }
    found
}

fn owned(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn function_grants(binary: &str, own: &[&str]) -> BTreeSet<String> {
    let mut grants = if binary == TELLS { BTreeSet::new() } else { owned(&EVERY_FUNCTION) };
    grants.extend(owned(own));
    let items = items_of(binary);
    for action in ["GetItem", "PutItem"] {
        grants.insert(format!(
            "dynamodb:{action} on Table when ForAllValues:StringLike dynamodb:LeadingKeys {items}"
        ));
    }
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        grants.insert(format!("{action} on {}LogGroup", pascal(binary)));
    }
    for (_, queue) in crate::flow::CONSUMERS.iter().filter(|(reader, _)| *reader == binary) {
        for action in ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"] {
            grants.insert(format!("sqs:{action} on {queue}"));
        }
    }
    grants
}

/// The items a function may read and write: cases, recipients, what sources succeeded in, what providers said.
fn items_of(binary: &str) -> &'static str {
    match binary {
        TELLS => "c#${Brand}#*",
        // Message providers say nothing of a source's successes.
        "channel-webhook" | "channel-events" => "c#${Brand}#* r#${Brand}#* p#${Brand}",
        // The sweep replays what providers said while the table could not take it.
        "email-sender" | "push-sender" | "sms-fallback" | "whatsapp-sender" | "sweep" => {
            "c#${Brand}#* r#${Brand}#* f#${Brand}#* p#${Brand}"
        }
        _ => "c#${Brand}#* r#${Brand}#* f#${Brand}#*",
    }
}

/// Each permission of a role as one line, and what is wrong with its statements.
fn grants_of(template: &Template, role: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut grants, mut wrong) = (BTreeSet::new(), Vec::new());
    let policies = items(&template.properties(role)["Policies"]);
    for statement in policies.iter().flat_map(|policy| items(&policy["PolicyDocument"]["Statement"])) {
        let branch = &statement["Fn::If"];
        let (statement, only_if) = if branch.is_array() {
            (&branch[1], format!(" if {}", text(&branch[0])))
        } else {
            (statement, String::new())
        };
        if branch.is_array() && branch[2] != json!({"Ref": "AWS::NoValue"}) {
            wrong.push(format!("{role}: a statement has an else; write two statements"));
        }
        if statement["Effect"] != "Allow"
            || !statement["NotAction"].is_null()
            || !statement["NotResource"].is_null()
        {
            wrong.push(format!("{role}: a statement is no plain Allow of actions on resources"));
        }
        let when = conditions(&statement["Condition"]);
        for action in items(&statement["Action"]).into_iter().map(text) {
            for resource in items(&statement["Resource"]).into_iter().map(target) {
                if action.contains('*')
                    || (resource.contains('*') && !WILDCARD_RESOURCES.contains(&resource.as_str()))
                {
                    wrong.push(format!("{role}: {action} on {resource} is a wildcard"));
                }
                grants.insert(format!("{action} on {resource}{when}{only_if}"));
            }
        }
    }
    (grants, wrong)
}

/// A statement's conditions, each as words.
pub(crate) fn conditions(condition: &Value) -> String {
    let one = |(key, values)| {
        let values: Vec<String> = items(values).into_iter().map(target).collect();
        format!("{key} {}", values.join(" "))
    };
    entries(condition)
        .flat_map(|(operator, keys)| entries(keys).map(one).map(move |key| format!(" when {operator} {key}")))
        .collect()
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{assert_refused, properties, statement};

    #[test]
    fn a_permission_too_many_too_few_or_misspelt_is_refused() {
        let misspelt = json!(["dynamodb:GetItem", "dynamodb:PutItems"]);
        let action = statement("PaymentWebhookRole", 0, "Action");
        assert_refused(&action, misspelt.clone(), "may not dynamodb:PutItem on Table");
        assert_refused(&action, misspelt, "may dynamodb:PutItems on Table");
        assert_refused(&action, json!("dynamodb:*"), "dynamodb:* on Table is a wildcard");
        assert_refused(
            &statement("PaymentWebhookRole", 0, "Resource"),
            json!("*"),
            "dynamodb:GetItem on * is a wildcard",
        );
        assert_refused(
            &statement("PaymentWebhookRole", 0, "Condition"),
            Value::Null,
            "may dynamodb:GetItem on Table, which",
        );
        let queues = statement("PaymentWebhookRole", 1, "Resource/0");
        assert_refused(
            &queues,
            json!({"Fn::GetAtt": ["SchedulerQueue", "Arn"]}),
            "may sqs:SendMessage on SchedulerQueue, which",
        );
        assert_refused(
            &statement("PaymentWebhookRole", 3, "Condition"),
            Value::Null,
            "may iam:PassRole on SchedulerRole, which",
        );
        let secret = statement("ChannelWebhookRole", 4, "Resource");
        assert_refused(
            &secret,
            json!({"Fn::GetAtt": ["StripeSecret", "Id"]}),
            "GetSecretValue on StripeSecret, which",
        );
        let carrier = statement("ChannelWebhookRole", 5, "Fn::If/0");
        assert_refused(&carrier, json!("HasPublicUrl"), "on MetaSecret if HasPublicUrl, which");
        assert_refused(&statement("WhatsappSenderRole", 0, "Effect"), json!("Deny"), "is no plain Allow");
        assert_refused(&statement("WhatsappSenderRole", 0, "NotAction"), json!("sqs:*"), "is no plain Allow");
        let managed = json!(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]);
        assert_refused(
            &properties("SweepRole", "ManagedPolicyArns"),
            managed,
            "SweepRole takes managed policies",
        );
        assert_refused("/Resources/Other", json!({"Type": "AWS::IAM::Role"}), "Other is a role on no list");
        assert_refused(
            "/Resources/Other",
            json!({"Type": "AWS::IAM::Policy"}),
            "Other grants rights beside the roles",
        );
        let any_model =
            properties("ChannelWebhookRole", "Policies/0/PolicyDocument/Statement/10/Fn::If/1/Condition");
        assert_refused(
            &any_model,
            Value::Null,
            "may bedrock:InvokeModel on bedrock:*::foundation-model/* if",
        );
        let else_branch = properties("SmsFallbackRole", "Policies/0/PolicyDocument/Statement/6/Fn::If/2");
        assert_refused(&else_branch, json!({"Effect": "Allow"}), "a statement has an else");
    }

    #[test]
    fn letters_of_another_sender_are_refused() {
        let identity =
            properties("EmailSenderRole", "Policies/0/PolicyDocument/Statement/6/Fn::If/1/Resource");
        let every =
            json!({"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"});
        assert_refused(&identity, every, "ses:SendEmail on ses:identity/* is a wildcard");
        let set = properties("EmailSenderRole", "Policies/0/PolicyDocument/Statement/7/Fn::If/0");
        assert_refused(
            &set,
            json!("EmailConfigured"),
            "EmailSenderRole may not ses:SendEmail on ses:configuration-set",
        );
    }

    #[test]
    fn a_key_of_the_table_that_is_no_concern_of_the_role_is_refused() {
        let standing =
            statement("HandoffRole", 1, "Condition/ForAllValues:StringLike/dynamodb:LeadingKeys/0");
        assert_refused(
            &standing,
            json!({"Fn::Sub": "r#${Brand}#*"}),
            "HandoffRole may not dynamodb:GetItem on Table",
        );
        let standing =
            statement("PushSenderRole", 1, "Condition/ForAllValues:StringLike/dynamodb:LeadingKeys/3");
        assert_refused(
            &standing,
            json!({"Fn::Sub": "p#${Brand}*"}),
            "PushSenderRole may dynamodb:GetItem on Table",
        );
    }
}
