//! How fast the WhatsApp sender may be: not above what Meta allows the number.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Template, entries, items};

/// How long a sender needs for its batch, in milliseconds: its messages leave at once.
const BATCH_MILLISECONDS: u64 = 500;

/// Checks that no rate Meta allows is exceeded, and that half of it is used.
pub(crate) fn problems(template: &Template, event: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let places = [
        ("BatchSize", &event["BatchSize"]),
        ("MaximumConcurrency", &event["ScalingConfig"]["MaximumConcurrency"]),
    ];
    for (key, value) in places {
        let expected = json!({"Fn::FindInMap": ["SendRate", {"Ref": "WhatsappMessagesPerSecond"}, key]});
        if *value != expected {
            found.push(format!("whatsapp-sender: {key} is {value}, not {expected}"));
        }
    }
    let rates = &template.0["Mappings"]["SendRate"];
    let parameter = &template.0["Parameters"]["WhatsappMessagesPerSecond"];
    let allowed: BTreeSet<String> =
        items(&parameter["AllowedValues"]).into_iter().map(Value::to_string).collect();
    let mapped: BTreeSet<String> = entries(rates).map(|(rate, _)| rate.to_owned()).collect();
    if allowed != mapped || !allowed.contains(&parameter["Default"].to_string()) {
        found.push(format!("SendRate has {mapped:?} and WhatsappMessagesPerSecond allows {allowed:?}"));
    }
    for (rate, sizes) in entries(rates) {
        let (instances, batch) = (sizes["MaximumConcurrency"].as_u64(), sizes["BatchSize"].as_u64());
        let (instances, batch) = (instances.unwrap_or_default(), batch.unwrap_or_default());
        let leave = instances * batch * 1000 / BATCH_MILLISECONDS;
        let most = rate.parse().unwrap_or(0);
        if leave > most || leave * 2 < most {
            found.push(format!("SendRate {rate}: {instances} x {batch} messages make {leave} a second"));
        }
        if instances < 2 || !(1..=10).contains(&batch) {
            found.push(format!(
                "SendRate {rate}: {instances} instances or batches of {batch} are not possible"
            ));
        }
    }
    found
}

mod refusals {
    use serde_json::{Value, json};

    use crate::planted::assert_refused;

    #[test]
    fn a_send_rate_above_what_meta_allows_is_refused() {
        let eighty = "/Mappings/SendRate/80";
        assert_refused(
            &format!("{eighty}/MaximumConcurrency"),
            json!(8),
            "SendRate 80: 8 x 10 messages make 160",
        );
        assert_refused(&format!("{eighty}/BatchSize"), json!(4), "SendRate 80: 4 x 4 messages make 32");
        assert_refused("/Mappings/SendRate/20/MaximumConcurrency", json!(1), "SendRate 20: 1 instances");
        assert_refused(eighty, Value::Null, "and WhatsappMessagesPerSecond allows");
        assert_refused(
            "/Parameters/WhatsappMessagesPerSecond/Default",
            json!(40),
            "WhatsappMessagesPerSecond allows",
        );
    }
}
