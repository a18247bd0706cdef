//! Items as DynamoDB JSON, the form in which its console shows and takes them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::base64;
use recoup_app::ports::StoreError;
use recoup_aws::table::items::Item;
use recoup_aws::table::keys::{self, Attribute};
use serde_json::Value;

use crate::shown::assert_silent;

/// Reads an item; `None` when the text is no object. An attribute that has no type is left out.
pub(crate) fn read(data: &[u8]) -> Option<Item> {
    let object: Value = serde_json::from_slice(data).ok()?;
    let attributes = object.as_object()?.iter();
    Some(attributes.filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect())
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let text = || value.as_str().map(str::to_owned);
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text()?),
        "N" => AttributeValue::N(text()?),
        "B" => AttributeValue::B(Blob::new(base64::decode(text()?).ok()?)),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "L" => AttributeValue::L(value.as_array()?.iter().filter_map(attribute).collect()),
        _ => AttributeValue::Null(true),
    })
}

/// The error names an attribute of the lists and, at most, the key of the item.
pub(crate) fn assert_named(error: &StoreError, own: &[Attribute]) {
    let StoreError::Malformed(what) = error else {
        panic!("an item was read and the store is down: {error}")
    };
    let what = what.strip_prefix("attribute ").expect("an attribute is named");
    let (attribute, key) = what.split_once(" of ").unwrap_or((what, ""));
    let listed = keys::COMMON.iter().chain(own).any(|known| known.name == attribute);
    assert!(listed, "{attribute} is no attribute");
    assert!(key.is_empty() || keys::parse_case(key).is_some() || keys::parse_recipient(key).is_some());
    if key.is_empty() {
        assert_silent(error);
    }
}
