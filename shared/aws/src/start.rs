//! The start of a function: configuration, clients and secrets, or a clear refusal.

use recoup_app::MalformedSetting;
use recoup_app::carrier::{Carrier, Misfit};
use recoup_app::credentials::{
    MetaCredentials, Msg91Credentials, OutletCredentials, PushCredentials, RapiwaCredentials,
    SourceCredentials, TwilioCredentials,
};
use recoup_app::engine::Engine;
use recoup_app::lookup::Apis;
use recoup_app::ports::{SecretError, SecretName, Secrets, Transport};
use recoup_app::webhook::Webhooks;
use thiserror::Error;

use crate::bedrock::{self, Model, REPLY_MODEL};
use crate::config::{Config, ConfigError, Environment, webhook_settings};
use crate::ports::AwsPorts;
use crate::telemetry;

/// Why a function does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret that was read and is unfit.
    #[error("{0}; mend the secret, see README, Secrets")]
    Secret(SecretError),
    /// A provider's setting.
    #[error(transparent)]
    Setting(#[from] MalformedSetting),
    /// The runtime.
    #[error(transparent)]
    Runtime(#[from] lambda_runtime::Error),
}

/// A function that is ready to serve.
#[derive(Debug)]
pub struct Started {
    /// The engine over AWS.
    pub engine: Engine<AwsPorts>,
    /// What it was configured with.
    pub config: Config,
    /// The environment, for what only one function reads.
    pub environment: Environment,
}

impl Started {
    /// What takes webhooks.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn webhooks<T: Transport>(self, transport: T) -> Result<Webhooks<AwsPorts, T>, ConfigError> {
        let settings = webhook_settings(&self.environment)?;
        let apis = self.apis();
        Ok(Webhooks::new(self.engine, transport, apis, settings))
    }

    /// Looks whether a carrier can be spoken to as it is configured.
    ///
    /// # Errors
    /// [`StartError`] naming the member of its secret, or the setting. A secret store that does not answer is no reason not
    /// to start.
    pub async fn check(&self, carrier: &impl Carrier) -> Result<(), StartError> {
        let Ok(secret) = self.engine.ports.secret(carrier.secret()).await else { return Ok(()) };
        let Err(misfit) = carrier.provider(&secret) else { return Ok(()) };
        report(&misfit.to_string());
        Err(match misfit {
            Misfit::Secret(error) => StartError::Secret(error),
            Misfit::Setting(error) => StartError::Setting(error),
        })
    }

    /// What reads the replies that the rules leave unknown; `None` where no model is named. The transport should be one that
    /// gives up soon.
    ///
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn model<T: Transport>(&self, transport: T) -> Result<Option<Model<T>>, ConfigError> {
        let named = self.environment.get(REPLY_MODEL);
        named
            .map(|id| bedrock::model(id, &self.config.aws, transport))
            .transpose()
            .map_err(bedrock::malformed)
    }

    /// Where the sources' APIs are.
    pub fn apis(&self) -> Apis {
        Apis::elsewhere(self.config.outside.source_api_urls.clone())
    }
}

/// Whether a secret is a source's: what a function that takes webhooks uses.
pub fn sources(name: SecretName) -> bool {
    matches!(name, SecretName::Source(_))
}

/// Reads the configuration and looks at the secrets that this function uses with every call.
///
/// # Errors
/// [`StartError`] when a variable is missing or malformed, or a secret was read and is unfit. A secret store that does
/// not answer is no reason not to start: the secret is asked for again with each request.
pub async fn start(uses: impl Fn(SecretName) -> bool) -> Result<Started, StartError> {
    let environment = Environment::of_process();
    let config = Config::read(&environment).inspect_err(|error| {
        telemetry::init(tracing::Level::ERROR, environment.get("TABLE_NAME").unwrap_or_default());
        report(&error.to_string());
    })?;
    telemetry::init(config.log_level, &config.resources.table);
    let ports = AwsPorts::new(&config);
    for name in config.resources.secrets.keys().copied().filter(|name| uses(*name)) {
        if let Err(error @ SecretError::Unfit { .. }) = check(&ports, name).await {
            report(&error.to_string());
            return Err(StartError::Secret(error));
        }
    }
    let (brand, policy, outlets) = (config.brand.clone(), config.policy.clone(), config.outlets.clone());
    let engine = Engine { ports, brand, policy, outlets };
    Ok(Started { engine, config, environment })
}

async fn check(ports: &AwsPorts, name: SecretName) -> Result<(), SecretError> {
    let text = ports.secret(name).await?;
    match name {
        SecretName::Pepper => Ok(()),
        SecretName::Source(_) => SourceCredentials::parse(name, &text).map(|_| ()),
        SecretName::Meta => MetaCredentials::parse(&text).map(|_| ()),
        SecretName::Twilio => TwilioCredentials::parse(&text).map(|_| ()),
        SecretName::Msg91 => Msg91Credentials::parse(&text).map(|_| ()),
        SecretName::Rapiwa => RapiwaCredentials::parse(&text).map(|_| ()),
        SecretName::Push => PushCredentials::parse(&text).map(|_| ()),
        SecretName::Outlets => OutletCredentials::parse(&text).map(|_| ()),
    }
}

fn report(error: &str) {
    tracing::error!(target: "recoup", outcome = "not_started", error, alarm = 1);
}
