//! Attributes one by one: put in when there is something to say, taken out with the name of the one that is unfit.

use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use recoup_app::ports::StoreError;
use recoup_core::Token;

use super::{Item, SCHEMA};
use crate::table::keys;

/// The attribute that is missing or unfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) &'static str);

impl Unfit {
    /// The error, naming the attribute and, if the key itself is well formed, the item. Values are not repeated.
    pub(super) fn of(self, item: &Item) -> StoreError {
        let pk = item.get(keys::PK).and_then(|pk| pk.as_s().ok());
        let known = pk.filter(|pk| {
            keys::parse_case(pk).is_some()
                || keys::parse_recipient(pk).is_some()
                || keys::parse_feed(pk).is_some()
                || keys::parse_standing(pk).is_some()
        });
        let Self(attribute) = self;
        StoreError::Malformed(match known {
            Some(pk) => format!("attribute {attribute} of {pk}"),
            None => format!("attribute {attribute}"),
        })
    }
}

/// Fills an item.
#[derive(Debug)]
pub(super) struct Writer(Item);

impl Writer {
    /// An item with the attributes that every item has.
    pub(super) fn new(pk: String, version: u64, token: &Token, ttl: Option<i64>) -> Self {
        let mut writer = Self(Item::new());
        writer.text(keys::PK, Some(pk));
        writer.text(keys::SK, Some(keys::SK_STATE));
        writer.number(keys::SCHEMA, Some(SCHEMA));
        writer.number(keys::VERSION, Some(version));
        writer.text(keys::TOKEN, Some(token.as_str()));
        writer.number(keys::TTL, ttl);
        writer
    }

    pub(super) fn text(&mut self, name: &str, text: Option<impl Into<String>>) {
        self.put(name, text.map(|text| AttributeValue::S(text.into())));
    }

    pub(super) fn number(&mut self, name: &str, number: Option<impl ToString>) {
        self.put(name, number.map(|number| AttributeValue::N(number.to_string())));
    }

    pub(super) fn time(&mut self, name: &str, at: Option<Timestamp>) {
        self.number(name, at.map(Timestamp::as_millisecond));
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.put(name, flag.then_some(AttributeValue::Bool(true)));
    }

    pub(super) fn bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.put(name, (!bytes.is_empty()).then(|| AttributeValue::B(Blob::new(bytes))));
    }

    pub(super) fn lines(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<_> = lines.into_iter().map(AttributeValue::S).collect();
        self.put(name, (!lines.is_empty()).then_some(AttributeValue::L(lines)));
    }

    fn put(&mut self, name: &str, value: Option<AttributeValue>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    pub(super) fn into_item(self) -> Item {
        self.0
    }
}

/// Reads an item of this schema or an older one.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a Item);

impl<'a> Reader<'a> {
    pub(super) fn new(item: &'a Item) -> Result<Self, Unfit> {
        let reader = Self(item);
        let schema: u32 = required(keys::SCHEMA, reader.number(keys::SCHEMA)?)?;
        if (1..=SCHEMA).contains(&schema) { Ok(reader) } else { Err(Unfit(keys::SCHEMA)) }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&'a str>, Unfit> {
        let text = |value: &'a AttributeValue| value.as_s().map(String::as_str).map_err(|_| Unfit(name));
        self.0.get(name).map(text).transpose()
    }

    /// A text that `parse` accepts.
    pub(super) fn parsed<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Unfit> {
        self.text(name)?.map(|text| parse(text).ok_or(Unfit(name))).transpose()
    }

    pub(super) fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Unfit> {
        let number = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
        self.0.get(name).map(|value| number(value).ok_or(Unfit(name))).transpose()
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Unfit> {
        let at = self.number(name)?.map(Timestamp::from_millisecond);
        at.transpose().map_err(|_| Unfit(name))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Unfit> {
        self.0.get(name).map_or(Ok(false), |value| value.as_bool().copied().map_err(|_| Unfit(name)))
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<&'a [u8], Unfit> {
        let bytes = |value: &'a AttributeValue| value.as_b().map(Blob::as_ref).map_err(|_| Unfit(name));
        self.0.get(name).map_or(Ok(&[]), bytes)
    }

    /// Every line of a list, each read by `parse`.
    pub(super) fn lines<T>(
        &self,
        name: &'static str,
        mut parse: impl FnMut(&'a str) -> Option<T>,
    ) -> Result<Vec<T>, Unfit> {
        let Some(value) = self.0.get(name) else { return Ok(Vec::new()) };
        let lines = value.as_l().map_err(|_| Unfit(name))?;
        lines.iter().map(|line| line.as_s().ok().and_then(|line| parse(line)).ok_or(Unfit(name))).collect()
    }
}

/// What an item cannot be without.
pub(super) fn required<T>(name: &'static str, value: Option<T>) -> Result<T, Unfit> {
    value.ok_or(Unfit(name))
}
