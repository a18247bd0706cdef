//! What PayPal says of a failure, as a class (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

use super::body::ProcessorResponse;

/// Reads the reason of a subscription's failed payment; `None` for one that lies with the merchant, and for one not known.
pub(super) fn of_subscription(reason: &str) -> Option<DeclineClass> {
    match reason {
        "PAYMENT_DENIED"
        | "INTERNAL_SERVER_ERROR"
        | "SENDING_LIMIT_EXCEEDED"
        | "TRANSACTION_RECEIVING_LIMIT_EXCEEDED" => Some(DeclineClass::Soft),
        "PAYER_ACCOUNT_RESTRICTED" | "PAYER_CANNOT_PAY" => Some(DeclineClass::NewMethodNeeded),
        _ => None,
    }
}

/// Reads what a card's network answered: its advice wins over the code.
pub(super) fn of_card(response: &ProcessorResponse<'_>) -> Option<DeclineClass> {
    let advice = response.payment_advice_code.text();
    let code = response.response_code.text();
    advice.and_then(|advice| advised(&advice)).or_else(|| code.and_then(|code| answered(&code)))
}

/// Mastercard's advice, which the other networks' is written in too.
fn advised(advice: &str) -> Option<DeclineClass> {
    match advice {
        "01" => Some(DeclineClass::NewMethodNeeded),
        "02" | "24" | "25" | "26" | "27" | "28" | "29" | "30" => Some(DeclineClass::Soft),
        "03" | "21" | "40" | "41" | "42" | "43" => Some(DeclineClass::Hard),
        _ => None,
    }
}

fn answered(code: &str) -> Option<DeclineClass> {
    match code {
        // Not honoured, generic, insufficient funds.
        "0500" | "5100" | "5120" => Some(DeclineClass::Soft),
        // Wrong security code, expired card.
        "00N7" | "5400" => Some(DeclineClass::NewMethodNeeded),
        // Suspected fraud, lost or stolen.
        "9500" | "9520" => Some(DeclineClass::Hard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_wins_over_the_code_and_the_unknown_stays_unknown() {
        for (response, expected) in [
            (r#"{"response_code":"5120"}"#, Some("soft")),
            (r#"{"response_code":"5400"}"#, Some("new_method_needed")),
            (r#"{"response_code":"9520"}"#, Some("hard")),
            (r#"{"response_code":"5120","payment_advice_code":"03"}"#, Some("hard")),
            (r#"{"response_code":"9500","payment_advice_code":"02"}"#, Some("soft")),
            (r#"{"response_code":"5400","payment_advice_code":"99"}"#, Some("new_method_needed")),
            (r#"{"response_code":"0000"}"#, None),
            (r#"{"response_code":500,"payment_advice_code":3}"#, None),
            ("{}", None),
        ] {
            let read = serde_json::from_str(response).expect("an object");
            assert_eq!(of_card(&read).map(DeclineClass::as_str), expected, "{response}");
        }
        assert_eq!(of_subscription("SENDING_LIMIT_EXCEEDED"), Some(DeclineClass::Soft));
        assert_eq!(of_subscription("PAYER_CANNOT_PAY"), Some(DeclineClass::NewMethodNeeded));
        assert_eq!(of_subscription("PAYEE_ACCOUNT_RESTRICTED"), None);
    }
}
