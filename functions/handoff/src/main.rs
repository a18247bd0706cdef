//! Lambda: people and the merchant's own systems are told what was queued for them.

use recoup_app::handoff::HandOffs;
use recoup_app::ports::SecretName;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let engine = start(|name| matches!(name, SecretName::Outlets)).await?.engine;
    let transport = &HttpTransport::new();
    let handoffs = &HandOffs { engine, transport };
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = handoffs.take_batch(lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
