//! Lambda: steps are due that go by WhatsApp.

use recoup_app::ports::SecretName;
use recoup_app::whatsapp_sender::{MetaSettings, parts};
use recoup_aws::config::WhatsappConfig;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| matches!(name, SecretName::Meta | SecretName::Pepper)).await?;
    let WhatsappConfig { graph_version, phone_number_id } = WhatsappConfig::read(&started.environment)?;
    let base_url = started.config.outside.graph_api_url.clone();
    let settings = MetaSettings { base_url, graph_version, phone_number_id };
    let transport = HttpTransport::new();
    let apis = started.apis();
    let sender = &parts(started.engine, &transport, apis, settings);
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = sender.take_batch(lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
