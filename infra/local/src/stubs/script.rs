//! `POST /_script`: what a stub answers next.

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Which requests an answer is for; a bare string is read as a phone number, or as a template where it holds a letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The phone number the message goes to; `+` and other marks are not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The name of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The id of the object asked for, at a stub that serves objects; the mailbox, at SES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Match {
    fn fits(&self, keys: &Match) -> bool {
        let phones = self
            .phone
            .as_deref()
            .is_none_or(|wanted| keys.phone.as_deref().is_some_and(|found| digits(wanted) == digits(found)));
        phones
            && (self.template.is_none() || self.template == keys.template)
            && (self.id.is_none() || self.id == keys.id)
    }
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drop {
    /// Before the provider accepted anything.
    Before,
    /// After the provider accepted, before its answer left.
    After,
}

/// A status webhook that follows an accepted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextStatus {
    /// `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// The errors of a failed message, in Meta's shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Value>,
    /// How long to wait before it, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

/// One scripted answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextAnswer {
    /// The HTTP status; without it the provider's own answer is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body: JSON, or a string for bare text. A 2xx without a body keeps the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// How long the answer takes, in milliseconds; what is accepted is accepted at once.
    #[serde(default)]
    pub delay_ms: u64,
    /// Cuts the connection instead of answering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Drop>,
    /// Gives this answer only to requests that fit.
    #[serde(
        default,
        rename = "match",
        deserialize_with = "read_match",
        skip_serializing_if = "Option::is_none"
    )]
    pub only: Option<Match>,
    /// Keeps the last answer of the list for every later request.
    #[serde(default)]
    pub repeat: bool,
    /// Status webhooks that follow when the message is accepted at `WhatsApp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<NextStatus>,
}

fn read_match<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Match>, D::Error> {
    let given = Value::deserialize(deserializer)?;
    let Some(text) = given.as_str().map(str::to_owned) else {
        return Option::deserialize(given).map_err(serde::de::Error::custom);
    };
    let mut only = Match::default();
    if text.chars().any(char::is_alphabetic) {
        only.template = Some(text);
    } else {
        only.phone = Some(text);
    }
    Ok(Some(only))
}

/// A script as a list, or with the repetition beside the list.
fn read_script(body: &[u8]) -> Result<Vec<NextAnswer>, serde_json::Error> {
    let mut script: Value = serde_json::from_slice(body)?;
    let Some(list) = script.get_mut("answers").map(Value::take) else {
        return serde_json::from_value(script);
    };
    let mut answers: Vec<NextAnswer> = serde_json::from_value(list)?;
    let repeat = script.get("repeat").and_then(Value::as_bool).unwrap_or_default();
    for answer in &mut answers {
        answer.repeat |= repeat;
    }
    Ok(answers)
}

#[derive(Debug, Clone, Serialize)]
struct Group {
    #[serde(rename = "match")]
    only: Option<Match>,
    answers: VecDeque<NextAnswer>,
    repeat: bool,
}

/// The answers that are still to come, in one list for each distinct match.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Script {
    groups: Vec<Group>,
}

impl Script {
    /// Takes a list in; it replaces what an earlier list left for the same match, and an empty list clears all.
    pub(super) fn put(&mut self, body: &[u8]) -> Result<(), String> {
        let answers =
            read_script(body).map_err(|error| format!("expected a JSON list of answers: {error}"))?;
        for answer in &answers {
            if answer.status.is_some_and(|status| !(200..=599).contains(&status)) {
                return Err("status must be 200 to 599".into());
            }
            if answer.only.as_ref().is_some_and(|only| *only == Match::default()) {
                return Err("match must name a phone, a template or an id".into());
            }
        }
        if answers.is_empty() {
            self.groups.clear();
        }
        let mut fresh: Vec<Group> = Vec::new();
        for answer in answers {
            let known = fresh.iter_mut().position(|group| group.only == answer.only);
            let at = known.unwrap_or_else(|| {
                fresh.push(Group { only: answer.only.clone(), answers: VecDeque::new(), repeat: false });
                fresh.len() - 1
            });
            fresh[at].repeat |= answer.repeat;
            fresh[at].answers.push_back(answer);
        }
        self.groups.retain(|old| fresh.iter().all(|new| new.only != old.only));
        self.groups.extend(fresh);
        Ok(())
    }

    /// The answer to a request: one scripted for it, else one scripted for all, else none.
    pub(super) fn next(&mut self, keys: &Match) -> Option<NextAnswer> {
        let fitting = |only: &Option<Match>| only.as_ref().is_some_and(|only| only.fits(keys));
        let at = self
            .groups
            .iter()
            .position(|group| fitting(&group.only))
            .or_else(|| self.groups.iter().position(|group| group.only.is_none()))?;
        let group = &mut self.groups[at];
        if group.repeat && group.answers.len() == 1 {
            return group.answers.front().cloned();
        }
        let answer = group.answers.pop_front();
        if group.answers.is_empty() {
            self.groups.remove(at);
        }
        answer
    }
}

/// The digits of a phone number, for comparing.
pub(super) fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(phone: &str) -> Match {
        Match { phone: Some(phone.into()), template: Some("day_0".into()), id: None }
    }

    fn statuses(script: &mut Script, phone: &str, count: usize) -> Vec<Option<u16>> {
        (0..count).map(|_| script.next(&keys(phone)).and_then(|answer| answer.status)).collect()
    }

    #[test]
    fn answers_come_in_order_and_the_last_repeats() {
        let mut script = Script::default();
        script.put(br#"[{"status":500},{"status":429,"repeat":true}]"#).expect("a script");
        assert_eq!(statuses(&mut script, "+1555", 4), [Some(500), Some(429), Some(429), Some(429)]);
    }

    #[test]
    fn a_match_comes_before_the_rest_and_ends() {
        let mut script = Script::default();
        script.put(br#"[{"status":503},{"status":400,"match":{"phone":"15550001"}}]"#).expect("a script");
        assert_eq!(statuses(&mut script, "+1555 0001", 3), [Some(400), Some(503), None]);
        script.put(br#"[{"status":400,"match":{"template":"day_3"}}]"#).expect("a script");
        assert_eq!(statuses(&mut script, "+1555", 1), [None]);
    }

    #[test]
    fn a_later_list_replaces_the_same_match_only() {
        let mut script = Script::default();
        script
            .put(br#"[{"status":400,"match":{"phone":"1"},"repeat":true},{"status":503,"repeat":true}]"#)
            .expect("a script");
        script.put(br#"[{"status":500}]"#).expect("a script");
        assert_eq!(statuses(&mut script, "2", 2), [Some(500), None]);
        assert_eq!(statuses(&mut script, "1", 1), [Some(400)]);
        script.put(b"[]").expect("a script");
        assert_eq!(statuses(&mut script, "1", 1), [None]);
    }

    #[test]
    fn the_repetition_may_stand_beside_the_list_and_a_match_may_be_a_string() {
        let mut script = Script::default();
        script
            .put(br#"{"answers":[{"status":503,"match":"+1555"},{"status":400,"match":"day_0"}],"repeat":true}"#)
            .expect("a script");
        assert_eq!(statuses(&mut script, "1555", 2), [Some(503), Some(503)]);
        assert_eq!(statuses(&mut script, "1666", 1), [Some(400)]);
    }

    #[test]
    fn a_malformed_script_says_what_is_wrong() {
        let mut script = Script::default();
        for (body, said) in [
            (&b"{"[..], "JSON list"),
            (br#"[{"stauts":500}]"#, "stauts"),
            (br#"[{"status":99}]"#, "200 to 599"),
            (br#"[{"match":{}}]"#, "match must name"),
            (br#"[{"drop":"later"}]"#, "later"),
        ] {
            let error = script.put(body).expect_err("malformed");
            assert!(error.contains(said), "{error}");
        }
    }
}
