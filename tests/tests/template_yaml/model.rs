//! The template as JSON with its short tags spelled out, and the facts of the code it is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use recoup_aws::config::{COMMON_VARIABLES, variables_of};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// A template, with every short tag spelled out: `!Ref X` is `{"Ref": "X"}`.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

/// What the repository holds beside the template.
#[derive(Clone)]
pub(crate) struct Code {
    /// Folders under `functions`, each the name of a package and of its binary.
    pub(crate) packages: BTreeSet<String>,
    /// Names of environment variables a function reads.
    pub(crate) variables: BTreeMap<String, BTreeSet<String>>,
    /// Sample invocations by file stem.
    pub(crate) samples: BTreeMap<String, Value>,
    /// Deployment settings of samconfig.toml by environment.
    pub(crate) deployments: BTreeMap<String, Value>,
}

impl Template {
    /// Reads template.yaml of the repository.
    pub(crate) fn of_the_repository() -> Self {
        let text = fs::read_to_string(root().join("template.yaml")).expect("template.yaml is in the root");
        Self::parse(&text)
    }

    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Self {
        Self(long_form(serde_yaml_ng::from_str(text).expect("template.yaml is YAML")))
    }

    /// The properties of a resource; null where it is missing.
    pub(crate) fn properties(&self, resource: &str) -> &Value {
        &self.0["Resources"][resource]["Properties"]
    }

    /// The resources of one type, by logical name.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        entries(&self.0["Resources"]).filter(|(_, resource)| resource["Type"] == kind).collect()
    }

    /// The functions' properties by the name of the binary they run.
    pub(crate) fn functions(&self) -> BTreeMap<&str, &Value> {
        self.resources("AWS::Serverless::Function")
            .into_values()
            .map(|function| {
                (text(&function["Metadata"]["BuildProperties"]["Binary"]), &function["Properties"])
            })
            .collect()
    }

    /// The events of a type that one function listens to.
    pub(crate) fn events<'a>(function: &'a Value, kind: &str) -> Vec<&'a Value> {
        entries(&function["Events"])
            .filter(|(_, event)| event["Type"] == kind)
            .map(|(_, event)| &event["Properties"])
            .collect()
    }

    /// A number, or the default of the parameter that stands for it.
    pub(crate) fn number(&self, value: &Value) -> Option<u64> {
        match value["Ref"].as_str() {
            Some(parameter) => self.0["Parameters"][parameter]["Default"].as_u64(),
            None => value.as_u64(),
        }
    }
}

impl Code {
    /// Reads the folders, the configuration's names and the samples of the repository.
    pub(crate) fn of_the_repository() -> Self {
        let packages: BTreeSet<String> =
            paths(&root().join("functions")).iter().map(|folder| package_of(folder)).collect();
        let variables = packages
            .iter()
            .map(|name| {
                let own = variables_of(name);
                let read = COMMON_VARIABLES.iter().copied().chain(own.iter().copied());
                (name.clone(), read.map(str::to_owned).collect())
            })
            .collect();
        let samples = paths(&root().join("infra/events")).iter().map(|file| sample_of(file)).collect();
        Self { packages, variables, samples, deployments: deployments() }
    }
}

/// `sms-fallback` or `SMS_FALLBACK` as `SmsFallback`.
pub(crate) fn pascal(name: &str) -> String {
    name.split(['-', '_'])
        .flat_map(|word| {
            let (first, rest) = word.split_at(1);
            [first.to_uppercase(), rest.to_lowercase()]
        })
        .collect()
}

/// The members of an object, in order; none when it is something else.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// The items of a list, or the one value that stands for it.
pub(crate) fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// A text; empty when it is something else.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What a value points at, as one readable word: the logical name, or the text with its account left out.
pub(crate) fn target(value: &Value) -> String {
    let attribute = &value["Fn::GetAtt"];
    if let (Some(name), Some("Arn" | "Id")) = (attribute[0].as_str(), attribute[1].as_str()) {
        return name.to_owned();
    }
    if let Some(name) = value["Ref"].as_str() {
        return name.to_owned();
    }
    if let Some([Value::String(condition), then, otherwise]) = value["Fn::If"].as_array().map(Vec::as_slice) {
        return format!("{} if {condition} else {}", target(then), target(otherwise));
    }
    if value["Fn::Join"][0] == "," {
        return target(&value["Fn::Join"][1]);
    }
    if let (Some(pattern), Some(names)) = (value["Fn::Sub"][0].as_str(), value["Fn::Sub"][1].as_object()) {
        let put = |text: String, (name, value): (&String, &Value)| {
            text.replace(&format!("${{{name}}}"), &target(value))
        };
        return names.iter().fold(pattern.to_owned(), put);
    }
    if let Some(pattern) = value["Fn::Sub"].as_str().or(value.as_str()) {
        return pattern
            .replace("arn:${AWS::Partition}:", "")
            .replace(":${AWS::Region}:${AWS::AccountId}:", ":");
    }
    value.to_string()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    paths.sort();
    paths
}

fn deployments() -> BTreeMap<String, Value> {
    let config = fs::read_to_string(root().join("samconfig.toml")).expect("samconfig.toml is in the root");
    let config: toml::Table = config.parse().expect("samconfig.toml is TOML");
    config
        .into_iter()
        .filter_map(|(name, environment)| {
            let settings = environment.get("deploy")?.get("parameters")?;
            Some((name, serde_json::to_value(settings).expect("TOML without dates is JSON")))
        })
        .collect()
}

fn package_of(folder: &Path) -> String {
    let manifest = folder.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let package = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
    assert_eq!(Some(package.as_str()), folder.file_name().and_then(|name| name.to_str()), "folder = package");
    assert!(!manifest.contains_key("bin"), "{package}: its binary is named after the package");
    package
}

fn sample_of(file: &Path) -> (String, Value) {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a sample has a name").to_owned();
    let text = fs::read_to_string(file).expect("a sample can be read");
    let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    (stem, value)
}

fn long_form(value: Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => serde_json::to_value(number).expect("a YAML number is a JSON number"),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect(),
        Yaml::Mapping(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.as_str().expect("keys are texts").to_owned(), long_form(value)))
                .collect(),
        ),
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            let mut value = long_form(tagged.value);
            if let ("GetAtt", Some((resource, attribute))) = (name.as_str(), text(&value).split_once('.')) {
                value = json!([resource, attribute]);
            }
            let plain = matches!(name.as_str(), "Ref" | "Condition");
            let key = if plain { name } else { format!("Fn::{name}") };
            Value::Object(Map::from_iter([(key, value)]))
        }
    }
}
