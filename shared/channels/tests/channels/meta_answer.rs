//! What Meta's answers mean.

use recoup_channels::Provider;
use recoup_channels::meta::Meta;
use recoup_core::{Backoff, OptOutScope, PauseScope, Reaction, Secret, SendOutcome};
use serde_json::{Value, json};

use crate::fixtures::{answer, json as read, outcome, reaction, shared};

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

/// The same from Meta calling it transient, which counts only for a code without a row.
fn called_transient(code: i64) -> SendOutcome {
    meta().decode(&answer(400, json!({"error": {"code": code, "is_transient": true}}).to_string()))
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
fn o3_a_refusal_stops_as_much_as_it_speaks_of() {
    for (code, expected) in [
        (131_031, "FallBack, alarm, pause Channel"),
        (33, "FallBack, alarm, pause Channel"),
        (131_048, "FallBack, alarm, pause Marketing"),
        (132_015, "FallBack, alarm, pause Template"),
        (132_012, "Park, alarm, pause Template"),
        (130_497, "FallBack, pause Country"),
        (131_049, "FallBack, pause Buyer"),
        (131_050, "OptOut(Marketing)"),
        (131_026, "FallBack"),
        (190, "Hold, alarm"),
    ] {
        assert_eq!(outcome(&coded(&json!(code))), format!("refused {code}: {expected}"));
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

/// What the shared table's words come to here: the reaction, the alarm, and what else stops.
type Meaning = (Reaction, bool, Option<PauseScope>);

/// Codes on which we do not follow the shared table, what they come to instead, and why.
const DEVIATIONS: &[(i64, Meaning, &str)] = &[(
    33,
    (Reaction::FallBack, true, Some(PauseScope::Channel)),
    "messaging-providers.md 1.3 gives a deleted number the reaction of an unregistered one, which is SMS",
)];

/// Words that ask for no reaction of their own: a counter, a rate, a note on the buyer or a later message of a policy.
const NOTES: &[&str] =
    &["alert_ops", "alert_if_persistent", "slow_down", "mark_no_whatsapp", "reschedule_once_24h", "log"];

/// Words that only a person can follow: another call, or the request mended.
const PERSON: &[&str] =
    &["dead_letter", "send_template_instead", "route_cloud_api", "route_marketing_messages_api"];

/// The next channel, or what would come before it and is not at hand here: a default picture, another language of a
/// template, the number of a buyer known by id.
const NEXT: &[&str] =
    &["fallback_sms", "use_phone_or_fallback_sms", "use_default_media", "try_fallback_language"];

const PAUSES: &[(&str, PauseScope)] = &[
    ("pause_all", PauseScope::Channel),
    ("pause_number", PauseScope::Channel),
    ("pause_number_marketing", PauseScope::Marketing),
    ("pause_lane", PauseScope::Template),
    ("disable_lane", PauseScope::Template),
    ("block_country", PauseScope::Country),
    // Nothing goes to this buyer for a day by this channel; the next one may take over.
    ("reschedule_once_24h", PauseScope::Buyer),
];

/// Reads the shared table's guidance as a reaction of ours.
fn guidance(row: &Value) -> Meaning {
    let words: Vec<&str> =
        row["reaction"].as_array().expect("list").iter().filter_map(Value::as_str).collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let scope = PAUSES.iter().find(|(word, _)| words.contains(word)).map(|(_, scope)| *scope);
    let known = |word: &&str| {
        let others = ["retry", "suppress_marketing_whatsapp", "drop"];
        let lists = [NOTES, PERSON, NEXT, &others];
        lists.iter().any(|list| list.contains(word)) || PAUSES.iter().any(|(pause, _)| pause == word)
    };
    assert!(words.iter().all(known), "{words:?} are not all known");
    let alert = any(&["alert_ops"]);
    let reaction = if any(&["retry"]) {
        match row["retry"].as_str().expect("text") {
            "backoff" => Reaction::Retry(Backoff::Seconds),
            "backoff_minutes" | "backoff_hours" | "after_10min" => Reaction::Retry(Backoff::Minutes),
            "backoff_4x" => Reaction::Retry(Backoff::PairRate),
            // We send no identity key that could be left out.
            "once_without_key" => Reaction::Park,
            other => panic!("retry {other} is not known"),
        }
    } else if any(NEXT) {
        Reaction::FallBack
    } else if any(&["suppress_marketing_whatsapp"]) {
        Reaction::OptOut(OptOutScope::Marketing)
    } else if any(&["drop"]) {
        Reaction::Drop
    } else if scope == Some(PauseScope::Channel) {
        // Nothing is given up and nothing goes elsewhere: what waits, waits as one.
        return (Reaction::Hold, true, None);
    } else {
        Reaction::Park
    };
    (reaction, alert || reaction == Reaction::Park, scope)
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
        let shared = guidance(row);
        for code in codes {
            listed.insert(code);
            let SendOutcome::Refused(refusal) = coded(&json!(code)) else { panic!("{code} is not refused") };
            let deviation = DEVIATIONS.iter().find(|(deviating, ..)| *deviating == code);
            assert!(deviation.is_none_or(|(_, ours, _)| *ours != shared), "{code} agrees after all");
            let expected = deviation.map_or(shared, |(_, ours, _)| *ours);
            let ours = (refusal.reaction, refusal.alarm, refusal.pause);
            assert_eq!(ours, expected, "{}", reaction(&refusal));
            assert_eq!(called_transient(code), SendOutcome::Refused(refusal), "{code} has no row");
        }
    }
    assert!(listed.len() > 150, "the shared table has {} codes", listed.len());
    // Nothing but "a person reads it" is made up for a code that the shared table does not have.
    for code in (-10..1000).chain(80_000..80_100).chain(130_000..140_000) {
        let SendOutcome::Refused(refusal) = coded(&json!(code)) else { panic!("{code} is not refused") };
        assert!(listed.contains(&code) || refusal.reaction == Reaction::Park, "{}", reaction(&refusal));
    }
}
