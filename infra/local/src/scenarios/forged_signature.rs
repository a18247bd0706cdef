//! (f) Somebody who does not know the secret.

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};

const PHONE: &str = "+12025550108";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let invoice = Invoice::new(&play.label(""), PHONE, 9100, Generation::Basil);
    let before = play.stack.emulator.items().await?;
    let failed = invoice.payment_failed(1, play.now()?)?;
    let status = play.deliver_signed_with(&failed, "whsec_0123456789abcdef0123456789abcdef").await?;
    play.check("a forged signature is answered 401", status == 401, format!("{status}"));
    let after = play.stack.emulator.items().await?;
    play.check(
        "nothing is written",
        before == after,
        format!("{} items before, {} after", before.len(), after.len()),
    );
    play.pass_first_delay().await?;
    play.check_count("nothing is sent", "whatsapp", PHONE, 0).await?;
    play.check_count("and no text message", "sms", PHONE, 0).await
}
