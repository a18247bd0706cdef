//! Lambda: steps that WhatsApp definitely could not take go by text message.

use recoup_app::breaker::Breaker;
use recoup_app::ports::{SecretName, Sender};
use recoup_app::sms_fallback::{AwsSender, TwilioSender, parts};
use recoup_app::step::StepSender;
use recoup_aws::config::{SmsConfig, SmsProvider};
use recoup_aws::sms::EndUserMessaging;
use recoup_aws::{AwsPorts, StartError, lambda, start};
use recoup_transport::HttpTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let started = start(|name| matches!(name, SecretName::Pepper | SecretName::Twilio)).await?;
    let SmsConfig { provider, max_receives } = SmsConfig::read(&started.environment)?;
    let (transport, apis) = (&HttpTransport::new(), started.apis());
    match provider {
        SmsProvider::Aws(codec) => {
            let sender = AwsSender::new(EndUserMessaging::new(&started.config.aws), codec);
            serve(&parts(started.engine, transport, apis, sender, max_receives)).await
        }
        SmsProvider::Twilio => {
            let base_url = started.config.outside.twilio_api_url.clone();
            let sender = TwilioSender::new(started.engine.ports.clone(), transport, base_url);
            serve(&parts(started.engine, transport, apis, sender, max_receives)).await
        }
    }
}

async fn serve<S: Sender>(
    sender: &StepSender<AwsPorts, &HttpTransport, Breaker<AwsPorts, S>>,
) -> Result<(), StartError> {
    let handle = async |event: lambda::LambdaEvent<lambda::SqsEvent>| {
        let again = sender.take_batch(lambda::batch(event.payload)).await;
        Ok::<_, lambda::Error>(lambda::failures(again))
    };
    Ok(lambda::run(lambda::service_fn(handle)).await?)
}
