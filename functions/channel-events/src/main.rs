//! Lambda: AWS said what became of messages, or what a buyer wrote back.

use recoup_app::channel_events;
use recoup_app::ports::SecretName;
use recoup_aws::{StartError, lambda, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let engine = &start(|name| matches!(name, SecretName::Pepper)).await?.engine;
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = channel_events::take_batch(engine, lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
