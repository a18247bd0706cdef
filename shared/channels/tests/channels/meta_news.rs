//! What Meta says of templates, numbers and accounts.

use recoup_channels::meta;
use serde_json::{Value, json};

use crate::fixtures::{event, signed};

/// The one event of a change.
fn news(field: &str, value: &Value) -> String {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "time": 1_751_247_548, "changes": [{"field": field, "value": value}]}],
    });
    let events = meta::events(&signed(body.to_string().into())).expect("an envelope");
    assert_eq!(events.len(), 1, "{events:?}");
    event(&events[0])
}

/// News of a template of ours, with one more member.
fn template(field: &str, member: &str, word: &Value) -> String {
    let mut value = json!({
        "message_template_id": 1_689_556_908_129_832_i64,
        "message_template_name": "payment_failed_first",
        "message_template_language": "pt-BR",
    });
    value[member] = word.clone();
    news(field, &value)
}

const STATUS: &str = "message_template_status_update";

#[test]
fn o3_only_an_approved_template_can_be_sent() {
    for (word, usable) in [
        ("APPROVED", true),
        ("REINSTATED", true),
        ("UNARCHIVED", true),
        ("PAUSED", false),
        ("DISABLED", false),
        ("REJECTED", false),
        ("ARCHIVED", false),
        ("DELETED", false),
        ("PENDING", false),
        ("PENDING_DELETION", false),
        ("IN_APPEAL", false),
        ("LIMIT_EXCEEDED", false),
    ] {
        let expected = format!("template payment_failed_first/pt_BR Usable({usable}, {word:?})");
        assert_eq!(template(STATUS, "event", &json!(word)), expected);
    }
    let flagged = template(STATUS, "event", &json!("FLAGGED"));
    assert_eq!(flagged, "template payment_failed_first/pt_BR Quality(Red)");
    for (word, expected) in [
        (json!("LOCKED"), "ignored message_template_status_update_LOCKED"),
        (json!("a word with spaces"), "ignored unnamed"),
        (json!(null), "ignored malformed_value"),
        (json!({}), "ignored malformed_value"),
    ] {
        assert_eq!(template(STATUS, "event", &word), expected);
    }
}

#[test]
fn a_template_that_is_not_of_ours_is_counted() {
    let of = |name: Value, language: Value| {
        news(
            STATUS,
            &json!({
                "event": "PAUSED", "message_template_name": name, "message_template_language": language,
            }),
        )
    };
    for (name, language, expected) in [
        (json!("welcome"), json!("en_US"), "template welcome/en_US Usable(false, \"PAUSED\")"),
        (json!("welcome"), json!("en"), "template welcome/en Usable(false, \"PAUSED\")"),
        (json!("Welcome-2"), json!("en"), "ignored foreign_template"),
        (json!("x".repeat(65)), json!("en"), "ignored foreign_template"),
        (json!(""), json!("en"), "ignored foreign_template"),
        (json!(null), json!("en"), "ignored malformed_value"),
        (json!("welcome"), json!(null), "ignored malformed_value"),
        (json!("welcome"), json!(""), "ignored malformed_value"),
        (json!("welcome"), json!("e n"), "ignored malformed_value"),
    ] {
        assert_eq!(of(name, language), expected);
    }
    assert_eq!(news(STATUS, &json!("x")), "ignored malformed_value");
}

#[test]
fn o3_a_category_that_changed_is_told_from_one_that_is_about_to() {
    let field = "template_category_update";
    let change = |value: Value| {
        let mut whole = json!({
            "message_template_name": "payment_failed_first", "message_template_language": "en-US",
        });
        whole.as_object_mut().expect("object").extend(value.as_object().expect("object").clone());
        news(field, &whole)
    };
    for (value, expected) in [
        (json!({"previous_category": "UTILITY", "new_category": "MARKETING"}), "Category(Marketing)"),
        (json!({"new_category": "UTILITY"}), "Category(Utility)"),
        (json!({"new_category": "UTILITY", "correct_category": "MARKETING"}), "CategoryAhead(Marketing)"),
        (json!({"new_category": "MARKETING", "correct_category": null}), "Category(Marketing)"),
    ] {
        assert_eq!(change(value), format!("template payment_failed_first/en_US {expected}"));
    }
    for (value, expected) in [
        (json!({"new_category": "AUTHENTICATION"}), "ignored template_category_update_AUTHENTICATION"),
        (
            json!({"new_category": "UTILITY", "correct_category": "AUTHENTICATION"}),
            "ignored template_category_update_AUTHENTICATION",
        ),
        (json!({"new_category": ["MARKETING"]}), "ignored malformed_value"),
        (json!({}), "ignored malformed_value"),
    ] {
        assert_eq!(change(value), expected);
    }
}

#[test]
fn o37_how_buyers_like_a_template_and_the_number_is_heard() {
    let field = "message_template_quality_update";
    for (word, quality) in [
        ("GREEN", "Green"),
        ("YELLOW", "Yellow"),
        ("RED", "Red"),
        ("UNKNOWN", "Unknown"),
        ("MAUVE", "Unknown"),
    ] {
        let expected = format!("template payment_failed_first/pt_BR Quality({quality})");
        assert_eq!(template(field, "new_quality_score", &json!(word)), expected);
    }
    for (word, quality) in [
        ("FLAGGED", "Red"),
        ("DOWNGRADE", "Red"),
        ("UNFLAGGED", "Green"),
        ("UPGRADE", "Green"),
        ("ONBOARDING", "Unknown"),
        ("THROUGHPUT_UPGRADE", "Unknown"),
    ] {
        let value =
            json!({"display_phone_number": "15550783881", "event": word, "current_limit": "TIER_10K"});
        assert_eq!(news("phone_number_quality_update", &value), format!("number {quality} {word}"));
    }
    assert_eq!(news("phone_number_quality_update", &json!({})), "ignored malformed_value");
}

#[test]
fn o3_an_account_is_barred_and_freed_by_what_meta_says() {
    let restricted = |kinds: &[&str]| {
        let list: Vec<Value> = kinds.iter().map(|kind| json!({"restriction_type": kind})).collect();
        json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": list})
    };
    let disabled = |state: Value| json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state}});
    for (value, expected) in [
        (json!({"event": "ACCOUNT_VIOLATION"}), "account barred=true ACCOUNT_VIOLATION"),
        (json!({"event": "ACCOUNT_DELETED"}), "account barred=true ACCOUNT_DELETED"),
        (json!({"event": "ACCOUNT_OFFBOARDED"}), "account barred=true ACCOUNT_OFFBOARDED"),
        (json!({"event": "PARTNER_REMOVED"}), "account barred=true PARTNER_REMOVED"),
        (json!({"event": "PARTNER_APP_UNINSTALLED"}), "account barred=true PARTNER_APP_UNINSTALLED"),
        (json!({"event": "ACCOUNT_RECONNECTED"}), "account barred=false ACCOUNT_RECONNECTED"),
        (disabled(json!("DISABLE")), "account barred=true DISABLED_UPDATE_DISABLE"),
        (disabled(json!("SCHEDULE_FOR_DISABLE")), "account barred=true DISABLED_UPDATE_SCHEDULE_FOR_DISABLE"),
        (disabled(json!("REINSTATE")), "account barred=false DISABLED_UPDATE_REINSTATE"),
        (disabled(json!(null)), "account barred=true DISABLED_UPDATE"),
        (json!({"event": "DISABLED_UPDATE"}), "account barred=true DISABLED_UPDATE"),
        (restricted(&["RESTRICTED_BIZ_INITIATED_MESSAGING"]), "account barred=true ACCOUNT_RESTRICTION"),
        (
            restricted(&["RESTRICTED_ADD_PHONE_NUMBER_ACTION", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"]),
            "account barred=true ACCOUNT_RESTRICTION",
        ),
        (restricted(&[]), "account barred=true ACCOUNT_RESTRICTION"),
        (
            json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": "x"}),
            "account barred=true ACCOUNT_RESTRICTION",
        ),
        (
            restricted(&["RESTRICTED_ADD_PHONE_NUMBER_ACTION", "RESTRICTED_USER_INITIATED_CALLING"]),
            "ignored account_update_ACCOUNT_RESTRICTION",
        ),
        (json!({"event": "PARTNER_ADDED"}), "ignored account_update_PARTNER_ADDED"),
        (
            json!({"event": "VOLUME_BASED_PRICING_TIER_UPDATE"}),
            "ignored account_update_VOLUME_BASED_PRICING_TIER_UPDATE",
        ),
        (json!({}), "ignored malformed_value"),
        (json!([]), "ignored malformed_value"),
    ] {
        assert_eq!(news("account_update", &value), expected, "{value}");
    }
}

#[test]
fn o3_trouble_that_concerns_no_message_is_read_by_the_same_table() {
    let trouble = |code: i64| news("messages", &json!({"errors": [{"code": code, "title": "x"}]}));
    assert_eq!(trouble(131_042), "trouble 131042: FallBack, alarm, pause Channel");
    assert_eq!(trouble(131_048), "trouble 131048: FallBack, alarm, pause Marketing");
    assert_eq!(trouble(190), "trouble 190: Hold, alarm");
    assert_eq!(news("messages", &json!({"errors": [{"title": "x"}]})), "ignored malformed_error");
    let capability = json!({"max_daily_conversations_per_business": 2000});
    assert_eq!(news("business_capability_update", &capability), "ignored business_capability_update");
}
