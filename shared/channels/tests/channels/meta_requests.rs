//! The shared requests, and the messages that make the same ones here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use recoup_channels::Provider;
use recoup_channels::aws_social::AwsSocial;
use recoup_channels::meta::{Meta, ProductPolicy};
use recoup_core::{
    Address, AnswerContent, Category, Channel, Content, Link, Message, Name, Phone, QuickReply, Secret,
    TemplateContent, WhatsappUser,
};
use serde_json::Value;

use crate::fixtures::message;

/// One place where our request is not the shared one: what stands there in ours, as JSON, and why.
pub(crate) type Difference = (&'static str, Option<&'static str>, &'static str);

/// A shared request: how we make ours, and where the two differ.
pub(crate) struct Request {
    pub(crate) name: &'static str,
    made: fn() -> http::Request<Bytes>,
    differences: &'static [Difference],
}

const CORRELATION: Difference = (
    "/biz_opaque_callback_data",
    Some(r#""rcp1/main/stripe/in_1/0/whatsapp/tok1""#),
    "every message carries a correlation string of ours",
);

pub(crate) const REQUESTS: &[Request] = &[
    Request {
        name: "aws_social.send_whatsapp.request",
        made: aws,
        differences: &[
            (
                "/message",
                None,
                "the same members in another order are other bytes; they are compared decoded",
            ),
            ("/message_decoded/recipient_type", Some(r#""individual""#), "Meta's own page always has it"),
            (
                "/message_decoded/biz_opaque_callback_data",
                Some(r#""rcp1/main/stripe/in_1/0/whatsapp/tok1""#),
                "every message carries a correlation string of ours",
            ),
        ],
    },
    Request { name: "meta.mark_read_typing.request", made: mark_read, differences: &[] },
    Request {
        name: "meta.marketing_messages.request",
        made: marketing,
        differences: &[
            CORRELATION,
            ("/to", Some(r#""+16315552222""#), "Meta takes numbers with and without the plus"),
            ("/message_activity_sharing", None, "left to what the account has agreed to"),
        ],
    },
    Request {
        name: "meta.send_bsuid.request",
        made: || meta(to_user(answer("Thanks, we got it.", &[]))),
        differences: &[
            CORRELATION,
            ("/text/preview_url", Some("false"), "said by us where Meta's default is it"),
        ],
    },
    Request {
        name: "meta.send_interactive_buttons.request",
        made: || {
            let buttons = [("YES:inv_1001", "Yes"), ("AGENT:inv_1001", "Talk to us")];
            meta(to("+16505551234", answer("Did the update work?", &buttons)))
        },
        differences: &[CORRELATION],
    },
    Request {
        name: "meta.send_template.openapi_verbatim.request",
        made: every_part,
        differences: &[
            CORRELATION,
            ("/to", Some(r#""+16505551234""#), "stands for a number"),
            ("/template/name", Some(r#""template_name""#), "stands for a name, which has no hyphens"),
            ("/template/language/code", Some(r#""en_US""#), "stands for a language"),
            (
                "/template/components/0/parameters/0/image/link",
                Some(r#""https://cdn.example.com/p.jpg""#),
                "stands for a link",
            ),
            (
                "/template/components/1/parameters/1",
                Some(r#"{"type": "text", "text": "$100.99"}"#),
                "amounts are formatted here, so that they read the same on every channel",
            ),
            (
                "/template/components/1/parameters/2",
                Some(r#"{"type": "text", "text": "February 25, 1977"}"#),
                "dates are formatted here, in the language of the text",
            ),
        ],
    },
    Request { name: "meta.send_template_copy_code.request", made: copy_code, differences: &[CORRELATION] },
    Request {
        name: "meta.send_template_marketing_cart_image.request",
        made: cart,
        differences: &[CORRELATION],
    },
    Request {
        name: "meta.send_template_named_params.request",
        made: named,
        differences: &[CORRELATION, ("/template/components/0", None, "our templates have no text headers")],
    },
    Request {
        name: "meta.send_template_utility_dunning.request",
        made: dunning,
        differences: &[CORRELATION],
    },
    Request {
        name: "meta.send_text.request",
        made: || {
            let words = "Thanks, your payment went through. Nothing more to do.";
            meta(to("+16505551234", answer(words, &[])))
        },
        differences: &[CORRELATION],
    },
];

impl Request {
    /// Fails unless our request is the shared one but for the listed differences, each of which is one.
    pub(crate) fn check(&self, mut shared: Value) {
        let mut ours: Value = serde_json::from_slice((self.made)().body()).expect("json");
        if let Some(inner) = ours["message"].as_str() {
            let inner = STANDARD.decode(inner).expect("base64");
            ours["message_decoded"] = serde_json::from_slice(&inner).expect("json");
            ours.as_object_mut().expect("object").remove("message");
        }
        for (at, text, why) in self.differences {
            let before = shared.clone();
            change(&mut shared, at, text.map(|text| serde_json::from_str(text).expect("json")));
            assert_ne!(shared, before, "{}: {at} is as in ours already, so not because {why}", self.name);
        }
        assert_eq!(ours, shared, "{}", self.name);
    }
}

/// Puts a value in a place of a document, or takes away what is there.
fn change(document: &mut Value, at: &str, value: Option<Value>) {
    let (parent, last) = at.rsplit_once('/').expect("a pointer");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {at}"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(last.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(last)),
        (Value::Array(elements), Some(value)) => elements[last.parse::<usize>().expect("index")] = value,
        (Value::Array(elements), None) => drop(elements.remove(last.parse().expect("index"))),
        (other, _) => panic!("{at}: {other} has no members"),
    }
}

fn account() -> Meta {
    let token = Secret::parse("EAABtoken").expect("fit");
    Meta::new("https://graph.facebook.com", "v26.0", "106540352242922", &token).expect("well formed")
}

#[expect(clippy::needless_pass_by_value, reason = "a message is made in the call")]
fn meta(message: Message) -> http::Request<Bytes> {
    account().encode(&message).expect("encodes")
}

fn to(phone: &str, content: Content) -> Message {
    let phone = Phone::parse(phone).expect("well formed");
    Message { to: Address::Phone(phone), ..message(Channel::Whatsapp, content) }
}

fn to_user(content: Content) -> Message {
    let user = WhatsappUser::parse("US.13491208655302741918").expect("well formed");
    Message { to: Address::WhatsappUser(user), ..message(Channel::Whatsapp, content) }
}

fn answer(body: &str, buttons: &[(&str, &str)]) -> Content {
    let reply = |(payload, label): &(&str, &str)| QuickReply {
        payload: (*payload).to_owned(),
        label: (*label).to_owned(),
    };
    Content::Answer(AnswerContent { body: body.to_owned(), buttons: buttons.iter().map(reply).collect() })
}

/// A template with body values by place.
fn template(name: &str, language: &str, values: &[&str]) -> TemplateContent {
    let numbered = values.iter().enumerate().map(|(at, value)| ((at + 1).to_string(), (*value).to_owned()));
    TemplateContent {
        name: Name::parse(name).expect("well formed"),
        language: language.to_owned(),
        positional: true,
        image: None,
        parameters: numbered.collect(),
        url_suffix: None,
        quick_replies: vec![],
        copy_code: None,
    }
}

fn aws() -> http::Request<Bytes> {
    let number = "phone-number-id-01234567890123456789012345678901";
    let base = "https://social-messaging.eu-west-1.amazonaws.com";
    let values = ["ORD-98765", "https://example.com/track/98765"];
    let content = Content::Template(template("order_shipment_update", "en_US", &values));
    let aws = AwsSocial::new(base, number, "v21.0").expect("well formed");
    aws.encode(&to("+14155551234", content)).expect("encodes")
}

fn mark_read() -> http::Request<Bytes> {
    account().mark_read("wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=")
}

fn marketing() -> http::Request<Bytes> {
    let offer = to("+16315552222", Content::Template(template("welcome_offer", "en_US", &[])));
    let meta = account().with_marketing_messages(ProductPolicy::CloudApiFallback);
    meta.encode(&Message { category: Category::Marketing, ..offer }).expect("encodes")
}

fn every_part() -> http::Request<Bytes> {
    let values = ["text-string", "$100.99", "February 25, 1977"];
    let content = TemplateContent {
        image: Some(Link::parse("https://cdn.example.com/p.jpg").expect("well formed")),
        quick_replies: vec!["aGlzIHRoaXMgaXMgY29v".to_owned(), "9rwnB8RbYmPF5t2Mn09x4h".to_owned()],
        ..template("template_name", "en_US", &values)
    };
    meta(to("+16505551234", Content::Template(content)))
}

fn copy_code() -> http::Request<Bytes> {
    let copy_code = Some("25OFF".to_owned());
    let offer = template("coupon_code_fall2023_25off", "en_US", &["25OFF", "25%"]);
    meta(to("+16505551234", Content::Template(TemplateContent { copy_code, ..offer })))
}

fn cart() -> http::Request<Bytes> {
    let content = TemplateContent {
        image: Some(Link::parse("https://cdn.example.com/p/sku-101.jpg").expect("well formed")),
        url_suffix: Some("c/889?t=9f2".to_owned()),
        quick_replies: vec!["OPTOUT:marketing".to_owned()],
        ..template("cart_reminder_image", "en", &["Asha", "₹1,499.00"])
    };
    meta(to("+919876543210", Content::Template(content)))
}

fn named() -> http::Request<Bytes> {
    let value = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let content = TemplateContent {
        positional: false,
        parameters: vec![value("first_name", "Jessica"), value("amount", "$49.00")],
        ..template("payment_failed_named", "en_US", &[])
    };
    meta(to("+16505551234", Content::Template(content)))
}

fn dunning() -> http::Request<Bytes> {
    let content = TemplateContent {
        url_suffix: Some("u/7f3c9a2e".to_owned()),
        quick_replies: vec!["HELP:inv_1001".to_owned()],
        ..template("payment_failed_step1", "en_US", &["Sheena", "$49.00", "Acme Pro"])
    };
    meta(to("+16505551234", Content::Template(content)))
}
