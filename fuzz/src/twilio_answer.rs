//! What Twilio answers to a send. Input: the status, the body.

use recoup_channels::Provider;
use recoup_channels::twilio::Twilio;
use recoup_core::SendOutcome;

use crate::input::secret;
use crate::meta_answer::{answer, assert_storable};

/// Success is accepted and nothing else is; a failure without Twilio's own code is a refusal for two statuses only.
pub fn check(data: &[u8]) {
    let sid = format!("AC{}", "0".repeat(32));
    let twilio = Twilio::new("https://twilio.example", &sid, &secret("token"), "ACME").expect("fit settings");
    let answer = answer(data);
    let outcome = twilio.decode(&answer);
    assert_storable(&outcome);
    let accepted = matches!(outcome, SendOutcome::Accepted { .. });
    assert_eq!(accepted, answer.status().is_success());
    assert_ne!(outcome, SendOutcome::NotSent, "an answer proves that something was sent");
    if !answer.body().windows(4).any(|word| word == b"code") && !answer.body().contains(&b'\\') {
        let refused = matches!(outcome, SendOutcome::Refused(_));
        assert_eq!(refused, matches!(answer.status().as_u16(), 407 | 429), "refused by whom?");
    }
}
