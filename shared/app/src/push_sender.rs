//! Sends steps to the merchant's app.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use recoup_channels::fcm::{Fcm, ServiceAccount, read_token};
use recoup_channels::onesignal::OneSignal;
use recoup_core::{Channel, Message, Reaction, Refusal, Secret, SendOutcome};

use crate::breaker::Breaker;
use crate::carrier::{misconfigured, through};
use crate::credentials::PushCredentials;
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Clock, Ports, SecretName, Secrets, Sender, Transport};
use crate::step::StepSender;

/// The use case's name in logs.
pub const FUNCTION: &str = "push_sender";

/// A token is renewed this long before it ends.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// Where the push services are.
#[derive(Debug, Clone)]
pub struct PushSettings {
    /// Firebase Cloud Messaging's base URL.
    pub fcm_url: String,
    /// OneSignal's base URL.
    pub onesignal_url: String,
}

/// Sends through the push service that the secret names.
#[derive(Debug)]
pub struct PushSender<P, T> {
    ports: P,
    transport: T,
    settings: PushSettings,
    token: Mutex<Option<Token>>,
}

/// An access token of Google's.
#[derive(Debug, Clone)]
struct Token {
    project: String,
    secret: Secret,
    until: Timestamp,
}

impl<P: Clock + Secrets, T: Transport> Sender for PushSender<P, T> {
    async fn send(&self, message: &Message) -> SendOutcome {
        if !self.ports.has(SecretName::Push) {
            // A deployment without a push service; the next channel goes at its time.
            return SendOutcome::Refused(Refusal::new("push_not_configured", Reaction::FallBack, false));
        }
        let Ok(text) = self.ports.secret(SecretName::Push).await else { return SendOutcome::NotSent };
        match PushCredentials::parse(&text) {
            Ok(PushCredentials::OneSignal { app_id, api_key }) => {
                match OneSignal::new(&self.settings.onesignal_url, &app_id, &api_key) {
                    Ok(provider) => through(&provider, &self.transport, message).await,
                    Err(_) => SendOutcome::Refused(misconfigured()),
                }
            }
            Ok(PushCredentials::Firebase { service_account }) => {
                let token = match self.access_token(&service_account).await {
                    Ok(token) => token,
                    Err(outcome) => return outcome,
                };
                match Fcm::new(&self.settings.fcm_url, &token.project, &token.secret) {
                    Ok(provider) => through(&provider, &self.transport, message).await,
                    Err(_) => SendOutcome::Refused(misconfigured()),
                }
            }
            Err(_) => SendOutcome::Refused(misconfigured()),
        }
    }
}

impl<P: Clock + Secrets, T: Transport> PushSender<P, T> {
    /// The token at hand, or a new one. Nothing has been sent when there is none.
    async fn access_token(&self, service_account: &Secret) -> Result<Token, SendOutcome> {
        let fresh = |token: &Token| self.ports.now() < token.until;
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = known.filter(fresh) {
            return Ok(token);
        }
        let refuse = |_| SendOutcome::Refused(misconfigured());
        let account = ServiceAccount::parse(service_account).map_err(refuse)?;
        let request = account.token_request(self.ports.wall()).map_err(refuse)?;
        let answer = self.transport.perform(request).await.map_err(|_| SendOutcome::NotSent)?;
        let (secret, lives) = read_token(&answer).map_err(SendOutcome::Refused)?;
        let lives = SignedDuration::try_from(lives).unwrap_or(EARLY).saturating_sub(EARLY);
        let until = self.ports.now().saturating_add(lives).unwrap_or(Timestamp::MAX);
        let token = Token { project: account.project_id().to_owned(), secret, until };
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }
}

/// The parts of this use case. `last_receive` is the redrive count of the queue: the message is parked with its reason
/// before the queue would move it without one.
pub fn parts<P: Ports + Clone, T: Transport + Clone>(
    engine: Engine<P>,
    transport: T,
    apis: Apis,
    settings: PushSettings,
    last_receive: u32,
) -> StepSender<P, T, Breaker<P, PushSender<P, T>>> {
    let (ports, token) = (engine.ports.clone(), Mutex::new(None));
    let sender = PushSender { ports: ports.clone(), transport: transport.clone(), settings, token };
    StepSender {
        engine,
        transport,
        apis,
        sender: Breaker::new(ports, sender),
        function: FUNCTION,
        channel: Channel::Push,
        last_receive: Some(last_receive),
    }
}
