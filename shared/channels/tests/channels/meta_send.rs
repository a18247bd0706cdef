//! What leaves for Meta.

use expect_test::expect_file;
use recoup_channels::meta::Meta;
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{
    Brand, CaseId, Channel, Content, Correlation, Obligation, Secret, Source, StepIndex, TemplateContent,
    Token,
};

use crate::fixtures::{json, message, shared, shown, template};

fn meta() -> Meta {
    let token = Secret::parse("EAABtoken").expect("fit");
    Meta::new("https://graph.facebook.com", "v26.0", "106540352242922", &token).expect("well formed")
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
fn the_request_has_the_shape_of_the_shared_fixture() {
    let Some(folder) = shared("the_request_has_the_shape_of_the_shared_fixture") else { return };
    let named = json(&folder.join("meta.send_template_named_params.request.json"));
    let outreach = json(&folder.join("meta.send_template_utility_dunning.request.json"));
    let ours = encode(template()).expect("encodes");
    let ours: serde_json::Value = serde_json::from_slice(ours.body()).expect("json");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<_> = value.as_object().expect("object").keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&ours), keys(&named));
    assert_eq!(keys(&ours["template"]), keys(&named["template"]));
    let body = |value: &serde_json::Value, at: usize| value["template"]["components"][at].clone();
    assert_eq!(keys(&body(&ours, 0)["parameters"][0]), keys(&body(&named, 1)["parameters"][0]));
    for at in [1, 2] {
        assert_eq!(keys(&body(&ours, at)), keys(&body(&outreach, at)), "button {at}");
        assert_eq!(body(&ours, at)["index"], body(&outreach, at)["index"]);
    }
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
}

#[test]
fn plain_text_is_refused_because_the_window_is_not_tracked() {
    let refused = meta().encode(&message(Channel::Whatsapp, Content::Text("hello".to_owned())));
    let error = refused.expect_err("wrong content");
    assert_eq!(error, EncodeError::WrongContent(Channel::Whatsapp));
    assert_eq!(error.code(), "wrong_content");
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
    let body: serde_json::Value = serde_json::from_slice(request.body()).expect("json");
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
