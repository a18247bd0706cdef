//! Signs what is sent to an AWS API whose requests `recoup-channels` writes itself.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use jiff::Timestamp;
use recoup_app::ports::{Clock, Transport, TransportError};

use crate::clients::credentials;
use crate::config::AwsConfig;

/// A transport that signs each request for one AWS service (Signature Version 4) as the function's own role.
#[derive(Debug, Clone)]
pub struct Signed<C, T> {
    clock: C,
    inner: T,
    identity: Identity,
    region: String,
    service: &'static str,
}

impl<C, T> Signed<C, T> {
    /// Signs for this service, for example `ses`, in the function's region.
    pub fn new(clock: C, inner: T, aws: &AwsConfig, service: &'static str) -> Self {
        let identity = Credentials::into(credentials(aws));
        Self { clock, inner, identity, region: aws.region.clone(), service }
    }

    /// Adds the signature, which covers method, address, headers and body, and the instant at which it was made.
    fn sign(&self, request: &mut http::Request<Bytes>, now: Timestamp) -> Option<()> {
        let parameters = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.service)
            .time(now.into())
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let mut headers = Vec::new();
        for (name, value) in request.headers() {
            headers.push((name.as_str(), value.to_str().ok()?));
        }
        let (address, body) = (request.uri().to_string(), SignableBody::Bytes(request.body()));
        let signable =
            SignableRequest::new(request.method().as_str(), address, headers.into_iter(), body).ok()?;
        let (instructions, _) = sign(signable, &parameters).ok()?.into_parts();
        instructions.apply_to_request_http1x(request);
        Some(())
    }
}

impl<C: Clock, T: Transport> Transport for Signed<C, T> {
    /// Dated by the wall: AWS refuses a signature that is five minutes old.
    async fn perform(
        &self,
        mut request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        self.sign(&mut request, self.clock.wall()).ok_or(TransportError::NotSent)?;
        self.inner.perform(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use recoup_core::Secret;
    use ring::{digest, hmac};

    use super::*;

    const NOW: &str = "2026-11-22T18:30:00Z";

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            NOW.parse().unwrap()
        }

        fn wall(&self) -> Timestamp {
            self.now()
        }
    }

    fn signed() -> Signed<Still, ()> {
        let aws = AwsConfig {
            region: "eu-west-1".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::parse("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap(),
            session_token: Secret::parse("session-of-the-role").ok(),
            endpoint_url: None,
            sms_endpoint_url: None,
            bedrock_endpoint_url: None,
        };
        Signed::new(Still, (), &aws, "ses")
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The signature as the documentation of Signature Version 4 writes it down, made without the library.
    fn by_hand(path: &str, body: &str) -> String {
        let sha = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        let canonical = format!(
            "POST\n{path}\n\ncontent-type:application/json\nhost:email.eu-west-1.amazonaws.com\n\
             x-amz-date:20261122T183000Z\nx-amz-security-token:session-of-the-role\n\n\
             content-type;host;x-amz-date;x-amz-security-token\n{}",
            sha(body)
        );
        let scope = "20261122/eu-west-1/ses/aws4_request";
        let to_sign = format!("AWS4-HMAC-SHA256\n20261122T183000Z\n{scope}\n{}", sha(&canonical));
        let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        for part in ["20261122", "eu-west-1", "ses", "aws4_request", &to_sign] {
            let with = hmac::Key::new(hmac::HMAC_SHA256, &key);
            key = hmac::sign(&with, part.as_bytes()).as_ref().to_vec();
        }
        hex(&key)
    }

    #[test]
    fn a_request_carries_the_signature_that_aws_computes() {
        for (path, canonical_path) in [
            ("/v2/email/outbound-emails", "/v2/email/outbound-emails"),
            ("/model/amazon.nova-lite-v1%3A0/converse", "/model/amazon.nova-lite-v1%253A0/converse"),
        ] {
            let body = r#"{"Content":{}}"#;
            let mut request = http::Request::post(format!("https://email.eu-west-1.amazonaws.com{path}"))
                .header("content-type", "application/json")
                .body(Bytes::from(body))
                .unwrap();
            signed().sign(&mut request, Still.now()).expect("signed");
            let authorization = request.headers()["authorization"].to_str().unwrap();
            assert_eq!(
                authorization,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/ses/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature={}",
                    by_hand(canonical_path, body)
                ),
                "{path}"
            );
            assert_eq!(request.headers()["x-amz-date"], "20261122T183000Z");
            assert_eq!(request.uri().path(), path);
        }
    }

    #[test]
    fn a_signer_keeps_its_secrets_to_itself() {
        let shown = format!("{:?}", signed().identity);
        assert!(!shown.contains("wJalr") && !shown.contains("session-of"), "{shown}");
    }
}
