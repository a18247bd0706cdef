//! Lambda: steps are due that go to the merchant's app.

use recoup_app::ports::SecretName;
use recoup_app::push_sender::{PushSettings, parts};
use recoup_aws::config::PushConfig;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| matches!(name, SecretName::Pepper | SecretName::Push)).await?;
    let PushConfig { max_receives } = PushConfig::read(&started.environment)?;
    let outside = &started.config.outside;
    let (fcm_url, onesignal_url) = (outside.fcm_api_url.clone(), outside.onesignal_api_url.clone());
    let settings = PushSettings { fcm_url, onesignal_url };
    let transport = HttpTransport::new();
    let apis = started.apis();
    Ok(lambda::serve(&parts(started.engine, &transport, apis, settings, max_receives)).await?)
}
