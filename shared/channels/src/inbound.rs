//! What a buyer wrote or tapped, whichever provider handed it on.

use recoup_core::{
    AnswerContent, ChannelEvent, Intent, OptOutScope, Reply, When, Words, read_reply, read_when,
};

/// Makes the event: a wish for silence or for messages, or else a reply.
pub(crate) fn heard(reply: Reply, scope: OptOutScope) -> ChannelEvent {
    let message = (!reply.answered).then(|| reply.id.clone());
    if reply.intent == Intent::Stop {
        return ChannelEvent::OptedOut { from: reply.from, scope, at: reply.at, message };
    }
    if reply.intent == Intent::Start {
        return ChannelEvent::OptedIn { from: reply.from, scope, at: reply.at, message };
    }
    ChannelEvent::Replied(reply)
}

/// Whether a text message is one of the keywords alone. A carrier answers those by itself; around anything else it is
/// silent.
pub(crate) fn is_keyword(theirs: &str, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| theirs.trim().eq_ignore_ascii_case(keyword))
}

/// Reads a typed reply anew, as what another reader than the rules takes it for. A stop silences every channel, as one that the
/// rules read in typed words does, whichever provider handed it on.
pub fn read_as(reply: Reply, intent: Intent) -> ChannelEvent {
    let when = promise(intent, &reply.words);
    heard(Reply { intent, when, ..reply }, OptOutScope::All)
}

/// When a buyer promises to pay, if that is what they wrote and they name a time.
pub(crate) fn promise(intent: Intent, words: &Words) -> Option<When> {
    if intent == Intent::Later { read_when(words.expose()) } else { None }
}

/// Reads a payload that we attached to a button: `STOP`, `START`, `HELP`, each with `:<anything>` behind it, or
/// `OPTOUT:marketing`.
pub(crate) fn tapped(payload: &str) -> Option<(Intent, OptOutScope)> {
    let (keyword, detail) = payload.split_once(':').unwrap_or((payload, ""));
    let scope = if detail == "marketing" { OptOutScope::Marketing } else { OptOutScope::All };
    let intent = read_reply(keyword).intent;
    matches!(intent, Intent::Stop | Intent::Start | Intent::Help).then_some((intent, scope))
}

/// Writes an answer for a provider without buttons: their labels stand under the words, to be typed back.
pub(crate) fn without_buttons(answer: &AnswerContent) -> String {
    let labels: Vec<&str> = answer.buttons.iter().map(|button| button.label.as_str()).collect();
    if labels.is_empty() { answer.body.clone() } else { format!("{}\n\n{}", answer.body, labels.join(" | ")) }
}
