//! Lambda: steps that WhatsApp definitely could not take go by text message.

use recoup_app::carrier::CarrierSender;
use recoup_app::ports::SecretName;
use recoup_app::sms_fallback::{AwsSender, parts};
use recoup_aws::config::{SmsConfig, SmsProvider};
use recoup_aws::sms::EndUserMessaging;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| name == SecretName::Pepper).await?;
    let SmsConfig { provider, max_receives } =
        SmsConfig::read(&started.environment, &started.config.outside)?;
    let (transport, apis) = (&HttpTransport::new(), started.apis());
    match provider {
        SmsProvider::Aws(codec) => {
            let sender = AwsSender::new(EndUserMessaging::new(&started.config.aws), codec);
            lambda::serve(&parts(started.engine, transport, apis, sender, max_receives)).await?;
        }
        SmsProvider::Carrier(carrier) => {
            started.check(&carrier).await?;
            let sender = CarrierSender::new(started.engine.ports.clone(), transport, carrier);
            lambda::serve(&parts(started.engine, transport, apis, sender, max_receives)).await?;
        }
    }
    Ok(())
}
