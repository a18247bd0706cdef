//! What AWS says of messages: there only where AWS carries some, published by AWS alone, and all that the code acts on.

use std::collections::BTreeSet;

use jiff::Timestamp;
use recoup_channels::aws_sms;
use recoup_core::ChannelEvent;
use serde_json::json;

use crate::model::{Template, items, target, text};
use crate::permissions::conditions;

/// What the way in is made of.
const PARTS: [&str; 10] = [
    "ChannelEventsAgeAlarm",
    "ChannelEventsErrorsAlarm",
    "ChannelEventsFunction",
    "ChannelEventsLogGroup",
    "ChannelEventsQueue",
    "ChannelEventsQueuePolicy",
    "ChannelEventsRole",
    "ChannelEventsSubscription",
    "ChannelEventsTopic",
    "ChannelEventsTopicPolicy",
];

/// Every type of event that AWS has for text messages, in its own order.
const TEXT_EVENTS: [&str; 15] = [
    "TEXT_SENT",
    "TEXT_PENDING",
    "TEXT_QUEUED",
    "TEXT_SUCCESSFUL",
    "TEXT_DELIVERED",
    "TEXT_INVALID",
    "TEXT_INVALID_MESSAGE",
    "TEXT_UNREACHABLE",
    "TEXT_CARRIER_UNREACHABLE",
    "TEXT_BLOCKED",
    "TEXT_CARRIER_BLOCKED",
    "TEXT_SPAM",
    "TEXT_UNKNOWN",
    "TEXT_TTL_EXPIRED",
    "TEXT_PROTECT_BLOCKED",
];

/// Compares the topic, its one subscriber and what AWS is asked to publish with what the function reads.
pub(crate) fn problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for name in PARTS {
        if template.0["Resources"][name]["Condition"] != "HeardFromAws" {
            found.push(format!("{name} is there also where AWS carries nothing"));
        }
    }
    for output in ["ChannelEventsQueueUrl", "ChannelEventsTopicArn"] {
        if template.0["Outputs"][output]["Condition"] != "HeardFromAws" {
            found.push(format!("the output {output} is there also where AWS carries nothing"));
        }
    }
    let topics: Vec<&str> = template.resources("AWS::SNS::Topic").into_keys().collect();
    if topics != ["ChannelEventsTopic"] {
        found.push(format!("the topics are {topics:?}; one, called ChannelEventsTopic, is expected"));
    }
    found.extend(publisher_problems(template));
    let subscription = template.properties("ChannelEventsSubscription");
    let place = (target(&subscription["TopicArn"]), target(&subscription["Endpoint"]));
    if place != ("ChannelEventsTopic".to_owned(), "ChannelEventsQueue".to_owned())
        || subscription["Protocol"] != "sqs"
        || subscription["RawMessageDelivery"] != true
    {
        found.push(format!(
            "ChannelEventsSubscription does not put bare messages into the queue: {subscription}"
        ));
    }
    found.extend(configuration_set_problems(template));
    found
}

fn publisher_problems(template: &Template) -> Vec<String> {
    let policy = template.properties("ChannelEventsTopicPolicy");
    let statements: Vec<String> = items(&policy["PolicyDocument"]["Statement"])
        .into_iter()
        .map(|statement| {
            let (effect, action) = (text(&statement["Effect"]), text(&statement["Action"]));
            let (principal, resource) = (&statement["Principal"], target(&statement["Resource"]));
            format!("{effect} {principal} {action} on {resource}{}", conditions(&statement["Condition"]))
        })
        .collect();
    let services = json!({
        "Service": ["ses.amazonaws.com", "sms-voice.amazonaws.com", "social-messaging.amazonaws.com"]
    });
    let expected = [
        "Deny \"*\" sns:Publish on ChannelEventsTopic when Bool aws:SecureTransport false".to_owned(),
        format!(
            "Allow {services} sns:Publish on ChannelEventsTopic when StringEquals aws:SourceAccount AWS::AccountId"
        ),
    ];
    if statements != expected || policy["Topics"] != json!([{"Ref": "ChannelEventsTopic"}]) {
        return vec![format!("ChannelEventsTopicPolicy says {statements:?}, not {expected:?}")];
    }
    Vec::new()
}

fn configuration_set_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    if template.0["Resources"]["SmsConfigurationSet"]["Condition"] != "SmsByAws" {
        found.push("SmsConfigurationSet is there without text messages by AWS".to_owned());
    }
    let destination = &template.properties("SmsConfigurationSet")["EventDestinations"][0];
    if target(&destination["SnsDestination"]["TopicArn"]) != "ChannelEventsTopic"
        || destination["Enabled"] != true
    {
        found.push(format!("SmsConfigurationSet does not publish to ChannelEventsTopic: {destination}"));
    }
    let asked: BTreeSet<&str> = items(&destination["MatchingEventTypes"]).into_iter().map(text).collect();
    let acted_on: BTreeSet<&str> = TEXT_EVENTS.into_iter().filter(|kind| changes_something(kind)).collect();
    for kind in asked.symmetric_difference(&acted_on) {
        found.push(format!("SmsConfigurationSet and the code differ about {kind}"));
    }
    found
}

/// Whether the code does anything about an event but count it.
fn changes_something(kind: &str) -> bool {
    let event = json!({"eventType": kind, "isFinal": true, "messageId": "1"}).to_string();
    let read = aws_sms::events(event.as_bytes(), Timestamp::UNIX_EPOCH).expect("an event");
    read.iter().any(|event| matches!(event, ChannelEvent::Status { .. }))
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{assert_refused, properties};

    #[test]
    fn a_way_in_where_aws_carries_nothing_is_refused() {
        for name in super::PARTS {
            let words = format!("{name} is there also where AWS carries nothing");
            assert_refused(&format!("/Resources/{name}/Condition"), Value::Null, &words);
        }
        assert_refused(
            "/Outputs/ChannelEventsTopicArn/Condition",
            Value::Null,
            "the output ChannelEventsTopicArn is there",
        );
        assert_refused(
            "/Resources/SmsConfigurationSet/Condition",
            Value::Null,
            "SmsConfigurationSet is there without text messages by AWS",
        );
    }

    #[test]
    fn a_topic_that_others_may_publish_to_is_refused() {
        let policy =
            |index| properties("ChannelEventsTopicPolicy", &format!("PolicyDocument/Statement/{index}"));
        assert_refused(&policy("0"), Value::Null, "ChannelEventsTopicPolicy says");
        assert_refused(&policy("1/Principal"), json!("*"), "ChannelEventsTopicPolicy says");
        assert_refused(&policy("1/Condition"), Value::Null, "ChannelEventsTopicPolicy says");
        assert_refused("/Resources/Second", json!({"Type": "AWS::SNS::Topic"}), "the topics are");
    }

    #[test]
    fn events_that_go_elsewhere_or_wrapped_or_not_at_all_are_refused() {
        let subscription = |rest| properties("ChannelEventsSubscription", rest);
        let words = "ChannelEventsSubscription does not put bare messages";
        assert_refused(&subscription("RawMessageDelivery"), Value::Null, words);
        assert_refused(&subscription("Endpoint"), json!({"Fn::GetAtt": ["SpillQueue", "Arn"]}), words);
        let destination = |rest| properties("SmsConfigurationSet", &format!("EventDestinations/0/{rest}"));
        assert_refused(
            &destination("SnsDestination/TopicArn"),
            json!({"Ref": "AlarmTopicArn"}),
            "does not publish to ChannelEventsTopic",
        );
        assert_refused(&destination("Enabled"), json!(false), "does not publish to ChannelEventsTopic");
        assert_refused(
            &destination("MatchingEventTypes/1"),
            json!("TEXT_QUEUED"),
            "SmsConfigurationSet and the code differ about TEXT_DELIVERED",
        );
    }
}
