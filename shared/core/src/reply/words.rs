//! Brings what people type on a phone into one form: lower case, no accents, no punctuation, one word beside the other.

/// The most words of a text that are looked at; what somebody wants stands in the first ones.
const MOST_WORDS: usize = 80;

/// The most letters; a reply has some hundred.
const MOST_LETTERS: usize = 4_000;

const ENDS_OF_CLAUSES: &[char] =
    &[',', '.', ';', ':', '!', '?', '\n', '…', '،', '؛', '؟', '।', '¡', '¿', '(', ')'];

/// A word in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) plain: String,
    /// Which clause of the text it is in: what stands on both sides of a comma is not one phrase.
    pub(super) clause: usize,
    /// It is courtesy in a language of the text: known once that is.
    pub(super) polite: bool,
}

/// The words of a text in the form in which they are compared: blanks and punctuation part them.
pub(super) fn words(text: &str) -> Vec<Word> {
    parted(text, |letter| !is_inside(letter) && !is_part(letter))
}

/// The same where blanks alone part words, so that a keyword is itself in any dress: `s-t-o-p`, `*STOP*`.
pub(super) fn undressed(text: &str) -> Vec<Word> {
    parted(text, char::is_whitespace)
}

/// The letters from which on a word is long enough to be told from others with a slip in it.
pub(super) const LONG: usize = 7;

/// Whether somebody may have meant the word where it is long: one letter is too many, too few or wrong, or two changed places. Its first
/// and its last letter must be right: at the end stands what tells "paid" from "will pay".
pub(super) fn is_slip_of(typed: &str, word: &str) -> bool {
    let (word, typed): (Vec<char>, Vec<char>) = (word.chars().collect(), typed.chars().collect());
    if word.len() < LONG || word.first() != typed.first() || word.last() != typed.last() {
        return false;
    }
    let alike = word.iter().zip(&typed).take_while(|(one, other)| one == other).count();
    let alike_at_the_end =
        word.iter().rev().zip(typed.iter().rev()).take_while(|(one, other)| one == other).count();
    let shorter = word.len().min(typed.len());
    let left = shorter.saturating_sub(alike + alike_at_the_end);
    match word.len().max(typed.len()) - shorter {
        0 => left == 1 || left == 2 && word[alike] == typed[alike + 1] && word[alike + 1] == typed[alike],
        1 => left == 0,
        _ => false,
    }
}

fn parted(text: &str, parts: impl Fn(char) -> bool) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word = String::new();
    let mut clause = 0;
    // Letters since the word or its last full stop began: "S.T.O.P" is one word.
    let mut alone = 0;
    let mut letters = text.chars().take(MOST_LETTERS).peekable();
    while let Some(letter) = letters.next() {
        if words.len() == MOST_WORDS {
            return words;
        }
        if letter == '.' && alone == 1 && letters.peek().is_some_and(|next| next.is_alphanumeric()) {
            alone = 0;
        } else if is_part(letter) {
            letter.to_lowercase().for_each(|letter| push(&mut word, letter));
            alone += 1;
        } else if parts(letter) {
            // "Am 5. Dezember" is one clause.
            let ordinal = letter == '.' && word.ends_with(|letter: char| letter.is_ascii_digit());
            if !word.is_empty() {
                words.push(Word { plain: let_go(&std::mem::take(&mut word)), clause, polite: false });
            }
            clause += usize::from(ENDS_OF_CLAUSES.contains(&letter) && !ordinal);
            alone = 0;
        }
    }
    if !word.is_empty() {
        words.push(Word { plain: let_go(&word), clause, polite: false });
    }
    words
}

/// A letter that comes three times in a row or more was held down.
fn let_go(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let letters: Vec<char> = word.chars().collect();
    for run in letters.chunk_by(|one, other| one == other) {
        let times = if run.len() > 2 && run[0].is_alphabetic() { 1 } else { run.len() };
        plain.extend(std::iter::repeat_n(run[0], times));
    }
    plain
}

/// Adds a letter without its accent.
fn push(word: &mut String, letter: char) {
    let plain = match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => "a",
        'ç' => "c",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'í' | 'ì' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => "o",
        'ú' | 'ù' | 'û' | 'ü' => "u",
        'ý' | 'ÿ' => "y",
        'œ' => "oe",
        'æ' => "ae",
        'ß' => "ss",
        'أ' | 'إ' | 'آ' | 'ٱ' => "ا",
        'ة' => "ه",
        'ؤ' => "و",
        'ى' | 'ئ' => "ي",
        'ँ' => "ं",
        _ => {
            let digit = match letter {
                '٠'..='٩' => Some(u32::from(letter) - u32::from('٠')),
                '०'..='९' => Some(u32::from(letter) - u32::from('०')),
                _ => None,
            };
            word.push(digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(letter));
            return;
        }
    };
    word.push_str(plain);
}

/// Letters, digits, and the Devanagari signs that Unicode does not count as letters.
fn is_part(letter: char) -> bool {
    !is_inside(letter) && letter.is_alphanumeric()
        || matches!(letter, '\u{900}'..='\u{903}' | '\u{93e}'..='\u{94d}')
}

/// What may stand in a word and means nothing: apostrophes, Arabic short vowels and the lengthening stroke, Devanagari's dot,
/// joiners, accents of their own.
fn is_inside(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '`' | '´' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{93c}' | '\u{200b}'..='\u{200f}' | '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_in_many_ways_is_one_form() {
        for (typed, expected) in [
            ("S.T.O.P!!", "stop"),
            ("Don’t  STOP…", "dont stop"),
            ("opt-out", "opt out"),
            ("pleaseeee stoppp", "please stop"),
            ("Ya pagué, ¿ok?", "ya pague ok"),
            ("أوقفوا الرسائل", "اوقفوا الرسايل"),
            ("تَوَقَّف", "توقف"),
            ("५ दिन बाद", "5 दिन बाद"),
            ("e\u{301}te\u{301}", "ete"),
            ("🛑 STOP 🛑", "stop"),
            ("", ""),
            ("👍", ""),
        ] {
            let plain: Vec<String> = words(typed).into_iter().map(|word| word.plain).collect();
            assert_eq!(plain.join(" "), expected, "{typed}");
        }
        assert_eq!(words(&"stop ".repeat(100_000)).len(), MOST_WORDS);
        assert_eq!(words(&"ab".repeat(100_000))[0].plain.len(), MOST_LETTERS);
    }

    #[test]
    fn a_clause_ends_where_punctuation_does() {
        let clauses: Vec<usize> =
            words("no, S.T.O.P it. am 5. now").into_iter().map(|word| word.clause).collect();
        assert_eq!(clauses, [0, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_slip_in_a_long_word_is_forgiven_but_not_at_its_end() {
        for (word, typed, expected) in [
            ("stop", "stap", false),
            ("message", "mesage", true),
            ("unsubscribe", "unsuscribe", true),
            ("unsubscribe", "unsubsribe", true),
            ("receive", "recieve", true),
            ("message", "massage", true),
            ("message", "meessage", true),
            ("bezahlt", "bezahle", false),
            ("karunga", "karungi", false),
            ("message", "passage", false),
            ("recordatorio", "recordtrio", false),
            ("الاشتراك", "الاشترك", true),
            ("aaaaaaa", "aaaaaaaa", true),
            ("receive", "", false),
        ] {
            assert_eq!(is_slip_of(typed, word), expected, "{word} {typed}");
        }
    }
}
