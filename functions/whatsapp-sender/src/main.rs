//! Lambda: steps are due that go by WhatsApp.

use recoup_app::carrier::CarrierSender;
use recoup_app::ports::SecretName;
use recoup_app::whatsapp_sender::parts;
use recoup_aws::config::whatsapp_carrier;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| name == SecretName::Pepper).await?;
    let carrier = whatsapp_carrier(&started.environment, &started.config.outside)?;
    started.check(&carrier).await?;
    let (transport, apis) = (&HttpTransport::new(), started.apis());
    let sender = CarrierSender::new(started.engine.ports.clone(), transport, carrier);
    Ok(lambda::serve(&parts(started.engine, transport, apis, sender)).await?)
}
