//! Shopify's error codes: those of transactions and those of billing attempts are one list (facts: webhook-sources
//! section 6 for the classes). It writes them in lower case in one body and in upper case in another.

use recoup_core::DeclineClass;

/// What an error code means for the buyer; `None` for one that is not known, and for what the merchant must mend.
pub(super) fn class(code: &str) -> Option<DeclineClass> {
    match code.to_ascii_lowercase().as_str() {
        "amount_too_large"
        | "call_issuer"
        | "card_declined"
        | "do_not_honor"
        | "generic_error"
        | "instrument_declined"
        | "insufficient_funds"
        | "payment_method_declined"
        | "payment_provider_error"
        | "paypal_error_general"
        | "processing_error"
        | "transaction_limit_exceeded"
        | "transient_error"
        | "unexpected_error" => Some(DeclineClass::Soft),
        "amazon_payments_invalid_payment_method"
        | "buyer_canceled_payment_method"
        | "card_number_incorrect"
        | "expired_card"
        | "expired_payment_method"
        | "incorrect_address"
        | "incorrect_cvc"
        | "incorrect_number"
        | "incorrect_pin"
        | "incorrect_zip"
        | "invalid_billing_address"
        | "invalid_country"
        | "invalid_currency"
        | "invalid_customer_billing_agreement"
        | "invalid_cvc"
        | "invalid_expiry_date"
        | "invalid_number"
        | "invalid_payment_method"
        | "invalid_purchase_type"
        | "invalid_shipping_address"
        | "payment_method_not_found"
        | "payment_method_not_specified"
        | "payment_method_unavailable"
        | "payment_method_unsupported"
        | "purchase_type_not_supported" => Some(DeclineClass::NewMethodNeeded),
        "authentication_error"
        | "authentication_failed"
        | "authentication_required"
        | "cancelled_payment"
        | "confirmation_rejected"
        | "expired_buyer_action"
        | "off_session_rejected"
        | "three_d_secure_failed" => Some(DeclineClass::ActionRequired),
        "card_testing" | "fraud_suspected" | "pick_up_card" => Some(DeclineClass::Hard),
        _ => None,
    }
}

/// Whether a billing attempt failed for a reason that lies with the store: nothing was asked of the buyer, or it is paid.
pub(super) fn is_not_the_buyers(code: &str) -> bool {
    matches!(
        code.to_ascii_lowercase().as_str(),
        "free_gift_card_not_allowed"
            | "insufficient_inventory"
            | "inventory_allocations_not_found"
            | "invoice_already_paid"
            | "merchant_account_error"
            | "merchant_rule"
            | "non_test_order_limit_reached"
            | "payment_method_incompatible_with_gateway_config"
            | "payment_provider_is_not_enabled"
            | "test_mode"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_in_either_case_and_foreign_ones_have_no_class() {
        for (code, expected) in [
            ("card_declined", Some("soft")),
            ("INSUFFICIENT_FUNDS", Some("soft")),
            ("expired_card", Some("new_method_needed")),
            ("EXPIRED_PAYMENT_METHOD", Some("new_method_needed")),
            ("authentication_required", Some("action_required")),
            ("pick_up_card", Some("hard")),
            ("config_error", None),
            ("a_code_of_next_year", None),
            ("", None),
        ] {
            assert_eq!(class(code).map(DeclineClass::as_str), expected, "{code}");
        }
        for code in ["insufficient_inventory", "INVOICE_ALREADY_PAID", "test_mode"] {
            assert!(is_not_the_buyers(code) && class(code).is_none(), "{code}");
        }
        assert!(!is_not_the_buyers("card_declined"));
    }
}
