//! Who carries WhatsApp and text messages.

use recoup_app::carrier::TwilioSettings;
use recoup_app::sms_fallback::SmsCarrier;
use recoup_app::whatsapp_sender::{MetaSettings, WhatsappCarrier};

use super::{ConfigError, Environment, Outside};

/// Reads who carries WhatsApp.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn whatsapp_carrier(
    environment: &Environment,
    outside: &Outside,
) -> Result<WhatsappCarrier, ConfigError> {
    match environment.required("WHATSAPP_PROVIDER")?.as_str() {
        "meta" => {
            environment.required("META_SECRET_ARN")?;
            Ok(WhatsappCarrier::Meta(MetaSettings {
                base_url: outside.graph_api_url.clone(),
                graph_version: environment.required("GRAPH_VERSION")?,
                phone_number_id: environment.required("WHATSAPP_PHONE_NUMBER_ID")?,
            }))
        }
        "twilio" => Ok(WhatsappCarrier::Twilio(twilio(environment, outside)?)),
        "rapiwa" => {
            environment.required("RAPIWA_SECRET_ARN")?;
            Ok(WhatsappCarrier::Rapiwa { base_url: outside.rapiwa_api_url.clone() })
        }
        _ => Err(none_of("WHATSAPP_PROVIDER", "must be meta, twilio or rapiwa")),
    }
}

/// What only the text message sender is configured with.
#[derive(Debug, Clone)]
pub struct SmsConfig {
    /// Who sends.
    pub provider: SmsProvider,
    /// The redrive count of the queue.
    pub max_receives: u32,
}

/// Who sends text messages.
#[derive(Debug, Clone)]
pub enum SmsProvider {
    /// AWS End User Messaging, from this number, pool or sender id.
    Aws {
        /// The number, pool or sender id.
        origination_identity: String,
    },
    /// A provider that is reached over HTTP.
    Carrier(SmsCarrier),
}

impl SmsConfig {
    /// Reads it.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn read(environment: &Environment, outside: &Outside) -> Result<Self, ConfigError> {
        let provider = match environment.required("SMS_PROVIDER")?.as_str() {
            "aws" => {
                SmsProvider::Aws { origination_identity: environment.required("SMS_ORIGINATION_IDENTITY")? }
            }
            "twilio" => SmsProvider::Carrier(SmsCarrier::Twilio(twilio(environment, outside)?)),
            "msg91" => {
                environment.required("MSG91_SECRET_ARN")?;
                SmsProvider::Carrier(SmsCarrier::Msg91 { base_url: outside.msg91_api_url.clone() })
            }
            _ => return Err(none_of("SMS_PROVIDER", "must be aws, twilio or msg91")),
        };
        let max_receives = u32::try_from(environment.number("SMS_MAX_RECEIVES", 1, 1000)?).unwrap_or(1);
        Ok(Self { provider, max_receives })
    }
}

fn twilio(environment: &Environment, outside: &Outside) -> Result<TwilioSettings, ConfigError> {
    environment.required("TWILIO_SECRET_ARN")?;
    let channels_url = environment.required("CHANNELS_URL")?.trim_end_matches('/').to_owned();
    Ok(TwilioSettings { base_url: outside.twilio_api_url.clone(), channels_url })
}

fn none_of(name: &'static str, rule: &str) -> ConfigError {
    ConfigError::Malformed { name, rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside() -> Outside {
        Outside {
            graph_api_url: "https://graph".to_owned(),
            source_api_urls: Vec::new(),
            twilio_api_url: "https://twilio".to_owned(),
            msg91_api_url: "https://msg91".to_owned(),
            rapiwa_api_url: "https://rapiwa".to_owned(),
            fcm_api_url: String::new(),
            onesignal_api_url: String::new(),
            clock_offset_file: None,
        }
    }

    const COMPLETE: [(&str, &str); 8] = [
        ("CHANNELS_URL", "https://hooks.acme.example/channels/"),
        ("GRAPH_VERSION", "v26.0"),
        ("META_SECRET_ARN", "arn:meta"),
        ("MSG91_SECRET_ARN", "arn:msg91"),
        ("RAPIWA_SECRET_ARN", "arn:rapiwa"),
        ("SMS_ORIGINATION_IDENTITY", "ACME"),
        ("TWILIO_SECRET_ARN", "arn:twilio"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
    ];

    /// Everything but one variable.
    fn without(missing: &str, provider: &str) -> Environment {
        let of_all = [("SMS_MAX_RECEIVES", "5"), ("SMS_PROVIDER", provider), ("WHATSAPP_PROVIDER", provider)];
        let set = COMPLETE.into_iter().chain(of_all).filter(|(name, _)| *name != missing);
        Environment(set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    type Read<'a> = &'a dyn Fn(&Environment) -> Result<(), ConfigError>;

    #[test]
    fn f42_what_a_carrier_needs_is_missed_by_name_and_nothing_else_is_asked_for() {
        let whatsapp = |environment: &Environment| whatsapp_carrier(environment, &outside()).map(drop);
        let sms = |environment: &Environment| SmsConfig::read(environment, &outside()).map(drop);
        let rows: [(Read<'_>, &str, &[&str]); 6] = [
            (&whatsapp, "meta", &["META_SECRET_ARN", "GRAPH_VERSION", "WHATSAPP_PHONE_NUMBER_ID"]),
            (&whatsapp, "twilio", &["TWILIO_SECRET_ARN", "CHANNELS_URL"]),
            (&whatsapp, "rapiwa", &["RAPIWA_SECRET_ARN"]),
            (&sms, "aws", &["SMS_ORIGINATION_IDENTITY"]),
            (&sms, "twilio", &["TWILIO_SECRET_ARN", "CHANNELS_URL"]),
            (&sms, "msg91", &["MSG91_SECRET_ARN"]),
        ];
        for (read, provider, needed) in rows {
            for (name, _) in COMPLETE {
                let expected = if needed.contains(&name) { Err(ConfigError::Missing(name)) } else { Ok(()) };
                assert_eq!(read(&without(name, provider)), expected, "{provider} without {name}");
            }
        }
        let error = whatsapp(&without("", "aws-social")).expect_err("no such provider").to_string();
        assert!(error.contains("WHATSAPP_PROVIDER") && error.contains("rapiwa"), "{error}");
        let error = sms(&without("", "gupshup")).expect_err("no such provider").to_string();
        assert!(error.contains("SMS_PROVIDER") && error.contains("msg91"), "{error}");
    }

    #[test]
    fn twilio_reports_to_the_channels_of_the_front_door() {
        let carrier = whatsapp_carrier(&without("", "twilio"), &outside());
        let Ok(WhatsappCarrier::Twilio(settings)) = carrier else { panic!("twilio was asked for") };
        assert_eq!(settings.channels_url, "https://hooks.acme.example/channels");
    }
}
