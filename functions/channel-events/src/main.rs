//! Lambda: AWS said what became of messages, or what a buyer wrote back.

use recoup_app::channel_events;
use recoup_app::ports::SecretName;
use recoup_aws::{StartError, bedrock, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| matches!(name, SecretName::Pepper)).await?;
    let transport = HttpTransport::within(bedrock::TIMEOUT);
    let (classifier, engine) = (&started.model(&transport)?, &started.engine);
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = channel_events::take_batch(engine, classifier, lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
