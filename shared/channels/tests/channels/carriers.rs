//! Every shared fixture of the carriers: made by our encoders, read by our decoders, or named with the reason why not.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use recoup_channels::aws_sms::{self, AwsSms, SendText, accepted};
use recoup_channels::twilio::Twilio;
use recoup_channels::{Provider, Registered, verify_path_secret};
use recoup_core::{Address, Channel, Content, Message, Name, Phone, Secret, TemplateContent, TextContent};
use serde_json::{Value, json};

use crate::fixtures::{answer, files, json as file, message, outcome, shared, sms_text};
use crate::{aws_sms_events, msg91, rapiwa, twilio_events};

/// How a fixture is accounted for.
enum Account {
    /// Compared here with what our code makes of it.
    Checked(fn(&Value)),
    /// Read by the test named.
    ReadBy(&'static str),
    /// Nothing of ours; with the reason.
    NotOurs(&'static str),
}

use Account::{Checked, NotOurs, ReadBy};

const NOT_A_PROVIDER: &str = "recoup does not speak to it";

const ACCOUNTS: &[(&str, Account)] = &[
    ("aws_sms.error.conflict_opted_out", ReadBy("aws_sms::every_shared_error_has_the_expected_reaction")),
    ("aws_sms.error.spend_limit", ReadBy("aws_sms::every_shared_error_has_the_expected_reaction")),
    ("aws_sms.error.throttling", ReadBy("aws_sms::every_shared_error_has_the_expected_reaction")),
    ("aws_sms.error_codes", ReadBy("aws_sms::f27_the_exception_table_agrees_with_the_shared_one")),
    ("aws_sms.event_text_blocked", Checked(|event| reports(event, "failed TEXT_BLOCKED: FallBack"))),
    (
        "aws_sms.event_text_carrier_unreachable",
        Checked(|event| reports(event, "failed TEXT_CARRIER_UNREACHABLE: FallBack")),
    ),
    ("aws_sms.event_text_delivered", Checked(|event| reports(event, "delivered"))),
    ("aws_sms.event_text_successful", Checked(|event| reports(event, "sent"))),
    ("aws_sms.event_text_ttl_expired", Checked(|event| reports(event, "failed TEXT_TTL_EXPIRED: Drop"))),
    ("aws_sms.send_text.request", Checked(aws_text)),
    ("aws_sms.send_text.response", Checked(aws_accepted)),
    ("aws_sms.send_text_india_dlt.request", Checked(aws_text_to_india)),
    ("aws_sns.publish_sms.request", NotOurs(NOT_A_PROVIDER)),
    ("gupshup.template_send.request", NotOurs(NOT_A_PROVIDER)),
    ("msg91.flow.request", Checked(msg91_flow)),
    (
        "msg91.flow.response",
        Checked(|body| answered(&msg91::msg91(), body, "accepted 5e1e93cad6fc054d8e759a5b")),
    ),
    ("msg91.webhook_v2", Checked(msg91_report)),
    ("rapiwa.seed_blog_send.request", Checked(rapiwa_text)),
    (
        "rapiwa.seed_blog_send.response",
        Checked(|body| answered(&rapiwa::rapiwa(), body, "accepted msg_payment_abc123")),
    ),
    (
        "rapiwa.send_failed.response",
        Checked(|body| answered(&rapiwa::rapiwa(), body, "refused device_not_connected: Hold, alarm")),
    ),
    ("rapiwa.send_image.request", NotOurs("texts and answers have no picture, and there are no templates")),
    ("rapiwa.send_text.request", Checked(rapiwa_text)),
    (
        "rapiwa.send_text.response",
        Checked(|body| answered(&rapiwa::rapiwa(), body, "accepted 3EB0FAC204D805F0E22293")),
    ),
    ("rapiwa.verify_number.request", Checked(rapiwa_verification)),
    ("rapiwa.verify_number.response", Checked(rapiwa_verified)),
    ("sms.gsm7_charset", ReadBy("sms::the_shared_alphabet_is_ours")),
    ("sms.keywords", ReadBy("sms::every_shared_keyword_is_heard_by_text_message")),
    ("sms.quiet_hours", NotOurs("when to send is decided in recoup-core, before a carrier is asked")),
    ("sms.segment_vectors", ReadBy("sms::the_shared_segment_vectors_hold")),
    ("twilio.error.20003_auth", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    ("twilio.error.20429_too_many", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    ("twilio.error.21211_invalid_to", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    ("twilio.error.21610_opted_out", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    ("twilio.error.63016_window", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    ("twilio.error_codes", ReadBy("twilio::f27_the_reaction_table_agrees_with_the_shared_one")),
    (
        "twilio.inbound_stop",
        Checked(|webhook| called(webhook, "+14155552345 out of all at 2026-11-22T10:00:00Z")),
    ),
    ("twilio.signature_vectors", ReadBy("twilio_signature::every_shared_signature_vector_holds_and_breaks")),
    ("twilio.sms_create.request", Checked(twilio_text)),
    ("twilio.sms_create.response", ReadBy("twilio::every_shared_answer_has_the_expected_outcome")),
    (
        "twilio.sms_create_messaging_service.response",
        ReadBy("twilio::every_shared_answer_has_the_expected_outcome"),
    ),
    ("twilio.status_callback_delivered", Checked(|webhook| called(webhook, &status("delivered")))),
    (
        "twilio.status_callback_failed_63016_whatsapp",
        Checked(|webhook| called(webhook, &status("failed 63016: Park, alarm"))),
    ),
    ("twilio.status_callback_sent", Checked(|webhook| called(webhook, &status("sent")))),
    (
        "twilio.status_callback_undelivered_30003",
        Checked(|webhook| called(webhook, &status("failed 30003: Retry(Minutes)"))),
    ),
    (
        "twilio.status_callback_undelivered_30007",
        Checked(|webhook| called(webhook, &status("failed 30007: Park, alarm"))),
    ),
    ("twilio.whatsapp_template_create.request", Checked(twilio_template)),
    (
        "twilio.whatsapp_template_create.response",
        ReadBy("twilio::every_shared_answer_has_the_expected_outcome"),
    ),
];

#[test]
fn every_shared_carrier_fixture_is_accounted_for() {
    let Some(folder) = shared("every_shared_carrier_fixture_is_accounted_for") else { return };
    let carriers = ["aws_sms.", "aws_sns.", "gupshup.", "msg91.", "rapiwa.", "sms.", "twilio."];
    let mut open: BTreeSet<&str> = ACCOUNTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(open.len(), ACCOUNTS.len(), "a fixture is accounted for twice");
    for (name, path) in carriers.iter().flat_map(|prefix| files(&folder, prefix)) {
        let account = ACCOUNTS.iter().find(|(accounted, _)| *accounted == name);
        let (known, account) = account.unwrap_or_else(|| panic!("{name} is not accounted for"));
        open.remove(known);
        match account {
            Checked(check) => check(&file(&path)),
            ReadBy(text) | NotOurs(text) => assert!(!text.is_empty(), "{name}"),
        }
    }
    assert!(open.is_empty(), "no such fixtures: {open:?}");
}

#[test]
fn f36_no_prefix_and_no_changed_byte_of_a_body_makes_a_panic() {
    let secret = Secret::parse("path-secret-of-tests").expect("fit");
    let status =
        r#"{"detail":{"eventType":"TEXT_SPAM","messageId":"a","context":{"recoup":"rcp1/a/b/c/0/sms/t"}}}"#;
    let reply = r#"{"originationNumber":"+16505551234","messageBody":"STOP é","inboundMessageId":"a"}"#;
    let report =
        "data=%5B%7B%22requestId%22%3A%22a%22%2C%22report%22%3A%5B%7B%22status%22%3A%222%22%7D%5D%7D%5D";
    let called = "MessageSid=SM1&MessageStatus=failed&ErrorCode=30003&To=whatsapp%3AUS.1&Body=%F0%9F%91%8D";
    for body in [status, reply, report, called].map(str::as_bytes) {
        let prefixes = (0..body.len()).map(|end| body[..end].to_vec());
        let changed = (0..body.len()).flat_map(|at| {
            [0, b'"', b'%', b'{', 0xff].map(|byte| {
                let mut copy = body.to_vec();
                copy[at] = byte;
                copy
            })
        });
        for bytes in prefixes.chain(changed) {
            let _ = aws_sms::events(&bytes, Timestamp::UNIX_EPOCH);
            let webhook = verify_path_secret(secret.expose(), bytes.into(), std::slice::from_ref(&secret));
            let webhook = webhook.expect("the secret");
            let _ = recoup_channels::msg91::events(&webhook);
            let _ =
                recoup_channels::twilio::events(&webhook, "https://a.example/?c=x", Timestamp::UNIX_EPOCH);
        }
    }
}

fn text<'a>(fixture: &'a Value, name: &str) -> &'a str {
    fixture[name].as_str().unwrap_or_else(|| panic!("{name} is text"))
}

/// A message to a number, which may be written without a plus.
fn to(number: &str, channel: Channel, content: Content) -> Message {
    let phone = Phone::from_wa_id(number.trim_start_matches('+')).expect("a number");
    Message { to: Address::Phone(phone), ..message(channel, content) }
}

fn answered(provider: &dyn Provider, body: &Value, expected: &str) {
    assert_eq!(outcome(&provider.decode(&answer(200, body.to_string()))), expected);
}

/// Encodes a message and reads its form back.
fn form(provider: &dyn Provider, message: &Message) -> serde_json::Map<String, Value> {
    let request = provider.encode(message).expect("encodes");
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    form_urlencoded::parse(request.body()).map(|(name, value)| (name.into_owned(), value.into())).collect()
}

fn posted(provider: &dyn Provider, message: &Message) -> Value {
    let request = provider.encode(message).expect("encodes");
    assert_eq!(request.headers()["content-type"], "application/json");
    serde_json::from_slice(request.body()).expect("a request is JSON")
}

fn twilio(params: &Value) -> Twilio {
    let token = Secret::parse("authtoken").expect("fit");
    let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let sender = text(params, "From").trim_start_matches("whatsapp:");
    let twilio = Twilio::new("https://api.twilio.com", account, &token, sender).expect("well formed");
    twilio.reporting_to(text(params, "StatusCallback")).expect("well formed")
}

/// What we send is the fixture, but for the correlation behind the callback.
fn same_form(mut ours: serde_json::Map<String, Value>, params: &Value) {
    let callback = format!("{}?c=rcp1.main.stripe.in_1.0.", text(params, "StatusCallback"));
    let url = ours.insert("StatusCallback".to_owned(), params["StatusCallback"].clone());
    assert!(url.is_some_and(|url| url.as_str().is_some_and(|url| url.starts_with(&callback))), "{callback}");
    assert_eq!(Value::Object(ours), *params);
}

fn twilio_text(fixture: &Value) {
    let params = &fixture["params"];
    let seconds = text(params, "ValidityPeriod").parse().expect("number");
    let sent = to(text(params, "To"), Channel::Sms, sms_text(text(params, "Body")));
    let sent = Message { ttl: Duration::from_secs(seconds), ..sent };
    same_form(form(&twilio(params), &sent), params);
}

fn twilio_template(fixture: &Value) {
    let mut params = fixture["params"].clone();
    let table = json!({"payment_failed_day0": {"en": text(&params, "ContentSid")}}).to_string();
    let contents = Registered::parse(&table, "contents").expect("well formed");
    let variables: Value = serde_json::from_str(text(&params, "ContentVariables")).expect("JSON in a string");
    let template = TemplateContent {
        name: Name::parse("payment_failed_day0").expect("well formed"),
        language: "en".to_owned(),
        positional: true,
        image: None,
        parameters: ["1", "2"].map(|key| (key.to_owned(), text(&variables, key).to_owned())).into(),
        url_suffix: Some(text(&variables, "3").to_owned()),
        quick_replies: Vec::new(),
        copy_code: None,
    };
    let number = text(&params, "To").trim_start_matches("whatsapp:").to_owned();
    let sent = to(&number, Channel::Whatsapp, Content::Template(template));
    let mut ours = form(&twilio(&params).by_whatsapp(contents).expect("well formed"), &sent);
    let own = ours.insert("ContentVariables".to_owned(), variables.clone()).expect("has variables");
    let own: Value = serde_json::from_str(own.as_str().expect("text")).expect("JSON in a string");
    assert_eq!(own, variables);
    params["ContentVariables"] = variables;
    same_form(ours, &params);
}

fn status(reached: &str) -> String {
    format!("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa [rcp1/main/stripe/in_1/0/sms/tok1] {reached}")
}

fn called(webhook: &Value, expected: &str) {
    let params = webhook["params"].as_object().expect("object");
    let fields: Vec<_> =
        params.iter().map(|(key, value)| (key.as_str(), value.as_str().expect("text"))).collect();
    let url = "https://api.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.0.sms.tok1";
    assert_eq!(twilio_events::read(url, &fields).as_deref(), Ok(expected));
}

/// The fixture's fields, without the context: its key and its value are ours to choose.
fn call(sent: &SendText) -> serde_json::Map<String, Value> {
    let mut call = serde_json::Map::new();
    call.insert("DestinationPhoneNumber".to_owned(), sent.destination.expose().into());
    call.insert("OriginationIdentity".to_owned(), sent.origination_identity.clone().into());
    call.insert("MessageBody".to_owned(), sent.body.clone().into());
    call.insert("MessageType".to_owned(), sent.message_type.as_str().into());
    call.insert("TimeToLive".to_owned(), sent.time_to_live_seconds.into());
    call.extend(
        sent.configuration_set_name.clone().map(|set| ("ConfigurationSetName".to_owned(), set.into())),
    );
    let ids: serde_json::Map<String, Value> = sent
        .destination_country_parameters
        .iter()
        .map(|(key, id)| ((*key).to_owned(), id.clone().into()))
        .collect();
    call.insert("DestinationCountryParameters".to_owned(), ids.into());
    call
}

fn aws_text(fixture: &Value) {
    let sms = AwsSms::new(text(fixture, "OriginationIdentity")).expect("well formed");
    let sms = sms.with_configuration_set(text(fixture, "ConfigurationSetName")).expect("well formed");
    let sent =
        to(text(fixture, "DestinationPhoneNumber"), Channel::Sms, sms_text(text(fixture, "MessageBody")));
    let sent = sms.request(&sent).expect("encodes");
    assert_eq!((sent.context.len(), fixture["Context"].as_object().expect("object").len()), (1, 1));
    let mut ours = call(&sent);
    assert_eq!(ours.remove("DestinationCountryParameters"), Some(json!({})));
    ours.insert("Context".to_owned(), fixture["Context"].clone());
    assert_eq!(Value::Object(ours), *fixture);
}

fn aws_text_to_india(fixture: &Value) {
    let ids = &fixture["DestinationCountryParameters"];
    let table = json!({"payment_failed_first": {"en": text(ids, "IN_TEMPLATE_ID")}}).to_string();
    let templates = Registered::parse(&table, "dlt_templates").expect("well formed");
    let sms = AwsSms::new(text(fixture, "OriginationIdentity")).expect("well formed");
    let sms = sms.registered_in_india(text(ids, "IN_ENTITY_ID"), templates).expect("well formed");
    let sent =
        to(text(fixture, "DestinationPhoneNumber"), Channel::Sms, sms_text(text(fixture, "MessageBody")));
    let mut ours = call(&sms.request(&sent).expect("encodes"));
    assert_eq!(ours.remove("TimeToLive"), Some(json!(14_400)));
    assert_eq!(Value::Object(ours), *fixture);
}

fn aws_accepted(fixture: &Value) {
    let id = text(fixture, "MessageId");
    assert_eq!(outcome(&accepted(Some(id))), format!("accepted {id}"));
}

/// The fixtures carry a context of others, so the status is nobody's.
fn reports(event: &Value, expected: &str) {
    let expected = format!("{} [foreign] {expected}", text(event, "messageId"));
    assert_eq!(aws_sms_events::read(event), Ok(expected));
}

/// Ours is the fixture with a reference, which comes back in reports.
fn msg91_flow(fixture: &Value) {
    let recipient = &fixture["recipients"][0];
    let values = ["VAR1", "VAR2", "VAR3"].map(|name| (name, text(recipient, name)));
    let sent = to(text(recipient, "mobiles"), Channel::Sms, msg91::text(&values));
    let mut ours = posted(&msg91::msg91(), &sent);
    let reference = ours.as_object_mut().expect("object").remove("CRQID");
    assert_eq!(reference, Some(json!("rcp1.main.stripe.in_1.0.sms.tok1")));
    assert_eq!(ours, *fixture);
}

fn msg91_report(fixture: &Value) {
    let events = msg91::read(text(&fixture["params"], "data")).expect("a report");
    assert_eq!(events, ["346XXXXXXXXXXXX130 [foreign] delivered"]);
}

/// The older shape had no `message_type`; one fixture's number is masked.
fn rapiwa_text(fixture: &Value) {
    let number = text(fixture, "number").replace('X', "0");
    let content = Content::Text(TextContent {
        body: text(fixture, "message").to_owned(),
        template: Name::parse("payment_failed_first").expect("well formed"),
        language: "en".to_owned(),
        parameters: Vec::new(),
    });
    let ours = posted(&rapiwa::rapiwa(), &to(&number, Channel::Whatsapp, content));
    assert_eq!(ours, json!({"number": number, "message_type": "text", "message": fixture["message"]}));
    assert!(matches!(fixture["message_type"].as_str(), None | Some("text")));
}

fn rapiwa_verification(fixture: &Value) {
    let phone = Phone::from_wa_id(text(fixture, "number")).expect("a number");
    let request = rapiwa::rapiwa().verify_number(&phone);
    assert_eq!(serde_json::from_slice::<Value>(request.body()).expect("JSON"), *fixture);
}

fn rapiwa_verified(fixture: &Value) {
    let told = recoup_channels::rapiwa::is_on_whatsapp(&answer(200, fixture.to_string()));
    assert_eq!(told, fixture["data"]["exists"].as_bool());
}
