//! (a) Day 0, 3 and 7, then the money arrives.

use jiff::{SignedDuration, Timestamp};

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};
use crate::stubs::Sent;

const PHONE: &str = "+12025550101";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let invoice = Invoice::new(&play.label(""), PHONE, 4900, Generation::Basil);
    play.put(&invoice, "open").await?;
    let failed_at = play.now()?;
    let failed = invoice.payment_failed(1, failed_at)?;
    play.deliver_taken(&failed).await?;
    play.check_count("nothing is sent at once: a second try of the buyer may win", "whatsapp", PHONE, 0)
        .await?;
    play.pass_first_delay().await?;
    play.check_count("Day 0: one WhatsApp message", "whatsapp", PHONE, 1).await?;

    play.pass_to_day(&invoice, 2).await?;
    let again = invoice.payment_failed(2, play.now()?)?;
    play.deliver_taken(&again).await?;
    play.settle("a second failed attempt").await?;
    play.check_count("a second failed attempt sends no message of its own", "whatsapp", PHONE, 1).await?;
    play.pass_to_day(&invoice, 3).await?;
    play.check_count("Day 3: the second message", "whatsapp", PHONE, 2).await?;
    play.pass_to_day(&invoice, 7).await?;
    play.check_count("Day 7: the third message", "whatsapp", PHONE, 3).await?;

    play.check_decided(
        "Meta's statuses reached the case: three times delivered",
        &invoice.id,
        "delivered",
        3,
    );
    let timers = play.stack.emulator.timers().await?;
    play.check("a timer waits for Day 14", timers.len() == 1, format!("{} timers", timers.len()));
    play.pay(&invoice).await?;
    let timers = play.stack.emulator.timers().await?;
    play.check("the payment deletes it", timers.is_empty(), format!("{} timers", timers.len()));
    play.pass_to_day(&invoice, 15).await?;
    let sent = play.accepted("whatsapp", PHONE).await?;
    play.check("paid after Day 7: nothing on Day 14", sent.len() == 3, format!("{} messages", sent.len()));
    play.check_count("no text message ever", "sms", PHONE, 0).await?;

    let days: Vec<i64> = sent.iter().map(|entry| days_after(failed_at, entry)).collect();
    play.check("the days are 0, 3 and 7", days == [0, 3, 7], format!("{days:?}"));
    let templates: Vec<&str> = sent.iter().filter_map(|entry| entry.template.as_deref()).collect();
    let distinct = templates.windows(2).all(|pair| pair[0] != pair[1]);
    play.check("each day has its own text", distinct && templates.len() == 3, templates.join(", "));
    Ok(())
}

/// Whole days from the failure to a message, rounded to the nearest.
fn days_after(failed_at: Timestamp, entry: &Sent) -> i64 {
    (entry.time.duration_since(failed_at) + SignedDuration::from_hours(12)).as_hours() / 24
}
