//! What a buyer reads, whatever the buyer, a stranger or the merchant's shop wrote into a name, a number or a link.

use jiff::Timestamp;
use proptest::prelude::*;
use recoup_core::{
    Channel, Content, Currency, Library, Link, MalformedTemplate, Money, PersonName, RenderError, Template,
    Values, Zones,
};

const LINK_BASE: &str = "https://invoice.stripe.com/";

/// What hides, reorders, breaks a line, opens a variable, or reads as an address.
const HOSTILE: [&str; 24] = [
    "\n",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{2066}",
    "\u{61c}",
    "\u{200b}",
    "\u{e0041}",
    "     ",
    "{{1}}",
    "{amount}",
    "%s",
    "https://evil.example/x",
    "evil.example",
    "EVIL.EXAMPLE",
    "www.evil",
    "cafe\u{301}.example",
    "evil\u{ff0e}example",
    "\u{2764}.example",
    "<b>",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
        "[A-Za-zéñ ]{0,8}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn breaks_or_hides(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || invisible || reorders
}

/// A dot that joins two parts of a word as an address does; amounts are written with one between digits.
fn reads_as_address(text: &str) -> bool {
    let dot = |c: char| matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    text.split_whitespace().any(|word| {
        let parts: Vec<&str> = word.split(dot).collect();
        parts.windows(2).any(|pair| {
            let amount = pair.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
            !pair[0].is_empty() && pair[1].starts_with(char::is_alphanumeric) && !amount
        })
    })
}

#[derive(Debug)]
struct Said {
    name: Option<PersonName>,
    number: Option<PersonName>,
    link: Link,
    amount: Money,
    suspension: Timestamp,
    days_left: i64,
}

fn said() -> impl Strategy<Value = Said> {
    let amount = (1..=i64::MAX, prop::sample::select(vec!["JPY", "USD", "KWD"]));
    let link = "[!-~]{1,80}".prop_map(|suffix| Link::parse(&format!("{LINK_BASE}{suffix}")).expect("a path"));
    let seconds = 0_i64..4_102_444_800;
    (hostile(), hostile(), link, amount, seconds, any::<i64>()).prop_map(
        |(name, number, link, (minor, code), second, days_left)| Said {
            name: PersonName::clean(&name),
            number: PersonName::clean(&number),
            link,
            amount: Money { minor, currency: Currency::parse(code).expect("known") },
            suspension: Timestamp::from_second(second).expect("in range"),
            days_left,
        },
    )
}

fn render(
    template: &Template,
    channel: Channel,
    language: &str,
    said: &Said,
) -> Result<Content, RenderError> {
    let zones = Zones::of(Some("America/New_York"), None);
    let values = Values {
        name: said.name.as_ref(),
        amount: Some(said.amount),
        number: said.number.as_ref(),
        brand: "Acme",
        link: Some(&said.link),
        cause: None,
        link_base: LINK_BASE,
        suspension: said.suspension,
        days_left: said.days_left,
        zones: &zones,
    };
    template.render(channel, Some(language), "en", &values)
}

fn check_text(text: &str, said: &Said) -> Result<(), TestCaseError> {
    prop_assert!(!text.contains(breaks_or_hides), "{:?}", text);
    prop_assert_eq!(
        text.matches("https://").count(),
        1 + said.link.expose()[8..].matches("https://").count()
    );
    let words = text.replacen(said.link.expose(), "", 1);
    prop_assert!(!reads_as_address(&words) && !words.contains("://") && !words.contains('@'), "{:?}", words);
    prop_assert!(!words.contains(['{', '}']), "{:?}", words);
    prop_assert!(words.chars().count() <= 300, "{} characters besides the link", words.chars().count());
    Ok(())
}

proptest! {
    #[test]
    fn f37_whatever_a_buyer_is_called_a_text_stays_one_plain_line_with_our_link_only(said in said()) {
        for (_, text) in Library::template_files() {
            let template = Template::parse(text).expect("well formed");
            for (language, written) in &template.language {
                let sms = render(&template, Channel::Sms, language, &said).expect("complete");
                let Content::Text(text) = sms else {
                    return Err(TestCaseError::fail("a text message is a text"));
                };
                check_text(&text.body, &said)?;

                let whatsapp = render(&template, Channel::Whatsapp, language, &said).expect("complete");
                let Content::Template(content) = whatsapp else {
                    return Err(TestCaseError::fail("a WhatsApp message is a template"));
                };
                let mut body = written.whatsapp.clone();
                for (name, value) in &content.parameters {
                    prop_assert!(!value.trim().is_empty() && !value.contains(breaks_or_hides), "{:?}", value);
                    prop_assert!(!value.contains("     ") && !value.contains(['{', '}']), "{:?}", value);
                    prop_assert!(!value.contains("://") && !reads_as_address(value), "{:?}", value);
                    body = body.replace(&format!("{{{name}}}"), value);
                }
                prop_assert!(body.chars().count() <= 1024 && !body.contains(['{', '}']), "{:?}", body);
                let suffix = content.url_suffix.expect("every text has a link");
                prop_assert_eq!(format!("{LINK_BASE}{suffix}"), said.link.expose());
            }
        }
    }

    #[test]
    fn f37_a_name_is_at_most_40_characters_and_settles(
        text in prop_oneof![hostile(), "([a-z]{1,20} ){1,6}"],
    ) {
        if let Some(name) = PersonName::clean(&text) {
            prop_assert!((1..=40).contains(&name.expose().chars().count()), "{:?}", name.expose());
            prop_assert!(!name.expose().contains(breaks_or_hides) && !reads_as_address(name.expose()));
            prop_assert_eq!(PersonName::clean(name.expose()), Some(name));
        }
    }
}

#[test]
fn f37_names_that_hide_or_link_in_unusual_ways_are_cleaned_too() {
    for (text, expected) in [
        ("a\u{61c}b", Some("ab")),
        ("Ana\u{e0041}\u{206a}", Some("Ana")),
        ("cafe\u{301}.example", None),
        ("evil\u{ff0e}example Bo", Some("Bo")),
        ("evil\u{3002}example", None),
        ("\u{2764}.example", None),
        ("J. R. R. Tolkien", Some("J. R. R. Tolkien")),
        ("aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb", Some("aaaaaaaaaaaaaaaaaaaa")),
    ] {
        assert_eq!(PersonName::clean(text).as_ref().map(PersonName::expose), expected, "{text}");
    }
}

#[test]
fn f39_a_look_alike_host_is_refused_in_either_case() {
    for url in
        ["https://xn--stripe-9za.com/i", "https://XN--stripe-9za.com/i", "https://pay.Xn--stripe-9za.com/i"]
    {
        assert!(Link::parse(url).is_err(), "{url}");
    }
}

fn template(
    whatsapp: &str,
    sms: &str,
    date: &str,
    anonymous: &str,
    reply: &str,
) -> Result<Template, MalformedTemplate> {
    Template::parse(&format!(
        "name = \"t\"\ncategory = \"utility\"\nvariables = {{ who = \"person\", on = \"date\" }}\n[language.en]\n\
         whatsapp = \"{whatsapp}\"\nsms = \"{sms}\"\ndate = \"{date}\"\nanonymous = \"{anonymous}\"\n\
         quick_replies = [{{ label = \"Stop\", payload = \"STOP\" }}, {{ label = \"Help\", payload = \"HELP\" }}, \
         {{ label = \"More\", payload = \"{reply}\" }}]\n"
    ))
}

#[test]
fn r10_a_template_that_could_not_be_filled_is_refused_before_it_is_used() {
    let (whatsapp, sms) = ("Hi {who}, by {on} please.", "{who}: {on}. STOP to end");
    assert!(template(whatsapp, sms, "%-d %B %Y", "there", "MORE").is_ok());
    for (case, read) in [
        ("a date that cannot be written", template(whatsapp, sms, "%Q %", "there", "MORE")),
        ("a date of two lines", template(whatsapp, sms, "%d%n%Y", "there", "MORE")),
        ("an empty date", template(whatsapp, sms, "", "there", "MORE")),
        ("Meta's own braces", template("Hi {{who}}, please.", sms, "%d", "there", "MORE")),
        ("an open brace", template(whatsapp, "{who STOP", "%d", "there", "MORE")),
        ("a brace that opened nothing", template("Hi who}, please.", sms, "%d", "there", "MORE")),
        ("a text of two lines", template(whatsapp, "a\\nb STOP", "%d", "there", "MORE")),
        ("a hidden character", template(whatsapp, "\\u202eSTOP", "%d", "there", "MORE")),
        ("no name for the nameless", template(whatsapp, sms, "%d", " ", "MORE")),
        ("a reply of two lines", template(whatsapp, sms, "%d", "there", "a\\nb")),
    ] {
        assert!(matches!(read, Err(MalformedTemplate::Rule { .. })), "{case}");
    }
}
