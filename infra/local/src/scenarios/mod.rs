//! What recoup promises, played on a running stack: the demo shows it, the end-to-end test asserts it.
//!
//! Each scenario has an invoice and a buyer of its own, leaves no open case behind, and returns statements that were
//! checked.

mod forged_signature;
mod handed_off;
mod lines;
mod no_number;
mod number_without_whatsapp;
mod order_climbs;
mod other_triggers;
mod paid_after_day_7;
mod play;
mod provider_outage;
mod repeated_events;
mod stop;

use std::time::Instant;

use crate::LocalError;
use crate::report::{Outcome, Report, Row};
use crate::screen::Screen;
use crate::stack::Stack;

use play::Play;

const TITLES: [(char, &str); 10] = [
    ('a', "A failed subscription charge: WhatsApp on Day 0, 3 and 7, and silence once it is paid"),
    ('b', "The same event five times, its payment intent too, and out of order: one message"),
    ('c', "A number without WhatsApp: one text message instead"),
    ('d', "The provider is down: retries, dead letter, one text message"),
    ('e', "The buyer answers STOP: silence"),
    ('f', "A forged signature: 401, and nothing is written"),
    ('g', "A cart is left and a check of identity is refused: the other two triggers"),
    ('h', "The payment of an order fails: push, WhatsApp, text message, until it is read or paid"),
    ('i', "The buyer asks for a person: people are told, and dunning waits for them"),
    ('j', "A buyer without a number: an e-mail instead, until a number becomes known"),
];

/// Plays every scenario, one after the other, and reports what was so and what was not.
///
/// A scenario that cannot be played to its end is reported with its trouble; the others are played all the same.
pub async fn play_all(stack: &Stack, screen: &mut dyn Screen) -> Report {
    let mut play = Play::new(stack, screen);
    let mut report = Report::default();
    if let Err(error) = play.let_statuses_follow().await {
        report.trouble = Some(error.to_string());
    }
    for (letter, title) in TITLES {
        let began = Instant::now();
        play.begin(letter, title);
        let played = one(letter, &mut play).await;
        let trouble = match played {
            Ok(()) => None,
            Err(error) => Some(play.describe(&error).await),
        };
        let statements = std::mem::take(&mut play.statements);
        report.scenarios.push(Outcome { letter, title, statements, trouble, took: began.elapsed() });
    }
    if let Err(error) = conclude(&play, &mut report).await {
        report.trouble = Some(error.to_string());
    }
    report
}

async fn one(letter: char, play: &mut Play<'_>) -> Result<(), LocalError> {
    match letter {
        'a' => paid_after_day_7::play(play).await,
        'b' => repeated_events::play(play).await,
        'c' => number_without_whatsapp::play(play).await,
        'd' => provider_outage::play(play).await,
        'e' => stop::play(play).await,
        'f' => forged_signature::play(play).await,
        'g' => other_triggers::play(play).await,
        'h' => order_climbs::play(play).await,
        'i' => handed_off::play(play).await,
        _ => no_number::play(play).await,
    }
}

/// Gathers what was sent and what the queues hold.
async fn conclude(play: &Play<'_>, report: &mut Report) -> Result<(), LocalError> {
    let mut sent = Vec::new();
    for channel in ["whatsapp", "sms", "push", "email"] {
        sent.extend(play.sent(channel).await?.into_iter().map(|entry| (channel, entry)));
    }
    sent.sort_by_key(|(_, entry)| entry.time);
    report.sent =
        sent.iter().map(|(channel, entry)| Row::of(channel, entry, &sent, &play.failures)).collect();
    for (name, url) in &play.stack.file.queues {
        report.queues.insert(name.clone(), play.stack.emulator.depth(url).await?);
    }
    Ok(())
}
