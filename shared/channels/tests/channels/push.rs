//! What the tests of push services share, and the account of the shared fixtures of push services and Slack.

use std::collections::BTreeSet;

use recoup_channels::Provider;
use recoup_channels::fcm::Fcm;
use recoup_channels::handoff::{Delivery, slack};
use recoup_channels::onesignal::OneSignal;
use recoup_core::{Address, Channel, Content, Link, Message, Notification, PushToken, Secret};
use serde_json::{Value, json};

use crate::fixtures::{answer, files, json as read, message, outcome, shared};
use crate::handoff::{full, page, slack as slack_hook};

/// The token of the shared request.
pub(crate) const TOKEN: &str = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1";

pub(crate) fn notification(title: &str, body: &str, link: bool) -> Content {
    let link = link.then(|| Link::parse("https://pay.acme.example/u/7f3c").expect("well formed"));
    Content::Notification(Notification { title: title.to_owned(), body: body.to_owned(), link })
}

pub(crate) fn to_app(content: Content) -> Message {
    let to = Address::Push(PushToken::parse(TOKEN).expect("well formed"));
    Message { to, ..message(Channel::Push, content) }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("fit")
}

fn fcm() -> Fcm {
    Fcm::new("https://fcm.googleapis.com", "acme-prod", &secret("ya29.token")).expect("well formed")
}

fn onesignal() -> OneSignal {
    let app = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    OneSignal::new("https://api.onesignal.com", app, &secret("os_v2_app_key")).expect("well formed")
}

fn encoded(provider: &dyn Provider, message: &Message) -> Value {
    let request = provider.encode(message).expect("encodes");
    serde_json::from_slice(request.body()).expect("JSON")
}

/// Leaves out members, each for a reason that stands beside the call.
fn without(mut value: Value, members: &[&str]) -> Value {
    for member in members {
        let (parent, name) = member.rsplit_once('/').expect("a pointer");
        value.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
    }
    value
}

fn fcm_request(theirs: Value) {
    let ours =
        encoded(&fcm(), &to_app(notification("Payment failed", "Update your card to keep Acme Pro", true)));
    // The data is each application's own; each step has its own time to live, so nothing need be collapsed (and
    // Firebase keeps four keys a device); Apple's priority is ours.
    let theirs = without(theirs, &["/message/data", "/message/android/collapseKey"]);
    assert_eq!(without(ours, &["/message/data", "/message/apns"]), theirs);
}

fn onesignal_request(theirs: Value) {
    let mut message = to_app(notification("Payment failed", "Update your card to keep Acme Pro", false));
    message.to = Address::Push(PushToken::parse("buyer_42").expect("well formed"));
    let ours = encoded(&onesignal(), &message);
    // The key is made of the claim's token; title, data, time to live and priority are ours.
    assert_eq!(
        ours["idempotency_key"].as_str().map(str::len),
        theirs["idempotency_key"].as_str().map(str::len)
    );
    let ours = without(ours, &["/idempotency_key", "/headings", "/data", "/ttl", "/priority"]);
    assert_eq!(ours, without(theirs, &["/idempotency_key"]));
}

/// The paths of all texts, an element of a list by the list's.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    let kind = value["type"].as_str().unwrap_or_default();
    for (name, inner) in value.as_object().into_iter().flatten() {
        paths(inner, &format!("{at}/{kind}.{name}"), found);
    }
    for inner in value.as_array().into_iter().flatten() {
        paths(inner, at, found);
    }
    if value.is_string() {
        found.insert(at.to_owned());
    }
}

/// The words are ours: what is compared is that every kind of block and every member is one that we write too.
fn slack_request(theirs: &Value) {
    let request = slack_hook().request(slack::message(&full(), page().as_ref()));
    let ours: Value = serde_json::from_slice(request.body()).expect("JSON");
    let (mut known, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    paths(&ours, "", &mut known);
    paths(theirs, "", &mut wanted);
    assert!(wanted.len() > 10 && wanted.is_subset(&known), "{wanted:?}");
}

fn slack_responses(fixture: &Value) {
    let words = fixture["errors_text_plain"].as_array().expect("list");
    assert!(!words.is_empty());
    for word in words.iter().map(|word| word.as_str().expect("text")) {
        for status in [400, 403, 404, 410] {
            let made = slack::read(&answer(status, word.to_owned()));
            assert_eq!(made, Delivery::Never(word.to_owned()));
        }
    }
    let status = fixture["ok"]["status"].as_u64().and_then(|n| u16::try_from(n).ok()).expect("status");
    let ok = fixture["ok"]["body"].as_str().expect("text").to_owned();
    assert_eq!(slack::read(&answer(status, ok)), Delivery::Done);
    let (name, value) =
        fixture["rate_limited"]["header"].as_str().and_then(|text| text.split_once(": ")).expect("a header");
    let mut limited = answer(429, "");
    let name = http::HeaderName::try_from(name).expect("a name");
    limited.headers_mut().insert(name, value.parse().expect("plain header"));
    let seconds = std::time::Duration::from_secs(value.parse().expect("seconds"));
    assert_eq!(slack::read(&limited), Delivery::Later(Some(seconds)));
}

#[test]
fn every_shared_push_and_slack_fixture_is_accounted_for() {
    let test = "push::every_shared_push_and_slack_fixture_is_accounted_for";
    let Some(folder) = shared(test) else { return };
    let mut seen = 0;
    for (name, path) in ["fcm.", "onesignal.", "slack."].iter().flat_map(|prefix| files(&folder, prefix)) {
        let fixture = read(&path);
        let answered =
            |provider: &dyn Provider, status| outcome(&provider.decode(&answer(status, fixture.to_string())));
        let error = || {
            let status = fixture["error"]["code"].as_u64().and_then(|n| u16::try_from(n).ok());
            answered(&fcm(), status.expect("status"))
        };
        seen += 1;
        match name.as_str() {
            "fcm.send.request" => fcm_request(fixture),
            "fcm.send.response" => {
                let expected = "accepted projects/acme-prod/messages/0:1500415314455276%31bd1c9631bd1c96";
                assert_eq!(answered(&fcm(), 200), expected);
            }
            "fcm.error.bad_request_field" => assert_eq!(error(), "refused INVALID_ARGUMENT: Park, alarm"),
            "fcm.error.invalid_argument_token" => assert_eq!(error(), "refused INVALID_ARGUMENT: FallBack"),
            "fcm.error.quota_exceeded" => assert_eq!(error(), "refused QUOTA_EXCEEDED: Retry(Minutes)"),
            "fcm.error.unavailable" => assert_eq!(error(), "refused UNAVAILABLE: Retry(Seconds)"),
            "fcm.error.unregistered" => assert_eq!(error(), "refused UNREGISTERED: FallBack"),
            "onesignal.create.request" => onesignal_request(fixture),
            "onesignal.create.response_not_sent" => {
                assert_eq!(answered(&onesignal(), 200), "refused not_subscribed: FallBack");
            }
            // "Partial" is for several buyers; of one, an alias that is invalid leaves nobody.
            "onesignal.create.response_partial" => {
                assert_eq!(answered(&onesignal(), 200), "refused invalid_aliases: FallBack");
            }
            "slack.incoming_webhook.request" => slack_request(&fixture),
            "slack.incoming_webhook.responses" => slack_responses(&fixture),
            other => panic!("{other} is not accounted for"),
        }
    }
    assert_eq!(seen, 12, "a shared fixture is gone");
    assert_eq!(without(json!({"a": {"b": 1, "c": 2}}), &["/a/b"]), json!({"a": {"c": 2}}));
}
