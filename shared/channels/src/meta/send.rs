//! A message as the body of a call, for Meta's own API and for AWS in front of it.

use recoup_core::{Address, AnswerContent, Channel, Content, Message};
use serde::Serialize;

use super::ProductPolicy;
use super::template::{PAYLOAD_MAX, Template};
use crate::EncodeError;
use crate::parameter::{allow, single_line};

/// Characters of an answer (messaging-providers.md 1.1).
const ANSWER_MAX: usize = 4096;
/// Characters of an answer with buttons; not in the pages at hand, and what several providers in front of Meta name.
const ANSWER_WITH_BUTTONS_MAX: usize = 1024;
/// Buttons under an answer (messaging-providers.md 1.1).
const BUTTONS_MAX: usize = 3;
/// Characters on a button under an answer (messaging-providers.md 1.1).
const TITLE_MAX: usize = 20;

const PRODUCT: &str = "whatsapp";

#[derive(Serialize)]
struct Body<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(flatten)]
    to: Recipient<'a>,
    #[serde(flatten)]
    says: Says<'a>,
    biz_opaque_callback_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_policy: Option<ProductPolicy>,
}

/// A number, or WhatsApp's id of a buyer whose number is not known (messaging-providers.md 1.10).
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Recipient<'a> {
    To(&'a str),
    Recipient(&'a str),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Says<'a> {
    Template { template: Template<'a> },
    Text { text: Text<'a> },
    Interactive { interactive: Interactive<'a> },
}

#[derive(Serialize)]
struct Text<'a> {
    body: &'a str,
    preview_url: bool,
}

#[derive(Serialize)]
struct Interactive<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    body: Words<'a>,
    action: Action<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    buttons: Vec<Button<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Button<'a> {
    Reply { reply: Reply<'a> },
}

#[derive(Serialize)]
struct Reply<'a> {
    id: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct Read<'a> {
    messaging_product: &'static str,
    status: &'static str,
    message_id: &'a str,
    typing_indicator: Typing,
}

#[derive(Serialize)]
struct Typing {
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Writes the body, or says what Meta would refuse.
pub(crate) fn body(message: &Message, policy: Option<ProductPolicy>) -> Result<Vec<u8>, EncodeError> {
    let to = match &message.to {
        Address::Phone(phone) => Recipient::To(phone.expose()),
        Address::WhatsappUser(user) => Recipient::Recipient(user.expose()),
        Address::Push(_) | Address::Email(_) => return Err(EncodeError::WrongAddress(Channel::Whatsapp)),
    };
    let says = match &message.content {
        Content::Template(template) => Says::Template { template: Template::of(template)? },
        Content::Answer(answer) => says(answer)?,
        Content::Text(_) | Content::Notification(_) | Content::Letter(_) => {
            return Err(EncodeError::WrongContent(Channel::Whatsapp));
        }
    };
    let body = Body {
        messaging_product: PRODUCT,
        recipient_type: "individual",
        to,
        says,
        biz_opaque_callback_data: message.correlation.to_string(),
        product_policy: policy,
    };
    Ok(written(&body))
}

/// Writes the body that marks a buyer's message as read.
pub(super) fn read(message_id: &str) -> Vec<u8> {
    let typing_indicator = Typing { kind: "text" };
    written(&Read { messaging_product: PRODUCT, status: "read", message_id, typing_indicator })
}

fn written(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("structs of strings always become JSON")
}

/// Puts an answer as text, or with buttons under it.
fn says(answer: &AnswerContent) -> Result<Says<'_>, EncodeError> {
    let max = if answer.buttons.is_empty() { ANSWER_MAX } else { ANSWER_WITH_BUTTONS_MAX };
    allow(words(&answer.body, max), "body")?;
    if answer.buttons.is_empty() {
        // A preview is fetched from the page behind a link, and a link to pay is for the buyer alone.
        return Ok(Says::Text { text: Text { body: &answer.body, preview_url: false } });
    }
    allow(answer.buttons.len() <= BUTTONS_MAX, "buttons")?;
    let mut buttons = Vec::with_capacity(answer.buttons.len());
    for button in &answer.buttons {
        let fits = single_line(&button.payload, PAYLOAD_MAX) && single_line(&button.label, TITLE_MAX);
        allow(fits, "buttons")?;
        buttons.push(Button::Reply { reply: Reply { id: &button.payload, title: &button.label } });
    }
    let body = Words { text: &answer.body };
    Ok(Says::Interactive { interactive: Interactive { kind: "button", body, action: Action { buttons } } })
}

/// Whether a text of several lines can be sent.
fn words(text: &str, max: usize) -> bool {
    !text.trim().is_empty()
        && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        && text.chars().take(max + 1).count() <= max
}
