//! Lambda: a payment processor posted a webhook.

use recoup_app::payment_webhook;
use recoup_app::ports::SecretName;
use recoup_aws::{StartError, lambda, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let engine = &start(&[SecretName::Stripe]).await?.engine;
    let handle = async |delivered| {
        lambda::response(payment_webhook::handle(engine, &lambda::request(delivered)).await)
    };
    Ok(lambda::run_http(lambda::service_fn(handle)).await?)
}
