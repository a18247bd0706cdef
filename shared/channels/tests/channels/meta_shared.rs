//! Every payload of Meta's, and of AWS in front of it, that is shared with other implementations.

use std::collections::BTreeSet;
use std::path::Path;

use recoup_channels::aws_social::{self, AwsSocial};
use recoup_channels::meta::{self, Meta};
use recoup_channels::{ChannelParseError, Provider};
use recoup_core::{ChannelEvent, Secret};

use crate::fixtures::{answer, event, files, json, outcome, shared, signed};
use crate::meta_requests::REQUESTS;

/// Answers to an accepted message, and the id in each.
const ACCEPTED: &[(&str, &str)] = &[
    ("aws_social.send_whatsapp.response", "wamid.XXXXXXXXXXXXXXXXXXXX"),
    ("meta.marketing_messages.response", "wamid.gBGGSFcCNEOPAgkO_KJ55r4w_ww"),
    ("meta.send.response", WAMID),
    ("meta.send_bsuid.response", "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA"),
    ("meta.send_template.response_accepted", WAMID),
    ("meta.send_template.response_held_for_quality_assessment", WAMID),
    ("meta.send_template.response_paused", WAMID),
];

const WAMID: &str = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA";

/// Answers that are errors, and what each comes to.
const REFUSED: &[(&str, &str)] = &[
    ("meta.error.100_not_template", "100: Park, alarm"),
    ("meta.error.130429_rate_limit", "130429: Retry(Seconds)"),
    ("meta.error.131000", "131000: Retry(Seconds)"),
    ("meta.error.131016", "131016: Retry(Seconds)"),
    ("meta.error.131026", "131026: FallBack"),
    ("meta.error.131031", "131031: FallBack, alarm, pause Channel"),
    ("meta.error.131042", "131042: FallBack, alarm, pause Channel"),
    ("meta.error.131047_reengagement", "131047: Park, alarm"),
    ("meta.error.131048", "131048: FallBack, alarm, pause Marketing"),
    ("meta.error.131049", "131049: FallBack, pause Buyer"),
    ("meta.error.131050", "131050: OptOut(Marketing)"),
    ("meta.error.131056_pair_rate", "131056: Retry(PairRate)"),
    ("meta.error.131063", "131063: Park, alarm"),
    ("meta.error.131064", "131064: FallBack, alarm, pause Channel"),
    ("meta.error.132000", "132000: Park, alarm, pause Template"),
    ("meta.error.132001", "132001: FallBack, alarm, pause Template"),
    ("meta.error.132012", "132012: Park, alarm, pause Template"),
    ("meta.error.132015", "132015: FallBack, alarm, pause Template"),
    ("meta.error.132016", "132016: FallBack, alarm, pause Template"),
    ("meta.error.133010", "133010: FallBack, alarm, pause Channel"),
    ("meta.error.190_token", "190: Hold, alarm"),
    ("meta.error.1_unknown", "1: Retry(Seconds)"),
    ("meta.error.368", "368: FallBack, alarm, pause Channel"),
    ("meta.error.4_app_rate", "4: Retry(Minutes)"),
];

/// Payloads that are no bodies of a provider, and the test that reads each.
const ELSEWHERE: &[(&str, &str)] = &[
    ("meta.error_codes", "meta_answer::the_reaction_table_agrees_with_the_shared_one"),
    ("meta.webhook.signature_vectors", "meta_signature::o19_the_shared_signature_vectors_hold"),
    ("meta.webhook.verify_get", "meta_signature::the_shared_subscription_request_is_answered"),
];

/// The buyer of most samples, who is written `US.1349` below.
const USER: &str = "US.13491208655302741918";

/// What every webhook and notification comes to; `~` stands for an id in it.
const EVENTS: &[(&str, &[&str])] = &[
    ("aws_social.event_sns_message", &["~ [foreign] delivered to US.1349"]),
    ("meta.webhook.account_update_deleted", &["account barred=true ACCOUNT_DELETED"]),
    ("meta.webhook.account_update_disabled", &["account barred=false DISABLED_UPDATE_REINSTATE"]),
    ("meta.webhook.account_update_offboarded", &["account barred=true ACCOUNT_OFFBOARDED"]),
    ("meta.webhook.account_update_restriction", &["account barred=true ACCOUNT_RESTRICTION"]),
    ("meta.webhook.account_update_violation", &["account barred=true ACCOUNT_VIOLATION"]),
    ("meta.webhook.account_update_volume_tier", &["ignored account_update_VOLUME_BASED_PRICING_TIER_UPDATE"]),
    (
        "meta.webhook.batch_out_of_order_duplicates",
        &[
            "~ [foreign] read to US.1349",
            "~ [foreign] delivered to US.1349",
            "~ [foreign] delivered to US.1349",
            "~ [foreign] sent to US.1349",
            "~ +16505551234 replied unknown at 2025-06-08T20:59:43Z: \"Does it come in another color?\"",
        ],
    ),
    ("meta.webhook.errors_out_of_band", &["trouble 130429: Retry(Seconds)"]),
    (
        "meta.webhook.inbound_button_bsuid",
        &["~ +972987654321 replied help to ~ at 2023-10-25T21:23:47Z: \"title\""],
    ),
    (
        "meta.webhook.inbound_button_template_quick_reply",
        &["+16505551234 out of all at 2025-06-16T16:24:05Z"],
    ),
    (
        "meta.webhook.inbound_ctwa_referral",
        &["~ +16505551234 replied unknown at 2025-06-18T19:46:32Z: \"Hello! Can I get more info on this?\""],
    ),
    (
        "meta.webhook.inbound_image",
        &["~ +16505551234 replied unknown at 2025-04-11T04:08:16Z: \"Taj Mahal\""],
    ),
    ("meta.webhook.inbound_interactive_button_reply", &["+16505551234 out of all at 2025-06-15T22:05:36Z"]),
    (
        "meta.webhook.inbound_interactive_list_reply",
        &["~ +16505551234 replied unknown to ~ at 2025-06-13T22:42:55Z: \"Priority Mail Express\""],
    ),
    ("meta.webhook.inbound_reaction", &["ignored message_reaction"]),
    ("meta.webhook.inbound_system_number_change", &["ignored system_user_changed_number"]),
    (
        "meta.webhook.inbound_text",
        &["~ +16505551234 replied unknown at 2025-06-08T20:59:43Z: \"Does it come in another color?\""],
    ),
    (
        "meta.webhook.inbound_text_bsuid_only",
        &["~ US.1349 replied unknown at 2025-06-08T20:59:43Z: \"Does it come in another color?\""],
    ),
    ("meta.webhook.inbound_text_stop", &["+16505551234 out of all at 2025-06-08T20:59:43Z"]),
    ("meta.webhook.inbound_unsupported", &["~ +16505551234 replied unknown at 2025-06-16T16:18:22Z: \"\""]),
    ("meta.webhook.phone_number_quality_update_flagged", &["number Red FLAGGED"]),
    ("meta.webhook.phone_number_quality_update_portfolio", &["number Red DOWNGRADE"]),
    ("meta.webhook.status_delivered", &["~ [foreign] delivered to US.1349"]),
    ("meta.webhook.status_delivered_bsuid_only", &["~ [foreign] delivered to US.1349"]),
    ("meta.webhook.status_delivered_marketing", &["~ [foreign] delivered to US.1349"]),
    ("meta.webhook.status_failed_130472", &["~ [foreign] failed 130472: FallBack"]),
    ("meta.webhook.status_failed_131026", &["~ [foreign] failed 131026: FallBack to US.1349"]),
    ("meta.webhook.status_failed_131049", &["~ [foreign] failed 131049: FallBack, pause Buyer to US.1349"]),
    ("meta.webhook.status_failed_131050", &["~ [foreign] failed 131050: OptOut(Marketing) to US.1349"]),
    (
        "meta.webhook.status_failed_132015_pacing_drop",
        &["~ [foreign] failed 132015: FallBack, alarm, pause Template to US.1349"],
    ),
    ("meta.webhook.status_free_customer_service_before_oct2026", &["~ [foreign] sent to US.1349"]),
    ("meta.webhook.status_read", &["~ [foreign] read to US.1349"]),
    ("meta.webhook.status_read_legacy_conversation", &["~ [foreign] read"]),
    ("meta.webhook.status_sent", &["~ [foreign] sent to US.1349"]),
    ("meta.webhook.status_sent_legacy_conversation", &["~ [foreign] sent"]),
    ("meta.webhook.status_sent_with_opaque", &["~ [foreign] sent"]),
    ("meta.webhook.status_service_billable", &["~ [foreign] delivered to US.1349"]),
    (
        "meta.webhook.template_category_impending",
        &["template payment_failed_step1/en_US CategoryAhead(Marketing)"],
    ),
    ("meta.webhook.template_category_update", &["template my_message_template/he Category(Marketing)"]),
    ("meta.webhook.template_quality_update", &["template welcome_template/en_US Quality(Yellow)"]),
    (
        "meta.webhook.template_status_approved",
        &["template order_confirmation/en_US Usable(true, \"APPROVED\")"],
    ),
    (
        "meta.webhook.template_status_disabled",
        &["template payment_failed_step1/en_US Usable(false, \"DISABLED\")"],
    ),
    (
        "meta.webhook.template_status_paused",
        &["template payment_failed_step1/en_US Usable(false, \"PAUSED\")"],
    ),
    (
        "meta.webhook.template_status_reinstated",
        &["template payment_failed_step1/en_US Usable(true, \"REINSTATED\")"],
    ),
    ("meta.webhook.template_status_rejected", &["template abandoned_cart/en Usable(false, \"REJECTED\")"]),
    ("meta.webhook.user_preferences_resume", &["+16505551234 in to marketing at 2024-11-15T21:22:01Z"]),
    ("meta.webhook.user_preferences_signup", &["+16505551234 in to marketing at 2024-11-15T21:22:01Z"]),
    (
        "meta.webhook.user_preferences_stop",
        &["+16505551234=US.1349 out of marketing at 2024-11-15T21:22:01Z"],
    ),
];

#[test]
fn every_shared_meta_and_social_fixture_is_accounted_for() {
    let Some(folder) = shared("every_shared_meta_and_social_fixture_is_accounted_for") else { return };
    let mut accounted = BTreeSet::new();
    let mut account = |name: &'static str| {
        assert!(accounted.insert(name.to_owned()), "{name} stands in two lists");
        folder.join(format!("{name}.json"))
    };
    for request in REQUESTS {
        request.check(json(&account(request.name)));
    }
    for (name, id) in ACCEPTED {
        assert_eq!(decoded(name, 200, &account(name)), format!("accepted {id}"), "{name}");
    }
    for (name, expected) in REFUSED {
        let path = account(name);
        for status in [400, 500] {
            assert_eq!(decoded(name, status, &path), format!("refused {expected}"), "{name}");
        }
    }
    for (name, expected) in EVENTS {
        assert_eq!(said(name, &account(name)), *expected, "{name}");
    }
    for (name, _) in ELSEWHERE {
        account(name);
    }
    let shared = ["meta.", "aws_social."].into_iter().flat_map(|prefix| files(&folder, prefix));
    assert_eq!(shared.map(|(name, _)| name).collect::<BTreeSet<_>>(), accounted);
}

fn decoded(name: &str, status: u16, path: &Path) -> String {
    let answer = answer(status, json(path).to_string());
    let token = Secret::parse("EAABtoken").expect("fit");
    let meta = Meta::new("https://graph.facebook.com", "v26.0", "1", &token).expect("well formed");
    let base = "https://social-messaging.eu-west-1.amazonaws.com";
    let aws = AwsSocial::new(base, "phone-number-id-1", "v21.0").expect("well formed");
    outcome(&if name.starts_with("aws_social.") { aws.decode(&answer) } else { meta.decode(&answer) })
}

/// The events of a body, with `~` for each id; every id must be one of the body's own.
fn said(name: &str, path: &Path) -> Vec<String> {
    let body = std::fs::read(path).expect("can be read");
    let text = String::from_utf8(body.clone()).expect("text");
    let events: Result<Vec<ChannelEvent>, ChannelParseError> = if name.starts_with("aws_social.") {
        aws_social::events(&body)
    } else {
        meta::events(&signed(body.into()))
    };
    let shorten = |word: &str| {
        let id = word.starts_with("wamid.");
        assert!(!id || text.contains(word), "{word} is not in {name}");
        if id { "~".to_owned() } else { word.to_owned() }
    };
    let shown = |read: &ChannelEvent| {
        event(read).replace(USER, "US.1349").split(' ').map(shorten).collect::<Vec<_>>().join(" ")
    };
    events.expect("an envelope").iter().map(shown).collect()
}
