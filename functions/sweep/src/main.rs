//! Lambda: once a day every case is looked at; webhooks that waited for the store are applied.

use recoup_app::sweep;
use recoup_aws::{StartError, bedrock, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let transport = HttpTransport::new();
    let impatient = HttpTransport::within(bedrock::TIMEOUT);
    let started = start(|_| true).await?;
    let classifier = &started.model(&impatient)?;
    let webhooks = &started.webhooks(&transport)?;
    let handle = async |event: lambda::LambdaEvent<lambda::TimerOrQueue>| match event.payload {
        lambda::TimerOrQueue::Queue(event) => {
            let again = Box::pin(sweep::replay(webhooks, classifier, lambda::batch(event))).await;
            Ok(lambda::answer(&lambda::failures(again)))
        }
        lambda::TimerOrQueue::Timer(_) => {
            let swept = sweep::sweep(&webhooks.engine)
                .await
                .map_err(|error| lambda::Error::from(error.to_string()))?;
            Ok::<_, lambda::Error>(lambda::answer(&swept))
        }
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
