//! (i) A buyer asks for a person: people are told once, and nothing is sent until they have settled it.

use serde_json::{Value, json};

use super::play::Play;
use crate::LocalError;
use crate::stripe_events::{Generation, Invoice};
use crate::stubs::Sent;

const PHONE: &str = "+12025550131";
const WORDS: &str = "I need to talk to someone";

pub(super) async fn play(play: &mut Play<'_>) -> Result<(), LocalError> {
    let invoice = Invoice::new(&play.label(""), PHONE, 7300, Generation::Basil);
    let case = format!("main/stripe/{}", invoice.id);
    play.put(&invoice, "open").await?;
    let failed = invoice.payment_failed(1, play.now()?)?;
    play.deliver_taken(&failed).await?;
    play.pass_first_delay().await?;
    check_reminders(play, "Day 0: one reminder", 1).await?;
    play.pass_to_day(&invoice, 1).await?;
    play.reply(PHONE, WORDS).await?;
    play.settle("the reply").await?;
    check_slack(play, &case).await?;
    check_help_desk(play, &case).await?;
    check_answer(play).await?;

    play.pass_to_day(&invoice, 3).await?;
    check_reminders(play, "a person has it: silence on Day 3", 1).await?;
    play.tell("handoff.resolved", &json!({ "case": case })).await?;
    play.settle("what was handed over is settled").await?;
    check_reminders(play, "settled: the reminder of Day 3 follows", 2).await?;
    play.pay(&invoice).await?;
    play.settle("after the payment").await?;
    play.pass_to_day(&invoice, 8).await?;
    check_reminders(play, "paid: silence on Day 7", 2).await?;
    check_answer(play).await?;
    check_end(play, &case).await
}

/// Reminders are templates; the answer to a reply is none.
async fn check_reminders(play: &mut Play<'_>, text: &str, expected: usize) -> Result<(), LocalError> {
    let mut sent = play.accepted("whatsapp", PHONE).await?;
    sent.retain(|entry| entry.template.is_some());
    play.check(text, sent.len() == expected, format!("{} reminders", sent.len()));
    Ok(())
}

async fn check_answer(play: &mut Play<'_>) -> Result<(), LocalError> {
    let mut sent = play.accepted("whatsapp", PHONE).await?;
    sent.retain(|entry| entry.template.is_none());
    let promised = sent.iter().all(|entry| entry.request["body"].to_string().contains("A person of ours"));
    play.check("the buyer got one answer", sent.len() == 1 && promised, format!("{} answers", sent.len()));
    Ok(())
}

async fn check_slack(play: &mut Play<'_>, case: &str) -> Result<(), LocalError> {
    let told = about(play, "slack", case).await?;
    let text = told.first().map(|entry| entry.request["body"].to_string()).unwrap_or_default();
    play.check("Slack has one message about it", told.len() == 1, format!("{} messages", told.len()));
    let masked = text.contains("••31") && !text.contains("2025550131");
    play.check("it shows the end of the number alone", masked, text.clone());
    play.check("it says what is owed", text.contains("73.00"), text.clone());
    play.check("it says what was tried", text.contains("payment_failed_first"), text.clone());
    play.check("it says what the buyer wrote", text.contains(WORDS), text);
    Ok(())
}

async fn check_help_desk(play: &mut Play<'_>, case: &str) -> Result<(), LocalError> {
    let told = about(play, "help_desk", case).await?;
    let opened = |entry: &Sent| {
        let body = &entry.request["body"];
        body["type"] == "handoff.opened" && body["data"]["said"] == WORDS
    };
    let holds = told.len() == 1 && told.iter().all(opened);
    play.check("the help desk verified one handoff.opened", holds, shown(&told));
    Ok(())
}

async fn check_end(play: &mut Play<'_>, case: &str) -> Result<(), LocalError> {
    let told = about(play, "ends", case).await?;
    let recovered = |entry: &Sent| entry.request["body"]["data"]["state"] == "recovered";
    let holds = told.len() == 1 && told.iter().all(recovered);
    play.check("the system of accounts verified one case.ended: recovered", holds, shown(&told));
    Ok(())
}

/// What one of those who are told heard about a case, taken or not.
async fn about(play: &Play<'_>, stub: &str, case: &str) -> Result<Vec<Sent>, LocalError> {
    let mut told = play.sent(stub).await?;
    told.retain(|entry| entry.request["body"].to_string().contains(case) || !entry.accepted());
    Ok(told)
}

fn shown(told: &[Sent]) -> String {
    let all = told.iter().map(|entry| json!({"body": entry.request["body"], "answer": entry.answer}));
    Value::Array(all.collect()).to_string()
}
