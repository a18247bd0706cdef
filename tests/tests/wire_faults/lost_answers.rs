//! Calls that AWS carries out and whose answers never arrive.

use jiff::SignedDuration;

use crate::bench::{Bench, Played, case_write, lost_answer, refusal, reservation, schedule, step_message};

/// How often the functions make a call before they give it up.
const SDK_TRIES: usize = 3;
/// The daily sweep has run by then.
const A_DAY: SignedDuration = SignedDuration::from_hours(25);

/// F09: a write that meets itself is known by its token; one that never hears of itself is found again.
pub(crate) async fn f09_conditional_writes(bench: &mut Bench<'_>) -> Played {
    let each_once = bench.invoice("each_once").await?;
    let webhook = bench.invoice("webhook").await?;
    let claim = bench.invoice("claim").await?;
    let conclusion = bench.invoice("conclusion").await?;
    let faults = [
        ("webhook's write, once", case_write(&each_once, 1), 1),
        ("reservation, once", reservation(&each_once), 1),
        ("claim, once", case_write(&each_once, 2), 1),
        ("conclusion, once", case_write(&each_once, 3), 1),
        ("webhook's write, each try", case_write(&webhook, 1), SDK_TRIES),
        ("claim, each try", case_write(&claim, 2), SDK_TRIES),
        ("conclusion, each try", case_write(&conclusion, 3), SDK_TRIES),
    ];
    let mut rules = Vec::new();
    for (what, calls, times) in &faults {
        rules.push((*what, bench.fault(calls, &lost_answer(), *times).await?, *times));
    }
    bench.fail(&[&each_once, &webhook, &claim, &conclusion], 200).await?;
    bench.stack.settle("what was spilled").await?;
    bench.pass_first_delay().await?;
    for (what, rule, times) in rules {
        bench.check_fired(what, rule, times).await?;
    }
    for invoice in [&each_once, &webhook, &conclusion] {
        bench.check_messages("after the first step", invoice, 1).await?;
        bench.check_ledger("after the first step", invoice, &["0wS1"]).await?;
    }
    // Nobody can tell any more whether the request left, so nobody asks again, on either channel.
    bench.check_messages("after the first step", &claim, 0).await?;
    bench.check_ledger("after the first step", &claim, &["0wC1"]).await?;
    bench.pass_to_day_3().await?;
    for invoice in [&each_once, &webhook, &conclusion] {
        bench.check_messages("on Day 3", invoice, 2).await?;
    }
    bench.check_messages("on Day 3", &claim, 1).await?;
    bench.check_ledger("on Day 3", &claim, &["0wU1", "1wS1"]).await
}

/// F13: a step that is queued twice goes once; one that is not queued is queued by the next delivery, or by the sweep.
pub(crate) async fn f13_queue(bench: &mut Bench<'_>) -> Played {
    let twice = bench.invoice("twice").await?;
    let again = bench.invoice("again").await?;
    let never = bench.invoice("never").await?;
    let doubled = bench.fault(&step_message(&twice), &lost_answer(), 1).await?;
    let unavailable = refusal("ServiceUnavailable");
    let refused = bench.fault(&step_message(&again), &unavailable, SDK_TRIES).await?;
    let given_up = bench.fault(&step_message(&never), &unavailable, SDK_TRIES).await?;
    bench.fail(&[&twice], 200).await?;
    bench.fail(&[&again, &never], 503).await?;
    bench.check_fired("answer lost", doubled, 1).await?;
    bench.check_fired("refused, then delivered again", refused, SDK_TRIES).await?;
    bench.check_fired("refused, never delivered again", given_up, SDK_TRIES).await?;
    let queued = bench.stack.emulator.depth(bench.stack.file.queue("whatsapp")?).await?.delayed;
    bench.check("the lost answer queued the step twice", queued == 2, queued);
    // Stripe delivers again what it got no 200 for.
    bench.fail(&[&again], 200).await?;
    bench.pass_first_delay().await?;
    for (invoice, messages) in [(&twice, 1), (&again, 1), (&never, 0)] {
        bench.check_messages("after the first step", invoice, messages).await?;
    }
    bench.pass(A_DAY, "a day").await?;
    let sent = async || bench.received("whatsapp", &never).await.map(|sent| sent.len());
    bench.until("the daily sweep to find the step that nobody queued", 1, sent).await?;
    bench.stack.settle("what the sweep queued").await?;
    for invoice in [&twice, &again, &never] {
        bench.check_messages("after the sweep", invoice, 1).await?;
        bench.check_ledger("after the sweep", invoice, &["0wS1"]).await?;
    }
    Ok(())
}

/// F14: the timer of Day 3 is set in the end, and once.
pub(crate) async fn f14_scheduler(bench: &mut Bench<'_>) -> Played {
    let lost = bench.invoice("lost").await?;
    let throttled = bench.invoice("throttled").await?;
    let all_lost = bench.invoice("all_lost").await?;
    let faults = [
        ("answer lost, once", schedule(&lost), lost_answer(), 1),
        ("throttled", schedule(&throttled), refusal("ThrottlingException"), 2),
        ("answer lost, each try", schedule(&all_lost), lost_answer(), SDK_TRIES),
    ];
    let mut rules = Vec::new();
    for (what, calls, fault, times) in &faults {
        rules.push((*what, bench.fault(calls, fault, *times).await?, *times));
    }
    let invoices = [&lost, &throttled, &all_lost];
    bench.fail(&invoices, 200).await?;
    bench.pass_first_delay().await?;
    for (what, rule, times) in rules {
        bench.check_fired(what, rule, times).await?;
    }
    for invoice in invoices {
        bench.check_messages("after the first step", invoice, 1).await?;
    }
    let timers = bench.stack.emulator.timers().await?.len();
    bench.check("one timer each", timers == invoices.len(), timers);
    bench.pass_to_day_3().await?;
    for invoice in invoices {
        bench.check_messages("on Day 3", invoice, 2).await?;
        bench.check_ledger("on Day 3", invoice, &["0wS1", "1wS1"]).await?;
    }
    Ok(())
}
