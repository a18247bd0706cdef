//! Planted defects: a copy of the template or of the code's facts with one change, which a check must see.

use std::sync::LazyLock;

use serde_json::Value;

use crate::model::{Code, Template};
use crate::problems;

/// The template as it is.
pub(crate) static TEMPLATE: LazyLock<Template> = LazyLock::new(Template::of_the_repository);
/// The code as it is.
pub(crate) static CODE: LazyLock<Code> = LazyLock::new(Code::of_the_repository);
static BEFORE: LazyLock<Vec<String>> = LazyLock::new(|| problems(&TEMPLATE, &CODE));

/// Plants one value (null removes the member) and asserts that a new problem holds the words.
pub(crate) fn assert_refused(pointer: &str, planted: Value, words: &str) {
    let mut template = TEMPLATE.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let key = key.replace("~1", "/");
    match template.0.pointer_mut(parent) {
        Some(Value::Object(members)) if planted.is_null() => {
            assert!(members.remove(&key).is_some(), "{pointer} is not there to be removed");
        }
        Some(Value::Object(members)) => {
            let old = members.insert(key, planted.clone());
            assert_ne!(old.as_ref(), Some(&planted), "{pointer} already is {planted}");
        }
        Some(Value::Array(items)) => {
            let index: usize = key.parse().expect("a list is indexed by number");
            if planted.is_null() {
                items.remove(index);
            } else {
                assert_ne!(items[index], planted, "{pointer} already is {planted}");
                items[index] = planted;
            }
        }
        other => panic!("{parent} is {other:?}"),
    }
    assert_new_problem(&template, &CODE, words, pointer);
}

/// Asserts that a problem which is not there otherwise holds the words.
pub(crate) fn assert_new_problem(template: &Template, code: &Code, words: &str, what: &str) {
    let mut after = problems(template, code);
    after.retain(|problem| !BEFORE.contains(problem));
    assert!(after.iter().any(|problem| problem.contains(words)), "{what}: no `{words}` in {after:#?}");
}

/// The pointer to a property of a resource.
pub(crate) fn properties(resource: &str, rest: &str) -> String {
    format!("/Resources/{resource}/Properties/{rest}")
}

/// The pointer into a statement of a role's policy.
pub(crate) fn statement(role: &str, index: usize, rest: &str) -> String {
    properties(role, &format!("Policies/0/PolicyDocument/Statement/{index}/{rest}"))
}
