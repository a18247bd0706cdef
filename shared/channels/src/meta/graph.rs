//! Pieces of Graph JSON, read leniently: Meta writes the same field as a number here and as a string there.

use std::borrow::Cow;

use jiff::Timestamp;
use recoup_core::Refusal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::reactions;

/// An error as it stands in an answer, in a failed status and in `value.errors`.
///
/// Only `code` decides; title, subcode and HTTP status vary (messaging-providers.md 1.2).
#[derive(Deserialize)]
pub(super) struct GraphError<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    is_transient: Option<&'a RawValue>,
}

impl GraphError<'_> {
    /// What the table says of the code; `None` without a code.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let code = scalar(self.code)?.trim().parse().ok()?;
        let transient = scalar(self.is_transient).is_some_and(|text| text == "true");
        Some(reactions::refusal(code, transient))
    }
}

/// Reads a string, number or boolean as text.
pub(super) fn scalar(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let text = raw?.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str::<Text<'_>>(text).ok().map(|text| text.0),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

/// Borrows the string where it holds no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads one element of a batch by itself, so that its neighbours survive it.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Reads whole seconds, which Meta writes as a string or as a number.
pub(super) fn time(raw: Option<&RawValue>) -> Option<Timestamp> {
    Timestamp::from_second(scalar(raw)?.trim().parse().ok()?).ok()
}
