//! What recoup itself answers a buyer who wrote: short texts, as data, sent while WhatsApp's window is open or by text message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Name, QuickReply};

/// What is answered. Each is a file in `answers/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// A stop was heard; nothing follows it.
    Stopped,
    /// A start was heard.
    Started,
    /// A person will answer.
    Help,
    /// Here it can be paid.
    PayLink,
    /// The messages wait.
    Later,
}

impl AnswerKind {
    /// Every answer.
    pub const ALL: [Self; 5] = [Self::Stopped, Self::Started, Self::Help, Self::PayLink, Self::Later];

    /// The name of its file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Started => "started",
            Self::Help => "help",
            Self::PayLink => "pay_link",
            Self::Later => "later",
        }
    }
}

/// One answer in every language it is written in. Its only variables are `{brand}` and, where the buyer asked for it, `{link}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerText {
    /// The name, equal to the file's.
    pub name: Name,
    /// The words by language.
    pub language: BTreeMap<String, AnswerWords>,
}

/// The words of one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerWords {
    /// The text: the brand first, since a text message shows nothing else of its sender.
    pub text: String,
    /// Buttons under it on WhatsApp, at most three.
    #[serde(default)]
    pub buttons: Vec<QuickReply>,
}

impl AnswerText {
    /// Reads an answer and checks it.
    ///
    /// # Errors
    /// A sentence naming the language and the broken rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let answer: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        for (language, words) in &answer.language {
            answer.lint(words).map_err(|rule| format!("{language}: {rule}"))?;
        }
        if answer.language.contains_key("en") { Ok(answer) } else { Err("en: is missing".to_owned()) }
    }

    fn lint(&self, words: &AnswerWords) -> Result<(), &'static str> {
        let known = words.text.replace("{brand}", "").replace("{link}", "");
        if known.contains(['{', '}', '\n', '\t']) || !words.text.starts_with("{brand}") {
            return Err("an answer is one line, begins with the brand, and names nothing but brand and link");
        }
        if (self.name.as_str() == AnswerKind::PayLink.as_str()) != words.text.contains("{link}") {
            return Err("the link stands where the buyer asked for it and nowhere else");
        }
        if self.name.as_str() == AnswerKind::Stopped.as_str() && !words.buttons.is_empty() {
            return Err("nothing is asked of a buyer who said stop");
        }
        let label = |label: &str| (1..=20).contains(&label.chars().count());
        let fits = words.buttons.len() <= 3 && words.buttons.iter().all(|button| label(&button.label));
        if fits { Ok(()) } else { Err("at most three buttons, each of 1 to 20 characters") }
    }

    /// The words in the buyer's language, or in the default one, or in English.
    pub fn words(&self, locale: Option<&str>, default_locale: &str) -> Option<(&str, &AnswerWords)> {
        let tag = locale.unwrap_or(default_locale).replace('-', "_");
        let primary = tag.split('_').next().unwrap_or_default();
        let languages = [tag.as_str(), primary, default_locale, "en"];
        let found = languages.into_iter().find_map(|language| self.language.get_key_value(language));
        found.map(|(language, words)| (language.as_str(), words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    #[test]
    fn o28_r18_every_answer_is_written_in_all_languages_of_the_reader() {
        for kind in AnswerKind::ALL {
            let answer = Library::answer(kind).unwrap_or_else(|| panic!("{}", kind.as_str()));
            for language in ["ar", "de", "en", "es", "fr", "hi", "id", "pt"] {
                assert!(answer.language.contains_key(language), "{} in {language}", kind.as_str());
            }
        }
    }

    #[test]
    fn an_answer_that_breaks_a_rule_is_refused() {
        let make = |name: &str, text: &str, more: &str| {
            AnswerText::parse(&format!("name = \"{name}\"\n[language.en]\ntext = \"{text}\"\n{more}"))
        };
        assert!(make("help", "{brand}: hello", "").is_ok());
        for (made, rule) in [
            (make("help", "hello", ""), "begins with the brand"),
            (make("help", "{brand} {amount}", ""), "nothing but brand and link"),
            (make("help", "{brand} {link}", ""), "nowhere else"),
            (make("pay_link", "{brand} pays", ""), "nowhere else"),
            (
                make("stopped", "{brand} ok", "buttons = [{ label = \"No\", payload = \"START\" }]"),
                "said stop",
            ),
            (make("help", "{brand} ok", "buttons = [{ label = \"\", payload = \"STOP\" }]"), "1 to 20"),
        ] {
            let error = made.expect_err(rule);
            assert!(error.contains(rule), "{error} should say {rule}");
        }
    }
}
