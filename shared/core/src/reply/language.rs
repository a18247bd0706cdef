//! Which languages a text may be in: a phrase of one is often a word of another with a meaning of its own.

use super::words::Word;

/// Small words that nearly every sentence of a language has, in the form in which words are compared.
const SMALL_WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the a i im ive my me you u ur your is are this that it its to of and do dont does have not for in on was were what how when please pls with be can we they at if so no get got an or by as out up about from just now will would cant know there who why here more want need them been did had has",
    ),
    (
        "es",
        "el la los las un una y de que q no me mi es por para pa con en ya se lo le les os tu yo muy pero del al esto este esta estos como si su sus hay porque mas nunca a quiero esa ese son estan cuando nada todo ni sin han he nos hasta vuelvan favor tengo puedo fue sobre entre mis",
    ),
    (
        "pt",
        "o a os as um uma e de que q nao n me meu minha por para pra p com em ja se eu voce vc vcs muito mas do da no na isso esse essa este ta to cade foi sua seu ai mais quero pelo dos das aqui ser tem tava so quando sem nem meus minhas pode ela ele sao estou nunca nada uns aos tudo",
    ),
    (
        "hi",
        "hai hain hu hun ka ki ke ko se me mein nahi nhi kar karo kr krna mera mere meri aap ye yeh wo bhai kya kyu kab ho raha rahi rha diya gaya gya tha toh bhi ab yaar liye mujhe par phir wala log h hn ap aapka aapki tum mat wapas ne pe pr jo ek aur sab baar bar rahe rhe hoga hua gayi chahiye karna kaise nahin abhi isse bas",
    ),
    (
        "fr",
        "le la les un une et de des du que je j ne pas mon ma mes vous vos votre c cest est il elle sur pour avec dans ce cette ca jai moi plus au chez bah svp on en jveux suis qui ou y aux tes ses sans sous par mais donc rien tout tous cet ces lui leur avez avoir etre fait toi aussi deja encore merci nous",
    ),
    (
        "de",
        "der die das ein eine und beim ich nicht mein meine sie ihr euch mir mich ist es zu mit fur auf von den dem hab habe bitte wie was wann noch schon wir kann bin im am sich aber oder auch nur doch mal so da hier wenn dass kein keine meinen meiner euer eure eurer ihre ihrer nix nich habt hat sind war wird werden bei aus nach vom zum zur an ab",
    ),
    (
        "id",
        "saya aku gue gw yang yg di ke ini itu gak ga gk tidak nggak udah sudah ya kak dong bisa mau dari untuk buat dan ada apa nya kok sih banget tolong lagi min bang ko aja lah deh kalo kalau sama jangan terus udh sdh belum blm kalian anda bapak pak bu mbak mas jadi karena kan gimana gmn kenapa knp mana",
    ),
];

/// A language a text may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Likely {
    pub(super) locale: &'static str,
    /// No other is likelier; in one that is not, a single word says nothing.
    pub(super) most: bool,
}

/// The languages with the most small words in the text and those with one less, or all of them where there is hardly one.
pub(super) fn of(text: &[Word]) -> Vec<Likely> {
    let written_in = |first: char, last: char| {
        text.iter().any(|word| word.plain.starts_with(|c| (first..=last).contains(&c)))
    };
    let script = |locale| vec![Likely { locale, most: true }, Likely { locale: "en", most: false }];
    if written_in('\u{600}', '\u{6ff}') {
        return script("ar");
    }
    if written_in('\u{900}', '\u{97f}') {
        return script("hi");
    }
    let count =
        |small: &str| text.iter().filter(|word| small.split(' ').any(|known| known == word.plain)).count();
    let counts: Vec<(&'static str, usize)> =
        SMALL_WORDS.iter().map(|(locale, small)| (*locale, count(small))).collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let likely = counts.into_iter().map(|(locale, count)| (locale, count == most, count + 1 >= most));
    let likely = likely.filter(|(_, _, nearly)| most < 2 || *nearly);
    let likely = likely.map(|(locale, most, _)| Likely { locale, most });
    // Arabic is also written in Latin letters and digits, without small words that could be told from others.
    likely.chain((most < 2).then_some(Likely { locale: "ar", most: true })).collect()
}
