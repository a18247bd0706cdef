//! Twilio: `POST /2010-04-01/Accounts/{sid}/Messages.json` (facts: messaging-providers section 3).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::json;

use super::graph_template::is_e164;
use super::script::Match;
use super::server::Reading;
use super::wire::{Answer, Request};
use crate::signing::random_hex;

const BODY_LIMIT: usize = 1600;
const KNOWN: [&str; 12] = [
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "ContentSid",
    "ContentVariables",
    "MediaUrl",
    "StatusCallback",
    "ValidityPeriod",
    "SmartEncoded",
    "RiskCheck",
    "ShortenUrls",
];

/// What WhatsApp's addresses begin with.
const WHATSAPP: &str = "whatsapp:";

/// The account that may send.
pub(super) struct Account {
    pub(super) sid: String,
    pub(super) token: String,
}

impl Account {
    /// Reads a request as Twilio would.
    pub(super) fn read(&self, request: &Request, now: Timestamp) -> Result<Reading, Answer> {
        let segments = request.segments();
        let ["2010-04-01", "Accounts", sid, "Messages.json"] = segments[..] else {
            return Err(refusal(404, 20404, "The requested resource was not found"));
        };
        if request.method != "POST" {
            return Err(refusal(405, 20004, "Method not allowed"));
        }
        self.authorise(request, sid)?;
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Err(refusal(415, 20415, "Unsupported media type"));
        }
        let form = request.form();
        check(&form)?;
        let value = |name: &str| field(&form, name);
        let suffix = random_hex().map_err(|error| refusal(500, 20500, &error.to_string()))?;
        let id = format!("SM{}", &suffix[..32]);
        let uri = format!("/2010-04-01/Accounts/{sid}/Messages/{id}.json");
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let body = json!({
            "account_sid": sid, "api_version": "2010-04-01", "body": value("Body"),
            "date_created": date, "date_sent": null, "date_updated": date,
            "direction": "outbound-api", "error_code": null, "error_message": null,
            "from": value("From"), "messaging_service_sid": value("MessagingServiceSid"),
            "num_media": "0", "num_segments": "1", "price": null, "price_unit": null,
            "sid": id, "status": "queued", "to": value("To"), "uri": uri,
        });
        let phone = value("To").map(|to| to.trim_start_matches(WHATSAPP).to_owned());
        let template = value("ContentSid").map(str::to_owned);
        Ok(Reading { keys: Match { phone, template, id: None }, answer: Answer::json(201, body) })
    }

    fn authorise(&self, request: &Request, sid: &str) -> Result<(), Answer> {
        let given = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
        let expected = BASE64_STANDARD.encode(format!("{}:{}", self.sid, self.token));
        if sid == self.sid && given == Some(&expected) {
            return Ok(());
        }
        Err(refusal(401, 20003, "Authenticate"))
    }
}

fn check(form: &[(String, String)]) -> Result<(), Answer> {
    if let Some((name, _)) = form.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err(refusal(400, 20001, &format!("Unknown parameter '{name}'")));
    }
    let to = field(form, "To").unwrap_or_default();
    let number = to.strip_prefix(WHATSAPP).unwrap_or(to);
    if !(number.starts_with('+') && is_e164(number)) {
        return Err(refusal(400, 21211, "Invalid 'To' Phone Number"));
    }
    let Some(from) = field(form, "From").or_else(|| field(form, "MessagingServiceSid")) else {
        return Err(refusal(400, 21603, "A 'From' phone number is required"));
    };
    if from.is_empty() {
        return Err(refusal(400, 21603, "A 'From' phone number is required"));
    }
    if field(form, "From").is_some() && from.starts_with(WHATSAPP) != to.starts_with(WHATSAPP) {
        return Err(refusal(400, 63007, "Could not find a Channel with the specified From address"));
    }
    match field(form, "ContentSid") {
        Some(sid) => check_content(form, sid)?,
        None => check_body(form)?,
    }
    let validity = field(form, "ValidityPeriod").map(str::parse::<u32>);
    if validity.is_some_and(|period| !period.is_ok_and(|seconds| (1..=36_000).contains(&seconds))) {
        return Err(refusal(400, 21621, "Invalid ValidityPeriod"));
    }
    Ok(())
}

fn check_body(form: &[(String, String)]) -> Result<(), Answer> {
    match field(form, "Body").unwrap_or_default().chars().count() {
        0 => Err(refusal(400, 21602, "Message body is required")),
        length if length > BODY_LIMIT => {
            Err(refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit"))
        }
        _ => Ok(()),
    }
}

/// A content and its variables: an object of texts, each in one line.
fn check_content(form: &[(String, String)], sid: &str) -> Result<(), Answer> {
    let hex = |digits: &str| digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !sid.strip_prefix("HX").is_some_and(hex) {
        return Err(refusal(400, 63027, "Template does not exist"));
    }
    let variables = field(form, "ContentVariables").unwrap_or("{}");
    let texts: Option<BTreeMap<u32, String>> = serde_json::from_str(variables).ok();
    if texts.is_some_and(|texts| texts.values().all(|text| !text.is_empty() && !text.contains('\n'))) {
        return Ok(());
    }
    Err(refusal(400, 21656, "The ContentVariables Parameter is invalid"))
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn refusal(status: u16, code: u32, message: &str) -> Answer {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({"code": code, "message": message, "more_info": more_info, "status": status});
    Answer::json(status, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(changes: &[(&str, &str)]) -> Option<u64> {
        let mut form: Vec<(String, String)> = [("To", "+15550100"), ("From", "+15550199"), ("Body", "hello")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push(((*name).to_owned(), (*value).to_owned()));
        }
        check(&form).err().and_then(|answer| answer.body["code"].as_u64())
    }

    #[test]
    fn each_field_is_checked() {
        let long = "x".repeat(1601);
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[("ValidityPeriod", "14400")]), None);
        for (name, value, expected) in [
            ("To", "15550100", 21211),
            ("To", "+0555", 21211),
            ("From", "", 21603),
            ("Body", "", 21602),
            ("Body", long.as_str(), 21617),
            ("ValidityPeriod", "0", 21621),
            ("ValidityPeriod", "soon", 21621),
            ("Text", "hello", 20001),
            ("To", "whatsapp:+15550100", 63007),
            ("ContentSid", "HX1", 63027),
        ] {
            assert_eq!(code(&[(name, value)]), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_content_stands_in_for_the_body() {
        let sid = format!("HX{}", "0".repeat(32));
        let of = |variables: &str| {
            let by = [("To", "whatsapp:+15550100"), ("From", "whatsapp:+15550199"), ("Body", "")];
            code(&[&by[..], &[("ContentSid", &sid), ("ContentVariables", variables)]].concat())
        };
        assert_eq!(of(r#"{"1":"Ana","2":"49.00 USD"}"#), None);
        for variables in ["", "[]", r#"{"name":"Ana"}"#, r#"{"1":1}"#, r#"{"1":""}"#, r#"{"1":"a\nb"}"#] {
            assert_eq!(of(variables), Some(21656), "{variables}");
        }
    }
}
