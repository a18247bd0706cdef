//! The other ends of HTTP: they remember every request and answer by a script, or like the real one does.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;
use recoup_app::ports::{Transport, TransportError};
use serde_json::{Value, json};

use crate::{Call, Memory, Oddity};

/// Meta's Graph API.
pub const GRAPH_URL: &str = "https://graph.facebook.com";
/// Stripe's API.
pub const STRIPE_URL: &str = "https://api.stripe.com";
/// AWS End User Messaging Social.
pub const SOCIAL_URL: &str = "https://social-messaging.eu-west-1.amazonaws.com";
/// Twilio's API.
pub const TWILIO_URL: &str = "https://api.twilio.com";
/// MSG91's API.
pub const MSG91_URL: &str = "https://control.msg91.com";
/// Rapiwa's API.
pub const RAPIWA_URL: &str = "https://app.rapiwa.com";

/// Firebase Cloud Messaging.
pub const FCM_URL: &str = "https://fcm.googleapis.com";
/// Amazon Bedrock's models.
pub const BEDROCK_URL: &str = "https://bedrock-runtime.eu-west-1.amazonaws.com";
/// OneSignal.
pub const ONESIGNAL_URL: &str = "https://api.onesignal.com";
/// SES.
pub const SES_URL: &str = "https://email.eu-west-1.amazonaws.com";

/// What the other end does with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Answers with this status and JSON.
    Json(u16, Value),
    /// Answers with this status and text, as a load balancer does.
    Text(u16, &'static str),
    /// Cannot be reached; nothing arrives.
    NotSent,
    /// Takes the request, and its answer is lost.
    Lost,
}

impl Reply {
    /// The answer of Graph with this error code.
    pub fn graph_error(status: u16, code: i64) -> Self {
        Self::Json(status, json!({"error": {"message": "refused", "type": "OAuthException", "code": code}}))
    }

    /// The answer of SES with this exception.
    pub fn ses_error(status: u16, exception: &str) -> Self {
        Self::Json(status, json!({"__type": exception, "message": "refused"}))
    }

    /// What a model of Bedrock says.
    pub fn model(said: &str) -> Self {
        let message = json!({"role": "assistant", "content": [{"text": said}]});
        let usage = json!({"inputTokens": 310, "outputTokens": 2, "totalTokens": 312});
        Self::Json(200, json!({"output": {"message": message}, "stopReason": "end_turn", "usage": usage}))
    }

    /// The answer of Twilio with this error code.
    pub fn twilio_error(status: u16, code: i64) -> Self {
        Self::Json(status, json!({"code": code, "message": "refused", "status": status}))
    }
}

/// A request that was made.
#[derive(Clone)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// The URL.
    pub url: String,
    /// The `authorization` header.
    pub authorization: String,
    /// The body.
    pub body: Bytes,
    /// Whether it reached the other end.
    pub arrived: bool,
    /// Whether the other end took what it was asked to do.
    pub taken: bool,
}

impl Asked {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The value of a field of the form.
    ///
    /// # Panics
    /// When there is none.
    pub fn field(&self, name: &str) -> String {
        let mut fields = form_urlencoded::parse(&self.body);
        fields.find(|(key, _)| key == name).expect("the field is there").1.into_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn is_about(&self, part: &str) -> bool {
        self.url.contains(part) || self.text().contains(part)
    }
}

/// The requests made, and the answers to come.
#[derive(Default)]
pub(crate) struct HttpScript {
    asked: Vec<Asked>,
    rules: Vec<(String, VecDeque<Reply>)>,
    standing: Vec<(String, Reply)>,
    objects: BTreeMap<String, Value>,
    ids: u64,
}

impl HttpScript {
    fn answer(
        &mut self,
        request: &http::Request<Bytes>,
        at: Timestamp,
        oddity: Option<Oddity>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let header = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let mut asked = Asked {
            at,
            url: request.uri().to_string(),
            authorization: header.unwrap_or_default().to_owned(),
            body: request.body().clone(),
            arrived: true,
            taken: true,
        };
        let (reply, taken) = match oddity {
            Some(Oddity::GraphError(status, code)) => (Reply::graph_error(status, code), false),
            Some(Oddity::Garbage) => (Reply::Text(200, "{\"messages\": ["), true),
            Some(Oddity::Unknown) => (Reply::Lost, false),
            Some(Oddity::Page { taken }) => (Reply::Text(502, "<html>bad gateway</html>"), taken),
            _ => {
                let reply = self.reply(&asked);
                let taken =
                    matches!(reply, Reply::Json(200..=299, _) | Reply::Text(200..=299, _) | Reply::Lost);
                (reply, taken)
            }
        };
        (asked.arrived, asked.taken) = (reply != Reply::NotSent, taken);
        self.asked.push(asked);
        let (status, body) = match reply {
            Reply::Json(status, value) => (status, value.to_string()),
            Reply::Text(status, text) => (status, text.to_owned()),
            Reply::NotSent => return Err(TransportError::NotSent),
            Reply::Lost => return Err(TransportError::Ambiguous),
        };
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = http::StatusCode::from_u16(status).map_err(|_| TransportError::Ambiguous)?;
        Ok(response)
    }

    /// What the script says to this request, else what the real other end would say.
    fn reply(&mut self, asked: &Asked) -> Reply {
        let planned = self.rules.iter_mut().find(|(part, left)| asked.is_about(part) && !left.is_empty());
        if let Some(reply) = planned.and_then(|(_, left)| left.pop_front()) {
            return reply;
        }
        if let Some((_, reply)) = self.standing.iter().find(|(part, _)| asked.is_about(part)) {
            return reply.clone();
        }
        self.ids += 1;
        if let Some(path) = asked.url.strip_prefix(STRIPE_URL) {
            return match self.objects.get(path) {
                Some(object) => Reply::Json(200, object.clone()),
                None => Reply::Json(
                    404,
                    json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}}),
                ),
            };
        }
        if asked.url.starts_with(TWILIO_URL) {
            return Reply::Json(201, json!({"sid": format!("SM{:032x}", self.ids), "status": "queued"}));
        }
        if asked.url.starts_with(MSG91_URL) {
            return Reply::Json(200, json!({"type": "success", "message": format!("{:024x}", self.ids)}));
        }
        if asked.url.starts_with(RAPIWA_URL) {
            return Reply::Json(200, json!({"success": true, "message_id": format!("3EB0{}", self.ids)}));
        }
        if asked.url.starts_with(GRAPH_URL) {
            let id = format!("wamid.{}", self.ids);
            return Reply::Json(200, json!({"messaging_product": "whatsapp", "messages": [{"id": id}]}));
        }
        if asked.url.starts_with(SOCIAL_URL) {
            return Reply::Json(200, json!({"messageId": format!("wamid.{}", self.ids)}));
        }
        if asked.url.starts_with(ONESIGNAL_URL) {
            return Reply::Json(200, json!({"id": format!("push-{}", self.ids)}));
        }
        if asked.url.starts_with(SES_URL) {
            return Reply::Json(200, json!({"MessageId": format!("ses-{}", self.ids)}));
        }
        if asked.url == crate::seeds::SLACK_URL {
            return Reply::Text(200, "ok");
        }
        if [crate::seeds::HELP_DESK_URL, crate::seeds::ENDS_URL].contains(&asked.url.as_str()) {
            return Reply::Text(202, "");
        }
        Reply::NotSent
    }
}

impl Transport for Memory {
    async fn perform(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let failures = [Err(TransportError::NotSent), Err(TransportError::Ambiguous)];
        let deed = |world: &mut crate::memory::World| world.http.answer(&request, world.now, world.oddity);
        self.call_once(Call::Perform, failures, deed).await
    }
}

impl Memory {
    /// Plans the answers to the next requests whose URL or body holds `part`, one each.
    pub fn answer(&self, part: &str, replies: impl IntoIterator<Item = Reply>) {
        self.world().http.rules.push((part.to_owned(), replies.into_iter().collect()));
    }

    /// Answers every request whose URL or body holds `part` alike, until [`Memory::answer_as_usual`].
    pub fn answer_always(&self, part: &str, reply: Reply) {
        self.world().http.standing.push((part.to_owned(), reply));
    }

    /// Ends every planned answer.
    pub fn answer_as_usual(&self) {
        let mut world = self.world();
        world.http.rules.clear();
        world.http.standing.clear();
    }

    /// Puts an object where Stripe's API serves it, for example `/v1/invoices/in_1`.
    pub fn put_stripe_object(&self, path: &str, object: Value) {
        self.world().http.objects.insert(path.to_owned(), object);
    }

    /// The requests since the first `nth` ones.
    pub fn asked_from(&self, nth: usize) -> Vec<Asked> {
        self.world().http.asked.get(nth..).unwrap_or_default().to_vec()
    }

    /// The requests whose URL holds `part`, in the order they were made.
    pub fn asked(&self, part: &str) -> Vec<Asked> {
        self.world().http.asked.iter().filter(|asked| asked.url.contains(part)).cloned().collect()
    }
}
