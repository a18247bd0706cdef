//! (c) Meta says that the number has no `WhatsApp`.

use jiff::SignedDuration;
use serde_json::json;

use super::play::{Play, code_of};
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};

const PHONE: &str = "+12025550105";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let undeliverable = json!({"error": {
        "message": "(#131026) Message undeliverable",
        "type": "OAuthException",
        "code": 131_026,
        "error_data": {"messaging_product": "whatsapp", "details": "Message Undeliverable."},
        "fbtrace_id": "AlocalStubTraceId000000",
    }});
    let answer = json!([{"status": 400, "body": undeliverable, "match": {"phone": PHONE}, "repeat": true}]);
    play.script("whatsapp", answer).await?;
    let invoice = Invoice::new(&play.label(""), PHONE, 6100, Generation::Basil);
    play.put(&invoice, "open").await?;
    let failed = invoice.payment_failed(1, play.now()?)?;
    play.deliver_taken(&failed).await?;
    play.pass_first_delay().await?;

    let tried = play.tried("whatsapp", PHONE).await?;
    let codes: Vec<String> = tried.iter().map(code_of).collect();
    play.check("WhatsApp was asked once and refused with 131026", codes == ["131026"], codes.join(", "));
    play.check_count("one text message instead", "sms", PHONE, 1).await?;
    play.pass(SignedDuration::from_hours(24), "a day later").await?;
    play.check_count("no second text message", "sms", PHONE, 1).await?;
    play.pay(&invoice).await?;
    play.settle("after the payment").await
}
