//! Words by which a buyer asks for silence. Input: how a keyword is written, what a buyer wrote.

use recoup_core::{ChannelEvent, OptOutScope};
use serde_json::{Value, json};

use crate::input::Lines;
use crate::meta_events::read;

/// Words that every list of stop words holds, and that no decoration may hide.
const STOP: [&str; 16] = [
    "stop",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "opt out",
    "baja",
    "parar",
    "arrêt",
    "abmelden",
    "aufhören",
    "बंद करें",
    "berhenti",
    "إيقاف",
];

/// What a keyword may be dressed in without becoming another word.
const DRESS: [&str; 12] = ["", ".", "!", "*", "\"", "-", "'", "…", " 🛑", "\u{200b}", "\u{200f}", "\t"];

/// A message of a buyer is exactly one event; a keyword is silence in any dress.
pub fn check(data: &[u8]) {
    let mut input = Lines::of(data);
    let how = input.line().into_owned().into_bytes();
    let text = String::from_utf8_lossy(input.rest());
    for body in places(&text) {
        let event = only(&body);
        let heard = matches!(
            event,
            ChannelEvent::OptedOut { .. } | ChannelEvent::OptedIn { .. } | ChannelEvent::Replied { .. }
        );
        assert!(heard, "a buyer's words were not counted: {event:?}");
        assert!(!format!("{event:?}").contains("442079460958"), "a phone shows");
    }
    let dressed = dress(&how);
    for body in places(&dressed) {
        let event = only(&body);
        let silenced = matches!(&event, ChannelEvent::OptedOut { scope: OptOutScope::All, .. });
        assert!(silenced, "{dressed:?} was heard as {event:?}");
    }
}

fn dress(how: &[u8]) -> String {
    let mut how = how.iter().copied().map(usize::from).chain(std::iter::repeat(0));
    let mut next = || how.next().expect("the rest are zeros");
    let keyword = STOP[next() % STOP.len()];
    let mut dressed = DRESS[next() % DRESS.len()].to_owned();
    for c in keyword.chars() {
        let choice = next();
        match choice % 2 {
            0 => dressed.push(c),
            _ => dressed.extend(c.to_uppercase()),
        }
        // Two blanks are as good as one, and a letter apart from its word is not.
        let between = DRESS[(choice / 2) % DRESS.len()];
        if !between.starts_with([' ', '\t']) || c == ' ' {
            dressed.push_str(between);
        }
    }
    dressed.push_str(DRESS[next() % DRESS.len()]);
    dressed
}

/// The text in every place where a buyer's own or tapped words stand.
fn places(text: &str) -> [Vec<u8>; 3] {
    [
        json!({"type": "text", "text": {"body": text}}),
        json!({"type": "button", "button": {"text": text}}),
        json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": text}}}),
    ]
    .map(|mut message: Value| {
        message["from"] = json!("442079460958");
        message["id"] = json!("wamid.1");
        message["timestamp"] = json!("1763892000");
        let value = json!({"messages": [message]});
        let change = json!({"field": "messages", "value": value});
        json!({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}).to_string().into_bytes()
    })
}

fn only(body: &[u8]) -> ChannelEvent {
    let mut events = read(body).expect("well formed");
    assert_eq!(events.len(), 1, "one message, one event");
    events.remove(0)
}
