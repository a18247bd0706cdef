//! A provider that takes a message and never says so.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use recoup_local::stubs::Drop;
use serde_json::json;

use crate::bench::{Bench, Played};

/// How long a request to a provider may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(8);
/// Much longer than that.
const HANG: Duration = Duration::from_mins(2);

/// F21: whether the message went is unknown, so it counts as sent: it does not go again, and not as a text message.
pub(crate) async fn f21_accepted_without_an_answer(bench: &mut Bench<'_>) -> Played {
    let cut = bench.invoice("cut").await?;
    let hung = bench.invoice("hung").await?;
    let answers = json!([
        {"drop": "after", "match": {"phone": cut.phone}},
        {"delay_ms": HANG.as_millis(), "match": {"phone": hung.phone}},
    ]);
    bench.stack.script("whatsapp", answers).await?;
    bench.fail(&[&cut, &hung], 200).await?;
    bench.start_first_steps()?;
    let began = Instant::now();
    bench.stack.settle("the first step").await?;
    // Proof of the faults: one connection was cut by the stub, and the other request was waited for in vain.
    let dropped: Vec<_> = bench.received("whatsapp", &cut).await?.iter().map(|entry| entry.dropped).collect();
    bench.check("the stub accepted and cut the connection", dropped == [Some(Drop::After)], &dropped);
    let waited = began.elapsed();
    let in_vain = waited > TOTAL_TIMEOUT && waited < HANG;
    bench.check("the sender gave the hanging answer up before it came", in_vain, waited);
    for invoice in [&cut, &hung] {
        bench.check_messages("after the first step", invoice, 1).await?;
        bench.check_ledger("after the first step", invoice, &["0wC1"]).await?;
    }
    bench.pass(SignedDuration::from_hours(25), "a day and its sweep").await?;
    for invoice in [&cut, &hung] {
        bench.check_messages("a day later", invoice, 1).await?;
    }
    bench.pass(SignedDuration::from_hours(50), "the step of Day 3").await?;
    for invoice in [&cut, &hung] {
        bench.check_messages("on Day 3", invoice, 2).await?;
        bench.check_ledger("on Day 3", invoice, &["0wU1", "1wS1"]).await?;
    }
    Ok(())
}
