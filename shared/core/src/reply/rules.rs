//! The rules and how they are matched.

use std::cmp::Reverse;
use std::sync::OnceLock;

use thiserror::Error;

use super::words::words;
use super::{Fired, Intent, Reading, language};

const SHIPPED: &str = include_str!("rules.tsv");

/// A gap stands for so many words at most.
const GAP: usize = 3;

/// The line of a rules text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {rule}")]
struct MalformedRules {
    /// Counted from 1.
    line: usize,
    /// What is wrong.
    rule: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Word(String),
    Prefix(String),
    Gap,
}

#[derive(Debug)]
struct Rule {
    fired: Fired,
    parts: Vec<Part>,
    whole: bool,
    against: bool,
}

/// All rules, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

pub(super) fn shipped() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::parse(SHIPPED).unwrap_or_default())
}

impl Rules {
    fn parse(text: &'static str) -> Result<Self, MalformedRules> {
        let mut rules = Vec::new();
        for (line, row) in
            text.lines().enumerate().filter(|(_, row)| !row.is_empty() && !row.starts_with('#'))
        {
            let broken = |rule| MalformedRules { line: line + 1, rule };
            let mut columns = row.split('\t');
            let (Some(intent), Some(locale), Some(phrases), None) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                return Err(broken("a rule is an intent, a locale and phrases"));
            };
            let intent = Intent::parse(intent).ok_or_else(|| broken("no such intent"))?;
            for phrase in phrases.split(';') {
                let rule =
                    Rule::parse(intent, locale, phrase).ok_or_else(|| broken("a phrase without words"))?;
                rules.push(rule);
            }
        }
        Ok(Self(rules))
    }

    /// What these words say. A phrase against an intent takes all its phrases out; of what is left, the two intents that must
    /// never be missed come first, then the longest phrase, then the order of the intents.
    pub(super) fn read(&self, text: &[String], undressed: &[String]) -> Reading {
        let languages = language::of(text);
        let found: Vec<(&Rule, usize)> = self
            .0
            .iter()
            .filter(|rule| rule.whole || languages.contains(&rule.fired.locale))
            .filter_map(|rule| Some((rule, rule.weight(text, undressed)?)))
            .collect();
        let denied =
            |intent: Intent| found.iter().any(|(rule, _)| rule.against && rule.fired.intent == intent);
        let left = || found.iter().filter(|(rule, _)| !rule.against && !denied(rule.fired.intent));
        let first = left().min_by_key(|(rule, weight)| {
            (tier(rule.fired.intent), Reverse((rule.whole, *weight)), rule.fired.intent)
        });
        let Some((rule, weight)) = first else {
            return Reading { intent: Intent::Unknown, confidence: 0, rule: None };
        };
        let intent = rule.fired.intent;
        let others = left().any(|(other, _)| other.fired.intent != intent);
        let sure = match (rule.whole, weight) {
            (true, _) => 99,
            (false, 3..) => 95,
            (false, 2) => 90,
            (false, _) => 80,
        };
        let confidence = sure - if others { 15 } else { 0 };
        Reading { intent, confidence, rule: Some(rule.fired) }
    }
}

/// Those whose miss harms somebody come first, then those after which nobody may be asked to pay.
fn tier(intent: Intent) -> u8 {
    match intent {
        Intent::Distress => 0,
        Intent::Stop | Intent::Start => 1,
        Intent::WrongPerson | Intent::Dispute => 2,
        Intent::PaidAlready => 3,
        Intent::Later | Intent::Help | Intent::PayLink | Intent::Unknown => 4,
    }
}

impl Rule {
    fn parse(intent: Intent, locale: &'static str, phrase: &'static str) -> Option<Self> {
        let (against, rest) = phrase.strip_prefix('!').map_or((false, phrase), |rest| (true, rest));
        let (whole, rest) = rest.strip_prefix('=').map_or((false, rest), |rest| (true, rest));
        let mut parts = Vec::new();
        for word in rest.split_whitespace() {
            let prefix = word.ends_with('*');
            match (word, words(word)) {
                ("_", _) => parts.push(Part::Gap),
                (_, plain) if prefix && plain.len() == 1 => parts.extend(plain.into_iter().map(Part::Prefix)),
                (_, plain) => parts.extend(plain.into_iter().map(Part::Word)),
            }
        }
        let fits = !parts.is_empty() && !matches!(parts.first(), Some(Part::Gap));
        fits.then_some(Self { fired: Fired { intent, locale, phrase }, parts, whole, against })
    }

    /// How many words of its own the phrase has, if it is in the text.
    fn weight(&self, text: &[String], undressed: &[String]) -> Option<usize> {
        let found = if self.whole {
            ends_at(&self.parts, text, true) || ends_at(&self.parts, undressed, true)
        } else {
            (0..text.len()).any(|start| ends_at(&self.parts, &text[start..], false))
        };
        found.then(|| self.parts.iter().filter(|part| **part != Part::Gap).count())
    }
}

/// Whether the words begin with the parts, and, for a whole message, are nothing else.
fn ends_at(parts: &[Part], text: &[String], whole: bool) -> bool {
    match parts.split_first() {
        None => !whole || text.is_empty(),
        Some((Part::Gap, rest)) => {
            (0..=GAP.min(text.len())).any(|skipped| ends_at(rest, &text[skipped..], whole))
        }
        Some((Part::Word(word), rest)) => {
            text.first().is_some_and(|first| first == word) && ends_at(rest, &text[1..], whole)
        }
        Some((Part::Prefix(prefix), rest)) => {
            text.first().is_some_and(|first| first.starts_with(prefix.as_str()))
                && ends_at(rest, &text[1..], whole)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::words::undressed;
    use super::*;

    #[test]
    fn r18_the_shipped_rules_are_well_formed_and_none_is_there_twice() {
        let rules = Rules::parse(SHIPPED).unwrap_or_else(|error| panic!("{error}"));
        assert!(rules.0.len() > 1_000);
        let mut seen = BTreeSet::new();
        let key = |rule: &Rule| {
            (rule.fired.intent, rule.fired.locale, format!("{:?}", rule.parts), rule.whole, rule.against)
        };
        let twice = rules.0.iter().filter(|rule| !seen.insert(key(rule)));
        let twice: Vec<String> = twice.map(|rule| rule.fired.to_string()).collect();
        assert_eq!(twice, Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_named_by_its_line() {
        for (text, rule) in [
            ("stop\ten", "a rule is an intent, a locale and phrases"),
            ("stop\ten\ta\tb", "a rule is an intent, a locale and phrases"),
            ("halt\ten\tstop", "no such intent"),
            ("stop\ten\tstop;;quit", "a phrase without words"),
            ("stop\ten\t_ stop", "a phrase without words"),
        ] {
            assert_eq!(Rules::parse(text).err(), Some(MalformedRules { line: 1, rule }), "{text}");
        }
    }

    #[test]
    fn a_gap_is_a_few_words_and_a_prefix_any_word_that_begins_so() {
        let rules = Rules::parse("stop\ten\tstop _ messag*;=quit;!never stop").expect("well formed");
        let read = |text: &str| rules.read(&words(text), &undressed(text)).intent;
        for text in ["stop messages", "please stop all these silly messages", "stop messaging", "quit"] {
            assert_eq!(read(text), Intent::Stop, "{text}");
        }
        for text in ["stop it and write me other messages", "i quit", "never stop these messages", "stop"] {
            assert_eq!(read(text), Intent::Unknown, "{text}");
        }
    }
}
