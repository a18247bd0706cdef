//! Sends steps by WhatsApp.

use recoup_channels::meta::Meta;
use recoup_channels::{EncodeError, Provider};
use recoup_core::{Channel, Message, Reaction, Refusal, SendOutcome};

use crate::breaker::Breaker;
use crate::credentials::MetaCredentials;
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Ports, SecretName, Secrets, Sender, Transport, TransportError};
use crate::step::StepSender;

/// The use case's name in logs.
pub const FUNCTION: &str = "whatsapp_sender";

/// Where Meta's Cloud API is, and which number sends.
#[derive(Debug, Clone)]
pub struct MetaSettings {
    /// The Graph API's base URL.
    pub base_url: String,
    /// Its version, for example `v26.0`.
    pub graph_version: String,
    /// The id of the sending number.
    pub phone_number_id: String,
}

/// Sends through Meta's Cloud API with the token that the secret holds at that moment.
#[derive(Debug)]
pub struct MetaSender<P, T> {
    ports: P,
    transport: T,
    settings: MetaSettings,
}

impl<P: Secrets, T: Transport> Sender for MetaSender<P, T> {
    async fn send(&self, message: &Message) -> SendOutcome {
        let Ok(text) = self.ports.secret(SecretName::Meta).await else { return SendOutcome::NotSent };
        let settings = &self.settings;
        let provider = MetaCredentials::parse(&text).ok().and_then(|credentials| {
            let token = &credentials.access_token;
            Meta::new(&settings.base_url, &settings.graph_version, &settings.phone_number_id, token).ok()
        });
        match provider {
            Some(provider) => through(&provider, &self.transport, message).await,
            None => SendOutcome::Refused(misconfigured()),
        }
    }
}

/// Puts a message to a provider over HTTP and reads the answer.
pub(crate) async fn through(
    provider: &impl Provider,
    transport: &impl Transport,
    message: &Message,
) -> SendOutcome {
    let request = match provider.encode(message) {
        Ok(request) => request,
        Err(error) => return SendOutcome::Refused(unfit(&error)),
    };
    match transport.perform(request).await {
        Ok(answer) => provider.decode(&answer),
        Err(TransportError::NotSent) => SendOutcome::NotSent,
        Err(TransportError::Ambiguous) => SendOutcome::Unknown,
    }
}

/// The message cannot be put to this provider: a person looks at the template.
pub(crate) fn unfit(error: &EncodeError) -> Refusal {
    Refusal::new(error.code(), Reaction::Park, true)
}

/// The account's own settings are unfit: nothing goes until a person mends them.
pub(crate) fn misconfigured() -> Refusal {
    Refusal::new("misconfigured", Reaction::Hold, true)
}

/// The parts of this use case.
pub fn parts<P: Ports + Clone, T: Transport + Clone>(
    engine: Engine<P>,
    transport: T,
    apis: Apis,
    settings: MetaSettings,
) -> StepSender<P, T, Breaker<P, MetaSender<P, T>>> {
    let ports = engine.ports.clone();
    let sender = MetaSender { ports: ports.clone(), transport: transport.clone(), settings };
    StepSender {
        engine,
        transport,
        apis,
        sender: Breaker::new(ports, sender),
        function: FUNCTION,
        channel: Channel::Whatsapp,
        last_receive: None,
    }
}
