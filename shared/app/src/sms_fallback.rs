//! Sends by text message what WhatsApp definitely could not, gated by the same ledger.

use recoup_channels::aws_sms;
pub use recoup_channels::aws_sms::AwsSms;
pub use recoup_channels::Registered;
use recoup_channels::twilio::Twilio;
use recoup_core::{Channel, Message, SendOutcome};

use crate::breaker::Breaker;
use crate::credentials::TwilioCredentials;
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Ports, SecretName, Secrets, Sender, TextApi, TextApiError, Transport};
use crate::step::StepSender;
use crate::whatsapp_sender::{misconfigured, through, unfit};

/// The use case's name in logs.
pub const FUNCTION: &str = "sms_fallback";

/// Sends through Twilio with the credentials that the secret holds at that moment.
#[derive(Debug, Clone)]
pub struct TwilioSender<P, T> {
    ports: P,
    transport: T,
    base_url: String,
}

impl<P: Ports, T: Transport> TwilioSender<P, T> {
    /// Builds the sender.
    pub fn new(ports: P, transport: T, base_url: String) -> Self {
        Self { ports, transport, base_url }
    }
}

impl<P: Secrets, T: Transport> Sender for TwilioSender<P, T> {
    async fn send(&self, message: &Message) -> SendOutcome {
        let Ok(text) = self.ports.secret(SecretName::Twilio).await else { return SendOutcome::NotSent };
        let provider = TwilioCredentials::parse(&text).ok().and_then(|credentials| {
            let TwilioCredentials { account_sid, auth_token, from } = credentials;
            Twilio::new(&self.base_url, &account_sid, &auth_token, &from).ok()
        });
        match provider {
            Some(provider) => through(&provider, &self.transport, message).await,
            None => SendOutcome::Refused(misconfigured()),
        }
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
