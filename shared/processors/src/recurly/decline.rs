//! Recurly's status codes, as classes (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

/// Reads a transaction's `status_code`, which Recurly words alike for all gateways.
pub(super) fn class(code: &str) -> Option<DeclineClass> {
    match code {
        "declined" | "insufficient_funds" | "call_issuer" | "try_again" | "processor_not_available" => {
            Some(DeclineClass::Soft)
        }
        "expired_card" | "invalid_card_number" | "declined_security_code" | "card_type_not_accepted" => {
            Some(DeclineClass::NewMethodNeeded)
        }
        "three_d_secure_action_required" => Some(DeclineClass::ActionRequired),
        "lost_card" | "stolen_card" | "pickup_card" | "restricted_card" | "fraud_gateway" => {
            Some(DeclineClass::Hard)
        }
        _ => None,
    }
}
