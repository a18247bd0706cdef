//! Braintree's processor codes, as classes (facts: webhook-sources section 6).

use recoup_core::DeclineClass;

use crate::xml::Element;

/// Reads why a transaction was declined: by its code, and where that is not listed by Braintree's own word for the kind.
pub(super) fn class(transaction: Element<'_>) -> Option<DeclineClass> {
    let by_code = transaction.text("processor-response-code").and_then(listed);
    by_code.or_else(|| match transaction.text("processor-response-type")? {
        "hard_declined" => Some(DeclineClass::Hard),
        "soft_declined" => Some(DeclineClass::Soft),
        _ => None,
    })
}

fn listed(code: &str) -> Option<DeclineClass> {
    match code {
        "2000" | "2001" | "2002" | "2003" | "2046" | "3000" => Some(DeclineClass::Soft),
        "2004" | "2005" | "2006" | "2010" => Some(DeclineClass::NewMethodNeeded),
        "2099" => Some(DeclineClass::ActionRequired),
        "2007" | "2008" | "2009" | "2012" | "2013" | "2014" | "2015" | "2047" | "2053" => {
            Some(DeclineClass::Hard)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Document;

    #[test]
    fn the_code_wins_over_the_kind_and_the_unknown_stays_unknown() {
        for (code, kind, expected) in [
            ("2001", "soft_declined", Some("soft")),
            ("2004", "hard_declined", Some("new_method_needed")),
            ("2099", "", Some("action_required")),
            ("2013", "soft_declined", Some("hard")),
            ("2999", "hard_declined", Some("hard")),
            ("2999", "soft_declined", Some("soft")),
            ("2999", "approved", None),
            ("1000", "approved", None),
            ("", "", None),
        ] {
            let body = format!(
                "<t><processor-response-code>{code}</processor-response-code>\
                 <processor-response-type>{kind}</processor-response-type></t>"
            );
            let document = Document::parse(body.as_bytes()).expect("well formed");
            assert_eq!(class(document.root()).map(DeclineClass::as_str), expected, "{code} {kind}");
        }
    }
}
