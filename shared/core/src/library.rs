//! The playbooks and templates this build carries.

use std::sync::OnceLock;

use ring::digest;

use crate::{AnswerKind, AnswerText, Category, Channel, Name, Playbook, Template};

include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// One parsed value for each file of a folder, made when it is first asked for and kept for the process.
struct Shelf<T: 'static> {
    files: &'static [(&'static str, &'static str)],
    parsed: OnceLock<Vec<OnceLock<Option<T>>>>,
}

impl<T> Shelf<T> {
    const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, parsed: OnceLock::new() }
    }

    fn get(&self, name: &str, parse: impl FnOnce(&'static str) -> Option<T>) -> Option<&T> {
        let index = self.files.iter().position(|(file, _)| *file == name)?;
        let parsed = self.parsed.get_or_init(|| self.files.iter().map(|_| OnceLock::new()).collect());
        parsed.get(index)?.get_or_init(|| parse(self.files[index].1)).as_ref()
    }
}

static PLAYBOOKS: Shelf<(String, Playbook)> = Shelf::new(PLAYBOOK_JSON);
static TEMPLATES: Shelf<Template> = Shelf::new(TEMPLATE_JSON);
static ANSWERS: Shelf<AnswerText> = Shelf::new(ANSWER_JSON);

/// The playbooks and templates of this build.
#[derive(Debug, Clone, Copy, Default)]
pub struct Library;

impl Library {
    /// The text of the current playbook of this name.
    pub fn playbook_text(name: &str) -> Option<&'static str> {
        PLAYBOOK_FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
    }

    /// The text of the template of this name.
    pub fn template_text(name: &str) -> Option<&'static str> {
        TEMPLATE_FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
    }

    /// Name and text of every template.
    pub fn template_files() -> &'static [(&'static str, &'static str)] {
        TEMPLATE_FILES
    }

    /// The current version of a playbook: the first 8 hex digits of its text's SHA-256.
    pub fn playbook_version(name: &str) -> Option<&'static str> {
        Self::file(name).map(|(version, _)| version.as_str())
    }

    /// The playbook a case was opened with. A superseded text stays in the folder as `<name>@<version>.toml`, so that
    /// cases opened with it end with it.
    pub fn playbook(name: &Name, version: &str) -> Option<&'static Playbook> {
        let current = Self::file(name.as_str()).filter(|(current, _)| current == version);
        let superseded = || Self::file(&format!("{name}@{version}"));
        current.or_else(superseded).map(|(_, playbook)| playbook)
    }

    fn file(name: &str) -> Option<&'static (String, Playbook)> {
        PLAYBOOKS.get(name, |json| {
            Some((version_of(Self::playbook_text(name)?), serde_json::from_str(json).ok()?))
        })
    }

    /// The template of this name.
    pub fn template(name: &Name) -> Option<&'static Template> {
        TEMPLATES.get(name.as_str(), |json| serde_json::from_str(json).ok())
    }

    /// What is answered a buyer who wrote.
    pub fn answer(kind: AnswerKind) -> Option<&'static AnswerText> {
        ANSWERS.get(kind.as_str(), |json| serde_json::from_str(json).ok())
    }
}

fn version_of(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let first = hash.as_ref().first_chunk().copied().map_or(0, u32::from_be_bytes);
    format!("{first:08x}")
}

/// Checks that every text a playbook names exists in the right category; the build's own test runs it.
///
/// # Errors
/// A sentence naming the playbook, the step and the fault.
pub fn lint_library() -> Result<(), String> {
    for (file, text) in PLAYBOOK_FILES {
        let playbook = Playbook::parse(text).map_err(|error| format!("{file}: {error}"))?;
        let (name, version) = file.split_once('@').unwrap_or((file, ""));
        if playbook.name.as_str() != name || !version.is_empty() && version_of(text) != version {
            return Err(format!(
                "{file}: the file is named after the playbook and, if superseded, its version"
            ));
        }
        for step in &playbook.steps {
            let mut wanted = vec![(&step.template, step.category)];
            wanted.extend(step.without_consent.iter().map(|name| (name, Category::Utility)));
            wanted.extend(playbook.by_attempt.iter().map(|name| (name, Category::Utility)));
            for (name, category) in wanted {
                let template =
                    Library::template(name).ok_or_else(|| format!("{file}: no template {name}"))?;
                if template.category != category {
                    return Err(format!("{file}: {name} is not {category:?}"));
                }
                if step.channel == Channel::Push && template.language.values().any(|text| text.push.is_none())
                {
                    return Err(format!("{file}: {name} has no notification in one of its languages"));
                }
            }
        }
    }
    for (file, text) in ANSWER_FILES {
        let answer = AnswerText::parse(text).map_err(|error| format!("{file}: {error}"))?;
        if answer.name.as_str() != *file || AnswerKind::ALL.iter().all(|kind| kind.as_str() != *file) {
            return Err(format!("{file}: the file is named after an answer"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_playbook_names_texts_that_exist_in_the_right_category() {
        assert_eq!(lint_library(), Ok(()));
    }

    #[test]
    fn what_a_function_reads_is_what_the_files_say() {
        for (file, text) in PLAYBOOK_FILES {
            assert_eq!(
                Playbook::parse(text).ok().as_ref(),
                Library::file(file).map(|(_, playbook)| playbook),
                "{file}"
            );
        }
        for (file, text) in TEMPLATE_FILES {
            let name = Name::parse(file).expect("well formed");
            let parsed = Template::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(Some(&parsed), Library::template(&name), "{file}");
        }
        for (file, text) in ANSWER_FILES {
            let parsed = AnswerText::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let kind = AnswerKind::ALL.into_iter().find(|kind| kind.as_str() == *file);
            assert_eq!(Some(&parsed), kind.and_then(Library::answer), "{file}");
            assert_eq!(parsed.name.as_str(), *file);
        }
    }

    #[test]
    fn a_case_finds_the_version_it_was_opened_with_and_no_other() {
        let name = Name::parse("payment_failed").expect("well formed");
        let version = Library::playbook_version("payment_failed").expect("shipped");
        assert!(Library::playbook(&name, version).is_some());
        assert!(Library::playbook(&name, "00000000").is_none());
    }
}
