//! What wakes the function that has both a timer and a queue. Input: the event.

use recoup_aws::lambda::{TimerOrQueue, batch, failures};
use serde_json::Value;

/// No event with records is taken for the timer, and every record is answered by its own id.
pub fn check(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<TimerOrQueue>(data) else { return };
    let words: Value = serde_json::from_slice(data).expect("JSON, since it was read");
    // A struct is also read from a list, which nothing delivers.
    if words.is_array() {
        return;
    }
    match event {
        TimerOrQueue::Timer(_) => {
            assert!(words.get("Records").is_none(), "a batch would be forgotten");
        }
        TimerOrQueue::Queue(event) => {
            let records = words["Records"].as_array().map_or(0, Vec::len);
            let received = batch(event);
            assert_eq!(received.len(), records, "a record was lost");
            let ids: Vec<String> = received.into_iter().map(|received| received.id).collect();
            let answer = serde_json::to_value(failures(ids.clone())).expect("an answer is JSON");
            let failed = answer["batchItemFailures"].as_array().expect("a list").iter();
            let named: Vec<_> = failed.map(|failed| failed["itemIdentifier"].as_str()).collect();
            assert_eq!(named, ids.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>());
        }
    }
}
