//! The correlation string as message tags, which SES gives back in every event.
//!
//! A tag holds letters, digits, `_` and `-`, at most 256 of them, and a correlation string holds dots and slashes too:
//! so it travels in base64url, cut into as many tags as it needs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recoup_core::Correlation;

/// The tags, in the order in which they are joined again; a correlation string of 512 characters fits.
const NAMES: [&str; 3] = ["recoup0", "recoup1", "recoup2"];
/// The longest value of a tag, in characters.
const LONGEST: usize = 256;

/// Writes a correlation string into tags.
pub(super) fn write(correlation: &Correlation) -> Vec<(&'static str, String)> {
    let text = URL_SAFE_NO_PAD.encode(correlation.to_string());
    let pieces = text.as_bytes().chunks(LONGEST).map(|piece| String::from_utf8_lossy(piece).into_owned());
    NAMES.into_iter().zip(pieces).collect()
}

/// Reads it back; `None` when the tags are not ours.
pub(super) fn read(tags: &BTreeMap<String, Vec<String>>) -> Option<Correlation> {
    let pieces = NAMES.iter().map_while(|name| tags.get(*name)?.first());
    let text = URL_SAFE_NO_PAD.decode(pieces.map(String::as_str).collect::<String>()).ok()?;
    Correlation::parse(std::str::from_utf8(&text).ok()?)
}

#[cfg(test)]
mod tests {
    use recoup_core::{CaseId, Channel, StepIndex, Token};

    use super::*;

    #[test]
    fn r14_the_longest_correlation_string_comes_back_from_its_tags() {
        for (brand, obligation) in [("main", "in_1".to_owned()), (&*"b".repeat(32), "o.".repeat(64))] {
            let correlation = Correlation {
                case: CaseId::parse(&format!("{brand}/standard_webhooks/{obligation}")).expect("well formed"),
                step: StepIndex(255),
                channel: Channel::Email,
                token: Token::parse(&"t".repeat(32)).expect("well formed"),
            };
            let written = write(&correlation);
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            assert!(written.iter().all(|(_, value)| value.len() <= 256 && value.bytes().all(plain)));
            let tags = written.into_iter().map(|(name, value)| (name.to_owned(), vec![value]));
            assert_eq!(read(&tags.collect()), Some(correlation));
        }
    }

    #[test]
    fn tags_of_others_are_no_correlation() {
        for pairs in [
            vec![],
            vec![("campaign", "spring")],
            vec![("recoup0", "not base64!")],
            vec![("recoup1", "cmNwMS8")],
        ] {
            let tags = pairs.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]));
            assert_eq!(read(&tags.collect()), None, "{pairs:?}");
        }
    }
}
