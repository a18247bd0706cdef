//! MSG91's flows: text messages of India's registered templates out, delivery reports in (messaging-providers.md
//! section 5).
//!
//! MSG91 signs nothing, so its webhook is told from others by [`crate::verify_path_secret`]. What it answers to a
//! request that it refuses is documented in part only; what is not understood counts as unknown, and is never sent
//! again.

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Uri};
use recoup_core::{Channel, Content, Message, Secret, SendOutcome, TextContent};
use serde::{Serialize, Serializer};

use crate::endpoint::{JSON, address, credential, post};
use crate::{EncodeError, MalformedSetting, Provider, Registered, parameter, phone, reference, sms};

mod answer;
mod events;

pub use events::events;

/// Characters of `CRQID`, which comes back in delivery reports; MSG91 takes letters, digits, `_`, `.` and `-`.
const REFERENCE_MAX: usize = 80;
/// Characters of one variable; no text is longer.
const VALUE_MAX: usize = 306;

/// One account at MSG91 and its flows.
#[derive(Debug, Clone)]
pub struct Msg91 {
    flow: Uri,
    authkey: HeaderValue,
    flows: Registered,
}

impl Msg91 {
    /// Checks the settings: base URL (`https`, or this machine), auth key, and the id of the flow of each template in
    /// each language, letters and digits. A flow numbers its variables (`VAR1`, `VAR2`) in the order of the text, and
    /// MSG91's panel maps it to the DLT registry.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the first one that cannot be used.
    pub fn new(base_url: &str, authkey: &Secret, flows: Registered) -> Result<Self, MalformedSetting> {
        let flow = address(base_url, "/api/v5/flow")?;
        let authkey = credential(authkey.expose(), "authkey")?;
        flows.require_ids(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()), "flows")?;
        Ok(Self { flow, authkey, flows })
    }
}

#[derive(Serialize)]
struct Flow<'a> {
    template_id: &'a str,
    short_url: &'static str,
    #[serde(rename = "CRQID", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    recipients: [Recipient<'a>; 1],
}

#[derive(Serialize)]
struct Recipient<'a> {
    mobiles: &'a str,
    #[serde(flatten)]
    variables: Variables,
}

/// The values of a flow's variables, which are numbered from 1.
struct Variables(Vec<String>);

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbered = self.0.iter().enumerate();
        serializer.collect_map(numbered.map(|(at, value)| (format!("VAR{}", at + 1), value)))
    }
}

impl Provider for Msg91 {
    fn name(&self) -> &'static str {
        "msg91"
    }

    fn channel(&self) -> Channel {
        Channel::Sms
    }

    fn encode(&self, message: &Message) -> Result<http::Request<Bytes>, EncodeError> {
        let Content::Text(text) = &message.content else {
            return Err(EncodeError::WrongContent(Channel::Sms));
        };
        let number = phone(message)?.expose();
        let flow = Flow {
            template_id: self.flows.id(&text.template, &text.language)?,
            short_url: "0",
            reference: Some(reference::write(&message.correlation))
                .filter(|text| text.len() <= REFERENCE_MAX),
            recipients: [Recipient {
                mobiles: number.strip_prefix('+').unwrap_or(number),
                variables: variables(text)?,
            }],
        };
        let body = serde_json::to_vec(&flow).expect("structs of strings always become JSON");
        let mut request = post(&self.flow, None, JSON, body);
        request.headers_mut().insert(HeaderName::from_static("authkey"), self.authkey.clone());
        Ok(request)
    }

    fn decode(&self, answer: &http::Response<Bytes>) -> SendOutcome {
        answer::decode(answer)
    }
}

/// Takes the values out of a text that is short enough as a whole: MSG91 puts it together again.
fn variables(text: &TextContent) -> Result<Variables, EncodeError> {
    sms::registered_body(&text.body)?;
    let value = |(name, value): &(String, String)| {
        parameter::allow(parameter::single_line(value, VALUE_MAX), name)?;
        Ok(sms::plain(value).into_owned())
    };
    text.parameters.iter().map(value).collect::<Result<_, _>>().map(Variables)
}
