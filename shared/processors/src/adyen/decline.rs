//! Which class a refusal belongs to (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

/// What Mastercard's advice code says comes before Adyen's own words.
pub(super) fn class(reason: Option<&str>, advice: Option<&str>) -> Option<DeclineClass> {
    advice.and_then(advised).or_else(|| listed(reason?))
}

/// `01: New account information available`: the two digits decide.
fn advised(advice: &str) -> Option<DeclineClass> {
    match advice.get(..2)? {
        "01" => Some(DeclineClass::NewMethodNeeded),
        "02" | "24" | "25" | "26" | "27" | "28" | "29" | "30" => Some(DeclineClass::Soft),
        "03" | "21" => Some(DeclineClass::Hard),
        _ => None,
    }
}

/// Finds a refusal reason; `None` for one that is not known. Case and spelling of them vary between versions.
fn listed(reason: &str) -> Option<DeclineClass> {
    let plain: String = reason.trim().to_ascii_lowercase().replace(['-', '_'], " ");
    match plain.as_str() {
        "refused"
        | "not enough balance"
        | "issuer unavailable"
        | "acquirer error"
        | "withdrawal amount exceeded"
        | "withdrawal count exceeded"
        | "declined non generic" => Some(DeclineClass::Soft),
        "expired card"
        | "invalid card number"
        | "cvc declined"
        | "restricted card"
        | "transaction not permitted"
        | "avs declined"
        | "not supported" => Some(DeclineClass::NewMethodNeeded),
        "authentication required" | "3d not authenticated" | "3ds authentication error" => {
            Some(DeclineClass::ActionRequired)
        }
        "blocked card"
        | "fraud"
        | "fraud cancelled"
        | "issuer suspected fraud"
        | "acquirer fraud"
        | "revocation of auth"
        | "transaction blocked by adyen to prevent excessive retry fees" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_wins_over_the_reason_and_what_is_not_known_says_nothing() {
        for (reason, advice, expected) in [
            (Some("Not enough balance"), None, Some("soft")),
            (Some("NOT_ENOUGH_BALANCE"), None, Some("soft")),
            (Some("Expired Card"), None, Some("new_method_needed")),
            (Some("3D Not Authenticated"), None, Some("action_required")),
            (Some("FRAUD-CANCELLED"), None, Some("hard")),
            (Some("Refused"), Some("03: Do not try again"), Some("hard")),
            (Some("Refused"), Some("01: New account information available"), Some("new_method_needed")),
            (Some("Blocked Card"), Some("02: Try again later"), Some("soft")),
            (Some("Refused"), Some("99: something new"), Some("soft")),
            (Some("Refused"), Some("é"), Some("soft")),
            (Some("null"), None, None),
            (Some(""), Some(""), None),
            (None, None, None),
        ] {
            assert_eq!(class(reason, advice).map(DeclineClass::as_str), expected, "{reason:?} {advice:?}");
        }
    }
}
