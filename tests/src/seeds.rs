//! The buyer, the secrets and the addresses of the tests: what must never be seen outside the store and the wire.

use std::collections::BTreeMap;

use recoup_app::ports::SecretName;
use recoup_core::Library;
use serde_json::{Value, json};

/// The buyer's number, of a country with one zone.
pub const PHONE: &str = "+442079460958";
/// Another buyer's number.
pub const OTHER_PHONE: &str = "+442079460321";
/// The buyer's mailbox.
pub const EMAIL: &str = "ana.seeded@example.com";
/// The buyer's name.
pub const NAME: &str = "Ana María";
/// Where the debt can be paid.
pub const LINK: &str = "https://invoice.stripe.com/i/acct_1/pay_seeded?s=ap";
/// The part of [`LINK`] that a button carries.
pub const LINK_SUFFIX: &str = "i/acct_1/pay_seeded?s=ap";
/// Signs Stripe's webhooks.
pub const SIGNING_SECRET: &str = "whsec_seeded_new";
/// Signed them until the rotation.
pub const OLD_SIGNING_SECRET: &str = "whsec_seeded_old";
/// Opens Stripe's API.
pub const API_KEY: &str = "sk_test_seeded";
/// Signs Meta's webhooks.
pub const APP_SECRET: &str = "app_secret_seeded";
/// Proves the callback to Meta.
pub const VERIFY_TOKEN: &str = "verify_token_seeded";
/// Opens Meta's API.
pub const ACCESS_TOKEN: &str = "EAAB_seeded";
/// Keys the recipient hash.
pub const PEPPER: &str = "pepper_seeded";
/// Opens Twilio's API.
pub const TWILIO_TOKEN: &str = "twilio_seeded";
/// Opens MSG91's API.
pub const MSG91_KEY: &str = "msg91_seeded";
/// Opens Rapiwa's API.
pub const RAPIWA_KEY: &str = "rapiwa_seeded";
/// Stands in the path of webhooks of providers that sign nothing.
pub const PATH_SECRET: &str = "path_seeded";

/// Whatever of these stands in a log line, a queue or a schedule is a leak.
const UNSEEN: [&str; 8] = [
    "seeded",
    "442079460958",
    "2079460958",
    "442079460321",
    "Mar\u{ed}a",
    "Mar\\u00eda",
    "Ana ",
    "invoice.stripe.com",
];

/// The first seeded value that the text holds.
pub fn leak(text: &str) -> Option<&'static str> {
    UNSEEN.into_iter().find(|seed| text.contains(seed))
}

/// The app at OneSignal.
pub const ONESIGNAL_APP: &str = "4f1d0c6e-5a0b-4c3f-9a51-0d6a2f9c7b11";

/// Slack's incoming webhook.
pub const SLACK_URL: &str = "https://hooks.slack.com/services/T0/B0/seeded";

/// The merchant's help desk.
pub const HELP_DESK_URL: &str = "https://desk.acme.example/recoup";

/// The merchant's system that keeps accounts.
pub const ENDS_URL: &str = "https://crm.acme.example/recoup";

/// Signs what the help desk and the accounts are told.
pub const OUTLET_SECRET: &str = "whsec_b3V0bGV0cyBvZiB0aGUgdGVzdHMgc2lnbg==";

/// The text of a secret as it is deployed.
pub fn secret_text(name: SecretName) -> String {
    match name {
        SecretName::Pepper => PEPPER.to_owned(),
        SecretName::Source(_) => json!({"signing_secrets": [SIGNING_SECRET], "api_key": API_KEY}).to_string(),
        SecretName::Meta => meta_secret(ACCESS_TOKEN),
        SecretName::Twilio => {
            let account_sid = format!("AC{}", "0".repeat(32));
            let contents: BTreeMap<&str, Value> = Library::template_files()
                .iter()
                .map(|(name, _)| {
                    (*name, json!({"en": content_sid(name, "en"), "es": content_sid(name, "es")}))
                })
                .collect();
            json!({
                "account_sid": account_sid, "auth_token": TWILIO_TOKEN, "from": "+15017122661",
                "whatsapp_from": "+15017122662", "contents": contents,
            })
            .to_string()
        }
        SecretName::Msg91 => json!({
            "authkey": MSG91_KEY, "webhook_secrets": [PATH_SECRET],
            "flows": {"payment_failed_first": {"en": "64f0c1e2a5b3"}},
        })
        .to_string(),
        SecretName::Rapiwa => json!({"api_key": RAPIWA_KEY, "webhook_secrets": [PATH_SECRET]}).to_string(),
        SecretName::Push => {
            json!({"onesignal": {"app_id": ONESIGNAL_APP, "api_key": "os_v2_app_seeded"}}).to_string()
        }
        SecretName::Outlets => json!({
            "slack": SLACK_URL,
            "help_desk": {"url": HELP_DESK_URL, "signing_secret": OUTLET_SECRET},
            "ends": {"url": ENDS_URL, "signing_secret": OUTLET_SECRET},
        })
        .to_string(),
    }
}

/// The content at Twilio of a template in a language: made of their names, as no two have the same.
pub fn content_sid(template: &str, language: &str) -> String {
    let digits = format!("{template}/{language}").bytes().fold(0_u128, |sum, byte| {
        sum.wrapping_mul(0x0100_0000_0000_0000_0000_013B).wrapping_add(u128::from(byte))
    });
    format!("HX{digits:032x}")
}

/// The secret of Meta with this access token.
pub fn meta_secret(access_token: &str) -> String {
    json!({"app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN, "access_token": access_token}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f48_every_seed_is_found_where_it_leaks() {
        for seed in [
            PHONE,
            OTHER_PHONE,
            EMAIL,
            NAME,
            LINK,
            LINK_SUFFIX,
            SIGNING_SECRET,
            OLD_SIGNING_SECRET,
            API_KEY,
            APP_SECRET,
            VERIFY_TOKEN,
            ACCESS_TOKEN,
            PEPPER,
            TWILIO_TOKEN,
            MSG91_KEY,
            RAPIWA_KEY,
            PATH_SECRET,
        ] {
            assert!(leak(&format!("a line with {seed} in it")).is_some(), "{seed}");
        }
        assert_eq!(leak("case=main/stripe/in_1 reason=sent"), None);
    }
}
