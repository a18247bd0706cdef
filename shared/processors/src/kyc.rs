//! What the readers of identity checks share: a vendor's labels in a buyer's terms, and the few facts about the buyer that
//! may leave a check.
//!
//! Never read here or in any of them: names, documents, pictures, and what a reviewer wrote.

use recoup_core::{BuyerFacts, EventId, Fact, KycCause, KycRejected, Phone};

use crate::NormaliseError;
use crate::json::Member;

/// What one of a vendor's labels says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// Something that a buyer can mend.
    Cause(KycCause),
    /// A sign of fraud, or a rule that no other picture changes: nobody is told to try again.
    Final,
}

/// Causes in the order in which they are told: first the one that names what to do. Vendors add their word for a bad
/// picture to most of the others, so that comes last.
const TOLD_FIRST: [KycCause; 7] = [
    KycCause::Expired,
    KycCause::WrongDocument,
    KycCause::NotOriginal,
    KycCause::Incomplete,
    KycCause::SelfieMismatch,
    KycCause::DataMismatch,
    KycCause::Unreadable,
];

/// What the labels of one refusal come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The cause to tell.
    pub(crate) cause: KycCause,
    /// Whether a label says that another try is of no use.
    pub(crate) is_final: bool,
}

impl Verdict {
    /// Weighs the labels; unknown ones are left out by the caller.
    pub(crate) fn of(labels: impl IntoIterator<Item = Label>) -> Self {
        let mut verdict = Self::default();
        for label in labels {
            match label {
                Label::Final => verdict.is_final = true,
                Label::Cause(cause) if rank(cause) < rank(verdict.cause) => verdict.cause = cause,
                Label::Cause(_) => {}
            }
        }
        verdict
    }

    /// The fact, where the vendor itself leaves open whether the buyer may try again.
    pub(crate) fn rejected(self, buyer: BuyerFacts) -> Fact {
        rejected(self.cause, !self.is_final, buyer)
    }
}

fn rank(cause: KycCause) -> usize {
    TOLD_FIRST.iter().position(|known| *known == cause).unwrap_or(TOLD_FIRST.len())
}

/// A refusal without a page to try again: none of the vendors puts one into a webhook. A final one is not explained.
pub(crate) fn rejected(cause: KycCause, may_retry: bool, buyer: BuyerFacts) -> Fact {
    let cause = if may_retry { cause } else { KycCause::Other };
    Fact::KycRejected(Box::new(KycRejected { cause, may_retry, retake_link: None, buyer }))
}

/// The phone that a merchant put where it refers to its own user. Only with a `+`: an id of digits is no phone.
pub(crate) fn reference_phone(reference: Member<'_>) -> Option<Phone> {
    let text = reference.text().filter(|text| text.starts_with('+'))?;
    Phone::parse(&text).ok()
}

/// An event id made of the members that a vendor's page names, for one that sends none.
///
/// # Errors
/// [`NormaliseError::Malformed`] when they do not make an id.
pub(crate) fn event_id(parts: &[&str], member: &'static str) -> Result<EventId, NormaliseError> {
    let text = parts.join("-").replace(' ', "T");
    EventId::parse(&text).map_err(|_| NormaliseError::Malformed { member })
}

/// Whether a text is shaped like the name of an event, so that it may be counted.
pub(crate) fn is_event_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_that_names_what_to_do_is_told_and_one_final_label_is_enough() {
        use KycCause::{DataMismatch, Expired, NotOriginal, Other, Unreadable};
        for (labels, cause, is_final) in [
            (&[][..], Other, false),
            (&[Label::Cause(Unreadable), Label::Cause(NotOriginal)], NotOriginal, false),
            (&[Label::Cause(Expired), Label::Cause(Unreadable)], Expired, false),
            (&[Label::Cause(DataMismatch), Label::Final], DataMismatch, true),
            (&[Label::Final], Other, true),
            (&[Label::Cause(Other)], Other, false),
        ] {
            assert_eq!(Verdict::of(labels.iter().copied()), Verdict { cause, is_final }, "{labels:?}");
        }
        for cause in KycCause::ALL {
            assert_eq!(Verdict::of([Label::Cause(cause)]).cause, cause);
        }
    }

    #[test]
    fn only_a_reference_with_a_plus_is_a_phone() {
        for (reference, expected) in [
            (r#""+14155550123""#, Some("+14155550123")),
            (r#""0014155550123""#, None),
            (r#""4155550123""#, None),
            (r#""user-8812""#, None),
            ("4155550123", None),
            ("null", None),
        ] {
            let member: Member<'_> = serde_json::from_str(reference).expect("JSON");
            assert_eq!(reference_phone(member).as_ref().map(Phone::expose), expected, "{reference}");
        }
    }
}
