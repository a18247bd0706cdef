//! Hand-offs to Slack and to the merchant's own systems.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::expect_file;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use recoup_channels::MalformedSetting;
use recoup_channels::handoff::Delivery;
use recoup_channels::handoff::slack::{self, Slack};
use recoup_channels::handoff::webhook::{self, Notice, Webhook};
use recoup_core::{
    CaseId, Channel, Consent, Currency, Ended, HandOff, Intent, Link, Money, Name, Outcome, PersonName,
    Secret, SendState, State, Tried, Words,
};
use serde_json::Value;

use crate::fixtures::answer;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + second).expect("in range")
}

fn tried(second: i64, channel: Channel, state: SendState) -> Tried {
    let template = Name::parse("payment_failed_first").expect("well formed");
    Tried { at: at(second), channel, template, state }
}

/// A hand-off in which everything is known.
pub(crate) fn full() -> HandOff {
    HandOff {
        id: "ho_0001".to_owned(),
        at: at(0),
        intent: Intent::PaidAlready,
        said: Words::of("I already paid this & more <!channel>\nhttps://evil.example"),
        case: Some(CaseId::parse("main/stripe/in_1").expect("well formed")),
        state: Some(State::Open),
        name: PersonName::clean("Ana & Co"),
        phone: "+1•••••••23".to_owned(),
        owed: Some(Money { minor: 4900, currency: Currency::parse("USD").expect("known") }),
        number: PersonName::clean("INV-1001"),
        pay_link: Some(Link::parse("https://pay.acme.example/u/7f3c?a=1&b=2").expect("well formed")),
        tried: vec![
            tried(-200_000, Channel::Whatsapp, SendState::Read),
            tried(-100_000, Channel::Sms, SendState::Unknown),
        ],
        consent: Consent {
            opted_out: None,
            opted_out_marketing: Some(at(-300_000)),
            opted_out_sms: Some(at(-50)),
            marketing: None,
        },
        frozen_until: Some(at(604_800)),
    }
}

/// One in which nothing is known but a number.
pub(crate) fn bare() -> HandOff {
    HandOff {
        id: "ho_0002".to_owned(),
        at: at(0),
        intent: Intent::Unknown,
        said: Words::default(),
        case: None,
        state: None,
        name: None,
        phone: "+44•••••••58".to_owned(),
        owed: None,
        number: None,
        pay_link: None,
        tried: Vec::new(),
        consent: Consent::default(),
        frozen_until: None,
    }
}

pub(crate) fn ended(state: State, round: u16) -> Ended {
    let case = CaseId::parse("main/stripe/in_1").expect("well formed");
    let owed = Some(Money { minor: 1500, currency: Currency::parse("JPY").expect("known") });
    Ended { case, round, state, at: at(0), owed, sent: 2 }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("fit")
}

pub(crate) fn slack() -> Slack {
    let hook = secret("https://hooks.slack.com/services/T0/B0/XXXX");
    Slack::new(&hook).expect("well formed")
}

pub(crate) fn page() -> Option<Link> {
    Link::parse("https://ops.acme.example/cases/").ok()
}

/// Writes a request and its JSON over several lines.
fn shown(request: &http::Request<bytes::Bytes>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        writeln!(text, "{name}: {}", value.to_str().expect("plain header")).expect("a string takes all");
    }
    let body: Value = serde_json::from_slice(request.body()).expect("JSON");
    format!("{text}\n{}\n", serde_json::to_string_pretty(&body).expect("JSON"))
}

fn posted(handoff: &HandOff) -> Value {
    serde_json::from_slice(&slack::message(handoff, page().as_ref())).expect("JSON")
}

#[test]
fn o56_a_hand_off_becomes_the_golden_message() {
    let request = slack().request(slack::message(&full(), page().as_ref()));
    expect_file!["../../fixtures/handoff/slack.full.golden"].assert_eq(&shown(&request));
    let request = slack().request(slack::message(&bare(), None));
    expect_file!["../../fixtures/handoff/slack.bare.golden"].assert_eq(&shown(&request));
}

#[test]
fn o56_who_owed_tried_said_consent_and_links_all_reach_slack() {
    let text = posted(&full()).to_string();
    for part in [
        "Ana &amp; Co",
        "+1•••••••23",
        "49.00 USD",
        "INV-1001",
        "payment_failed_first",
        "whatsapp",
        "unknown",
        "I already paid this",
        "No marketing since",
        "https://pay.acme.example/u/7f3c?a=1&b=2",
        "https://ops.acme.example/cases/main/stripe/in_1",
        "recoup case show main/stripe/in_1",
        "ho_0001",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

/// Every text of a message by its place, with the limit of that place (messaging-providers.md section 9).
fn texts(message: &Value) -> Vec<(String, usize)> {
    let blocks = message["blocks"].as_array().expect("list");
    assert!((1..=50).contains(&blocks.len()));
    let text = |value: &Value| value["text"].as_str().expect("text").to_owned();
    let mut found = vec![(message["text"].as_str().expect("text").to_owned(), 40_000)];
    for block in blocks {
        match block["type"].as_str().expect("text") {
            "header" => found.push((text(&block["text"]), 150)),
            "section" if block["fields"].is_null() => found.push((text(&block["text"]), 3000)),
            "section" => {
                let fields = block["fields"].as_array().expect("list");
                assert!((1..=10).contains(&fields.len()));
                found.extend(fields.iter().map(|field| (text(field), 2000)));
            }
            "context" => found.push((text(&block["elements"][0]), 2000)),
            "actions" => {
                let buttons = block["elements"].as_array().expect("list");
                assert!((1..=25).contains(&buttons.len()));
                for button in buttons {
                    found.push((text(&button["text"]), 75));
                    found.push((button["url"].as_str().expect("text").to_owned(), 3000));
                }
            }
            other => panic!("{other} is not known"),
        }
    }
    found
}

#[test]
fn no_hand_off_is_longer_than_slack_takes() {
    let id = "i".repeat(5000);
    for said in ["&".repeat(1000), "\n&".repeat(500), "🎉".repeat(1000), "x ".repeat(500), String::new()] {
        for sends in [0, 1, 30, 45, 400] {
            let tried = (0..sends).map(|n| tried(n, Channel::Whatsapp, SendState::Delivered)).collect();
            let handoff = HandOff { said: Words::of(&said), tried, id: id.clone(), ..full() };
            let message = posted(&handoff);
            for (text, limit) in texts(&message) {
                assert!(text.encode_utf16().count() <= limit, "{} > {limit}: {text}", text.len());
                assert!(!text.is_empty());
            }
            let text = message.to_string();
            assert!(!text.contains("<!channel>"));
            // The newest message always stays, and what is left out is counted.
            if let Some(last) = handoff.tried.last() {
                let time = last.at.strftime("%Y-%m-%d %H:%M UTC").to_string();
                assert!(text.contains(&time), "{sends}");
            }
            let shown = text.matches("payment_failed_first").count();
            let left_out = handoff.tried.len() - shown;
            assert_eq!(left_out > 0, text.contains(&format!("• {left_out} earlier")), "{sends}");
        }
    }
}

#[test]
fn f37_words_of_a_buyer_call_nobody_and_become_no_link() {
    let said = Words::of("<!here> <https://evil.example|Pay here> *bold* @channel");
    let message = posted(&HandOff { said, ..full() });
    let quoted = message["blocks"]
        .as_array()
        .expect("list")
        .iter()
        .find(|block| block["text"]["text"].as_str().is_some_and(|text| text.starts_with("*They said*")));
    let quoted = &quoted.expect("a section")["text"];
    assert_eq!(
        quoted["text"],
        "*They said*\n&gt; &lt;!here&gt; &lt;https://evil.example|Pay here&gt; *bold* @channel"
    );
    assert_eq!(quoted["verbatim"], true, "Slack looks for no links and no names");
}

#[test]
fn i11_a_number_that_was_not_masked_reaches_nobody_and_urls_stay_hidden() {
    let handoff = HandOff { phone: "+14155550123".to_owned(), ..full() };
    let body = Notice::opened(&handoff).body;
    let body = std::str::from_utf8(&body).expect("text");
    for text in [posted(&handoff).to_string(), body.to_owned()] {
        assert!(!text.contains("4155550"), "{text}");
        assert!(text.contains("hidden"), "{text}");
    }
    let webhook = Webhook::new(&secret("https://n8n.acme.example/webhook/s3cret?t=x")).expect("well formed");
    let shown = format!("{:?} {webhook:?} {:?}", slack(), Notice::opened(&full()));
    for seeded in ["XXXX", "s3cret", "Ana", "paid"] {
        assert!(!shown.contains(seeded), "{shown}");
    }
}

#[test]
fn f31_malformed_settings_are_refused_at_start() {
    for hook in ["http://hooks.slack.com/services/T0", "hooks.slack.com", "https://u@hooks.slack.com/x"] {
        let expected = MalformedSetting { setting: "webhook_url" };
        assert_eq!(Slack::new(&secret(hook)).map(|_| ()), Err(expected), "{hook}");
        assert_eq!(Webhook::new(&secret(hook)).map(|_| ()), Err(expected), "{hook}");
    }
}

#[test]
fn slack_s_own_words_end_a_delivery_and_nothing_else_does() {
    let never = |word: &str| Delivery::Never(word.to_owned());
    for (status, body, expected) in [
        (200, "ok", Delivery::Done),
        (200, " ok\n", Delivery::Done),
        (200, "<html>", Delivery::Later(None)),
        (200, "", Delivery::Later(None)),
        (500, "ok", Delivery::Later(None)),
        (400, "invalid_payload", never("invalid_payload")),
        (404, "no_service", never("no_service")),
        (403, "action_prohibited", never("action_prohibited")),
        (404, "something_new", Delivery::Later(None)),
        (404, "<html>Not Found</html>", Delivery::Later(None)),
        (429, "no_service", Delivery::Later(None)),
        (500, "rollup_error", Delivery::Later(None)),
        (502, "\u{0}", Delivery::Later(None)),
    ] {
        assert_eq!(slack::read(&answer(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn a_receiver_of_notices_takes_them_ends_them_or_is_asked_again() {
    for (status, expected) in [
        (200, Delivery::Done),
        (204, Delivery::Done),
        (301, Delivery::Later(None)),
        (400, Delivery::Later(None)),
        (401, Delivery::Later(None)),
        (410, Delivery::Never("http_410".to_owned())),
        (500, Delivery::Later(None)),
    ] {
        assert_eq!(webhook::read(&answer(status, "")), expected, "{status}");
    }
    let mut busy = answer(503, "");
    busy.headers_mut().insert("retry-after", HeaderValue::from_static("120"));
    assert_eq!(webhook::read(&busy), Delivery::Later(Some(Duration::from_mins(2))));
}

#[test]
fn o56_a_hand_off_and_r20_an_end_become_the_golden_requests() {
    let webhook = Webhook::new(&secret("https://crm.acme.example/hook?t=1")).expect("well formed");
    for (notice, golden) in [
        (Notice::opened(&full()), expect_file!["../../fixtures/handoff/opened.full.golden"]),
        (Notice::opened(&bare()), expect_file!["../../fixtures/handoff/opened.bare.golden"]),
        (
            Notice::ended(&ended(State::Closed(Outcome::Recovered), 0)),
            expect_file!["../../fixtures/handoff/ended.golden"],
        ),
    ] {
        let id = HeaderValue::try_from(notice.id.as_str()).expect("plain header");
        let signature = HeaderMap::from_iter([(HeaderName::from_static("webhook-id"), id)]);
        golden.assert_eq(&shown(&webhook.request(&notice, signature)));
    }
}

#[test]
fn r20_the_same_end_has_the_same_id_and_every_other_another() {
    let of = |state, round| Notice::ended(&ended(state, round)).id;
    let recovered = State::Closed(Outcome::Recovered);
    let later = Ended { at: at(5), sent: 3, ..ended(recovered, 0) };
    assert_eq!(Notice::ended(&later).id, of(recovered, 0), "told again with what is known since");
    let ids = [of(recovered, 0), of(recovered, 1), of(State::Disputed, 0)];
    assert!(ids.iter().enumerate().all(|(n, id)| !ids[n + 1..].contains(id)), "{ids:?}");
}
