//! Sends text messages by AWS End User Messaging.

use std::error::Error;

use aws_sdk_pinpointsmsvoicev2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_pinpointsmsvoicev2::operation::send_text_message::SendTextMessageError;
use aws_sdk_pinpointsmsvoicev2::types::{DestinationCountryParameterKey, MessageType};
use recoup_app::ports::{SendText, TextApi, TextApiError};

use crate::clients::sdk_config;
use crate::config::AwsConfig;

/// Sends through AWS; never retries by itself, since the call has no idempotency token.
#[derive(Debug)]
pub struct EndUserMessaging {
    client: aws_sdk_pinpointsmsvoicev2::Client,
}

impl EndUserMessaging {
    /// Builds the client; nothing is called yet.
    pub fn new(aws: &AwsConfig) -> Self {
        let retries = aws_sdk_pinpointsmsvoicev2::config::retry::RetryConfig::disabled();
        let mut config =
            aws_sdk_pinpointsmsvoicev2::config::Builder::from(&sdk_config(aws)).retry_config(retries);
        if let Some(endpoint) = &aws.sms_endpoint_url {
            config = config.endpoint_url(endpoint);
        }
        Self { client: aws_sdk_pinpointsmsvoicev2::Client::from_conf(config.build()) }
    }
}

impl TextApi for EndUserMessaging {
    async fn send_text(&self, text: &SendText) -> Result<Option<String>, TextApiError> {
        let mut call = self
            .client
            .send_text_message()
            .destination_phone_number(text.destination.expose())
            .origination_identity(&text.origination_identity)
            .message_body(&text.body)
            .message_type(MessageType::from(text.message_type.as_str()))
            .set_configuration_set_name(text.configuration_set_name.clone())
            .set_max_price(text.max_price.clone())
            .time_to_live(text.time_to_live_seconds)
            .set_context(Some(text.context.iter().cloned().collect()));
        for (key, id) in &text.destination_country_parameters {
            call = call.destination_country_parameters(DestinationCountryParameterKey::from(*key), id);
        }
        match call.send().await {
            Ok(answer) => Ok(answer.message_id().map(str::to_owned)),
            Err(error) => Err(classify(&error)),
        }
    }
}

/// A refusal by the service is definite; a connection that was never made is not sent; anything else is unknown.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
fn classify(error: &SdkError<SendTextMessageError>) -> TextApiError {
    match error {
        SdkError::ConstructionFailure(_) => TextApiError::NotSent,
        SdkError::DispatchFailure(_) => not_connected(error),
        SdkError::ServiceError(refused) => match refused.err().code() {
            Some(code) => TextApiError::Refused { exception: code.to_owned(), reason: reason(refused.err()) },
            None => TextApiError::Ambiguous,
        },
        _ => TextApiError::Ambiguous,
    }
}

/// The SDK calls both "refused" and "reset" an I/O failure; only its cause tells whether a connection ever stood.
fn not_connected(error: &(dyn Error + 'static)) -> TextApiError {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return TextApiError::NotSent;
        }
        cause = error.source();
    }
    TextApiError::Ambiguous
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
fn reason(error: &SendTextMessageError) -> Option<String> {
    match error {
        SendTextMessageError::AccessDeniedException(e) => e.reason().map(|reason| reason.as_str().to_owned()),
        SendTextMessageError::ConflictException(e) => e.reason().map(|reason| reason.as_str().to_owned()),
        SendTextMessageError::ServiceQuotaExceededException(e) => {
            e.reason().map(|reason| reason.as_str().to_owned())
        }
        SendTextMessageError::ValidationException(e) => e.reason().map(|reason| reason.as_str().to_owned()),
        _ => None,
    }
}
