//! Sends steps by WhatsApp.

use recoup_channels::Provider;
pub use recoup_channels::aws_social::{AwsSocial, SERVICE as AWS_SERVICE};
use recoup_channels::meta::Meta;
use recoup_channels::rapiwa::{self, Rapiwa};
use recoup_core::{Channel, Secret};

use crate::breaker::Breaker;
use crate::carrier::{Carrier, Misfit, TwilioSettings};
use crate::credentials::{MetaCredentials, RapiwaCredentials, TwilioCredentials};
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Ports, SecretName, Sender, Transport};
use crate::step::StepSender;

/// The use case's name in logs.
pub const FUNCTION: &str = "whatsapp_sender";

/// Who carries WhatsApp.
#[derive(Debug, Clone)]
pub enum WhatsappCarrier {
    /// Meta's Cloud API.
    Meta(MetaSettings),
    /// Twilio.
    Twilio(TwilioSettings),
    /// A phone that is linked to Rapiwa, outside WhatsApp's terms: it takes plain text only
    /// ([`recoup_core::Policy::whatsapp_plain`]).
    Rapiwa {
        /// The API's base URL.
        base_url: String,
    },
}

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

impl Carrier for WhatsappCarrier {
    fn secret(&self) -> SecretName {
        match self {
            Self::Meta(_) => SecretName::Meta,
            Self::Twilio(_) => SecretName::Twilio,
            Self::Rapiwa { .. } => SecretName::Rapiwa,
        }
    }

    fn provider(&self, secret: &Secret) -> Result<Box<dyn Provider>, Misfit> {
        Ok(match self {
            Self::Meta(settings) => {
                let MetaSettings { base_url, graph_version, phone_number_id } = settings;
                let token = MetaCredentials::parse(secret)?.access_token;
                Box::new(Meta::new(base_url, graph_version, phone_number_id, &token)?)
            }
            Self::Twilio(settings) => {
                let credentials = TwilioCredentials::parse(secret)?;
                let sender = ("whatsapp_from", credentials.whatsapp_from.as_deref());
                let account = settings.account(&credentials, sender)?;
                Box::new(account.by_whatsapp(credentials.contents)?)
            }
            Self::Rapiwa { base_url } => {
                let key = RapiwaCredentials::parse(secret)?.api_key;
                Box::new(Rapiwa::new(base_url, rapiwa::SEND_PATH, &key)?)
            }
        })
    }
}

/// The parts of this use case.
pub fn parts<P: Ports + Clone, T: Transport, S: Sender>(
    engine: Engine<P>,
    transport: T,
    apis: Apis,
    sender: S,
) -> StepSender<P, T, Breaker<P, S>> {
    let sender = Breaker::new(engine.ports.clone(), sender);
    StepSender {
        engine,
        transport,
        apis,
        sender,
        function: FUNCTION,
        channel: Channel::Whatsapp,
        last_receive: None,
    }
}
