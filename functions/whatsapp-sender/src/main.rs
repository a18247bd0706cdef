//! Lambda: steps are due that go by WhatsApp.

use recoup_app::carrier::{CarrierSender, RoleSender};
use recoup_app::ports::SecretName;
use recoup_app::whatsapp_sender::{AWS_SERVICE, parts};
use recoup_aws::config::{WhatsappProvider, whatsapp_provider};
use recoup_aws::signed::Signed;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| name == SecretName::Pepper).await?;
    let provider = whatsapp_provider(&started.environment, &started.config.outside)?;
    let (transport, apis) = (&HttpTransport::new(), started.apis());
    let ports = started.engine.ports.clone();
    match provider {
        WhatsappProvider::Aws(codec) => {
            let signed = Signed::new(ports, transport, &started.config.aws, AWS_SERVICE);
            let sender = RoleSender::new(signed, codec);
            lambda::serve(&parts(started.engine, transport, apis, sender)).await?;
        }
        WhatsappProvider::Carrier(carrier) => {
            started.check(&carrier).await?;
            let sender = CarrierSender::new(ports, transport, carrier);
            lambda::serve(&parts(started.engine, transport, apis, sender)).await?;
        }
    }
    Ok(())
}
