//! What Meta's webhooks say.

use bytes::Bytes;
use recoup_channels::{ChannelParseError, meta};
use recoup_core::ChannelEvent;
use serde_json::{Value, json};

use crate::fixtures::{event, json as read, own, shared, signed};

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

/// What a reply with this intent and these words comes to.
fn replied(intent: &str, words: &str) -> String {
    format!("wamid.B +16505551234 replied {intent} at 2025-06-15T23:30:00Z: {words:?}")
}

#[test]
fn r14_f25_statuses_are_read_in_any_order_with_number_or_text_for_time_and_code() {
    let statuses = json!([
        {"id": "wamid.A", "status": "read", "timestamp": 1_750_030_100, "biz_opaque_callback_data": OURS},
        {"id": "wamid.A", "status": "played", "timestamp": "1750030100"},
        {"id": "wamid.A", "status": "sent", "recipient_id": "", "recipient_user_id": "US.134"},
        {"id": "wamid.A", "status": "sent", "recipient_user_id": "16505551234"},
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
            "wamid.A [foreign] sent to US.134",
            "wamid.A [foreign] sent",
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
        ("image", json!({"caption": "stop"})),
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
    for (kind, content, intent, words) in [
        ("text", json!({"body": "what a nice day"}), "unknown", "what a nice day"),
        ("text", json!({"body": "HELP"}), "help", "HELP"),
        ("text", json!({"body": "ya pagué ayer"}), "paid_already", "ya pagué ayer"),
        ("text", json!({"body": "you have the wrong number"}), "wrong_person", "you have the wrong number"),
        ("text", json!({"body": 7}), "unknown", "7"),
        ("text", json!(null), "unknown", ""),
        ("text", json!([]), "unknown", ""),
        ("button", json!({"payload": "HELP", "text": "Talk to us"}), "help", "Talk to us"),
        ("button", json!({"payload": "HELP:inv", "text": "Fragen?"}), "help", "Fragen?"),
        ("interactive", json!({"button_reply": {"id": "HELP:inv", "title": "Fragen?"}}), "help", "Fragen?"),
        ("interactive", json!({"type": "button_reply", "button_reply": "x"}), "unknown", ""),
        ("image", json!({"caption": "Taj Mahal"}), "unknown", "Taj Mahal"),
        (
            "document",
            json!({"caption": "ya pagué ayer", "filename": "x.pdf"}),
            "paid_already",
            "ya pagué ayer",
        ),
        ("audio", json!({"voice": true}), "unknown", ""),
        ("unsupported", json!({}), "unknown", ""),
        ("a_kind_of_next_year", json!({}), "unknown", ""),
    ] {
        assert_eq!(said(&message(kind, &content)), replied(intent, words), "{content}");
    }
}

#[test]
fn r18_only_a_text_message_holds_words_that_were_typed() {
    for (kind, content, typed) in [
        ("text", json!({"body": "what a nice day"}), true),
        ("text", json!(null), false),
        ("button", json!({"payload": "x", "text": "Not this"}), false),
        ("interactive", json!({"button_reply": {"id": "x", "title": "Not this"}}), false),
        ("image", json!({"caption": "Taj Mahal"}), false),
        ("document", json!({"caption": "Taj Mahal", "filename": "x.pdf"}), false),
        ("audio", json!({"voice": true}), false),
    ] {
        let body = envelope("messages", &json!({"messages": [message(kind, &content)]})).to_string();
        let events = meta::events(&signed(body.into())).expect("an envelope");
        let [ChannelEvent::Replied(reply)] = events.as_slice() else { panic!("{content}: {events:?}") };
        assert_eq!(reply.typed, typed, "{content}");
    }
}

#[test]
fn r17_a_reply_names_the_message_it_answers_and_has_an_id_of_its_own() {
    let mut asked = message("text", &json!({"body": "why?"}));
    for (context, answers) in [
        (json!({"from": "15550783881", "id": "wamid.A="}), " to wamid.A="),
        (json!({"forwarded": true}), ""),
        (json!({"id": ""}), ""),
        (json!({"id": {}}), ""),
        (json!("wamid.A"), ""),
        (json!(null), ""),
    ] {
        asked["context"] = context;
        let expected = replied("unknown", "why?").replace(" at ", &format!("{answers} at "));
        assert_eq!(said(&asked), expected, "{}", asked["context"]);
    }
    asked["id"] = json!("");
    assert_eq!(said(&asked), "ignored malformed_message");
}

#[test]
fn a_reaction_is_no_reply() {
    let thumb = message("reaction", &json!({"message_id": "wamid.A", "emoji": "👍"}));
    assert_eq!(said(&thumb), "ignored message_reaction");
}

#[test]
fn o28_a_buyer_without_a_number_is_heard_by_their_id() {
    let mut stop = message("text", &json!({"body": "STOP"}));
    stop["from_user_id"] = json!("US.13491208655302741918");
    for (from, known) in [("16505551234", "+16505551234="), ("", "")] {
        stop["from"] = json!(from);
        let user = format!("{known}US.13491208655302741918");
        assert_eq!(said(&stop), OUT.replace("+16505551234", &user));
    }
    stop["text"]["body"] = json!("why?");
    let asked = replied("unknown", "why?").replace("+16505551234", "US.13491208655302741918");
    assert_eq!(said(&stop), asked);
}

#[test]
fn a_message_without_a_sender_or_from_the_system_is_counted() {
    let mut nameless = message("text", &json!({"body": "STOP"}));
    for from in [json!(""), json!(null), json!("abc"), json!("123"), json!([])] {
        nameless["from"] = from;
        assert_eq!(said(&nameless), "ignored no_sender");
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
    assert_eq!(changed("user_preferences", &username), ["ignored no_sender"]);
    username["user_preferences"][0]["user_id"] = json!("US.134");
    assert_eq!(changed("user_preferences", &username), ["US.134 out of marketing at 2025-06-15T23:30:00Z"]);
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
            "trouble 130429: Retry(Seconds)",
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
    for name in ["status", "reply", "template_paused", "account"] {
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
        let expected = if word == "YES" { replied("unknown", "YES") } else { OUT.replace("out of", "in to") };
        assert_eq!(hear(&word), expected, "{word}");
    }
    for word in words("help") {
        assert_eq!(hear(&word), replied("help", &word), "{word}");
    }
}
