//! The rules of `POST /{phone number id}/messages` for a template message (facts: messaging-providers section 1).

use serde_json::{Map, Value, json};

use super::wire::Answer;

/// Longest correlation string that comes back in statuses.
const CORRELATION_LIMIT: usize = 512;
/// Longest code that a copy button takes.
const COUPON_LIMIT: usize = 20;
/// Longest payload of a quick-reply button.
const PAYLOAD_LIMIT: usize = 128;
/// Longest text of one parameter.
const PARAMETER_LIMIT: usize = 1024;
/// More spaces than this in a row are refused.
const SPACES_LIMIT: usize = 4;

type Checked = Result<(), GraphError>;

/// An error of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GraphError {
    status: u16,
    code: u32,
    message: &'static str,
    details: String,
}

impl GraphError {
    pub(super) fn new(code: u32, message: &'static str, details: impl Into<String>) -> Self {
        Self { status: 400, code, message, details: details.into() }
    }

    /// The error of a request without the right token.
    pub(super) fn unauthorised() -> Self {
        Self { status: 401, ..Self::new(190, "Invalid OAuth access token", "") }
    }

    fn invalid(details: impl Into<String>) -> Self {
        Self::new(100, "(#100) Invalid parameter", details)
    }

    fn missing(name: &str) -> Self {
        Self::new(131_008, "(#131008) Required parameter is missing", format!("{name} is required"))
    }

    fn value(details: impl Into<String>) -> Self {
        Self::new(131_009, "(#131009) Parameter value is not valid", details)
    }

    pub(super) fn format(details: impl Into<String>) -> Self {
        Self::new(
            132_012,
            "(#132012) Parameter format does not match format in the created template",
            details,
        )
    }

    /// The error as the Graph API sends it.
    pub(super) fn answer(&self) -> Answer {
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AlocalStubTraceId000000",
        });
        if !self.details.is_empty() {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": self.details});
        }
        Answer::json(self.status, json!({ "error": error }))
    }
}

/// Checks what all messages have in common; returns the number it goes to.
pub(super) fn check_envelope(body: &Map<String, Value>) -> Result<&str, GraphError> {
    only(
        body,
        "message",
        &[
            "messaging_product",
            "recipient_type",
            "to",
            "type",
            "template",
            "text",
            "interactive",
            "context",
            "biz_opaque_callback_data",
        ],
    )?;
    if body.get("messaging_product") != Some(&json!("whatsapp")) {
        return Err(GraphError::invalid("messaging_product must be whatsapp"));
    }
    if body.get("recipient_type").is_some_and(|kind| kind != "individual") {
        return Err(GraphError::invalid("recipient_type must be individual"));
    }
    match body.get("biz_opaque_callback_data") {
        None => {}
        Some(Value::String(text)) if text.chars().count() <= CORRELATION_LIMIT => {}
        Some(_) => {
            return Err(GraphError::invalid(format!(
                "biz_opaque_callback_data must be a string of at most {CORRELATION_LIMIT} characters"
            )));
        }
    }
    let to = body.get("to").ok_or_else(|| GraphError::missing("to"))?;
    let to = to.as_str().ok_or_else(|| GraphError::value("to must be a string"))?;
    if is_e164(to) { Ok(to) } else { Err(GraphError::value("to is not a phone number in E.164 form")) }
}

/// Checks the `template` member; returns the template's name.
pub(super) fn check_template(body: &Map<String, Value>) -> Result<&str, GraphError> {
    let template = body.get("template").ok_or_else(|| GraphError::missing("template"))?;
    let template = object(template, "template")?;
    only(template, "template", &["name", "language", "components"])?;
    let name = text(template, "name", "template")?;
    if name.len() > 512 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(GraphError::value("template['name'] must be lower-case letters, digits and underscores"));
    }
    let language = template.get("language").ok_or_else(|| GraphError::missing("template['language']"))?;
    let language = object(language, "template['language']")?;
    only(language, "template['language']", &["code", "policy"])?;
    if !is_language(text(language, "code", "template['language']")?) {
        return Err(GraphError::value("template['language']['code'] must look like en or en_US"));
    }
    check_components(template.get("components"))?;
    Ok(name)
}

fn check_components(components: Option<&Value>) -> Checked {
    let Some(components) = components else { return Ok(()) };
    let components = list(components, "template['components']")?;
    let mut seen = Vec::new();
    for (index, component) in components.iter().enumerate() {
        let at = format!("template['components'][{index}]");
        let component = object(component, &at)?;
        let kind = text(component, "type", &at)?;
        let parameters = component.get("parameters").map(|p| list(p, &at)).transpose()?.unwrap_or_default();
        let place = match kind {
            "header" | "body" => {
                only(component, &at, &["type", "parameters"])?;
                check_texts(parameters, kind)?;
                kind.to_owned()
            }
            "button" => format!("button {}", check_button(component, parameters, &at)?),
            _ => return Err(GraphError::invalid(format!("{at}['type'] must be header, body or button"))),
        };
        if seen.contains(&place) {
            return Err(GraphError::invalid(format!("{at}: {place} is given twice")));
        }
        seen.push(place);
    }
    Ok(())
}

/// Checks the parameters of a header or a body: all named, or none.
fn check_texts(parameters: &[Value], kind: &str) -> Checked {
    if parameters.is_empty() {
        return Err(GraphError::missing(&format!("{kind}: parameters")));
    }
    let mut names = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let at = format!("{kind}: parameter {}", index + 1);
        let parameter = object(parameter, &at)?;
        match text(parameter, "type", &at)? {
            "text" => {
                only(parameter, &at, &["type", "text", "parameter_name"])?;
                check_text(text(parameter, "text", &at)?, &at)?;
            }
            "image" | "video" | "document" if kind == "header" => check_media(parameter, &at)?,
            _ => return Err(GraphError::format(format!("{at}: type does not fit a {kind}"))),
        }
        if let Some(name) = parameter.get("parameter_name") {
            let name = name.as_str().ok_or_else(|| GraphError::format(format!("{at}: parameter_name")))?;
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty() || !name.bytes().all(fits) || names.contains(&name) {
                return Err(GraphError::format(format!("{at}: parameter_name is malformed or given twice")));
            }
            names.push(name);
        }
    }
    if names.is_empty() || names.len() == parameters.len() {
        return Ok(());
    }
    Err(GraphError::format(format!("{kind}: named and positional parameters are mixed")))
}

fn check_media(parameter: &Map<String, Value>, at: &str) -> Checked {
    let kind = parameter.get("type").and_then(Value::as_str).unwrap_or_default();
    let media = parameter.get(kind).ok_or_else(|| GraphError::missing(&format!("{at}: {kind}")))?;
    let media = object(media, at)?;
    let link = media.get("link").and_then(Value::as_str);
    if media.get("id").is_some_and(Value::is_string) || link.is_some_and(|link| link.starts_with("https://"))
    {
        return Ok(());
    }
    Err(GraphError::value(format!("{at}: {kind} needs an id or an https link")))
}

fn check_text(value: &str, at: &str) -> Checked {
    if value.is_empty() {
        return Err(GraphError::missing(&format!("{at}: text")));
    }
    if value.chars().count() > PARAMETER_LIMIT {
        return Err(GraphError::new(132_005, "(#132005) Translated text too long", format!("{at}: text")));
    }
    if value.contains(['\n', '\r', '\t']) || value.contains(&" ".repeat(SPACES_LIMIT + 1)) {
        return Err(GraphError::format(format!(
            "{at}: text cannot have new-line or tab characters, or more than {SPACES_LIMIT} consecutive spaces"
        )));
    }
    Ok(())
}

/// Checks a button; returns its index.
fn check_button<'a>(
    button: &'a Map<String, Value>,
    parameters: &[Value],
    at: &str,
) -> Result<&'a str, GraphError> {
    only(button, at, &["type", "sub_type", "index", "parameters"])?;
    let index = text(button, "index", at)?;
    if !matches!(index.as_bytes(), [b'0'..=b'9']) {
        return Err(GraphError::value(format!("{at}['index'] must be a string from \"0\" to \"9\"")));
    }
    let [parameter] = parameters else {
        return Err(GraphError::new(
            132_000,
            "(#132000) Number of parameters does not match the expected number of params",
            format!("button at index {index}: expected one parameter"),
        ));
    };
    let parameter = object(parameter, at)?;
    let (kind, member, limit) = match text(button, "sub_type", at)? {
        "url" => ("text", "text", PARAMETER_LIMIT),
        "quick_reply" => ("payload", "payload", PAYLOAD_LIMIT),
        "copy_code" => ("coupon_code", "coupon_code", COUPON_LIMIT),
        _ => return Err(GraphError::value(format!("{at}['sub_type'] is not a kind of button"))),
    };
    only(parameter, at, &["type", member])?;
    if text(parameter, "type", at)? != kind {
        return Err(GraphError::format(format!("{at}: the parameter must be of type {kind}")));
    }
    let value = text(parameter, member, at)?;
    if value.is_empty() || value.len() > limit {
        return Err(GraphError::value(format!("{at}: {member} must be 1 to {limit} characters")));
    }
    if kind == "text" && !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(GraphError::value(format!("{at}: a URL suffix must be percent-encoded")));
    }
    Ok(index)
}

fn only(object: &Map<String, Value>, at: &str, known: &[&str]) -> Checked {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(GraphError::invalid(format!("unexpected key \"{key}\" on param \"{at}\""))),
        None => Ok(()),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, GraphError> {
    value.as_object().ok_or_else(|| GraphError::invalid(format!("{at} must be an object")))
}

fn list<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], GraphError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| GraphError::invalid(format!("{at} must be a list")))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str, at: &str) -> Result<&'a str, GraphError> {
    let value = object.get(name).ok_or_else(|| GraphError::missing(&format!("{at}['{name}']")))?;
    value.as_str().ok_or_else(|| GraphError::invalid(format!("{at}['{name}'] must be a string")))
}

fn is_language(code: &str) -> bool {
    let (language, country) = code.split_once('_').unwrap_or((code, "US"));
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether a text is a phone number in E.164 form, with or without its `+`.
pub(super) fn is_e164(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or(phone);
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template_message() -> Value {
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+15550100",
            "type": "template", "biz_opaque_callback_data": "rcp1/main/stripe/in_1/0/whatsapp/t",
            "template": {"name": "payment_failed_day_0", "language": {"code": "en"}, "components": [
                {"type": "body", "parameters": [
                    {"type": "text", "parameter_name": "name", "text": "Ada"},
                    {"type": "text", "parameter_name": "amount", "text": "$20.00"}]},
                {"type": "button", "sub_type": "url", "index": "0",
                 "parameters": [{"type": "text", "text": "i/acct_1/test_2"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "1",
                 "parameters": [{"type": "payload", "payload": "HELP"}]}]}
        })
    }

    fn code(message: &Value) -> Option<u32> {
        let body = message.as_object().expect("an object");
        check_envelope(body).and_then(|_| check_template(body)).err().map(|error| error.code)
    }

    #[test]
    fn a_well_formed_template_message_passes() {
        assert_eq!(code(&template_message()), None);
    }

    #[test]
    fn each_defect_gets_the_graph_code() {
        let body = "/template/components/0/parameters/0";
        let button = "/template/components/1";
        let long = "x".repeat(513);
        for (pointer, value, expected) in [
            ("/messaging_product", json!("sms"), 100),
            ("/recipient_type", json!("group"), 100),
            ("/biz_opaque_callback_data", json!(long), 100),
            ("/to", json!("0049123456"), 131_009),
            ("/to", json!(15_550_100), 131_009),
            ("/template/name", json!("Payment Failed"), 131_009),
            ("/template/language/code", json!("english"), 131_009),
            ("/template/language", json!("en"), 100),
            (&format!("{body}/text"), json!(""), 131_008),
            (&format!("{body}/text"), json!("a\nb"), 132_012),
            (&format!("{body}/text"), json!("a\tb"), 132_012),
            (&format!("{body}/text"), json!("a     b"), 132_012),
            (&format!("{body}/text"), json!(20), 100),
            (&format!("{body}/type"), json!("image"), 132_012),
            (&format!("{body}/parameter_name"), json!("amount"), 132_012),
            (&format!("{button}/index"), json!(0), 100),
            (&format!("{button}/index"), json!("10"), 131_009),
            (&format!("{button}/index"), json!("1"), 100),
            (&format!("{button}/sub_type"), json!("call"), 131_009),
            (&format!("{button}/parameters"), json!([]), 132_000),
            (&format!("{button}/parameters/0/text"), json!("a b"), 131_009),
        ] {
            let mut message = template_message();
            *message.pointer_mut(pointer).expect(pointer) = value;
            assert_eq!(code(&message), Some(expected), "{pointer}");
        }
    }

    #[test]
    fn missing_and_unknown_members_are_refused() {
        for (parent, name, expected) in [
            ("", "to", 131_008),
            ("/template", "name", 131_008),
            ("/template", "language", 131_008),
            ("/template/components/0/parameters/0", "text", 131_008),
            ("/template/components/0/parameters/0", "parameter_name", 132_012),
            ("/template/components/1", "index", 131_008),
        ] {
            let mut message = template_message();
            message.pointer_mut(parent).and_then(Value::as_object_mut).expect(parent).remove(name);
            assert_eq!(code(&message), Some(expected), "{parent} {name}");
        }
        for parent in ["", "/template", "/template/components/0", "/template/components/1/parameters/0"] {
            let mut message = template_message();
            message.pointer_mut(parent).expect(parent)["surprise"] = json!(1);
            assert_eq!(code(&message), Some(100), "{parent}");
        }
    }
}
