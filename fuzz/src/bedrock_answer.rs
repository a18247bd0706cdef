//! What Amazon Bedrock answers to the question what a buyer wants. Input: the status, the body.

use recoup_channels::bedrock::{Unread, read};
use recoup_core::Intent;

use crate::meta_answer::answer;

/// Only a success is an intent, and never a start; a refusal shows a plain, bounded name and nothing of the body.
pub fn check(data: &[u8]) {
    let answer = answer(data);
    match read(&answer) {
        Ok(intent) => {
            assert!(answer.status().is_success());
            assert_ne!(intent, Intent::Start);
        }
        Err(Unread::Unclear) => assert!(answer.status().is_success()),
        Err(Unread::Refused(name) | Unread::Busy(name)) => {
            assert!(!answer.status().is_success());
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            assert!(plain && (1..=96).contains(&name.len()), "{name:?}");
        }
    }
}
