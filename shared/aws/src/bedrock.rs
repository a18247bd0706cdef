//! The model that reads what buyers write, from its settings to a classifier.

use std::time::Duration;

use recoup_app::MalformedSetting;
use recoup_app::classifier::Bedrock;
use recoup_app::ports::Transport;

use crate::clock::SystemClock;
use crate::config::{AwsConfig, BEDROCK_ENDPOINT, ConfigError};
use crate::signed::Signed;

/// A classifier that asks a model of Amazon Bedrock, its requests signed as the process's own identity.
pub type Model<T> = Bedrock<Signed<SystemClock, T>>;

/// How long a reply waits for the model. All of one webhook are read at once, and a provider has its answer within ten seconds.
pub const TIMEOUT: Duration = Duration::from_secs(2);

/// The variable that names the model.
pub(crate) const REPLY_MODEL: &str = "REPLY_MODEL";

/// Asks this model, by its id or ARN or by those of an inference profile, in the region of the configuration.
///
/// # Errors
/// [`MalformedSetting`] naming `model` or `base_url`.
pub fn model<T: Transport>(id: &str, aws: &AwsConfig, transport: T) -> Result<Model<T>, MalformedSetting> {
    let real = || format!("https://bedrock-runtime.{}.amazonaws.com", aws.region);
    let base_url = aws.bedrock_endpoint_url.clone().unwrap_or_else(real);
    let signed = Signed::new(SystemClock::default(), transport, aws, "bedrock");
    Bedrock::new(signed, &base_url, id)
}

/// Names the variable of a setting.
pub(crate) fn malformed(setting: MalformedSetting) -> ConfigError {
    let (name, rule) = match setting.setting {
        "model" => (REPLY_MODEL, "must be the id or the ARN of a model or an inference profile"),
        _ => (BEDROCK_ENDPOINT, "must be a base URL over https, or on this machine"),
    };
    ConfigError::Malformed { name, rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use recoup_app::ports::{Classifier, TransportError};
    use recoup_core::{Intent, Words};

    use super::*;
    use crate::config::{Environment, read_aws};

    /// Shows the address and the scope of the signature that leaves.
    #[derive(Clone)]
    struct Shown(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

    impl Transport for Shown {
        async fn perform(
            &self,
            request: http::Request<Bytes>,
        ) -> Result<http::Response<Bytes>, TransportError> {
            let scope = request.headers()["authorization"].to_str().unwrap_or_default();
            let scope = scope.split('/').skip(2).take(2).collect::<Vec<_>>().join("/");
            self.0.lock().unwrap().push(format!("{} {scope}", request.uri()));
            Err(TransportError::Ambiguous)
        }
    }

    fn aws<const N: usize>(more: [(&str, &str); N]) -> AwsConfig {
        let own =
            [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "eu-west-1")];
        let all: Vec<_> = own.into_iter().chain(more).collect();
        read_aws(&Environment::of(all)).expect("complete")
    }

    fn asked<const N: usize>(id: &str, more: [(&str, &str); N]) -> Vec<String> {
        let shown = Shown(std::sync::Arc::default());
        let model = model(id, &aws(more), shown.clone()).expect("well formed");
        let read = futures_util::FutureExt::now_or_never(model.classify(&Words::of("hmm"))).expect("at once");
        assert_eq!(read.intent, Intent::Unknown);
        let asked = shown.0.lock().unwrap();
        asked.clone()
    }

    #[test]
    fn r18_the_model_is_asked_in_the_own_region_and_signed_for_unless_it_is_elsewhere() {
        let id = "eu.amazon.nova-lite-v1:0";
        let path = "/model/eu.amazon.nova-lite-v1%3A0/converse eu-west-1/bedrock";
        for (more, host) in [
            ([("", ""), ("", "")], "https://bedrock-runtime.eu-west-1.amazonaws.com"),
            ([("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("", "")], "http://127.0.0.1:1"),
            (
                [("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), (BEDROCK_ENDPOINT, "http://127.0.0.1:2")],
                "http://127.0.0.1:2",
            ),
        ] {
            assert_eq!(asked(id, more), [format!("{host}{path}")]);
        }
    }

    #[test]
    fn f42_a_malformed_model_or_endpoint_is_refused_by_the_name_of_its_variable() {
        for (id, endpoint, variable) in [
            ("nova lite", "http://127.0.0.1:1", REPLY_MODEL),
            ("eu.amazon.nova-lite-v1:0", "http://bedrock.example", BEDROCK_ENDPOINT),
        ] {
            let refused = model(id, &aws([(BEDROCK_ENDPOINT, endpoint)]), Shown(std::sync::Arc::default()));
            let error = refused.map(|_| ()).map_err(malformed).expect_err(variable).to_string();
            assert!(error.contains(variable) && !error.contains(endpoint), "{error}");
        }
    }
}
