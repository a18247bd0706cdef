//! What Meta's answers mean.

use recoup_channels::Provider;
use recoup_channels::meta::Meta;
use recoup_core::{Backoff, OptOutScope, Reaction, Secret, SendOutcome};
use serde_json::{Value, json};

use crate::fixtures::{answer, files, json as read, outcome, reaction, shared};

fn meta() -> Meta {
    let token = Secret::parse("EAABtoken").expect("fit");
    Meta::new("https://graph.facebook.com", "v26.0", "106540352242922", &token).expect("well formed")
}

fn decoded(status: u16, body: &str) -> String {
    outcome(&meta().decode(&answer(status, body.to_owned())))
}

fn coded(code: &Value) -> SendOutcome {
    meta().decode(&answer(400, json!({"error": {"code": code, "message": "x"}}).to_string()))
}

#[test]
fn r14_f19_a_2xx_is_accepted_with_or_without_an_id() {
    for (status, body, expected) in [
        (200, r#"{"messages":[{"id":"wamid.A="}]}"#, "accepted wamid.A="),
        (201, r#"{"messages":[{"id":"wamid.A","message_status":"accepted"}]}"#, "accepted wamid.A"),
        (
            200,
            r#"{"messages":[{"id":"wamid.A","message_status":"held_for_quality_assessment"}]}"#,
            "accepted wamid.A",
        ),
        (200, r#"{"messages":[{"id":"wamid.A","message_status":"paused"}]}"#, "accepted wamid.A"),
        (200, r#"{"messages":[{"id":""}]}"#, "accepted without id"),
        (200, r#"{"messages":[{"id":{"x":1}}]}"#, "accepted without id"),
        (200, r#"{"messages":[]}"#, "accepted without id"),
        (200, r#"{"messages":"x"}"#, "accepted without id"),
        (200, "{\"messages\":[{\"id\":\"wamid.A", "accepted without id"),
        (200, "<html>ok</html>", "accepted without id"),
        (204, "", "accepted without id"),
    ] {
        assert_eq!(decoded(status, body), expected, "{status} {body}");
    }
    let long = format!(r#"{{"messages":[{{"id":"{}"}}]}}"#, "w".repeat(257));
    assert_eq!(decoded(200, &long), "accepted without id");
}

#[test]
fn f20_a_graph_code_decides_whatever_the_status() {
    let body =
        r#"{"error":{"message":"(#131056) pair rate limit hit","code":131056,"error_data":"bare text"}}"#;
    for status in [200, 400, 403, 429, 500, 503] {
        assert_eq!(decoded(status, body), "refused 131056: Retry(PairRate)", "{status}");
    }
    assert_eq!(decoded(400, r#"{"error":{"code":"131056"}}"#), "refused 131056: Retry(PairRate)");
    let both = r#"{"messages":[{"id":"wamid.A"}],"error":{"code":1}}"#;
    assert_eq!(decoded(200, both), "accepted wamid.A");
    assert_eq!(decoded(500, both), "refused 1: Retry(Seconds)");
}

#[test]
fn f20_a_code_that_is_not_listed_is_retried_only_when_meta_calls_it_transient() {
    for (body, expected) in [
        (r#"{"error":{"code":999999,"is_transient":true}}"#, "refused 999999: Retry(Seconds)"),
        (r#"{"error":{"code":999999,"is_transient":false}}"#, "refused 999999: Park, alarm"),
        (r#"{"error":{"code":999999,"is_transient":"yes"}}"#, "refused 999999: Park, alarm"),
        (r#"{"error":{"code":-1}}"#, "refused -1: Park, alarm"),
        // A listed code means what the table says, whatever Meta calls it.
        (r#"{"error":{"code":190,"is_transient":true}}"#, "refused 190: Hold, alarm"),
    ] {
        assert_eq!(decoded(400, body), expected, "{body}");
    }
}

#[test]
fn f21_r12_an_answer_without_a_graph_code_is_unknown() {
    for (status, body) in [
        (500, ""),
        (500, r#"{"error":"internal"}"#),
        (500, r#"{"error":{"message":"no code"}}"#),
        (502, "<html>Bad Gateway</html>"),
        (503, r#"{"message":"Service Unavailable"}"#),
        (504, "<html>Gateway Timeout</html>"),
        (302, ""),
        (400, "<html>blocked</html>"),
        (403, r#"{"code":131026}"#),
        (404, ""),
        (408, ""),
    ] {
        assert_eq!(decoded(status, body), "unknown", "{status} {body}");
    }
    assert_eq!(outcome(&meta().decode(&answer(502, vec![0xff, 0xfe, b'{']))), "unknown");
}

#[test]
fn f21_two_statuses_say_by_themselves_that_nothing_was_sent() {
    assert_eq!(decoded(429, ""), "refused http_429: Retry(Seconds)");
    assert_eq!(decoded(407, "<html>proxy</html>"), "refused http_407: Hold, alarm");
}

#[test]
fn r16_token_and_permission_trouble_holds_and_alarms() {
    for code in [0, 3, 10, 190, 200, 250, 299, 131_005] {
        assert_eq!(outcome(&coded(&json!(code))), format!("refused {code}: Hold, alarm"));
    }
    assert_eq!(outcome(&coded(&json!("190"))), "refused 190: Hold, alarm");
    assert_eq!(outcome(&coded(&json!(300))), "refused 300: Park, alarm");
}

#[test]
fn every_shared_error_has_the_expected_reaction() {
    let Some(folder) = shared("every_shared_error_has_the_expected_reaction") else { return };
    let expected = [
        ("100_not_template", "100: Park, alarm"),
        ("130429_rate_limit", "130429: Retry(Seconds)"),
        ("131000", "131000: Retry(Seconds)"),
        ("131016", "131016: Retry(Seconds)"),
        ("131026", "131026: FallBack"),
        ("131031", "131031: FallBack, alarm"),
        ("131042", "131042: FallBack, alarm"),
        ("131047_reengagement", "131047: Park, alarm"),
        ("131048", "131048: FallBack, alarm"),
        ("131049", "131049: FallBack"),
        ("131050", "131050: OptOut(Marketing)"),
        ("131056_pair_rate", "131056: Retry(PairRate)"),
        ("131063", "131063: Park, alarm"),
        ("131064", "131064: FallBack, alarm"),
        ("132000", "132000: Park, alarm"),
        ("132001", "132001: Park, alarm"),
        ("132012", "132012: Park, alarm"),
        ("132015", "132015: FallBack, alarm"),
        ("132016", "132016: FallBack, alarm"),
        ("133010", "133010: FallBack, alarm"),
        ("190_token", "190: Hold, alarm"),
        ("1_unknown", "1: Retry(Seconds)"),
        ("368", "368: FallBack, alarm"),
        ("4_app_rate", "4: Retry(Minutes)"),
    ];
    let seen = files(&folder, "meta.error.");
    let names: Vec<&str> = seen.iter().filter_map(|(name, _)| name.strip_prefix("meta.error.")).collect();
    assert_eq!(names, expected.map(|(name, _)| name));
    for ((name, path), (_, expected)) in seen.iter().zip(expected) {
        for status in [400, 500] {
            let body = read(path).to_string();
            assert_eq!(decoded(status, &body), format!("refused {expected}"), "{name}");
        }
    }
}

/// Reads the shared table's guidance as a reaction of ours.
fn guidance(row: &Value) -> (Reaction, bool) {
    let words: Vec<&str> =
        row["reaction"].as_array().expect("list").iter().filter_map(Value::as_str).collect();
    let says = |wanted: &str| words.contains(&wanted);
    let alert = says("alert_ops");
    let retry = row["retry"].as_str().expect("text");
    if says("retry") {
        return match retry {
            "backoff" => (Reaction::Retry(Backoff::Seconds), false),
            "backoff_minutes" | "backoff_hours" | "after_10min" => (Reaction::Retry(Backoff::Minutes), false),
            "backoff_4x" => (Reaction::Retry(Backoff::PairRate), false),
            // We send no identity key that could be left out.
            "once_without_key" => (Reaction::Park, true),
            other => panic!("retry {other} is not known"),
        };
    }
    // We send no media and have the phone, so what remains of these two is the next channel.
    if says("fallback_sms") || says("use_phone_or_fallback_sms") || says("use_default_media") {
        return (Reaction::FallBack, alert);
    }
    if says("suppress_marketing_whatsapp") {
        return (Reaction::OptOut(OptOutScope::Marketing), alert);
    }
    if says("drop") {
        return (Reaction::Drop, alert);
    }
    if says("pause_all") || says("pause_number") {
        return (Reaction::Hold, true);
    }
    let person = [
        "dead_letter",
        "pause_lane",
        "try_fallback_language",
        "send_template_instead",
        "route_cloud_api",
        "route_marketing_messages_api",
        "log",
    ];
    assert!(words.iter().any(|word| person.contains(word)), "{words:?} is not known");
    (Reaction::Park, true)
}

#[test]
fn the_reaction_table_agrees_with_the_shared_one() {
    let Some(folder) = shared("the_reaction_table_agrees_with_the_shared_one") else { return };
    let table = read(&folder.join("meta.error_codes.json"));
    let mut listed = std::collections::BTreeSet::new();
    for row in table.as_array().expect("list") {
        let codes = if let Some((from, to)) = row["code"].as_str().and_then(|range| range.split_once('-')) {
            from.parse().expect("number")..=to.parse().expect("number")
        } else {
            let code: i64 = row["code"].as_i64().expect("number");
            code..=code
        };
        let (expected, alarm) = guidance(row);
        for code in codes {
            listed.insert(code);
            let SendOutcome::Refused(refusal) = coded(&json!(code)) else { panic!("{code} is not refused") };
            assert_eq!((refusal.reaction, refusal.alarm), (expected, alarm), "{}", reaction(&refusal));
        }
    }
    assert!(listed.len() > 150, "the shared table has {} codes", listed.len());
    // Nothing but "a person reads it" is made up for a code that the shared table does not have.
    for code in (-10..1000).chain(80_000..80_100).chain(130_000..140_000) {
        let SendOutcome::Refused(refusal) = coded(&json!(code)) else { panic!("{code} is not refused") };
        assert!(listed.contains(&code) || refusal.reaction == Reaction::Park, "{}", reaction(&refusal));
    }
}

#[test]
fn every_shared_acceptance_is_accepted() {
    let Some(folder) = shared("every_shared_acceptance_is_accepted") else { return };
    let wamid = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA";
    for (name, id) in [
        ("send.response", wamid),
        ("send_template.response_accepted", wamid),
        ("send_template.response_held_for_quality_assessment", wamid),
        ("send_template.response_paused", wamid),
        ("send_bsuid.response", "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA"),
    ] {
        let body = read(&folder.join(format!("meta.{name}.json"))).to_string();
        assert_eq!(decoded(200, &body), format!("accepted {id}"), "{name}");
    }
}
