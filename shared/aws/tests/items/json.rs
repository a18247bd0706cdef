//! Items as DynamoDB JSON, the form in which its console shows and takes them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use recoup_aws::table::items::Item;
use recoup_aws::table::keys::Attribute;
use serde_json::{Map, Value, json};

/// The attribute as a value with its type.
pub(crate) fn show(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": base64::encode(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(show).collect::<Vec<_>>() }),
        AttributeValue::Bs(_)
        | AttributeValue::M(_)
        | AttributeValue::Ns(_)
        | AttributeValue::Null(_)
        | AttributeValue::Ss(_)
        | _ => panic!("no item holds {value:?}"),
    }
}

/// The item, an attribute a line, in the order of the lists.
pub(crate) fn document(item: &Item, lists: &[&[Attribute]]) -> String {
    let listed = lists.iter().copied().flatten();
    let line = |attribute: &Attribute| {
        let value = item.get(attribute.name)?;
        Some(format!("  \"{}\": {}", attribute.name, show(value)))
    };
    format!("{{\n{}\n}}", listed.filter_map(line).collect::<Vec<_>>().join(",\n"))
}

/// Reads an item back.
pub(crate) fn read(object: &Map<String, Value>) -> Item {
    object.iter().map(|(name, value)| (name.clone(), read_value(value))).collect()
}

fn read_value(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().and_then(|value| value.iter().next()).expect("one type");
    let text = || value.as_str().expect("text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(base64::decode(text()).expect("base64"))),
        "BOOL" => AttributeValue::Bool(value.as_bool().expect("a flag")),
        "L" => AttributeValue::L(value.as_array().expect("a list").iter().map(read_value).collect()),
        other => panic!("no item holds {other}"),
    }
}
