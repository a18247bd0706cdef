//! Who carries the messages of a stack.

use recoup_app::breaker::Breaker;
use recoup_app::carrier::{CarrierSender, RoleSender, TwilioSettings};
use recoup_app::engine::Engine;
use recoup_app::lookup::Apis;
use recoup_app::step::StepSender;
use recoup_app::whatsapp_sender::{self, AwsSocial, MetaSettings, WhatsappCarrier};

use crate::http_script::{GRAPH_URL, RAPIWA_URL, SOCIAL_URL, TWILIO_URL};
use crate::{Memory, twilio};

/// Which provider takes text messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sms {
    /// AWS End User Messaging.
    Aws,
    /// Twilio.
    Twilio,
    /// MSG91.
    Msg91,
}

/// Which provider takes WhatsApp messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whatsapp {
    /// Meta.
    Meta,
    /// AWS End User Messaging Social.
    Aws,
    /// Twilio.
    Twilio,
    /// Rapiwa, which takes plain text.
    Rapiwa,
}

pub(crate) type Steps<S> = StepSender<Memory, Memory, Breaker<Memory, S>>;
pub(crate) type Carried<C> = Steps<CarrierSender<Memory, Memory, C>>;

/// The whatsapp-sender function with either kind of provider.
pub(crate) enum WhatsappSender {
    Aws(Steps<RoleSender<Memory, AwsSocial>>),
    Carrier(Carried<WhatsappCarrier>),
}

pub(crate) fn twilio_settings() -> TwilioSettings {
    let channels_url = format!("{}/channels", twilio::FRONT_DOOR);
    TwilioSettings { base_url: TWILIO_URL.to_owned(), channels_url }
}

pub(crate) fn whatsapp(provider: Whatsapp, engine: &Engine<Memory>, apis: Apis) -> WhatsappSender {
    let memory = &engine.ports;
    let carrier = match provider {
        Whatsapp::Aws => {
            let codec = AwsSocial::new(SOCIAL_URL, "phone-number-id-0123456789abcdef", "v26.0");
            let sender = RoleSender::new(memory.clone(), codec.expect("well formed"));
            let parts = whatsapp_sender::parts(engine.clone(), memory.clone(), apis, sender);
            return WhatsappSender::Aws(parts);
        }
        Whatsapp::Meta => WhatsappCarrier::Meta(MetaSettings {
            base_url: GRAPH_URL.to_owned(),
            graph_version: "v26.0".to_owned(),
            phone_number_id: "106540352242922".to_owned(),
        }),
        Whatsapp::Twilio => WhatsappCarrier::Twilio(twilio_settings()),
        Whatsapp::Rapiwa => WhatsappCarrier::Rapiwa { base_url: RAPIWA_URL.to_owned() },
    };
    let sender = CarrierSender::new(memory.clone(), memory.clone(), carrier);
    WhatsappSender::Carrier(whatsapp_sender::parts(engine.clone(), memory.clone(), apis, sender))
}
