//! Amazon SES: `SendEmail` of version 2 of its API (facts: the API reference of SES v2, `SendEmail`, `Message`, `MessageTag`).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Credentials;
use super::script::{Match, NextStatus};
use super::server::{Provider, Reading};
use super::wire::{Answer, Request};
use crate::LocalError;
use crate::signing::random_id;

const PATH: &str = "/v2/email/outbound-emails";
/// The headers that SES writes itself and takes from nobody.
const OWN_HEADERS: [&str; 7] = ["bcc", "cc", "date", "from", "message-id", "subject", "to"];

/// The stub of SES, with one verified identity and one configuration set.
pub(super) struct Ses {
    identity: String,
    configuration_set: String,
}

impl Ses {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let (identity, set) = (&credentials.ses_identity, &credentials.ses_configuration_set);
        Self { identity: identity.clone(), configuration_set: set.clone() }
    }

    /// Checks the body as SES would; the error is the exception and what it says.
    fn check(&self, body: &Value) -> Result<String, (&'static str, String)> {
        let bad = |said: &str| ("BadRequestException", said.to_owned());
        let known = [
            "FromEmailAddress",
            "Destination",
            "ReplyToAddresses",
            "Content",
            "EmailTags",
            "ConfigurationSetName",
        ];
        let body = members(body, &known).map_err(|said| bad(&said))?;
        let from = body.get("FromEmailAddress").and_then(Value::as_str).unwrap_or_default();
        let from = mailbox(from).ok_or_else(|| bad("FromEmailAddress is malformed"))?;
        let domain = from.rsplit('@').next().unwrap_or_default();
        if from != self.identity && domain != self.identity {
            let said =
                format!("Email address is not verified. The following identities failed the check: {from}");
            return Err(("MessageRejected", said));
        }
        let nothing = Value::Null;
        let part = |name: &str| body.get(name).unwrap_or(&nothing);
        let destination = members(part("Destination"), &["ToAddresses"]).map_err(|said| bad(&said))?;
        let [to] =
            addresses(destination.get("ToAddresses")).ok_or_else(|| bad("Destination is malformed"))?[..]
        else {
            return Err(bad("one destination is expected"));
        };
        if addresses(body.get("ReplyToAddresses")).is_none() {
            return Err(bad("ReplyToAddresses is malformed"));
        }
        check_content(part("Content")).map_err(|said| bad(&said))?;
        check_tags(part("EmailTags")).map_err(|said| bad(&said))?;
        match body.get("ConfigurationSetName") {
            None => {}
            Some(name) if *name == self.configuration_set.as_str() => {}
            Some(name) => {
                let said = format!("Configuration set {name} does not exist.");
                return Err(("NotFoundException", said));
            }
        }
        Ok(to.to_owned())
    }
}

impl Provider for Ses {
    /// Reads a request as SES would.
    fn read(&self, request: &Request, _now: Timestamp) -> Result<Reading, Answer> {
        if request.method != "POST" || request.path != PATH || request.query.is_some() {
            return Err(refusal(404, "UnknownOperationException", "the operation is not known"));
        }
        authorise(request)?;
        if request.media_type() != "application/json" {
            return Err(refusal(415, "UnsupportedMediaTypeException", "the body must be application/json"));
        }
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| refusal(400, "SerializationException", "the body is not JSON"))?;
        let to = self.check(&body).map_err(|(exception, said)| {
            refusal(if exception == "NotFoundException" { 404 } else { 400 }, exception, &said)
        })?;
        let id = random_id().map_err(|error| refusal(500, "InternalFailure", &error.to_string()))?;
        Ok(Reading {
            // A script tells buyers apart by the mailbox.
            keys: Match { phone: None, template: None, id: Some(to) },
            answer: Answer::json(200, json!({"MessageId": id})),
        })
    }

    fn accepted(self: Arc<Self>, _request: &Request, _answer: &Answer, _statuses: Vec<NextStatus>) {}

    async fn control(self: Arc<Self>, _request: Request) -> Option<Result<Value, LocalError>> {
        None
    }
}

/// Checks the form of the signature, not its value: the functions' keys are made up by the emulator.
fn authorise(request: &Request) -> Result<(), Answer> {
    let header = request.header("authorization").unwrap_or_default();
    let Some(fields) = header.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(refusal(403, "MissingAuthenticationTokenException", "the request is not signed"));
    };
    let field = |name: &str| {
        fields
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let service = field("Credential").is_some_and(|scope| scope.ends_with("/ses/aws4_request"));
    let names = field("SignedHeaders").unwrap_or_default();
    let signed =
        ["content-type", "host", "x-amz-date"].iter().all(|name| names.split(';').any(|it| it == *name));
    let signature = field("Signature").is_some_and(|value| value.len() == 64);
    if service && signed && signature && request.header("x-amz-date").is_some() {
        return Ok(());
    }
    Err(refusal(403, "IncompleteSignatureException", "the signature is not one for ses"))
}

/// `{"Simple": {"Subject": {..}, "Body": {"Text": {..}}, "Headers": [..]}}`.
fn check_content(content: &Value) -> Result<(), String> {
    let nothing = Value::Null;
    let simple = members(content, &["Simple"])?.get("Simple").unwrap_or(&nothing);
    let simple = members(simple, &["Subject", "Body", "Headers"])?;
    let subject = text(simple.get("Subject").unwrap_or(&nothing), "Subject")?;
    if subject.is_empty() || subject.contains(char::is_control) {
        return Err("Subject must be one line".into());
    }
    let body = members(simple.get("Body").unwrap_or(&nothing), &["Text", "Html"])?;
    if text(body.get("Text").unwrap_or(&nothing), "Body.Text")?.is_empty() {
        return Err("Body.Text must not be empty".into());
    }
    let Some(headers) = simple.get("Headers") else { return Ok(()) };
    let headers = headers.as_array().filter(|headers| (0..=15).contains(&headers.len()));
    for header in headers.ok_or("Headers must be at most 15")? {
        let (name, value) = pair(header)?;
        let plain = |b: u8| (b'!'..=b'~').contains(&b) && b != b':';
        if name.is_empty() || name.len() > 126 || !name.bytes().all(plain) {
            return Err("a header's name is malformed".into());
        }
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("the header {name} is set by SES"));
        }
        if value.is_empty() || value.len() > 870 || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err("a header's value is malformed".into());
        }
    }
    Ok(())
}

/// A text and its charset.
fn text<'a>(content: &'a Value, name: &str) -> Result<&'a str, String> {
    let content = members(content, &["Data", "Charset"])?;
    if content.get("Charset").is_some_and(|charset| charset != "UTF-8") {
        return Err(format!("{name} has a charset that is none"));
    }
    content.get("Data").and_then(Value::as_str).ok_or_else(|| format!("{name} has no Data"))
}

fn check_tags(tags: &Value) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let fits = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(plain);
    let tags = tags.as_array().ok_or("EmailTags must be a list")?;
    let mut names = Vec::new();
    for tag in tags {
        let (name, value) = pair(tag)?;
        if !fits(name) || !fits(value) || names.contains(&name) {
            return Err("EmailTags must be pairs of letters, digits, _ and -, each name once".into());
        }
        names.push(name);
    }
    Ok(())
}

fn pair(value: &Value) -> Result<(&str, &str), String> {
    let pair = members(value, &["Name", "Value"])?;
    let text = |name: &str| pair.get(name).and_then(Value::as_str);
    text("Name").zip(text("Value")).ok_or_else(|| "Name and Value are expected".into())
}

/// The members of an object that has no others.
fn members<'a>(value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, String> {
    let members = value.as_object().ok_or_else(|| format!("an object of {known:?} is expected"))?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("{name} is not a member of SendEmail")),
        None => Ok(members),
    }
}

/// Well-formed addresses alone.
fn addresses(value: Option<&Value>) -> Option<Vec<&str>> {
    let alone = |value: &'_ Value| value.as_str().is_some_and(|text| mailbox(text) == Some(text));
    let list = value?.as_array().filter(|list| (1..=50).contains(&list.len()) && list.iter().all(alone))?;
    Some(list.iter().filter_map(Value::as_str).collect())
}

/// The address of `address`, `"name" <address>` or `=?UTF-8?B?..?= <address>`.
fn mailbox(text: &str) -> Option<&str> {
    let address = match text.split_once(" <") {
        Some((name, rest)) => {
            let quoted = name.len() > 2 && name.starts_with('"') && name.ends_with('"');
            let encoded = name.starts_with("=?UTF-8?B?") && name.ends_with("?=") && name.len() <= 75;
            rest.strip_suffix('>').filter(|_| (quoted || encoded) && name.is_ascii())?
        }
        None => text,
    };
    let (local, host) = address.split_once('@')?;
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"<>\",;@".contains(&b))
    };
    (plain(local) && plain(host) && host.contains('.') && text.len() <= 320).then_some(address)
}

fn refusal(status: u16, exception: &str, message: &str) -> Answer {
    Answer::json(status, json!({"__type": exception, "message": message}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pointer: &str, planted: &Value) -> Result<String, (&'static str, String)> {
        let mut body = json!({
            "FromEmailAddress": "\"Acme\" <billing@acme.example>",
            "Destination": {"ToAddresses": ["ana@example.com"]},
            "ReplyToAddresses": ["help@acme.example"],
            "Content": {"Simple": {
                "Subject": {"Data": "Your payment", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "Hi", "Charset": "UTF-8"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<mailto:help@acme.example?subject=STOP>"}],
            }},
            "EmailTags": [{"Name": "recoup0", "Value": "cmNwMS8"}],
            "ConfigurationSetName": "recoup",
        });
        if let Some(place) = body.pointer_mut(pointer) {
            *place = planted.clone();
        }
        let (identity, configuration_set) = ("acme.example".to_owned(), "recoup".to_owned());
        Ses { identity, configuration_set }.check(&body)
    }

    #[test]
    fn a_well_formed_letter_passes() {
        assert_eq!(said("/nothing", &Value::Null), Ok("ana@example.com".to_owned()));
        assert!(said("/FromEmailAddress", &json!("billing@acme.example")).is_ok());
        assert!(said("/FromEmailAddress", &json!("=?UTF-8?B?Q2Fmw6k=?= <billing@acme.example>")).is_ok());
    }

    #[test]
    fn each_member_is_checked() {
        for (pointer, planted, exception) in [
            ("/FromEmailAddress", json!("billing@other.example"), "MessageRejected"),
            ("/FromEmailAddress", json!("Acme <billing@acme.example>"), "BadRequestException"),
            ("/Destination/ToAddresses", json!([]), "BadRequestException"),
            ("/Destination/ToAddresses", json!(["Ana <ana@example.com>"]), "BadRequestException"),
            ("/Destination", json!({"ToAddresses": ["a@b.co"], "Bcc": []}), "BadRequestException"),
            ("/ReplyToAddresses", json!("help@acme.example"), "BadRequestException"),
            ("/Content/Simple/Subject/Data", json!("one\r\nBcc: x"), "BadRequestException"),
            ("/Content/Simple/Subject/Charset", json!("utf8"), "BadRequestException"),
            ("/Content/Simple/Body/Text", json!("Hi"), "BadRequestException"),
            ("/Content/Simple/Headers/0/Name", json!("Subject"), "BadRequestException"),
            ("/Content/Simple/Headers/0/Value", json!("é"), "BadRequestException"),
            ("/Content", json!({"Raw": {"Data": ""}}), "BadRequestException"),
            ("", json!([]), "BadRequestException"),
            ("/EmailTags/0/Value", json!("rcp1/main"), "BadRequestException"),
            ("/EmailTags/0/Value", json!("x".repeat(257)), "BadRequestException"),
            ("/ConfigurationSetName", json!("other"), "NotFoundException"),
        ] {
            assert_eq!(
                said(pointer, &planted).err().map(|(kind, _)| kind),
                Some(exception),
                "{pointer} {planted}"
            );
        }
    }
}
