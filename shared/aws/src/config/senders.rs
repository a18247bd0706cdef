//! Who carries WhatsApp and text messages.

use recoup_app::carrier::TwilioSettings;
use recoup_app::sms_fallback::{AwsSms, Registered, SmsCarrier};
use recoup_app::whatsapp_sender::{AwsSocial, MetaSettings, WhatsappCarrier};
use serde::Deserialize;

use super::{ConfigError, Environment, Outside};

/// Who sends WhatsApp messages.
#[derive(Debug, Clone)]
pub enum WhatsappProvider {
    /// AWS End User Messaging Social.
    Aws(AwsSocial),
    /// A provider that is reached with a secret of its own.
    Carrier(WhatsappCarrier),
}

/// Reads who sends WhatsApp messages.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn whatsapp_provider(
    environment: &Environment,
    outside: &Outside,
) -> Result<WhatsappProvider, ConfigError> {
    let carrier = match environment.required("WHATSAPP_PROVIDER")?.as_str() {
        "aws" => return Ok(WhatsappProvider::Aws(aws_social(environment, outside)?)),
        "meta" => {
            environment.required("META_SECRET_ARN")?;
            WhatsappCarrier::Meta(MetaSettings {
                base_url: outside.graph_api_url.clone(),
                graph_version: environment.required("GRAPH_VERSION")?,
                phone_number_id: environment.required("WHATSAPP_PHONE_NUMBER_ID")?,
            })
        }
        "twilio" => WhatsappCarrier::Twilio(twilio(environment, outside)?),
        "rapiwa" => {
            environment.required("RAPIWA_SECRET_ARN")?;
            WhatsappCarrier::Rapiwa { base_url: outside.rapiwa_api_url.clone() }
        }
        _ => return Err(none_of("WHATSAPP_PROVIDER", "must be meta, aws, twilio or rapiwa")),
    };
    Ok(WhatsappProvider::Carrier(carrier))
}

fn aws_social(environment: &Environment, outside: &Outside) -> Result<AwsSocial, ConfigError> {
    let identity = environment.required("WHATSAPP_ORIGINATION_IDENTITY")?;
    let version = environment.required("GRAPH_VERSION")?;
    AwsSocial::new(&outside.social_api_url, &identity, &version).map_err(|error| match error.setting {
        "origination_phone_number_id" => none_of(
            "WHATSAPP_ORIGINATION_IDENTITY",
            "must be the number's id at AWS, phone-number-id-.., or its ARN",
        ),
        "meta_api_version" => none_of("GRAPH_VERSION", "must be a version such as v26.0"),
        _ => none_of("AWS_ENDPOINT_URL_SOCIALMESSAGING", "must start with https://"),
    })
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
    /// AWS End User Messaging.
    Aws(AwsSms),
    /// A provider that is reached with a secret of its own.
    Carrier(SmsCarrier),
}

impl SmsConfig {
    /// Reads it.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn read(environment: &Environment, outside: &Outside) -> Result<Self, ConfigError> {
        let provider = match environment.required("SMS_PROVIDER")?.as_str() {
            "aws" => SmsProvider::Aws(aws_sms(environment)?),
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

/// The registry's ids, as in `SMS_INDIA_JSON`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct India {
    entity_id: String,
    templates: serde_json::Value,
}

fn aws_sms(environment: &Environment) -> Result<AwsSms, ConfigError> {
    let identity = environment.required("SMS_ORIGINATION_IDENTITY")?;
    let mut sms = AwsSms::new(&identity).map_err(|_| {
        none_of("SMS_ORIGINATION_IDENTITY", "must be the number, pool or sender id, or its ARN")
    })?;
    if let Some(set) = environment.get("SMS_CONFIGURATION_SET") {
        let rule = "must be the name of a configuration set, or its ARN";
        sms = sms.with_configuration_set(set).map_err(|_| none_of("SMS_CONFIGURATION_SET", rule))?;
    }
    if let Some(price) = environment.get("SMS_MAX_PRICE") {
        let rule = "must be US dollars for one part, such as 0.05";
        sms = sms.with_max_price(price).map_err(|_| none_of("SMS_MAX_PRICE", rule))?;
    }
    if let Some(json) = environment.get("SMS_INDIA_JSON") {
        let rule =
            r#"must be {"entity_id":"..","templates":{"TEMPLATE":{"LANGUAGE":".."}}} with ids of digits"#;
        let malformed = || none_of("SMS_INDIA_JSON", rule);
        let india: India = serde_json::from_str(json).map_err(|_| malformed())?;
        let templates = Registered::parse(&india.templates.to_string(), "templates");
        let templates = templates.map_err(|_| malformed())?;
        sms = sms.registered_in_india(&india.entity_id, templates).map_err(|_| malformed())?;
    }
    Ok(sms)
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
            social_api_url: "https://social".to_owned(),
            source_api_urls: Vec::new(),
            twilio_api_url: "https://twilio".to_owned(),
            msg91_api_url: "https://msg91".to_owned(),
            rapiwa_api_url: "https://rapiwa".to_owned(),
            fcm_api_url: String::new(),
            onesignal_api_url: String::new(),
            ses_api_url: String::new(),
            clock_offset_file: None,
        }
    }

    const NUMBER: &str = "arn:aws:social-messaging:eu-west-1:000000000000:phone-number-id/0123456789abcdef";

    const COMPLETE: [(&str, &str); 9] = [
        ("CHANNELS_URL", "https://hooks.acme.example/channels/"),
        ("GRAPH_VERSION", "v26.0"),
        ("META_SECRET_ARN", "arn:meta"),
        ("MSG91_SECRET_ARN", "arn:msg91"),
        ("RAPIWA_SECRET_ARN", "arn:rapiwa"),
        ("SMS_ORIGINATION_IDENTITY", "ACME"),
        ("TWILIO_SECRET_ARN", "arn:twilio"),
        ("WHATSAPP_ORIGINATION_IDENTITY", NUMBER),
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
        let whatsapp = |environment: &Environment| whatsapp_provider(environment, &outside()).map(drop);
        let sms = |environment: &Environment| SmsConfig::read(environment, &outside()).map(drop);
        let rows: [(Read<'_>, &str, &[&str]); 7] = [
            (&whatsapp, "aws", &["WHATSAPP_ORIGINATION_IDENTITY", "GRAPH_VERSION"]),
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
    fn f42_a_malformed_setting_at_aws_is_refused_by_name_before_anything_is_sent() {
        let with = |name: &str, value: &str| {
            let mut environment = without("", "aws");
            let set = [
                ("SMS_CONFIGURATION_SET", "recoup-sms"),
                ("SMS_MAX_PRICE", "0.05"),
                (
                    "SMS_INDIA_JSON",
                    r#"{"entity_id":"1101","templates":{"payment_failed_first":{"en":"1107"}}}"#,
                ),
                (name, value),
            ];
            environment.0.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
            SmsConfig::read(&environment, &outside())
                .and_then(|_| whatsapp_provider(&environment, &outside()))
        };
        for absent in ["SMS_CONFIGURATION_SET", "SMS_MAX_PRICE", "SMS_INDIA_JSON"] {
            assert!(with(absent, "").is_ok(), "{absent} may be absent");
        }
        for (name, value) in [
            ("SMS_MAX_RECEIVES", "0"),
            ("SMS_ORIGINATION_IDENTITY", "two words"),
            ("SMS_CONFIGURATION_SET", "recoup sms"),
            ("SMS_MAX_PRICE", "5 cents"),
            ("SMS_MAX_PRICE", "5"),
            ("SMS_INDIA_JSON", "[]"),
            ("SMS_INDIA_JSON", r#"{"entity_id":"1101"}"#),
            ("SMS_INDIA_JSON", r#"{"entity_id":"ACME","templates":{}}"#),
            ("SMS_INDIA_JSON", r#"{"entity_id":"1101","templates":{"a":{"en":"HX1"}}}"#),
            ("SMS_INDIA_JSON", r#"{"entity_id":"1101","templates":{},"header":"ACME"}"#),
            ("WHATSAPP_ORIGINATION_IDENTITY", "106540352242922"),
            ("GRAPH_VERSION", "26"),
        ] {
            let error = with(name, value).expect_err(value).to_string();
            assert!(error.contains(name), "{value}: {error}");
        }
    }

    #[test]
    fn twilio_reports_to_the_channels_of_the_front_door() {
        let provider = whatsapp_provider(&without("", "twilio"), &outside());
        let Ok(WhatsappProvider::Carrier(WhatsappCarrier::Twilio(settings))) = provider else {
            panic!("twilio was asked for")
        };
        assert_eq!(settings.channels_url, "https://hooks.acme.example/channels");
    }
}
