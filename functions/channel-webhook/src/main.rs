//! Lambda: a message provider asked for its challenge, or posted statuses and replies.

use recoup_app::channel_webhook;
use recoup_app::ports::SecretName;
use recoup_aws::config::public_url;
use recoup_aws::{StartError, bedrock, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| !matches!(name, SecretName::Source(_))).await?;
    let transport = HttpTransport::within(bedrock::TIMEOUT);
    let (classifier, engine) = (&started.model(&transport)?, &started.engine);
    let public_url = public_url(&started.environment)?;
    let handle = async |delivered: lambda::HttpRequest| {
        let request = lambda::request(delivered);
        let answer = if request.is_get {
            channel_webhook::verify_subscription(engine, &request).await
        } else {
            channel_webhook::handle(engine, classifier, public_url.as_deref(), &request).await
        };
        Ok::<_, lambda::Error>(lambda::HttpAnswer(answer))
    };
    Ok(lambda::run_http(lambda::service_fn(handle)).await?)
}
