//! The providers' servers on 127.0.0.1, each as strict with a request as the real one.
//!
//! A malformed or unauthorised request gets the provider's own error and uses up no scripted answer.

mod approved;
mod connection;
mod end_user_messaging;
mod fcm;
mod graph_template;
mod graph_window;
mod meta_webhook;
mod onesignal;
mod push;
mod receiver;
mod script;
mod server;
mod ses;
mod slack;
mod sms;
mod stripe;
mod twilio;
mod whatsapp;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Http, LocalError, MovedClock};

pub use approved::ApprovedTemplates;
pub use script::{Drop, Match, NextAnswer, NextStatus};
pub use server::Stub;

/// What a stub received and answered: one element of `GET /_sent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// When, on the moved clock.
    #[serde(with = "crate::clock::rfc3339")]
    pub time: jiff::Timestamp,
    /// The phone number it went to, where the request names one.
    pub phone: Option<String>,
    /// The template, where the request names one.
    pub template: Option<String>,
    /// The request: `method`, `path`, `query`, `headers`, and `body` decoded from JSON or a form.
    pub request: Value,
    /// The answer: `status` and `body`.
    pub answer: Value,
    /// `after` when the connection was cut once the request had been accepted.
    pub dropped: Option<Drop>,
}

impl Sent {
    /// Whether the provider took the message.
    pub fn accepted(&self) -> bool {
        self.answer["status"].as_u64().is_some_and(|status| (200..300).contains(&status))
    }

    /// The provider's code where it refused, else the HTTP status; `None` for a message that was accepted.
    pub fn refusal(&self) -> Option<String> {
        if self.accepted() {
            return None;
        }
        let body = &self.answer["body"];
        let codes =
            [&body["error"]["code"], &body["Reason"], &body["__type"], &body["code"], &self.answer["status"]];
        let code = codes.into_iter().find(|code| !code.is_null())?;
        Some(code.as_str().map_or_else(|| code.to_string(), str::to_owned))
    }
}

/// What the stubs accept as authentication; made up for each stack.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The id of the sending `WhatsApp` number.
    pub phone_number_id: String,
    /// Meta's access token.
    pub meta_access_token: String,
    /// Meta's app secret, for the webhooks that the stub sends.
    pub meta_app_secret: String,
    /// Stripe's API key.
    pub stripe_api_key: String,
    /// Twilio's account.
    pub twilio_account_sid: String,
    /// Twilio's password.
    pub twilio_auth_token: String,
    /// The bearer token of Firebase Cloud Messaging.
    pub push_token: String,
    /// The app at OneSignal.
    pub onesignal_app_id: String,
    /// Its key.
    pub onesignal_api_key: String,
    /// The domain that is verified at SES.
    pub ses_identity: String,
    /// The configuration set at SES.
    pub ses_configuration_set: String,
    /// The secret path of Slack's incoming webhook.
    pub slack_path: String,
    /// The key that signs what the help desk is told.
    pub help_desk_key: String,
    /// The key that signs what the system of accounts is told.
    pub ends_key: String,
}

/// The stubs of a stack; they stop when this is dropped.
#[derive(Debug)]
pub struct Stubs {
    /// Meta's `WhatsApp` Cloud API.
    pub whatsapp: Stub,
    /// AWS End User Messaging and Twilio.
    pub sms: Stub,
    /// Firebase Cloud Messaging and OneSignal.
    pub push: Stub,
    /// Amazon SES.
    pub email: Stub,
    /// A channel of Slack.
    pub slack: Stub,
    /// The merchant's help desk.
    pub help_desk: Stub,
    /// The merchant's system that keeps accounts.
    pub ends: Stub,
    /// Stripe's API.
    pub stripe: Stub,
}

impl Stubs {
    /// Starts the stubs on free ports.
    ///
    /// # Errors
    /// [`LocalError`] when a port cannot be opened.
    pub async fn start(
        credentials: &Credentials,
        clock: &MovedClock,
        approved: ApprovedTemplates,
    ) -> Result<Self, LocalError> {
        let http = Http::new()?;
        let whatsapp = whatsapp::WhatsApp::new(credentials, approved, clock.clone(), http);
        Ok(Self {
            whatsapp: Stub::start(whatsapp, clock.clone()).await?,
            sms: Stub::start(sms::Sms::new(credentials), clock.clone()).await?,
            push: Stub::start(push::Push::new(credentials), clock.clone()).await?,
            email: Stub::start(ses::Ses::new(credentials), clock.clone()).await?,
            slack: Stub::start(slack::Slack::new(credentials), clock.clone()).await?,
            help_desk: Stub::start(
                receiver::Receiver::new("handoff.opened", &credentials.help_desk_key),
                clock.clone(),
            )
            .await?,
            ends: Stub::start(receiver::Receiver::new("case.ended", &credentials.ends_key), clock.clone())
                .await?,
            stripe: Stub::start(stripe::Stripe::new(credentials), clock.clone()).await?,
        })
    }
}
