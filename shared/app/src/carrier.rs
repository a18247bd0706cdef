//! Message providers that are reached over HTTP with what a secret holds at that moment.

use recoup_channels::twilio::Twilio;
use recoup_channels::{EncodeError, MalformedSetting, Provider};
use recoup_core::{Message, Reaction, Refusal, Secret, SendOutcome};
use thiserror::Error;

use crate::credentials::TwilioCredentials;
use crate::ports::{SecretError, SecretName, Secrets, Sender, Transport, TransportError};

/// What Twilio is asked to do about a status that found no taker: two more tries, whatever went wrong
/// (messaging-providers.md section 3).
const RETRIES: &str = "#rc=2&rp=all";

/// A provider as configured: the secret it needs, and the codec that this secret makes.
pub trait Carrier: Send + Sync {
    /// The secret.
    fn secret(&self) -> SecretName;

    /// The codec.
    ///
    /// # Errors
    /// [`Misfit`] naming the member or setting that cannot be used.
    fn provider(&self, secret: &Secret) -> Result<Box<dyn Provider>, Misfit>;
}

/// Why a provider cannot be spoken to as it is configured.
#[derive(Debug, Error)]
pub enum Misfit {
    /// Its secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Another setting.
    #[error(transparent)]
    Setting(#[from] MalformedSetting),
}

/// Sends through a carrier.
#[derive(Debug, Clone)]
pub struct CarrierSender<P, T, C> {
    ports: P,
    transport: T,
    carrier: C,
}

impl<P, T, C> CarrierSender<P, T, C> {
    /// Builds the sender.
    pub fn new(ports: P, transport: T, carrier: C) -> Self {
        Self { ports, transport, carrier }
    }
}

impl<P: Secrets, T: Transport, C: Carrier> Sender for CarrierSender<P, T, C> {
    async fn send(&self, message: &Message) -> SendOutcome {
        let Ok(text) = self.ports.secret(self.carrier.secret()).await else { return SendOutcome::NotSent };
        match self.carrier.provider(&text) {
            Ok(provider) => through(&*provider, &self.transport, message).await,
            Err(_) => SendOutcome::Refused(misconfigured()),
        }
    }
}

/// Sends through a provider that asks for no secret: its transport signs what leaves as the function's own role.
#[derive(Debug, Clone)]
pub struct RoleSender<T, C> {
    transport: T,
    provider: C,
}

impl<T, C> RoleSender<T, C> {
    /// Builds the sender.
    pub fn new(transport: T, provider: C) -> Self {
        Self { transport, provider }
    }
}

impl<T: Transport, C: Provider> Sender for RoleSender<T, C> {
    async fn send(&self, message: &Message) -> SendOutcome {
        through(&self.provider, &self.transport, message).await
    }
}

/// Puts a message to a provider over HTTP and reads the answer.
pub(crate) async fn through(
    provider: &dyn Provider,
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

/// Where Twilio's API is, and where it reports to.
#[derive(Debug, Clone)]
pub struct TwilioSettings {
    /// The API's base URL.
    pub base_url: String,
    /// What the routes of the providers' webhooks are called from outside, without a trailing slash.
    pub channels_url: String,
}

impl TwilioSettings {
    /// The account, sending from the number or service that stands in this member of its secret.
    pub(crate) fn account(
        &self,
        credentials: &TwilioCredentials,
        (member, sender): (&str, Option<&str>),
    ) -> Result<Twilio, Misfit> {
        let unfit = |member: &str, rule: &str| SecretError::Unfit {
            name: SecretName::Twilio,
            rule: format!("{member}: {rule}"),
        };
        let sender = sender.ok_or_else(|| unfit(member, "is missing"))?;
        let twilio = Twilio::new(&self.base_url, &credentials.account_sid, credentials.auth_token(), sender);
        let twilio = twilio.map_err(|error| match error.setting {
            "sender" => Misfit::Secret(unfit(member, "is neither a number nor a messaging service")),
            "account_sid" => Misfit::Secret(unfit("account_sid", "is no account SID")),
            _ => Misfit::Setting(error),
        })?;
        Ok(twilio.reporting_to(&format!("{}/twilio{RETRIES}", self.channels_url))?)
    }
}
