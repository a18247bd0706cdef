//! The store keeps a secret as a form sent it, with some signs as HTML entities, and signs with what these stand for.

/// What `wp_specialchars_decode` makes of a text with `ENT_QUOTES`: the five signs, as names or numbers, once.
pub(super) fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let (sign, length) = sign(rest).unwrap_or(('&', 1));
        plain.push(sign);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    plain
}

/// The sign that an entity at the start of a text stands for, and the length of the entity.
fn sign(text: &str) -> Option<(char, usize)> {
    let end = text.find(';')?;
    let name = &text[1..end];
    let unpadded = |digits: &str| digits.trim_start_matches('0').to_owned();
    let sign = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        _ => match name.strip_prefix('#')? {
            hexadecimal if hexadecimal.starts_with(['x', 'X']) => {
                match unpadded(&hexadecimal[1..]).as_str() {
                    "22" => '"',
                    "26" => '&',
                    "27" => '\'',
                    _ => return None,
                }
            }
            decimal => match unpadded(decimal).as_str() {
                "34" => '"',
                "38" => '&',
                "39" => '\'',
                "60" => '<',
                "62" => '>',
                _ => return None,
            },
        },
    };
    Some((sign, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_become_their_signs_once_and_only_the_five() {
        for (kept, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a&amp;b&lt;c&gt;d&quot;e&#039;f", "a&b<c>d\"e'f"),
            ("&#39;&#0039;&#x27;&#X027;", "''''"),
            ("&#034;&#x22;&#060;&#062;&#038;&#x26;", "\"\"<>&&"),
            ("&amp;amp;", "&amp;"),
            ("&amp;lt;", "&lt;"),
            ("&&amp;", "&&"),
            ("&AMP;&apos;&nbsp;&#x3c;&;&#;&#x;", "&AMP;&apos;&nbsp;&#x3c;&;&#;&#x;"),
            ("a & b; &amp", "a & b; &amp"),
            ("é&amp;é", "é&é"),
        ] {
            assert_eq!(decoded(kept), expected, "{kept}");
        }
    }
}
