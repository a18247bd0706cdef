//! The configuration of a function: read from the environment once, at start, and nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::SignedDuration;
use recoup_app::email_sender::EmailSettings;
use recoup_app::engine::Outlets;
use recoup_app::ports::SecretName;
use recoup_app::webhook::WebhookSettings;
use recoup_core::{Brand, Link, Policy, SendWindow, Source};
use thiserror::Error;

mod senders;

pub use senders::{SmsConfig, SmsProvider, WhatsappProvider, whatsapp_provider};

/// Why a function does not start: names the variable and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The variable is absent or empty.
    #[error("environment variable {0} is not set; template.yaml sets it, see README, Configuration")]
    Missing(&'static str),
    /// The variable has a value that cannot be used.
    #[error("environment variable {name} is malformed: {rule}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it must be.
        rule: String,
    },
}

/// The variables every function reads.
pub const COMMON_VARIABLES: [&str; 24] = [
    "BRAND_NAME",
    "DEFAULT_LOCALE",
    "EMAIL_QUEUE_URL",
    "FIRST_DELAY_SECONDS",
    "HANDOFF_QUEUE_URL",
    "PARKED_QUEUE_ARN",
    "PARKED_QUEUE_URL",
    "PAY_LINK_BASE",
    "PEPPER_SECRET_ARN",
    "PUSH_QUEUE_URL",
    "QUIET_HOURS",
    "RECOUP_BRAND",
    "RECOUP_LOG",
    "RETRY_BACKOFF_SECONDS",
    "SCHEDULER_ROLE_ARN",
    "SCHEDULE_GROUP",
    "SMS_QUEUE_URL",
    "SPILL_QUEUE_URL",
    "SUCCESS_GAP_HOURS",
    "SUSPEND_AFTER_DAYS",
    "TABLE_NAME",
    "VERIFY_BEFORE_SEND",
    "WHATSAPP_QUEUE_ARN",
    "WHATSAPP_QUEUE_URL",
];

/// Where Bedrock's models are, if not in the function's region at AWS.
pub(crate) const BEDROCK_ENDPOINT: &str = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";

/// The variables of a function that takes webhooks, beside the common ones.
const WEBHOOK_VARIABLES: [&str; 4] = ["PUBLIC_URL", "QUARANTINE", "SOURCES", "SOURCE_SECRETS"];

/// The variables every function reads and that may be absent.
pub const OPTIONAL_VARIABLES: [&str; 5] =
    ["CASE_PAGE", "EMAIL_FROM", "IDENTITY_LINK_BASE", "OUTLETS", "SHOP_LINK_BASE"];

/// The variables a function reads, sorted; empty for a name that is no function.
pub fn variables_of(function: &str) -> Vec<&'static str> {
    let own: &[&'static str] = match function {
        "payment-webhook" | "cart-webhook" | "kyc-webhook" | "merchant-webhook" => &WEBHOOK_VARIABLES,
        "channel-events" => &["CHANNEL_EVENTS_QUEUE_URL", "REPLY_MODEL"],
        "channel-webhook" => &[
            "META_SECRET_ARN",
            "MSG91_SECRET_ARN",
            "PUBLIC_URL",
            "RAPIWA_SECRET_ARN",
            "REPLY_MODEL",
            "TWILIO_SECRET_ARN",
        ],
        "email-sender" => &[
            "EMAIL_CONFIGURATION_SET",
            "EMAIL_FROM_NAME",
            "EMAIL_MAX_RECEIVES",
            "EMAIL_REPLY_TO",
            "SOURCES",
            "SOURCE_SECRETS",
        ],
        "whatsapp-sender" => &[
            "CHANNELS_URL",
            "GRAPH_VERSION",
            "META_SECRET_ARN",
            "RAPIWA_SECRET_ARN",
            "SOURCES",
            "SOURCE_SECRETS",
            "TWILIO_SECRET_ARN",
            "WHATSAPP_ORIGINATION_IDENTITY",
            "WHATSAPP_PHONE_NUMBER_ID",
            "WHATSAPP_PROVIDER",
        ],
        "push-sender" => &["PUSH_MAX_RECEIVES", "PUSH_SECRET_ARN", "SOURCES", "SOURCE_SECRETS"],
        "handoff" => &["HANDOFF_DEAD_QUEUE_URL", "OUTLETS_SECRET_ARN"],
        "sms-fallback" => &[
            "CHANNELS_URL",
            "MSG91_SECRET_ARN",
            "SMS_CONFIGURATION_SET",
            "SMS_INDIA_JSON",
            "SMS_MAX_PRICE",
            "SMS_MAX_RECEIVES",
            "SMS_ORIGINATION_IDENTITY",
            "SMS_PROVIDER",
            "SOURCES",
            "SOURCE_SECRETS",
            "TWILIO_SECRET_ARN",
        ],
        "sweep" => &[
            "META_SECRET_ARN",
            "MSG91_SECRET_ARN",
            "RAPIWA_SECRET_ARN",
            "REPLY_MODEL",
            "SOURCES",
            "SOURCE_SECRETS",
            "TWILIO_SECRET_ARN",
        ],
        _ => return Vec::new(),
    };
    let mut names = [COMMON_VARIABLES.as_slice(), &OPTIONAL_VARIABLES, own].concat();
    names.sort_unstable();
    names
}

/// The environment, or what a test puts in its place.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let known = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(known.collect())
    }

    /// An environment made of pairs.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a variable; `None` when it is absent or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.get(name).map(str::to_owned).ok_or(ConfigError::Missing(name))
    }

    fn number(&self, name: &'static str, least: i64, most: i64) -> Result<i64, ConfigError> {
        let number: Option<i64> = self.required(name)?.parse().ok();
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| ConfigError::Malformed {
            name,
            rule: format!("must be a whole number from {least} to {most}"),
        })
    }
}

/// Where AWS is and who asks.
#[derive(Clone)]
pub struct AwsConfig {
    /// The region.
    pub region: String,
    /// The access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: recoup_core::Secret,
    /// The session of the function's role.
    pub session_token: Option<recoup_core::Secret>,
    /// Another endpoint for every service, for a local AWS.
    pub endpoint_url: Option<String>,
    /// Another endpoint for End User Messaging.
    pub sms_endpoint_url: Option<String>,
    /// Another endpoint for Bedrock's models.
    pub bedrock_endpoint_url: Option<String>,
}

impl std::fmt::Debug for AwsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AwsConfig({}, {:?})", self.region, self.endpoint_url)
    }
}

/// The names of what the stack made.
#[derive(Debug, Clone)]
pub struct Resources {
    /// The table.
    pub table: String,
    /// The queue of WhatsApp steps.
    pub whatsapp_queue_url: String,
    /// The same queue, as the target of schedules.
    pub whatsapp_queue_arn: String,
    /// The queue of text message steps.
    pub sms_queue_url: String,
    /// The queue of steps for the merchant's app.
    pub push_queue_url: String,
    /// The queue of steps that go by e-mail.
    pub email_queue_url: String,
    /// The queue of what people and the merchant's own systems are told.
    pub handoff_queue_url: String,
    /// Its dead-letter queue; only the function that tells them needs it.
    pub handoff_dead_queue_url: Option<String>,
    /// The queue of what AWS says of messages; only the function that reads it needs it.
    pub channel_events_queue_url: Option<String>,
    /// The queue nobody consumes.
    pub parked_queue_url: String,
    /// The same queue, as the dead-letter queue of schedules.
    pub parked_queue_arn: String,
    /// The queue of webhooks that wait for the store.
    pub spill_queue_url: String,
    /// The group of all schedules.
    pub schedule_group: String,
    /// The role the scheduler takes to fill the queue.
    pub scheduler_role_arn: String,
    /// Where each secret is kept.
    pub secrets: BTreeMap<SecretName, String>,
}

/// Where the outside world is; other than the real thing only on a local stack.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Meta's Graph API.
    pub graph_api_url: String,
    /// The APIs of sources that are reached elsewhere, from `STRIPE_API_URL` and its like.
    pub source_api_urls: Vec<(&'static str, String)>,
    /// AWS End User Messaging Social.
    pub social_api_url: String,
    /// Twilio's API.
    pub twilio_api_url: String,
    /// MSG91's API.
    pub msg91_api_url: String,
    /// Rapiwa's API.
    pub rapiwa_api_url: String,
    /// Firebase Cloud Messaging's API.
    pub fcm_api_url: String,
    /// OneSignal's API.
    pub onesignal_api_url: String,
    /// SES in the function's region.
    pub ses_api_url: String,
    /// A file with seconds to add to the clock.
    pub clock_offset_file: Option<PathBuf>,
}

/// What a function is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The tenant.
    pub brand: Brand,
    /// The merchant's rules.
    pub policy: Policy,
    /// Who is told of buyers that need a person, and of how cases end.
    pub outlets: Outlets,
    /// AWS.
    pub aws: AwsConfig,
    /// The stack's resources.
    pub resources: Resources,
    /// The outside world.
    pub outside: Outside,
    /// The least level of the lines that are written.
    pub log_level: tracing::Level,
}

impl Config {
    /// Reads what every function needs.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first variable that is missing or malformed.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let brand = environment.required("RECOUP_BRAND")?;
        let brand = Brand::parse(&brand)
            .map_err(|error| ConfigError::Malformed { name: "RECOUP_BRAND", rule: error.to_string() })?;
        let resources = read_resources(environment)?;
        let aws = read_aws(environment)?;
        let outside = read_outside(environment, &resources, &aws);
        Ok(Self {
            brand,
            policy: read_policy(environment)?,
            outlets: read_outlets(environment)?,
            aws,
            resources,
            outside,
            log_level: read_log_level(environment)?,
        })
    }
}

fn read_log_level(environment: &Environment) -> Result<tracing::Level, ConfigError> {
    environment.required("RECOUP_LOG")?.parse().map_err(|_| ConfigError::Malformed {
        name: "RECOUP_LOG",
        rule: "must be error, warn, info, debug or trace".to_owned(),
    })
}

fn read_policy(environment: &Environment) -> Result<Policy, ConfigError> {
    let quiet_hours = environment.required("QUIET_HOURS")?;
    let window = SendWindow::from_quiet_hours(&quiet_hours)
        .map_err(|error| ConfigError::Malformed { name: "QUIET_HOURS", rule: error.to_string() })?;
    environment.required("PAY_LINK_BASE")?;
    let verify = match environment.required("VERIFY_BEFORE_SEND")?.as_str() {
        "true" => true,
        "false" => false,
        _ => {
            let rule = "must be true or false".to_owned();
            return Err(ConfigError::Malformed { name: "VERIFY_BEFORE_SEND", rule });
        }
    };
    let days = environment.number("SUSPEND_AFTER_DAYS", 1, 365)?;
    Ok(Policy {
        window,
        pay_link_base: link_base(environment, "PAY_LINK_BASE")?,
        shop_link_base: link_base(environment, "SHOP_LINK_BASE")?,
        identity_link_base: link_base(environment, "IDENTITY_LINK_BASE")?,
        verify_before_send: verify,
        default_locale: environment.required("DEFAULT_LOCALE")?,
        first_delay: SignedDuration::from_secs(environment.number("FIRST_DELAY_SECONDS", 0, 900)?),
        retry_backoff: SignedDuration::from_secs(environment.number("RETRY_BACKOFF_SECONDS", 1, 900)?),
        success_gap: SignedDuration::from_hours(environment.number("SUCCESS_GAP_HOURS", 0, 720)?),
        suspend_after_days: i32::try_from(days).unwrap_or(365),
        email: environment.get("EMAIL_FROM").is_some(),
        whatsapp_plain: environment.get("WHATSAPP_PROVIDER") == Some("rapiwa"),
        ..Policy::standard(&environment.required("BRAND_NAME")?)
    })
}

/// Who is told; nobody while `OUTLETS` is empty.
fn read_outlets(environment: &Environment) -> Result<Outlets, ConfigError> {
    let mut outlets = Outlets::default();
    let names = environment.get("OUTLETS").unwrap_or_default().split(',').map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        match name {
            "slack" => outlets.slack = true,
            "help_desk" => outlets.help_desk = true,
            "ends" => outlets.ends = true,
            other => {
                let rule = format!("must be of slack, help_desk and ends, and there is none called {other}");
                return Err(ConfigError::Malformed { name: "OUTLETS", rule });
            }
        }
    }
    if let Some(page) = environment.get("CASE_PAGE") {
        let malformed = |_| {
            let rule = "must be https and a plain host name".to_owned();
            ConfigError::Malformed { name: "CASE_PAGE", rule }
        };
        outlets.case_page = Some(Link::parse(page).map_err(malformed)?);
    }
    Ok(outlets)
}

/// The approved fixed part of links; empty when it is not set.
fn link_base(environment: &Environment, name: &'static str) -> Result<String, ConfigError> {
    let base = environment.get(name).unwrap_or_default();
    let fits = base.is_empty() || base.starts_with("https://") && base.ends_with('/');
    if !fits {
        let rule = "must start with https:// and end with /".to_owned();
        return Err(ConfigError::Malformed { name, rule });
    }
    Ok(base.to_owned())
}

pub(crate) fn read_aws(environment: &Environment) -> Result<AwsConfig, ConfigError> {
    let secret = |name: &'static str| {
        recoup_core::Secret::parse(&environment.required(name)?)
            .map_err(|error| ConfigError::Malformed { name, rule: error.to_string() })
    };
    let endpoint = |name: &str| environment.get(name).map(str::to_owned);
    Ok(AwsConfig {
        region: environment.required("AWS_REGION")?,
        access_key_id: environment.required("AWS_ACCESS_KEY_ID")?,
        secret_access_key: secret("AWS_SECRET_ACCESS_KEY")?,
        session_token: environment
            .get("AWS_SESSION_TOKEN")
            .and_then(|text| recoup_core::Secret::parse(text).ok()),
        endpoint_url: endpoint("AWS_ENDPOINT_URL"),
        sms_endpoint_url: endpoint("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2")
            .or_else(|| endpoint("AWS_ENDPOINT_URL")),
        bedrock_endpoint_url: endpoint(BEDROCK_ENDPOINT).or_else(|| endpoint("AWS_ENDPOINT_URL")),
    })
}

fn read_resources(environment: &Environment) -> Result<Resources, ConfigError> {
    let secrets = [
        (SecretName::Pepper, "PEPPER_SECRET_ARN"),
        (SecretName::Meta, "META_SECRET_ARN"),
        (SecretName::Twilio, "TWILIO_SECRET_ARN"),
        (SecretName::Msg91, "MSG91_SECRET_ARN"),
        (SecretName::Rapiwa, "RAPIWA_SECRET_ARN"),
        (SecretName::Push, "PUSH_SECRET_ARN"),
        (SecretName::Outlets, "OUTLETS_SECRET_ARN"),
    ];
    environment.required("PEPPER_SECRET_ARN")?;
    let own = secrets
        .into_iter()
        .filter_map(|(name, variable)| Some((name, environment.get(variable)?.to_owned())));
    let secrets = own.chain(read_sources(environment)?).collect();
    Ok(Resources {
        table: environment.required("TABLE_NAME")?,
        whatsapp_queue_url: environment.required("WHATSAPP_QUEUE_URL")?,
        whatsapp_queue_arn: environment.required("WHATSAPP_QUEUE_ARN")?,
        sms_queue_url: environment.required("SMS_QUEUE_URL")?,
        push_queue_url: environment.required("PUSH_QUEUE_URL")?,
        email_queue_url: environment.required("EMAIL_QUEUE_URL")?,
        handoff_queue_url: environment.required("HANDOFF_QUEUE_URL")?,
        handoff_dead_queue_url: environment.get("HANDOFF_DEAD_QUEUE_URL").map(str::to_owned),
        channel_events_queue_url: environment.get("CHANNEL_EVENTS_QUEUE_URL").map(str::to_owned),
        parked_queue_url: environment.required("PARKED_QUEUE_URL")?,
        parked_queue_arn: environment.required("PARKED_QUEUE_ARN")?,
        spill_queue_url: environment.required("SPILL_QUEUE_URL")?,
        schedule_group: environment.required("SCHEDULE_GROUP")?,
        scheduler_role_arn: environment.required("SCHEDULER_ROLE_ARN")?,
        secrets,
    })
}

/// The sources this function serves or asks, and where the secret of each is kept: `SOURCE_SECRETS`, its family, its name.
fn read_sources(environment: &Environment) -> Result<Vec<(SecretName, String)>, ConfigError> {
    let unknown = |name: &str| ConfigError::Malformed {
        name: "SOURCES",
        rule: format!("must be names of sources, and there is none called {name}"),
    };
    let mut sources = Vec::new();
    let names = environment.get("SOURCES").unwrap_or_default().split(',').map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        let (secret, path) = SecretName::of_source(name).ok_or_else(|| unknown(name))?;
        sources.push((secret, format!("{}{path}", environment.required("SOURCE_SECRETS")?)));
    }
    Ok(sources)
}

fn read_outside(environment: &Environment, resources: &Resources, aws: &AwsConfig) -> Outside {
    let or = |name: &str, real: &str| environment.get(name).unwrap_or(real).trim_end_matches('/').to_owned();
    let ses = format!("https://email.{}.amazonaws.com", aws.region);
    let sources = resources.secrets.keys().filter_map(|secret| match secret {
        SecretName::Source(name) => Some(*name),
        SecretName::Pepper
        | SecretName::Meta
        | SecretName::Twilio
        | SecretName::Msg91
        | SecretName::Rapiwa
        | SecretName::Push
        | SecretName::Outlets => None,
    });
    let region = environment.get("AWS_REGION").unwrap_or_default();
    let social = format!("https://social-messaging.{region}.amazonaws.com");
    Outside {
        social_api_url: or("AWS_ENDPOINT_URL_SOCIALMESSAGING", &social),
        graph_api_url: or("GRAPH_API_URL", "https://graph.facebook.com"),
        source_api_urls: sources
            .filter_map(|name| {
                let elsewhere = environment.get(&format!("{}_API_URL", name.to_ascii_uppercase()))?;
                Some((name, elsewhere.trim_end_matches('/').to_owned()))
            })
            .collect(),
        twilio_api_url: or("TWILIO_API_URL", "https://api.twilio.com"),
        msg91_api_url: or("MSG91_API_URL", "https://control.msg91.com"),
        rapiwa_api_url: or("RAPIWA_API_URL", "https://app.rapiwa.com"),
        fcm_api_url: or("FCM_API_URL", "https://fcm.googleapis.com"),
        onesignal_api_url: or("ONESIGNAL_API_URL", "https://api.onesignal.com"),
        ses_api_url: or("AWS_ENDPOINT_URL_SESV2", aws.endpoint_url.as_deref().unwrap_or(&ses)),
        clock_offset_file: environment.get("RECOUP_CLOCK_OFFSET_FILE").map(PathBuf::from),
    }
}

/// Reads what the front door is called from outside, without a trailing slash; `None` where it has no name of its own.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn public_url(environment: &Environment) -> Result<Option<String>, ConfigError> {
    match environment.get("PUBLIC_URL").map(|url| url.trim_end_matches('/')) {
        Some(url) if !url.starts_with("https://") => {
            let rule = "must start with https://".to_owned();
            Err(ConfigError::Malformed { name: "PUBLIC_URL", rule })
        }
        url => Ok(url.map(str::to_owned)),
    }
}

/// Reads what only the functions that take webhooks are configured with; all of it may be absent.
///
/// # Errors
/// [`ConfigError`] naming the variable.
pub fn webhook_settings(environment: &Environment) -> Result<WebhookSettings, ConfigError> {
    let malformed = |name, rule: &str| ConfigError::Malformed { name, rule: rule.to_owned() };
    let public_url = public_url(environment)?;
    let names = environment.get("QUARANTINE").unwrap_or_default().split(',').map(str::trim);
    let quarantine = names
        .filter(|name| !name.is_empty())
        .map(|name| Source::parse(name).map_err(|_| malformed("QUARANTINE", "must be names of sources")))
        .collect::<Result<_, _>>()?;
    Ok(WebhookSettings { public_url, quarantine })
}

/// What only the push sender is configured with.
#[derive(Debug, Clone)]
pub struct PushConfig {
    /// The redrive count of the queue.
    pub max_receives: u32,
}

impl PushConfig {
    /// Reads it.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let max_receives = u32::try_from(environment.number("PUSH_MAX_RECEIVES", 1, 1000)?).unwrap_or(1);
        Ok(Self { max_receives })
    }
}

/// What only the e-mail sender is configured with.
#[derive(Debug, Clone)]
pub struct EmailConfig {
    /// Who writes; `None` where no address may.
    pub settings: Option<EmailSettings>,
    /// The redrive count of the queue.
    pub max_receives: u32,
}

impl EmailConfig {
    /// Reads it. Answers go to the sender's own address unless another is given.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn read(environment: &Environment, outside: &Outside) -> Result<Self, ConfigError> {
        let max_receives = u32::try_from(environment.number("EMAIL_MAX_RECEIVES", 1, 1000)?).unwrap_or(1);
        let settings = environment.get("EMAIL_FROM").map(|address| EmailSettings {
            base_url: outside.ses_api_url.clone(),
            from: match environment.get("EMAIL_FROM_NAME") {
                Some(name) => format!("{name} <{address}>"),
                None => address.to_owned(),
            },
            reply_to: environment.get("EMAIL_REPLY_TO").unwrap_or(address).to_owned(),
            configuration_set: environment.get("EMAIL_CONFIGURATION_SET").map(str::to_owned),
        });
        Ok(Self { settings, max_receives })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Environment {
        Environment::of([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("BRAND_NAME", "Acme"),
            ("DEFAULT_LOCALE", "en"),
            ("EMAIL_QUEUE_URL", "https://sqs/email"),
            ("FIRST_DELAY_SECONDS", "120"),
            ("HANDOFF_QUEUE_URL", "https://sqs/handoff"),
            ("PARKED_QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:parked"),
            ("PARKED_QUEUE_URL", "https://sqs/parked"),
            ("PAY_LINK_BASE", "https://invoice.stripe.com/"),
            ("PEPPER_SECRET_ARN", "arn:pepper"),
            ("PUSH_QUEUE_URL", "https://sqs/push"),
            ("QUIET_HOURS", "20:00-09:00"),
            ("RECOUP_BRAND", "main"),
            ("RECOUP_LOG", "info"),
            ("RETRY_BACKOFF_SECONDS", "30"),
            ("SCHEDULER_ROLE_ARN", "arn:role"),
            ("SCHEDULE_GROUP", "recoup"),
            ("SMS_QUEUE_URL", "https://sqs/sms"),
            ("SOURCES", "stripe"),
            ("SOURCE_SECRETS", "recoup/"),
            ("SPILL_QUEUE_URL", "https://sqs/spill"),
            ("SUCCESS_GAP_HOURS", "48"),
            ("SUSPEND_AFTER_DAYS", "14"),
            ("TABLE_NAME", "recoup"),
            ("VERIFY_BEFORE_SEND", "true"),
            ("WHATSAPP_QUEUE_ARN", "arn:whatsapp"),
            ("WHATSAPP_QUEUE_URL", "https://sqs/whatsapp"),
        ])
    }

    #[test]
    fn f42_every_common_variable_is_missed_by_name() {
        assert!(Config::read(&complete()).is_ok());
        for name in COMMON_VARIABLES {
            for blank in [None, Some(" ")] {
                let mut environment = complete();
                environment.0.remove(name);
                environment.0.extend(blank.map(|blank| (name.to_owned(), blank.to_owned())));
                let error = Config::read(&environment).expect_err(name);
                assert_eq!(error, ConfigError::Missing(name));
            }
        }
    }

    #[test]
    fn f42_malformed_values_are_refused_by_name_and_rule() {
        for (name, value) in [
            ("RECOUP_BRAND", "Main Street"),
            ("QUIET_HOURS", "at night"),
            ("PAY_LINK_BASE", "http://invoice.stripe.com/"),
            ("PAY_LINK_BASE", "https://invoice.stripe.com"),
            ("SHOP_LINK_BASE", "https://shop.example.com"),
            ("VERIFY_BEFORE_SEND", "yes"),
            ("FIRST_DELAY_SECONDS", "901"),
            ("RETRY_BACKOFF_SECONDS", "0"),
            ("SUCCESS_GAP_HOURS", "721"),
            ("SUSPEND_AFTER_DAYS", "two weeks"),
            ("RECOUP_LOG", "loud"),
            ("AWS_SECRET_ACCESS_KEY", "changeme"),
            ("SOURCES", "stripe,stripo"),
        ] {
            let mut environment = complete();
            environment.0.insert(name.to_owned(), value.to_owned());
            let error = Config::read(&environment).expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains("changeme"), "{error}");
        }
    }

    #[test]
    fn only_rapiwa_makes_whatsapp_plain() {
        for (provider, plain) in [(None, false), (Some("meta"), false), (Some("rapiwa"), true)] {
            let mut environment = complete();
            environment.0.extend(provider.map(|name| ("WHATSAPP_PROVIDER".to_owned(), name.to_owned())));
            let policy = Config::read(&environment).expect("complete").policy;
            assert_eq!(policy.whatsapp_plain, plain, "{provider:?}");
        }
    }

    #[test]
    fn r05_an_address_switches_e_mail_on_for_every_function_and_names_the_sender() {
        let with = |pairs: &[(&str, &str)]| {
            let mut environment = complete();
            let pairs = pairs.iter().chain(&[("EMAIL_MAX_RECEIVES", "5")]);
            environment.0.extend(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let config = Config::read(&environment).expect("complete");
            let email = EmailConfig::read(&environment, &config.outside).expect("complete");
            (config.policy.email, email.settings)
        };
        assert_eq!(with(&[("EMAIL_FROM_NAME", "Acme")]), (false, None), "a name alone writes nothing");
        let address = ("EMAIL_FROM", "billing@acme.example");
        let bare = EmailSettings {
            base_url: "https://email.us-east-1.amazonaws.com".to_owned(),
            from: "billing@acme.example".to_owned(),
            reply_to: "billing@acme.example".to_owned(),
            configuration_set: None,
        };
        assert_eq!(with(&[address]), (true, Some(bare)));
        let whole = EmailSettings {
            base_url: "http://127.0.0.1:4000".to_owned(),
            from: "Acme <billing@acme.example>".to_owned(),
            reply_to: "help@acme.example".to_owned(),
            configuration_set: Some("recoup".to_owned()),
        };
        let pairs = [
            address,
            ("EMAIL_FROM_NAME", "Acme"),
            ("EMAIL_REPLY_TO", "help@acme.example"),
            ("EMAIL_CONFIGURATION_SET", "recoup"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:4000/"),
        ];
        assert_eq!(with(&pairs), (true, Some(whole)));
    }

    #[test]
    fn the_variables_of_a_function_are_sorted_and_hold_the_common_ones() {
        for function in [
            "payment-webhook",
            "cart-webhook",
            "kyc-webhook",
            "merchant-webhook",
            "channel-events",
            "channel-webhook",
            "whatsapp-sender",
            "push-sender",
            "email-sender",
            "sms-fallback",
            "sweep",
        ] {
            let names = variables_of(function);
            assert!(names.is_sorted() && names.len() > COMMON_VARIABLES.len(), "{function}");
        }
        assert!(variables_of("no-function").is_empty());
    }
}
