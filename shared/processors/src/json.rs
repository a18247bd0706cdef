//! Borrowed JSON: members stay text until somebody asks for them, so that one pass over the body is enough.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::NormaliseError;

/// Parses a whole body.
///
/// # Errors
/// [`NormaliseError::NotUtf8`], [`NormaliseError::NotJson`] or [`NormaliseError::NotAnEvent`].
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, NormaliseError> {
    let text =
        std::str::from_utf8(body).map_err(|error| NormaliseError::NotUtf8 { offset: error.valid_up_to() })?;
    // The parser's own message may quote the body, so only the place is kept.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Data => NormaliseError::NotAnEvent { line, column },
            Category::Syntax | Category::Eof | Category::Io => NormaliseError::NotJson { line, column },
        }
    })
}

/// One member of an object: absent, null, or the text of its value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Member<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(Some(raw)))
    }
}

/// What the members of an object are read into, by name.
pub(crate) trait Slots<'a> {
    /// Where a member of this name goes; `None` when nobody reads it.
    fn slot(&mut self, name: &str) -> Option<&mut Member<'a>>;
}

/// Declares a struct of members, each by its own name or by the names behind `=`. What an object does not have stays
/// absent; a member that it has twice makes it unreadable, because nobody can say which one counts.
///
/// Not serde's own derive, which makes a reader of some thousand bytes for each of the many structs: here one reader fills
/// them all.
macro_rules! members {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$doc:meta])* $field_vis:vis $field:ident $(= $($key:literal)|+)?,)*
    }) => {
        $(#[$meta])*
        #[derive(Default)]
        $vis struct $name<'a> {
            $($(#[$doc])* $field_vis $field: $crate::json::Member<'a>,)*
        }

        impl<'a> $crate::json::Slots<'a> for $name<'a> {
            fn slot(&mut self, name: &str) -> Option<&mut $crate::json::Member<'a>> {
                $(if $crate::json::members!(@is name $field $($($key)|+)?) {
                    return Some(&mut self.$field);
                })*
                None
            }
        }

        impl<'de: 'a, 'a> ::serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut members = $name::default();
                $crate::json::fill(deserializer, &mut members)?;
                Ok(members)
            }
        }
    };
    (@is $name:ident $field:ident) => { $name == stringify!($field) };
    (@is $name:ident $field:ident $($key:literal)|+) => { matches!($name, $($key)|+) };
}
pub(crate) use members;

/// Reads an object's members into their slots.
pub(crate) fn fill<'de, D: Deserializer<'de>>(
    deserializer: D,
    slots: &mut dyn Slots<'de>,
) -> Result<(), D::Error> {
    deserializer.deserialize_map(Filler(slots))
}

struct Filler<'s, 'de>(&'s mut dyn Slots<'de>);

impl<'de> Visitor<'de> for Filler<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(slot) = map.next_key_seed(Key(&mut *self.0))? {
            match slot {
                Some(slot) if slot.is_absent() => *slot = map.next_value()?,
                Some(_) => return Err(A::Error::custom("a member twice")),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Key<'s, 'de>(&'s mut dyn Slots<'de>);

impl<'s, 'de> DeserializeSeed<'de> for Key<'s, 'de> {
    type Value = Option<&'s mut Member<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'s, 'de> Visitor<'de> for Key<'s, 'de> {
    type Value = Option<&'s mut Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.slot(name))
    }
}

impl<'a> Member<'a> {
    /// Whether the object has no such member at all, not even null.
    pub(crate) fn is_absent(self) -> bool {
        self.0.is_none()
    }

    /// Whether the object says null.
    pub(crate) fn is_null(self) -> bool {
        self.0.is_some() && self.raw().is_none()
    }

    fn raw(self) -> Option<&'a str> {
        self.0.map(RawValue::get).filter(|raw| *raw != "null")
    }

    /// The string; `None` for every other type.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let raw = self.raw()?;
        let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(inner.into()) }
    }

    /// The number as it is written, or what the string says: sources write amounts and ids either way. `None` for every
    /// other type.
    pub(crate) fn number_or_text(self) -> Option<Cow<'a, str>> {
        let is_number = |raw: &&str| raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        self.raw().filter(is_number).map(Cow::Borrowed).or_else(|| self.text())
    }

    /// The integer; `None` when absent or null.
    ///
    /// # Errors
    /// [`NormaliseError::Malformed`] for another type, a fraction, an exponent, or more than 64 bits.
    pub(crate) fn integer(self, member: &'static str) -> Result<Option<i64>, NormaliseError> {
        self.raw().map(|raw| raw.parse().map_err(|_| NormaliseError::Malformed { member })).transpose()
    }

    /// The truth value; `None` for every other type.
    pub(crate) fn flag(self) -> Option<bool> {
        self.raw()?.parse().ok()
    }

    /// The object, read as `T`; `None` for every other type.
    pub(crate) fn object<T: Deserialize<'a>>(self) -> Option<T> {
        let raw = self.raw().filter(|raw| raw.starts_with('{'))?;
        serde_json::from_str(raw).ok()
    }

    /// The elements of the array; `None` for every other type.
    pub(crate) fn elements(self) -> Option<Vec<Member<'a>>> {
        serde_json::from_str(self.raw().filter(|raw| raw.starts_with('['))?).ok()
    }

    /// The id that stands here, alone or inside the expanded object.
    pub(crate) fn id(self) -> Option<Cow<'a, str>> {
        members! {
            struct Expanded {
                id,
            }
        }
        self.text().or_else(|| self.object::<Expanded<'a>>()?.id.text())
    }
}
