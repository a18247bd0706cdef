//! Twilio: `POST /2010-04-01/Accounts/{sid}/Messages.json` (facts: messaging-providers section 3).

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
const KNOWN: [&str; 10] = [
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "MediaUrl",
    "StatusCallback",
    "ValidityPeriod",
    "SmartEncoded",
    "RiskCheck",
    "ShortenUrls",
];

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
        let phone = value("To").map(str::to_owned);
        Ok(Reading { keys: Match { phone, template: None, id: None }, answer: Answer::json(201, body) })
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
    if !field(form, "To").is_some_and(|to| to.starts_with('+') && is_e164(to)) {
        return Err(refusal(400, 21211, "Invalid 'To' Phone Number"));
    }
    if field(form, "From").or_else(|| field(form, "MessagingServiceSid")).is_none_or(str::is_empty) {
        return Err(refusal(400, 21603, "A 'From' phone number is required"));
    }
    match field(form, "Body").unwrap_or_default().chars().count() {
        0 => return Err(refusal(400, 21602, "Message body is required")),
        length if length > BODY_LIMIT => {
            return Err(refusal(
                400,
                21617,
                "The concatenated message body exceeds the 1600 character limit",
            ));
        }
        _ => {}
    }
    let validity = field(form, "ValidityPeriod").map(str::parse::<u32>);
    if validity.is_some_and(|period| !period.is_ok_and(|seconds| (1..=36_000).contains(&seconds))) {
        return Err(refusal(400, 21621, "Invalid ValidityPeriod"));
    }
    Ok(())
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
        ] {
            assert_eq!(code(&[(name, value)]), Some(expected), "{name}");
        }
    }
}
