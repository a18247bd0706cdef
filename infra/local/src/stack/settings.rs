//! What a stack is deployed with: secrets of its own, and the template's parameters.

use serde_json::json;

use super::{OWN_BACKENDS, StackOptions, WHATSAPP_TRIES};
use crate::stubs::{Credentials, Stub, Stubs};
use crate::{LocalError, signing};

const PHONE_NUMBER_ID: &str = "106540000000001";
const ONESIGNAL_APP_ID: &str = "106540a0-0000-4000-8000-000000000001";
const SES_IDENTITY: &str = "acme.example";
const SES_CONFIGURATION_SET: &str = "recoup-local";
const EMAIL_FROM: &str = "billing@acme.example";
const SMS_IDENTITY: &str = "arn:aws:sms-voice:us-east-1:000000000000:pool/pool-recoup-local";

/// Secrets made up for one stack: none is a placeholder, and none opens anything else.
pub(super) fn credentials() -> Result<Credentials, LocalError> {
    let random = || signing::random_hex();
    Ok(Credentials {
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        meta_access_token: format!("EAA{}", random()?),
        meta_app_secret: random()?,
        stripe_api_key: format!("sk_test_{}", random()?),
        twilio_account_sid: format!("AC{}", &random()?[..32]),
        twilio_auth_token: random()?,
        push_token: format!("ya29.{}", random()?),
        onesignal_app_id: ONESIGNAL_APP_ID.to_owned(),
        onesignal_api_key: format!("os_v2_app_{}", random()?),
        ses_identity: SES_IDENTITY.to_owned(),
        ses_configuration_set: SES_CONFIGURATION_SET.to_owned(),
        slack_path: format!("/services/T{}/B{}/{}", &random()?[..8], &random()?[..8], random()?),
        help_desk_key: signing::random_webhook_key()?,
        ends_key: signing::random_webhook_key()?,
    })
}

/// The secrets that are handed over as JSON: the push service's, and of those who are told.
pub(super) fn documents(credentials: &Credentials, stubs: &Stubs) -> [String; 2] {
    let app = json!({"app_id": credentials.onesignal_app_id, "api_key": credentials.onesignal_api_key});
    let hook =
        |stub: &Stub, key: &str| json!({"url": format!("{}/hooks", stub.url()), "signing_secret": key});
    let told = json!({
        "slack": format!("{}{}", stubs.slack.url(), credentials.slack_path),
        "help_desk": hook(&stubs.help_desk, &credentials.help_desk_key),
        "ends": hook(&stubs.ends, &credentials.ends_key),
    });
    [json!({"onesignal": app}).to_string(), told.to_string()]
}

/// The template's parameters: local values, then those the caller gave.
pub(super) fn parameters(
    options: &StackOptions,
    credentials: &Credentials,
    [push, told]: &[String; 2],
    signing_secret: &str,
    verify_token: &str,
) -> Vec<String> {
    let tries = WHATSAPP_TRIES.to_string();
    let architecture = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" };
    let local = [
        ("BrandName", "Acme"),
        ("QuietHours", "off"),
        ("RetryBackoffSeconds", "1"),
        ("WhatsappMaxReceiveCount", &tries),
        ("Architecture", architecture),
        ("StripeSigningSecret", signing_secret),
        ("StripeApiKey", &credentials.stripe_api_key),
        ("WhatsappPhoneNumberId", &credentials.phone_number_id),
        ("MetaAppSecret", &credentials.meta_app_secret),
        ("MetaVerifyToken", verify_token),
        ("MetaAccessToken", &credentials.meta_access_token),
        ("SmsOriginationIdentity", SMS_IDENTITY),
        ("TwilioAccountSid", &credentials.twilio_account_sid),
        ("TwilioAuthToken", &credentials.twilio_auth_token),
        ("TwilioFrom", "+15005550006"),
        ("PushSecretJson", push),
        ("EmailFrom", EMAIL_FROM),
        ("EmailFromName", "Acme"),
        ("EmailIdentity", &credentials.ses_identity),
        ("EmailConfigurationSet", &credentials.ses_configuration_set),
        ("Outlets", "slack,help_desk,ends"),
        ("OutletsSecretJson", told),
        ("CasePage", "https://ops.example.com/cases"),
        ("MerchantSources", OWN_BACKENDS),
        ("ShopLinkBase", "https://shop.example.com/"),
        ("IdentityLinkBase", "https://id.example.com/"),
    ];
    let given = |name: &str| options.parameters.iter().any(|(known, _)| known == name);
    local
        .into_iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| format!("{name}={value}"))
        .chain(options.parameters.iter().map(|(name, value)| format!("{name}={value}")))
        .collect()
}
