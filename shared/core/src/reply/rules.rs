//! The rules and how they are weighed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use thiserror::Error;

use super::language::{self, Likely};
use super::phrase::{Found, Part, Vocabulary, everywhere, rows, whole};
use super::words::{LONG, Word, is_slip_of, undressed, words};
use super::{Fired, Intent, Reading, read_when};

const SHIPPED: &str = include_str!("rules.tsv");

/// The line of a rules text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {rule}")]
struct MalformedRules {
    /// Counted from 1.
    line: usize,
    /// What is wrong.
    rule: &'static str,
}

/// What a phrase says of its intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Speaks {
    For,
    /// For it where no other intent has a phrase.
    Weakly,
    /// Against it, wherever in the message it stands.
    Against,
    /// Against the phrases for it that share a word with this one.
    AgainstOverlapping,
}

/// How much of the message the phrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    Part,
    /// All of it.
    Whole,
    /// All of it but words of courtesy.
    WholeButCourtesy,
    /// One of its clauses but words of courtesy.
    Clause,
}

#[derive(Debug)]
struct Rule {
    fired: Fired,
    parts: Vec<Part>,
    extent: Extent,
    speaks: Speaks,
}

/// A message in the forms in which phrases look for themselves.
struct Message {
    words: Vec<Word>,
    undressed: Vec<Word>,
    without_courtesy: Vec<Word>,
}

impl Message {
    fn clauses(&self) -> impl Iterator<Item = &[Word]> {
        self.without_courtesy.chunk_by(|one, next| one.clause == next.clause)
    }
}

/// All rules, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<Rule>,
    /// Which of them may be in a message that has the word, in their order.
    by_word: BTreeMap<String, Vec<usize>>,
    /// Those that may begin with any word.
    of_any: Vec<usize>,
    courtesy: Vec<(&'static str, Vec<Part>)>,
    words: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

pub(super) fn shipped() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::parse(SHIPPED).unwrap_or_default())
}

impl Rules {
    fn parse(text: &'static str) -> Result<Self, MalformedRules> {
        let mut read = Self::default();
        let mut vocabulary = Vocabulary::default();
        for (line, row) in rows(text) {
            let broken = |rule| MalformedRules { line, rule };
            let [head, locale, phrases] =
                row.ok_or_else(|| broken("a rule is an intent, a locale and phrases"))?;
            if head.starts_with('@') {
                vocabulary.add_class(head, locale, phrases).ok_or_else(|| broken("no such class can be"))?;
            } else if head == "courtesy" {
                let words = vocabulary.alternatives(locale, phrases);
                let words = words.ok_or_else(|| broken("courtesy without words"))?;
                read.courtesy.extend(words.into_iter().map(|words| (locale, words)));
            } else if head == "word" {
                read.words.extend(words(phrases).into_iter().map(|word| word.plain));
            } else {
                let intent = Intent::parse(head).ok_or_else(|| broken("no such intent"))?;
                for phrase in phrases.split(';') {
                    let rule = Rule::parse(intent, locale, phrase, &vocabulary)
                        .ok_or_else(|| broken("a phrase without words, or of a class that is not above"))?;
                    read.all.push(rule);
                }
            }
        }
        // The longest first, so that it is taken out as one.
        read.courtesy.sort_by_key(|(_, words)| Reverse(words.len()));
        for part in read.all.iter().flat_map(|rule| &rule.parts) {
            let (words, prefixes) = (&mut read.words, &mut read.prefixes);
            part.each(&mut |part| match part {
                Part::Word(word) => drop(words.insert(word.clone())),
                Part::Prefix(prefix) => drop(prefixes.insert(prefix.clone())),
                Part::Gap | Part::End | Part::Number(_) | Part::Class(_) => {}
            });
        }
        for (index, rule) in read.all.iter().enumerate() {
            match rule.parts.first().and_then(Part::first_words) {
                Some(words) => {
                    for word in words {
                        read.by_word.entry(word.to_owned()).or_default().push(index);
                    }
                }
                None => read.of_any.push(index),
            }
        }
        Ok(read)
    }

    /// The rules that may be in the message, in their order.
    fn that_may_be_in(&self, message: &Message) -> impl Iterator<Item = &Rule> {
        let words = message.words.iter().chain(&message.undressed);
        let of_words = words.filter_map(|word| self.by_word.get(&word.plain)).flatten();
        let indices: BTreeSet<usize> = of_words.chain(&self.of_any).copied().collect();
        indices.into_iter().filter_map(|index| self.all.get(index))
    }

    /// What this text says. A phrase against an intent takes all its phrases out, or those that it overlaps; of what is left, the
    /// two intents that must never be missed come first, then the longest phrase, then the order of the intents.
    pub(super) fn read(&self, text: &str) -> Reading {
        let mut words = words(text);
        for word in &mut words {
            self.correct(word);
        }
        let languages = language::of(&words);
        let message = self.message(text, words, &languages);
        let found = self.found(&message, &languages);
        let strong = || found.iter().filter(|(rule, _)| rule.speaks == Speaks::For);
        let weak = || found.iter().filter(|(rule, _)| rule.speaks == Speaks::Weakly);
        let by_cost = |(rule, found): &&(&Rule, Found)| {
            (tier(rule.fired.intent), Reverse((rule.extent != Extent::Part, found.weight)), rule.fired.intent)
        };
        let first = strong().min_by_key(by_cost);
        let alone = || {
            let first = weak().min_by_key(by_cost)?;
            weak().all(|(rule, _)| rule.fired.intent == first.0.fired.intent).then_some(first)
        };
        let Some((rule, at)) = first.or_else(alone) else {
            return Reading { intent: Intent::Unknown, confidence: 0, rule: None, when: None };
        };
        let intent = rule.fired.intent;
        let others = strong().any(|(other, _)| other.fired.intent != intent);
        let sure = match (rule.speaks, rule.extent, at.weight) {
            (Speaks::Weakly, _, _) => 60,
            (_, Extent::Whole | Extent::WholeButCourtesy, _) => 99,
            (_, Extent::Clause, _) | (_, Extent::Part, 3..) => 95,
            (_, Extent::Part, 2) => 90,
            (_, Extent::Part, _) => 80,
        };
        let confidence = sure - if others { 15 } else { 0 };
        let when = (intent == Intent::Later).then(|| read_when(text)).flatten();
        Reading { intent, confidence, rule: Some(rule.fired), when }
    }

    /// The phrases for an intent that nothing speaks against.
    fn found(&self, message: &Message, languages: &[Likely]) -> Vec<(&Rule, Found)> {
        let of_them = self.that_may_be_in(message).filter(|rule| {
            let says_much = rule.parts.iter().filter(|part| !matches!(part, Part::End)).count() > 1;
            rule.extent != Extent::Part
                || languages.iter().any(|of| of.locale == rule.fired.locale && (of.most || says_much))
        });
        let all: Vec<(&Rule, Found)> = of_them
            .flat_map(|rule| rule.everywhere(message).into_iter().map(move |found| (rule, found)))
            .collect();
        let denied = |rule: &Rule, found: &Found| {
            let of_intent = all.iter().filter(|(other, _)| other.fired.intent == rule.fired.intent);
            let mut of_intent = of_intent.map(|(other, at)| (other.speaks, at));
            of_intent.any(|(speaks, at)| match speaks {
                Speaks::Against => true,
                Speaks::AgainstOverlapping => at.overlaps(found),
                Speaks::For | Speaks::Weakly => false,
            })
        };
        let speaks_for = all.iter().filter(|(rule, _)| matches!(rule.speaks, Speaks::For | Speaks::Weakly));
        speaks_for.filter(|(rule, found)| !denied(rule, found)).copied().collect()
    }

    /// Puts the word of a rule in the place of a long one that is a slip of it and no word of any.
    fn correct(&self, typed: &mut Word) {
        let plain = typed.plain.as_str();
        let long = plain.chars().count() + 1 >= LONG;
        let known =
            || self.words.contains(plain) || self.prefixes.iter().any(|known| plain.starts_with(known));
        let Some(first) = plain.chars().next().filter(|_| long && !known()).map(String::from) else { return };
        let alike = self.words.range(first.clone()..).take_while(|word| word.starts_with(&first));
        if let Some(meant) = alike.into_iter().find(|word| is_slip_of(plain, word)) {
            typed.plain.clone_from(meant);
        }
    }

    fn message(&self, text: &str, mut words: Vec<Word>, languages: &[Likely]) -> Message {
        let likely = |locale: &str| languages.iter().any(|of| of.locale == locale && of.most);
        let mut without_courtesy = Vec::with_capacity(words.len());
        let mut left = words.as_mut_slice();
        while let Some((first, _)) = left.split_first() {
            let polite = |(locale, of_it): &(&str, Vec<Part>)| {
                let length = of_it.len().min(left.len());
                likely(locale).then(|| whole(of_it, &left[..length]).map(|found| found.end)).flatten()
            };
            if let Some(end) = self.courtesy.iter().find_map(polite) {
                let (polite, rest) = left.split_at_mut(end);
                for word in polite {
                    word.polite = true;
                }
                left = rest;
            } else {
                without_courtesy.push(first.clone());
                left = &mut left[1..];
            }
        }
        Message { undressed: undressed(text), words, without_courtesy }
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
    /// Reads a phrase with its marks.
    fn parse(
        intent: Intent,
        locale: &'static str,
        phrase: &'static str,
        vocabulary: &Vocabulary,
    ) -> Option<Self> {
        let (speaks, rest) =
            [('!', Speaks::Against), ('~', Speaks::AgainstOverlapping), ('?', Speaks::Weakly)]
                .into_iter()
                .find_map(|(mark, speaks)| Some((speaks, phrase.strip_prefix(mark)?)))
                .unwrap_or((Speaks::For, phrase));
        let extents = [("==", Extent::WholeButCourtesy), ("=", Extent::Whole), ("|", Extent::Clause)];
        let (extent, rest) = extents
            .into_iter()
            .find_map(|(mark, extent)| Some((extent, rest.strip_prefix(mark)?)))
            .unwrap_or((Extent::Part, rest));
        let parts = vocabulary.parts(locale, rest)?;
        Some(Self { fired: Fired { intent, locale, phrase }, parts, extent, speaks })
    }

    fn everywhere(&self, message: &Message) -> Vec<Found> {
        let all_of = |text: &[Word]| whole(&self.parts, text);
        match self.extent {
            Extent::Part => everywhere(&self.parts, &message.words).collect(),
            Extent::Whole => {
                all_of(&message.words).or_else(|| all_of(&message.undressed)).into_iter().collect()
            }
            Extent::WholeButCourtesy => all_of(&message.words)
                .or_else(|| all_of(&message.undressed))
                .or_else(|| all_of(&message.without_courtesy))
                .into_iter()
                .collect(),
            Extent::Clause => all_of(&message.undressed)
                .or_else(|| message.clauses().find_map(all_of))
                .into_iter()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: &'static str, text: &str) -> Intent {
        Rules::parse(rules).unwrap_or_else(|error| panic!("{error}")).read(text).intent
    }

    #[test]
    fn r18_the_shipped_rules_are_well_formed_and_none_is_there_twice() {
        let rules = Rules::parse(SHIPPED).unwrap_or_else(|error| panic!("{error}"));
        assert!(rules.all.len() > 1_000);
        let mut seen = BTreeSet::new();
        let key = |rule: &Rule| {
            (rule.fired.intent, rule.fired.locale, format!("{:?}", rule.parts), rule.extent, rule.speaks)
        };
        let twice = rules.all.iter().filter(|rule| !seen.insert(key(rule)));
        let twice: Vec<String> = twice.map(|rule| rule.fired.to_string()).collect();
        assert_eq!(twice, Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_named_by_its_line() {
        for (text, rule) in [
            ("stop\ten", "a rule is an intent, a locale and phrases"),
            ("stop\ten\ta\tb", "a rule is an intent, a locale and phrases"),
            ("halt\ten\tstop", "no such intent"),
            ("stop\ten\tstop;;quit", "a phrase without words, or of a class that is not above"),
            ("stop\ten\t_ stop", "a phrase without words, or of a class that is not above"),
            ("stop\ten\t$", "a phrase without words, or of a class that is not above"),
            ("stop\ten\t@cease it", "a phrase without words, or of a class that is not above"),
            ("@cease\ten\tstop _ it", "no such class can be"),
            ("@cease\ten\tstop $", "no such class can be"),
            ("courtesy\ten\tplease;;", "courtesy without words"),
        ] {
            assert_eq!(Rules::parse(text).err(), Some(MalformedRules { line: 1, rule }), "{text}");
        }
    }

    #[test]
    fn a_gap_is_a_few_words_of_a_clause_and_a_prefix_any_word_that_begins_so() {
        let rules = "stop\ten\tstop _ messag*;=quit;!never stop";
        for text in ["stop messages", "please stop all these silly messages", "stop messaging", "quit"] {
            assert_eq!(read(rules, text), Intent::Stop, "{text}");
        }
        for text in [
            "stop it and write me other messages",
            "stop, the messages",
            "i quit",
            "never stop these messages",
            "stop",
        ] {
            assert_eq!(read(rules, text), Intent::Unknown, "{text}");
        }
    }

    #[test]
    fn one_of_a_class_is_as_good_as_another_and_courtesy_is_no_more_than_that() {
        let rules = "@cease\ten\tstop;knock off\ncourtesy\ten\tplease;thank you\n\
                     stop\ten\t@cease messag*;==enough;|basta";
        for text in
            ["stop messaging", "knock off messaging me", "please, enough! thank you", "no, basta please"]
        {
            assert_eq!(read(rules, text), Intent::Stop, "{text}");
        }
        for text in ["knock messaging off", "enough of it", "not enough, thank you", "basta pasta"] {
            assert_eq!(read(rules, text), Intent::Unknown, "{text}");
        }
    }

    #[test]
    fn an_end_is_that_of_a_clause_but_for_courtesy() {
        let rules = "courtesy\ten\tplease;thank you\nhelp\ten\twhat do i do $";
        for text in ["what do i do", "so, what do i do please? thank you", "what do i do, it is late"] {
            assert_eq!(read(rules, text), Intent::Help, "{text}");
        }
        for text in ["what do i do tonight", "what do i do please with this cake"] {
            assert_eq!(read(rules, text), Intent::Unknown, "{text}");
        }
    }

    #[test]
    fn what_speaks_against_takes_out_all_or_what_it_overlaps_and_a_weak_phrase_gives_way() {
        let rules = "stop\ten\tstop messag*;~dont stop;!bus\nhelp\ten\t?error\nlater\ten\ttomorrow";
        for (text, intent) in [
            ("dont stop messaging me", Intent::Unknown),
            ("dont stop messaging. i mean stop messaging", Intent::Stop),
            ("stop messaging about the bus", Intent::Unknown),
            ("some error", Intent::Help),
            ("some error, tomorrow", Intent::Later),
        ] {
            assert_eq!(read(rules, text), intent, "{text}");
        }
    }

    #[test]
    fn a_slip_is_forgiven_unless_it_is_a_word_of_its_own() {
        let rules = "stop\ten\tunsubscribe;dont contact\nword\ten\tcontract";
        assert_eq!(read(rules, "unsuscribe"), Intent::Stop);
        assert_eq!(read(rules, "dont contcat me"), Intent::Stop);
        assert_eq!(read(rules, "dont contract"), Intent::Unknown);
    }
}
