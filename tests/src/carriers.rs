//! Who carries the messages of a stack.

use recoup_app::carrier::TwilioSettings;
use recoup_app::whatsapp_sender::{MetaSettings, WhatsappCarrier};

use crate::http_script::{GRAPH_URL, RAPIWA_URL, TWILIO_URL};
use crate::twilio;

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
    /// Twilio.
    Twilio,
    /// Rapiwa, which takes plain text.
    Rapiwa,
}

pub(crate) fn twilio_settings() -> TwilioSettings {
    let channels_url = format!("{}/channels", twilio::FRONT_DOOR);
    TwilioSettings { base_url: TWILIO_URL.to_owned(), channels_url }
}

pub(crate) fn whatsapp(provider: Whatsapp) -> WhatsappCarrier {
    match provider {
        Whatsapp::Meta => WhatsappCarrier::Meta(MetaSettings {
            base_url: GRAPH_URL.to_owned(),
            graph_version: "v26.0".to_owned(),
            phone_number_id: "106540352242922".to_owned(),
        }),
        Whatsapp::Twilio => WhatsappCarrier::Twilio(twilio_settings()),
        Whatsapp::Rapiwa => WhatsappCarrier::Rapiwa { base_url: RAPIWA_URL.to_owned() },
    }
}
