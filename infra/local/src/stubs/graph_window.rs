//! The rules for what may be sent without a template while a buyer's window is open (facts: messaging-providers section 1).

use serde_json::{Map, Value};

use super::graph_template::GraphError;

const TEXT_LIMIT: usize = 4096;
const BODY_LIMIT: usize = 1024;
const TITLE_LIMIT: usize = 20;
const ID_LIMIT: usize = 256;
const BUTTONS_LIMIT: usize = 3;

/// Checks the `text` member.
pub(super) fn check_text(message: &Map<String, Value>) -> Result<(), GraphError> {
    let text = message.get("text").and_then(|text| text["body"].as_str()).unwrap_or_default();
    if (1..=TEXT_LIMIT).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(missing("text['body'] must be 1 to 4096 characters"))
}

/// Checks the `interactive` member: a text with reply buttons.
pub(super) fn check_interactive(message: &Map<String, Value>) -> Result<(), GraphError> {
    let interactive = message.get("interactive").unwrap_or(&Value::Null);
    if interactive["type"] != "button" {
        return Err(missing("interactive['type'] must be button"));
    }
    let within = |value: &Value, most| {
        value.as_str().is_some_and(|text: &str| (1..=most).contains(&text.chars().count()))
    };
    if !within(&interactive["body"]["text"], BODY_LIMIT) {
        return Err(missing("interactive['body']['text'] must be 1 to 1024 characters"));
    }
    let buttons = interactive["action"]["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=BUTTONS_LIMIT).contains(&buttons.len()) {
        return Err(missing("interactive['action']['buttons'] must be 1 to 3"));
    }
    let reply = |button: &Value| {
        let reply = &button["reply"];
        button["type"] == "reply" && within(&reply["id"], ID_LIMIT) && within(&reply["title"], TITLE_LIMIT)
    };
    if buttons.iter().all(reply) {
        return Ok(());
    }
    Err(missing("a button must be a reply with an id of 1 to 256 and a title of 1 to 20 characters"))
}

fn missing(details: &str) -> GraphError {
    GraphError::new(131_008, "(#131008) Required parameter is missing", details)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_with_buttons_keeps_to_metas_limits() {
        let good = json!({"interactive": {"type": "button", "body": {"text": "hello"}, "action": {"buttons": [
            {"type": "reply", "reply": {"id": "STOP", "title": "Stop"}}]}}});
        let check = |message: &Value| check_interactive(message.as_object().expect("an object"));
        assert_eq!(check(&good), Ok(()));
        for (pointer, value) in [
            ("/interactive/type", json!("list")),
            ("/interactive/body/text", json!("")),
            ("/interactive/body/text", json!("x".repeat(1025))),
            ("/interactive/action/buttons", json!([])),
            ("/interactive/action/buttons/0/type", json!("url")),
            ("/interactive/action/buttons/0/reply/title", json!("x".repeat(21))),
            ("/interactive/action/buttons/0/reply/id", json!(null)),
        ] {
            let mut message = good.clone();
            *message.pointer_mut(pointer).expect(pointer) = value;
            assert!(check(&message).is_err(), "{pointer}");
        }
    }
}
