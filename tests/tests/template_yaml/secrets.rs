//! The secrets: their shape, when they exist, what goes into them, and which provider asks for which.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Template, entries, items, text};

/// Secret, and the members of its JSON.
const SECRETS: [(&str, &[&str]); 3] = [
    ("MetaSecret", &["access_token", "app_secret", "verify_token"]),
    ("StripeSecret", &["api_key", "signing_secrets"]),
    ("TwilioSecret", &["account_sid", "auth_token", "contents", "from", "whatsapp_from"]),
];

/// Secret, and the condition under which it exists.
const ONLY_IF: [(&str, &str); 2] = [("MetaSecret", "WhatsappByMeta"), ("TwilioSecret", "ByTwilio")];

/// Provider, the parameter that chooses it, and the parameters it needs.
const NEEDS: [(&str, &str, &[&str]); 7] = [
    (
        "meta",
        "WhatsappProvider",
        &["MetaAccessToken", "MetaAppSecret", "MetaVerifyToken", "WhatsappPhoneNumberId"],
    ),
    (
        "twilio",
        "WhatsappProvider",
        &["TwilioAccountSid", "TwilioAuthToken", "TwilioContentsJson", "TwilioWhatsappFrom"],
    ),
    ("aws", "WhatsappProvider", &["WhatsappOriginationIdentity"]),
    ("rapiwa", "WhatsappProvider", &["RapiwaSecretJson"]),
    ("aws", "SmsProvider", &["SmsOriginationIdentity"]),
    ("twilio", "SmsProvider", &["TwilioAccountSid", "TwilioAuthToken", "TwilioFrom"]),
    ("msg91", "SmsProvider", &["Msg91SecretJson"]),
];

/// Secret that is handed over whole, its parameter, and the condition under which it exists.
const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("Msg91Secret", "Msg91SecretJson", "Msg91Configured"),
    ("OutletsSecret", "OutletsSecretJson", "OutletsConfigured"),
    ("PushSecret", "PushSecretJson", "PushConfigured"),
    ("RapiwaSecret", "RapiwaSecretJson", "RapiwaConfigured"),
];

/// Checks the shape of the secrets, and that nothing secret is echoed or leaves them.
pub(crate) fn secret_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    let mut stored = BTreeSet::new();
    for (name, members) in SECRETS {
        let (parameters, names) = members_of(template, name);
        stored.extend(parameters);
        if names != members {
            found.push(format!("{name} holds {names:?}, not {members:?}"));
        }
    }
    for (name, parameter, condition) in DOCUMENTS {
        stored.insert(parameter);
        let secret = &template.0["Resources"][name];
        if secret["Properties"]["SecretString"] != json!({"Ref": parameter}) {
            found.push(format!("{name} is not {parameter}"));
        }
        let empty = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]});
        if secret["Condition"] != condition || template.0["Conditions"][condition] != empty {
            found.push(format!("{name} exists without {parameter}"));
        }
    }
    if template.properties("StripeSecret")["SecretString"]["Fn::Sub"]
        .as_str()
        .is_none_or(|pattern| !pattern.contains(r#""signing_secrets":["${StripeSigningSecret}"]"#))
    {
        found.push("StripeSecret: signing_secrets is no list".to_owned());
    }
    for (name, condition) in ONLY_IF {
        if template.0["Resources"][name]["Condition"] != condition {
            found.push(format!("{name} exists without {condition}"));
        }
    }
    let pepper = &template.properties("PepperSecret")["GenerateSecretString"];
    if pepper["PasswordLength"].as_u64() < Some(32) {
        found.push(format!("PepperSecret is not generated with 32 characters or more: {pepper}"));
    }
    found.extend(hiding_problems(template, &stored));
    found
}

/// The parameters that a secret is made of, and the members of its JSON; a member may be a document of its own.
fn members_of<'a>(template: &'a Template, name: &str) -> (BTreeSet<&'a str>, Vec<String>) {
    let sub = &template.properties(name)["SecretString"]["Fn::Sub"];
    let pattern = sub.as_str().unwrap_or(text(&sub[0]));
    let plain = parameters_in(pattern).filter(|parameter| sub[1][parameter].is_null());
    let documents = entries(&sub[1]).filter_map(|(_, value)| value["Fn::If"][1]["Ref"].as_str());
    let whole = entries(&sub[1])
        .fold(pattern.to_owned(), |whole, (document, _)| whole.replace(&format!(":${{{document}}}"), ":{}"));
    let value: Value = serde_json::from_str(&whole).unwrap_or_default();
    let names = entries(&value).map(|(name, _)| name.to_owned()).collect();
    (plain.chain(documents).collect(), names)
}

/// Looks for parameters that go into a secret and show, or hide and go into none.
fn hiding_problems(template: &Template, stored: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let hidden: BTreeSet<&str> = entries(&template.0["Parameters"])
        .filter(|(_, parameter)| parameter["NoEcho"] == true)
        .map(|(name, _)| name)
        .collect();
    for name in stored.difference(&hidden) {
        found.push(format!("{name} goes into a secret but is shown: NoEcho is not set"));
    }
    for name in hidden {
        if !matches!(template.0["Parameters"][name]["Default"].as_str(), None | Some("")) {
            found.push(format!("{name} is secret but has a default"));
        }
        if !stored.contains(name) {
            found.push(format!("{name} is secret but stored in no secret"));
        }
        for (place, value) in
            [("Globals", &template.0["Globals"]), ("Outputs", &template.0["Outputs"])].into_iter().chain(
                entries(&template.0["Resources"]).filter(|(_, r)| r["Type"] != "AWS::SecretsManager::Secret"),
            )
        {
            if mentions(value, name) {
                found.push(format!("{place} shows the secret parameter {name}"));
            }
        }
    }
    found
}

fn parameters_in(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split("${").skip(1).filter_map(|rest| rest.split('}').next())
}

fn mentions(value: &Value, parameter: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| mentions(item, parameter)),
        Value::Object(members) => members.iter().any(|(key, value)| match (key.as_str(), value.as_str()) {
            ("Ref", Some(name)) => name == parameter,
            ("Fn::Sub", Some(pattern)) => parameters_in(pattern).any(|name| name == parameter),
            _ => mentions(value, parameter),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Checks that a provider that lacks a parameter is refused by the parameter's name, before anything is created.
pub(crate) fn rule_problems(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (provider, chosen_by, needed) in NEEDS {
        let chosen = json!({"Fn::Equals": [{"Ref": chosen_by}, provider]});
        let rules = entries(&template.0["Rules"]).map(|(_, rule)| rule);
        let ours = rules.filter(|rule| {
            let condition = &rule["RuleCondition"];
            *condition == chosen || items(&condition["Fn::Or"]).contains(&&chosen)
        });
        let assertions: Vec<&Value> = ours.flat_map(|rule| items(&rule["Assertions"])).collect();
        for parameter in needed {
            let given = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]});
            let named = |assertion: &&&Value| {
                let words = text(&assertion["AssertDescription"]);
                assertion["Assert"] == given && words.ends_with(&format!("{provider} needs {parameter}"))
            };
            if assertions.iter().filter(named).count() != 1 {
                found.push(format!("{chosen_by} {provider} may be deployed without {parameter}"));
            }
            if template.0["Parameters"][parameter]["Default"] != "" {
                found.push(format!("{parameter} must be given where nothing needs it"));
            }
        }
    }
    found
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::{assert_refused, properties};

    #[test]
    fn a_secret_that_shows_is_refused() {
        assert_refused(
            "/Parameters/MetaAppSecret/NoEcho",
            Value::Null,
            "MetaAppSecret goes into a secret but is shown",
        );
        assert_refused(
            "/Parameters/MetaAppSecret/Default",
            json!("changeme"),
            "MetaAppSecret is secret but has a default",
        );
        let variable = properties("SweepFunction", "Environment/Variables/META_SECRET_ARN");
        assert_refused(
            &variable,
            json!({"Ref": "StripeApiKey"}),
            "SweepFunction shows the secret parameter StripeApiKey",
        );
        let output = "/Outputs/ApiUrl/Value";
        assert_refused(
            output,
            json!({"Fn::Sub": "${MetaVerifyToken}"}),
            "Outputs shows the secret parameter MetaVerify",
        );
        let meta = properties("MetaSecret", "SecretString");
        assert_refused(
            &meta,
            json!({"Fn::Sub": "{\"app_secret\":\"${MetaAppSecret}\"}"}),
            "MetaSecret holds [\"app_secret\"]",
        );
        assert_refused(&meta, json!({"Fn::Sub": "not json"}), "MetaSecret holds []");
        let single = json!({"Fn::Sub": "{\"signing_secrets\":\"${StripeSigningSecret}\",\"api_key\":\"${StripeApiKey}\"}"});
        assert_refused(&properties("StripeSecret", "SecretString"), single, "signing_secrets is no list");
        assert_refused(
            "/Resources/TwilioSecret/Condition",
            Value::Null,
            "TwilioSecret exists without ByTwilio",
        );
        for (secret, parameter, _) in super::DOCUMENTS {
            let place = properties(secret, "SecretString");
            assert_refused(&place, json!({"Ref": "Brand"}), &format!("{secret} is not {parameter}"));
            let condition = format!("/Resources/{secret}/Condition");
            assert_refused(&condition, Value::Null, &format!("{secret} exists without {parameter}"));
            let shown = format!("/Parameters/{parameter}/NoEcho");
            assert_refused(&shown, Value::Null, &format!("{parameter} goes into a secret but is shown"));
        }
        assert_refused(
            &properties("PepperSecret", "GenerateSecretString"),
            Value::Null,
            "PepperSecret is not generated",
        );
    }

    #[test]
    fn a_provider_that_may_lack_a_parameter_is_refused() {
        assert_refused(
            "/Rules/MetaHasItsNumber/Assertions/0",
            Value::Null,
            "WhatsappProvider meta may be deployed without WhatsappPhoneNumberId",
        );
        assert_refused(
            "/Rules/TwilioHasItsAccount/RuleCondition/Fn::Or/1",
            Value::Null,
            "SmsProvider twilio may be deployed without TwilioAccountSid",
        );
        assert_refused(
            "/Rules/RapiwaHasItsSecret/Assertions/0/AssertDescription",
            json!("no"),
            "WhatsappProvider rapiwa may be deployed without RapiwaSecretJson",
        );
        assert_refused(
            "/Parameters/MetaAppSecret/Default",
            Value::Null,
            "MetaAppSecret must be given where nothing needs it",
        );
    }
}
