//! The configuration of a function. Input: a value for each variable, a line each.

use recoup_aws::config::{Config, Environment, SmsConfig, whatsapp_provider};

use crate::input::Lines;
use crate::shown::assert_silent;

/// What is read is in bounds; what is refused is named and not repeated.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let mut line = || input.line().into_owned();
    let [brand, pay_link_base, quiet_hours, verify, first_delay] = std::array::from_fn(|_| line());
    let [backoff, suspend_after, secret, provider, log] = std::array::from_fn(|_| line());
    let environment = Environment::of([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", &secret),
        ("BRAND_NAME", "Acme"),
        ("CHANNELS_URL", "https://hooks.example/channels"),
        ("DEFAULT_LOCALE", "en"),
        ("EMAIL_QUEUE_URL", "https://sqs.example/email"),
        ("FIRST_DELAY_SECONDS", &first_delay),
        ("GRAPH_VERSION", "v26.0"),
        ("HANDOFF_QUEUE_URL", "https://sqs.example/handoff"),
        ("META_SECRET_ARN", "arn:meta"),
        ("MSG91_SECRET_ARN", "arn:msg91"),
        ("PARKED_QUEUE_ARN", "arn:parked"),
        ("PARKED_QUEUE_URL", "https://sqs.example/parked"),
        ("PAY_LINK_BASE", &pay_link_base),
        ("PEPPER_SECRET_ARN", "arn:pepper"),
        ("PUSH_QUEUE_URL", "https://sqs.example/push"),
        ("QUIET_HOURS", &quiet_hours),
        ("RAPIWA_SECRET_ARN", "arn:rapiwa"),
        ("RECOUP_BRAND", &brand),
        ("RECOUP_LOG", &log),
        ("RETRY_BACKOFF_SECONDS", &backoff),
        ("SCHEDULER_ROLE_ARN", "arn:role"),
        ("SCHEDULE_GROUP", "recoup"),
        ("SMS_MAX_RECEIVES", &backoff),
        ("SMS_ORIGINATION_IDENTITY", "ACME"),
        ("SMS_PROVIDER", &provider),
        ("SMS_QUEUE_URL", "https://sqs.example/sms"),
        ("SPILL_QUEUE_URL", "https://sqs.example/spill"),
        ("SUCCESS_GAP_HOURS", &first_delay),
        ("SUSPEND_AFTER_DAYS", &suspend_after),
        ("TABLE_NAME", "recoup"),
        ("TWILIO_SECRET_ARN", "arn:twilio"),
        ("VERIFY_BEFORE_SEND", &verify),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        ("WHATSAPP_PROVIDER", &provider),
        ("WHATSAPP_QUEUE_ARN", "arn:whatsapp"),
        ("WHATSAPP_QUEUE_URL", "https://sqs.example/whatsapp"),
    ]);
    match Config::read(&environment) {
        Ok(config) => {
            let policy = &config.policy;
            let base = &policy.pay_link_base;
            assert!(base.starts_with("https://") && base.ends_with('/'), "{base}");
            assert!((1..=365).contains(&policy.suspend_after_days), "{}", policy.suspend_after_days);
            assert!((0..=900).contains(&policy.first_delay.as_secs()), "{}", policy.first_delay);
            assert!((1..=900).contains(&policy.retry_backoff.as_secs()), "{}", policy.retry_backoff);
            assert_eq!(policy.window.is_none(), quiet_hours.trim() == "off");
            assert_eq!(policy.whatsapp_plain, provider.trim() == "rapiwa");
            match SmsConfig::read(&environment, &config.outside) {
                Ok(config) => assert!((1..=1000).contains(&config.max_receives)),
                Err(error) => assert_silent(&error),
            }
            if let Err(error) = whatsapp_provider(&environment, &config.outside) {
                assert_silent(&error);
            }
        }
        Err(error) => assert_silent(&error),
    }
}
