//! What leaves for Meta.

use expect_test::expect_file;
use recoup_channels::meta::{Meta, ProductPolicy};
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{
    Address, AnswerContent, Brand, CaseId, Category, Channel, Content, Correlation, Email, Letter, Link,
    Message, Notification, Obligation, Phone, PushToken, QuickReply, Secret, Source, StepIndex,
    TemplateContent, Token, WhatsappUser,
};
use serde_json::Value;

use crate::fixtures::{message, shown, sms_text, template};

fn meta() -> Meta {
    let token = Secret::parse("EAABtoken").expect("fit");
    Meta::new("https://graph.facebook.com", "v26.0", "106540352242922", &token).expect("well formed")
}

fn reply(payload: &str, label: &str) -> QuickReply {
    QuickReply { payload: payload.to_owned(), label: label.to_owned() }
}

fn encode(template: TemplateContent) -> Result<http::Request<bytes::Bytes>, EncodeError> {
    meta().encode(&message(Channel::Whatsapp, Content::Template(template)))
}

#[test]
fn o30_a_template_with_all_its_parts_becomes_the_golden_request() {
    let request = encode(template()).expect("encodes");
    expect_file!["../../fixtures/meta/full.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn a_template_without_variables_or_url_becomes_the_golden_request() {
    let bare = TemplateContent { parameters: vec![], url_suffix: None, ..template() };
    let request = encode(bare).expect("encodes");
    expect_file!["../../fixtures/meta/bare.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn f37_a_value_that_meta_would_refuse_never_leaves() {
    let spoiled = |spoil: fn(&mut TemplateContent)| {
        let mut content = template();
        spoil(&mut content);
        encode(content).map(|_| ())
    };
    let not_allowed = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    for text in ["", "a\nb", "a\tb", "a     b"] {
        let mut content = template();
        content.parameters[1].1 = text.to_owned();
        assert_eq!(encode(content).map(|_| ()), not_allowed("amount"), "{text:?}");
    }
    assert_eq!(spoiled(|t| t.url_suffix = Some(String::new())), not_allowed("url_suffix"));
    assert_eq!(spoiled(|t| t.url_suffix = Some("é".repeat(334))), not_allowed("url_suffix"));
    assert_eq!(spoiled(|t| t.quick_replies = vec!["HELP".to_owned(); 10]), not_allowed("quick_replies"));
    assert_eq!(spoiled(|t| t.quick_replies = vec!["two\nlines".to_owned()]), not_allowed("quick_replies"));
    assert_eq!(spoiled(|t| t.quick_replies = vec!["x".repeat(129)]), not_allowed("quick_replies"));
    assert_eq!(spoiled(|t| t.quick_replies = vec!["x".repeat(128); 9]), Ok(()));
    for code in ["", " ", "A\nB", &"x".repeat(21)] {
        let content = TemplateContent { copy_code: Some(code.to_owned()), ..template() };
        assert_eq!(encode(content).map(|_| ()), not_allowed("copy_code"), "{code:?}");
    }
    assert_eq!(spoiled(|t| t.copy_code = Some("x".repeat(20))), Ok(()));
    let eleven = |t: &mut TemplateContent| {
        t.quick_replies = vec!["HELP".to_owned(); 9];
        t.copy_code = Some("25OFF".to_owned());
    };
    assert_eq!(spoiled(eleven), not_allowed("quick_replies"));
}

#[test]
fn what_numbers_its_variables_has_a_picture_and_a_code_becomes_the_golden_request() {
    let picture = Link::parse("https://cdn.acme.example/p/sku-101.jpg").expect("well formed");
    let offer = TemplateContent {
        positional: true,
        image: Some(picture),
        copy_code: Some("COMEBACK20".to_owned()),
        quick_replies: vec!["OPTOUT:marketing".to_owned()],
        ..template()
    };
    let request = encode(offer).expect("encodes");
    expect_file!["../../fixtures/meta/offer.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn an_answer_becomes_the_golden_requests_with_and_without_buttons() {
    let answer =
        |buttons| AnswerContent { body: "Pay here:\nhttps://pay.acme.example/x".to_owned(), buttons };
    let sent = |content| meta().encode(&message(Channel::Whatsapp, Content::Answer(content)));
    let plain = sent(answer(vec![])).expect("encodes");
    expect_file!["../../fixtures/meta/answer.request.golden"].assert_eq(&shown(&plain));
    let asked = sent(answer(vec![reply("HELP", "Talk to us"), reply("STOP", "No more")])).expect("encodes");
    expect_file!["../../fixtures/meta/buttons.request.golden"].assert_eq(&shown(&asked));
}

#[test]
fn a_message_that_was_read_becomes_the_golden_request() {
    let request = meta().mark_read("wamid.B1\"");
    expect_file!["../../fixtures/meta/read.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn f37_an_answer_that_meta_would_refuse_never_leaves() {
    let sent = |body: &str, buttons: Vec<QuickReply>| {
        let content = Content::Answer(AnswerContent { body: body.to_owned(), buttons });
        meta().encode(&message(Channel::Whatsapp, content)).map(|_| ())
    };
    let not_allowed = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    let help = || reply("HELP", "Talk to us");
    for body in ["", " \n ", "a\0b", &"é".repeat(4097)] {
        assert_eq!(sent(body, vec![]), not_allowed("body"));
    }
    assert_eq!(sent(&"é".repeat(4096), vec![]), Ok(()));
    assert_eq!(sent(&"é".repeat(1025), vec![help()]), not_allowed("body"));
    assert_eq!(sent(&"é".repeat(1024), vec![help()]), Ok(()));
    assert_eq!(sent("Hi", vec![help(), help(), help()]), Ok(()));
    assert_eq!(sent("Hi", vec![help(), help(), help(), help()]), not_allowed("buttons"));
    assert_eq!(sent("Hi", vec![reply("HELP", &"é".repeat(20))]), Ok(()));
    for bad in [reply("HELP", &"é".repeat(21)), reply("HELP", ""), reply("", "Help"), reply("A\nB", "Help")]
    {
        assert_eq!(sent("Hi", vec![help(), bad]), not_allowed("buttons"));
    }
}

#[test]
fn content_of_other_channels_is_refused() {
    let notification = Notification { title: "Acme".to_owned(), body: "Pay".to_owned(), link: None };
    let letter = Letter { subject: "Acme".to_owned(), body: "Pay".to_owned() };
    for content in [sms_text("hello"), Content::Notification(notification), Content::Letter(letter)] {
        let error = meta().encode(&message(Channel::Whatsapp, content)).expect_err("wrong content");
        assert_eq!(error, EncodeError::WrongContent(Channel::Whatsapp));
        assert_eq!(error.code(), "wrong_content");
    }
}

#[test]
fn a_buyer_without_a_number_is_reached_by_their_id_and_nobody_by_another_address() {
    let to = |address: Address| {
        let message = Message { to: address, ..message(Channel::Whatsapp, Content::Template(template())) };
        let request = meta().encode(&message)?;
        let body: Value = serde_json::from_slice(request.body()).expect("json");
        Ok((body["to"].clone(), body["recipient"].clone()))
    };
    let user = WhatsappUser::parse("US.13491208655302741918").expect("well formed");
    let by_id = (Value::Null, Value::from("US.13491208655302741918"));
    assert_eq!(to(Address::WhatsappUser(user)), Ok(by_id));
    let phone = Phone::parse("+16505551234").expect("well formed");
    assert_eq!(to(Address::Phone(phone)), Ok((Value::from("+16505551234"), Value::Null)));
    let wrong = Err(EncodeError::WrongAddress(Channel::Whatsapp));
    assert_eq!(to(Address::Push(PushToken::parse("token").expect("well formed"))), wrong);
    assert_eq!(to(Address::Email(Email::parse("a@acme.example").expect("well formed"))), wrong);
}

#[test]
fn only_marketing_templates_take_the_marketing_api_and_only_when_it_is_set() {
    let plain = "https://graph.facebook.com/v26.0/106540352242922/messages";
    let marketing = "https://graph.facebook.com/v26.0/106540352242922/marketing_messages";
    let (fallback, strict) = (Some(ProductPolicy::CloudApiFallback), Some(ProductPolicy::Strict));
    let offer = || Content::Template(template());
    let answer = || Content::Answer(AnswerContent { body: "Hi".to_owned(), buttons: vec![] });
    for (policy, category, content, url, word) in [
        (None, Category::Marketing, offer(), plain, Value::Null),
        (fallback, Category::Marketing, offer(), marketing, Value::from("CLOUD_API_FALLBACK")),
        (strict, Category::Marketing, offer(), marketing, Value::from("STRICT")),
        (fallback, Category::Utility, offer(), plain, Value::Null),
        (fallback, Category::Marketing, answer(), plain, Value::Null),
    ] {
        let meta = policy.into_iter().fold(meta(), Meta::with_marketing_messages);
        let message = Message { category, ..message(Channel::Whatsapp, content) };
        let request = meta.encode(&message).expect("encodes");
        let body: Value = serde_json::from_slice(request.body()).expect("json");
        assert_eq!((request.uri().to_string(), &body["product_policy"]), (url.to_owned(), &word));
    }
}

#[test]
fn r14_the_longest_correlation_fits_the_callback_field() {
    let case = CaseId {
        brand: Brand::parse(&"b".repeat(32)).expect("well formed"),
        source: Source::parse(&"s".repeat(24)).expect("well formed"),
        obligation: Obligation::parse(&"o".repeat(128)).expect("well formed"),
    };
    let token = Token::parse(&"t".repeat(32)).expect("well formed");
    let mut longest = message(Channel::Whatsapp, Content::Template(template()));
    longest.correlation = Correlation { case, step: StepIndex(255), channel: Channel::Whatsapp, token };
    let request = meta().encode(&longest).expect("encodes");
    let body: Value = serde_json::from_slice(request.body()).expect("json");
    let carried = body["biz_opaque_callback_data"].as_str().expect("text");
    assert!(carried.len() <= 512);
    assert_eq!(Correlation::parse(carried), Some(longest.correlation));
}

#[test]
fn f31_a_malformed_setting_is_named_at_start_and_never_shown() {
    let token = Secret::parse("EAABtoken").expect("fit");
    let new = |base, version, number| Meta::new(base, version, number, &token).map(|_| ());
    let base = "https://graph.facebook.com";
    for (made, setting) in [
        (new("http://graph.facebook.com", "v26.0", "1"), "base_url"),
        (new(base, "26.0", "1"), "graph_version"),
        (new(base, "v26", "1"), "graph_version"),
        (new(base, "v26.0/../v1", "1"), "graph_version"),
        (new(base, "v26.0", ""), "phone_number_id"),
        (new(base, "v26.0", "1/messages?x="), "phone_number_id"),
    ] {
        assert_eq!(made, Err(MalformedSetting { setting }));
    }
    let broken = Secret::parse("EAAB\ntoken").expect("fit");
    let made = Meta::new(base, "v26.0", "1", &broken).map(|_| ());
    assert_eq!(made, Err(MalformedSetting { setting: "access_token" }));
    assert!(!format!("{:?}", meta()).contains("EAAB"), "{:?}", meta());
}
