//! The AWS clients: one HTTP stack, one TLS stack, credentials as the runtime gives them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::{
    RetryConfig, SharedAsyncSleep, SharedHttpClient, StalledStreamProtectionConfig, TimeoutConfig,
};

use crate::config::AwsConfig;
use crate::http_client::SdkHttpClient;

/// Tries per call, the first included. A repeated write meets itself by its token.
const ATTEMPTS: u32 = 3;

/// Builds the configuration that every client shares.
pub fn sdk_config(aws: &AwsConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_secs(4))
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials(aws)))
        .http_client(http_client())
        .sleep_impl(SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts);
    if let Some(endpoint) = &aws.endpoint_url {
        config = config.endpoint_url(endpoint);
    }
    config.build()
}

/// What the runtime gave the function to act with.
pub(crate) fn credentials(aws: &AwsConfig) -> Credentials {
    Credentials::new(
        &aws.access_key_id,
        aws.secret_access_key.expose(),
        aws.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "environment",
    )
}

/// The HTTP client of every AWS client.
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(SdkHttpClient::new())
}
