//! Lambda: steps are due that go by e-mail, to buyers whose number nobody knows.

use recoup_app::email_sender::{EmailSender, parts};
use recoup_app::ports::SecretName;
use recoup_aws::config::EmailConfig;
use recoup_aws::signed::Signed;
use recoup_aws::{StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| name == SecretName::Pepper).await?;
    let EmailConfig { settings, max_receives } =
        EmailConfig::read(&started.environment, &started.config.outside)?;
    let (transport, apis) = (&HttpTransport::new(), started.apis());
    let signed = Signed::new(started.engine.ports.clone(), transport, &started.config.aws, "ses");
    let sender = EmailSender::new(signed, settings.as_ref())?;
    let sender = &parts(started.engine, transport, apis, sender, max_receives);
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = sender.take_batch(lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
