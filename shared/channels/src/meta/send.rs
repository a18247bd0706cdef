//! A template message as the body of `POST /{phone number id}/messages`.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use recoup_core::{Channel, Content, Message, TemplateContent};
use serde::Serialize;

use crate::EncodeError;

/// Characters of one body parameter: the whole hydrated body may have 1,024 (messaging-providers.md 1.6).
const PARAMETER_MAX: usize = 1024;
/// Characters of the URL behind a button (messaging-providers.md 1.6).
const URL_MAX: usize = 2000;
/// Characters of a quick-reply payload; not in the pages at hand, and far above the single words we send.
const PAYLOAD_MAX: usize = 128;
/// Buttons of one template (messaging-providers.md 1.6).
const BUTTONS_MAX: usize = 10;

#[derive(Serialize)]
struct Body<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    biz_opaque_callback_data: String,
    template: Template<'a>,
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Component<'a> {
    Body { parameters: Vec<Parameter<'a>> },
    Button { sub_type: &'static str, index: String, parameters: [Parameter<'a>; 1] },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Parameter<'a> {
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        parameter_name: Option<&'a str>,
        text: String,
    },
    Payload {
        payload: &'a str,
    },
}

/// Builds the request, or says which value Meta would refuse.
pub(super) fn encode(
    messages: &Uri,
    authorization: &HeaderValue,
    message: &Message,
) -> Result<http::Request<Bytes>, EncodeError> {
    let Content::Template(template) = &message.content else {
        return Err(EncodeError::WrongContent(Channel::Whatsapp));
    };
    let body = Body {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to: message.to.expose(),
        kind: "template",
        biz_opaque_callback_data: message.correlation.to_string(),
        template: Template {
            name: template.name.as_str(),
            language: Language { code: &template.language },
            components: components(template)?,
        },
    };
    let body = serde_json::to_vec(&body).expect("structs of strings always become JSON");
    let mut request = http::Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = messages.clone();
    request.headers_mut().insert(AUTHORIZATION, authorization.clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

/// Lists body and buttons; buttons are counted from 0, the URL button first.
fn components(template: &TemplateContent) -> Result<Vec<Component<'_>>, EncodeError> {
    let mut components = Vec::with_capacity(2 + template.quick_replies.len());
    if !template.parameters.is_empty() {
        let mut parameters = Vec::with_capacity(template.parameters.len());
        for (name, text) in &template.parameters {
            require(single_line(text, PARAMETER_MAX), name)?;
            parameters.push(Parameter::Text { parameter_name: Some(name), text: text.clone() });
        }
        components.push(Component::Body { parameters });
    }
    if let Some(suffix) = &template.url_suffix {
        let text = percent_encoded(suffix);
        require(!text.is_empty() && text.len() <= URL_MAX, "url_suffix")?;
        components.push(button("url", 0, Parameter::Text { parameter_name: None, text }));
    }
    let first = usize::from(template.url_suffix.is_some());
    require(first + template.quick_replies.len() <= BUTTONS_MAX, "quick_replies")?;
    for (index, payload) in template.quick_replies.iter().enumerate() {
        require(single_line(payload, PAYLOAD_MAX), "quick_replies")?;
        components.push(button("quick_reply", first + index, Parameter::Payload { payload }));
    }
    Ok(components)
}

fn button<'a>(sub_type: &'static str, index: usize, parameter: Parameter<'a>) -> Component<'a> {
    Component::Button { sub_type, index: index.to_string(), parameters: [parameter] }
}

fn require(holds: bool, parameter: &str) -> Result<(), EncodeError> {
    if holds { Ok(()) } else { Err(EncodeError::ParameterNotAllowed(parameter.to_owned())) }
}

/// Meta answers 132012 or 131008 for an empty value, a line break, a tab or more than four spaces in a row.
fn single_line(text: &str, max: usize) -> bool {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.trim().is_empty()
        && !text.contains(breaks)
        && !text.contains("     ")
        && text.chars().take(max + 1).count() <= max
}

/// Escapes what no URL may hold and leaves the rest, with escapes already made, as it is.
fn percent_encoded(suffix: &str) -> String {
    let bytes = suffix.as_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = byte == b'%'
            && bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
        if escape || plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|n| char::from(b"0123456789ABCDEF"[usize::from(n)])));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_suffixes_are_escaped_once() {
        for (suffix, expected) in [
            ("i/acct_1/test_x?s=ap", "i/acct_1/test_x?s=ap"),
            ("a%20b", "a%20b"),
            ("a b", "a%20b"),
            ("100%", "100%25"),
            ("%zz", "%25zz"),
            ("{{1}}", "%7B%7B1%7D%7D"),
            ("é\n", "%C3%A9%0A"),
            ("", ""),
        ] {
            assert_eq!(percent_encoded(suffix), expected);
            assert_eq!(percent_encoded(expected), expected);
        }
    }

    #[test]
    fn f37_parameters_are_single_line_and_bounded() {
        for (text, fits) in [
            ("Ana María 🎉", true),
            ("four    spaces", true),
            ("five     spaces", false),
            ("two\nlines", false),
            ("a\ttab", false),
            ("a\u{2028}separator", false),
            ("a\0", false),
            ("", false),
            ("   ", false),
        ] {
            assert_eq!(single_line(text, PARAMETER_MAX), fits, "{text:?}");
        }
        assert!(single_line(&"é".repeat(1024), PARAMETER_MAX));
        assert!(!single_line(&"é".repeat(1025), PARAMETER_MAX));
    }
}
