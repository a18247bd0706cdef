//! (e) The buyer answers STOP.

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};

const PHONE: &str = "+12025550107";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let invoice = Invoice::new(&play.label(""), PHONE, 8100, Generation::Acacia);
    play.put(&invoice, "open").await?;
    let failed = invoice.payment_failed(1, play.now()?)?;
    play.deliver_taken(&failed).await?;
    play.pass_first_delay().await?;
    play.check_count("Day 0: one WhatsApp message", "whatsapp", PHONE, 1).await?;
    play.reply(PHONE, "STOP").await?;
    play.settle("the answer to STOP").await?;
    play.check_count("STOP is answered once", "whatsapp", PHONE, 2).await?;
    let timers = play.stack.emulator.timers().await?;
    play.check(
        "STOP deletes the timer of the next step",
        timers.is_empty(),
        format!("{} timers", timers.len()),
    );
    for day in [3, 7, 14] {
        play.pass_to_day(&invoice, day).await?;
        play.check_count(&format!("after STOP: silence on Day {day}"), "whatsapp", PHONE, 2).await?;
    }
    play.check_count("and no text message", "sms", PHONE, 0).await?;

    let other = Invoice::new(&play.label("2"), PHONE, 8200, Generation::Basil);
    play.put(&other, "open").await?;
    let failed = other.payment_failed(1, play.now()?)?;
    play.deliver_taken(&failed).await?;
    play.pass_first_delay().await?;
    play.check_count("STOP also holds for the buyer's next invoice", "whatsapp", PHONE, 2).await
}
