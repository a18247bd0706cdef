//! Sends steps by e-mail, to buyers whose number nobody knows.

pub use recoup_channels::MalformedSetting;
use recoup_channels::ses::Ses;
use recoup_core::{Channel, Message, Reaction, Refusal, SendOutcome};

use crate::breaker::Breaker;
use crate::carrier::through;
use crate::engine::Engine;
use crate::lookup::Apis;
use crate::ports::{Ports, Sender, Transport};
use crate::step::StepSender;

/// The use case's name in logs.
pub const FUNCTION: &str = "email_sender";

/// Who writes the letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailSettings {
    /// The base URL of SES in this region.
    pub base_url: String,
    /// The sender: `name <address>`, or an address alone.
    pub from: String,
    /// The mailbox that answers and STOP letters go to.
    pub reply_to: String,
    /// The configuration set by which SES tells what became of a letter.
    pub configuration_set: Option<String>,
}

/// Sends through SES; a deployment that has no sender refuses.
#[derive(Debug, Clone)]
pub struct EmailSender<M> {
    signed: M,
    codec: Option<Ses>,
}

impl<M> EmailSender<M> {
    /// Sends over a transport that signs for SES; `None` where no address may write.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming the setting that cannot be used.
    pub fn new(signed: M, settings: Option<&EmailSettings>) -> Result<Self, MalformedSetting> {
        let codec = settings.map(|settings| {
            let EmailSettings { base_url, from, reply_to, configuration_set } = settings;
            Ses::new(base_url, from, reply_to, configuration_set.as_deref())
        });
        Ok(Self { signed, codec: codec.transpose()? })
    }
}

impl<M: Transport> Sender for EmailSender<M> {
    async fn send(&self, message: &Message) -> SendOutcome {
        match &self.codec {
            Some(codec) => through(codec, &self.signed, message).await,
            // The address was taken out while a step was on its way here.
            None => SendOutcome::Refused(Refusal::new("email_not_configured", Reaction::FallBack, false)),
        }
    }
}

/// The parts of this use case. `last_receive` is the redrive count of the queue: the message is parked with its reason
/// before the queue would move it without one.
pub fn parts<P: Ports + Clone, T: Transport, M: Transport>(
    engine: Engine<P>,
    transport: T,
    apis: Apis,
    sender: EmailSender<M>,
    last_receive: u32,
) -> StepSender<P, T, Breaker<P, EmailSender<M>>> {
    let sender = Breaker::new(engine.ports.clone(), sender);
    StepSender {
        engine,
        transport,
        apis,
        sender,
        function: FUNCTION,
        channel: Channel::Email,
        last_receive: Some(last_receive),
    }
}
