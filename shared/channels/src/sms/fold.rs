//! Plain equivalents of characters outside the GSM 7-bit default alphabet.

/// Writes typographic marks, rare spaces and the rupee sign by what every phone has.
pub(super) fn marks(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => {
                plain.push('\'');
            }
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' | '«' | '»' => plain.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{2022}' | '\u{b7}' => plain.push('*'),
            '\u{d7}' => plain.push('x'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\t' => plain.push(' '),
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            '₹' => {
                plain.push_str("Rs");
                if chars.peek().is_some_and(char::is_ascii_digit) {
                    plain.push(' ');
                }
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Letters by what they are written as without their accents. Those that the alphabet has (é, è, à, ù, ì, ò, ñ, ä, ö,
/// ü, å, æ, ø, ß and some capitals) are not here.
const LETTERS: &[(&str, &str)] = &[
    ("áâãāăąªạảấầẩẫậắằẳẵặ", "a"),
    ("ÁÀÂÃĀĂĄẠẢẤẦẨẪẬẮẰẲẴẶ", "A"),
    ("çćĉċč", "c"),
    ("ĆĈĊČ", "C"),
    ("ďđð", "d"),
    ("ĎĐÐ", "D"),
    ("êëēĕėęěẹẻẽếềểễệ", "e"),
    ("ÈÊËĒĔĖĘĚẸẺẼẾỀỂỄỆ", "E"),
    ("ĝğġģ", "g"),
    ("ĜĞĠĢ", "G"),
    ("ĥħ", "h"),
    ("ĤĦ", "H"),
    ("íîïĩīĭįıỉị", "i"),
    ("ÍÌÎÏĨĪĬĮİỈỊ", "I"),
    ("ĵ", "j"),
    ("Ĵ", "J"),
    ("ķ", "k"),
    ("Ķ", "K"),
    ("ĺļľŀł", "l"),
    ("ĹĻĽĿŁ", "L"),
    ("ńņňŋ", "n"),
    ("ŃŅŇŊ", "N"),
    ("óôõōŏőºọỏốồổỗộơớờởỡợ", "o"),
    ("ÓÒÔÕŌŎŐỌỎỐỒỔỖỘƠỚỜỞỠỢ", "O"),
    ("ŕŗř", "r"),
    ("ŔŖŘ", "R"),
    ("śŝşšș", "s"),
    ("ŚŜŞŠȘ", "S"),
    ("ţťŧț", "t"),
    ("ŢŤŦȚ", "T"),
    ("úûũūŭůűųụủưứừửữự", "u"),
    ("ÚÙÛŨŪŬŮŰŲỤỦƯỨỪỬỮỰ", "U"),
    ("ŵ", "w"),
    ("Ŵ", "W"),
    ("ýÿŷỳỵỷỹ", "y"),
    ("ÝŶŸỲỴỶỸ", "Y"),
    ("źżž", "z"),
    ("ŹŻŽ", "Z"),
    ("œ", "oe"),
    ("Œ", "OE"),
    ("þ", "th"),
    ("Þ", "TH"),
];

/// Writes Latin letters without the accents that the alphabet lacks, and drops accents that stand for themselves.
pub(super) fn letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{300}'..='\u{36f}' => {}
            '\0'..='\u{7f}' => plain.push(c),
            _ => match LETTERS.iter().find(|(letters, _)| letters.contains(c)) {
                Some((_, base)) => plain.push_str(base),
                None => plain.push(c),
            },
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_is_folded_twice_or_for_nothing() {
        let mut seen = std::collections::BTreeSet::new();
        for c in LETTERS.iter().flat_map(|(letters, _)| letters.chars()) {
            assert!(seen.insert(c), "{c}");
            assert!(super::super::septets(c).is_none(), "{c} is in the alphabet");
        }
        assert!(LETTERS.iter().all(|(_, base)| base.is_ascii()));
    }
}
