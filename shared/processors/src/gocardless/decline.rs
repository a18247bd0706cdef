//! Which class the cause of a failed debit belongs to (facts: webhook-sources section 6; GoCardless docs, "Event causes").

use recoup_core::DeclineClass;

/// Finds a cause; `None` for one that is not known, or that says nothing (`other`, `test_failure`).
pub(super) fn class(cause: &str) -> Option<DeclineClass> {
    match cause {
        "insufficient_funds"
        | "refer_to_payer"
        | "bank_account_transferred"
        | "bank_declined_payment"
        | "daily_payment_limit_reached" => Some(DeclineClass::Soft),
        "invalid_bank_details"
        | "direct_debit_not_enabled"
        | "account_blocked_for_any_financial_transaction"
        | "payment_violated_mandate_parameters"
        | "mandate_expired" => Some(DeclineClass::NewMethodNeeded),
        "insufficient_payment_permissions" | "mandate_suspended_by_payer" | "customer_approval_denied" => {
            Some(DeclineClass::ActionRequired)
        }
        "mandate_cancelled"
        | "bank_account_closed"
        | "authorisation_disputed"
        | "payment_stopped"
        | "return_on_odfi_request" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_a_class_or_none() {
        for (cause, expected) in [
            ("insufficient_funds", Some("soft")),
            ("invalid_bank_details", Some("new_method_needed")),
            ("mandate_suspended_by_payer", Some("action_required")),
            ("mandate_cancelled", Some("hard")),
            ("test_failure", None),
            ("other", None),
            ("a_cause_of_next_year", None),
            ("", None),
        ] {
            assert_eq!(class(cause).map(DeclineClass::as_str), expected, "{cause}");
        }
    }
}
