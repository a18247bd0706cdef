//! Words by which a buyer asks for silence, or ends it.

/// What a whole message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Silence.
    Stop,
    /// To hear again.
    Start,
}

/// Words for silence by locale, as [`simplify`] leaves them: lower case, no punctuation, single spaces.
///
/// English: 47 CFR 64.1200(a)(10), the words AWS requires of senders (with `arret` and `td`) and Twilio's defaults
/// (messaging-providers.md section 6); the short sentences and the other languages are this project's choice of plain
/// wording. A false "stop" costs one reminder, a missed one breaks a promise: in doubt a word is listed.
const STOP: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "stop",
            "stopall",
            "stop all",
            "stop it",
            "stop please",
            "please stop",
            "stop messages",
            "stop messaging me",
            "stop texting me",
            "quit",
            "end",
            "revoke",
            "opt out",
            "optout",
            "opt me out",
            "cancel",
            "unsubscribe",
            "unsubscribe me",
            "remove",
            "remove me",
            "no more messages",
            "td",
        ],
    ),
    (
        "es",
        &[
            "alto",
            "parar",
            "pare",
            "detener",
            "cancelar",
            "baja",
            "darme de baja",
            "dar de baja",
            "no más",
            "no mas",
            "no más mensajes",
            "no mas mensajes",
        ],
    ),
    (
        "pt",
        &[
            "parar",
            "pare",
            "sair",
            "cancelar",
            "cancelar inscrição",
            "cancelar inscricao",
            "descadastrar",
            "remover",
            "não quero mais",
            "nao quero mais",
        ],
    ),
    (
        "fr",
        &[
            "arret",
            "arrêt",
            "arrêter",
            "arreter",
            "arrêtez",
            "arretez",
            "désabonner",
            "desabonner",
            "se désabonner",
            "se desabonner",
            "me désabonner",
            "me desabonner",
            "désinscrire",
            "desinscrire",
            "se désinscrire",
            "se desinscrire",
        ],
    ),
    ("de", &["stopp", "abmelden", "abbestellen", "austragen", "beenden", "aufhören", "aufhoeren"]),
    (
        "hi",
        &[
            "स्टॉप",
            "रोकें",
            "रोको",
            "रुकें",
            "रुको",
            "बंद",
            "बंद करें",
            "बंद करो",
            "सदस्यता समाप्त करें",
            "band karo",
            "roko",
            "mat bhejo",
        ],
    ),
    ("id", &["berhenti", "berhenti berlangganan", "hentikan", "keluar", "batal"]),
    (
        "ar",
        &["توقف", "قف", "أوقف", "اوقف", "إيقاف", "ايقاف", "إلغاء", "الغاء", "إلغاء الاشتراك", "الغاء الاشتراك"],
    ),
];

/// The two words that end an opt-out. "Yes" is not one of them: it answers other questions too.
const START: &[&str] = &["start", "unstop"];

/// Reads a whole message as a wish; a keyword inside a longer sentence is a reply.
pub(crate) fn wish(message: &str) -> Option<Wish> {
    // A keyword has at most 20 letters; a longer text is a reply, and need not be copied to know that.
    if message.len() > 400 {
        return None;
    }
    let words = simplify(message);
    if STOP.iter().any(|(_, list)| list.contains(&words.as_str())) {
        return Some(Wish::Stop);
    }
    START.contains(&words.as_str()).then_some(Wish::Start)
}

/// Lower-cases, drops everything that is not part of a word, and leaves single spaces.
fn simplify(message: &str) -> String {
    let mut words = String::with_capacity(message.len());
    for c in message.chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            if !words.is_empty() && !words.ends_with(' ') {
                words.push(' ');
            }
        } else if part_of_word(c) {
            words.push(c);
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Letters and digits, and the Devanagari signs that Unicode does not count as letters (the virama joins consonants).
fn part_of_word(c: char) -> bool {
    // Arabic short vowels and the lengthening stroke are decoration: a keyword is the same word with them.
    let decoration = matches!(c, '\u{640}' | '\u{64b}'..='\u{652}');
    !decoration && (c.is_alphanumeric() || c == '\u{94d}' || c == '\u{93c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_word_is_in_the_form_it_is_compared_in() {
        for (locale, list) in STOP {
            for word in *list {
                assert_eq!(&simplify(word), word, "{locale}");
            }
        }
        for word in START {
            assert_eq!(&simplify(word), word);
        }
    }

    #[test]
    fn o28_a_whole_message_is_read_through_case_punctuation_and_emoji() {
        for text in [
            "STOP",
            " stop. ",
            "Stop!!!",
            "S.T.O.P",
            "\"STOP\"",
            "STOP 🛑",
            "Opt-Out",
            "opt  out",
            "OPT\nOUT",
            "¡Alto!",
            "PARAR",
            "Arrêt",
            "ARRÊTEZ",
            "Abmelden",
            "बंद करें।",
            "स्टॉप",
            "Berhenti",
            "إيقاف",
            "تَوَقَّف",
        ] {
            assert_eq!(wish(text), Some(Wish::Stop), "{text}");
        }
        for text in ["START", "unstop", " Start. "] {
            assert_eq!(wish(text), Some(Wish::Start), "{text}");
        }
    }

    #[test]
    fn r18_anything_else_is_a_reply() {
        for text in [
            "",
            "   ",
            "👍",
            "yes",
            "HELP",
            "I can't stop paying you",
            "please do not cancel my plan",
            "when does the trial end?",
            "starting tomorrow",
            "0",
        ] {
            assert_eq!(wish(text), None, "{text}");
        }
        assert_eq!(wish(&"stop ".repeat(100_000)), None);
    }
}
