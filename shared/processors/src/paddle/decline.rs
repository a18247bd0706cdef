//! Which class an `error_code` belongs to (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

/// Finds a code; `None` for one that is not known, or that says nothing of the buyer's means.
pub(super) fn class(code: &str) -> Option<DeclineClass> {
    match code {
        "not_enough_balance" | "issuer_unavailable" | "system_error" | "psp_error" | "declined" => {
            Some(DeclineClass::Soft)
        }
        "expired_card"
        | "invalid_payment_details"
        | "transaction_not_permitted"
        | "redacted_payment_method" => Some(DeclineClass::NewMethodNeeded),
        "authentication_failed" => Some(DeclineClass::ActionRequired),
        "declined_not_retryable" | "blocked_card" | "fraud" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_a_class_or_say_nothing() {
        for (code, expected) in [
            ("declined", Some("soft")),
            ("not_enough_balance", Some("soft")),
            ("expired_card", Some("new_method_needed")),
            ("authentication_failed", Some("action_required")),
            ("declined_not_retryable", Some("hard")),
            ("fraud", Some("hard")),
            ("already_refunded", None),
            ("unknown", None),
            ("a_code_of_next_year", None),
            ("", None),
        ] {
            assert_eq!(class(code).map(DeclineClass::as_str), expected, "{code}");
        }
    }
}
