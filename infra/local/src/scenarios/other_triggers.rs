//! (g) A cart is left and a check of identity is refused: the other two triggers, told by the merchant's own backend.

use jiff::SignedDuration;
use serde_json::json;

use super::play::Play;
use crate::LocalError;

// No number of the United States: Meta delivers no marketing there.
const SHOPPER: &str = "+447700900111";
const APPLICANT: &str = "+12025550112";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let cart = json!({
        "checkout_id": play.label("cart"),
        "amount": {"amount_minor": 4900, "currency": "USD"},
        "resume_url": "https://shop.example.com/cart/demo",
        "marketing_consent": true,
        "customer": {"id": "u_1", "phone": SHOPPER, "name": "Ana", "locale": "en"},
    });
    play.tell("checkout.updated", &cart).await?;
    let refused = json!({
        "case_id": play.label("check"),
        "reason": "expired",
        "may_retry": true,
        "retake_url": "https://id.example.com/retake/demo",
        "customer": {"id": "u_2", "phone": APPLICANT, "name": "Ben", "locale": "en"},
    });
    play.tell("kyc.rejected", &refused).await?;
    play.pass_first_delay().await?;
    let asked = play.accepted("whatsapp", APPLICANT).await?;
    let cause = asked.iter().any(|sent| sent.request.to_string().contains("the document has expired"));
    play.check(
        "the refused check names its cause, by WhatsApp",
        asked.len() == 1 && cause,
        format!("{}", asked.len()),
    );
    play.check_count("nothing yet about the cart", "whatsapp", SHOPPER, 0).await?;
    play.pass(SignedDuration::from_mins(40), "40 minutes later").await?;
    play.check_count("one reminder of the cart", "whatsapp", SHOPPER, 1).await?;
    play.tell("kyc.pending", &json!({"case_id": play.label("check")})).await?;
    play.tell("checkout.completed", &json!({"checkout_id": play.label("cart")})).await?;
    play.pass(SignedDuration::from_hours(5 * 24), "5 days later").await?;
    for (what, phone) in [("the cart was bought: silence", SHOPPER), ("handed in again: silence", APPLICANT)]
    {
        play.check_count(what, "whatsapp", phone, 1).await?;
    }
    play.settle("after the order").await
}
