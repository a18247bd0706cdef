//! Ids of templates where a provider, or a country's registry, gives each text an id of its own.

use std::collections::BTreeMap;

use recoup_core::Name;

use crate::endpoint::require;
use crate::{EncodeError, MalformedSetting};

/// The ids of templates by name and language: Twilio's contents, MSG91's flows, India's DLT content templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered(BTreeMap<Name, BTreeMap<String, String>>);

impl Registered {
    /// Reads a setting such as `{"payment_failed_first": {"en": "HX…", "pt_BR": "HX…"}}`.
    ///
    /// # Errors
    /// [`MalformedSetting`] naming `setting` when it is not that, or when a language or an id is not 1 to 64 letters,
    /// digits, `_` and `-`.
    pub fn parse(json: &str, setting: &'static str) -> Result<Self, MalformedSetting> {
        let table = serde_json::from_str(json).map_err(|_| MalformedSetting { setting })?;
        let registered = Self(table);
        registered.require_ids(plain, setting)?;
        require(registered.0.values().flat_map(BTreeMap::keys).all(|language| plain(language)), setting)?;
        Ok(registered)
    }

    /// Insists on the shape that a provider gives its ids.
    pub(crate) fn require_ids(
        &self,
        fits: fn(&str) -> bool,
        setting: &'static str,
    ) -> Result<(), MalformedSetting> {
        require(self.0.values().flat_map(BTreeMap::values).all(|id| fits(id)), setting)
    }

    /// The id of a template in one language; there is no fallback between languages.
    pub(crate) fn id(&self, template: &Name, language: &str) -> Result<&str, EncodeError> {
        let id = self.0.get(template).and_then(|languages| languages.get(language));
        id.map(String::as_str).ok_or_else(|| EncodeError::NotRegistered {
            template: template.clone(),
            language: language.to_owned(),
        })
    }
}

fn plain(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f31_a_table_that_is_none_is_refused_by_name() {
        assert_eq!(Registered::parse("{}", "contents"), Ok(Registered::default()));
        for json in [
            "",
            "[]",
            "null",
            r#"{"payment failed": {"en": "1"}}"#,
            r#"{"payment_failed": "1"}"#,
            r#"{"payment_failed": {"en": 1}}"#,
            r#"{"payment_failed": {"en": ""}}"#,
            r#"{"payment_failed": {"en": "1 2"}}"#,
            r#"{"payment_failed": {"": "1"}}"#,
        ] {
            let expected = Err(MalformedSetting { setting: "contents" });
            assert_eq!(Registered::parse(json, "contents"), expected, "{json}");
        }
    }

    #[test]
    fn an_id_is_found_by_name_and_language_alone() {
        let json = r#"{"payment_failed": {"en": "1107", "pt_BR": "1108"}}"#;
        let table = Registered::parse(json, "contents").expect("well formed");
        let (known, other) = (Name::parse("payment_failed"), Name::parse("cart"));
        let (known, other) = (known.expect("well formed"), other.expect("well formed"));
        assert_eq!(table.id(&known, "pt_BR"), Ok("1108"));
        for (template, language) in [(&known, "pt"), (&known, "en_US"), (&other, "en")] {
            let error = table.id(template, language).expect_err("not in the table");
            assert_eq!(error.code(), "template_not_registered");
            assert_eq!(
                error.to_string(),
                format!("template {template} in {language} is not registered at the provider")
            );
        }
    }
}
