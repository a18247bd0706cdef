//! `/_sent`, `/_script`, and connections that break.

use serde_json::json;

use super::{Bench, TOKEN, template_message};
use recoup_local::stubs;

#[tokio::test]
async fn sent_shows_the_request_and_the_answer_without_credentials() {
    let bench = Bench::start().await;
    assert_eq!(bench.send_to("+15550100").await, Some(200));
    let sent = bench.sent(&bench.stubs.whatsapp).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].request["body"]["template"]["name"], "day_0");
    assert_eq!(sent[0].request["headers"]["authorization"], "Bearer");
    assert_eq!(sent[0].phone.as_deref(), Some("+15550100"));
    assert_eq!(sent[0].template.as_deref(), Some("day_0"));
    assert_eq!(sent[0].answer["status"], 200);
    assert!(sent[0].answer["body"]["messages"][0]["id"].as_str().expect("an id").starts_with("wamid."));
    let url = format!("{}/_sent", bench.stubs.whatsapp.url());
    bench.control("DELETE", &url, json!(null)).await.expect("cleared");
    assert!(bench.sent(&bench.stubs.whatsapp).await.is_empty());
}

#[tokio::test]
async fn sent_follows_the_moved_clock() {
    let bench = Bench::start().await;
    let before = bench.clock.now().expect("a time");
    let later = before + jiff::SignedDuration::from_hours(72);
    bench.clock.forward_to(later).expect("moved");
    bench.send_to("+15550100").await;
    let sent = bench.sent(&bench.stubs.whatsapp).await;
    assert!(sent[0].time >= later, "{} {later}", sent[0].time);
}

#[tokio::test]
async fn a_scripted_refusal_is_given_in_its_own_words_and_ends() {
    let bench = Bench::start().await;
    let body = json!({"error": {"message": "(#131026) Message undeliverable", "code": 131_026}});
    bench.script(&bench.stubs.whatsapp, json!([{"status": 400, "body": body}])).await;
    let reply = bench.whatsapp(TOKEN, &template_message("+15550100", "day_0")).await.expect("an answer");
    assert_eq!((reply.status, reply.json()), (400, body.clone()));
    assert_eq!(bench.send_to("+15550100").await, Some(200));
    let sent = bench.sent(&bench.stubs.whatsapp).await;
    assert_eq!(sent.iter().map(stubs::Sent::accepted).collect::<Vec<_>>(), [false, true]);
    assert_eq!(sent[0].answer["body"], body);
}

#[tokio::test]
async fn a_match_chooses_by_phone_and_template_and_repeats() {
    let bench = Bench::start().await;
    let script = json!([
        {"status": 503, "match": {"phone": "+15550101"}, "repeat": true},
        {"status": 429, "match": {"template": "day_3"}},
    ]);
    bench.script(&bench.stubs.whatsapp, script).await;
    let send = async |phone, template| {
        bench.whatsapp(TOKEN, &template_message(phone, template)).await.expect("an answer").status
    };
    assert_eq!(send("+15550100", "day_0").await, 200);
    assert_eq!(send("+15550101", "day_0").await, 503);
    assert_eq!(send("+15550101", "day_3").await, 503);
    assert_eq!(send("+15550100", "day_3").await, 429);
    assert_eq!(send("+15550100", "day_3").await, 200);
    bench.script(&bench.stubs.whatsapp, json!([])).await;
    assert_eq!(send("+15550101", "day_0").await, 200);
}

#[tokio::test]
async fn a_bare_text_is_sent_as_text_and_an_accepted_answer_keeps_its_body() {
    let bench = Bench::start().await;
    bench.script(&bench.stubs.whatsapp, json!([{"status": 502, "body": "<html>"}, {"delay_ms": 1}])).await;
    let reply = bench.whatsapp(TOKEN, &template_message("+15550100", "day_0")).await.expect("an answer");
    assert_eq!((reply.status, reply.text.as_str()), (502, "<html>"));
    let reply = bench.whatsapp(TOKEN, &template_message("+15550100", "day_0")).await.expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(reply.json()["messages"][0]["id"].is_string());
}

#[tokio::test]
async fn a_slow_answer_is_accepted_although_the_client_gives_up() {
    let bench = Bench::start().await;
    bench.script(&bench.stubs.whatsapp, json!([{"delay_ms": 60_000}])).await;
    let patience = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(patience, bench.send_to("+15550100")).await.is_err());
    let sent = bench.sent(&bench.stubs.whatsapp).await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].accepted());
}

#[tokio::test]
async fn a_connection_cut_before_accepting_leaves_no_record() {
    let bench = Bench::start().await;
    bench.script(&bench.stubs.whatsapp, json!([{"drop": "before"}])).await;
    assert_eq!(bench.send_to("+15550100").await, None);
    assert!(bench.sent(&bench.stubs.whatsapp).await.is_empty());
    assert_eq!(bench.send_to("+15550100").await, Some(200));
}

#[tokio::test]
async fn a_connection_cut_after_accepting_leaves_a_record() {
    let bench = Bench::start().await;
    bench.script(&bench.stubs.whatsapp, json!([{"drop": "after"}])).await;
    assert_eq!(bench.send_to("+15550100").await, None);
    let sent = bench.sent(&bench.stubs.whatsapp).await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].accepted());
    assert_eq!(sent[0].dropped, Some(stubs::Drop::After));
}

#[tokio::test]
async fn a_malformed_message_uses_up_no_scripted_answer() {
    let bench = Bench::start().await;
    bench.script(&bench.stubs.whatsapp, json!([{"status": 503}])).await;
    let reply = bench.whatsapp(TOKEN, &json!({"messaging_product": "whatsapp"})).await.expect("an answer");
    assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (400, json!(131_008)));
    assert_eq!(bench.send_to("+15550100").await, Some(503));
}

#[tokio::test]
async fn a_malformed_script_is_refused_with_its_reason() {
    let bench = Bench::start().await;
    let url = format!("{}/_script", bench.stubs.sms.url());
    let reply = bench.post(&url, &[], r#"[{"statuss": 500}]"#.into()).await.expect("an answer");
    assert_eq!(reply.status, 400);
    assert!(reply.text.contains("statuss"), "{}", reply.text);
}
