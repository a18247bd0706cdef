//! Lambda: once a day every case is looked at; webhooks that waited for the store are applied.

use recoup_app::ports::SecretName;
use recoup_app::sweep;
use recoup_aws::{StartError, lambda, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let engine = &start(&[SecretName::Meta, SecretName::Pepper, SecretName::Stripe]).await?.engine;
    let handle = async |event: lambda::LambdaEvent<lambda::TimerOrQueue>| match event.payload {
        lambda::TimerOrQueue::Queue(event) => {
            let again = sweep::replay(engine, lambda::batch(event)).await;
            Ok(lambda::answer(&lambda::failures(again)))
        }
        lambda::TimerOrQueue::Timer(_) => {
            let swept = sweep::sweep(engine).await.map_err(|error| lambda::Error::from(error.to_string()))?;
            Ok::<_, lambda::Error>(lambda::answer(&swept))
        }
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
