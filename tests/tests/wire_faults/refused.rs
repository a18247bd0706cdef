//! Calls that AWS refuses, that never reach it, or that reach it late.

use serde_json::json;

use crate::bench::{
    Bench, Played, case_read, case_write, refusal, reservation, reset, schedule, step_message,
};

/// How often the functions make a call before they give it up.
const SDK_TRIES: usize = 3;

/// F08: the SDK tries again and gets through; a try that hangs arrives after the one that took its place.
pub(crate) async fn f08_some_calls(bench: &mut Bench<'_>) -> Played {
    let (exceeded, throttled) = (bench.invoice("exceeded").await?, bench.invoice("throttled").await?);
    let late = bench.invoice("late").await?;
    let faults = [
        (
            "throughput exceeded",
            &exceeded,
            case_write(&exceeded, 1),
            refusal("ProvisionedThroughputExceededException"),
            2,
        ),
        ("throttled", &throttled, case_write(&throttled, 1), refusal("ThrottlingException"), 2),
        ("throttled claim", &throttled, case_write(&throttled, 2), refusal("ThrottlingException"), 1),
        // Twice the time that a try is given.
        ("late", &late, case_write(&late, 1), json!({"latency": 3000}), 1),
    ];
    let mut rules = Vec::new();
    for (what, _, calls, fault, times) in &faults {
        rules.push((*what, bench.fault(calls, fault, *times).await?, *times));
    }
    bench.fail(&[&exceeded, &throttled, &late], 200).await?;
    bench.pass_first_delay().await?;
    for (what, rule, times) in rules {
        bench.check_fired(what, rule, times).await?;
    }
    for invoice in [&exceeded, &throttled, &late] {
        bench.check_messages("after the first step", invoice, 1).await?;
        bench.check_ledger("after the first step", invoice, &["0wS1"]).await?;
    }
    Ok(())
}

/// F08: the webhook is kept in the spill queue, the first replay fails too, and the one after the outage applies it.
pub(crate) async fn f08_every_call(bench: &mut Bench<'_>) -> Played {
    let invoice = bench.invoice("outage").await?;
    // Longer than a replay that fails takes; the template's half an hour is real time here.
    let hidden = bench.hide_for("spill", "8").await?;
    let fault = refusal("ProvisionedThroughputExceededException");
    let outage = bench.fault(&case_write(&invoice, 1), &fault, 1000).await?;
    bench.fail(&[&invoice], 200).await?;
    let fired = bench.faults.fired(outage).await?;
    bench.check("the webhook gave up after as many tries as it has", fired >= SDK_TRIES, fired);
    let spilled = bench.stack.emulator.depth(bench.stack.file.queue("spill")?).await?.total();
    bench.check("it waits in the spill queue", spilled == 1, spilled);
    let (faults, tries) = (bench.faults, 2 * SDK_TRIES);
    bench.until("the first replay to fail", tries, async || faults.fired(outage).await).await?;
    bench.check_ledger("during the outage", &invoice, &[]).await?;
    bench.faults.clear().await?;
    bench.stack.settle("the replay after the outage").await?;
    bench.pass_first_delay().await?;
    bench.check_messages("after the outage", &invoice, 1).await?;
    bench.check_ledger("after the outage", &invoice, &["0wS1"]).await?;
    bench.hide_for("spill", &hidden).await.map(drop)
}

/// F08: every call of webhook and sender meets a connection that is reset, once or twice.
pub(crate) async fn f08_resets(bench: &mut Bench<'_>) -> Played {
    let invoice = bench.invoice("reset").await?;
    let calls = [
        ("webhook's write", case_write(&invoice, 1), 2),
        ("message of the step", step_message(&invoice), 2),
        ("read of the case", case_read(&invoice.id), 2),
        ("reservation", reservation(&invoice), 1),
        ("claim", case_write(&invoice, 2), 2),
        ("conclusion", case_write(&invoice, 3), 2),
        ("schedule of Day 3", schedule(&invoice), 2),
    ];
    let mut rules = Vec::new();
    for (what, calls, times) in &calls {
        rules.push((*what, bench.fault(calls, &reset(), *times).await?, *times));
    }
    bench.fail(&[&invoice], 200).await?;
    bench.pass_first_delay().await?;
    for (what, rule, times) in rules {
        bench.check_fired(what, rule, times).await?;
    }
    bench.check_messages("after the first step", &invoice, 1).await?;
    bench.check_ledger("after the first step", &invoice, &["0wS1"]).await?;
    bench.pass_to_day_3().await?;
    bench.check_messages("on Day 3", &invoice, 2).await
}
