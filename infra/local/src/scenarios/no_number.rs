//! (j) The source knows an address and no number: letters go, until a number becomes known.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::play::Play;
use crate::LocalError;
use crate::stubs::Sent;

const PHONE: &str = "+12025550141";
const MAILBOX: &str = "finn.brook@example.com";

/// What the merchant's backend tells of a failed payment, with all it knows of the buyer.
fn failed(id: &str, attempt: u32, customer: &Value) -> Value {
    json!({
        "obligation_id": id,
        "attempt": attempt,
        "amount": {"amount_minor": 3100, "currency": "USD"},
        "pay_url": format!("https://invoice.stripe.com/i/acct_1Demo/test_{id}"),
        "customer": customer,
    })
}

async fn letters(play: &Play<'_>) -> Result<Vec<Sent>, LocalError> {
    let mut letters = play.sent("email").await?;
    letters.retain(|entry| entry.request["body"]["Destination"]["ToAddresses"][0] == MAILBOX);
    Ok(letters)
}

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let busy = json!({"__type": "TooManyRequestsException", "message": "Maximum sending rate exceeded."});
    play.script("email", json!([{"status": 429, "body": busy, "match": {"id": MAILBOX}}])).await?;
    let id = play.label("1");
    let known = json!({"email": MAILBOX, "name": "Finn", "locale": "en", "time_zone": "America/New_York"});
    play.tell("payment.failed", &failed(&id, 1, &known)).await?;
    play.settle("the failure").await?;
    play.pass_first_delay().await?;
    let tried = letters(play).await?;
    let codes: Vec<String> = tried.iter().filter_map(Sent::refusal).collect();
    play.check("SES was busy once", codes == ["TooManyRequestsException"], codes.join(", "));
    let sent: Vec<&Sent> = tried.iter().filter(|entry| entry.accepted()).collect();
    play.check("and then took one letter", sent.len() == 1, format!("{} letters", sent.len()));
    let text = sent.first().map(|entry| entry.request["body"]["Content"].to_string()).unwrap_or_default();
    play.check("which has the link to pay", text.contains(&format!("test_{id}")), text);
    play.check_count("no WhatsApp message: no number is known", "whatsapp", PHONE, 0).await?;

    let learned = json!({"email": MAILBOX, "phone": PHONE, "name": "Finn", "locale": "en"});
    play.tell("payment.failed", &failed(&id, 2, &learned)).await?;
    play.pass(SignedDuration::from_hours(3 * 24 + 2), "Day 3, and a number is known").await?;
    play.check_count("one WhatsApp message", "whatsapp", PHONE, 1).await?;
    let found = letters(play).await?.iter().filter(|entry| entry.accepted()).count();
    play.check("and no second letter", found == 1, format!("{found} letters"));
    play.tell("payment.paid", &json!({"obligation_id": id})).await?;
    play.settle("after the payment").await
}
