//! The templates that the account has, read from the template files: what else is sent, Meta would refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::graph_template::GraphError;
use crate::LocalError;

/// The templates by name and language; an empty set takes every template.
#[derive(Debug, Clone, Default)]
pub struct ApprovedTemplates {
    templates: BTreeMap<(String, String), Approved>,
}

#[derive(Debug, Clone)]
struct Approved {
    /// The variables in the text of the body.
    variables: BTreeSet<String>,
    /// Whether the first button opens a link.
    opens_link: bool,
    quick_replies: usize,
}

#[derive(Deserialize)]
struct TemplateFile {
    name: String,
    variables: BTreeMap<String, String>,
    language: BTreeMap<String, Language>,
}

#[derive(Deserialize)]
struct Language {
    whatsapp: String,
    #[serde(default)]
    quick_replies: Vec<toml::Value>,
}

impl ApprovedTemplates {
    /// Reads every template file of a folder.
    ///
    /// # Errors
    /// [`LocalError`] when the folder cannot be read or a file is not a template.
    pub fn read(folder: &Path) -> Result<Self, LocalError> {
        let io = |source| LocalError::io("read the templates in", folder, source);
        let mut all = Self::default();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text =
                    std::fs::read_to_string(&path).map_err(|source| LocalError::io("read", &path, source))?;
                all.add(&text).map_err(|found| LocalError::Answer {
                    what: format!("template file {}", path.display()),
                    found,
                })?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        let file: TemplateFile = toml::from_str(text).map_err(|error| error.to_string())?;
        for (code, language) in file.language {
            let approved = Approved {
                variables: variables(&language.whatsapp),
                opens_link: file.variables.values().any(|kind| kind == "link"),
                quick_replies: language.quick_replies.len(),
            };
            self.templates.insert((file.name.clone(), code), approved);
        }
        Ok(())
    }

    /// Compares the `template` member of a well-formed message with the template it names.
    pub(super) fn check(&self, template: &Value) -> Result<(), GraphError> {
        if self.templates.is_empty() {
            return Ok(());
        }
        let name = template["name"].as_str().unwrap_or_default();
        let code = template["language"]["code"].as_str().unwrap_or_default();
        let approved = self.templates.get(&(name.to_owned(), code.to_owned())).ok_or_else(|| {
            GraphError::new(
                132_001,
                "(#132001) Template name does not exist in the translation",
                format!("template name ({name}) does not exist in {code}"),
            )
        })?;
        let components = template["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        let body = components.iter().find(|component| component["type"] == "body");
        let given =
            body.and_then(|body| body["parameters"].as_array()).map(Vec::as_slice).unwrap_or_default();
        if given.len() != approved.variables.len() {
            return Err(GraphError::new(
                132_000,
                "(#132000) Number of parameters does not match the expected number of params",
                format!(
                    "body: number of localizable_params ({}) does not match the expected number of params ({})",
                    given.len(),
                    approved.variables.len()
                ),
            ));
        }
        let known = |parameter: &Value| {
            parameter["parameter_name"].as_str().is_some_and(|name| approved.variables.contains(name))
        };
        if !given.iter().all(known) {
            return Err(GraphError::format("body: Parameter name is missing or does not exist"));
        }
        approved.check_buttons(components)
    }
}

impl Approved {
    /// A link button needs its suffix and comes first; the quick replies follow it.
    fn check_buttons(&self, components: &[Value]) -> Result<(), GraphError> {
        let buttons: Vec<&Value> = components.iter().filter(|c| c["type"] == "button").collect();
        let first_reply = usize::from(self.opens_link);
        for button in &buttons {
            let index: usize =
                button["index"].as_str().and_then(|index| index.parse().ok()).unwrap_or(usize::MAX);
            let fits = match button["sub_type"].as_str() {
                Some("url") => self.opens_link && index == 0,
                Some("quick_reply") => (first_reply..first_reply + self.quick_replies).contains(&index),
                _ => false,
            };
            if !fits {
                return Err(GraphError::format(format!(
                    "button at index {index}: the template has no such button"
                )));
            }
        }
        if self.opens_link && buttons.iter().all(|button| button["sub_type"] != "url") {
            return Err(GraphError::new(
                131_008,
                "(#131008) Required parameter is missing",
                "button at index 0 of type Url requires a parameter",
            ));
        }
        Ok(())
    }
}

/// The names in braces.
fn variables(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn approved() -> ApprovedTemplates {
        let mut all = ApprovedTemplates::default();
        let text = r#"
            name = "first"
            [variables]
            name = "person"
            amount = "money"
            link = "link"
            [language.en]
            whatsapp = "Hi {name}, {amount} is open."
            quick_replies = [{ label = "Stop", payload = "STOP" }]
        "#;
        all.add(text).expect("a template");
        all
    }

    fn message() -> Value {
        json!({"name": "first", "language": {"code": "en"}, "components": [
            {"type": "body", "parameters": [
                {"type": "text", "parameter_name": "name", "text": "Ada"},
                {"type": "text", "parameter_name": "amount", "text": "$20.00"}]},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "i/1"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "1",
             "parameters": [{"type": "payload", "payload": "STOP"}]}]})
    }

    #[test]
    fn a_message_that_fits_its_template_passes() {
        assert_eq!(approved().check(&message()), Ok(()));
        assert_eq!(ApprovedTemplates::default().check(&json!({"name": "any"})), Ok(()));
    }

    #[test]
    fn each_misfit_gets_the_graph_code() {
        let without_link = json!([message()["components"][0]]);
        for (pointer, value, code) in [
            ("/name", json!("second"), 132_001),
            ("/language/code", json!("de"), 132_001),
            ("/components/0/parameters", json!([]), 132_000),
            ("/components/0/parameters/1/parameter_name", json!("sum"), 132_012),
            ("/components/2/index", json!("2"), 132_012),
            ("/components/1/index", json!("1"), 132_012),
            ("/components", without_link, 131_008),
        ] {
            let mut message = message();
            *message.pointer_mut(pointer).expect(pointer) = value;
            let error = approved().check(&message).expect_err(pointer);
            assert_eq!(error.answer().body["error"]["code"], code, "{pointer}");
        }
    }
}
