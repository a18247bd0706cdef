//! (d) Meta answers 503 for as long as anybody asks.

use serde_json::json;

use super::play::Play;
use crate::LocalError;
use crate::stack::WHATSAPP_TRIES;
use crate::stripe_events::{Generation, Invoice};

const PHONE: &str = "+12025550106";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let unavailable = json!({"error": {
        "message": "(#131016) Service unavailable",
        "type": "OAuthException",
        "code": 131_016,
        "error_data": {"messaging_product": "whatsapp", "details": "A service is temporarily unavailable."},
        "fbtrace_id": "AlocalStubTraceId000000",
    }});
    let answer = json!([{"status": 503, "body": unavailable, "match": {"phone": PHONE}, "repeat": true}]);
    play.script("whatsapp", answer).await?;
    let invoice = Invoice::new(&play.label(""), PHONE, 7100, Generation::Basil);
    play.put(&invoice, "open").await?;
    let failed = invoice.payment_failed(1, play.now()?)?;
    play.deliver_taken(&failed).await?;
    play.pass_first_delay().await?;

    let tried = play.tried("whatsapp", PHONE).await?;
    let outage = tried.iter().all(|entry| entry.refusal().as_deref() == Some("131016"));
    play.check(
        format!("WhatsApp was asked {WHATSAPP_TRIES} times, as often as the queue allows"),
        outage && tried.len() == WHATSAPP_TRIES,
        format!("{} times", tried.len()),
    );
    play.check_count("the dead letter became one text message", "sms", PHONE, 1).await?;
    let parked = play.parked().await?;
    play.check("nothing is parked", parked == 0, format!("{parked} messages"));
    play.pay(&invoice).await?;
    play.settle("after the payment").await
}
