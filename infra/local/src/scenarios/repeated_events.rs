//! (b) Deliveries repeated, doubled by the payment intent, and out of order.

use jiff::SignedDuration;

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};

const REPEATED: &str = "+12025550102";
const SHUFFLED: &str = "+12025550103";
const PAID_FIRST: &str = "+12025550104";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let repeated = Invoice::new(&play.label("1"), REPEATED, 5100, Generation::Basil);
    let shuffled = Invoice::new(&play.label("2"), SHUFFLED, 5200, Generation::Acacia);
    let paid_first = Invoice::new(&play.label("3"), PAID_FIRST, 5300, Generation::Basil);
    for invoice in [&repeated, &shuffled] {
        play.put(invoice, "open").await?;
    }
    play.put(&paid_first, "paid").await?;

    let now = play.now()?;
    let failed = repeated.payment_failed(1, now)?;
    for _ in 0..5 {
        play.deliver_taken(&failed).await?;
    }
    let intent_failed = repeated.payment_intent_failed(now)?;
    play.deliver_taken(&intent_failed).await?;

    let intent_failed = shuffled.payment_intent_failed(now)?;
    play.deliver_taken(&intent_failed).await?;
    for attempt in [2, 1] {
        let failed = shuffled.payment_failed(attempt, now)?;
        play.deliver_taken(&failed).await?;
    }

    let paid = paid_first.paid(now)?;
    play.deliver_taken(&paid).await?;
    let late = paid_first.payment_failed(1, now)?;
    play.deliver_taken(&late).await?;

    play.pass_first_delay().await?;
    // The payment intent waits longer, for the invoice that may name the same debt.
    play.pass(SignedDuration::from_hours(2), "2 hours later").await?;

    play.check_count("five deliveries and the payment intent: one message", "whatsapp", REPEATED, 1).await?;
    play.check_count("attempt 2 before attempt 1: one message", "whatsapp", SHUFFLED, 1).await?;
    play.check_count("paid before failed: none", "whatsapp", PAID_FIRST, 0).await?;
    play.check_decided("each repetition was recognised", &repeated.id, "duplicate", 4);
    let intent = repeated.payment_intent();
    play.check_decided("the payment intent's own case ended: the same debt", &intent, "same_debt", 1);
    for phone in [REPEATED, SHUFFLED, PAID_FIRST] {
        play.check_count("and no text message", "sms", phone, 0).await?;
    }
    for invoice in [&repeated, &shuffled] {
        play.pay(invoice).await?;
    }
    play.settle("after the payments").await
}
