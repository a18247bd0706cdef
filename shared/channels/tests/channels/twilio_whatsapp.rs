//! WhatsApp through Twilio, and the URL for statuses.

use expect_test::expect_file;
use recoup_channels::twilio::Twilio;
use recoup_channels::{EncodeError, MalformedSetting, Provider, Registered};
use recoup_core::{
    Address, AnswerContent, Channel, Content, Email, Link, Message, Name, QuickReply, Secret,
    TemplateContent, WhatsappUser,
};

use crate::fixtures::{message, shown, sms_text, template};

const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SERVICE: &str = "MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CONTENTS: &str = r#"{"payment_failed_day0": {"en_US": "HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#;

fn contents() -> Registered {
    Registered::parse(CONTENTS, "contents").expect("well formed")
}

fn sms(sender: &str) -> Twilio {
    let token = Secret::parse("authtoken").expect("fit");
    Twilio::new("https://api.twilio.com", ACCOUNT, &token, sender).expect("well formed")
}

fn whatsapp(sender: &str) -> Twilio {
    sms(sender).by_whatsapp(contents()).expect("well formed")
}

fn of(content: Content) -> Message {
    message(Channel::Whatsapp, content)
}

fn fields(message: &Message) -> Result<Vec<(String, String)>, EncodeError> {
    let request = whatsapp("+15554449999").encode(message)?;
    Ok(form_urlencoded::parse(request.body()).into_owned().collect())
}

/// The variables of a template, or why there are none.
fn variables(template: TemplateContent) -> Result<Option<String>, EncodeError> {
    let fields = fields(&of(Content::Template(template)))?;
    Ok(fields.into_iter().find(|(name, _)| name == "ContentVariables").map(|(_, json)| json))
}

#[test]
fn a_template_becomes_the_golden_request() {
    let twilio =
        whatsapp("+15554449999").reporting_to("https://api.acme.example/channels/twilio#rc=2&rp=all");
    let request = twilio.expect("well formed").encode(&of(Content::Template(template()))).expect("encodes");
    expect_file!["../../fixtures/twilio/whatsapp.request.golden"].assert_eq(&shown(&request));
}

#[test]
fn variables_are_numbered_body_link_picture_code() {
    let plain = TemplateContent { parameters: Vec::new(), url_suffix: None, ..template() };
    assert_eq!(variables(plain.clone()), Ok(None));
    let full = TemplateContent {
        image: Some(
            Link::parse("https://cdn.acme.example/p/sku 1.jpg".replace(' ', "%20").as_str()).expect("fit"),
        ),
        copy_code: Some("BACK10".to_owned()),
        ..template()
    };
    let expected =
        r#"{"1":"Sheena","2":"$49.00","3":"i/acct_1/test_x?s=ap","4":"p/sku%201.jpg","5":"BACK10"}"#;
    assert_eq!(variables(full), Ok(Some(expected.to_owned())));
    let many = TemplateContent {
        parameters: (1..=11).map(|n| (format!("v{n}"), format!("{n}\"\\é"))).collect(),
        ..plain
    };
    let json = variables(many).expect("encodes").expect("some");
    let read: serde_json::Value = serde_json::from_str(&json).expect("a string of JSON");
    assert_eq!((&read["10"], &read["2"]), (&"10\"\\é".into(), &"2\"\\é".into()));
}

#[test]
fn f37_what_whatsapp_would_refuse_never_leaves() {
    let of = |name: &str| Err(EncodeError::ParameterNotAllowed(name.to_owned()));
    for value in ["", " ", "two\nlines", "a\ttab", "five     spaces", &"x".repeat(1025)] {
        let parameters = vec![("first_name".to_owned(), value.to_owned())];
        assert_eq!(variables(TemplateContent { parameters, ..template() }), of("first_name"), "{value:?}");
    }
    for suffix in ["", &"x".repeat(2001)] {
        let url_suffix = Some(suffix.to_owned());
        assert_eq!(variables(TemplateContent { url_suffix, ..template() }), of("url_suffix"));
    }
    for image in ["https://cdn.acme.example", "https://cdn.acme.example/"] {
        let image = Some(Link::parse(image).expect("fit"));
        assert_eq!(variables(TemplateContent { image, ..template() }), of("image"));
    }
    for code in ["", "a\nb", &"x".repeat(21)] {
        let copy_code = Some(code.to_owned());
        assert_eq!(variables(TemplateContent { copy_code, ..template() }), of("copy_code"));
    }
}

#[test]
fn a_template_without_a_content_sid_never_leaves() {
    let other = TemplateContent { language: "pt_BR".to_owned(), ..template() };
    let refused = fields(&of(Content::Template(other))).expect_err("not registered");
    let name = Name::parse("payment_failed_day0").expect("well formed");
    assert_eq!(refused, EncodeError::NotRegistered { template: name, language: "pt_BR".to_owned() });
}

#[test]
fn an_answer_goes_as_words_with_its_buttons_to_be_typed() {
    let button =
        |label: &str, payload: &str| QuickReply { label: label.to_owned(), payload: payload.to_owned() };
    let answer = |body: &str, buttons| Content::Answer(AnswerContent { body: body.to_owned(), buttons });
    let sent = |content| {
        let fields = fields(&of(content))?;
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["To", "From", "Body"]);
        Ok(fields[2].1.clone())
    };
    assert_eq!(sent(answer("It is due on 3 May.", Vec::new())), Ok("It is due on 3 May.".to_owned()));
    let buttons = vec![button("Ayuda", "HELP"), button("Baja", "STOP")];
    assert_eq!(
        sent(answer("Vence el 3.\nGracias", buttons)),
        Ok("Vence el 3.\nGracias\n\nAyuda | Baja".to_owned())
    );
    for body in [" ", &"x".repeat(1601)] {
        let refused: Result<String, _> = sent(answer(body, Vec::new()));
        assert_eq!(refused, Err(EncodeError::ParameterNotAllowed("body".to_owned())));
    }
}

#[test]
fn a_message_goes_to_a_number_or_to_whatsapps_id_from_a_number_or_a_service() {
    let user = WhatsappUser::parse("US.13491208655302741918").expect("well formed");
    let by_id = Message { to: Address::WhatsappUser(user), ..of(Content::Template(template())) };
    let sent = fields(&by_id).expect("encodes");
    assert_eq!(sent[0], ("To".to_owned(), "whatsapp:US.13491208655302741918".to_owned()));
    assert_eq!(sent[1], ("From".to_owned(), "whatsapp:+15554449999".to_owned()));
    let request = whatsapp(SERVICE).encode(&of(Content::Template(template()))).expect("encodes");
    let service = form_urlencoded::parse(request.body()).nth(1).expect("two fields");
    assert_eq!(service, ("MessagingServiceSid".into(), SERVICE.into()));

    let email = Email::parse("a@acme.example").expect("well formed");
    let lost = Message { to: Address::Email(email), ..of(Content::Template(template())) };
    assert_eq!(fields(&lost), Err(EncodeError::WrongAddress(Channel::Whatsapp)));
    assert_eq!(fields(&of(sms_text("hello"))), Err(EncodeError::WrongContent(Channel::Whatsapp)));
    assert_eq!((whatsapp(SERVICE).name(), whatsapp(SERVICE).channel()), ("twilio", Channel::Whatsapp));
}

#[test]
fn r14_a_text_asks_for_its_statuses_where_a_url_is_set() {
    let twilio = sms("ACMEIN").reporting_to("https://api.acme.example/channels/twilio").expect("well formed");
    let request = twilio.encode(&message(Channel::Sms, sms_text("hello"))).expect("encodes");
    let callback = form_urlencoded::parse(request.body()).find(|(name, _)| name == "StatusCallback");
    let expected = "https://api.acme.example/channels/twilio?c=rcp1.main.stripe.in_1.0.sms.tok1";
    assert_eq!(callback.map(|(_, url)| url.into_owned()).as_deref(), Some(expected));
}

#[test]
fn f31_settings_that_cannot_be_used_are_named_at_start() {
    let refused = |setting| Some(MalformedSetting { setting });
    assert_eq!(sms("ACMEIN").by_whatsapp(contents()).err(), refused("sender"));
    let flow = Registered::parse(r#"{"payment_failed_day0": {"en": "64f0c1"}}"#, "contents");
    assert_eq!(sms(SERVICE).by_whatsapp(flow.expect("well formed")).err(), refused("contents"));
    assert_eq!(sms(SERVICE).reporting_to("http://api.acme.example").err(), refused("status_callback"));
}
