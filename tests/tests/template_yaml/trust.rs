//! Who may take a role, and who may use a queue by the queue's own policy.

use serde_json::json;

use crate::model::{Template, items, target, text};
use crate::permissions::conditions;

/// Checks that only AWS's own service takes a role, and the scheduler only for timers of this stack.
pub(crate) fn trust_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (role, resource) in template.resources("AWS::IAM::Role") {
        let (service, when) = match role {
            "SchedulerRole" => (
                "scheduler.amazonaws.com",
                " when StringEquals aws:SourceAccount AWS::AccountId when StringEquals aws:SourceArn ScheduleGroup",
            ),
            "SweepTimerRole" => (
                "scheduler.amazonaws.com",
                " when StringEquals aws:SourceAccount AWS::AccountId \
                 when StringEquals aws:SourceArn scheduler:schedule-group/default",
            ),
            _ => ("lambda.amazonaws.com", ""),
        };
        let statements = items(&resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]);
        let trust: Vec<String> = statements
            .iter()
            .map(|statement| {
                let (action, principal) = (text(&statement["Action"]), &statement["Principal"]);
                format!("{action} by {principal}{}", conditions(&statement["Condition"]))
            })
            .collect();
        let expected = format!("sts:AssumeRole by {}{when}", json!({"Service": service}));
        if trust != [expected.clone()] {
            found.push(format!("{role} trusts {trust:?}, not {expected}"));
        }
    }
    found
}

/// Checks that every queue refuses plain HTTP, and that by a queue's own policy only the scheduler's dead letters come,
/// and what our own topic was told.
pub(crate) fn queue_policy_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for queue in template.resources("AWS::SQS::Queue").into_keys() {
        let policy = template.properties(&format!("{queue}Policy"));
        if policy["Queues"] != json!([{"Ref": queue}]) {
            found.push(format!("{queue} has no policy called {queue}Policy"));
        }
        let statements: Vec<String> = items(&policy["PolicyDocument"]["Statement"])
            .into_iter()
            .map(|statement| {
                let (effect, action) = (text(&statement["Effect"]), text(&statement["Action"]));
                let (principal, resource) = (&statement["Principal"], target(&statement["Resource"]));
                format!("{effect} {principal} {action} on {resource}{}", conditions(&statement["Condition"]))
            })
            .collect();
        let mut expected = vec![format!("Deny \"*\" sqs:* on {queue} when Bool aws:SecureTransport false")];
        if queue == "ParkedQueue" {
            expected.push(format!(
                "Allow {} sqs:SendMessage on {queue} when ArnLike aws:SourceArn ScheduleGroup \
                 scheduler:schedule/${{ScheduleGroup}}/* when StringEquals aws:SourceAccount AWS::AccountId",
                json!({"Service": "scheduler.amazonaws.com"})
            ));
        }
        if queue == "ChannelEventsQueue" {
            expected.push(format!(
                "Allow {} sqs:SendMessage on {queue} when ArnEquals aws:SourceArn ChannelEventsTopic",
                json!({"Service": "sns.amazonaws.com"})
            ));
        }
        if statements != expected {
            found.push(format!("{queue}Policy says {statements:?}, not {expected:?}"));
        }
    }
    found
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{assert_refused, properties, statement};

    #[test]
    fn a_timer_with_another_role_or_target_is_refused() {
        let queue = statement("SchedulerRole", 0, "Resource");
        assert_refused(
            &queue,
            json!({"Fn::GetAtt": ["SmsQueue", "Arn"]}),
            "SchedulerRole may not sqs:SendMessage on Whatsapp",
        );
        let trust = properties("SchedulerRole", "AssumeRolePolicyDocument/Statement/0");
        assert_refused(
            &format!("{trust}/Principal/Service"),
            json!("events.amazonaws.com"),
            "SchedulerRole trusts",
        );
        assert_refused(&format!("{trust}/Condition"), Value::Null, "SchedulerRole trusts");
        assert_refused(
            &format!("{trust}/Condition/StringEquals/aws:SourceArn"),
            Value::Null,
            "SchedulerRole trusts",
        );
        let lambda = properties("SweepRole", "AssumeRolePolicyDocument/Statement/0/Principal");
        assert_refused(&lambda, json!("*"), "SweepRole trusts");
        assert_refused(&properties("ScheduleGroup", "Name"), Value::Null, "ScheduleGroup is called");
    }

    #[test]
    fn a_queue_open_to_plain_http_or_to_others_is_refused() {
        let policy = |queue, index| properties(queue, &format!("PolicyDocument/Statement/{index}"));
        assert_refused(&policy("SmsQueuePolicy", 0), Value::Null, "SmsQueuePolicy says");
        assert_refused(
            &format!("{}/Effect", policy("SmsQueuePolicy", 0)),
            json!("Allow"),
            "SmsQueuePolicy says",
        );
        assert_refused(&policy("ParkedQueuePolicy", 1), Value::Null, "ParkedQueuePolicy says");
        assert_refused(
            &format!("{}/Condition", policy("ParkedQueuePolicy", 1)),
            Value::Null,
            "ParkedQueuePolicy says",
        );
        let topic = policy("ChannelEventsQueuePolicy", 1);
        assert_refused(&format!("{topic}/Condition"), Value::Null, "ChannelEventsQueuePolicy says");
        assert_refused("/Resources/SpillQueuePolicy", Value::Null, "SpillQueue has no policy");
    }
}
