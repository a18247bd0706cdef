//! What AWS answers to a text message. Input: the exception, its reason, the message id.

use recoup_channels::aws_sms::{accepted, outcome};
use recoup_core::{Reaction, SendOutcome};

use crate::input::Lines;
use crate::meta_answer::assert_storable;

/// An exception is a refusal, no exception is no answer, and what is not listed is a person's to read.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let (exception, reason, id) = (input.line(), input.line(), input.line());
    let taken = accepted(Some(&id));
    assert_storable(&taken);
    assert!(matches!(taken, SendOutcome::Accepted { .. }));
    for reason in [None, Some(&*reason)] {
        let outcome = outcome(&exception, reason);
        assert_storable(&outcome);
        match &outcome {
            SendOutcome::Refused(refusal) => {
                assert!(!exception.is_empty());
                let needs_a_person = matches!(refusal.reaction, Reaction::Hold | Reaction::Park);
                assert!(refusal.alarm || !needs_a_person, "{} waits for a person nobody calls", refusal.code);
                assert!(exception.ends_with("Exception") || refusal.reaction == Reaction::Park);
            }
            SendOutcome::Unknown => assert!(exception.is_empty(), "an exception is an answer"),
            SendOutcome::Accepted { .. } | SendOutcome::NotSent => panic!("an exception is no success"),
        }
    }
}
