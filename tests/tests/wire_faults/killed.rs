//! A function that dies while it works.

use serde_json::{Value, json};

use crate::bench::{Bench, Played, case_read};

const BATCH: usize = 10;
const CLAIMED: usize = 3;

/// F07: of a batch of ten, three requests have left when the process is killed. Those three are not sent again; the other
/// seven are, once the queue shows them again.
pub(crate) async fn f07_in_mid_batch(bench: &mut Bench<'_>) -> Played {
    let (mut claimed, mut held) = (Vec::new(), Vec::new());
    for number in 0..BATCH {
        if number < CLAIMED {
            claimed.push(bench.invoice(&format!("claimed_{number}")).await?);
        } else {
            held.push(bench.invoice(&format!("held_{number}")).await?);
        }
    }
    // The template's three minutes are real time here: long enough for the kill, short enough for the test.
    let hidden = bench.hide_for("whatsapp", "10").await?;
    // Meta takes the messages and answers late; the other cases cannot be read for as long as the SDK tries.
    let answers: Value =
        claimed.iter().map(|it| json!({"delay_ms": 7500, "match": {"phone": it.phone}})).collect();
    bench.stack.script("whatsapp", answers).await?;
    let unread = bench.fault(&case_read("_held_"), &json!({"latency": 10_000}), 1000).await?;
    bench.fail(&claimed.iter().chain(&held).collect::<Vec<_>>(), 200).await?;
    bench.start_first_steps()?;
    let (stack, faults) = (bench.stack, bench.faults);
    bench.until("seven cases to be waited for", held.len(), async || faults.fired(unread).await).await?;
    let ours = |phone: Option<&str>| claimed.iter().any(|it| phone == Some(it.phone.as_str()));
    bench
        .until("three requests to leave", CLAIMED, async || {
            let sent = stack.sent("whatsapp").await?;
            Ok(sent.iter().filter(|entry| ours(entry.phone.as_deref())).count())
        })
        .await?;
    let killed = bench.stack.kill_function("whatsapp-sender").await?;
    bench.check("one process held the whole batch and was killed", killed == 1, killed);
    bench.faults.clear().await?;
    for invoice in &claimed {
        bench.check_ledger("when the sender died", invoice, &["0wC1"]).await?;
    }
    for invoice in &held {
        bench.check_ledger("when the sender died", invoice, &[]).await?;
        bench.check_messages("when the sender died", invoice, 0).await?;
    }
    bench.stack.settle("the messages to be seen again").await?;
    for invoice in &claimed {
        bench.check_messages("after the restart", invoice, 1).await?;
        bench.check_ledger("after the restart", invoice, &["0wC1"]).await?;
    }
    for invoice in &held {
        bench.check_messages("after the restart", invoice, 1).await?;
        bench.check_ledger("after the restart", invoice, &["0wS1"]).await?;
    }
    bench.pass_to_day_3().await?;
    for invoice in &claimed {
        bench.check_messages("on Day 3", invoice, 2).await?;
        bench.check_ledger("on Day 3", invoice, &["0wU1", "1wS1"]).await?;
    }
    for invoice in &held {
        bench.check_messages("on Day 3", invoice, 2).await?;
    }
    bench.hide_for("whatsapp", &hidden).await.map(drop)
}
