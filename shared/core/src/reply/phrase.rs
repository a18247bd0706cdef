//! Phrases as data: how one is written, and where it is in a text. `rules.tsv` and `when.tsv` are made of them.
//!
//! `word*` is any word that begins so, `_` up to three words between, `#` a number in digits or words, `##` one in digits,
//! `@name` one of a class that a line above names, `$` the end of a clause.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words::{Word, words};

/// A gap stands for so many words at most.
const GAP: usize = 3;

/// What may stand behind the digits of a number: `5th`, `1er`, `3º`.
const ORDINALS: &[&str] = &["", "st", "nd", "rd", "th", "er", "eme", "ten", "te", "º", "ª", "°"];

/// The largest number that is read: nobody is given more.
const LARGEST: u16 = 999;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Word(String),
    Prefix(String),
    Gap,
    /// Nothing but courtesy follows in the clause.
    End,
    /// Digits, or a word for a number.
    Number(Arc<BTreeMap<String, u16>>),
    /// One of several, each without gaps, ends and classes in it.
    Class(Arc<Class>),
}

/// The phrases one of which stands for a class, by their first word: there are many, and few begin with what was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Class {
    by_word: BTreeMap<String, Vec<Vec<Part>>>,
    others: Vec<Vec<Part>>,
}

impl Class {
    fn new(alternatives: Vec<Vec<Part>>) -> Self {
        let mut class = Self::default();
        for alternative in alternatives {
            if let Some(Part::Word(first)) = alternative.first() {
                class.by_word.entry(first.clone()).or_default().push(alternative);
            } else {
                class.others.push(alternative);
            }
        }
        class
    }

    /// Those that may begin with this word.
    fn of(&self, typed: &str) -> impl Iterator<Item = &Vec<Part>> {
        self.by_word.get(typed).into_iter().flatten().chain(&self.others)
    }
}

impl Part {
    /// The words with which it begins, one of them; `None` where it may begin with others too.
    pub(super) fn first_words(&self) -> Option<Vec<&str>> {
        match self {
            Self::Word(word) => Some(vec![word]),
            Self::Class(class) if class.others.is_empty() => {
                Some(class.by_word.keys().map(String::as_str).collect())
            }
            Self::Class(_) | Self::Prefix(_) | Self::Number(_) | Self::Gap | Self::End => None,
        }
    }

    /// Shows the part, and those of its class.
    pub(super) fn each(&self, show: &mut impl FnMut(&Self)) {
        show(self);
        if let Self::Class(class) = self {
            class.by_word.values().flatten().chain(&class.others).flatten().for_each(show);
        }
    }
}

/// Where a phrase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The first word of it.
    pub(super) start: usize,
    /// The first word after it.
    pub(super) end: usize,
    /// How many words it has without those of its gaps.
    pub(super) weight: usize,
    /// The number in it, the last one where there are several.
    pub(super) number: Option<u16>,
}

impl Found {
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The rows of a table: the number of the line, counted from 1, and its three columns, `None` where it has not three.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = (usize, Option<[&'static str; 3]>)> {
    let written = text.lines().enumerate().filter(|(_, row)| !row.is_empty() && !row.starts_with('#'));
    written.map(|(line, row)| {
        let columns: Vec<&'static str> = row.split('\t').collect();
        (line + 1, <[&'static str; 3]>::try_from(columns).ok())
    })
}

/// The classes and the words for numbers of each language.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    classes: BTreeMap<(&'static str, &'static str), Arc<Class>>,
    numbers: BTreeMap<&'static str, Arc<BTreeMap<String, u16>>>,
}

impl Vocabulary {
    /// Takes a row `@name locale words`; `None` when it is there already or a phrase in it has no words, a gap, an end or a class.
    pub(super) fn add_class(
        &mut self,
        name: &'static str,
        locale: &'static str,
        phrases: &'static str,
    ) -> Option<()> {
        let class = Class::new(self.alternatives(locale, phrases)?);
        self.classes.insert((locale, name), Arc::new(class)).is_none().then_some(())
    }

    /// Phrases without gaps, ends and classes.
    pub(super) fn alternatives(&self, locale: &'static str, phrases: &str) -> Option<Vec<Vec<Part>>> {
        let read: Option<Vec<Vec<Part>>> =
            phrases.split(';').map(|phrase| self.parts(locale, phrase)).collect();
        read.filter(|read| {
            read.iter().flatten().all(|part| !matches!(part, Part::Gap | Part::End | Part::Class(_)))
        })
    }

    /// Takes a row of numbers, `2=two,couple;3=three`; `None` when it is there already or malformed.
    pub(super) fn add_numbers(&mut self, locale: &'static str, written: &str) -> Option<()> {
        let mut numbers = BTreeMap::new();
        for entry in written.split(';') {
            let (number, names) = entry.split_once('=')?;
            let number: u16 = number.parse().ok()?;
            numbers.extend(names.split(',').flat_map(words).map(|name| (name.plain, number)));
        }
        self.numbers.insert(locale, Arc::new(numbers)).is_none().then_some(())
    }

    /// Reads a phrase; `None` when it has no words, begins with a gap or an end or names a class that is not there.
    pub(super) fn parts(&self, locale: &'static str, phrase: &str) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        for word in phrase.split_whitespace() {
            let plain = words(word);
            match word {
                "_" => parts.push(Part::Gap),
                "$" => parts.push(Part::End),
                "#" => parts.push(Part::Number(self.numbers.get(locale).cloned().unwrap_or_default())),
                "##" => parts.push(Part::Number(Arc::default())),
                _ if word.starts_with('@') => {
                    parts.push(Part::Class(self.classes.get(&(locale, word))?.clone()));
                }
                _ if word.ends_with('*') && plain.len() == 1 => {
                    parts.extend(plain.into_iter().map(|word| Part::Prefix(word.plain)));
                }
                _ => parts.extend(plain.into_iter().map(|word| Part::Word(word.plain))),
            }
        }
        let fits = !parts.is_empty() && !matches!(parts.first(), Some(Part::Gap | Part::End));
        fits.then_some(parts)
    }
}

/// Everywhere in the text where the phrase begins, at its shortest, in one clause.
pub(super) fn everywhere<'a>(parts: &'a [Part], text: &'a [Word]) -> impl Iterator<Item = Found> + 'a {
    (0..text.len()).filter_map(move |start| {
        let clause = text[start..].iter().take_while(|word| word.clause == text[start].clause).count();
        let nothing = Found { start, end: start, weight: 0, number: None };
        found_at(parts, &text[..start + clause], nothing, false)
    })
}

/// The phrase where it is all there is in the text.
pub(super) fn whole(parts: &[Part], text: &[Word]) -> Option<Found> {
    found_at(parts, text, Found { start: 0, end: 0, weight: 0, number: None }, true)
}

/// Goes on from what is found so far with the parts that are left.
fn found_at(parts: &[Part], text: &[Word], so_far: Found, whole: bool) -> Option<Found> {
    let Some((part, rest)) = parts.split_first() else {
        return (!whole || so_far.end == text.len()).then_some(so_far);
    };
    match part {
        Part::Gap => (0..=GAP.min(text.len() - so_far.end))
            .find_map(|skipped| found_at(rest, text, Found { end: so_far.end + skipped, ..so_far }, whole)),
        Part::End => {
            let ends = text[so_far.end..].iter().all(|word| word.polite);
            ends.then(|| found_at(rest, text, so_far, whole)).flatten()
        }
        Part::Class(class) => class.of(&text.get(so_far.end)?.plain).find_map(|alternative| {
            let read = found_at(alternative, text, so_far, false)?;
            found_at(rest, text, read, whole)
        }),
        Part::Word(_) | Part::Prefix(_) | Part::Number(_) => {
            let typed = text.get(so_far.end)?.plain.as_str();
            let number = match part {
                Part::Number(names) => Some(number(names, typed)?),
                Part::Word(word) => (word == typed).then_some(so_far.number)?,
                Part::Prefix(prefix) => typed.starts_with(prefix.as_str()).then_some(so_far.number)?,
                Part::Gap | Part::End | Part::Class(_) => so_far.number,
            };
            let next = Found { end: so_far.end + 1, weight: so_far.weight + 1, number, ..so_far };
            found_at(rest, text, next, whole)
        }
    }
}

fn number(names: &BTreeMap<String, u16>, typed: &str) -> Option<u16> {
    let (digits, ordinal) = typed.split_at(typed.bytes().take_while(u8::is_ascii_digit).count());
    if digits.is_empty() {
        return names.get(typed).copied();
    }
    let read: u16 = digits.parse().ok()?;
    (ORDINALS.contains(&ordinal) && read <= LARGEST).then_some(read)
}
