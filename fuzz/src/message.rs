//! Messages on their way to a provider. Input: a text, a parameter, a link suffix, a payload, a line each. In the text a
//! form feed stands for a line break.

use std::time::Duration;

use recoup_channels::aws_sms::AwsSms;
use recoup_channels::meta::Meta;
use recoup_channels::twilio::Twilio;
use recoup_channels::{Provider, sms};
use recoup_core::{
    Address, Category, Channel, Content, Correlation, Message, Name, Phone, StepIndex, TemplateContent,
    TextContent, Token,
};
use serde_json::Value;

use crate::input::{Lines, secret};
use crate::shown::{MARK, assert_silent};

const PHONE: &str = "+442079460958";

/// What a provider is asked is whole, in its bounds and for this buyer; what it would refuse never leaves.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (text, parameter) = (input.line().into_owned(), input.line().into_owned());
    let (suffix, payload) = (input.line().into_owned(), input.line().into_owned());
    check_text(&text.replace('\u{c}', "\n"));
    check_template(&TemplateContent {
        name: Name::parse("notice").expect("well formed"),
        language: "en".to_owned(),
        positional: false,
        image: None,
        copy_code: None,
        parameters: vec![("name".to_owned(), parameter)],
        url_suffix: Some(suffix),
        quick_replies: vec![payload],
    });
}

fn message(content: Content) -> Message {
    let channel = match content {
        Content::Template(_) | Content::Answer(_) => Channel::Whatsapp,
        Content::Text(_) => Channel::Sms,
        Content::Notification(_) => Channel::Push,
        Content::Letter(_) => Channel::Email,
    };
    let case = recoup_core::CaseId::parse("main/stripe/in_1").expect("well formed");
    let token = Token::parse("t").expect("well formed");
    Message {
        to: Address::Phone(Phone::parse(PHONE).expect("well formed")),
        correlation: Correlation { case, step: StepIndex(0), channel, token },
        category: Category::Utility,
        ttl: Duration::from_hours(1),
        content,
    }
}

fn check_text(text: &str) {
    let size = sms::measure(text);
    assert!(size.parts >= 1 && size.units >= text.chars().count(), "{size:?}");
    let plain = sms::plain(text);
    assert!(sms::measure(&plain).parts <= size.parts.max(1) * 3, "plain writing made a text long");
    assert_eq!(sms::plain(&plain), plain, "plain writing settles");

    let template = Name::parse("notice").expect("well formed");
    let (body, language) = (text.to_owned(), "en".to_owned());
    let message = message(Content::Text(TextContent { body, template, language, parameters: Vec::new() }));
    let aws = AwsSms::new("ACME").expect("fit settings").request(&message);
    let sid = format!("AC{}", "0".repeat(32));
    let twilio = Twilio::new("https://twilio.example", &sid, &secret(MARK), "ACME").expect("fit settings");
    let request = twilio.encode(&message);
    assert_eq!(aws.is_ok(), request.is_ok(), "one provider takes what the other refuses");
    let (aws, request) = match (aws, request) {
        (Ok(aws), Ok(request)) => (aws, request),
        (Err(error), _) | (_, Err(error)) => return assert_silent(&error),
    };
    assert!(sms::measure(&aws.body).parts <= sms::MAX_PARTS, "more parts than are paid for");
    assert!(!aws.body.trim().is_empty(), "an empty text");
    assert!(!aws.body.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')), "a control");
    assert_eq!(aws.destination.expose(), PHONE);
    assert!(!format!("{aws:?}").contains(MARK), "a text shows");
    assert!(!format!("{:?}", request.headers()).contains(MARK), "a token shows");

    let form: Vec<_> = String::from_utf8_lossy(request.body()).split('&').map(str::to_owned).collect();
    let fields: Vec<_> = form.iter().filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
    assert_eq!(fields, ["To", "From", "Body", "ValidityPeriod"], "a text made a field of its own");
    assert_eq!(form[0], format!("To=%2B{}", &PHONE[1..]));
}

fn check_template(content: &TemplateContent) {
    let meta = Meta::new("https://graph.example", "v26.0", "1", &secret(MARK)).expect("fit settings");
    let request = match meta.encode(&message(Content::Template(content.clone()))) {
        Ok(request) => request,
        Err(error) => return assert_silent(&error),
    };
    assert!(!format!("{:?}", request.headers()).contains(MARK), "a token shows");
    let body: Value = serde_json::from_slice(request.body()).expect("a request is JSON");
    assert_eq!((&body["to"], &body["type"]), (&Value::from(PHONE), &Value::from("template")));
    let components = body["template"]["components"].as_array().expect("a template has components");
    let text = components[0]["parameters"][0]["text"].as_str().expect("a parameter is a text");
    assert_eq!(text, content.parameters[0].1, "another text than was rendered");
    assert!(!text.contains(char::is_control) && (1..=1024).contains(&text.chars().count()), "{text:?}");
    let suffix = components[1]["parameters"][0]["text"].as_str().expect("a link is a text");
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
    assert!((1..=2000).contains(&suffix.len()) && suffix.bytes().all(plain), "{suffix:?} in an address");
    assert_eq!(components.len(), 3, "a body, a link and one reply");
}
