//! Which class a decline belongs to (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

/// Finds an `error_reason`; `None` for one that is not known, and for the word that says no more than "failed".
pub(super) fn class(reason: &str) -> Option<DeclineClass> {
    match reason {
        "insufficient_funds"
        | "transaction_limit_exceeded"
        | "funds_blocked_by_mandate"
        | "bank_technical_error"
        | "issuer_technical_error"
        | "gateway_technical_error"
        | "server_error"
        | "payment_timed_out"
        | "payment_declined" => Some(DeclineClass::Soft),
        "card_expired"
        | "incorrect_card_expiry_date"
        | "incorrect_cvv"
        | "incorrect_pin"
        | "incorrect_card_details"
        | "card_number_invalid"
        | "card_not_enrolled"
        | "international_transaction_not_allowed"
        | "debit_instrument_blocked"
        | "debit_instrument_inactive"
        | "bank_account_invalid" => Some(DeclineClass::NewMethodNeeded),
        "authentication_failed"
        | "payment_cancelled"
        | "otp_expired"
        | "incorrect_otp"
        | "otp_attempts_exceeded"
        | "payment_collect_request_expired" => Some(DeclineClass::ActionRequired),
        "payment_risk_check_failed" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_a_class_or_none() {
        for (reason, expected) in [
            ("insufficient_funds", Some("soft")),
            ("card_expired", Some("new_method_needed")),
            ("payment_cancelled", Some("action_required")),
            ("payment_risk_check_failed", Some("hard")),
            ("payment_failed", None),
            ("card_declined", None),
            ("a_reason_of_next_year", None),
            ("", None),
        ] {
            assert_eq!(class(reason).map(DeclineClass::as_str), expected, "{reason}");
        }
    }
}
