//! Readers that sources share: what a person or a merchant typed, ids, times.
//!
//! What does not read is `None` and never an error: it only decorates a message, and the next place may be better.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use recoup_core::{Currency, Money, Obligation};

use crate::NormaliseError;
use crate::json::{Member, members};

members! {
    /// What is read of the keys that a merchant may attach to anything at a source: `metadata`, `notes`, tags.
    pub(crate) struct MerchantData {
        pub(crate) whatsapp_phone,
        /// What the push service knows the buyer's app by.
        pub(crate) push_token,
        pub(crate) locale,
        pub(crate) language,
        pub(crate) time_zone,
        pub(crate) pay_url,
    }
}

/// A source's id as the key of a case: signs that a key cannot hold become `.` and two hexadecimal digits. `None` for an
/// empty id, one that is too long, and one with a space or anything else that is not printable ASCII.
pub(crate) fn id(text: &str) -> Option<Obligation> {
    let mut key = String::with_capacity(text.len());
    for byte in text.trim().bytes() {
        match byte {
            b'_' | b'-' | b'.' => key.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => key.push(byte.into()),
            _ if byte.is_ascii_graphic() => write!(key, ".{byte:02x}").ok()?,
            _ => return None,
        }
    }
    // A key of dots alone would be a step up in a request's path.
    Obligation::parse(&key).ok().filter(|key| key.as_str().bytes().any(|byte| byte != b'.'))
}

/// The same for the id without which nothing can be decided.
///
/// # Errors
/// [`NormaliseError::Missing`] when it is absent, [`NormaliseError::Malformed`] when it is no id.
pub(crate) fn obligation(text: Option<&str>, member: &'static str) -> Result<Obligation, NormaliseError> {
    let text = text.filter(|text| !text.is_empty()).ok_or(NormaliseError::Missing { member })?;
    id(text).ok_or(NormaliseError::Malformed { member })
}

/// The ids that read, each once and without `own`.
pub(crate) fn links<'a>(
    own: &Obligation,
    ids: impl IntoIterator<Item = Option<Cow<'a, str>>>,
) -> Vec<Obligation> {
    let mut links = Vec::new();
    for link in ids.into_iter().flatten().filter_map(|text| id(&text)) {
        if link != *own && !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// An instant in RFC 3339 or ISO 8601 with its offset.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// An amount that a source writes as a decimal number, in quotes or not.
pub(crate) fn decimal(amount: Member<'_>, currency: Member<'_>) -> Option<Money> {
    Money::from_decimal(&amount.number_or_text()?, Currency::parse(&currency.text()?).ok()?)
}

/// An amount that a source writes as an integer, in quotes or not, of the currency's own minor units.
pub(crate) fn minor(amount: Member<'_>, currency: Member<'_>) -> Option<Money> {
    let minor = amount.number_or_text()?.parse().ok()?;
    Some(Money { minor, currency: Currency::parse(&currency.text()?).ok()? })
}

/// What the first member that reads says.
pub(crate) fn first<'a, T>(
    members: impl IntoIterator<Item = Member<'a>>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    members.into_iter().find_map(|member| read(&member.text()?))
}

/// Takes `pt-BR` and `pt_BR` for what they are; `None` for what is not shaped like a language tag.
pub(crate) fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let language = parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && alphabetic(p));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    (language && rest && tag.len() <= 35).then_some(tag)
}

/// Takes what is shaped like `America/Sao_Paulo`; whether there is such a zone is for the policy to find out.
pub(crate) fn zone_name(text: &str) -> Option<String> {
    let name = text.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts_well && name.len() <= 64 && name.bytes().all(allowed)).then(|| name.to_owned())
}

fn alphabetic(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_foreign_characters_become_keys_and_stay_apart() {
        for (text, expected) in [
            ("in_1", Some("in_1")),
            ("inv:0-ChCHu2mZ", Some("inv.3a0-ChCHu2mZ")),
            ("gid://shopify/Order/1", Some("gid.3a.2f.2fshopify.2fOrder.2f1")),
            ("a b", None),
            ("a\nb", None),
            ("é", None),
            ("..", None),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(id(text).map(String::from).as_deref(), expected, "{text}");
        }
        assert_eq!(id(&":".repeat(43)), None, "too long");
    }

    #[test]
    fn times_are_instants_or_nothing() {
        for (text, expected) in [
            ("2026-02-25T06:13:20Z", Some("2026-02-25T06:13:20Z")),
            ("2017-01-25T18:08:19+01:00", Some("2017-01-25T17:08:19Z")),
            ("2026-02-25 06:13:20Z", Some("2026-02-25T06:13:20Z")),
            ("2018-19-12T22:20:32.000Z", None),
            ("2026-02-25T06:13:20", None),
            ("", None),
        ] {
            assert_eq!(time(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn locales_are_language_tags_or_nothing() {
        for (text, expected) in [
            ("en", Some("en")),
            ("pt_BR", Some("pt-BR")),
            (" zh-Hant-TW ", Some("zh-Hant-TW")),
            ("", None),
            ("english", None),
            ("en-", None),
            ("../../etc", None),
            ("en\u{0}", None),
            ("日本", None),
        ] {
            assert_eq!(language_tag(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn zones_are_shaped_like_zones_or_nothing() {
        for (text, expected) in [
            ("America/Sao_Paulo", Some("America/Sao_Paulo")),
            ("Etc/GMT+3", Some("Etc/GMT+3")),
            ("UTC", Some("UTC")),
            ("", None),
            ("../etc/passwd", None),
            ("Asia/Kolkata\n", Some("Asia/Kolkata")),
            ("Asia Kolkata", None),
        ] {
            assert_eq!(zone_name(text).as_deref(), expected, "{text}");
        }
    }
}
