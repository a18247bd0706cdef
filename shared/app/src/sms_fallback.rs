//! Sends by text message what WhatsApp definitely could not, gated by the same ledger.

use recoup_channels::Provider;
pub use recoup_channels::Registered;
use recoup_channels::aws_sms;
pub use recoup_channels::aws_sms::AwsSms;
use recoup_channels::msg91::Msg91;
use recoup_core::{Channel, Message, Secret, SendOutcome};

use crate::breaker::Breaker;
use crate::carrier::{Carrier, Misfit, TwilioSettings, unfit};
use crate::credentials::{Msg91Credentials, TwilioCredentials};
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Ports, SecretName, Sender, TextApi, TextApiError, Transport};
use crate::step::StepSender;

/// The use case's name in logs.
pub const FUNCTION: &str = "sms_fallback";

/// Who carries text messages, of those that are reached over HTTP with a secret of their own.
#[derive(Debug, Clone)]
pub enum SmsCarrier {
    /// Twilio.
    Twilio(TwilioSettings),
    /// MSG91, for the registered texts of India.
    Msg91 {
        /// The API's base URL.
        base_url: String,
    },
}

impl Carrier for SmsCarrier {
    fn secret(&self) -> SecretName {
        match self {
            Self::Twilio(_) => SecretName::Twilio,
            Self::Msg91 { .. } => SecretName::Msg91,
        }
    }

    fn provider(&self, secret: &Secret) -> Result<Box<dyn Provider>, Misfit> {
        Ok(match self {
            Self::Twilio(settings) => {
                let credentials = TwilioCredentials::parse(secret)?;
                Box::new(settings.account(&credentials, ("from", credentials.from.as_deref()))?)
            }
            Self::Msg91 { base_url } => {
                let Msg91Credentials { authkey, flows, .. } = Msg91Credentials::parse(secret)?;
                Box::new(Msg91::new(base_url, &authkey, flows)?)
            }
        })
    }
}

/// Sends through AWS End User Messaging.
#[derive(Debug, Clone)]
pub struct AwsSender<A> {
    api: A,
    codec: AwsSms,
}

impl<A: TextApi> AwsSender<A> {
    /// Sends from an account set up like this.
    pub fn new(api: A, codec: AwsSms) -> Self {
        Self { api, codec }
    }
}

impl<A: TextApi> Sender for AwsSender<A> {
    async fn send(&self, message: &Message) -> SendOutcome {
        let text = match self.codec.request(message) {
            Ok(text) => text,
            Err(error) => return SendOutcome::Refused(unfit(&error)),
        };
        match self.api.send_text(&text).await {
            Ok(id) => aws_sms::accepted(id.as_deref()),
            Err(TextApiError::Refused { exception, reason }) => {
                aws_sms::outcome(&exception, reason.as_deref())
            }
            Err(TextApiError::NotSent) => SendOutcome::NotSent,
            Err(TextApiError::Ambiguous) => SendOutcome::Unknown,
        }
    }
}

/// The parts of this use case. `last_receive` is the redrive count of the queue: the message is parked with its reason
/// before the queue would move it without one.
pub fn parts<P: Ports + Clone, T: Transport, S: Sender>(
    engine: Engine<P>,
    transport: T,
    apis: Apis,
    sender: S,
    last_receive: u32,
) -> StepSender<P, T, Breaker<P, S>> {
    let sender = Breaker::new(engine.ports.clone(), sender);
    StepSender {
        engine,
        transport,
        apis,
        sender,
        function: FUNCTION,
        channel: Channel::Sms,
        last_receive: Some(last_receive),
    }
}
