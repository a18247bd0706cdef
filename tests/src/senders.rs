//! Providers that are not spoken to over HTTP: AWS End User Messaging, and a sender for runs that need no wire.

use std::collections::VecDeque;

use jiff::Timestamp;
use recoup_app::ports::{SendText, Sender, TextApi, TextApiError};
use recoup_core::{Message, SendOutcome};

use crate::{Call, Memory, Oddity};

/// What was given to the providers, and the answers to come.
#[derive(Default)]
pub(crate) struct Scripts {
    texts: Vec<(Timestamp, SendText)>,
    text_answers: VecDeque<Result<(), TextApiError>>,
    messages: Vec<(Timestamp, Message)>,
    outcomes: VecDeque<SendOutcome>,
}

impl TextApi for Memory {
    async fn send_text(&self, text: &SendText) -> Result<Option<String>, TextApiError> {
        let failures = [Err(TextApiError::NotSent), Err(TextApiError::Ambiguous)];
        self.call_once(Call::SendText, failures, |world| {
            let now = world.now;
            if world.oddity == Some(Oddity::Unknown) {
                return Err(TextApiError::Ambiguous);
            }
            if let Some(Oddity::TextRefused(exception, reason)) = world.oddity {
                let (exception, reason) = (exception.to_owned(), reason.map(str::to_owned));
                return Err(TextApiError::Refused { exception, reason });
            }
            match world.senders.text_answers.pop_front() {
                None | Some(Ok(())) => {
                    world.senders.texts.push((now, text.clone()));
                    Ok(Some(format!("sms-{}", world.senders.texts.len())))
                }
                Some(Err(error)) => Err(error),
            }
        })
        .await
    }
}

impl Sender for Memory {
    async fn send(&self, message: &Message) -> SendOutcome {
        self.call_once(Call::Send, [SendOutcome::NotSent, SendOutcome::Unknown], |world| {
            let now = world.now;
            world.senders.messages.push((now, message.clone()));
            let id = Some(format!("msg-{}", world.senders.messages.len()));
            world.senders.outcomes.pop_front().unwrap_or(SendOutcome::Accepted { provider_id: id })
        })
        .await
    }
}

impl Memory {
    /// Plans the answers of AWS End User Messaging, one for each text; `Ok` takes it.
    pub fn answer_text(&self, answers: impl IntoIterator<Item = Result<(), TextApiError>>) {
        self.world().senders.text_answers.extend(answers);
    }

    /// The text messages that AWS End User Messaging took.
    pub fn texts(&self) -> Vec<(Timestamp, SendText)> {
        self.world().senders.texts.clone()
    }

    /// The same since the first `nth` ones.
    pub fn texts_from(&self, nth: usize) -> Vec<(Timestamp, SendText)> {
        self.world().senders.texts.get(nth..).unwrap_or_default().to_vec()
    }

    /// Plans the outcomes of the sender without a wire, one for each message.
    pub fn outcomes(&self, outcomes: impl IntoIterator<Item = SendOutcome>) {
        self.world().senders.outcomes.extend(outcomes);
    }

    /// What was given to the sender without a wire.
    pub fn messages(&self) -> Vec<(Timestamp, Message)> {
        self.world().senders.messages.clone()
    }
}
