//! (c) Meta says that the number has no `WhatsApp`: in its answer, or later in a status.

use jiff::SignedDuration;
use serde_json::json;

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};
use crate::stubs::Sent;

const REFUSED: &str = "+12025550105";
const FAILED: &str = "+12025550109";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let error = json!({
        "message": "(#131026) Message undeliverable",
        "type": "OAuthException",
        "code": 131_026,
        "error_data": {"messaging_product": "whatsapp", "details": "Message Undeliverable."},
        "fbtrace_id": "AlocalStubTraceId000000",
    });
    let told = json!({"code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable",
        "error_data": {"details": "Message Undeliverable."}});
    let answers = json!([
        {"status": 400, "body": {"error": error}, "match": {"phone": REFUSED}, "repeat": true},
        {"statuses": [{"status": "failed", "errors": [told]}], "match": {"phone": FAILED}, "repeat": true},
    ]);
    play.script("whatsapp", answers).await?;
    let refused = Invoice::new(&play.label("1"), REFUSED, 6100, Generation::Basil);
    let failed = Invoice::new(&play.label("2"), FAILED, 6200, Generation::Acacia);
    for invoice in [&refused, &failed] {
        play.put(invoice, "open").await?;
        let event = invoice.payment_failed(1, play.now()?)?;
        play.deliver_taken(&event).await?;
    }
    play.pass_first_delay().await?;

    let tried = play.tried("whatsapp", REFUSED).await?;
    let codes: Vec<String> = tried.iter().filter_map(Sent::refusal).collect();
    play.check("WhatsApp was asked once and refused with 131026", codes == ["131026"], codes.join(", "));
    play.check_count("one text message instead", "sms", REFUSED, 1).await?;
    play.check_count("WhatsApp took the other, and said failed with 131026 later", "whatsapp", FAILED, 1)
        .await?;
    play.check_count("one text message instead", "sms", FAILED, 1).await?;
    play.pass(SignedDuration::from_hours(24), "a day later").await?;
    for phone in [REFUSED, FAILED] {
        play.check_count("no second text message", "sms", phone, 1).await?;
    }
    for invoice in [&refused, &failed] {
        play.pay(invoice).await?;
    }
    play.settle("after the payments").await
}
