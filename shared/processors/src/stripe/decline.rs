//! Which class a decline belongs to (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

use super::body::PaymentError;

/// What the network advises comes first, then what it forbids, then the issuer's code, then Stripe's own.
pub(super) fn class(error: &PaymentError<'_>) -> Option<DeclineClass> {
    let by_advice = || advised(&error.advice_code.text()?);
    let by_network = || forbidden(&error.network_decline_code.text()?);
    let by_decline_code = || listed(&error.decline_code.text()?);
    let by_code = || listed(&error.code.text()?);
    by_advice().or_else(by_network).or_else(by_decline_code).or_else(by_code)
}

fn advised(advice: &str) -> Option<DeclineClass> {
    match advice {
        "try_again_later" => Some(DeclineClass::Soft),
        "confirm_card_data" => Some(DeclineClass::NewMethodNeeded),
        "do_not_try_again" => Some(DeclineClass::Hard),
        _ => None,
    }
}

/// The codes on which the network allows no other attempt; 14 is left out, since lists differ on it.
fn forbidden(network_code: &str) -> Option<DeclineClass> {
    const NEVER: [&str; 11] = ["04", "07", "12", "15", "41", "43", "46", "57", "R0", "R1", "R3"];
    NEVER.contains(&network_code).then_some(DeclineClass::Hard)
}

/// Finds a decline code or an error code; `None` for one that is not known, or that says nothing is owed.
fn listed(code: &str) -> Option<DeclineClass> {
    match code {
        "insufficient_funds"
        | "card_velocity_exceeded"
        | "withdrawal_count_limit_exceeded"
        | "issuer_not_available"
        | "processing_error"
        | "reenter_transaction"
        | "try_again_later"
        | "approve_with_id"
        | "call_issuer"
        | "do_not_honor"
        | "generic_decline"
        | "card_declined" => Some(DeclineClass::Soft),
        "expired_card"
        | "incorrect_cvc"
        | "invalid_cvc"
        | "incorrect_number"
        | "invalid_number"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "incorrect_zip"
        | "card_not_supported"
        | "currency_not_supported"
        | "transaction_not_allowed" => Some(DeclineClass::NewMethodNeeded),
        "authentication_required"
        | "authentication_not_handled"
        | "payment_intent_authentication_failure"
        | "requires_action" => Some(DeclineClass::ActionRequired),
        "lost_card"
        | "stolen_card"
        | "pickup_card"
        | "restricted_card"
        | "fraudulent"
        | "merchant_blacklist"
        | "revocation_of_authorization"
        | "revocation_of_all_authorizations"
        | "stop_payment_order"
        | "do_not_try_again"
        | "invalid_account"
        | "new_account_information_available"
        | "no_action_taken"
        | "highest_risk_level" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(error: &str) -> Option<&'static str> {
        class(&serde_json::from_str(error).expect("an object")).map(DeclineClass::as_str)
    }

    #[test]
    fn advice_wins_then_the_network_then_the_codes() {
        for (error, expected) in [
            (r#"{"code":"card_declined","decline_code":"insufficient_funds"}"#, Some("soft")),
            (r#"{"code":"expired_card","decline_code":"expired_card"}"#, Some("new_method_needed")),
            (r#"{"code":"authentication_required"}"#, Some("action_required")),
            (r#"{"code":"card_declined","decline_code":"stolen_card"}"#, Some("hard")),
            (r#"{"decline_code":"stolen_card","advice_code":"try_again_later"}"#, Some("soft")),
            (
                r#"{"decline_code":"do_not_honor","advice_code":"confirm_card_data"}"#,
                Some("new_method_needed"),
            ),
            (r#"{"decline_code":"do_not_honor","advice_code":"do_not_try_again"}"#, Some("hard")),
            (r#"{"decline_code":"do_not_honor","network_decline_code":"R1"}"#, Some("hard")),
            (r#"{"decline_code":"do_not_honor","network_decline_code":"51"}"#, Some("soft")),
            (
                r#"{"decline_code":"do_not_honor","network_decline_code":"R1","advice_code":"try_again_later"}"#,
                Some("soft"),
            ),
            (r#"{"code":"card_declined","decline_code":"a_code_of_next_year"}"#, Some("soft")),
            (r#"{"decline_code":"duplicate_transaction"}"#, None),
            (r#"{"code":null,"decline_code":42,"advice_code":[]}"#, None),
            ("{}", None),
        ] {
            assert_eq!(class_of(error), expected, "{error}");
        }
    }
}
