//! Which languages a text may be in: a phrase of one is often a word of another with a meaning of its own.

/// Small words that nearly every sentence of a language has, in the form in which words are compared.
const SMALL_WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the a i im ive my me you u ur your is are this that it its to of and do dont does have not for in on was were what how when please pls with be can we they at if",
    ),
    (
        "es",
        "el la los las un una y de que q no me mi es por para pa con en ya se lo le les os tu yo muy pero del al esto este esta estos como si su sus hay porque",
    ),
    (
        "pt",
        "o a os as um uma e de que q nao n me meu minha por para pra p com em ja se eu voce vc vcs muito mas do da no na isso esse essa este ta to cade foi sua seu ai",
    ),
    (
        "hi",
        "hai hain hu hun ka ki ke ko se me mein nahi nhi kar karo kr krna mera mere meri aap ye yeh wo bhai kya kyu kab ho raha rahi rha diya gaya gya tha toh bhi ab yaar liye mujhe par phir wala log",
    ),
    (
        "fr",
        "le la les un une et de des du que je j ne pas mon ma mes vous vos votre c cest est il elle sur pour avec dans ce cette ca jai moi plus au chez bah svp on en jveux suis qui ou",
    ),
    (
        "de",
        "der die das ein eine und ich nicht mein meine sie ihr euch mir mich ist es zu mit fur auf von den dem hab habe bitte wie was wann noch schon wir kann bin im am",
    ),
    (
        "id",
        "saya aku gue gw yang yg di ke ini itu gak ga gk tidak nggak udah sudah ya kak dong bisa mau dari untuk buat dan ada apa nya kok sih banget tolong lagi min bang ko",
    ),
];

/// The languages with the most small words in the text, or all of them where there is hardly one.
pub(super) fn of(text: &[String]) -> Vec<&'static str> {
    let written_in =
        |first: char, last: char| text.iter().any(|word| word.starts_with(|c| (first..=last).contains(&c)));
    if written_in('\u{600}', '\u{6ff}') {
        return vec!["ar"];
    }
    if written_in('\u{900}', '\u{97f}') {
        return vec!["hi"];
    }
    let count = |small: &str| text.iter().filter(|word| small.split(' ').any(|known| known == *word)).count();
    let counts: Vec<(&'static str, usize)> =
        SMALL_WORDS.iter().map(|(locale, small)| (*locale, count(small))).collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let likely = counts.into_iter().filter(|(_, count)| most < 2 || *count == most);
    // Arabic is also written in Latin letters and digits, without small words that could be told from others.
    likely.map(|(locale, _)| locale).chain((most < 2).then_some("ar")).collect()
}
