//! What Meta's webhooks say.

use bytes::Bytes;
use recoup_channels::{ChannelParseError, meta};
use serde_json::{Value, json};

use crate::fixtures::{event, files, json as read, own, shared, signed};

const OURS: &str = "rcp1/main/stripe/in_1/0/whatsapp/tok1";

fn events(body: impl Into<Bytes>) -> Result<Vec<String>, ChannelParseError> {
    Ok(meta::events(&signed(body.into()))?.iter().map(event).collect())
}

fn envelope(field: &str, value: &Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}],
    })
}

fn changed(field: &str, value: &Value) -> Vec<String> {
    events(envelope(field, value).to_string()).expect("an envelope")
}

fn message(kind: &str, content: &Value) -> Value {
    json!({"from": "16505551234", "id": "wamid.B", "timestamp": "1750030200", "type": kind, kind: content})
}

fn said(message: &Value) -> String {
    let events = changed("messages", &json!({"messages": [message]}));
    assert_eq!(events.len(), 1, "{events:?}");
    events[0].clone()
}

const OUT: &str = "+16505551234 out of all at 2025-06-15T23:30:00Z";
const REPLIED: &str = "+16505551234 replied unknown at 2025-06-15T23:30:00Z";

#[test]
fn r14_f25_statuses_are_read_in_any_order_with_number_or_text_for_time_and_code() {
    let statuses = json!([
        {"id": "wamid.A", "status": "read", "timestamp": 1_750_030_100, "biz_opaque_callback_data": OURS},
        {"id": "wamid.A", "status": "played", "timestamp": "1750030100"},
        {"id": "wamid.A", "status": "delivered", "biz_opaque_callback_data": "rcp1:dun:inv_1001:step1:a1"},
        {"id": "wamid.A", "status": "sent", "biz_opaque_callback_data": 7},
        {"id": "wamid.A", "status": "failed", "errors": [{"code": "131026"}]},
        {"id": "wamid.A", "status": "failed", "errors": [{"title": "?"}, {"code": 131_050}]},
        {"id": "wamid.A", "status": "deleted"},
    ]);
    assert_eq!(
        changed("messages", &json!({"statuses": statuses})),
        [
            &format!("wamid.A [{OURS}] read"),
            "wamid.A [foreign] read",
            "wamid.A [foreign] delivered",
            "wamid.A [foreign] sent",
            "wamid.A [foreign] failed 131026: FallBack",
            "wamid.A [foreign] failed 131050: OptOut(Marketing)",
            "ignored status_deleted",
        ]
    );
}

#[test]
fn f24_a_failure_without_a_code_goes_to_a_person() {
    for errors in [json!(null), json!([]), json!([{}]), json!("x"), json!([7, {"code": {}}])] {
        let status = json!({"id": "wamid.A", "status": "failed", "errors": errors});
        let read = changed("messages", &json!({"statuses": [status]}));
        assert_eq!(read, ["wamid.A [foreign] failed none: Park, alarm"], "{errors}");
    }
}

#[test]
fn o28_stop_is_heard_wherever_a_buyer_can_say_it() {
    for (kind, content) in [
        ("text", json!({"body": "STOP"})),
        ("text", json!({"body": " Arrêt ! "})),
        ("button", json!({"payload": "STOP", "text": "No more of this"})),
        ("button", json!({"payload": "STOP:in_1", "text": "No more of this"})),
        ("button", json!({"payload": "x", "text": "Unsubscribe"})),
        ("interactive", json!({"type": "button_reply", "button_reply": {"id": "STOP", "title": "Enough"}})),
        ("interactive", json!({"type": "button_reply", "button_reply": {"id": "b1", "title": "Stop"}})),
        ("interactive", json!({"type": "list_reply", "list_reply": {"id": "l1", "title": "Unsubscribe"}})),
    ] {
        assert_eq!(said(&message(kind, &content)), OUT, "{content}");
    }
    let narrow = message("button", &json!({"payload": "OPTOUT:marketing", "text": "No offers"}));
    assert_eq!(said(&narrow), OUT.replace("all", "marketing"));
    let start = message("text", &json!({"body": "Unstop"}));
    assert_eq!(said(&start), "+16505551234 in to all at 2025-06-15T23:30:00Z");
}

#[test]
fn r17_r18_whatever_else_a_buyer_sends_is_a_reply_with_what_it_is_taken_for() {
    for (kind, content, intent) in [
        ("text", json!({"body": "what a nice day"}), "unknown"),
        ("text", json!({"body": "HELP"}), "help"),
        ("text", json!({"body": "ya pagué ayer"}), "paid_already"),
        ("text", json!({"body": "you have the wrong number"}), "wrong_person"),
        ("text", json!({"body": 7}), "unknown"),
        ("text", json!(null), "unknown"),
        ("text", json!([]), "unknown"),
        ("button", json!({"payload": "HELP", "text": "Talk to us"}), "help"),
        ("button", json!({"payload": "HELP:inv", "text": "Fragen?"}), "help"),
        ("interactive", json!({"type": "button_reply", "button_reply": "x"}), "unknown"),
        ("image", json!({"caption": "Taj Mahal"}), "unknown"),
        ("a_kind_of_next_year", json!({}), "unknown"),
    ] {
        assert_eq!(said(&message(kind, &content)), REPLIED.replace("unknown", intent), "{content}");
    }
}

#[test]
fn a_message_without_a_number_or_from_the_system_is_counted() {
    let mut nameless = message("text", &json!({"body": "STOP"}));
    for from in [json!(""), json!(null), json!("abc"), json!("123"), json!([])] {
        nameless["from"] = from;
        assert_eq!(said(&nameless), "ignored no_phone");
    }
    nameless["from"] = json!("+16505551234");
    assert_eq!(said(&nameless), OUT);
    nameless["from"] = json!(16_505_551_234_u64);
    assert_eq!(said(&nameless), OUT);
    let moved = message("system", &json!({"type": "user_changed_number", "wa_id": "12195555358"}));
    assert_eq!(said(&moved), "ignored system_user_changed_number");
    let unknown = message("system", &json!({"type": "name with spaces"}));
    assert_eq!(said(&unknown), "ignored unnamed");
}

#[test]
fn o28_preferences_are_marketing_choices() {
    let preference = |value: &str, timestamp: Value| {
        json!({"user_preferences": [{
            "wa_id": "16505551234", "category": "marketing_messages", "value": value, "timestamp": timestamp
        }]})
    };
    for (value, expected) in [
        ("stop", "+16505551234 out of marketing at 2025-06-15T23:30:00Z"),
        ("resume", "+16505551234 in to marketing at 2025-06-15T23:30:00Z"),
        ("signup", "+16505551234 in to marketing at 2025-06-15T23:30:00Z"),
        ("pause", "ignored user_preferences"),
    ] {
        for timestamp in [json!(1_750_030_200), json!("1750030200")] {
            assert_eq!(changed("user_preferences", &preference(value, timestamp)), [expected]);
        }
    }
    let mut other = preference("stop", json!(1_750_030_200));
    other["user_preferences"][0]["category"] = json!("calls");
    assert_eq!(changed("user_preferences", &other), ["ignored user_preferences"]);
    // The contact beside it may be another number.
    let mut username = preference("stop", json!(1_750_030_200));
    username["contacts"] = json!([{"wa_id": "972987654321"}]);
    username["user_preferences"][0]["wa_id"] = json!("");
    assert_eq!(changed("user_preferences", &username), ["ignored no_phone"]);
}

#[test]
fn a_time_that_cannot_be_read_is_taken_from_the_envelope_or_the_element_is_counted() {
    for timestamp in [json!(null), json!("soon"), json!(""), json!(1e30), json!("99999999999999")] {
        let mut stop = message("text", &json!({"body": "STOP"}));
        stop["timestamp"] = timestamp;
        let mut body = envelope("messages", &json!({"messages": [stop]}));
        assert_eq!(events(body.to_string()), Ok(vec!["ignored malformed_message".to_owned()]));
        body["entry"][0]["time"] = json!(1_750_030_200);
        assert_eq!(events(body.to_string()), Ok(vec![OUT.to_owned()]));
    }
}

#[test]
fn f36_one_unreadable_element_does_not_sink_the_others() {
    // Written as text: a lone surrogate, a key given twice and 3,000 levels cannot be built as values.
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let body = [
        r#"{"object":"whatsapp_business_account","entry":[7,{"id":"1"},{"id":"1","changes":["x",{"field":"messages"},"#,
        r#"{"field":"messages","value":"x"},{"field":"messages","value":{"contacts":[{"profile":{"name":"\ud83d"}}],"#,
        r#""deep":"#,
        &deep,
        r#","statuses":[7,{"status":"sent"},{"id":"wamid.A","id":"wamid.B","status":"sent"},{"id":"a b","status":"sent"},"#,
        r#"{"id":"wamid.\ud83d","status":"sent"},{"id":"wamid.A","status":"sent","x":"\ud83d"}],"#,
        r#""messages":{"not":"a list"},"errors":[{"code":130429},{}]}}]}]}"#,
    ]
    .concat();
    assert_eq!(
        events(body).expect("an envelope"),
        [
            "ignored malformed_entry",
            "ignored malformed_entry",
            "ignored malformed_change",
            "ignored malformed_change",
            "ignored malformed_value",
            "ignored malformed_status",
            "ignored malformed_status",
            "ignored malformed_status",
            "ignored malformed_status",
            "ignored malformed_status",
            "wamid.A [foreign] sent",
            "ignored malformed_message",
            "ignored error_130429",
            "ignored malformed_error",
        ]
    );
}

#[test]
fn f35_a_byte_that_is_not_utf_8_costs_only_its_own_text() {
    let mut body = envelope(
        "messages",
        &json!({"contacts": [{"profile": {"name": "#"}}], "messages": [message("text", &json!({"body": "STOP"}))]}),
    )
    .to_string()
    .into_bytes();
    let at = body.iter().position(|byte| *byte == b'#').expect("in the body");
    body[at] = 0xff;
    assert_eq!(events(body), Ok(vec![OUT.to_owned()]));
}

#[test]
fn f35_a_body_that_is_not_an_envelope_is_an_error_and_a_foreign_one_is_counted() {
    use ChannelParseError::{NoEnvelope, NotJson};
    for (body, expected) in [
        ("", Err(NotJson)),
        ("hello", Err(NotJson)),
        ("{\"object\":\"whatsapp_business_account\",\"entry\":[", Err(NotJson)),
        ("\u{feff}{}", Err(NotJson)),
        ("{}", Err(NoEnvelope)),
        ("[]", Err(NoEnvelope)),
        ("null", Err(NoEnvelope)),
        (r#"{"foo":"bar"}"#, Err(NoEnvelope)),
        (r#"{"object":"whatsapp_business_account","entry":{}}"#, Err(NoEnvelope)),
        (r#"{"object":"whatsapp_business_account","entry":[]}"#, Ok(vec![])),
        (r#"{"object":"page","entry":[]}"#, Ok(vec!["ignored page".to_owned()])),
        (r#"{"object":"","entry":[]}"#, Ok(vec!["ignored unnamed".to_owned()])),
    ] {
        assert_eq!(events(body.as_bytes().to_vec()), expected, "{body}");
    }
    assert_eq!(NotJson.code(), "channel_body_not_json");
    assert_eq!(NoEnvelope.code(), "channel_body_no_envelope");
    assert_eq!(changed("messages", &json!({})), ["ignored messages"]);
    assert_eq!(changed("a field with spaces", &json!({})), ["ignored unnamed"]);
}

#[test]
fn f36_no_prefix_and_no_changed_byte_of_a_body_makes_a_panic() {
    for name in ["status", "reply"] {
        let fixture = read(&own("meta").join(format!("{name}.json")));
        let body = fixture["body"].as_str().expect("text").as_bytes();
        let whole = events(body.to_vec()).expect("an envelope").len();
        for at in 0..body.len() {
            assert_eq!(events(body[..at].to_vec()), Err(ChannelParseError::NotJson), "{name} cut at {at}");
            for byte in [0, b'"', b'{', b'9', b'\\', 0xff] {
                let mut changed = body.to_vec();
                changed[at] = byte;
                assert!(events(changed).map_or(0, |events| events.len()) <= whole + 8, "{name} at {at}");
            }
        }
    }
}

#[test]
fn every_shared_keyword_is_heard() {
    let Some(folder) = shared("every_shared_keyword_is_heard") else { return };
    let keywords = read(&folder.join("sms.keywords.json"));
    let hear = |word: &str| said(&message("text", &json!({"body": word})));
    let words = |name: &str| -> Vec<String> {
        let list = keywords[name].as_array().expect("list").iter();
        list.map(|word| word.as_str().expect("text").to_owned()).collect()
    };
    for list in ["opt_out_fcc_per_se", "opt_out_aws_required", "opt_out_twilio"] {
        for word in words(list) {
            assert_eq!(hear(&word), OUT, "{word}");
            assert_eq!(hear(&word.to_lowercase()), OUT, "{word}");
        }
    }
    for word in words("opt_in") {
        // "Yes" answers other questions too.
        let expected = if word == "YES" { REPLIED.to_owned() } else { OUT.replace("out of", "in to") };
        assert_eq!(hear(&word), expected, "{word}");
    }
    for word in words("help") {
        assert_eq!(hear(&word), REPLIED.replace("unknown", "help"), "{word}");
    }
}

/// The message that the shared status samples speak of; their correlation strings are not ours.
const SAMPLE: &str = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUFERjg0NDEzNDdFODU3MUMxMAA= [foreign]";

/// What every shared webhook comes to; `~` stands for [`SAMPLE`].
const EXPECTED: &[(&str, &[&str])] = &[
    ("account_update_deleted", &["ignored account_update"]),
    ("account_update_disabled", &["ignored account_update"]),
    ("account_update_offboarded", &["ignored account_update"]),
    ("account_update_restriction", &["ignored account_update"]),
    ("account_update_violation", &["ignored account_update"]),
    ("account_update_volume_tier", &["ignored account_update"]),
    (
        "batch_out_of_order_duplicates",
        &[
            "~ read",
            "~ delivered",
            "~ delivered",
            "~ sent",
            "+16505551234 replied unknown at 2025-06-08T20:59:43Z",
        ],
    ),
    ("errors_out_of_band", &["ignored error_130429"]),
    ("inbound_button_bsuid", &["+972987654321 replied help at 2023-10-25T21:23:47Z"]),
    ("inbound_button_template_quick_reply", &["+16505551234 out of all at 2025-06-16T16:24:05Z"]),
    ("inbound_ctwa_referral", &["+16505551234 replied unknown at 2025-06-18T19:46:32Z"]),
    ("inbound_image", &["+16505551234 replied unknown at 2025-04-11T04:08:16Z"]),
    ("inbound_interactive_button_reply", &["+16505551234 out of all at 2025-06-15T22:05:36Z"]),
    ("inbound_interactive_list_reply", &["+16505551234 replied unknown at 2025-06-13T22:42:55Z"]),
    ("inbound_reaction", &["+16505551234 replied unknown at 2025-06-08T21:52:24Z"]),
    ("inbound_system_number_change", &["ignored system_user_changed_number"]),
    ("inbound_text", &["+16505551234 replied unknown at 2025-06-08T20:59:43Z"]),
    ("inbound_text_bsuid_only", &["ignored no_phone"]),
    ("inbound_text_stop", &["+16505551234 out of all at 2025-06-08T20:59:43Z"]),
    ("inbound_unsupported", &["+16505551234 replied unknown at 2025-06-16T16:18:22Z"]),
    ("phone_number_quality_update_flagged", &["ignored phone_number_quality_update"]),
    ("phone_number_quality_update_portfolio", &["ignored phone_number_quality_update"]),
    ("status_delivered", &["~ delivered"]),
    ("status_delivered_bsuid_only", &["~ delivered"]),
    ("status_delivered_marketing", &["~ delivered"]),
    ("status_failed_130472", &["wamid.xyzxyz [foreign] failed 130472: FallBack"]),
    ("status_failed_131026", &["~ failed 131026: FallBack"]),
    ("status_failed_131049", &["~ failed 131049: FallBack"]),
    ("status_failed_131050", &["~ failed 131050: OptOut(Marketing)"]),
    ("status_failed_132015_pacing_drop", &["~ failed 132015: FallBack, alarm"]),
    ("status_free_customer_service_before_oct2026", &["~ sent"]),
    ("status_read", &["~ read"]),
    ("status_read_legacy_conversation", &["wamid.xyzxyz [foreign] read"]),
    ("status_sent", &["~ sent"]),
    ("status_sent_legacy_conversation", &["wamid.xyzxyz [foreign] sent"]),
    ("status_sent_with_opaque", &["wamid.xyzxyz [foreign] sent"]),
    ("status_service_billable", &["~ delivered"]),
    ("template_category_impending", &["ignored template_category_update"]),
    ("template_category_update", &["ignored template_category_update"]),
    ("template_quality_update", &["ignored message_template_quality_update"]),
    ("template_status_approved", &["ignored message_template_status_update"]),
    ("template_status_disabled", &["ignored message_template_status_update"]),
    ("template_status_paused", &["ignored message_template_status_update"]),
    ("template_status_reinstated", &["ignored message_template_status_update"]),
    ("template_status_rejected", &["ignored message_template_status_update"]),
    ("user_preferences_resume", &["+16505551234 in to marketing at 2024-11-15T21:22:01Z"]),
    ("user_preferences_signup", &["+16505551234 in to marketing at 2024-11-15T21:22:01Z"]),
    ("user_preferences_stop", &["+16505551234 out of marketing at 2024-11-15T21:22:01Z"]),
];

#[test]
fn every_shared_webhook_has_the_expected_events() {
    let Some(folder) = shared("every_shared_webhook_has_the_expected_events") else { return };
    let requests = files(&folder, "meta.webhook.").into_iter().filter_map(|(name, path)| {
        let name = name.strip_prefix("meta.webhook.")?.to_owned();
        (!matches!(name.as_str(), "signature_vectors" | "verify_get")).then_some((name, path))
    });
    let requests: Vec<_> = requests.collect();
    let names: Vec<&str> = requests.iter().map(|(name, _)| name.as_str()).collect();
    let expected: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    for ((name, path), (_, expected)) in requests.iter().zip(EXPECTED) {
        let body = std::fs::read(path).expect("can be read");
        let expected = expected.iter().map(|line| line.replace('~', SAMPLE)).collect();
        assert_eq!(events(body), Ok(expected), "{name}");
    }
}
