//! Lambda: a store posted a webhook.

use recoup_app::cart_webhook::FRONT;
use recoup_aws::{StartError, lambda, sources, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let transport = HttpTransport::new();
    let webhooks = &start(sources).await?.webhooks(&transport)?;
    let handle = async |delivered| {
        let answer = webhooks.handle(FRONT, &lambda::request(delivered)).await;
        Ok::<_, lambda::Error>(lambda::HttpAnswer(answer))
    };
    Ok(lambda::run_http(lambda::service_fn(handle)).await?)
}
