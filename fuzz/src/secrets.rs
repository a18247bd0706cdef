//! The texts of secrets. Input: the text.

use recoup_app::credentials::{
    MetaCredentials, Msg91Credentials, RapiwaCredentials, SourceCredentials, TwilioCredentials,
};
use recoup_app::ports::SecretName;
use recoup_core::Secret;

use crate::shown::assert_silent;

/// What is taken is fit to sign with; nothing of it shows, whether it is taken or refused.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let secret = match Secret::parse(&text) {
        Ok(secret) => secret,
        Err(error) => return assert_silent(&error),
    };
    assert_eq!(secret.expose(), text.trim());
    assert_fit(&secret);
    match SourceCredentials::parse(SecretName::Source("stripe"), &secret) {
        Ok(read) => {
            assert!(!read.signing.is_empty(), "nothing to verify with");
            read.signing.iter().chain(&read.api_key).for_each(assert_fit);
        }
        Err(error) => assert_silent(&error),
    }
    match MetaCredentials::parse(&secret) {
        Ok(read) => {
            assert!(!read.app_secrets.is_empty(), "nothing to verify with");
            read.app_secrets.iter().chain([&read.verify_token, &read.access_token]).for_each(assert_fit);
        }
        Err(error) => assert_silent(&error),
    }
    match TwilioCredentials::parse(&secret) {
        Ok(read) => {
            assert_fit(read.auth_token());
            read.auth_tokens.iter().for_each(assert_fit);
        }
        Err(error) => assert_silent(&error),
    }
    match Msg91Credentials::parse(&secret) {
        Ok(read) => {
            assert!(!read.webhook_secrets.is_empty(), "nothing to verify with");
            read.webhook_secrets.iter().chain([&read.authkey]).for_each(assert_fit);
        }
        Err(error) => assert_silent(&error),
    }
    match RapiwaCredentials::parse(&secret) {
        Ok(read) => {
            assert!(!read.webhook_secrets.is_empty(), "nothing to verify with");
            read.webhook_secrets.iter().chain([&read.api_key]).for_each(assert_fit);
        }
        Err(error) => assert_silent(&error),
    }
}

fn assert_fit(secret: &Secret) {
    assert_eq!(Secret::parse(secret.expose()).as_ref(), Ok(secret));
    assert!(!secret.expose().trim().is_empty(), "anybody can sign with nothing");
    assert_eq!(format!("{secret:?}"), "Secret(redacted)");
}
